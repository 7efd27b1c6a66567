//! Whether two sets of times could come from one source.

/// Times of one kind of request.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    sorted: Vec<f64>,
}

impl Samples {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted }
    }

    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// What so many of a hundred kept to.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let last = self.sorted.len().saturating_sub(1);
        self.sorted.get(last * percent / 100).copied().unwrap_or(f64::NAN)
    }

    /// The share that is at most `value`.
    fn share_up_to(&self, value: f64) -> f64 {
        self.sorted.partition_point(|one| *one <= value) as f64 / self.sorted.len().max(1) as f64
    }
}

/// How far two distributions lie apart, by Kolmogorov and Smirnov: the largest gap between the shares that are below
/// any one value; 0 the same, 1 entirely apart.
pub(crate) fn distance(one: &Samples, other: &Samples) -> f64 {
    let values = one.sorted.iter().chain(&other.sorted);
    values.map(|value| (one.share_up_to(*value) - other.share_up_to(*value)).abs()).fold(0.0, f64::max)
}

/// The distance that samples of one source exceed one time in twenty.
pub(crate) fn distance_by_chance(one: usize, other: usize) -> f64 {
    let (one, other) = (one as f64, other as f64);
    1.36 * ((one + other) / (one * other)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_the_largest_gap() {
        let low = Samples::of([1.0, 2.0, 3.0, 4.0]);
        assert!(distance(&low, &low) < 1e-9);
        assert!((distance(&low, &Samples::of([5.0, 6.0])) - 1.0).abs() < 1e-9);
        assert!((distance(&low, &Samples::of([3.0, 4.0, 5.0, 6.0])) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn more_samples_see_more() {
        assert!((distance_by_chance(50, 50) - 0.272).abs() < 1e-9);
        assert!(distance_by_chance(400, 400) < distance_by_chance(100, 400));
    }

    #[test]
    fn percentiles_are_of_the_sorted() {
        let samples = Samples::of((0..=100).rev().map(f64::from));
        assert!((samples.percentile(90) - 90.0).abs() < 1e-9);
        assert!(Samples::default().percentile(50).is_nan());
    }
}
