//! Points in time as the API writes them: RFC 3339 with the offset they were given in.

use jiff::{SignedDuration, Timestamp, tz::Offset};

/// The zero time of the real server's language, which the API uses for "not set".
pub const ZERO: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// A point in time together with the UTC offset to write it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireTime {
    /// The point in time.
    pub at: Timestamp,
    offset: Offset,
}

impl Default for WireTime {
    fn default() -> Self {
        Self::utc(ZERO)
    }
}

impl WireTime {
    /// A time written with `Z`.
    pub fn utc(at: Timestamp) -> Self {
        Self { at, offset: Offset::UTC }
    }

    /// A time written with the offset that `zone` has at that moment.
    pub fn in_zone(at: Timestamp, zone: &jiff::tz::TimeZone) -> Self {
        Self { at, offset: zone.to_offset(at) }
    }

    /// Whether this is the "not set" time.
    pub fn is_zero(&self) -> bool {
        self.at == ZERO
    }

    /// What the database gives back: UTC, whole milliseconds.
    #[must_use]
    pub fn stored(&self) -> Self {
        Self::utc(to_millisecond(self.at))
    }

    /// Reads the strict form of RFC 3339 that the real server insists on.
    ///
    /// # Errors
    /// The text that the server would put into its message.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refused = || format!("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse");
        if !has_rfc3339_shape(text) {
            return Err(refused());
        }
        let at: Timestamp = text.parse().map_err(|_| refused())?;
        Ok(Self { at, offset: offset_of(text).ok_or_else(refused)? })
    }

    /// The text of this time, fraction trimmed of trailing zeros.
    pub fn text(&self) -> String {
        let civil = self.offset.to_datetime(self.at);
        let mut text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        );
        let fraction = civil.subsec_nanosecond();
        if fraction != 0 {
            let digits = format!("{fraction:09}");
            text.push('.');
            text.push_str(digits.trim_end_matches('0'));
        }
        let seconds = self.offset.seconds();
        if seconds == 0 {
            text.push('Z');
        } else {
            let sign = if seconds < 0 { '-' } else { '+' };
            let minutes = seconds.unsigned_abs() / 60;
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        text
    }
}

impl serde::Serialize for WireTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// Cuts off what is finer than a millisecond.
pub fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// `at` plus `by`, held at the end of time instead of overflowing.
pub fn after(at: Timestamp, by: std::time::Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| at.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

fn has_rfc3339_shape(text: &str) -> bool {
    let Some((head, tail)) = text.split_at_checked(19) else { return false };
    let head_ok = head.bytes().zip("dddd-dd-ddTdd:dd:dd".bytes()).all(|(got, want)| match want {
        b'd' => got.is_ascii_digit(),
        other => got == other,
    });
    let zone = match tail.strip_prefix('.') {
        Some(rest) => {
            let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == rest.len() {
                return false;
            }
            zone
        }
        None => tail,
    };
    let zone_ok = zone == "Z"
        || (zone.len() == 6
            && zone.bytes().zip("sdd:dd".bytes()).all(|(got, want)| match want {
                b'd' => got.is_ascii_digit(),
                b's' => got == b'+' || got == b'-',
                other => got == other,
            }));
    head_ok && zone_ok && !head.ends_with(":60")
}

fn offset_of(text: &str) -> Option<Offset> {
    if text.ends_with('Z') {
        return Some(Offset::UTC);
    }
    let zone = text.get(text.len().checked_sub(6)?..)?;
    let hours: i32 = zone.get(1..3)?.parse().ok()?;
    let minutes: i32 = zone.get(4..6)?.parse().ok()?;
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if zone.starts_with('-') { -seconds } else { seconds }).ok()
}

#[cfg(test)]
mod tests;
