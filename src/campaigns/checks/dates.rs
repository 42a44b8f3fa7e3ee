//! Dates, weekdays and times that a text names and the facts do not.

use std::collections::BTreeSet;

/// A part of a date, independent of its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Year(u32),
    Month(u32),
    Day(u32),
    Weekday(u32),
    /// Minutes after midnight.
    Clock(u32),
    /// `tomorrow`, `next week`.
    Relative,
}

/// Names of months: English, German, French, Spanish, Portuguese, Italian, Dutch.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janvier", "enero", "janeiro", "gennaio", "januari"],
    &["february", "februar", "février", "febrero", "fevereiro", "febbraio", "februari"],
    &["march", "märz", "mars", "marzo", "março", "maart"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maio", "maggio", "mei"],
    &["june", "juni", "juin", "junio", "junho", "giugno"],
    &["july", "juli", "juillet", "julio", "julho", "luglio"],
    &["august", "août", "agosto", "augustus"],
    &["september", "septembre", "septiembre", "setembro", "settembre"],
    &["october", "oktober", "octobre", "octubre", "outubro", "ottobre"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "dezember", "décembre", "diciembre", "dezembro", "dicembre"],
];
/// Only counted beside a number: `Jan` and `Mar` are also names.
const SHORT_MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Months that are also words or names. Only counted beside a number.
const AMBIGUOUS: &[&str] =
    &["may", "march", "mars", "april", "june", "august", "mai", "mei", "juni", "juli"];

const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "montag", "lundi", "lunes", "lunedì", "maandag"],
    &["tuesday", "dienstag", "mardi", "martes", "martedì", "dinsdag"],
    &["wednesday", "mittwoch", "mercredi", "miércoles", "mercoledì", "woensdag"],
    &["thursday", "donnerstag", "jeudi", "jueves", "giovedì", "donderdag"],
    &["friday", "freitag", "vendredi", "viernes", "venerdì", "vrijdag"],
    &["saturday", "samstag", "sonnabend", "samedi", "sábado", "sabato", "zaterdag"],
    &["sunday", "sonntag", "dimanche", "domingo", "domenica", "zondag"],
];

/// Words that may be between the numbers of a date.
const CONNECTORS: &[&str] = &[
    "of", "de", "and", "y", "e", "et", "und", "en", "to", "bis", "the", "al", "au", "through",
    "until", "or",
];

/// The words of `text` that name a date, weekday or time, of which some part is not in `facts`.
pub fn invented(text: &str, facts: &str) -> Vec<String> {
    let known: BTreeSet<Part> = parts(facts).into_iter().flat_map(|(_, parts)| parts).collect();
    let mut found = Vec::new();
    for (words, alternatives) in parts(text) {
        if !alternatives.iter().any(|part| known.contains(part)) && !found.contains(&words) {
            found.push(words);
        }
    }
    found
}

/// Every part of a date in the text, with the words it was read from.
///
/// More than one part where a number is ambiguous (`3/4/2027`): one of them must be known.
fn parts(text: &str) -> Vec<(String, Vec<Part>)> {
    let tokens = tokens(text);
    let lower: Vec<String> =
        tokens.iter().map(|token| token.to_lowercase().replace(['\'', '’'], "")).collect();
    let mut found = Vec::new();
    for (at, word) in lower.iter().enumerate() {
        let mut add = |parts: Vec<Part>| found.push((tokens[at].to_owned(), parts));
        if let Some(numbers) = numeric_date(word) {
            for alternatives in numbers {
                add(alternatives);
            }
            continue;
        }
        if let Some(weekday) = position(&WEEKDAYS, word.trim_end_matches('s')) {
            add(vec![Part::Weekday(weekday)]);
        }
        if let Some(clock) = clock(word, lower.get(at + 1).map(String::as_str)) {
            add(vec![Part::Clock(clock)]);
        }
        if let Some(year) = year(word) {
            add(vec![Part::Year(year)]);
        }
        let next = lower.get(at + 1).map_or("", String::as_str);
        if matches!(
            word.as_str(),
            "tomorrow" | "tonight" | "yesterday" | "morgen" | "demain" | "mañana"
        ) || (matches!(word.as_str(), "next" | "this")
            && matches!(next, "week" | "month" | "weekend"))
        {
            add(vec![Part::Relative]);
        }
        let days = days_around(&lower, at);
        let short = SHORT_MONTHS.iter().position(|month| {
            word.strip_prefix(month).is_some_and(|rest| matches!(rest, "" | "t"))
        });
        let beside_a_number = !days.is_empty() || year(next).is_some();
        let month = position(&MONTHS, word)
            .filter(|_| beside_a_number || !AMBIGUOUS.contains(&word.as_str()))
            .or(short.map(|month| month as u32 + 1).filter(|_| beside_a_number));
        if let Some(month) = month {
            found.push((tokens[at].to_owned(), vec![Part::Month(month)]));
            for (token, day) in days {
                found.push((format!("{} {}", tokens[token], tokens[at]), vec![Part::Day(day)]));
            }
        }
    }
    found
}

/// Words and numbers, with the points, slashes and colons inside numbers.
fn tokens(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || "./:-'’".contains(c)))
        .flat_map(|piece| {
            // `16-17` is two days, `2027-01-16` is one date.
            let range = piece.contains('-') && numeric_date(&piece.to_lowercase()).is_none();
            if range { piece.split('-').collect::<Vec<_>>() } else { vec![piece] }
        })
        .map(|piece| piece.trim_matches(|c: char| "./:-'’".contains(c)))
        .filter(|piece| !piece.is_empty())
        .collect()
}

fn position(names: &[&[&str]], word: &str) -> Option<u32> {
    names.iter().position(|names| names.contains(&word)).map(|at| at as u32 + 1)
}

fn year(word: &str) -> Option<u32> {
    let number: u32 = word.parse().ok()?;
    (word.len() == 4 && (1990..=2099).contains(&number)).then_some(number)
}

/// `9`, `14th`
fn day(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic() || c == 'º');
    let ending = &word[digits.len()..];
    let number: u32 = digits.parse().ok()?;
    let fits = (1..=31).contains(&number)
        && digits.len() <= 2
        && matches!(ending, "" | "st" | "nd" | "rd" | "th" | "er" | "º");
    fits.then_some(number)
}

/// The days that belong to the month at `at`: `9 and 10 May`, `May 9-10`.
fn days_around(lower: &[String], at: usize) -> Vec<(usize, u32)> {
    let mut days = Vec::new();
    for before in (at.saturating_sub(6)..at).rev() {
        match day(&lower[before]) {
            Some(number) => days.push((before, number)),
            None if CONNECTORS.contains(&lower[before].as_str()) => {}
            None => break,
        }
    }
    for (after, word) in lower.iter().enumerate().skip(at + 1).take(5) {
        match day(word) {
            Some(number) => days.push((after, number)),
            None if after > at + 1 && CONNECTORS.contains(&word.as_str()) => {}
            None if after == at + 1 && word == "the" => {}
            None => break,
        }
    }
    days
}

/// `2027-01-16`, `16.1.2027`, `1/16/27`: each number with its possible meanings.
fn numeric_date(word: &str) -> Option<Vec<Vec<Part>>> {
    let numbers: Vec<u32> = word
        .split(['.', '/', '-'])
        .map(|number| number.parse().ok())
        .collect::<Option<Vec<u32>>>()?;
    let [first, second, third] = numbers[..] else { return None };
    let full_year = |number: u32| if number < 100 { number + 2000 } else { number };
    let fits = |a: u32, b: u32| (1..=31).contains(&a) && (1..=31).contains(&b) && a.min(b) <= 12;
    if (1990..=2099).contains(&first) && fits(second, third) {
        return Some(vec![
            vec![Part::Year(first)],
            vec![Part::Month(second)],
            vec![Part::Day(third)],
        ]);
    }
    let year = full_year(third);
    if !fits(first, second) || !(2000..=2099).contains(&year) {
        return None;
    }
    Some(vec![
        vec![Part::Year(year)],
        vec![Part::Day(first), Part::Month(first)],
        vec![Part::Day(second), Part::Month(second)],
    ])
}

/// `18:30`, `6pm`, `6 pm`, `9.30 am`, `18h`, `18 Uhr`, `noon`.
fn clock(word: &str, next: Option<&str>) -> Option<u32> {
    match word {
        "noon" | "midday" => return Some(12 * 60),
        "midnight" => return Some(0),
        _ => {}
    }
    let digits = word.find(|c: char| c.is_alphabetic()).map_or(word, |at| &word[..at]);
    let mut unit = &word[digits.len()..];
    let mut hours_and_minutes = digits.split([':', '.']);
    let hour: u32 = hours_and_minutes.next()?.parse().ok()?;
    let minute_text = hours_and_minutes.next();
    let minute: u32 = minute_text.map_or(Some(0), |text| text.parse().ok())?;
    if hours_and_minutes.next().is_some() || hour > 24 || minute > 59 {
        return None;
    }
    if unit.is_empty() {
        unit = next.unwrap_or_default();
    }
    let with_colon = digits.contains(':') && minute_text.is_some_and(|text| text.len() == 2);
    let half_day = |shift: u32| Some((hour % 12 + shift) * 60 + minute);
    match unit {
        "am" | "a.m" if hour <= 12 => half_day(0),
        "pm" | "p.m" if hour <= 12 => half_day(12),
        "h" | "uhr" | "hrs" | "oclock" => Some(hour * 60 + minute),
        _ if with_colon => Some(hour * 60 + minute),
        _ => unit
            .strip_prefix('h')
            .filter(|rest| rest.len() == 2)
            .and_then(|rest| rest.parse::<u32>().ok())
            .map(|minute| hour * 60 + minute),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_may_be_written_in_any_way_that_means_the_same() {
        for (text, facts) in [
            ("on 9 and 10 May 2026", "9-10 May 2026"),
            ("May 9th to 10th", "9–10 May 2026"),
            ("am 14. März 2026", "14 March 2026"),
            ("el 9 de mayo de 2026", "9-10 May 2026"),
            ("16.1.2027", "2027-01-16"),
            ("1/16/2027", "16 January 2027"),
            ("from 6 pm", "doors open at 18:00"),
            ("at 9.30 am", "09:30"),
            ("Hack the Harbour 2026", "Hack the Harbour 2026"),
            ("Hi April,", "April Jones"),
        ] {
            assert_eq!(invented(text, facts), Vec::<String>::new(), "{text} / {facts}");
        }
    }

    #[test]
    fn a_date_that_is_not_in_the_facts_is_found() {
        for (text, place) in [
            ("on 17 April 2026", "17 April"),
            ("on May 12", "12 May"),
            ("see you Friday", "Friday"),
            ("doors open at 18:00", "18:00"),
            ("be there at 6 pm", "6"),
            ("at 10 o'clock", "10"),
            ("in October", "October"),
            ("register by tomorrow", "tomorrow"),
            ("on 3/4/2027", "3/4/2027"),
            ("since 2019", "2019"),
        ] {
            let found = invented(text, "9-10 May 2026");
            assert!(found.iter().any(|it| it == place), "{text}: {found:?}");
        }
    }

    #[test]
    fn numbers_and_words_that_only_look_like_dates_are_ignored() {
        for text in [
            "4 people, 2 days, 1 prototype, 10 % of energy, 24/7, version 3.11, 36 hours",
            "You may bring friends and march on",
            "teams of 3-5, a ratio of 3:1, about 200 people",
            "the second weekend feels short",
        ] {
            assert_eq!(invented(text, ""), Vec::<String>::new(), "{text}");
        }
    }
}
