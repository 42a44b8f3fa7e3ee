//! The email that an organiser sends to themselves to test the settings. Pure.

use super::message::Email;

/// The test email of this event.
pub fn test_email(event: &str) -> Email {
    let subject = format!("Muster can send emails ({event})");
    let text = "If you can read this, emails from Muster reach their recipients.\n\n\
        Check the headers, too: SPF and DKIM should say \"pass\". Otherwise many emails will end up in the spam folder.\n";
    let html = format!("<p>{}</p>", text.trim().replace("\n\n", "</p><p>"));
    Email { subject, text: text.into(), html }
}
