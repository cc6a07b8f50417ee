//! Licence expressions: may we use a crate under the licences we allow?

/// Whether the expression can be met with allowed licences only: `AND` needs both sides, `OR` one. An expression that
/// is not understood is not met.
pub(crate) fn met(expression: &str, allowed: &[&str]) -> bool {
    // Old manifests write `MIT/Apache-2.0` for a choice.
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut reader = Reader { words: &words, allowed };
    reader.either() == Some(true) && reader.words.is_empty()
}

struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn eat(&mut self, word: &str) -> bool {
        let here = self.words.first() == Some(&word);
        if here {
            self.next();
        }
        here
    }

    fn either(&mut self) -> Option<bool> {
        let mut met = self.both()?;
        while self.eat("OR") {
            met |= self.both()?;
        }
        Some(met)
    }

    fn both(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.eat("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        let word = self.next()?;
        if word == "(" {
            let met = self.either()?;
            return self.eat(")").then_some(met);
        }
        if self.eat("WITH") {
            let whole = format!("{word} WITH {}", self.next()?);
            return Some(self.allowed.contains(&whole.as_str()));
        }
        Some(self.allowed.contains(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[&str] = &["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"];

    #[test]
    fn one_side_of_a_choice_is_enough() {
        assert!(met("GPL-3.0 OR MIT", ALLOWED));
        assert!(met("Unlicense/MIT", ALLOWED));
    }

    #[test]
    fn every_side_of_a_conjunction_is_needed() {
        assert!(met("(MIT OR GPL-3.0) AND Unicode-3.0", ALLOWED));
        assert!(!met("MIT AND GPL-3.0", ALLOWED));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert!(met("MIT OR GPL-3.0 AND GPL-2.0", ALLOWED));
        assert!(!met("GPL-2.0 OR GPL-3.0 AND MIT", ALLOWED));
    }

    #[test]
    fn an_exception_is_part_of_the_licence() {
        assert!(met("Apache-2.0 WITH LLVM-exception", ALLOWED));
        assert!(!met("MIT WITH LLVM-exception", ALLOWED));
    }

    #[test]
    fn what_is_not_understood_is_not_met() {
        for it in ["", "MIT Apache-2.0", "(MIT", "MIT OR", "AND MIT"] {
            assert!(!met(it, ALLOWED), "{it:?}");
        }
    }
}
