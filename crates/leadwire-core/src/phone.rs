//! Phone numbers, as they are compared.
//!
//! Whatever way a number is written, it is one number when it dials one line: E.164, without its extension. What is no
//! number anywhere keeps its digits, to be shown and searched, and never matches by itself. Nothing here asks whether
//! somebody answers.

use std::collections::HashMap;
use std::sync::LazyLock;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region};

use crate::text::is_invisible;

/// Longer texts are no phone number: the longest way to write one with an extension stays far below.
const TYPED_BYTES_MAX: usize = 200;
/// Fewer digits tell nothing, more are no number.
const WEAK_DIGITS_MIN: usize = 3;
const WEAK_DIGITS_MAX: usize = 40;

/// The codes of the countries with numbers, spelt once.
static COUNTRIES: LazyLock<HashMap<Region, String>> =
    LazyLock::new(|| PHONE_NUMBER_UTIL.get_supported_regions().map(|it| (it, it.as_region_str().as_str().to_owned())).collect());

/// A number as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phone {
    /// E.164, as in `+14816131485`. Matches.
    Valid(String),
    /// Digits only, of something that is no number anywhere: shown and searched, never matched automatically.
    Weak(String),
}

/// What a phone is matched by: E.164.
pub type PhoneKey = String;

impl Phone {
    /// Reads a number as somebody in `default_country` (ISO 3166-1 alpha-2) would dial it. None when it has no digits
    /// to speak of, or far too many.
    pub fn parse(typed: &str, default_country: &str) -> Option<Self> {
        let typed = typed.trim();
        if typed.is_empty() || typed.len() > TYPED_BYTES_MAX {
            return None;
        }
        let cleaned: String;
        let typed = if typed.is_ascii() {
            typed
        } else {
            cleaned = typed.chars().filter(|c| !is_invisible(*c)).collect();
            &cleaned
        };
        let region = Region::from_code(default_country.trim()).ok();
        if let Some(number) = valid(typed, region) {
            return Some(Self::Valid(e164(&number)));
        }
        let digits = PHONE_NUMBER_UTIL.normalize_digits_only(typed);
        if let Some(number) = old_mexican_mobile(typed, &digits) {
            return Some(Self::Valid(e164(&number)));
        }
        (WEAK_DIGITS_MIN..=WEAK_DIGITS_MAX).contains(&digits.len()).then_some(Self::Weak(digits))
    }

    /// The digits, with the country code where it is known.
    pub fn digits(&self) -> &str {
        match self {
            Self::Valid(e164) => e164.strip_prefix('+').unwrap_or(e164),
            Self::Weak(digits) => digits,
        }
    }

    /// `+14816131485`; none for what is no number.
    pub fn e164(&self) -> Option<&str> {
        match self {
            Self::Valid(e164) => Some(e164),
            Self::Weak(_) => None,
        }
    }

    /// ISO 3166-1 alpha-2 code of the country the number belongs to; none for numbers of no country (satellite, free
    /// phone).
    pub fn country(&self) -> Option<&'static str> {
        let region = PHONE_NUMBER_UTIL.get_region_for_number(&self.number()?)?;
        COUNTRIES.get(&region).map(String::as_str)
    }

    /// The area code, where the numbering plan has some: `481`, `20`.
    pub fn area(&self) -> Option<String> {
        let number = self.number()?;
        let length = PHONE_NUMBER_UTIL.get_length_of_geographical_area_code(&number);
        let national = number.get_national_significant_number();
        national.get(..length).filter(|it| !it.is_empty()).map(str::to_owned)
    }

    fn number(&self) -> Option<PhoneNumber> {
        PHONE_NUMBER_UTIL.parse(self.e164()?, None).ok()
    }
}

fn valid(typed: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let number = PHONE_NUMBER_UTIL.parse(typed, region).ok()?;
    PHONE_NUMBER_UTIL.is_valid_number(&number).then_some(number)
}

fn e164(number: &PhoneNumber) -> String {
    PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::E164).into_owned()
}

/// Until 2019 a mobile in Mexico was dialled from abroad as +52 1 and its number; address books still say so.
fn old_mexican_mobile(typed: &str, digits: &str) -> Option<PhoneNumber> {
    let national = digits.strip_prefix("521").filter(|it| it.len() == 10)?;
    typed.contains(['+', '＋']).then(|| valid(national, Some(Region::MX))).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dirty_numbers_are_read_as_they_are_dialled() {
        for (typed, country, expected) in [
            ("201 613-1485", "US", "+12016131485"),
            ("(201) 613-1485", "US", "+12016131485"),
            ("1-201-613-1485", "US", "+12016131485"),
            ("+1 201.613.1485", "BR", "+12016131485"),
            ("001 201 613 1485", "GB", "+12016131485"),
            ("011 44 20 7183 8750", "US", "+442071838750"),
            ("201 613-1485 x123", "US", "+12016131485"),
            ("2016131485 ext. 9", "us", "+12016131485"),
            ("+1 (201) 613-1485 #77", "US", "+12016131485"),
            ("tel:+1-201-613-1485;ext=12", "US", "+12016131485"),
            ("Mobile: 201 613 1485", "US", "+12016131485"),
            ("1-800-FLOWERS", "US", "+18003569377"),
            ("+44 (0)20 7183 8750", "US", "+442071838750"),
            ("020 7183 8750", "GB", "+442071838750"),
            ("+55 11 91234-5678", "US", "+5511912345678"),
            ("(11) 91234-5678", "BR", "+5511912345678"),
            ("０２０ ７１８３ ８７５０", "GB", "+442071838750"),
            ("＋４４２０７１８３８７５０", "", "+442071838750"),
            ("+٤٤ ٢٠ ٧١٨٣ ٨٧٥٠", "", "+442071838750"),
            ("\u{202a}+44 20 7183 8750\u{202c}", "", "+442071838750"),
            ("+52 1 55 1234 5678", "US", "+525512345678"),
            ("+52 55 1234 5678", "US", "+525512345678"),
            ("06 12 34 56 78", "FR", "+33612345678"),
            ("+39 06 6982", "US", "+39066982"),
            ("8 (912) 345-67-89", "RU", "+79123456789"),
        ] {
            assert_eq!(Phone::parse(typed, country), Some(Phone::Valid(expected.to_owned())), "{typed} in {country}");
        }
    }

    #[test]
    fn what_is_no_number_keeps_its_digits_and_is_weak() {
        for (typed, country, digits) in [
            ("12345", "US", "12345"),
            ("201 613-1485", "", "2016131485"),
            ("613-1485", "US", "6131485"),
            ("000-000-0000", "US", "0000000000"),
            ("call 911!", "US", "911"),
            ("201 613 1485", "nowhere", "2016131485"),
            ("٤٥٦", "US", "456"),
        ] {
            let phone = Phone::parse(typed, country);
            assert_eq!(phone, Some(Phone::Weak(digits.to_owned())), "{typed} in {country}");
            assert_eq!(phone.and_then(|it| it.e164().map(str::to_owned)), None);
        }
    }

    #[test]
    fn garbage_is_nothing() {
        let long = "9".repeat(10_000);
        let words = "no phone ".repeat(1_200);
        for typed in ["", "   ", "n/a", "12", "+", "😀", "\0\0", &long, &words, &"1 ".repeat(50)] {
            assert_eq!(Phone::parse(typed, "US"), None, "{typed}");
        }
    }

    #[test]
    fn a_number_tells_its_country_and_area() {
        for (e164, country, area) in [
            ("+12016131485", Some("US"), Some("201")),
            ("+14165550123", Some("CA"), Some("416")),
            ("+442071838750", Some("GB"), Some("20")),
            ("+33612345678", Some("FR"), None),
            ("+5511912345678", Some("BR"), Some("11")),
            ("+80012345678", None, None),
        ] {
            let phone = Phone::Valid(e164.to_owned());
            assert_eq!(phone.country(), country, "{e164}");
            assert_eq!(phone.area().as_deref(), area, "{e164}");
            assert_eq!(phone.digits(), &e164[1..]);
        }
        let weak = Phone::Weak("911".to_owned());
        assert_eq!((weak.country(), weak.area(), weak.digits()), (None, None, "911"));
    }

    proptest! {
        #[test]
        fn a_valid_number_is_its_own_normal_form_everywhere(typed in "[+0-9(). x-]{5,20}", country in "(US|GB|BR|MX|DE|)") {
            if let Some(Phone::Valid(it)) = Phone::parse(&typed, &country) {
                prop_assert_eq!(Phone::parse(&it, "FR"), Some(Phone::Valid(it)));
            }
        }

        #[test]
        fn separators_do_not_count(digits in "20[1-9][2-9][0-9]{6}") {
            let dirty = format!(" ({}) {}-{} ", &digits[..3], &digits[3..6], &digits[6..]);
            prop_assert_eq!(Phone::parse(&dirty, "US"), Phone::parse(&digits, "US"));
        }

        #[test]
        fn any_text_is_a_number_or_not(typed in "\\PC{0,60}", country in "\\PC{0,3}") {
            let _ = Phone::parse(&typed, &country);
        }
    }

    /// Not a check but a measure: `cargo test -p leadwire-core --release -- --ignored --nocapture phone_costs`.
    #[test]
    #[ignore = "a measure"]
    fn phone_costs() {
        let clock = std::time::Instant::now();
        let _ = Phone::parse("201 613-1485", "US");
        println!("first {:?}", clock.elapsed());
        let clock = std::time::Instant::now();
        for _ in 0..10_000 {
            std::hint::black_box(Phone::parse(std::hint::black_box("(201) 613-1485"), "US"));
        }
        println!("each {:?}", clock.elapsed() / 10_000);
    }
}
