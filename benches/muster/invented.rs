//! Invented people, the same in every run. Skills are spread as they are in life: half of the people have one of the
//! first, and most skills are rare.

use std::fmt::Write as _;
use std::sync::LazyLock;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

const FIRST: &[&str] = &[
    "Asha", "Bruno", "Chiara", "Daria", "Emeka", "Farah", "Goran", "Hana", "Ines", "Jonas",
    "Kavya", "Liam", "Marta", "Nadia", "Omar", "Priya", "Quentin", "Rosa", "Sven", "Tomas", "Uma",
    "Viktor", "Wanda", "Ximena", "Yusuf", "Zoe",
];

const LAST: &[&str] = &[
    "Abara",
    "Berg",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fontaine",
    "Grigoryan",
    "Hussain",
    "Ivanova",
    "Jansen",
    "Kowalska",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Quispe",
    "Raghunathan",
    "Silva",
    "Tanaka",
    "Ueda",
    "Vasquez",
    "Weber",
    "Xu",
    "Yilmaz",
    "Zhang",
    "Lopez",
    "Mbeki",
    "O'Neill",
    "Schneider",
];

const TITLES: &[&str] = &[
    "Backend developer",
    "Data scientist",
    "Student",
    "Product designer",
    "Embedded engineer",
    "",
    "Researcher",
];

/// Names of the taxonomy's skills, in its order: what is common stands first there too.
static SKILLS: LazyLock<Vec<String>> = LazyLock::new(|| {
    include_str!("../../src/skills/taxonomy.txt")
        .lines()
        .filter(|line| !line.starts_with(['#', '[']))
        .filter_map(|line| line.split('|').next())
        .filter_map(|name| {
            muster::skills::canonical(name.trim().trim_start_matches(['=', '~', '!', '-']))
        })
        .collect()
});

/// A table of `people` as a spreadsheet would export it.
pub fn table(people: usize) -> String {
    let mut chance = StdRng::seed_from_u64(20_270_116);
    // The chance of the skill at place n is as 1 / n.
    let mut sums: Vec<f64> = Vec::new();
    for place in 0..SKILLS.len() {
        sums.push(sums.last().unwrap_or(&0.0) + 1.0 / (place + 1) as f64);
    }
    let all = *sums.last().expect("the taxonomy holds skills");
    let mut text = String::from("Name,Email,Job title,Skills\n");
    for person in 1..=people {
        let mut pick = |from: &'static [&'static str]| from[chance.random_range(0..from.len())];
        let (first, last, title) = (pick(FIRST), pick(LAST), pick(TITLES));
        let mut known: Vec<&str> = Vec::new();
        for _ in 0..chance.random_range(3..=9) {
            let at = chance.random_range(0.0..all);
            let skill = SKILLS[sums.partition_point(|sum| *sum <= at)].as_str();
            if !known.contains(&skill) {
                known.push(skill);
            }
        }
        let first_key = first.to_lowercase();
        let known = known.join("; ");
        let _ =
            writeln!(text, "{first} {last},{first_key}.{person}@example.org,{title},\"{known}\"");
    }
    text
}
