//! Repeatable chance for made-up data: the same seed gives the same demo and the same corpus, for ever.
//!
//! Never for secrets: those come from the operating system.

/// SplitMix64 (Steele, Lea and Flood, 2014): one word of state, passes BigCrush, and takes no dependency whose next
/// version might draw something else.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`, which counts as 1 when it is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let wide = u128::from(self.word()) * u128::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = usize::try_from(high.saturating_sub(low)).unwrap_or(0);
        low.saturating_add(i64::try_from(self.below(span.saturating_add(1))).unwrap_or(0))
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// At least 0, less than 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of them; the default of the type when there is none.
    pub fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }

    /// A generator of its own, so that what draws from it moves nothing else.
    pub fn fork(&mut self) -> Self {
        Self(self.word())
    }
}

/// Ranks as often as Zipf's law says: rank r in proportion to 1/(r+1).
#[derive(Clone, Debug)]
pub struct Zipf {
    /// Sums of the shares up to each rank.
    sums: Vec<f64>,
}

impl Zipf {
    #[expect(clippy::cast_precision_loss, reason = "ranks are small")]
    pub fn new(ranks: usize) -> Self {
        let mut sum = 0.0;
        let sums = (0..ranks.max(1)).map(|rank| {
            sum += 1.0 / (rank as f64 + 1.0);
            sum
        });
        Self { sums: sums.collect() }
    }

    /// A rank, 0 the most frequent.
    pub fn draw(&self, random: &mut Random) -> usize {
        let at = random.unit() * self.sums.last().copied().unwrap_or(1.0);
        self.sums.partition_point(|it| *it <= at).min(self.sums.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_draws_the_same() {
        // From the authors' reference code.
        let mut random = Random::new(1_234_567);
        assert_eq!([random.word(), random.word()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn below_covers_its_range_and_no_more() {
        let mut random = Random::new(1);
        let mut seen = [false; 7];
        for _ in 0..1000 {
            seen[random.below(7)] = true;
        }
        assert!(seen.iter().all(|it| *it));
        assert_eq!(random.below(0), 0);
        assert!((0..1000).all(|_| (-3..=3).contains(&random.between(-3, 3))));
    }

    #[test]
    fn the_first_rank_is_drawn_twice_as_often_as_the_second() {
        let zipf = Zipf::new(1000);
        let mut random = Random::new(1);
        let mut counts = [0f64; 1000];
        for _ in 0..200_000 {
            counts[zipf.draw(&mut random)] += 1.0;
        }
        assert!((counts[0] / counts[1] - 2.0).abs() < 0.1);
        assert!((counts[0] / counts[9] - 10.0).abs() < 1.0);
    }
}
