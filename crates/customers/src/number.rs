//! Customer numbers in a permuted order: a format-preserving Feistel network over the range, walked until it falls
//! inside (Black and Rogaway, *Ciphers with Arbitrary Finite Domains*, 2002).

use custos_store::Keyring;

const ROUNDS: u8 = 8;

/// The `index`-th number of `0..size` in the company's own order.
#[must_use]
pub fn permuted(keys: &Keyring, company_id: i64, index: u64, size: u64) -> u64 {
    if size <= 1 {
        return 0;
    }
    // Two halves of equal width that together cover the range.
    let bits = u64::BITS - (size - 1).leading_zeros();
    let half = bits.div_ceil(2).max(1);
    let mask = (1_u64 << half) - 1;
    let mut number = index % size;
    loop {
        let (mut left, mut right) = (number >> half, number & mask);
        for round in 0..ROUNDS {
            let hash = keys
                .keyed_hash("customer number", &[&company_id.to_be_bytes(), &[round], &right.to_be_bytes()]);
            let word = hash.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            (left, right) = (right, left ^ (word & mask));
        }
        number = (left << half) | right;
        if number < size {
            return number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use custos_store::SeededEntropy;
    use std::collections::HashSet;

    #[test]
    fn every_number_comes_once_and_not_in_order() {
        let keys = Keyring::parse(&Keyring::generate(&SeededEntropy::new(4)).unwrap()).unwrap();
        for size in [1, 2, 3, 7, 100, 1_000, 4_097] {
            let all: HashSet<u64> = (0..size).map(|index| permuted(&keys, 1, index, size)).collect();
            assert_eq!(all.len() as u64, size);
            assert!(all.iter().all(|number| *number < size));
        }
        let first: Vec<u64> = (0..20).map(|index| permuted(&keys, 1, index, 90_000_000)).collect();
        assert!(first.windows(2).any(|pair| pair[1] < pair[0]));
        assert_ne!(first, (0..20).map(|index| permuted(&keys, 2, index, 90_000_000)).collect::<Vec<_>>());
    }
}
