//! The geometry of the matchmaking page's charts: numbers in, SVG coordinates out. Pure.

/// The width of a bar chart, in units of its view box.
pub const BARS_WIDTH: i64 = 300;
const BAR_STEP: i64 = 20;
const BAR_LEFT: i64 = 118;
const LONGEST_BAR: i64 = 140;
const BAR_LABEL: usize = 17;

/// One bar: a label on the left, a rectangle, and the number on its right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub label: String,
    pub value: i64,
    pub rare: bool,
    pub text_y: i64,
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub value_x: i64,
}

/// Bars for names and numbers; numbers up to `rare` are marked as rare.
pub fn bars(values: &[(String, i64)], rare: i64) -> Vec<Bar> {
    let largest = values.iter().map(|(_, value)| *value).max().unwrap_or(1).max(1);
    let bar = |(at, (name, value)): (usize, &(String, i64))| {
        let top = at as i64 * BAR_STEP;
        let width = (value * LONGEST_BAR / largest).max(2);
        Bar {
            label: shortened(name, BAR_LABEL),
            value: *value,
            rare: *value <= rare,
            text_y: top + 13,
            x: BAR_LEFT,
            y: top + 4,
            width,
            value_x: BAR_LEFT + width + 6,
        }
    };
    values.iter().enumerate().map(bar).collect()
}

pub fn bars_height(count: usize) -> i64 {
    count as i64 * BAR_STEP
}

/// A score in thousandths as the pages show it: a whole number up to 100.
pub fn of_hundred(score: i64) -> i64 {
    (score + 5) / 10
}

/// The width of the filled part of a score's bar of 34 units.
pub fn score_width(score: i64) -> String {
    tenths(score * 340 / 1000)
}

/// People whom the graph shows around the one in the middle.
pub const MAX_NODES: usize = 6;

const CENTRE: (f64, f64) = (164.0, 105.0);
const RADII: (f64, f64) = (112.0, 74.0);
const NODE_LABEL: usize = 15;

/// A person in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub label: String,
    /// Out of 100.
    pub score: i64,
    pub x: String,
    pub y: String,
    /// Baseline of the score inside the circle, and of the name outside.
    pub score_y: String,
    pub label_y: String,
    /// The line to the middle: its width, and whether it is faint.
    pub thickness: String,
    pub weak: bool,
}

/// A line between two of the others who match each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chord {
    pub from: (String, String),
    pub to: (String, String),
}

/// The graph around one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub chords: Vec<Chord>,
}

/// Places the others (name and score in thousandths, the best first, at most [`MAX_NODES`]) on an ellipse; `pairs` are
/// indexes of others who match each other.
pub fn graph(others: &[(String, i64)], pairs: &[(usize, usize)]) -> Graph {
    let count = others.len();
    let position = |at: usize| {
        // With an even number nobody is directly above the middle, so that names are beside each other.
        let start =
            if count.is_multiple_of(2) { 180.0 / count.max(1) as f64 - 90.0 } else { -90.0 };
        let angle = (start + 360.0 * at as f64 / count as f64).to_radians();
        (CENTRE.0 + RADII.0 * angle.cos(), CENTRE.1 + RADII.1 * angle.sin())
    };
    let print = |(x, y): (f64, f64)| (one_digit(x), one_digit(y));
    let node = |(at, (name, score)): (usize, &(String, i64))| {
        let (x, y) = position(at);
        let above = y < CENTRE.1 - 1.0;
        Node {
            label: short_name(name),
            score: of_hundred(*score),
            x: one_digit(x),
            y: one_digit(y),
            score_y: one_digit(y + 4.0),
            label_y: one_digit(if above { y - 19.0 } else { y + 26.0 }),
            thickness: one_digit(1.0 + 5.0 * *score as f64 / 1000.0),
            weak: *score < 500,
        }
    };
    Graph {
        nodes: others.iter().enumerate().map(node).collect(),
        chords: pairs
            .iter()
            .map(|(a, b)| Chord { from: print(position(*a)), to: print(position(*b)) })
            .collect(),
    }
}

/// The first name, shortened to fit into the circle in the middle.
pub fn first_name(name: &str) -> String {
    shortened(name.split_whitespace().next().unwrap_or_default(), 7)
}

/// A name, shortened to fit under a circle: "Kavya R.".
fn short_name(name: &str) -> String {
    if name.chars().count() <= NODE_LABEL {
        return name.to_owned();
    }
    let mut words = name.split_whitespace();
    let first = words.next().unwrap_or_default();
    let initial = words.next_back().and_then(|last| last.chars().next());
    match initial {
        Some(initial) => format!("{} {initial}.", shortened(first, NODE_LABEL - 3)),
        None => shortened(first, NODE_LABEL),
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

fn tenths(value: i64) -> String {
    format!("{}.{}", value / 10, value % 10)
}

fn one_digit(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_numbers_and_rare_ones_are_marked() {
        let values = [
            ("Python".to_owned(), 88),
            ("A very long name of a skill".to_owned(), 44),
            ("ROS".to_owned(), 2),
        ];
        let bars = bars(&values, 3);
        assert_eq!(bars.iter().map(|bar| bar.width).collect::<Vec<_>>(), [140, 70, 3]);
        assert_eq!(bars.iter().map(|bar| bar.rare).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(bars[1].label, "A very long name…");
    }

    #[test]
    fn all_nodes_are_inside_the_picture_and_none_overlap() {
        for count in 1..=MAX_NODES {
            let others: Vec<(String, i64)> =
                (0..count).map(|n| (format!("Somebody Named{n}"), 900 - n as i64 * 100)).collect();
            let graph = graph(&others, &[(0, count - 1)]);
            let places: Vec<(f64, f64)> = graph
                .nodes
                .iter()
                .map(|node| (node.x.parse().unwrap(), node.y.parse().unwrap()))
                .collect();
            for (at, (x, y)) in places.iter().enumerate() {
                assert!((30.0..298.0).contains(x) && (30.0..195.0).contains(y));
                for (x2, y2) in &places[..at] {
                    assert!((x - x2).hypot(y - y2) > 40.0, "{count}");
                }
            }
        }
        assert_eq!(graph(&[], &[]), Graph::default());
    }

    #[test]
    fn shortened_names_stay_recognisable() {
        assert_eq!(short_name("Inês Carvalho"), "Inês Carvalho");
        assert_eq!(short_name("Kavya Raghunathan"), "Kavya R.");
        assert_eq!(short_name("Wolfeschlegelsteinhausen"), "Wolfeschlegels…");
        assert_eq!(first_name("Maximiliana Z"), "Maximi…");
    }

    #[test]
    fn scores_are_shown_out_of_a_hundred() {
        assert_eq!((of_hundred(824), of_hundred(825), of_hundred(1000)), (82, 83, 100));
        assert_eq!(score_width(824), "28.0");
    }
}
