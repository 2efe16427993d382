//! Medians, and how far to trust them.
//!
//! A ratio is taken within a round, between two samples that ran seconds apart on the same machine in the same mood; the
//! interval says how the *median* of those ratios would vary over other sets of rounds (percentile bootstrap, Efron 1979).

use fastrand::Rng;
use serde::Serialize;

/// Sets of rounds that are drawn.
const RESAMPLES: usize = 2000;

/// A median with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The median.
    pub median: f64,
    /// 2.5 % of the resampled medians are below.
    pub low: f64,
    /// 2.5 % of the resampled medians are above.
    pub high: f64,
}

impl Interval {
    /// Exactly one: the ratio of something to itself.
    pub const ONE: Self = Self { median: 1.0, low: 1.0, high: 1.0 };

    /// Whether `value` is inside.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The largest factor by which two equal things seem to differ, if this is their ratio.
    pub fn floor(&self) -> f64 {
        self.high.max(1.0 / self.low).max(1.0)
    }
}

/// The middle value; between two middle values, their mean.
///
/// # Panics
///
/// If there are no values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted_median(&sorted)
}

fn sorted_median(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    assert!(n > 0, "a median needs a value");
    (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0
}

/// The median of `values` with its 95 % interval.
///
/// # Panics
///
/// If there are no values.
pub fn median_interval(values: &[f64], rng: &mut Rng) -> Interval {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut draw = vec![0; values.len()];
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            // Values are sorted, so sorted indices give sorted values.
            draw.fill_with(|| rng.usize(..sorted.len()));
            draw.sort_unstable();
            let n = draw.len();
            (sorted[draw[(n - 1) / 2]] + sorted[draw[n / 2]]) / 2.0
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    let at = |share: f64| medians[((RESAMPLES - 1) as f64 * share).round() as usize];
    Interval { median: sorted_median(&sorted), low: at(0.025), high: at(0.975) }
}

/// The interval of the ratios `a[i] / b[i]` of paired samples.
///
/// # Panics
///
/// If there are no pairs, or not every value has its partner.
pub fn paired_ratio(a: &[f64], b: &[f64], rng: &mut Rng) -> Interval {
    assert_eq!(a.len(), b.len(), "samples are paired by round");
    let ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    median_interval(&ratios, rng)
}

/// The least of several rates divided by the greatest: 1 is fair, 0 is starvation; nothing where nobody shares.
pub fn least_share(rates: &[f64]) -> Option<f64> {
    let least = rates.iter().copied().reduce(f64::min)?;
    let most = rates.iter().copied().reduce(f64::max)?;
    (rates.len() > 1).then(|| if most > 0.0 { least / most } else { 1.0 })
}

/// Whether a ratio says that two kinds differ, given how much one kind seems to differ from itself.
pub fn is_clear(ratio: &Interval, floor: f64) -> bool {
    !ratio.contains(1.0) && ratio.median.max(1.0 / ratio.median) > floor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middles() {
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
    }

    #[test]
    fn an_interval_of_equal_values_is_a_point() {
        let interval = median_interval(&[2.0; 7], &mut Rng::with_seed(1));
        assert_eq!(interval, Interval { median: 2.0, low: 2.0, high: 2.0 });
    }

    #[test]
    fn the_interval_of_a_hundred_values_agrees_with_the_exact_order_statistics() {
        // The exact 95 % interval for the median of 100 values goes from the 40th to the 61st (binomial).
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        for seed in 0..20 {
            let Interval { median, low, high } =
                median_interval(&values, &mut Rng::with_seed(seed));
            assert_eq!(median, 50.5);
            assert!((38.0..=43.0).contains(&low) && (58.0..=63.0).contains(&high), "{low} {high}");
        }
    }

    #[test]
    fn the_interval_covers_the_truth_about_as_often_as_it_says() {
        // 15 paired rounds around a true ratio of 1.2, drifting machine, many times over.
        let mut rng = Rng::with_seed(7);
        let mut covered = 0;
        for _ in 0..300 {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for _ in 0..15 {
                let mood = 1.0 + 3.0 * rng.f64();
                let noise = |rng: &mut Rng| (0.1 * (rng.f64() + rng.f64() - 1.0)).exp();
                a.push(1.2 * mood * noise(&mut rng));
                b.push(mood * noise(&mut rng));
            }
            covered += usize::from(paired_ratio(&a, &b, &mut rng).contains(1.2));
        }
        assert!((270..=300).contains(&covered), "{covered} of 300");
    }

    #[test]
    fn the_least_share_is_one_if_fair_and_zero_if_somebody_starves() {
        assert_eq!(least_share(&[7.0]), None);
        assert_eq!(least_share(&[]), None);
        assert_eq!(least_share(&[7.0, 7.0, 7.0]), Some(1.0));
        assert_eq!(least_share(&[8.0, 2.0, 4.0]), Some(0.25));
        assert_eq!(least_share(&[8.0, 0.0]), Some(0.0));
        assert_eq!(least_share(&[0.0, 0.0]), Some(1.0));
    }

    #[test]
    fn a_difference_is_clear_if_it_excludes_one_and_exceeds_the_noise_floor() {
        let ratio = |median, low, high| Interval { median, low, high };
        assert!(is_clear(&ratio(1.3, 1.2, 1.4), 1.1));
        assert!(is_clear(&ratio(0.7, 0.6, 0.8), 1.1));
        assert!(!is_clear(&ratio(1.3, 0.9, 1.4), 1.1));
        assert!(!is_clear(&ratio(1.3, 1.2, 1.4), 1.35));
        assert!(!is_clear(&ratio(0.9, 0.8, 0.95), 1.2));
        assert_eq!(ratio(1.01, 0.8, 1.1).floor(), 1.25);
    }
}
