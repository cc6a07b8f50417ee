//! E-mail addresses, as they are compared.
//!
//! Two spellings are one address when they differ in case, Unicode form, or the spelling of the domain. Dots and
//! plus signs count: not every provider drops them. Whether anybody reads the mail is not asked here.

use unicode_normalization::UnicodeNormalization;

use crate::text::is_invisible;

/// RFC 5321 4.5.3.1.1.
const LOCAL_BYTES_MAX: usize = 64;
/// RFC 5321 4.5.3.1.3, without the angle brackets.
const ADDRESS_BYTES_MAX: usize = 254;
/// What is longer as typed is not even looked at; normalising shrinks some scripts, but not fourfold.
const TYPED_BYTES_MAX: usize = 1024;

/// A normalised address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// Trims, takes NFKC and lower case, and the domain in ASCII. None when it is no address: not one `@`, an empty or
    /// too long part, white space or brackets in it, a domain without a dot (`none@none` would make one person of many
    /// strangers).
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        if typed.len() > TYPED_BYTES_MAX {
            return None;
        }
        let typed = typed.strip_prefix("mailto:").unwrap_or(typed);
        let normal: String = typed.nfkc().filter(|c| !is_invisible(*c)).flat_map(char::to_lowercase).nfkc().collect();
        let (local, domain) = normal.trim().split_once('@')?;
        if local.is_empty() || local.len() > LOCAL_BYTES_MAX || !local.chars().all(is_of_local) {
            return None;
        }
        let domain = idna::domain_to_ascii_strict(domain).ok()?;
        let whole = local.len() + 1 + domain.len();
        (domain.contains('.') && whole <= ADDRESS_BYTES_MAX).then(|| Self(format!("{local}@{domain}")))
    }

    /// From a stored normal form.
    pub fn from_normal(normal: String) -> Self {
        Self(normal)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain in ASCII.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// The characters of a bare local part: no white space, and none that mark up an address in a header.
fn is_of_local(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '@' | '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '"' | '\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normal(typed: &str) -> Option<String> {
        Email::parse(typed).map(|it| it.as_str().to_owned())
    }

    #[test]
    fn spellings_of_one_address_are_equal() {
        for (typed, expected) in [
            ("jane@example.com", "jane@example.com"),
            ("  Jane.Doe+Home@EXAMPLE.com\r\n", "jane.doe+home@example.com"),
            ("jane＠ｅｘａｍｐｌｅ．com", "jane@example.com"),
            ("josé@bücher.example", "josé@xn--bcher-kva.example"),
            ("jose\u{301}@BÜCHER.example", "josé@xn--bcher-kva.example"),
            ("j@xn--bcher-kva.example", "j@xn--bcher-kva.example"),
            ("mailto:a@b.co", "a@b.co"),
            ("\u{feff}a@b.co\u{200b}", "a@b.co"),
            ("o'neil_{x}%y@mail.b.co", "o'neil_{x}%y@mail.b.co"),
            ("почта@пример.рф", "почта@xn--e1afmkfd.xn--p1ai"),
        ] {
            assert_eq!(normal(typed).as_deref(), Some(expected), "{typed}");
        }
        assert_eq!(Email::parse("a@Bücher.example").unwrap().domain(), "xn--bcher-kva.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = "a".repeat(6000);
        for typed in [
            "",
            "  ",
            "@",
            "a@",
            "@b.co",
            "a",
            "a@b",
            "none@none",
            "a@b@c.de",
            "a b@c.de",
            "a@b c.de",
            "Jane <jane@b.co>",
            "<jane@b.co>",
            "a@b.co,c@d.ef",
            "\"a b\"@c.de",
            "a@[1.2.3.4]",
            "a@-b.co",
            "a@b..co",
            "a@.co",
            "a@b_c.de",
            "a\0@b.co",
            "a@\0b.co",
            &long,
            &format!("{long}@b.co"),
            &format!("{}@b.co", "a".repeat(65)),
            &format!("a@{}.co", "b".repeat(64)),
            &format!("a@{}co", "bcd.".repeat(63)),
        ] {
            assert_eq!(normal(typed), None, "{typed}");
        }
        assert!(normal(&format!("{}@b.co", "a".repeat(64))).is_some());
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own_normal_form(local in "\\PC{1,8}", domain in "[a-zA-ZéÜß0-9]{1,6}\\.[a-z]{2,4}") {
            if let Some(email) = Email::parse(&format!("{local}@{domain}")) {
                prop_assert!(email.as_str().len() <= ADDRESS_BYTES_MAX);
                prop_assert!(email.domain().is_ascii());
                prop_assert_eq!(Email::parse(email.as_str()), Some(email));
            }
        }

        #[test]
        fn any_text_is_an_address_or_not(typed in "\\PC{0,40}") {
            let _ = Email::parse(&typed);
        }
    }
}
