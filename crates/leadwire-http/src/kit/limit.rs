//! How often one may ask: a token bucket per key (GCRA: one number per key), and the headers that tell the truth of it.
//!
//! Time is given in microseconds of a clock that never goes back.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;

/// So many requests in so many seconds, all of them at once if need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub requests: u32,
    pub window_secs: u32,
}

/// Where a key stands after this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub policy: Policy,
    pub remaining: u32,
    /// Until all of the policy is there again.
    pub reset_secs: u32,
    /// With `Some`, this request was one too many: come back then.
    pub retry_after_secs: Option<u32>,
}

const MICROS: u64 = 1_000_000;

impl Policy {
    fn window(self) -> u64 {
        u64::from(self.window_secs) * MICROS
    }

    /// Decides on a request at `now`, given when the bucket will be full again. Gives that moment anew.
    fn take(self, full_at: u64, now: u64) -> (u64, Standing) {
        let each = (self.window() / u64::from(self.requests.max(1))).max(1);
        let from = full_at.max(now);
        let next = from + each;
        let secs = |micros: u64| u32::try_from(micros.div_ceil(MICROS)).unwrap_or(u32::MAX);
        if next > now + self.window() {
            let wait = next - now - self.window();
            let standing = Standing { policy: self, remaining: 0, reset_secs: secs(from - now), retry_after_secs: Some(secs(wait).max(1)) };
            return (full_at, standing);
        }
        let remaining = u32::try_from((now + self.window() - next) / each).unwrap_or(u32::MAX);
        (next, Standing { policy: self, remaining, reset_secs: secs(next - now), retry_after_secs: None })
    }
}

const SHARDS: usize = 16;
/// Keys of a shard beyond which those with a full bucket are forgotten.
const SWEEP_AT: usize = 4096;

/// Buckets by key.
#[derive(Debug)]
pub struct Buckets<K> {
    shards: [Mutex<Shard<K>>; SHARDS],
    hasher: RandomState,
}

/// When each bucket is full again, and when the full ones were last forgotten.
#[derive(Debug)]
struct Shard<K> {
    full_at: HashMap<K, u64>,
    swept_at: u64,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::new(Shard { full_at: HashMap::new(), swept_at: 0 })), hasher: RandomState::new() }
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// Takes one request out of the key's bucket.
    pub fn take(&self, key: K, policy: Policy, now: u64) -> Standing {
        let shard = usize::try_from(self.hasher.hash_one(&key) % SHARDS as u64).unwrap_or(0);
        let Some(shard) = self.shards.get(shard) else {
            return policy.take(now, now).1;
        };
        let mut shard = shard.lock();
        let (full_at, standing) = policy.take(shard.full_at.get(&key).copied().unwrap_or(now), now);
        // Once a second at most, so that a crowd of strangers does not make every request pay for a sweep.
        if shard.full_at.len() >= SWEEP_AT && now.saturating_sub(shard.swept_at) >= MICROS {
            shard.full_at.retain(|_, full_at| *full_at > now);
            shard.swept_at = now;
        }
        // Beyond twice the bound a stranger is not remembered: memory is bounded first.
        if shard.full_at.len() < 2 * SWEEP_AT || shard.full_at.contains_key(&key) {
            shard.full_at.insert(key, full_at);
        }
        standing
    }
}

impl Standing {
    /// Adds `RateLimit-Policy` and `RateLimit`.
    pub fn dress(&self, headers: &mut HeaderMap) {
        let policy = format!("\"default\";q={};w={}", self.policy.requests, self.policy.window_secs);
        let standing = format!("\"default\";r={};t={}", self.remaining, self.reset_secs);
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", standing)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { requests: 10, window_secs: 5 };

    #[test]
    fn the_whole_policy_may_be_used_at_once_and_comes_back_evenly() {
        let buckets = Buckets::default();
        for left in (0..10).rev() {
            let standing = buckets.take("a", POLICY, 0);
            assert_eq!((standing.remaining, standing.retry_after_secs), (left, None));
        }
        let refused = buckets.take("a", POLICY, 0);
        assert_eq!((refused.remaining, refused.reset_secs, refused.retry_after_secs), (0, 5, Some(1)));
        // Another key is not harmed, and a refusal costs nothing.
        assert_eq!(buckets.take("b", POLICY, 0).remaining, 9);
        assert_eq!(buckets.take("a", POLICY, 500_000).retry_after_secs, None);
        assert!(buckets.take("a", POLICY, 500_000).retry_after_secs.is_some());
        assert_eq!(buckets.take("a", POLICY, 5_500_000 + 500_000).remaining, 9);
    }

    #[test]
    fn buckets_do_not_grow_without_end() {
        let buckets = Buckets::default();
        for key in 0..1_000_000u32 {
            buckets.take(key, POLICY, u64::from(key) * 10);
        }
        let held: usize = buckets.shards.iter().map(|it| it.lock().full_at.len()).sum();
        assert!(held <= 2 * SWEEP_AT * SHARDS, "{held}");
    }

    #[test]
    fn the_headers_say_where_one_stands() {
        let mut headers = HeaderMap::new();
        Buckets::default().take(1, POLICY, 0).dress(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"default\";q=10;w=5");
        assert_eq!(headers["ratelimit"], "\"default\";r=9;t=1");
    }
}
