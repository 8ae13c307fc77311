//! How long to pause: pure arithmetic and one source of randomness.

use std::time::Duration;

/// Where the random parts of pauses come from.
#[derive(Debug, Clone)]
pub struct Jitter(Option<fastrand::Rng>);

impl Jitter {
    /// Different in every process: what services use, so that replicas and keys spread out.
    pub fn random() -> Self {
        Self(Some(fastrand::Rng::new()))
    }

    /// The same sequence for the same seed: for simulations that have to be repeated.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(fastrand::Rng::with_seed(seed)))
    }

    /// Every pause at its upper bound (backoff) or its middle (intervals): for tests that predict times.
    pub fn none() -> Self {
        Self(None)
    }

    /// Full jitter: anything from zero to `cap`.
    pub(crate) fn full(&mut self, cap: Duration) -> Duration {
        match &mut self.0 {
            Some(rng) => cap.mul_f64(rng.f64()),
            None => cap,
        }
    }

    /// `middle` give or take a tenth.
    pub(crate) fn tenth(&mut self, middle: Duration) -> Duration {
        match &mut self.0 {
            Some(rng) => middle.mul_f64(0.9 + 0.2 * rng.f64()),
            None => middle,
        }
    }
}

/// `base` doubled `failures` times, at most `max`.
pub(crate) fn cap(base: Duration, max: Duration, failures: u32) -> Duration {
    2_u32.checked_pow(failures).and_then(|factor| base.checked_mul(factor)).unwrap_or(max).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_millis(500);
    const MAX: Duration = Duration::from_secs(60);

    #[test]
    fn the_cap_doubles_up_to_the_maximum_and_never_overflows() {
        let caps: Vec<_> = (0..9).map(|n| cap(BASE, MAX, n).as_millis()).collect();
        assert_eq!(caps, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(cap(BASE, MAX, u32::MAX), MAX);
        assert_eq!(cap(Duration::MAX, MAX, 3), MAX);
    }

    #[test]
    fn full_jitter_uses_the_whole_range() {
        let mut jitter = Jitter::seeded(1);
        let pauses: Vec<_> = (0..1_000).map(|_| jitter.full(MAX)).collect();
        assert!(pauses.iter().all(|pause| *pause <= MAX));
        assert!(pauses.iter().any(|pause| *pause < MAX / 20), "some pause is nearly nothing");
        assert!(pauses.iter().any(|pause| *pause > MAX - MAX / 20), "some pause is nearly all");
    }

    #[test]
    fn intervals_vary_by_a_tenth() {
        let mut jitter = Jitter::seeded(2);
        let pauses: Vec<_> = (0..1_000).map(|_| jitter.tenth(MAX).as_secs_f64()).collect();
        assert!(pauses.iter().all(|pause| (54.0..=66.0).contains(pause)));
        assert!(pauses.iter().any(|pause| *pause < 55.0) && pauses.iter().any(|pause| *pause > 65.0));
    }

    #[test]
    fn a_seed_repeats_its_sequence() {
        let (mut one, mut two) = (Jitter::seeded(3), Jitter::seeded(3));
        assert!((0..50).all(|_| one.full(MAX) == two.full(MAX)));
    }
}
