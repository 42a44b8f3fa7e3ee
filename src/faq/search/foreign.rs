//! Words of questions in German, French, Spanish, Portuguese and Italian: enough to find an entry without a model.
//! Without accents.

/// Stop words of these languages. A word that also exists in English is a stop word there too, or is left out.
pub const SILENT: &str = "\
    ab auch auf aus bei beim bin bitte da darf das dem den der des die diese dieser dort du ein eine einem einen einer \
    er es euch eure findet fur gibt haben hat ich ihr im ins ist ja kann kannst konnen mein meine meinem meinen meiner \
    mich mir mit muss nach nicht noch oder ohne sein sich sie sind statt uber um und uns unser unsere vom von vor was \
    wenn werden wird wir wurde zu zum zur \
    au aux avec ce ces cest cette dans de des du elle en est et etre il ils je la le les leur lors ma mes mon nos notre \
    nous ou par pas peut peuton peux pour puisje que quel quelle quelles quels qui sa se ses son sont sur ta tu un une \
    vos votre vous y a t \
    al como con cual cuales del el ella en entre es esta estan este estos hay la las lo los mi mis nuestro o para pero \
    por puede puedo que se ser si sin sobre son su sus tengo tiene un una unas unos y ya yo \
    ao aos as com da das do dos e em esta eu foi ha isso mas meu meus minha minhas na nas no nos nosso ou para pelo \
    pode podem posso quais qual que se sem ser sou sua tem tenho um uma umas \
    ai al alla alle anche che ce chi ci con cui da dal dalla degli dei del dell della delle di e ed gli ho i il in io l \
    la le lo ma mia mie mio nel nella noi non o per piu posso puo quale quali sono su sul sulla tra un una uno va vi";

/// An English word and its translations.
pub const WORDS: &[(&str, &str)] = &[
    ("address", "adresse direccion endereco indirizzo"),
    ("age", "alter jahre alt mindestalter age ans edad anos idade eta anni"),
    ("alcohol", "alkohol bier wein alcool biere vin cerveza vino cerveja vinho birra"),
    ("allergy", "allergie allergien allergies alergia alergias allergia allergie"),
    ("alone", "allein alleine seul seule solo sola sozinho sozinha"),
    ("baby", "bebe bebes bambino neonato saugling kleinkind"),
    (
        "beginner",
        "anfanger anfangerin debutant debutante debutants principiante principiantes iniciante principianti",
    ),
    ("bicycle", "fahrrad rad velo bicicleta bici bicicletta"),
    ("bring", "mitbringen mitnehmen apporter amener traer llevar trazer levar portare"),
    ("bus", "autobus autocarro onibus"),
    ("cancel", "absagen stornieren abmelden annuler cancelar anular annullare"),
    ("car", "auto wagen voiture coche carro macchina"),
    (
        "certificate",
        "zertifikat urkunde bescheinigung certificat attestation certificado certificato attestato",
    ),
    (
        "children",
        "kind kinder tochter sohn enfant enfants fille fils nino ninos hija hijo crianca criancas filho filha bambini figlio figlia",
    ),
    ("code", "programmieren programmer coder programar programmare codigo codice"),
    ("contact", "kontakt erreichen contacter joindre contactar contacto contato contattare"),
    (
        "cost",
        "kostet kosten preis gebuhr eintritt coute couter cout prix tarif cuesta cuestan costar precio custa custam preco quanto cuanto combien costa costano prezzo",
    ),
    ("data", "daten datenschutz donnees datos dados dati"),
    ("deadline", "frist anmeldeschluss einsendeschluss echeance plazo prazo scadenza"),
    ("doctor", "arzt krank notfall medecin malade urgence medico enfermo doente emergenza malato"),
    (
        "dog",
        "hund hunde haustier chien chiens animal perro perros mascota cao caes cachorro cane cani",
    ),
    ("end", "ende endet fin finit termine termina fim fine finisce"),
    (
        "food",
        "essen mahlzeit mahlzeiten verpflegung mittagessen abendessen fruhstuck manger nourriture repas dejeuner diner comer comida comidas almuerzo cena refeicao refeicoes almoco jantar mangiare cibo pasti pranzo",
    ),
    ("free", "kostenlos gratis gratuit gratuite gratuito gratuita"),
    (
        "friends",
        "freunde freund gaste besuch amis ami invites amigos amigo invitados convidados amici amico ospiti",
    ),
    ("help", "hilfe hilft helfen aide aider ayuda ayudar ajuda ajudar aiuto"),
    ("hotel", "unterkunft ubernachtung hebergement alojamiento alojamento alloggio"),
    ("judge", "jury bewertung bewertet juges jurado juri giuria valutazione evaluacion avaliacao"),
    ("language", "sprache sprachen langue langues idioma idiomas lingua lingue"),
    ("laptop", "rechner ordinateur portable ordenador portatil computador computer"),
    ("late", "spat tard tarde tardi"),
    ("online", "fernteilnahme distance distancia casa zuhause maison"),
    (
        "own",
        "gehort eigentum rechte appartient droits pertenece derechos pertence direitos appartiene diritti",
    ),
    (
        "parking",
        "parken parkplatz parkplatze stationnement garer aparcar aparcamiento estacionar estacionamento estacionamiento parcheggio parcheggiare",
    ),
    (
        "participate",
        "teilnehmen teilnahme mitmachen participer participar participacion inscrits partecipare partecipazione",
    ),
    (
        "permitted",
        "erlaubt verboten autorise autorisee permis interdit permitido permitida prohibido permesso vietato consentito",
    ),
    ("photos", "fotos bilder photos fotografias foto"),
    ("place", "ort adresse lieu lugar sitio luogo posto"),
    (
        "prize",
        "preise gewinnen gewinn gewinner prix gagner gagne premio premios ganar ganhar premi vincere",
    ),
    (
        "project",
        "projekt projekte projet projets proyecto proyectos projeto projetos progetto progetti",
    ),
    ("refund", "erstattet erstattung ruckerstattung rembourse remboursement reembolso rimborso"),
    (
        "register",
        "anmelden anmeldung registrieren registrierung inscrire inscription inscribir inscribirme inscripcion registrar inscrever inscricao iscrivere iscrivermi iscrizione",
    ),
    ("school", "schule ecole escuela escola scuola"),
    ("shower", "dusche duschen douche douches ducha duchas chuveiro doccia docce"),
    (
        "sleep",
        "schlafen ubernachten schlafplatz dormir duermo dormimos dormire dormiamo dormo chambre zimmer habitacion quarto camera coucher",
    ),
    ("sponsor", "sponsoren patrocinador patrocinadores parrain"),
    (
        "start",
        "beginn beginnt fangt anfang debut commence commencer empieza comienza comeca inicio inizia comincia",
    ),
    (
        "submit",
        "abgeben einreichen abgabe hochladen soumettre rendre entregar enviar submeter consegnare inviare",
    ),
    ("team", "gruppe gruppen equipe equipes equipo equipos grupo grupos squadra squadre gruppo"),
    (
        "ticket",
        "eintrittskarte karte karten billet billets entrada entradas boleto bilhete ingresso biglietto biglietti",
    ),
    ("toilet", "toilette toiletten toilettes bano banos banheiro bagno"),
    ("topic", "thema themen theme themes tema temas temi"),
    (
        "train",
        "zug bahn bahnhof strassenbahn tram gare tren estacion tranvia comboio trem estacao treno stazione",
    ),
    ("vegan", "vegetarisch vegane vegetarien vegetarienne vegetariano vegetariana vegano vegana"),
    ("venue", "veranstaltungsort"),
    ("when", "wann uhr quand heure heures cuando hora horas quando ora orari"),
    ("where", "wo wohin ou donde onde dove"),
    ("who", "wer quien quienes quem"),
    ("wifi", "wlan internetzugang"),
];
