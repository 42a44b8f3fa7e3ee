//! The facts, sorted by what a draft may say about them.

use crate::campaigns::template::first_name;
use crate::mail::message::one_line;
use crate::model::EmailAddress;
use crate::model::email::{EmailFacts, Purpose, Teammate};

pub struct Known<'a> {
    pub links: Vec<&'a str>,
    /// The text of all facts.
    pub all: String,
    pub all_lower: String,
    /// What the organiser wrote, and people's skills and job titles. No names: people choose those themselves.
    pub promises: String,
    pub skills: Vec<&'a str>,
    /// Names of the event, its place and its people. Longer ones first, as they may contain shorter ones.
    pub names: Vec<String>,
}

impl<'a> Known<'a> {
    pub fn new(facts: &'a EmailFacts) -> Self {
        let event = &facts.event;
        let mut links: Vec<&str> = [&event.link, &event.community_link]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        links.dedup();
        let mut skills: Vec<&str> = facts.to.skills.iter().map(String::as_str).collect();
        let mut names: Vec<&str> = vec![&facts.to.name];
        let mut promises: Vec<&str> =
            vec![&event.name, &event.guidance, &facts.hint, &facts.to.job_title];
        promises.extend(
            [&event.dates, &event.place, &event.organiser, &event.address, &event.sender_name]
                .into_iter()
                .flatten()
                .map(String::as_str),
        );
        for mate in teammates(facts) {
            names.push(&mate.name);
            names.extend(mate.address.iter().map(EmailAddress::as_str));
            promises.push(&mate.job_title);
            skills.extend(mate.shared.iter().map(String::as_str));
        }
        promises.extend(&skills);
        let all = format!("{}\n{}", promises.join("\n"), names.join("\n"));
        let organisers = [&event.place, &event.organiser, &event.sender_name]
            .into_iter()
            .flatten()
            .chain([&event.name])
            .map(String::as_str);
        Self {
            links,
            all_lower: all.to_lowercase(),
            all,
            promises: promises.join("\n"),
            skills,
            names: longest_first(organisers, &names),
        }
    }

    /// Whether a word such as `Node.js` or `Booking.com` is a name or a skill and not a link.
    ///
    /// Names that people chose themselves do not count.
    pub fn may_look_like_an_address(&self, url: &str) -> bool {
        !url.contains("://") && self.promises.to_lowercase().contains(&url.to_lowercase())
    }
}

/// All names, with people's first names.
fn longest_first<'a>(organisers: impl Iterator<Item = &'a str>, people: &[&'a str]) -> Vec<String> {
    let first_names = people.iter().filter_map(|name| first_name(name));
    let mut names: Vec<String> =
        organisers.chain(people.iter().copied()).map(one_line).chain(first_names).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names
}

pub fn teammates(facts: &EmailFacts) -> &[Teammate] {
    match &facts.purpose {
        Purpose::Invitation => &[],
        Purpose::Match(teammates) => teammates,
    }
}
