//! As much sense of language as the tests' Gemini has: endings, small words, and a few words that mean the same, some
//! in six languages. It has nothing in common with what Muster itself knows of words, and knows no FAQ.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

const SMALL: &str = "a about all also am an and any are as at be been but by can could did do does for from get give \
    had has have hello hey hi how i if in into is it its just know like made make many may me might much must my need \
    no not of off on one only or our please shall should so some take tell than thanks that the their them then there \
    these they thing this those to too us use used very want was we were what whatever when where which who whom why \
    will with would yes you your \
    das dem den der die ein eine es fur gibt haben ich ist kann man mein mit und wann wie wir zum zur \
    au de des du elle en est il je la le les ma mon puis quand que un une y \
    cuando el hay los mi mis por puedo se una \
    da do o os meu minha posso quando um uma \
    czy bedzie gdzie jest moge mozna \
    il mia mio posso quando un";

/// Words that mean about the same, some in German, French, Spanish, Portuguese, Italian and Polish; the first stands
/// for all.
const ALIKE: &str = "\
    accessible wheelchair disabled disability\n\
    age old older young child daughter son minor under\n\
    ai chatgpt copilot llm generator\n\
    alcohol beer wine alkohol alcool\n\
    alone solo myself\n\
    baby childcare toddler carer bebe bambino\n\
    beginner newcomer experience never\n\
    bicycle bike\n\
    bring mitbringen apporter traer trazer portare\n\
    code program programmer coder coding\n\
    contact call reach write\n\
    cost pay price free ticket fee money kostet coute cuesta custa costa karte billet entrada bilhete biglietto\n\
    doctor nurse ill sick medical\n\
    dog pet hund chien perro cao cane\n\
    food eat meal lunch dinner hungry kitchen essen nourriture manger comida comer cibo mangiare jedzenie\n\
    guest friend visitor parents visit watch\n\
    harassment harassed behaves badly line crossed conduct\n\
    judge jury judging criteria vote voting stars\n\
    lend borrow loan\n\
    own owner rights property yours\n\
    parking park car parkplatz stationnement aparcamiento estacionamento parcheggio\n\
    participate join attend teilnehmen participer participar partecipare\n\
    permitted allowed erlaubt permis permitido permesso\n\
    photo photograph video film picture\n\
    place venue address location wo ou donde onde dove\n\
    prize win wins winner award receive\n\
    register registration inscrire anmelden inscribir inscrever iscrivere\n\
    remote remotely online home\n\
    school schule ecole escuela escola scuola\n\
    shower dusche douche ducha chuveiro doccia\n\
    size large many members\n\
    sleep overnight room bed dormitory schlafen dormir dormire spac\n\
    socket plug power electricity\n\
    submit hand upload\n\
    team group teammate equipe equipo squadra\n\
    train tram bus railway transport zug tren comboio treno\n\
    vegetarian vegan meat gluten\n\
    wifi internet connection";

/// The words that say something, each by the first of those like it and without its ending, none twice.
pub fn stems(text: &str) -> Vec<String> {
    let stemmer = Stemmer::create(Algorithm::English);
    let text = text.to_lowercase().replace("wi-fi", "wifi");
    let text: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
    let telling = words.filter(|word| !SMALL.split_whitespace().any(|small| small == *word));
    let mut stems: Vec<String> =
        telling.map(|word| stemmer.stem(meant(word)).into_owned()).collect();
    stems.sort();
    stems.dedup();
    stems
}

fn meant(word: &str) -> &str {
    let singular = word.strip_suffix('s').unwrap_or(word);
    let line = ALIKE.lines().find(|line| line.split(' ').any(|it| it == word || it == singular));
    line.and_then(|line| line.split(' ').next()).unwrap_or(word)
}
