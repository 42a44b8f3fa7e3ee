//! Where a form about resumes leads back to.

use serde::Deserialize;

/// The form field that names the page on which the form was.
#[derive(Deserialize)]
pub struct ReturnTo {
    #[serde(default)]
    pub back: String,
}

/// The path of the matchmaking page, the list of resumes, or a person's page.
pub fn path(back: &str) -> String {
    match back.parse::<i64>() {
        Ok(person) => format!("/people/{person}"),
        Err(_) if back == "resumes" => "/matchmaking/resumes".into(),
        Err(_) => "/matchmaking".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_own_page_and_nowhere_else() {
        assert_eq!(path("7"), "/people/7");
        assert_eq!(path("resumes"), "/matchmaking/resumes");
        assert_eq!(path("https://example.org"), "/matchmaking");
    }
}
