//! How often one key (an address, a session, an API key) may call: GCRA in a table of fixed size.
//!
//! GCRA keeps one number a key, the *theoretical arrival time* (TAT): the moment at which the key has
//! paid for everything it has done. A call costs one interval; it is let through while the TAT stays
//! within `burst` intervals of now. A TAT in the past says nothing, so such an entry is as good as none
//! and its place is free without loss.
//!
//! The table never allocates and never locks. A key hashes (SipHash, seeded at random for each table, so
//! nobody outside can aim at a bucket) to a bucket of eight words in one cache line. A word packs a
//! 20-bit tag of the key with a 44-bit TAT, so that a single compare-and-swap changes both.
//!
//! **When a bucket is full**, a new key takes the place of the one that owes least, *and takes its debt
//! over*. A TAT in the table therefore never falls, and a key that was pushed out and returns inherits at
//! least what it owed: flooding the table with addresses never resets anybody's limit. The price is paid
//! the other way round: under such a flood strangers share a place and may be refused early. For that
//! all eight places of a bucket must be at their limit at once, which takes about `capacity` times the
//! rate in calls. Two keys with one bucket and one tag (about 1 in 130 000 with eight neighbours) share
//! a place too, which again only errs towards refusing.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Places in a bucket: eight words fill a cache line.
const WAYS: usize = 8;
/// TATs are quarters of a millisecond since 1970; 44 bits of them last until 2109.
const UNITS_PER_MS: u64 = 4;
const UNITS_PER_MINUTE: u64 = 60_000 * UNITS_PER_MS;
const TAT_BITS: u32 = 44;
const TAT_MASK: u64 = (1 << TAT_BITS) - 1;
/// No key can owe more than this, whatever the quota says: it keeps the TAT inside its bits.
const MOST_DEBT: u64 = 30 * 24 * 60 * UNITS_PER_MINUTE;
/// A TAT further ahead than the quota allows, by more than this, means that the clock was set back.
const CLOCK_SLACK: u64 = UNITS_PER_MINUTE;

/// How much a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Calls a minute in the long run, 1 to 240 000. The interval is rounded up to a quarter of a
    /// millisecond, so rates above some ten thousand come out a little lower.
    pub per_minute: u32,
    /// Calls that may come at once after a rest, at least 1 and at most 30 days' worth.
    pub burst: u32,
}

/// What the limiter says about one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the call may go on.
    pub allowed: bool,
    /// The quota's burst: the most `remaining` can be.
    pub limit: u32,
    /// Calls that would still be let through at this moment.
    pub remaining: u32,
    /// Seconds, rounded up, until `remaining` is back at `limit` if nothing more is called.
    pub reset_s: u32,
    /// Seconds, rounded up, until the next call can be let through; 0 while some remain.
    pub retry_after_s: u32,
}

/// A limiter for one quota. Share it by reference; every method takes `&self`.
#[derive(Debug)]
pub struct Limiter {
    buckets: Box<[Bucket]>,
    seed: RandomState,
    interval: u64,
    burst: u32,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Bucket([AtomicU64; WAYS]);

impl Limiter {
    /// A limiter that remembers about `capacity` busy keys (rounded up to eight times a power of two;
    /// 8 bytes each, all of it taken now).
    #[must_use]
    pub fn new(quota: Quota, capacity: usize) -> Self {
        let interval = UNITS_PER_MINUTE.div_ceil(u64::from(quota.per_minute.max(1)));
        let most = u32::try_from(MOST_DEBT / interval).unwrap_or(u32::MAX);
        let buckets = capacity.div_ceil(WAYS).max(1).next_power_of_two();
        Self {
            buckets: std::iter::repeat_with(Bucket::default).take(buckets).collect(),
            seed: RandomState::new(),
            interval,
            burst: quota.burst.clamp(1, most),
        }
    }

    /// Counts one call of `key` at `now_ms`, unless it is one too many. A refused call costs nothing.
    pub fn check<K: Hash + ?Sized>(&self, key: &K, now_ms: i64) -> Decision {
        let now = u64::try_from(now_ms).unwrap_or(0).saturating_mul(UNITS_PER_MS);
        let now = now.min(TAT_MASK - 2 * MOST_DEBT);
        let hash = self.seed.hash_one(key);
        let tag = hash >> TAT_BITS << TAT_BITS;
        let tolerance = self.interval * u64::from(self.burst);
        loop {
            let Some((place, word)) = self.bucket(hash).and_then(|bucket| find(bucket, tag)) else {
                // A table has at least one bucket, so this is never reached; letting through is the
                // harmless answer.
                return self.decision(true, 0);
            };
            let owed_until = word & TAT_MASK;
            let wound_back = owed_until > now + tolerance + CLOCK_SLACK;
            // After the clock went back nobody owes more than the full burst, or a correction by an hour
            // would shut everybody out for an hour.
            let start = if wound_back { now + tolerance } else { owed_until.max(now) };
            let next = start + self.interval;
            let allowed = next <= now + tolerance;
            if !allowed && !wound_back {
                return self.decision(false, start - now);
            }
            let kept = if allowed { next } else { start };
            // SeqCst: two callers that bring the same new key must agree on the place they fight for.
            // That follows from one order over all places, in which no TAT falls and no word returns.
            let swapped = place.compare_exchange(word, tag | kept, Ordering::SeqCst, Ordering::SeqCst);
            if swapped.is_ok() {
                return self.decision(allowed, kept - now);
            }
        }
    }

    fn bucket(&self, hash: u64) -> Option<&Bucket> {
        // The tag is made of the high bits, the index of the low ones: they tell keys apart together.
        let index = usize::try_from(hash & (TAT_MASK >> 4)).unwrap_or(0) & (self.buckets.len() - 1);
        self.buckets.get(index)
    }

    fn decision(&self, allowed: bool, debt: u64) -> Decision {
        let tolerance = self.interval * u64::from(self.burst);
        let free = tolerance.saturating_sub(debt);
        let remaining = u32::try_from(free / self.interval).unwrap_or(self.burst);
        let wait = if remaining > 0 { 0 } else { self.interval - free.min(self.interval) };
        Decision {
            allowed,
            limit: self.burst,
            remaining,
            reset_s: seconds(debt),
            retry_after_s: seconds(wait),
        }
    }
}

/// The place of the tag, else the place to take over: the one that owes least, the first among equals.
fn find(bucket: &Bucket, tag: u64) -> Option<(&AtomicU64, u64)> {
    let mut least: Option<(&AtomicU64, u64)> = None;
    for place in &bucket.0 {
        let word = place.load(Ordering::SeqCst);
        if word & !TAT_MASK == tag && word != 0 {
            return Some((place, word));
        }
        if least.is_none_or(|(_, known)| word & TAT_MASK < known & TAT_MASK) {
            least = Some((place, word));
        }
    }
    least
}

fn seconds(units: u64) -> u32 {
    u32::try_from(units.div_ceil(1000 * UNITS_PER_MS)).unwrap_or(u32::MAX)
}

/// The key under which an address is limited: an IPv4 address whole, IPv6 by its /64 (what one customer
/// line gets), an IPv4-mapped IPv6 address as the IPv4 address it is.
#[must_use]
pub fn address_key(address: IpAddr) -> u64 {
    match address.to_canonical() {
        // The prefix is multicast, which no client has, so IPv4 never meets an IPv6 network.
        IpAddr::V4(v4) => 0xffff_ffff_0000_0000 | u64::from(v4.to_bits()),
        IpAddr::V6(v6) => u64::try_from(v6.to_bits() >> 64).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use std::sync::atomic::AtomicUsize;

    const START_MS: i64 = 1_760_000_000_000;

    fn limiter(per_minute: u32, burst: u32, capacity: usize) -> Limiter {
        Limiter::new(Quota { per_minute, burst }, capacity)
    }

    #[test]
    fn burst_then_rate() {
        let limiter = limiter(60, 3, 64);
        let at = |ms: i64| limiter.check("someone", START_MS + ms);
        let expect = |allowed, remaining, reset_s, retry_after_s| Decision {
            allowed,
            limit: 3,
            remaining,
            reset_s,
            retry_after_s,
        };
        assert_eq!(at(0), expect(true, 2, 1, 0));
        assert_eq!(at(0), expect(true, 1, 2, 0));
        assert_eq!(at(0), expect(true, 0, 3, 1));
        assert_eq!(at(0), expect(false, 0, 3, 1));
        assert_eq!(at(999), expect(false, 0, 3, 1));
        assert_eq!(at(1000), expect(true, 0, 3, 1));
        assert_eq!(at(1001), expect(false, 0, 3, 1));
        assert_eq!(at(60_000), expect(true, 2, 1, 0));
        assert!(limiter.check("somebody else", START_MS).allowed);
    }

    #[test]
    fn the_last_quarter_of_a_millisecond_counts() {
        let limiter = limiter(48_000, 1, 64); // one call in 1.25 ms
        let allowed = [0, 1, 2, 3, 4].map(|ms| limiter.check(&1, START_MS + ms).allowed);
        assert_eq!(allowed, [true, false, true, false, true]);
    }

    #[test]
    fn extreme_quotas_and_times_stay_in_bounds() {
        for (per_minute, burst) in [(0, 0), (1, u32::MAX), (u32::MAX, u32::MAX), (u32::MAX, 0)] {
            let limiter = limiter(per_minute, burst, 0);
            for now in [i64::MIN, -1, 0, START_MS, i64::MAX] {
                let seen = limiter.check(&7_u64, now);
                assert!(seen.limit >= 1 && seen.remaining <= seen.limit);
            }
        }
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out_for_long() {
        let limiter = limiter(60, 5, 64);
        for _ in 0..5 {
            assert!(limiter.check(&1, START_MS).allowed);
        }
        let back = START_MS - 3_600_000;
        assert!(!limiter.check(&1, back).allowed, "the debt is kept, no more than a full one");
        assert!(limiter.check(&1, back + 1000).allowed);
    }

    #[test]
    fn a_flood_of_other_keys_forgives_nothing() {
        let limiter = limiter(60, 10, 8);
        for _ in 0..10 {
            assert!(limiter.check("attacker", START_MS).allowed);
        }
        for other in 0..1000_u32 {
            for _ in 0..10 {
                limiter.check(&other, START_MS);
            }
        }
        assert!(!limiter.check("attacker", START_MS).allowed);
    }

    #[test]
    fn threads_together_get_exactly_the_burst() {
        let limiter = limiter(60, 500, 1024);
        let allowed = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        if limiter.check(&42_u64, START_MS).allowed {
                            allowed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(allowed.into_inner(), 500);
    }

    #[test]
    fn threads_fighting_over_one_bucket_never_exceed_a_key_s_burst() {
        const KEYS: usize = 24;
        let limiter = limiter(60, 50, 8);
        let allowed: Vec<AtomicUsize> = (0..KEYS).map(|_| AtomicUsize::new(0)).collect();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (limiter, allowed) = (&limiter, &allowed);
                scope.spawn(move || {
                    for call in 0..KEYS * 100 {
                        let key = (call * 7 + thread) % KEYS;
                        if limiter.check(&key, START_MS).allowed {
                            allowed[key].fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let total: usize = allowed.iter().map(|count| count.load(Ordering::Relaxed)).sum();
        assert!(allowed.iter().all(|count| count.load(Ordering::Relaxed) <= 50));
        assert_eq!(total, 8 * 50, "the bucket's eight places are used to the full, and no more");
    }

    #[test]
    fn addresses_are_keyed_by_network() {
        let key = |text: &str| address_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("192.0.2.7"), key("::ffff:192.0.2.7"));
        assert_ne!(key("192.0.2.7"), key("192.0.2.8"));
        assert_ne!(key("0.0.0.1"), key("::1"));
    }

    /// Calls of a few keys with time going on between them.
    fn calls(keys: u8) -> impl Strategy<Value = Vec<(u8, i64)>> {
        prop::collection::vec((0..keys, prop_oneof![Just(0_i64), 0..50_i64, 0..20_000_i64]), 1..300)
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_burst_and_rate(
            per_minute in 1..6000_u32, burst in 1..20_u32, crowded: bool, calls in calls(30),
        ) {
            let limiter = limiter(per_minute, burst, if crowded { 8 } else { 4096 });
            let mut allowed: HashMap<u8, Vec<i64>> = HashMap::new();
            let mut now = START_MS;
            for (key, step) in calls {
                now += step;
                if limiter.check(&key, now).allowed {
                    allowed.entry(key).or_default().push(now);
                }
            }
            for times in allowed.values() {
                for (first, from) in times.iter().enumerate() {
                    for (last, to) in times.iter().enumerate().skip(first) {
                        let earned = (to - from) * i64::from(per_minute) / 60_000;
                        let most = i64::from(burst) + earned;
                        prop_assert!(i64::try_from(last - first + 1).unwrap() <= most);
                    }
                }
            }
        }

        #[test]
        fn an_uncrowded_table_agrees_with_one_number_a_key(
            per_minute in 1..6000_u32, burst in 1..20_u32, calls in calls(6),
        ) {
            let limiter = limiter(per_minute, burst, 1 << 16);
            let interval = UNITS_PER_MINUTE.div_ceil(u64::from(per_minute));
            let mut owed_until: HashMap<u8, u64> = HashMap::new();
            let mut now = START_MS;
            for (key, step) in calls {
                now += step;
                let units = u64::try_from(now).unwrap() * UNITS_PER_MS;
                let tat = owed_until.entry(key).or_default();
                let next = units.max(*tat) + interval;
                let allowed = next - units <= interval * u64::from(burst);
                if allowed {
                    *tat = next;
                }
                prop_assert_eq!(limiter.check(&key, now).allowed, allowed);
            }
        }
    }
}
