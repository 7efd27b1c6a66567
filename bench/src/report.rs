//! Figures in columns.

use crate::samples::Samples;

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    if sorted.len().is_multiple_of(2) { (at(middle.wrapping_sub(1)) + at(middle)) / 2.0 } else { at(middle) }
}

/// Each of `above` divided by its partner: rounds that ran side by side.
pub(crate) fn ratios(above: &[f64], below: &[f64]) -> Vec<f64> {
    above.iter().zip(below).map(|(above, below)| above / below).collect()
}

/// What a figure should come to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

impl Aim {
    fn told(self, value: f64) -> String {
        let (sign, bound, met) = match self {
            Self::AtLeast(bound) => ("≥", bound, value >= bound),
            Self::AtMost(bound) => ("≤", bound, value <= bound),
        };
        format!("aim {sign} {bound}: {}", if met { "met" } else { "MISSED" })
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn text(name: &str, values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let spread = format!("{} – {}", number(least), number(most));
    format!("  {name:<46} {:>9}   {spread:<20}", number(median(values)))
}

/// A line with the median and the spread.
pub(crate) fn line(name: &str, values: &[f64]) {
    println!("{}", text(name, values).trim_end());
}

/// A line that is held against an aim.
pub(crate) fn held(name: &str, values: &[f64], aim: Aim) {
    println!("{} {}", text(name, values), aim.told(median(values)));
}

/// A heading over lines.
pub(crate) fn heading(words: &str) {
    println!("\n{words}\n  {:<46} {:>9}   spread", "", "median");
}

/// A heading over distributions.
pub(crate) fn distributions_heading(words: &str) {
    println!("\n{words}\n  {:<40} {:>9} {:>9} {:>9} {:>9}   µs", "", "p10", "p50", "p90", "p99");
}

/// Two distributions and how far they lie apart.
pub(crate) fn distributions(name: &str, known: &Samples, unknown: &Samples, distance: f64, chance: f64) {
    for (whose, samples) in [("accounts", known), ("other names", unknown)] {
        let [p10, p50, p90, p99] = [10, 50, 90, 99].map(|percent| number(samples.percentile(percent)));
        println!("  {:<40} {p10:>9} {p50:>9} {p90:>9} {p99:>9}", format!("{name}: {whose}"));
    }
    let judged = if distance <= chance { "within chance" } else { "MORE THAN CHANCE" };
    println!(
        "    of {} and {}: apart {distance:.3}, by chance up to {chance:.3}: {judged}",
        known.len(),
        unknown.len()
    );
}

/// A remark below lines.
pub(crate) fn remark(words: &str) {
    println!("  note: {words}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(&[]).is_nan());
        assert_eq!(ratios(&[1.0, 4.0], &[2.0, 2.0]), [0.5, 2.0]);
    }

    #[test]
    fn an_aim_is_judged_by_the_median() {
        assert!(Aim::AtLeast(0.5).told(0.5).ends_with("met"));
        assert!(Aim::AtMost(2.0).told(2.1).ends_with("MISSED"));
        assert!(text("x", &[1234.5, 1.0, 12.34]).contains("12.3   1.00 – 1234"));
    }
}
