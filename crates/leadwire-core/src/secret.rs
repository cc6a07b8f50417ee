//! The spelling of our secrets: API keys and capture tokens. Pure: whoever makes one brings the chance.
//!
//! A key is `lw_`, 30 random base-62 characters, and 6 that are the CRC-32 of all before them: a scanner can tell a
//! leaked key from noise, and a mistyped one is refused without a look-up.

use sha2::{Digest, Sha256};

use crate::entity::KeyHash;

const KEY_PREFIX: &str = "lw_";
const KEY_RANDOM_LEN: usize = 30;
const KEY_CHECK_LEN: usize = 6;
/// Enough to tell keys apart in a list, too little to guess the rest from.
const HINT_LEN: usize = 9;
const TOKEN_PREFIX: &str = "lwc_";
const TOKEN_LEN: usize = 32;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An API key from 32 random bytes: 178 bits of them show.
pub fn format(random: [u8; 32]) -> String {
    let mut key = String::with_capacity(KEY_PREFIX.len() + KEY_RANDOM_LEN + KEY_CHECK_LEN);
    key.push_str(KEY_PREFIX);
    push_base62(&mut key, random, KEY_RANDOM_LEN);
    let check = checksum(&key);
    key.push_str(&check);
    key
}

/// Whether `text` is spelled as a key: prefix, alphabet, length and checksum.
pub fn is_well_formed(text: &str) -> bool {
    if text.len() != KEY_PREFIX.len() + KEY_RANDOM_LEN + KEY_CHECK_LEN || !text.starts_with(KEY_PREFIX) {
        return false;
    }
    match text.split_at_checked(KEY_PREFIX.len() + KEY_RANDOM_LEN) {
        Some((body, check)) => body.bytes().skip(KEY_PREFIX.len()).all(|it| it.is_ascii_alphanumeric()) && checksum(body) == check,
        None => false,
    }
}

/// What is kept of a key.
pub fn hash(key: &str) -> KeyHash {
    KeyHash(Sha256::digest(key.as_bytes()).into())
}

/// Its first characters.
pub fn hint(key: &str) -> String {
    key.chars().take(HINT_LEN).collect()
}

/// A capture token from 32 random bytes.
pub fn capture_token(random: [u8; 32]) -> String {
    let mut token = TOKEN_PREFIX.to_owned();
    push_base62(&mut token, random, TOKEN_LEN);
    token
}

/// The lowest `len` digits of the bytes read as one number: 32 digits are 190 of its 256 bits, so that the bias of
/// the last division is nothing.
fn push_base62(to: &mut String, mut number: [u8; 32], len: usize) {
    for _ in 0..len {
        let mut rest = 0u16;
        for byte in &mut number {
            let value = rest << 8 | u16::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            rest = value % 62;
        }
        to.push(digit(rest.into()));
    }
}

fn checksum(body: &str) -> String {
    let mut crc = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; KEY_CHECK_LEN];
    for place in digits.iter_mut().rev() {
        *place = u8::try_from(u32::from(digit(crc % 62))).unwrap_or(b'0');
        crc /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

fn digit(value: u32) -> char {
    let at = usize::try_from(value).unwrap_or_default();
    DIGITS.get(at).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_well_formed_and_no_other_spelling_of_it_is() {
        let key = format([7; 32]);
        assert_eq!(key.len(), 39);
        assert!(is_well_formed(&key));
        for at in 0..key.len() {
            for other in ['0', 'z', '_', 'é'] {
                let mut wrong: Vec<char> = key.chars().collect();
                if wrong[at] != other {
                    wrong[at] = other;
                    let wrong: String = wrong.into_iter().collect();
                    assert!(!is_well_formed(&wrong), "{wrong}");
                }
            }
        }
        assert!(!is_well_formed(""));
        assert!(!is_well_formed(&key[1..]));
        assert!(!is_well_formed(&format!("{key}0")));
    }

    #[test]
    fn different_chance_makes_different_secrets() {
        let (mut a, b) = ([0; 32], [0; 32]);
        a[31] = 1;
        assert_ne!(format(a), format(b));
        assert_ne!(capture_token(a), capture_token(b));
        assert_ne!(hash(&format(a)), hash(&format(b)));
    }

    #[test]
    fn a_capture_token_is_no_key_and_its_alphabet_is_plain() {
        let token = capture_token([0xff; 32]);
        assert_eq!(token.len(), 36);
        assert!(!is_well_formed(&token));
        assert!(token[4..].bytes().all(|it| it.is_ascii_alphanumeric()));
    }

    #[test]
    fn a_hint_shows_the_beginning_only() {
        let key = format([9; 32]);
        assert_eq!(hint(&key), key[..9]);
    }
}
