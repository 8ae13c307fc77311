//! How long to wait before connecting again.

use std::time::Duration;

/// Exponential, with full jitter: many mirrors that lost the same feed come back one by one.
pub(super) struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
    random: fastrand::Rng,
}

impl Backoff {
    pub(super) fn new(min: Duration, max: Duration, seed: Option<u64>) -> Self {
        let random = seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self { min, max, failures: 0, random }
    }

    /// The stream was good.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after one more failure.
    pub(super) fn next(&mut self) -> Duration {
        let bound = self.min.saturating_mul(1 << self.failures.min(16)).min(self.max);
        self.failures += 1;
        bound.mul_f64(self.random.f64())
    }

    /// The pause when trying again is unlikely to help.
    pub(super) fn longest(&mut self) -> Duration {
        self.max.mul_f64(0.5 + self.random.f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_its_bound_and_starts_over() {
        let (min, max) = (Duration::from_millis(200), Duration::from_secs(5));
        let mut backoff = Backoff::new(min, max, Some(7));
        for bound in [200, 400, 800, 1600, 3200, 5000, 5000] {
            assert!(backoff.next() <= Duration::from_millis(bound));
        }
        let longest = (0..200).map(|_| backoff.next()).max().unwrap();
        assert!(longest > Duration::from_secs(4) && longest <= max);
        backoff.reset();
        assert!(backoff.next() <= min);
        assert!((0..100).all(|_| backoff.longest() >= max / 2 && backoff.longest() <= max));
    }
}
