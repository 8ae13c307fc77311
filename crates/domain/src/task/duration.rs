//! Durations as Manager writes them: units `d h m s` in that order of size, whole seconds.

/// Reads `1d12h`, `90s`, `0` or nothing; answers seconds.
///
/// # Errors
/// A text that names the value and the remedy.
pub fn parse(text: &str) -> Result<u64, String> {
    let refuse = || format!("'{text}' is not a duration; write it like 7d, 1d12h, 10m or 90s");
    if matches!(text, "" | "0") {
        return Ok(0);
    }
    let mut total: u64 = 0;
    let mut digits = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let unit = match character {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return Err(refuse()),
        };
        let number: u64 = digits.parse().map_err(|_| refuse())?;
        total = number.checked_mul(unit).and_then(|seconds| total.checked_add(seconds)).ok_or_else(refuse)?;
        digits.clear();
    }
    if digits.is_empty() { Ok(total) } else { Err(refuse()) }
}

/// Writes seconds as Manager does: `1m30s`, `1d`, and nothing for zero.
pub fn format(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds % 86_400 / 3_600, "h"),
        (seconds % 3_600 / 60, "m"),
        (seconds % 60, "s"),
    ];
    parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_kubernetes_and_manager_write() {
        for (text, seconds) in [
            ("", 0),
            ("0", 0),
            ("90s", 90),
            ("1m30s", 90),
            ("7d", 604_800),
            ("1d12h", 129_600),
            ("24h0m0s", 86_400),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
        for bad in ["10", "1w", "-1h", "1.5h", "h", "1h1", "99999999999999999999d", "500ms"] {
            assert!(parse(bad).unwrap_err().contains(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 0u64..100_000_000) {
            prop_assert_eq!(parse(&format(seconds)), Ok(seconds));
        }
    }
}
