//! The one meaning of text, for every surface.
//!
//! Texts are compared folded: NFKC, without case and without accents. A text is a row of words. **The words of a
//! query are ANDed; a word matches as a prefix of any word of contact fields, external ids, tags, field values and
//! every message; and, from [`INFIX_CHARS_MIN`] characters, anywhere inside a word of name, e-mail, phone digits or
//! external id.** [`matches`] is that sentence and nothing else; whatever searches faster is held against it.
//!
//! Pure functions over strings. Nothing here knows of an index, a language or a dictionary.

use std::collections::HashSet;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::Phone;
use crate::entity::{Address, Contact};
use crate::search::Fields;

/// From so many characters a word of a query is also looked for inside words.
pub const INFIX_CHARS_MIN: usize = 3;

/// The text as it is compared: NFKC, case-folded, without accents and without invisible characters.
///
/// Accents are the marks laid on Latin, Greek and Cyrillic letters, Arabic harakat and Hebrew points. Marks that are
/// letters of their script (vowel signs of India, voicing of Kana) stay. Folding twice changes nothing more.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    // Most text needs no tables: runs of characters that fold by themselves are mapped one by one, what lies between
    // goes the general way. A simple character never combines with a mark that is kept, so the cut is sound.
    let mut general_from = None;
    for (at, c) in text.char_indices() {
        match fold_simple(c) {
            Some(simple) => {
                if let Some(from) = general_from.take() {
                    fold_general(text.get(from..at).unwrap_or_default(), &mut folded);
                }
                folded.push(simple);
            }
            None => {
                general_from.get_or_insert(at);
            }
        }
    }
    if let Some(from) = general_from {
        fold_general(text.get(from..).unwrap_or_default(), &mut folded);
    }
    folded
}

/// The folded form of a character that has one on its own, whatever stands beside it.
fn fold_simple(c: char) -> Option<char> {
    match c {
        '\0'..='\u{7f}' => Some(c.to_ascii_lowercase()),
        // Й and Ё lose their marks as é does.
        'Й' | 'й' => Some('и'),
        'Ё' | 'ё' => Some('е'),
        'А'..='Я' => char::from_u32(u32::from(c) + 0x20),
        'à'..='å' | 'À'..='Å' => Some('a'),
        'ç' | 'Ç' => Some('c'),
        'è'..='ë' | 'È'..='Ë' => Some('e'),
        'ì'..='ï' | 'Ì'..='Ï' => Some('i'),
        'ñ' | 'Ñ' => Some('n'),
        'ò'..='ö' | 'Ò'..='Ö' => Some('o'),
        'ù'..='ü' | 'Ù'..='Ü' => Some('u'),
        'ý' | 'ÿ' | 'Ý' => Some('y'),
        // Full width ASCII.
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).map(|it| it.to_ascii_lowercase()),
        // Small Cyrillic letters, Arabic letters without decomposition, unified ideographs; dashes, quotes and stops.
        'а'..='я' | '\u{627}'..='\u{63a}' | '\u{641}'..='\u{64a}' | '\u{4e00}'..='\u{9fff}' | '–' | '—' | '‘'..='”' | '、' | '。' => {
            Some(c)
        }
        _ => None,
    }
}

fn fold_general(text: &str, into: &mut String) {
    // Case folding may give what decomposes again (U+0345), and decomposing what has a case again: twice is enough.
    let folded = text.chars().nfkd().default_case_fold().nfkd().default_case_fold().nfkd();
    into.extend(folded.filter(|c| !is_accent(*c) && !is_invisible(*c)).nfc());
}

/// A mark laid on a letter that stays the same letter without it.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}'
        // Hebrew points
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        // Arabic harakat
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}'
        | '\u{6ea}'..='\u{6ed}')
}

/// Joiners, soft hyphens, marks of direction and variation: nobody sees them, nobody types them into a search.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}')
}

/// The words of a FOLDED text, in their order, with repetitions.
///
/// A word is a run of letters, digits and the marks that belong to them. Scripts that are written without spaces (Han,
/// Kana, Thai, Lao, Khmer, Burmese) have no words one could cut out without a dictionary: each of their letters, with
/// its marks, is a word of its own.
pub fn words(folded: &str) -> Words<'_> {
    Words { rest: folded }
}

/// See [`words`].
#[derive(Clone, Debug)]
pub struct Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let from = self.rest.find(|c| class(c) != Class::Other)?;
        let text = self.rest.get(from..)?;
        let (word, rest) = text.split_at_checked(word_len(text))?;
        self.rest = rest;
        Some(word)
    }
}

/// Length in bytes of the word `text` begins with. Its first character is one of a word.
fn word_len(text: &str) -> usize {
    let ascii = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let rest = text.get(ascii..).unwrap_or_default();
    // A byte of ASCII after the run, or none, ends the word: no need to decode.
    if ascii > 0 && rest.bytes().next().is_none_or(|it| it.is_ascii()) {
        return ascii;
    }
    let mut chars = rest.char_indices();
    let alone = ascii == 0 && chars.next().is_some_and(|(_, c)| class(c) == Class::Unspaced);
    let end = chars.find(|(_, c)| match class(*c) {
        Class::Mark => false,
        Class::Letter => alone,
        Class::Unspaced | Class::Other => true,
    });
    end.map_or(text.len(), |(at, _)| ascii + at)
}

/// What a character is to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// A letter or a digit.
    Letter,
    /// A letter of a script that is written without spaces.
    Unspaced,
    /// Belongs to the letter before it.
    Mark,
    /// Stands between words.
    Other,
}

fn class(c: char) -> Class {
    match c {
        // What is most frequent needs no tables: ASCII, Cyrillic, Arabic, Hangul; then Han, Kana.
        '0'..='9' | 'a'..='z' | 'A'..='Z' | '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' | '\u{620}'..='\u{64a}' | '\u{ac00}'..='\u{d7a3}' => {
            Class::Letter
        }
        '\0'..='\u{7f}' => Class::Other,
        '\u{4e00}'..='\u{9fff}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' => Class::Unspaced,
        _ => class_by_tables(c),
    }
}

fn class_by_tables(c: char) -> Class {
    if is_combining_mark(c) {
        Class::Mark
    } else if !c.is_alphanumeric() {
        Class::Other
    } else if is_unspaced(c) {
        Class::Unspaced
    } else {
        Class::Letter
    }
}

/// Blocks of scripts that are written without spaces.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        // Thai, Lao
        '\u{e00}'..='\u{eff}'
        // Burmese
        | '\u{1000}'..='\u{109f}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}'
        // Khmer
        | '\u{1780}'..='\u{17ff}'
        // Han radicals, marks and numerals; Kana
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{3035}' | '\u{303b}'
        | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        // Han
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}

/// The words of a query as it was typed: folded, each once, in the order of their first appearance. A query without
/// a word is no condition.
pub fn query_words(typed: &str) -> Vec<String> {
    let folded = fold(typed);
    let mut seen = HashSet::new();
    words(&folded).filter(|it| seen.insert(*it)).map(str::to_owned).collect()
}

/// Whether a document matches a query: the definition at the head of this module, word for word.
///
/// `query` as [`query_words`] gives it; `infix` and `words` as [`fields_of`] gives them; `messages` FOLDED.
#[expect(clippy::needless_pass_by_value, reason = "an iterator is given away, as everywhere")]
pub fn matches<'a>(query: &[String], infix: &[String], words: &[String], messages: impl Iterator<Item = &'a str> + Clone) -> bool {
    query.iter().all(|wanted| {
        let inside = wanted.chars().count() >= INFIX_CHARS_MIN;
        let mut infix = infix.iter().flat_map(|it| self::words(it));
        infix.any(|it| it.starts_with(wanted.as_str()) || (inside && it.contains(wanted.as_str())))
            || words.iter().flat_map(|it| self::words(it)).any(|it| it.starts_with(wanted.as_str()))
            || messages.clone().flat_map(self::words).any(|it| it.starts_with(wanted.as_str()))
    })
}

/// The texts of a contact, FOLDED, each once; none is without a word.
///
/// Found from their middle too: first and last name; each e-mail as typed, and as normalised where that differs;
/// each phone as the digits of its E.164 form, and as the digits typed where they are no ending of it (a national
/// prefix is); external ids. The rest: the phone as typed where it is several words, company, tags, field values,
/// addresses, lead source and source type.
pub fn fields_of(contact: &Contact) -> Fields {
    let mut fields = Fields::default();
    for name in [&contact.first_name, &contact.last_name].into_iter().flatten() {
        add(&mut fields.infix, fold(name));
    }
    for it in &contact.emails {
        add(&mut fields.infix, fold(&it.typed));
        if let Some(email) = &it.email {
            add(&mut fields.infix, fold(email.as_str()));
        }
    }
    for it in &contact.phones {
        let typed = fold(&it.typed);
        let typed_digits: String = typed.chars().filter(char::is_ascii_digit).collect();
        let digits = it.phone.as_ref().map(Phone::digits).unwrap_or_default();
        add(&mut fields.infix, digits.to_owned());
        if !digits.ends_with(&typed_digits) {
            add(&mut fields.infix, typed_digits);
        }
        if words(&typed).nth(1).is_some() {
            add(&mut fields.words, typed);
        }
    }
    for it in &contact.external_ids {
        add(&mut fields.infix, fold(&it.id));
    }
    for it in [&contact.company, &contact.lead_source, &contact.source_type].into_iter().flatten() {
        add(&mut fields.words, fold(it));
    }
    for it in &contact.tags {
        add(&mut fields.words, fold(it));
    }
    for it in &contact.fields {
        add(&mut fields.words, fold(&it.value));
    }
    for Address { full, street, unit, city, state, postal_code, country } in &contact.addresses {
        for it in [full, street, unit, city, state, postal_code, country].into_iter().flatten() {
            add(&mut fields.words, fold(it));
        }
    }
    fields
}

fn add(list: &mut Vec<String>, text: String) {
    if words(&text).next().is_some() && !list.contains(&text) {
        list.push(text);
    }
}

#[cfg(test)]
mod tests;
