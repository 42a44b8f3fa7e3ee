//! Word tables that suit any event: stop words, words of little weight, related words. In lower case without accents
//! and apostrophes, as [`super::words::plain`] returns them.

/// Stop words, which say nothing about the subject of a question.
pub const SILENT: &str = "\
    a about actually after afterwards again all also am an and any anybody anyone anything anywhere are as at be because been \
    both but by can cannot cant could did do does doing dont each either else even ever every everybody everyone for \
    from get getting give go goes going got had has have having he hello her hey hi him his i id if ill im in into is \
    isnt it its ive just know let like lot may maybe me might my neither nor now of off ok okay on one ones onto or \
    other our out own per please pls plz possible problem question questions quite r really regarding same say shall \
    she should since so some somebody someone something somewhere sorry still such tell than thank thanks that the their theirs \
    them then there theres these they thing things this those though through thx to too u until up upon ur us use used \
    using very via want wants was way we well were whether while whole whom whose will wish with within wondering would \
    wouldnt yes yet you your youre yours";

/// Words of little weight: question words, and words about any hackathon.
pub const LIGHT: &str = "\
    allow allowed available come conference event events fine happen happens hack hackathon hackathons how jam kind \
    long make many much must necessary need needed needs never no not offer okay participant participants participate \
    participating people permit permitted person provide provided required sort take what whats when where wheres which \
    who why without work working";

/// Words of courtesy and grammar without which a question is the same.
pub const COURTESY: &str = "\
    a am an are be did do does hello hey hi is just please pls plz thank thanks thx the was were";

/// Words that start a question without a question mark.
pub const ASKING: &str = "\
    am are can could did do does has have how is may must shall should was were what whats when where wheres which who \
    whom whose why will would";

/// Phrases, and the one word that each means.
pub const PHRASES: &[(&str, &str)] = &[
    ("a lot", "much"),
    ("artificial intelligence", "ai"),
    ("at the end", "afterwards"),
    ("in the end", "afterwards"),
    ("behaves badly", "harassment"),
    ("behave badly", "harassment"),
    ("by myself", "alone"),
    ("by public transport", "transport"),
    ("check in", "arrival"),
    ("check out", "departure"),
    ("crossed a line", "harassment"),
    ("cross a line", "harassment"),
    ("e mail", "email"),
    ("first aid", "doctor"),
    ("get there", "transport"),
    ("getting there", "transport"),
    ("go home", "leave"),
    ("hand in", "submit"),
    ("handed in", "submit"),
    ("how long", "duration"),
    ("how many days", "duration"),
    ("how many hours", "duration"),
    ("how much is", "cost"),
    ("how much are", "cost"),
    ("how old", "age"),
    ("intellectual property", "ip"),
    ("lost and found", "lost"),
    ("no experience", "beginner"),
    ("on my own", "alone"),
    ("power strip", "socket"),
    ("sign up", "register"),
    ("signed up", "register"),
    ("take part", "participate"),
    ("take place", "venue"),
    ("takes place", "venue"),
    ("taking part", "participate"),
    ("took part", "participate"),
    ("team mate", "teammate"),
    ("team mates", "teammate"),
    ("t shirt", "tshirt"),
    ("t shirts", "tshirt"),
    ("turn in", "submit"),
    ("waiting list", "waitlist"),
    ("what time", "when"),
    ("wi fi", "wifi"),
];

/// Families of related words. A word may be in several.
pub const FAMILIES: &[&str] = &[
    "accessible accessibility barrier disability disabilities disabled lift ramp wheelchair",
    "age adult adults child children daughter kid kids minor minors old older son teen teenager under underage young",
    "ai chatgpt copilot generated generator generators gpt llm llms midjourney",
    "airport airports flight flights fly plane",
    "alcohol alcoholic beer booze drunk spirits wine",
    "alone individual individually lone myself single solo",
    "arrival arrive arrives arriving checkin",
    "art artist artists artwork draw drawing graphic graphics illustration image images picture pictures sprite sprites",
    "baby babies babysitter carer childcare creche infant nursery toddler",
    "begin beginning begins kickoff open opening opens start starting starts",
    "beginner beginners experience experienced first inexperienced never newbie newcomer newcomers novice prerequisites \
     skill skills",
    "bicycle bicycles bike bikes cycle cycling",
    "borrow borrowed lend lent loan rent rental",
    "break breaks broke broken defect faulty fix repair",
    "bring luggage baggage pack packing take",
    "cancel cancellation cancelling unregister withdraw",
    "car cars drive driving garage park parking vehicle",
    "certificate certificates diploma",
    "chat channel community discord forum group slack telegram whatsapp",
    "clothes clothing cold dress rain snow temperature warm weather wear",
    "code coder coders coding developer developers program programmer programmers programming software",
    "contact call desk email helpline mail organiser organisers organizer organizers phone reach telephone",
    "cost charge costs euro expensive fee fees free money paid pay payment price prices ticket tickets",
    "data delete erase gdpr personal privacy",
    "date dates day days when",
    "deadline due late latest",
    "discount afford bursary cheaper financial grant reduced scholarship scholarships subsidy",
    "doctor accident ambulance emergency health hospital hurt ill illness injured medic medical nurse paramedic sick",
    "drink beverage beverages coffee drinks tea water",
    "duration hours last lasts length",
    "end ending ends close closes closing finish finishes over",
    "engine engines framework frameworks stack technologies technology tool tools",
    "food breakfast buffet catering dinner eat eating hungry kitchen lunch meal meals snack snacks supper",
    "guest guests families family friend friends mother father parent parents relatives spectator spectators visit \
     visitor visitors watch",
    "harassment abuse abused abusive assault assaulted behave behaves behaviour behavior bullied bully bullying conduct \
     discrimination harass harassed misconduct unsafe",
    "help assistance coach coaches mentor mentoring mentors support",
    "idea ideas project projects prototype work",
    "judge criteria decide decides evaluated evaluation judged judges judging jury rating score scored scoring vote \
     votes voting",
    "language languages english speak spoken",
    "laptop computer computers device devices equipment hardware laptops machine machines notebook pc",
    "leave departure leaving",
    "licence licences license licenses licensed copyright",
    "monitor display monitors screen screens",
    "music audio melody musician musicians song songs sound sounds soundtrack",
    "own belong belongs copyright ip owner owns property rights",
    "participate attend attendance attending eligible join joining participant participants participating participation",
    "permit allow allowed forbidden legal permitted prohibited",
    "pet animal animals cat cats dog dogs pets",
    "photo camera film filmed filming photograph photographed photographs photos picture pictures recorded recording \
     stream streaming video videos",
    "place address located location site venue where wheres",
    "power adapter adaptor charger electricity outlet outlets plug plugs socket sockets",
    "pray chapel faith prayer quiet religion religious rest worship",
    "prize award awarded awards prizes receive reward rewards win winner winners wins won",
    "refund expenses refunded reimburse reimbursed reimbursement",
    "register application apply booking enrol enroll registering registration signup",
    "remote distance home online remotely virtual virtually",
    "replace replacement stead substitute transfer swap",
    "schedule agenda programme timeline timetable",
    "sell commercial monetise publish release sold",
    "shower showers towel towels wash",
    "size big large maximum members minimum",
    "sleep accommodation bed beds dorm dormitories dormitory hostel hotel lodging mattress night overnight room rooms \
     sleeping stay",
    "smoke cigarette cigarettes smoking vape vaping",
    "sponsor sponsoring sponsors sponsorship",
    "submit deliver submission submissions submitting upload uploading",
    "team group groups partner partners squad team teammate teammates teams",
    "toilet bathroom restroom toilets wc",
    "topic challenge challenges subject theme themes topics track tracks",
    "train bus buses coach directions metro rail railway route shuttle station subway trains tram trams transport travel",
    "vegan allergic allergies allergy celiac coeliac diet dietary gluten halal intolerance intolerant kosher lactose \
     meat nuts vegans vegetarian vegetarians",
    "visa visas passport",
    "volunteer volunteering volunteers",
    "waitlist queue waiting",
    "wifi bandwidth connection internet network wlan",
];
