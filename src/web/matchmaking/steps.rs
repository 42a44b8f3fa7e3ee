//! The four steps of matchmaking in a sentence each.

use crate::store::matches::Stats;
use crate::store::matchmaking::Mails;
use crate::store::resumes::Sums;
use crate::web::page::count;

/// The four steps in a sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    pub resumes: String,
    pub skills: String,
    pub matches: String,
    pub mails: String,
    /// Which step is the next one to do, counted from 1; 5: all are done.
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

    pub fn new(sums: &Sums, stats: &Stats, mails: &Mails) -> Self {
        let list = |parts: &[(i64, String)], empty: &str| {
            let said: Vec<&str> = parts
                .iter()
                .filter(|(number, _)| *number > 0)
                .map(|(_, words)| words.as_str())
                .collect();
            if said.is_empty() { empty.to_owned() } else { said.join(", ") }
        };
        let reading = sums.in_work - sums.without_skills;
        let now = if sums.total == 0 && stats.users_with_skills == 0 {
            1
        } else if sums.in_work > 0 || stats.users_with_skills == 0 {
            2
        } else if stats.total_matches == 0 {
            3
        } else if mails.due + mails.to_review + mails.in_work > 0 || mails.sent == 0 {
            4
        } else {
            5
        };
        Self {
            resumes: list(
                &[
                    (sums.total, format!("{} in", sums.total)),
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
            mails: list(
                &[
                    (mails.due, format!("{} to write", mails.due)),
                    (mails.in_work, format!("{} on the way", mails.in_work)),
                    (mails.to_review, format!("{} to review", mails.to_review)),
                    (mails.sent, format!("{} sent", mails.sent)),
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
    fn the_step_to_do_next_is_the_first_that_is_not_done() {
        let now =
            |sums: Sums, skills, pairs, mails| Steps::new(&sums, &stats(skills, pairs), &mails).now;
        let read = Sums { total: 3, done: 3, ..Sums::default() };
        let reading = Sums { total: 3, in_work: 2, without_skills: 1, ..Sums::default() };
        let none = Mails::default();
        assert_eq!(now(Sums::default(), 0, 0, none), 1);
        assert_eq!(now(reading, 0, 0, none), 2);
        assert_eq!(now(read, 3, 0, none), 3);
        assert_eq!(now(Sums::default(), 3, 0, none), 3);
        assert_eq!(now(read, 3, 2, Mails { due: 3, ..none }), 4);
        assert_eq!(now(read, 3, 2, Mails { sent: 3, ..none }), 5);
        let steps = Steps::new(&reading, &stats(1, 0), &none);
        assert_eq!(steps.resumes, "3 in, 1 being read");
        assert_eq!(steps.skills, "1 person with skills, 1 waiting");
    }
}
