//! Bytes as URL-safe base64 without padding (RFC 4648 §5): an id in 22 characters.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NONE: u8 = 0xff;
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut i = 0u8;
    while i < 64 {
        #[expect(clippy::indexing_slicing, reason = "evaluated while compiling: a wrong index does not build")]
        {
            table[ALPHABET[i as usize] as usize] = i;
        }
        i += 1;
    }
    table
}

/// Characters that `bytes` bytes take.
pub(super) const fn len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// Writes into `room`, which has [`len`] bytes.
pub(super) fn encode<'a>(bytes: &[u8], room: &'a mut [u8]) -> &'a str {
    for (three, four) in bytes.chunks(3).zip(room.chunks_mut(4)) {
        let bits = three.iter().fold(0u32, |bits, it| bits << 8 | u32::from(*it)) << (8 * (3 - three.len()));
        for (i, to) in four.iter_mut().enumerate() {
            let six = (bits >> (18 - 6 * i)) & 63;
            *to = ALPHABET.get(six as usize).copied().unwrap_or(b'A');
        }
    }
    std::str::from_utf8(room).unwrap_or_default()
}

/// Reads exactly `N` bytes.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != len(N) {
        return None;
    }
    let mut bytes = [0u8; N];
    for (four, three) in text.as_bytes().chunks(4).zip(bytes.chunks_mut(3)) {
        let mut bits = 0u32;
        for it in four {
            let six = VALUES.get(usize::from(*it)).copied().filter(|it| *it != NONE)?;
            bits = bits << 6 | u32::from(six);
        }
        bits <<= 6 * (4 - four.len());
        let [_, whole @ ..] = bits.to_be_bytes();
        for (to, from) in three.iter_mut().zip(whole) {
            *to = from;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_bytes_have_their_known_spelling() {
        let mut room = [0u8; len(16)];
        assert_eq!(encode(&[0xff; 16], &mut room), "_____________________w");
        let mut room = [0u8; len(3)];
        assert_eq!(encode(b"Man", &mut room), "TWFu");
    }

    #[test]
    fn other_characters_and_lengths_are_refused() {
        assert_eq!(decode::<3>("TW=u"), None);
        assert_eq!(decode::<3>("TWFuTWFu"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(a: [u8; 16], b: [u8; 32]) {
            let mut room = [0u8; len(16)];
            prop_assert_eq!(decode::<16>(encode(&a, &mut room)), Some(a));
            let mut room = [0u8; len(32)];
            prop_assert_eq!(decode::<32>(encode(&b, &mut room)), Some(b));
        }
    }
}
