//! Times: RFC 3339 with any offset; the year 1 stands for none.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::Error};

/// Start of the year 2: before it lies Go's zero time, in whatever time zone.
const YEAR_TWO: i64 = -62_104_060_800;

/// Reads a time; `null`, nothing and the year 1 are none.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<Cow<'de, str>>::deserialize(deserializer)? else { return Ok(None) };
    parse(&text).ok_or_else(|| D::Error::custom("not a time"))
}

/// `None` when the text is no time, `Some(None)` when it says that there is none.
pub(crate) fn parse(text: &str) -> Option<Option<Timestamp>> {
    if text.is_empty() {
        return Some(None);
    }
    let time: Timestamp = text.parse().ok()?;
    Some((time.as_second() >= YEAR_TWO).then_some(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_manager_are_read() {
        for (text, expected) in [
            ("2026-11-22T19:50:00Z", Some("2026-11-22T19:50:00Z")),
            ("2026-11-22T19:50:00.123Z", Some("2026-11-22T19:50:00.123Z")),
            ("2026-11-22T14:50:00.123456789-05:00", Some("2026-11-22T19:50:00.123456789Z")),
            ("0001-01-01T00:00:00Z", None),
            ("0001-01-01T00:00:00-04:56", None),
            ("0001-01-01T00:00:00+09:00", None),
            ("0002-01-01T00:00:00Z", Some("0002-01-01T00:00:00Z")),
            ("", None),
        ] {
            let expected = expected.map(|text| text.parse().unwrap());
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        assert_eq!(parse("yesterday"), None);
    }
}
