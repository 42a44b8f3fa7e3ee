//! Finds texts in another language than the one asked for, by small words and script. Reports nothing when in doubt.

/// Small, frequent words of each language.
const SMALL_WORDS: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "the", "and", "you", "your", "with", "for", "are", "we", "is", "to", "of", "would",
            "this", "that", "have", "our", "who", "at", "what",
        ],
    ),
    (
        "de",
        &[
            "und", "die", "der", "das", "wir", "dich", "du", "dein", "deine", "deinen", "mit",
            "für", "ist", "nicht", "ein", "eine", "zu", "auf", "euch", "sie", "hallo", "liebe",
            "grüße", "hier", "kannst", "ihr", "ihre",
        ],
    ),
    (
        "fr",
        &[
            "nous", "vous", "les", "des", "et", "est", "une", "pour", "avec", "votre", "vos",
            "dans", "ici", "bonjour", "sur", "tu", "ton", "tes", "à", "du", "qui", "serions",
        ],
    ),
    (
        "es",
        &[
            "los",
            "las",
            "para",
            "con",
            "que",
            "una",
            "el",
            "nos",
            "tus",
            "tu",
            "hemos",
            "aquí",
            "y",
            "en",
            "por",
            "hola",
            "del",
            "te",
            "gustaría",
            "contigo",
        ],
    ),
    (
        "pt",
        &[
            "os", "para", "com", "que", "uma", "você", "seu", "sua", "nós", "em", "não", "são",
            "olá", "do", "da", "teu", "tua", "te", "aqui",
        ],
    ),
    (
        "it",
        &[
            "il", "per", "con", "che", "una", "gli", "ti", "noi", "sono", "della", "tuo", "tua",
            "squadra", "ciao", "del", "di", "siamo", "qui",
        ],
    ),
    (
        "nl",
        &[
            "het", "een", "wij", "jij", "je", "jouw", "met", "voor", "van", "niet", "ons", "zijn",
            "hallo", "graag", "hier", "aan", "en",
        ],
    ),
    (
        "pl",
        &[
            "się", "jest", "dla", "na", "nie", "cześć", "oraz", "twoje", "jak", "że", "do", "z",
            "nas", "ciebie",
        ],
    ),
    (
        "sv",
        &[
            "och", "att", "du", "det", "är", "vi", "för", "med", "din", "dina", "hej", "inte",
            "som", "på",
        ],
    ),
];
/// A text with this many small words of another language is probably in that language.
const ENOUGH: usize = 3;

/// The language of the text when it is clearly not the one asked for (`en`, `pt-BR`).
///
/// The text should not contain names, which may be in any language.
pub fn other_than(asked: &str, text: &str) -> Option<String> {
    let asked = asked.split('-').next().unwrap_or_default().to_lowercase();
    SMALL_WORDS.iter().find(|(code, _)| *code == asked)?;
    if let Some(script) = foreign_script(text) {
        return Some(script.to_owned());
    }
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    let score = |small: &[&str]| words.iter().filter(|word| small.contains(&word.as_str())).count();
    let own =
        SMALL_WORDS.iter().find(|(code, _)| *code == asked).map_or(0, |(_, small)| score(small));
    let (code, best) = SMALL_WORDS
        .iter()
        .filter(|(code, _)| *code != asked)
        .map(|(code, small)| (*code, score(small)))
        .max_by_key(|(_, score)| *score)?;
    (best >= ENOUGH && best > 2 * own).then(|| code.to_owned())
}

/// The script of most letters, if not Latin: all languages above use Latin letters.
fn foreign_script(text: &str) -> Option<&'static str> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    [
        ("Cyrillic", '\u{400}'..='\u{4ff}'),
        ("Greek", '\u{370}'..='\u{3ff}'),
        ("Arabic", '\u{600}'..='\u{6ff}'),
        ("Hebrew", '\u{590}'..='\u{5ff}'),
        ("Devanagari", '\u{900}'..='\u{97f}'),
        ("Japanese", '\u{3040}'..='\u{30ff}'),
        ("Chinese", '\u{4e00}'..='\u{9fff}'),
        ("Korean", '\u{ac00}'..='\u{d7a3}'),
    ]
    .into_iter()
    .find(|(_, range)| text.chars().filter(|c| range.contains(c)).count() * 2 > letters)
    .map(|(name, _)| name)
}
