//! People who never were: names in the scripts people write, phone numbers from the ranges kept free for fiction,
//! typed the way people type them.

use crate::random::Random;

/// A language a thread is held in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Tongue {
    #[default]
    English,
    Spanish,
    German,
    Russian,
    Arabic,
    Chinese,
}

struct Names {
    tongue: Tongue,
    /// How often, against the other rows.
    weight: usize,
    first: &'static [&'static str],
    last: &'static [&'static str],
    /// The same in ASCII, for addresses.
    ascii: &'static [&'static str],
}

static NAMES: [Names; 6] = [
    Names {
        tongue: Tongue::English,
        weight: 34,
        first: &[
            "Olivia", "Noah", "Emma", "Liam", "Ava", "Ethan", "Sophia", "Mason", "Grace", "Lucas", "Chloe", "Owen", "Hannah", "Caleb", "Zoë",
            "Siobhán",
        ],
        last: &["Parker", "Brooks", "Hayes", "O'Connor", "Whitfield", "Sanders", "Reed", "McAllister", "Foster", "Bennett", "Hughes", "Doyle"],
        ascii: &["parker", "brooks", "hayes", "oconnor", "whitfield", "sanders", "reed", "mcallister", "foster", "bennett", "hughes", "doyle"],
    },
    Names {
        tongue: Tongue::Spanish,
        weight: 18,
        first: &["María", "José", "Lucía", "Andrés", "Sofía", "Joaquín", "Inés", "Íñigo", "Camila", "Nicolás"],
        last: &["Núñez", "García", "Peña", "Muñoz", "Ibáñez", "Vásquez", "Ordóñez", "Rincón"],
        ascii: &["nunez", "garcia", "pena", "munoz", "ibanez", "vasquez", "ordonez", "rincon"],
    },
    Names {
        tongue: Tongue::German,
        weight: 12,
        first: &["Jürgen", "Anneliese", "Björn", "Käthe", "Lukas", "Mareike", "Sönke", "Friederike"],
        last: &["Müller", "Größler", "Weiß", "Köhler", "Schäfer", "Böhm", "Straßburger", "Hübner"],
        ascii: &["mueller", "groessler", "weiss", "koehler", "schaefer", "boehm", "strassburger", "huebner"],
    },
    Names {
        tongue: Tongue::Russian,
        weight: 12,
        first: &["Анна", "Дмитрий", "Елена", "Сергей", "Ольга", "Фёдор", "Наталья", "Алексей"],
        last: &["Соколова", "Кузнецов", "Морозова", "Лебедев", "Ёлкина", "Щербаков", "Зайцева", "Виноградов"],
        ascii: &["sokolova", "kuznetsov", "morozova", "lebedev", "yolkina", "shcherbakov", "zaitseva", "vinogradov"],
    },
    Names {
        tongue: Tongue::Arabic,
        weight: 10,
        first: &["محمد", "فاطمة", "أحمد", "ليلى", "يوسف", "مريم", "خالد", "نور"],
        last: &["الحسن", "المصري", "الخطيب", "حداد", "منصور", "النجار", "قاسم", "الشامي"],
        ascii: &["alhasan", "almasri", "alkhatib", "haddad", "mansour", "alnajjar", "qasim", "alshami"],
    },
    Names {
        tongue: Tongue::Chinese,
        weight: 14,
        first: &["伟", "芳", "秀英", "建国", "丽", "强", "晓明", "雨桐", "子涵", "思远"],
        last: &["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "欧阳", "司马"],
        ascii: &["wang", "li", "zhang", "liu", "chen", "yang", "zhao", "huang", "ouyang", "sima"],
    },
];

/// A person, and how to type them.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub tongue: Tongue,
    pub first: &'static str,
    pub last: &'static str,
    pub email: Option<String>,
    phone: Option<Phone>,
}

/// A national number that rings nowhere, in its groups.
#[derive(Clone, Debug)]
struct Phone {
    code: &'static str,
    trunk: &'static str,
    groups: [String; 3],
}

/// Area codes, each with a hundred numbers (555-01xx) set aside for stories.
const AREAS: &[u32] = &[
    201, 202, 203, 206, 208, 212, 213, 214, 215, 216, 217, 224, 225, 228, 231, 234, 239, 240, 248, 251, 253, 254, 260, 262, 267, 269, 270, 276, 281,
    301, 302, 303, 304, 305, 307, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 330, 331, 334, 336, 337, 339, 347, 351, 352, 360,
    361, 385,
];

impl Person {
    /// The person at this place in the list of all people: each has an address and a number nobody else has.
    pub(super) fn new(place: usize, random: &mut Random) -> Self {
        let names = tongue(random);
        let at = random.below(names.last.len());
        let (last, ascii) = (names.last.get(at).copied().unwrap_or_default(), names.ascii.get(at).copied().unwrap_or_default());
        let host = random.pick(&["example.com", "example.org", "example.net", "mail.example.com"]);
        let (has_email, has_phone) = match random.below(10) {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        let phone = phone(place, names.tongue);
        let has_email = has_email || phone.is_none();
        Self {
            tongue: names.tongue,
            first: random.pick(names.first),
            last,
            email: has_email.then(|| format!("{ascii}.{place}@{host}")),
            phone: phone.filter(|_| has_phone),
        }
    }

    /// The address, in some case.
    pub(super) fn typed_email(&self, random: &mut Random) -> Option<String> {
        let email = self.email.clone()?;
        Some(match random.below(6) {
            0 => email.to_uppercase(),
            1 => format!(" {email} "),
            _ => email,
        })
    }

    /// The number, in some spelling of it.
    pub(super) fn typed_phone(&self, random: &mut Random) -> Option<String> {
        let Phone { code, trunk, groups: [a, b, c] } = self.phone.as_ref()?;
        Some(match random.below(8) {
            0 => format!("+{code}{a}{b}{c}"),
            1 => format!("+{code} ({a}) {b}-{c}"),
            2 => format!("+{code} - {a} - {b}{c}"),
            3 => format!("+{code} {trunk}{a}/{b} {c}").replace(" 0", " (0)"),
            4 => format!("+{code}.{a}.{b}.{c}"),
            5 => format!("tel: +{code}-{a}-{b}-{c}"),
            6 => format!("+{code} {a} {b}{c}").chars().map(full_width).collect(),
            _ => format!("+{code} {a} {b} {c}"),
        })
    }
}

/// As typed on an East Asian keyboard.
fn full_width(it: char) -> char {
    it.to_digit(10).and_then(|digit| char::from_u32(0xFF10 + digit)).unwrap_or(it)
}

fn tongue(random: &mut Random) -> &'static Names {
    let mut at = random.below(NAMES.iter().map(|it| it.weight).sum());
    for names in &NAMES {
        match at.checked_sub(names.weight) {
            Some(rest) => at = rest,
            None => return names,
        }
    }
    &NAMES[0]
}

fn phone(place: usize, tongue: Tongue) -> Option<Phone> {
    if tongue == Tongue::German && place < 1000 {
        return Some(Phone { code: "49", trunk: "0", groups: ["30".to_owned(), "23125".to_owned(), format!("{place:03}")] });
    }
    let area = AREAS.get(place / 100)?;
    Some(Phone { code: "1", trunk: "", groups: [area.to_string(), "555".to_owned(), format!("01{:02}", place % 100)] })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nobody_shares_an_address_or_a_number() {
        let mut random = Random::new(1);
        let people: Vec<Person> = (0..6000).map(|place| Person::new(place, &mut random)).collect();
        let emails: Vec<&String> = people.iter().filter_map(|it| it.email.as_ref()).collect();
        assert_eq!(emails.iter().collect::<HashSet<_>>().len(), emails.len());
        let phones: Vec<String> = people.iter().filter_map(|it| it.phone.as_ref()).map(|it| format!("{}{:?}", it.code, it.groups)).collect();
        assert_eq!(phones.iter().collect::<HashSet<_>>().len(), phones.len());
        assert!(people.iter().all(|it| it.email.is_some() || it.phone.is_some()));
    }

    #[test]
    fn every_spelling_of_a_number_is_the_same_number() {
        let mut random = Random::new(2);
        for place in [3, 250, 999, 4321] {
            let person = (0..1000).map(|_| Person::new(place, &mut random)).find(|it| it.phone.is_some()).unwrap();
            let read: HashSet<_> = (0..100).map(|_| leadwire_core::Phone::parse(&person.typed_phone(&mut random).unwrap(), "US")).collect();
            assert_eq!(read.len(), 1, "{person:?}: {read:?}");
            assert!(matches!(read.iter().next(), Some(Some(leadwire_core::Phone::Valid(_)))), "{read:?}");
        }
    }
}
