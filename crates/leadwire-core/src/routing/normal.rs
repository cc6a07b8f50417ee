//! The one normal form of a value, the same for facts and for conditions.
//!
//! Normalising twice changes nothing. What cannot be read as the field's type is unreadable, never guessed.

use caseless::Caseless;
use rust_decimal::Decimal;
use unicode_normalization::UnicodeNormalization;

use crate::entity::ConditionValue;
use crate::{Email, Time, id};

use super::{Atom, FieldType, RawFact};

/// What became of a raw value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Normal {
    Value(Atom),
    /// There is nothing in it.
    Blank,
    Unreadable,
}

impl Normal {
    fn read(atom: Option<Atom>) -> Self {
        atom.map_or(Self::Unreadable, Self::Value)
    }
}

pub(super) fn normalise(kind: FieldType, raw: &RawFact) -> Normal {
    match raw {
        RawFact::Text(text) => from_text(kind, text),
        RawFact::Number(digits) => from_number(kind, digits),
        RawFact::Bool(it) => from_bool(kind, *it),
    }
}

/// The same for a condition's value. Null and lists are no single value: unreadable.
pub(super) fn normalise_value(kind: FieldType, value: &ConditionValue) -> Normal {
    match value {
        ConditionValue::Text(text) => from_text(kind, text),
        ConditionValue::Number(digits) => from_number(kind, digits),
        ConditionValue::Bool(it) => from_bool(kind, *it),
        ConditionValue::Null | ConditionValue::List(_) => Normal::Unreadable,
    }
}

fn from_bool(kind: FieldType, it: bool) -> Normal {
    match kind {
        FieldType::Bool => Normal::Value(Atom::Bool(it)),
        FieldType::Text | FieldType::Enum => Normal::Value(Atom::Text(it.to_string())),
        _ => Normal::Unreadable,
    }
}

fn from_number(kind: FieldType, digits: &str) -> Normal {
    match kind {
        FieldType::Number => {
            let plain = digits.parse::<Decimal>().or_else(|_| Decimal::from_scientific(digits));
            Normal::read(plain.ok().map(number_atom))
        }
        FieldType::Bool | FieldType::Text | FieldType::Enum | FieldType::PostalCode => from_text(kind, digits),
        FieldType::Uuid | FieldType::Email | FieldType::Host | FieldType::Weekday | FieldType::TimeOfDay => Normal::Unreadable,
    }
}

fn from_text(kind: FieldType, text: &str) -> Normal {
    let text = trimmed_nfkc(text);
    if text.is_empty() {
        return Normal::Blank;
    }
    match kind {
        FieldType::Text => Normal::Value(Atom::Text(text)),
        FieldType::Enum => Normal::Value(Atom::Text(caseless(&text))),
        FieldType::Number => Normal::read(number(&text).map(number_atom)),
        FieldType::Bool => Normal::read(boolean(&caseless(&text)).map(Atom::Bool)),
        FieldType::Uuid => Normal::read(id::parse(&text).ok().map(|it| Atom::Text(it.to_string()))),
        FieldType::PostalCode => Normal::Value(Atom::Text(postal_code(&text))),
        FieldType::Email => Normal::read(Email::parse(&text).map(|it| Atom::Text(it.as_str().to_owned()))),
        FieldType::Host => Normal::read(host(&text).map(Atom::Text)),
        FieldType::Weekday => Normal::read(weekday(&caseless(&text)).map(|it| Atom::Text(it.to_owned()))),
        FieldType::TimeOfDay => Normal::read(time_of_day(&text).map(Atom::Time)),
    }
}

fn trimmed_nfkc(text: &str) -> String {
    if text.is_ascii() {
        return text.trim().to_owned();
    }
    let normal: String = text.nfkc().collect();
    normal.trim().to_owned()
}

/// Without regard to case. Folding may give what has a case or a decomposition again, hence twice.
fn caseless(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let folded: String = text.chars().nfkd().default_case_fold().nfkd().default_case_fold().nfkc().collect();
    folded.trim().to_owned()
}

fn number_atom(number: Decimal) -> Atom {
    Atom::Number(number.normalize())
}

/// A number as people write amounts: a sign, a currency before or after, groups of three by comma, a decimal point.
/// `1,5` is refused: it is 1.5 to some and a slip to others.
fn number(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let text = without_currency(text);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let is_digits = |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit());
    let digits = match whole.split_once(',') {
        None if is_digits(whole) => whole.to_owned(),
        None => return None,
        Some((first, rest)) => {
            let grouped = is_digits(first) && first.len() <= 3 && rest.split(',').all(|it| it.len() == 3 && is_digits(it));
            grouped.then(|| whole.replace(',', ""))?
        }
    };
    let plain = match fraction {
        Some(it) if is_digits(it) => format!("{digits}.{it}"),
        Some(_) => return None,
        None => digits,
    };
    let number: Decimal = plain.parse().ok()?;
    Some(if negative { -number } else { number })
}

/// `$750,000`, `US$ 750,000`, `750,000 EUR`: what stands before the first digit or behind the last, when it is a
/// symbol or a code of currency.
fn without_currency(text: &str) -> &str {
    let is_digit = |c: char| c.is_ascii_digit();
    let (Some(from), Some(last)) = (text.find(is_digit), text.rfind(is_digit)) else { return text };
    let (before, rest) = text.split_at_checked(from).unwrap_or_default();
    let (amount, after) = rest.split_at_checked(last + 1 - from).unwrap_or_default();
    if is_currency(before.trim()) && is_currency(after.trim()) && (before.is_empty() || after.is_empty()) { amount } else { text }
}

fn is_currency(text: &str) -> bool {
    let symbol = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₹' | '₽' | '₩' | '₪' | '₺' | '₴' | '₫' | '฿');
    let letters = text.trim_end_matches(symbol);
    let symbols = text.chars().count() - letters.chars().count();
    // A code has three letters; before a symbol one or two stand for the country, as in `US$` and `R$`.
    let code = letters.len() == 3 && letters.bytes().all(|it| it.is_ascii_uppercase()) && symbols == 0;
    let marked = letters.len() <= 2 && letters.bytes().all(|it| it.is_ascii_uppercase()) && symbols == 1;
    text.is_empty() || code || marked
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// Upper case without spaces; nine digits are a ZIP+4 and get its hyphen.
fn postal_code(text: &str) -> String {
    let upper: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).nfkc().collect();
    match upper.split_at_checked(5) {
        Some((zip, plus4)) if upper.len() == 9 && upper.bytes().all(|it| it.is_ascii_digit()) => format!("{zip}-{plus4}"),
        _ => upper,
    }
}

/// The ZIP a normalised postal code is, and whether four more digits follow. None when it is no American one.
pub(super) fn zip(postal_code: &str) -> Option<(&str, bool)> {
    let is_digits = |it: &str| it.bytes().all(|b| b.is_ascii_digit());
    match postal_code.split_once('-') {
        None => (postal_code.len() == 5 && is_digits(postal_code)).then_some((postal_code, false)),
        Some((zip, plus4)) => (zip.len() == 5 && plus4.len() == 4 && is_digits(zip) && is_digits(plus4)).then_some((zip, true)),
    }
}

fn host(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let host = idna::domain_to_ascii(text).ok()?;
    let is_label = |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'@' | b'?' | b'#'));
    let fits = host.split('.').all(is_label);
    fits.then_some(host)
}

fn weekday(text: &str) -> Option<&'static str> {
    Some(match text {
        "monday" | "mon" => "monday",
        "tuesday" | "tue" => "tuesday",
        "wednesday" | "wed" => "wednesday",
        "thursday" | "thu" => "thursday",
        "friday" | "fri" => "friday",
        "saturday" | "sat" => "saturday",
        "sunday" | "sun" => "sunday",
        _ => return None,
    })
}

/// Milliseconds since midnight, as a time.
fn time_of_day(text: &str) -> Option<Time> {
    let part = |it: &str, max: i64| -> Option<i64> {
        let number: i64 = (it.len() <= 2 && it.bytes().all(|b| b.is_ascii_digit())).then(|| it.parse().ok())??;
        (number <= max).then_some(number)
    };
    let mut parts = text.split(':');
    let hours = part(parts.next()?, 23)?;
    let minutes = part(parts.next()?, 59)?;
    let seconds = parts.next().map_or(Some(0), |it| part(it, 59))?;
    parts.next().is_none().then(|| Time::from_millis(((hours * 60 + minutes) * 60 + seconds) * 1000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(kind: FieldType, text: &str) -> Normal {
        normalise(kind, &RawFact::Text(text.to_owned()))
    }

    fn number_of(it: &str) -> Option<String> {
        match text(FieldType::Number, it) {
            Normal::Value(Atom::Number(number)) => Some(number.to_string()),
            _ => None,
        }
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (typed, expected) in [
            ("750000", "750000"),
            ("$750,000", "750000"),
            ("500000.00", "500000"),
            (" 1,250,000.50 ", "1250000.5"),
            ("US$ 10", "10"),
            ("R$1,000", "1000"),
            ("EUR 5", "5"),
            ("5 EUR", "5"),
            ("5€", "5"),
            ("-3", "-3"),
            ("- $3", "-3"),
            ("+3", "3"),
            ("0003", "3"),
            ("２５０", "250"),
            ("0.1", "0.1"),
            ("-0", "0"),
        ] {
            assert_eq!(number_of(typed).as_deref(), Some(expected), "{typed}");
        }
        for typed in [
            "a lot",
            "1,5",
            "1,2345",
            "12,34,567",
            ",100",
            "1.2.3",
            "1.",
            ".5",
            "NaN",
            "inf",
            "∞",
            "1e5",
            "3+",
            "$",
            "USD",
            "$5 USD",
            "5 beds",
            "1-2",
            "99999999999999999999999999999999",
        ] {
            assert_eq!(number_of(typed), None, "{typed}");
        }
    }

    #[test]
    fn numbers_of_json_may_have_exponents_but_must_be_finite() {
        let number = |digits: &str| normalise(FieldType::Number, &RawFact::Number(digits.to_owned()));
        assert_eq!(number("7.5e5"), Normal::Value(Atom::Number(Decimal::from(750_000))));
        assert_eq!(number("750000.000"), Normal::Value(Atom::Number(Decimal::from(750_000))));
        for digits in ["NaN", "1e999", "-1e-999999", "∞", ""] {
            assert!(!matches!(number(digits), Normal::Value(Atom::Number(it)) if !it.is_zero()), "{digits}");
        }
    }

    #[test]
    fn each_type_has_one_normal_form() {
        for (kind, typed, expected) in [
            (FieldType::Enum, " Straße ", "strasse"),
            (FieldType::Enum, "ＮＥＷ　York", "new york"),
            (FieldType::Text, " ＡB c ", "AB c"),
            (FieldType::PostalCode, "sw1a 1aa", "SW1A1AA"),
            (FieldType::PostalCode, "90210 1234", "90210-1234"),
            (FieldType::PostalCode, "90210-1234", "90210-1234"),
            (FieldType::PostalCode, "９０２１０", "90210"),
            (FieldType::Email, " Jane@Example.COM", "jane@example.com"),
            (FieldType::Host, "Bücher.Example.", "xn--bcher-kva.example"),
            (FieldType::Weekday, "MON", "monday"),
            (FieldType::Uuid, "0190B0A4-0000-7000-8000-00000000000A", "0190b0a4-0000-7000-8000-00000000000a"),
        ] {
            assert_eq!(text(kind, typed), Normal::Value(Atom::Text(expected.to_owned())), "{typed}");
        }
        for (typed, expected) in [("Yes", true), ("1", true), ("TRUE", true), ("no", false), ("0", false)] {
            assert_eq!(text(FieldType::Bool, typed), Normal::Value(Atom::Bool(expected)));
        }
        for (typed, seconds) in [("9:05", 32_700), ("23:59:59", 86_399), ("00:00", 0)] {
            assert_eq!(text(FieldType::TimeOfDay, typed), Normal::Value(Atom::Time(Time::from_millis(seconds * 1000))));
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_guessed() {
        for (kind, typed) in [
            (FieldType::Bool, "maybe"),
            (FieldType::Bool, "2"),
            (FieldType::Uuid, "x"),
            (FieldType::Email, "a b"),
            (FieldType::Host, "a b"),
            (FieldType::Host, "a/b"),
            (FieldType::Host, "a..b"),
            (FieldType::Weekday, "1"),
            (FieldType::TimeOfDay, "24:00"),
            (FieldType::TimeOfDay, "9"),
            (FieldType::TimeOfDay, "9:60"),
            (FieldType::TimeOfDay, "1:2:3:4"),
            (FieldType::TimeOfDay, "+9:00"),
        ] {
            assert_eq!(text(kind, typed), Normal::Unreadable, "{typed}");
        }
        assert_eq!(text(FieldType::Number, " \u{3000}"), Normal::Blank);
    }

    #[test]
    fn zip_codes_are_told_from_other_codes() {
        assert_eq!(zip("90210"), Some(("90210", false)));
        assert_eq!(zip("90210-1234"), Some(("90210", true)));
        for it in ["SW1A1AA", "9021", "902101", "90210-123", "90210-12345", "01310-100", "9021A", "90210-1234-5"] {
            assert_eq!(zip(it), None, "{it}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(typed in "\\PC{0,12}|[-$0-9,. ]{0,8}|[0-9: ]{0,8}", kind in prop::sample::select(vec![
            FieldType::Number, FieldType::Text, FieldType::Enum, FieldType::Bool, FieldType::PostalCode, FieldType::Host, FieldType::Weekday,
        ])) {
            if let Normal::Value(atom) = text(kind, &typed) {
                let spelt = match &atom {
                    Atom::Number(it) => it.to_string(),
                    Atom::Text(it) => it.clone(),
                    Atom::Bool(it) => it.to_string(),
                    Atom::Time(_) => return Ok(()),
                };
                prop_assert_eq!(text(kind, &spelt), Normal::Value(atom));
            }
        }
    }
}
