//! The four steps of matchmaking, each with its progress.

use crate::store::matchmaking::{EmailCounts, Stats};
use crate::store::resumes::Sums;
use crate::web::page::count;

/// The progress of the four steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    pub resumes: String,
    pub skills: String,
    pub matches: String,
    pub emails: String,
    /// The next step to do, counted from 1; 5: all are done.
    pub now: u8,
}

impl Steps {
    pub fn class(&self, step: u8) -> &'static str {
        match step.cmp(&self.now) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "",
        }
    }

    pub fn mark(&self, step: u8) -> String {
        if step < self.now { "✓".into() } else { step.to_string() }
    }

    pub fn new(sums: &Sums, stats: &Stats, emails: &EmailCounts) -> Self {
        let list = |parts: &[(i64, String)], empty: &str| {
            let shown: Vec<&str> = parts
                .iter()
                .filter(|(number, _)| *number > 0)
                .map(|(_, text)| text.as_str())
                .collect();
            if shown.is_empty() { empty.to_owned() } else { shown.join(", ") }
        };
        let reading = sums.in_progress - sums.without_skills;
        let now = if sums.total == 0 && stats.users_with_skills == 0 {
            1
        } else if sums.in_progress > 0 || stats.users_with_skills == 0 {
            2
        } else if stats.total_matches == 0 {
            3
        } else if emails.due + emails.to_review + emails.in_progress > 0 || emails.sent == 0 {
            4
        } else {
            5
        };
        Self {
            resumes: list(
                &[
                    (sums.total, format!("{} uploaded", sums.total)),
                    (reading, format!("{reading} being read")),
                ],
                "None yet",
            ),
            skills: list(
                &[
                    (
                        stats.users_with_skills,
                        count(stats.users_with_skills, "person with skills", "people with skills"),
                    ),
                    (sums.without_skills, format!("{} waiting", sums.without_skills)),
                ],
                "None yet",
            ),
            matches: list(
                &[(stats.total_matches, count(stats.total_matches, "pair", "pairs"))],
                if stats.last_run.is_some() {
                    "No two people share a skill"
                } else {
                    "Not matched yet"
                },
            ),
            emails: list(
                &[
                    (emails.due, format!("{} to write", emails.due)),
                    (emails.in_progress, format!("{} in progress", emails.in_progress)),
                    (emails.to_review, format!("{} to review", emails.to_review)),
                    (emails.sent, format!("{} sent", emails.sent)),
                ],
                "None yet",
            ),
            now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(skills: i64, pairs: i64) -> Stats {
        Stats {
            total_users: 0,
            users_with_resumes: 0,
            users_with_skills: skills,
            total_matches: pairs,
            without_match: 0,
            avg: None,
            max: None,
            min: None,
            last_run: None,
        }
    }

    #[test]
    fn the_next_step_is_the_first_that_is_not_done() {
        let now = |sums: Sums, skills, pairs, emails| {
            Steps::new(&sums, &stats(skills, pairs), &emails).now
        };
        let read = Sums { total: 3, done: 3, ..Sums::default() };
        let reading = Sums { total: 3, in_progress: 2, without_skills: 1, ..Sums::default() };
        let none = EmailCounts::default();
        assert_eq!(now(Sums::default(), 0, 0, none), 1);
        assert_eq!(now(reading, 0, 0, none), 2);
        assert_eq!(now(read, 3, 0, none), 3);
        assert_eq!(now(Sums::default(), 3, 0, none), 3);
        assert_eq!(now(read, 3, 2, EmailCounts { due: 3, ..none }), 4);
        assert_eq!(now(read, 3, 2, EmailCounts { sent: 3, ..none }), 5);
        let steps = Steps::new(&reading, &stats(1, 0), &none);
        assert_eq!(steps.resumes, "3 uploaded, 1 being read");
        assert_eq!(steps.skills, "1 person with skills, 1 waiting");
    }
}
