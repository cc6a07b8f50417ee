//! Made-up text for the bench: words as often as Zipf's law says, from a vocabulary in four scripts, some of them
//! found nowhere else.

use crate::random::{Random, Zipf};

/// Words of the vocabulary.
pub(super) const VOCABULARY: usize = 50_000;

/// So many words in a hundred occur once in all.
const UNIQUE_PERCENT: usize = 5;

/// A vocabulary, by rank.
#[derive(Clone, Debug)]
pub(super) struct Corpus {
    words: Vec<String>,
    ranks: Zipf,
}

const LATIN: (&[&str], usize) = (
    &[
        "ba", "ro", "ti", "lem", "sa", "nu", "ker", "vi", "do", "pra", "mon", "el", "ga", "tur", "shi", "co", "fen", "wa", "jo", "zi", "hul", "né",
        "gü", "pe",
    ],
    2,
);
const CYRILLIC: (&[&str], usize) = (
    &[
        "по", "ра", "ти", "ко", "на", "ве", "сто", "ли", "до", "ми", "зе", "ру", "ша", "бы", "гол", "жи", "пер", "ня", "об", "ть", "ча", "юг", "ём",
        "ца",
    ],
    2,
);
const ARABIC: (&[&str], usize) = (
    &["با", "مر", "سل", "كت", "نا", "في", "دو", "شم", "قر", "عي", "لو", "حم", "جد", "طا", "رو", "ها", "زي", "فر", "من", "بي", "تح", "خل", "صب", "غد"],
    2,
);
const CHINESE: (&[&str], usize) = (
    &[
        "房", "屋", "看", "买", "租", "城", "市", "路", "大", "小", "新", "好", "价", "钱", "周", "末", "学", "校", "花", "园", "公", "司", "电",
        "话", "人", "家", "水", "山",
    ],
    1,
);

/// Script of each word by its rank: four in ten Latin, the others two in ten each.
const TURN: [(&[&str], usize); 10] = [LATIN, CYRILLIC, ARABIC, LATIN, CHINESE, LATIN, CYRILLIC, ARABIC, LATIN, CHINESE];

impl Corpus {
    pub(super) fn new() -> Self {
        Self { words: (0..VOCABULARY).map(word).collect(), ranks: Zipf::new(VOCABULARY) }
    }

    /// The word at a rank, 0 the most frequent.
    pub(super) fn word(&self, rank: usize) -> &str {
        self.words.get(rank).map_or("", String::as_str)
    }

    /// A text of so many words.
    pub(super) fn text(&self, words: usize, random: &mut Random) -> String {
        let mut text = String::with_capacity(words * 9);
        for at in 0..words {
            if at > 0 {
                text.push(' ');
            }
            if random.percent(UNIQUE_PERCENT) {
                text.push_str(&unique(random));
            } else {
                text.push_str(self.word(self.ranks.draw(random)));
            }
        }
        text
    }
}

impl Default for Corpus {
    fn default() -> Self {
        Self::new()
    }
}

/// The word of a rank: its number written in the syllables of its script, so that no two are alike.
fn word(rank: usize) -> String {
    let (syllables, least) = TURN.get(rank % TURN.len()).copied().unwrap_or(LATIN);
    let mut number = rank / TURN.len();
    let mut word = String::new();
    let mut length = 0;
    while number > 0 || length < least {
        word.push_str(syllables.get(number % syllables.len()).copied().unwrap_or_default());
        number /= syllables.len();
        length += 1;
    }
    // Ranks of one script that stand at another place of the turn.
    word.push_str(["", "", "", "n", "", "s", "м", "ن", "r", "们"].get(rank % TURN.len()).copied().unwrap_or_default());
    word
}

/// Ten letters and digits nobody wrote before.
fn unique(random: &mut Random) -> String {
    let mut bits = random.word();
    (0..10)
        .map(|_| {
            let digit = u32::try_from(bits % 36).unwrap_or(0);
            bits /= 36;
            char::from_digit(digit, 36).unwrap_or('x')
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_words_are_alike_and_four_scripts_are_there() {
        let corpus = Corpus::new();
        assert_eq!(corpus.words.iter().collect::<HashSet<_>>().len(), VOCABULARY);
        for (low, high) in [('a', 'z'), ('а', 'я'), ('ا', 'ي'), ('一', '龥')] {
            assert!(corpus.words.iter().any(|it| it.chars().all(|it| (low..=high).contains(&it))), "{low}");
        }
        assert!(corpus.words.iter().all(|it| !it.is_empty() && !it.contains(' ')));
    }

    #[test]
    fn a_text_is_the_same_for_a_seed_and_one_word_in_twenty_is_unique() {
        let corpus = Corpus::new();
        let text = |seed| corpus.text(10_000, &mut Random::new(seed));
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
        let known: HashSet<&str> = corpus.words.iter().map(String::as_str).collect();
        let text = text(1);
        let unique = text.split(' ').filter(|it| !known.contains(it)).count();
        assert!((400..600).contains(&unique), "{unique}");
    }
}
