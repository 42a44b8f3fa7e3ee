//! Promises and requests that the organiser did not make: money, prizes, internships; passwords, payment, identity.

use super::text::{find_phrase, normal};

/// Each prize in singular, plural and other languages.
const PRIZES: &[&[&str]] = &[
    &[
        "prize",
        "prizes",
        "preis",
        "preise",
        "preisgeld",
        "premio",
        "premios",
        "prix",
        "prêmio",
        "prêmios",
    ],
    &["award", "awards"],
    &["cash"],
    &["internship", "internships", "praktikum", "praktika"],
    &[
        "scholarship",
        "scholarships",
        "stipend",
        "stipends",
        "stipendium",
        "beca",
        "becas",
        "bourse",
        "bourses",
    ],
    &["job offer", "job offers", "job guarantee"],
    &["voucher", "vouchers", "gift card", "gift cards", "gutschein", "gutscheine"],
    &["swag", "goodies"],
    &["grant", "grants", "seed funding", "honorarium"],
    &["reward", "rewards", "jackpot"],
    &[
        "win a",
        "win an",
        "win up to",
        "can win",
        "chance to win",
        "winner receives",
        "winners receive",
        "winner gets",
        "winners get",
    ],
    &["travel costs", "travel reimbursement", "free flights", "free hotel", "free accommodation"],
];

const SENSITIVE: &[&str] = &[
    "password",
    "passwords",
    "passwort",
    "contraseña",
    "senha",
    "mot de passe",
    "passphrase",
    "pin code",
    "your pin",
    "passport",
    "reisepass",
    "passeport",
    "pasaporte",
    "bank details",
    "bank account",
    "account number",
    "iban",
    "bankverbindung",
    "credit card",
    "debit card",
    "card number",
    "cvv",
    "kreditkarte",
    "social security",
    "ssn",
    "national id",
    "id number",
    "id card",
    "identity card",
    "identity number",
    "identification number",
    "aadhaar",
    "tax id",
    "tax number",
    "date of birth",
    "drivers license",
    "driving licence",
    "verification code",
    "one time code",
    "wire transfer",
    "western union",
    "entry fee",
    "registration fee",
    "participation fee",
    "pay the",
    "pay a",
    "pay your",
    "pay us",
    "payment details",
    "make a payment",
    "deposit",
    "complete your payment",
    "complete the payment",
    "confirm your payment",
    "send money",
    "send us money",
    "startgebühr",
    "teilnahmegebühr",
];

/// Words that turn a promise into none, such as `no prizes`.
const DENIALS: &[&str] = &["no", "not", "without", "any", "kein", "keine", "ohne", "sin", "sans"];

/// Money, prizes and internships in the text that the facts do not mention.
pub fn prizes(text: &str, facts: &str) -> Vec<String> {
    let known = amounts(facts);
    let mut found: Vec<String> = amounts(text)
        .into_iter()
        .filter(|amount| !known.iter().any(|it| it.worth == amount.worth))
        .map(|amount| amount.text)
        .collect();
    for family in PRIZES {
        if find_phrase(facts, family).is_none()
            && let Some(phrase) = family.iter().find(|phrase| is_claimed(text, phrase))
        {
            found.push((*phrase).to_owned());
        }
    }
    found
}

/// The first thing that no invitation may ask for.
pub fn sensitive(text: &str, facts: &str) -> Option<String> {
    SENSITIVE
        .iter()
        .find(|phrase| is_claimed(text, phrase) && find_phrase(facts, &[phrase]).is_none())
        .map(|phrase| (*phrase).to_owned())
        .or_else(|| asks_for_a_sum(text))
}

/// `pay 20`, `transfer 20`
fn asks_for_a_sum(text: &str) -> Option<String> {
    let text = normal(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).find_map(|pair| {
        let is_sum = pair[1].bytes().all(|b| b.is_ascii_digit())
            || CURRENCIES.iter().any(|(_, names)| names.contains(&pair[1]));
        (matches!(pair[0], "pay" | "transfer") && is_sum).then(|| pair.join(" "))
    })
}

/// Whether the phrase is in the text somewhere without a `no` before it.
fn is_claimed(text: &str, phrase: &str) -> bool {
    let text = normal(text);
    let phrase = format!(" {phrase} ");
    text.match_indices(&phrase).any(|(at, _)| {
        let before = text[..at].rsplit(' ').next().unwrap_or_default();
        !DENIALS.contains(&before)
    })
}

struct Amount {
    text: String,
    /// The currency, and the amount in hundredths.
    worth: (&'static str, u64),
}

const CURRENCIES: &[(&str, &[&str])] = &[
    ("USD", &["$", "usd", "us$", "dollar", "dollars"]),
    ("EUR", &["€", "eur", "euro", "euros"]),
    ("GBP", &["£", "gbp", "pounds"]),
    ("INR", &["₹", "inr", "rs", "rupee", "rupees", "rupien"]),
    ("JPY", &["¥", "jpy", "yen"]),
    ("CHF", &["chf", "franken", "francs"]),
    ("PLN", &["pln", "zł"]),
    ("SEK", &["sek", "kronor"]),
];

/// Sums of money: `$10,000`, `EUR 2,000`, `2k euros`, `₹5 lakh`.
fn amounts(text: &str) -> Vec<Amount> {
    let spaced: String = text
        .chars()
        .flat_map(|c| if "$€£₹¥".contains(c) { vec![' ', c, ' '] } else { vec![c] })
        .collect();
    let tokens: Vec<&str> = spaced
        .split(|c: char| c.is_whitespace() || "()[]\"".contains(c))
        .map(|token| token.trim_matches(|c: char| ".,;:!?".contains(c)))
        .filter(|token| !token.is_empty())
        .collect();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(currency) = currency(token) else { continue };
        let following = tokens.get(at + 1..).unwrap_or_default();
        let amount = number(following).or_else(|| {
            let start = at.saturating_sub(2);
            (start..at).find_map(|from| number(&tokens[from..at]))
        });
        if let Some((number, worth)) = amount {
            found.push(Amount { text: format!("{token} {number}"), worth: (currency, worth) });
        }
    }
    found
}

fn currency(token: &str) -> Option<&'static str> {
    let token = token.to_lowercase();
    CURRENCIES.iter().find(|(_, names)| names.contains(&token.as_str())).map(|(code, _)| *code)
}

/// A number at the beginning of the tokens, in hundredths; `k`, `million` or `lakh` may follow it.
fn number(tokens: &[&str]) -> Option<(String, u64)> {
    let first = tokens.first()?.to_lowercase();
    let digits_end = first.find(|c: char| c.is_alphabetic()).unwrap_or(first.len());
    let (digits, attached) = first.split_at(digits_end);
    let value = plain_number(digits)?;
    let unit =
        if attached.is_empty() { tokens.get(1).copied().unwrap_or_default() } else { attached };
    let factor = match unit.to_lowercase().as_str() {
        "k" | "thousand" => 1_000.0,
        "m" | "million" => 1_000_000.0,
        "lakh" | "lakhs" => 100_000.0,
        "crore" | "crores" => 10_000_000.0,
        _ => 1.0,
    };
    let text =
        if factor > 1.0 && attached.is_empty() { format!("{first} {unit}") } else { first.clone() };
    Some((text, (value * factor * 100.0).round() as u64))
}

/// `2,000`, `2.000`, `2'000`, `2000.50`
fn plain_number(digits: &str) -> Option<f64> {
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let groups: Vec<&str> = digits.split([',', '.', '\'', '’']).collect();
    let (whole, part) = match groups.split_last() {
        Some((last, most)) if !most.is_empty() && last.len() != 3 => {
            (most.concat(), (*last).to_owned())
        }
        _ => (groups.concat(), String::new()),
    };
    format!("{whole}.{part}0").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_known_however_it_is_written() {
        for text in ["€2,000", "EUR 2.000", "2000 euros", "2k EUR", "2 000.00 nothing"] {
            assert_eq!(
                prizes(text, "The best team gets EUR 2,000."),
                Vec::<String>::new(),
                "{text}"
            );
        }
        for text in ["$2,000", "EUR 3,000", "€20k", "₹5 lakh"] {
            assert_eq!(prizes(text, "The best team gets EUR 2,000.").len(), 1, "{text}");
        }
    }

    #[test]
    fn prizes_are_allowed_only_when_the_organiser_mentioned_them() {
        assert_eq!(prizes("There are prizes and an internship", "Prize: a trophy"), ["internship"]);
        assert_eq!(prizes("There are no prizes, only fun", ""), Vec::<String>::new());
    }

    #[test]
    fn requests_for_money_and_personal_numbers_are_found() {
        assert_eq!(sensitive("send your Passport number", ""), Some("passport".to_owned()));
        assert_eq!(sensitive("There is no registration fee.", ""), None);
        assert_eq!(sensitive("You know password hashing", "Skill: password hashing"), None);
    }
}
