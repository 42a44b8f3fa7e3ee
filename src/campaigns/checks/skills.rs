//! Skills that a draft names although its recipient does not have them.

use super::known::Known;

/// Finds the skills that a text names, by their canonical names in the taxonomy.
pub type FindSkills<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// Everyday words of an invitation that the taxonomy may know as skills.
const EVERYDAY: &[&str] = &[
    "ai",
    "artificial intelligence",
    "design",
    "testing",
    "research",
    "writing",
    "communication",
    "teamwork",
    "leadership",
    "collaboration",
    "mentoring",
    "networking",
    "prototyping",
    "coding",
    "programming",
    "software development",
    "teaching",
    "organisation",
    "planning",
    "presentation",
    "matchmaking",
    "hackathons",
    "problem solving",
    "e-mail",
    "email",
];

pub fn invented(known: &Known, text: &str, find_skills: FindSkills) -> Vec<String> {
    let named = find_skills(text);
    if named.is_empty() {
        return named;
    }
    let mut allowed: Vec<String> = known.skills.iter().map(|skill| skill.to_lowercase()).collect();
    allowed.extend(find_skills(&known.all).iter().map(|skill| skill.to_lowercase()));
    named
        .into_iter()
        .filter(|skill| {
            let skill = skill.to_lowercase();
            !allowed.contains(&skill) && !EVERYDAY.contains(&skill.as_str())
        })
        .collect()
}
