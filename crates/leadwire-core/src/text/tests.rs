use proptest::prelude::*;

use super::*;
use crate::Email;
use crate::entity::{ContactEmail, ContactPhone, ExternalId, FieldValue};
use crate::id::{BrandId, ContactId, SourceId, Uuid};
use crate::time::Time;

fn split(text: &str) -> Vec<String> {
    words(&fold(text)).map(str::to_owned).collect()
}

fn contact() -> Contact {
    Contact {
        id: ContactId(Uuid::nil()),
        version: 1,
        created_at: Time::default(),
        updated_at: Time::default(),
        deleted_at: None,
        brand: BrandId(Uuid::nil()),
        conversation: None,
        last_lead: None,
        first_name: None,
        last_name: None,
        company: None,
        emails: Vec::new(),
        phones: Vec::new(),
        addresses: Vec::new(),
        tags: Vec::new(),
        fields: Vec::new(),
        external_ids: Vec::new(),
        source_type: None,
        lead_source: None,
        timezone: None,
        last_touch_at: None,
        created_for: String::new(),
        updated_for: String::new(),
        possible_duplicates: Vec::new(),
        profile: None,
    }
}

fn finds(query: &str, fields: &Fields, messages: &[&str]) -> bool {
    let messages: Vec<String> = messages.iter().map(|it| fold(it)).collect();
    matches(&query_words(query), &fields.infix, &fields.words, messages.iter().map(String::as_str))
}

#[test]
fn case_accents_and_width_do_not_count() {
    for (typed, folded) in [
        ("Zoë Ångström", "zoe angstrom"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Έλληνας", "ελληνασ"),
        ("Йод и Ёлка", "иод и елка"),
        ("İstanbul", "istanbul"),
        ("ＦＵＬＬ　Ｗｉｄｔｈ１２", "full width12"),
        ("ﬁnance", "finance"),
        ("e\u{301}cole", "ecole"),
        ("مُحَمَّد", "محمد"),
        ("أحمد", "احمد"),
        ("שָׁלוֹם", "שלום"),
        ("10\u{202d}20\u{ad}30", "102030"),
    ] {
        assert_eq!(fold(typed), folded, "{typed}");
    }
}

#[test]
fn marks_that_are_letters_of_their_script_stay() {
    for text in ["हिन्दी", "தமிழ்", "ภาษาไทย", "が", "ガード", "한국어"] {
        assert_eq!(fold(text), text.nfkc().collect::<String>(), "{text}");
    }
    assert_eq!(fold("ｶﾞ"), "ガ");
}

#[test]
fn words_are_runs_of_letters_and_digits() {
    assert_eq!(split("Hi, I'm O'Neil—call 481-613 (ext. 9)!"), ["hi", "i", "m", "o", "neil", "call", "481", "613", "ext", "9"]);
    assert_eq!(split("john.doe+x@mail.example"), ["john", "doe", "x", "mail", "example"]);
    assert_eq!(split(" … 😀 \u{0}\n"), Vec::<String>::new());
    assert_eq!(split("snake_case a1b2"), ["snake", "case", "a1b2"]);
    assert_eq!(split("हिन्दी में"), ["हिन्दी", "में"]);
    assert_eq!(split("naïve_éa1"), ["naive", "ea1"]);
}

#[test]
fn scripts_without_spaces_give_a_word_per_letter() {
    assert_eq!(split("你好world世界"), ["你", "好", "world", "世", "界"]);
    assert_eq!(split("ガーデン田中"), ["ガ", "ー", "デ", "ン", "田", "中"]);
    assert_eq!(split("ที่นี่ 24"), ["ที่", "นี่", "24"]);
    assert_eq!(split("abcдеж中"), ["abcдеж", "中"]);
}

#[test]
fn a_query_has_each_word_once() {
    assert_eq!(query_words(" Foo  bar, FOO bár "), ["foo", "bar"]);
    assert!(query_words("?!").is_empty());
}

#[test]
fn a_word_matches_as_a_prefix_anywhere_and_from_three_characters_inside_names_and_keys() {
    let mut it = contact();
    it.first_name = Some("Maximilian".to_owned());
    it.last_name = Some("Ørsted-Müller".to_owned());
    it.company = Some("Northwind Traders".to_owned());
    it.emails = vec![ContactEmail { typed: "Max.M@Bücher.example".to_owned(), email: Email::parse("Max.M@Bücher.example"), verified: true }];
    it.phones = vec![ContactPhone { typed: "(481) 613-1485".to_owned(), phone: Phone::parse("(201) 613-1485", "US"), verified: true }];
    it.external_ids = vec![ExternalId { source: SourceId(Uuid::nil()), id: "hs_9876543".to_owned(), contact: it.id }];
    it.tags = vec!["First-time Buyer".to_owned()];
    it.fields = vec![FieldValue { field: "pool".to_owned(), name: None, value: "Heated".to_owned(), ai_produced: false }];
    it.addresses = vec![Address { city: Some("São Paulo".to_owned()), ..Address::default() }];
    it.lead_source = Some("Zillow".to_owned());
    let fields = fields_of(&it);
    let messages = ["Is the garden facing south?", "Да, конечно"];

    for query in [
        "max",
        "imil",
        "MULLER",
        "ulle",
        "northw",
        "bucher",
        "xn",
        "max.m@bücher.example",
        "6131485",
        "4816131485",
        "613-1485",
        "12016131485",
        "87654",
        "first buy",
        "heat",
        "sao pau",
        "zill",
        "gard",
        "garden max SOUTH",
        "конеч",
        "",
        "hs_9876543",
    ] {
        assert!(finds(query, &fields, &messages), "{query}");
    }
    // Two characters are not looked for inside, nor are three in what is no name or key; and every word must be found.
    for query in ["im", "wind", "raders", "eated", "ardens", "arden", "max absent", "nechno", "uyer"] {
        assert!(!finds(query, &fields, &messages), "{query}");
    }
}

#[test]
fn a_national_prefix_typed_is_found_and_an_ending_is_not_kept_twice() {
    let mut it = contact();
    it.phones = vec![ContactPhone { typed: "020 7183 8750".to_owned(), phone: Phone::parse("020 7183 8750", "GB"), verified: true }];
    let fields = fields_of(&it);
    assert_eq!(fields.infix, ["442071838750", "02071838750"]);
    assert!(finds("020 7183", &fields, &[]));
    it.phones = vec![ContactPhone { typed: "7183 8750".to_owned(), phone: Phone::parse("+442071838750", "GB"), verified: true }];
    assert_eq!(fields_of(&it).infix, ["442071838750"]);
}

#[test]
fn an_empty_contact_has_no_texts() {
    assert_eq!(fields_of(&contact()), Fields::default());
}

#[test]
fn every_character_takes_the_short_way_to_the_same_place() {
    for c in '\0'..=char::MAX {
        if let Some(simple) = fold_simple(c) {
            let mut general = String::new();
            fold_general(&c.to_string(), &mut general);
            assert_eq!(general, simple.to_string(), "{c:?}");
        }
        if c > '\u{7f}' {
            assert_eq!(class(c), class_by_tables(c), "{c:?}");
        }
    }
}

/// Letters of many scripts, with their trouble: marks, widths, ligatures, Hangul, invisible characters.
fn mixed() -> impl Strategy<Value = String> {
    let tricky = proptest::sample::select(
        vec![
            'a', 'Z', ' ', '-', 'é', 'ß', 'ẞ', 'İ', 'ı', 'ς', 'Σ', 'ΐ', 'ᾳ', 'ﬁ', 'Ｋ', 'K', 'Å', 'й', 'Ё', 'Ж', 'أ', 'ا', 'ـ', 'ﷺ', 'ש', '你', '神',
            'か', 'ｶ', 'ﾞ', '한', 'ㅎ', 'ᄒ', 'ᅡ', 'ᆫ', 'ไ', 'Ꭰ', 'ꭰ', '①', '½', '\u{300}', '\u{301}', '\u{345}', '\u{3099}', '\u{64e}', '\u{5b8}',
            '\u{94d}', '\u{200d}', '\u{ad}', '\u{e31}', '\u{fe0f}', '\u{338}', '<', '.',
        ]
        .into_iter()
        .collect::<Vec<char>>(),
    );
    proptest::collection::vec(prop_oneof![3 => tricky, 1 => any::<char>()], 0..40).prop_map(|it| it.into_iter().collect())
}

proptest! {
    #[test]
    fn folding_twice_changes_nothing(text in mixed()) {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }

    #[test]
    fn the_short_way_of_folding_equals_the_general_one(text in mixed()) {
        let mut general = String::new();
        fold_general(&text, &mut general);
        prop_assert_eq!(fold(&text), general);
    }

    #[test]
    fn forms_of_the_same_text_fold_alike(text in mixed()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&text.nfd().collect::<String>()), folded.clone());
        prop_assert_eq!(fold(&text.nfkc().collect::<String>()), folded);
    }

    #[test]
    fn words_hold_every_letter_once_and_in_order(text in mixed()) {
        let folded = fold(&text);
        let joined: String = words(&folded).collect();
        let letters: String = folded.chars().filter(|c| class(*c) != Class::Other).collect();
        prop_assert_eq!(joined, letters);
        prop_assert!(words(&folded).all(|it| !it.is_empty()));
    }

    #[test]
    fn any_words_of_a_text_find_it(text in mixed(), pick in any::<prop::sample::Index>(), len in 1usize..6) {
        let folded = fold(&text);
        let all: Vec<&str> = words(&folded).collect();
        prop_assume!(!all.is_empty());
        let word = all[pick.index(all.len())];
        let start: String = word.chars().take(len).collect();
        let none: [String; 0] = [];
        prop_assert!(matches(&[start], &none, &none, [folded.as_str()].into_iter()));
        prop_assert!(matches(&query_words(&text), &none, std::slice::from_ref(&folded), std::iter::empty()));
        prop_assert!(matches(&query_words(&text), &[folded], &none, std::iter::empty()));
    }
}

/// Not a check but a measure: `cargo test -p leadwire-core --release -- --ignored --nocapture text_costs`.
#[test]
#[ignore = "a measure"]
fn text_costs() {
    for text in [
        "Hello, is the three bedroom house on Maple Street still available for a viewing?",
        "Здравствуйте, скажите пожалуйста, квартира на Садовой улице ещё продаётся или уже нет?",
        "你好，请问这套房子还在出售吗？我想周末来看一下，谢谢。",
        "Bonjour, la maison près de l'église à Orléans est-elle encore à vendre cet été à Noël?",
    ] {
        let clock = std::time::Instant::now();
        for _ in 0..10_000 {
            std::hint::black_box(fold(std::hint::black_box(text)));
        }
        let fold_ns = clock.elapsed().as_nanos() / 10_000;
        let folded = fold(text);
        let clock = std::time::Instant::now();
        for _ in 0..10_000 {
            std::hint::black_box(words(std::hint::black_box(&folded)).count());
        }
        println!("fold {fold_ns} ns, words {} ns", clock.elapsed().as_nanos() / 10_000);
    }
}
