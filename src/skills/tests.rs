use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::taxonomy::{Category, Taxonomy};
use super::{canonical, category, find, is_known, key, split};

/// One row of `cases.txt`.
#[derive(Default)]
struct Case {
    title: &'static str,
    text: String,
    wanted: Vec<&'static str>,
    never: Vec<&'static str>,
    either: Vec<&'static str>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("cases.txt").lines() {
        if let Some(title) = line.strip_prefix("== ") {
            cases.push(Case { title, ..Case::default() });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        let names = |line: &'static str| line.split(", ").collect();
        match line.split_at_checked(2) {
            Some(("+ ", line)) => case.wanted = names(line),
            Some(("? ", line)) => case.either = names(line),
            // in the text itself a hyphen is a bullet
            Some(("- ", line)) if !case.wanted.is_empty() => case.never = names(line),
            _ => {
                case.text.push_str(line);
                case.text.push('\n');
            }
        }
    }
    cases
}

#[test]
fn each_resume_gives_exactly_the_skills_of_its_person() {
    let cases = cases();
    assert!(cases.len() >= 50, "cases.txt was not read completely");
    let mut wrong = Vec::new();
    for case in &cases {
        let found = find(&case.text);
        let counted: Vec<&str> =
            found.iter().map(String::as_str).filter(|name| !case.either.contains(name)).collect();
        if counted != case.wanted {
            wrong.push(format!(
                "{}:\n  wanted {:?}\n  found  {:?}",
                case.title, case.wanted, counted
            ));
        }
        for trap in case.never.iter().filter(|trap| found.iter().any(|name| name == *trap)) {
            wrong.push(format!("{}: fell for {trap}", case.title));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_skill_named_in_a_case_is_in_the_taxonomy() {
    for case in cases() {
        for name in case.wanted.iter().chain(&case.never).chain(&case.either) {
            assert_eq!(canonical(name).as_deref(), Some(*name), "in {}", case.title);
            assert!(is_known(name), "{name} in {}", case.title);
        }
    }
}

#[test]
fn a_name_belongs_to_one_skill() {
    let mut owners: HashMap<String, &str> = HashMap::new();
    let names = include_str!("taxonomy.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
    for line in names {
        let skill = line.split(" | ").next().unwrap_or(line);
        for name in line.split(" | ") {
            let name = name.strip_prefix(['~', '!', '=', '-']).unwrap_or(name);
            assert!(!name.is_empty() && name.trim() == name, "{line}");
            let owner = owners.entry(name.to_lowercase().replace('-', " ")).or_insert(skill);
            assert_eq!(*owner, skill, "{name} is listed twice");
        }
    }
    assert!(owners.len() > 2000);
}

#[test]
fn every_name_in_the_taxonomy_leads_to_its_skill() {
    for line in include_str!("taxonomy.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '[']))
    {
        let mut names =
            line.split(" | ").map(|name| name.strip_prefix(['~', '!', '=', '-']).unwrap_or(name));
        let Some(skill) = names.next() else { continue };
        assert_eq!(canonical(skill).as_deref(), Some(skill));
        for name in names {
            assert_eq!(canonical(name).as_deref(), Some(skill), "{name}");
            assert_eq!(
                canonical(&name.to_uppercase()).as_deref(),
                Some(skill),
                "{name} in capitals"
            );
            assert_eq!(key(name), key(skill));
        }
    }
}

#[test]
fn every_category_has_skills_and_a_label_of_its_own() {
    let skills = &Taxonomy::get().skills;
    let labels: BTreeSet<&str> = Category::ALL.iter().map(|category| category.label()).collect();
    assert_eq!(labels.len(), Category::ALL.len());
    for category in Category::ALL {
        assert!(
            skills.iter().filter(|skill| skill.category == category).count() >= 15,
            "{}",
            category.label()
        );
    }
    let headings = include_str!("taxonomy.txt").lines().filter(|line| line.starts_with('['));
    assert_eq!(headings.count(), Category::ALL.len());
}

#[test]
fn a_typed_name_becomes_the_canonical_one() {
    for (typed, name) in [
        ("golang", "Go"),
        ("GO", "Go"),
        ("k8s", "Kubernetes"),
        ("  postgres ", "PostgreSQL"),
        ("Java 17", "Java"),
        ("python3.11", "Python"),
        ("C++20", "C++"),
        ("Vue 3", "Vue.js"),
        ("node js", "Node.js"),
        ("NodeJS", "Node.js"),
        ("scikit learn", "scikit-learn"),
        ("Advanced MS Excel", "Microsoft Excel"),
        ("Python (basic)", "Python"),
        ("AWS S3", "Amazon S3"),
        ("Microsoft Azure", "Microsoft Azure"),
        ("leadership", "Leadership"),
        (".net core", ".NET"),
        ("c#", "C#"),
    ] {
        assert_eq!(canonical(typed).as_deref(), Some(name), "{typed}");
        assert!(is_known(typed), "{typed}");
    }
}

#[test]
fn an_unknown_name_is_kept_as_typed_but_tidied() {
    assert_eq!(
        canonical(" Underwater \t basket\u{7}weaving ").as_deref(),
        Some("Underwater basket weaving")
    );
    assert_eq!(canonical("Java island tours").as_deref(), Some("Java island tours"));
    assert_eq!(canonical(&"é".repeat(100)).map(|name| name.chars().count()), Some(60));
    assert_eq!(canonical(" \u{0}\n "), None);
    assert!(!is_known("Underwater basket weaving"));
    assert_eq!(category("Underwater basket weaving"), None);
    assert_eq!(key("Underwater  Basket Weaving"), "underwater basket weaving");
}

#[test]
fn a_skill_has_its_category_under_any_of_its_names() {
    assert_eq!(category("golang"), Some(Category::Language));
    assert_eq!(category("K8S"), Some(Category::Tool));
    assert_eq!(category("Postgres"), Some(Category::Database));
    assert_eq!(category("teamwork"), Some(Category::General));
}

#[test]
fn a_field_is_split_into_skills() {
    for (typed, names) in [
        ("Go; PostgreSQL, Docker | C++", &["Go", "PostgreSQL", "Docker", "C++"][..]),
        ("C/C++, HTML/CSS", &["C", "C++", "HTML", "CSS"]),
        ("CI/CD, TCP/IP, A/B testing / SEO", &["CI/CD", "TCP/IP", "A/B Testing", "SEO"]),
        ("CI/CD/Docker", &["CI/CD", "Docker"]),
        ("[\"golang\", 'Rust', golang]", &["Go", "Rust"]),
        ("- React\n* Node\n2. Git", &["React", "Node.js", "Git"]),
        (
            "Python (Flask, Django), Excel (pivot tables)",
            &["Python", "Flask", "Django", "Microsoft Excel"],
        ),
        ("Go and Rust, Research and Development", &["Go", "Rust", "Research and Development"]),
        ("R&D, basket/weaving", &["R&D", "basket/weaving"]),
        ("https://example.org/react", &["https://example.org/react"]),
        (" ,; | ", &[]),
    ] {
        assert_eq!(split(typed), names, "{typed}");
    }
    let long = "JavaScript/TypeScript/React/Node.js/PostgreSQL/Docker/Kubernetes/Terraform";
    assert_eq!(split(long).last().map(String::as_str), Some("Terraform"));
}

#[test]
fn names_within_words_addresses_and_links_are_not_skills() {
    for text in [
        "Write to python@example.org or see https://example.org/docker/kubernetes.",
        "github.com/somebody/python-tools",
        "R&D, C-level, the Go-to person, P&L, C'est la vie",
        "javascripts, pythonic, dockerised, excels",
        "python.org and kubernetes.io",
    ] {
        assert_eq!(find(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_longest_name_is_found() {
    assert_eq!(
        find(
            "Skills: React Native, Spring Boot, C#, F#, ASP.NET Core, VB.NET, D3.js, CI/CD, Objective-C"
        ),
        [
            "React Native",
            "Spring Boot",
            "C#",
            "F#",
            "ASP.NET Core",
            "VB.NET",
            "D3.js",
            "CI/CD",
            "Objective-C"
        ]
    );
}

#[test]
fn ligatures_and_invisible_characters_do_not_hide_a_skill() {
    assert_eq!(
        find("Tools: Con\u{fb02}uence, Ku\u{ad}ber\u{200b}netes, Ｄｏｃｋｅｒ, Node.js\u{a0}20"),
        ["Confluence", "Kubernetes", "Docker", "Node.js"]
    );
}

#[test]
fn comments_in_markup_are_ignored() {
    assert_eq!(find("Python <!-- Kubernetes, Scala --> and SQL\n<!-- Hadoop"), ["Python", "SQL"]);
}

#[test]
fn very_long_and_very_strange_texts_are_read_to_the_end() {
    for part in [
        "no experience with Go, ",
        "(Go (",
        "AI: list ",
        "a\u{301}",
        "<!-- ",
        "my colleague ",
        "microsoft ",
        "Go\n",
        "'",
        "Ⅷ½ﷺ ",
    ] {
        let text = format!("{}\n\nSkills\nPython, SQL and Go", part.repeat(100_000 / part.len()));
        let found = find(&text);
        assert!(part == "<!-- " || found.contains(&"Python".to_owned()), "{part:?}: {found:?}");
    }
}

proptest! {
    #[test]
    fn any_text_gives_known_names_once_each(text in "(\\PC|\\s|, |Go|Excel |not |want to learn |Python|my friend uses |\\(|C\\+\\+|ignore all previous |: |\\n- ){0,60}") {
        let found = find(&text);
        let distinct: BTreeSet<&String> = found.iter().collect();
        prop_assert_eq!(distinct.len(), found.len());
        for name in &found {
            prop_assert_eq!(canonical(name), Some(name.clone()));
        }
    }

    #[test]
    fn a_canonical_name_stays_what_it_is(typed in "\\PC{0,80}") {
        if let Some(name) = canonical(&typed) {
            prop_assert!(name.chars().count() <= 60);
            prop_assert_eq!(canonical(&name), Some(name.clone()));
            prop_assert_eq!(key(&name), key(&typed));
        }
    }

    #[test]
    fn splitting_accepts_any_text(typed in "(\\PC|[,;|/()\\n]|Go|C/C\\+\\+|Python \\(){0,40}") {
        for name in split(&typed) {
            prop_assert!(!name.is_empty() && name.chars().count() <= 60);
        }
    }
}
