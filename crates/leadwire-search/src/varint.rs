//! Small numbers in few bytes: seven bits a byte, lowest first. Only for what this process wrote itself.

pub(crate) fn put(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        let [low, ..] = number.to_le_bytes();
        out.push(low | 0x80);
        number >>= 7;
    }
    let [low, ..] = number.to_le_bytes();
    out.push(low);
}

/// Takes a number off the front; 0 when nothing is left.
pub(crate) fn take(bytes: &mut &[u8]) -> u32 {
    let mut number = 0;
    for shift in [0, 7, 14, 21, 28] {
        let Some((&byte, rest)) = bytes.split_first() else { break };
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

/// A sorted list as its differences.
pub(crate) fn put_sorted(out: &mut Vec<u8>, numbers: &[u32]) {
    let mut before = 0;
    for &number in numbers {
        put(out, number.wrapping_sub(before));
        before = number;
    }
}

/// The list [`put_sorted`] wrote as the whole of `bytes`.
pub(crate) fn sorted(mut bytes: &[u8]) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut before = 0;
    while !bytes.is_empty() {
        before = take(&mut bytes).wrapping_add(before);
        numbers.push(before);
    }
    numbers
}

/// A count as an index. The index holds fewer than 2^31 documents and words; memory ends long before.
pub(crate) fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{put, put_sorted, sorted, take};

    #[test]
    fn every_number_comes_back() {
        let mut bytes = Vec::new();
        let numbers = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456, u32::MAX];
        for number in numbers {
            put(&mut bytes, number);
        }
        let mut rest = bytes.as_slice();
        assert_eq!(numbers.map(|_| take(&mut rest)), numbers);
        assert!(rest.is_empty());

        let mut bytes = Vec::new();
        put_sorted(&mut bytes, &numbers);
        assert_eq!(sorted(&bytes), numbers);
    }
}
