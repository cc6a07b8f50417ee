//! What people, bots and agents say to each other in a thread about a home.

use super::people::Tongue;

/// The lines of one language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines {
    /// What an inquiry says; `{}` is the home.
    pub opening: &'static [&'static str],
    /// What a bot answers, in order.
    pub bot: &'static [&'static str],
    /// What the person answers, in order.
    pub person: &'static [&'static str],
    /// What an agent writes.
    pub agent: &'static [&'static str],
}

pub(super) fn lines(tongue: Tongue) -> Lines {
    match tongue {
        Tongue::English => ENGLISH,
        Tongue::Spanish => SPANISH,
        Tongue::German => GERMAN,
        Tongue::Russian => RUSSIAN,
        Tongue::Arabic => ARABIC,
        Tongue::Chinese => CHINESE,
    }
}

const ENGLISH: Lines = Lines {
    opening: &[
        "Is {} still available? We'd love to see it this weekend.",
        "Hi, what are the monthly fees at {}?",
        "We sold our house and need to move by summer. {} looks perfect, can you call me?",
        "Could I get the floor plan of {} please",
        "Do they allow two dogs at {}?",
    ],
    bot: &[
        "Thanks for your interest! Are you looking to buy or to rent?",
        "Great. Which budget do you have in mind?",
        "Understood. Would a viewing on Saturday at 11 suit you?",
        "You are booked. An agent will confirm shortly.",
    ],
    person: &[
        "To buy. We are pre-approved.",
        "Around 850k, a little more for a garden",
        "Saturday works, thank you!!",
        "Sorry, can we make it Sunday instead?",
        "ok 👍",
    ],
    agent: &[
        "Hi, I just left you a voicemail. When may I reach you?",
        "The seller took off another 10,000. Still interested?",
        "Here are three more homes like it.",
    ],
};

const SPANISH: Lines = Lines {
    opening: &[
        "Hola, ¿sigue disponible {}? Quisiera visitarla.",
        "¿Cuánto es el mantenimiento de {}?",
        "Buscamos casa cerca de una escuela, nos gusta {}.",
    ],
    bot: &[
        "¡Gracias por escribir! ¿Desea comprar o alquilar?",
        "Perfecto. ¿Qué presupuesto tiene?",
        "¿Le viene bien una visita el sábado a las 11?",
        "Listo, un agente se lo confirmará.",
    ],
    person: &["Comprar, con crédito ya aprobado.", "Unos 600 mil", "Sí, el sábado está bien", "Mejor el domingo por la mañana"],
    agent: &["Le llamé hace un momento, ¿cuándo puedo localizarle?", "El dueño acaba de bajar el precio."],
};

const GERMAN: Lines = Lines {
    opening: &["Ist {} noch frei? Wir würden gern besichtigen.", "Wie hoch ist das Hausgeld für {}?", "Größe und Grundriss von {} bitte per E-Mail."],
    bot: &[
        "Vielen Dank! Möchten Sie kaufen oder mieten?",
        "Gern. Welches Budget haben Sie eingeplant?",
        "Passt Ihnen eine Besichtigung am Samstag um 11 Uhr?",
        "Notiert, die Bestätigung folgt.",
    ],
    person: &["Kaufen, die Finanzierung steht.", "Höchstens 720.000 €", "Samstag passt, danke", "Lieber erst nächste Woche"],
    agent: &["Ich habe Sie eben nicht erreicht. Wann passt es Ihnen?", "Der Eigentümer wäre bei 695.000 € dabei."],
};

const RUSSIAN: Lines = Lines {
    opening: &["Здравствуйте, {} ещё продаётся? Хотим посмотреть.", "Какие ежемесячные платежи за {}?", "Ищем дом рядом со школой, понравился {}."],
    bot: &[
        "Спасибо за интерес! Вы хотите купить или снять?",
        "Хорошо. Какой у вас бюджет?",
        "Удобно ли посмотреть в субботу в 11?",
        "Записали вас, агент подтвердит.",
    ],
    person: &["Купить, ипотека одобрена.", "Около 500 тысяч", "Да, суббота подходит", "А можно в воскресенье?"],
    agent: &["Я вам звонил, когда удобно поговорить?", "Хозяин готов снизить цену."],
};

const ARABIC: Lines = Lines {
    opening: &["مرحبا، هل ما زال {} متاحا؟ نود زيارته.", "كم الرسوم الشهرية في {}؟", "نبحث عن بيت قريب من المدرسة وأعجبنا {}."],
    bot: &[
        "شكرا لاهتمامك! هل ترغب في الشراء أم الإيجار؟",
        "ممتاز. ما هي ميزانيتك؟",
        "هل تناسبك زيارة يوم السبت الساعة 11؟",
        "تم الحجز، سيؤكد لك الوكيل قريبا.",
    ],
    person: &["شراء، والتمويل جاهز.", "حوالي ٩٠٠ ألف", "السبت مناسب، شكرا", "هل يمكن يوم الأحد؟"],
    agent: &["اتصلت بك قبل قليل، متى يمكنني الوصول إليك؟", "المالك خفض السعر مرة أخرى."],
};

const CHINESE: Lines = Lines {
    opening: &["你好，{} 还在售吗？我们想周末去看看。", "请问 {} 的物业费是多少？", "我们想找学区房，对 {} 很感兴趣。"],
    bot: &["感谢您的关注！您想买房还是租房？", "好的，您的预算是多少？", "星期六上午十一点看房方便吗？", "已为您预约，经纪人会尽快确认。"],
    person: &["买房，贷款已经批准。", "大概八十万", "星期六可以，谢谢", "能改到星期天吗？"],
    agent: &["我刚给您打过电话，什么时候方便？", "业主又降价了，您还考虑吗？"],
};

/// Homes asked about, with the town and the price.
pub(super) const HOMES: &[(&str, &str, u32)] = &[
    ("14 Harbor Lane", "Sausalito", 1_285_000),
    ("208 Pine Street", "Oakland", 742_000),
    ("9 Juniper Court", "Berkeley", 1_120_000),
    ("551 Marina Blvd", "San Francisco", 2_450_000),
    ("77 Alder Way", "Mill Valley", 1_690_000),
    ("1320 Laurel Ave", "San Mateo", 998_000),
    ("32 Cypress Point", "Alameda", 865_000),
    ("6 Vineyard Road", "Napa", 1_340_000),
    ("419 Elm Terrace", "San Jose", 689_000),
    ("Lindenallee 12", "Berlin", 695_000),
    ("Am Speicher 3", "Hamburg", 820_000),
    ("Schlossgasse 8", "Potsdam", 540_000),
];

pub(super) const TAGS: &[&str] =
    &["buyer", "seller", "hot", "cold", "viewing booked", "pre-approved", "investor", "first home", "relocation", "ai off", "Привет", "学区房"];
