//! The email that an organiser sends to themselves to test the settings. Pure.

use super::message::Email;

/// The test email of this event.
pub fn test_email(event: &str) -> Email {
    let subject = format!("Mail from Muster works ({event})");
    let text = "If you read this, letters from Muster reach their readers.\n\n\
        Look at the headers too: SPF and DKIM should say \"pass\", or many letters will land in the spam folder.\n";
    let html = format!("<p>{}</p>", text.trim().replace("\n\n", "</p><p>"));
    Email { subject, text: text.into(), html }
}
