//! Start dates: an instant, or `now` with or without a distance.

use jiff::{SignedDuration, Timestamp};

use super::duration;

/// When a task may start for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartDate {
    /// This instant.
    At(Timestamp),
    /// That many seconds after the task is made; 0 for at once. Once the task exists, its stored date
    /// stays: a relative date means "relative to when I asked", not a moving target.
    FromNow(u64),
}

/// Reads RFC 3339, `now`, or `now+1d2h`.
///
/// # Errors
/// A text that names the value and the remedy.
pub fn parse(text: &str) -> Result<StartDate, String> {
    let refuse =
        || format!("'{text}' is not a start date; write it like 2026-01-31T23:00:00Z, now, or now+1d2h");
    if let Some(rest) = text.strip_prefix("now") {
        let distance = rest.strip_prefix('+').unwrap_or(rest);
        if rest.starts_with('-') || (rest.starts_with('+') && distance.is_empty()) {
            return Err(refuse());
        }
        return duration::parse(distance).map(StartDate::FromNow).map_err(|_| refuse());
    }
    if !text.contains('T') {
        return Err(refuse());
    }
    text.parse().map(StartDate::At).map_err(|_| refuse())
}

impl StartDate {
    /// The instant to send when the task is made at `now`; `None` is Manager's "at once".
    pub fn at_creation(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::At(instant) => Some(instant),
            Self::FromNow(0) => None,
            Self::FromNow(seconds) => {
                i64::try_from(seconds).ok().and_then(|s| now.checked_add(SignedDuration::from_secs(s)).ok())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_instants_and_distances() {
        let now: Timestamp = "2025-05-29T13:26:05Z".parse().unwrap();
        for (text, instant) in [
            ("now+1h", "2025-05-29T14:26:05Z"),
            ("now+3d2h10m", "2025-06-01T15:36:05Z"),
            ("2023-05-08T17:24:00Z", "2023-05-08T17:24:00Z"),
            ("2023-05-08T17:24:00.123Z", "2023-05-08T17:24:00.123Z"),
            ("2023-05-08T19:24:00+02:00", "2023-05-08T17:24:00Z"),
        ] {
            let expected: Timestamp = instant.parse().unwrap();
            assert_eq!(parse(text).unwrap().at_creation(now), Some(expected), "{text}");
        }
        assert_eq!(parse("now").unwrap().at_creation(now), None);
        assert_eq!(parse("now+0s").unwrap().at_creation(now), None);
        for bad in ["", "2023-05-08 17:24:00", "tomorrow", "now-1h", "now+", "nowish", "2023-05-08"] {
            assert!(parse(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
