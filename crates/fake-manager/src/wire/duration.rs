//! Two notations of durations: the API's (`7d12h`, whole seconds) and the one of `@every` and the control API
//! (`1h30m`, `250ms`).

use std::time::Duration;

const DAY: u64 = 86_400;

/// Reads the API's notation: days, hours, minutes and seconds in this order, each at most once. Empty is zero.
///
/// # Errors
/// A message for the answer.
pub fn parse_api(text: &str) -> Result<u64, String> {
    let refused = || format!("unknown format {text:?}");
    let mut rest = text;
    let mut total = 0_u64;
    for (unit, seconds) in [('d', DAY), ('h', 3600), ('m', 60), ('s', 1)] {
        let Some((digits, tail)) = rest.split_once(unit) else { continue };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let count: u64 = digits.parse().map_err(|_| refused())?;
        total = count.checked_mul(seconds).and_then(|s| total.checked_add(s)).ok_or_else(refused)?;
        rest = tail;
    }
    if rest == "0" && total == 0 && text == "0" {
        return Ok(0);
    }
    if rest.is_empty() { Ok(total) } else { Err(refused()) }
}

/// Writes the API's notation in its normal form. Zero is empty.
pub fn format_api(mut seconds: u64) -> String {
    let mut text = String::new();
    for (unit, size) in [('d', DAY), ('h', 3600), ('m', 60), ('s', 1)] {
        let count = seconds / size;
        seconds %= size;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    text
}

/// Reads `1h30m`, `1.5s`, `250ms`: a sequence of numbers with units from `h m s ms us ns`, or a plain `0`.
///
/// # Errors
/// A message for the answer.
pub fn parse_units(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let refused = || format!("time: invalid duration {text:?}");
    let mut rest = text;
    let mut nanoseconds = 0.0_f64;
    if rest.is_empty() {
        return Err(refused());
    }
    while !rest.is_empty() {
        let tail = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = rest.get(..rest.len() - tail.len()).unwrap_or_default();
        let number: f64 = number.parse().map_err(|_| refused())?;
        let after_unit = tail.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '.');
        let factor = match tail.get(..tail.len() - after_unit.len()).unwrap_or_default() {
            "h" => 3.6e12,
            "m" => 6e10,
            "s" => 1e9,
            "ms" => 1e6,
            "us" | "µs" | "μs" => 1e3,
            "ns" => 1.0,
            _ => return Err(refused()),
        };
        nanoseconds += number * factor;
        rest = after_unit;
    }
    Duration::try_from_secs_f64(nanoseconds / 1e9).map_err(|_| refused())
}

/// A duration field of the control API: a text with units, or a number of milliseconds.
pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        Milliseconds(u64),
    }
    match serde::Deserialize::deserialize(deserializer)? {
        Given::Text(text) => parse_units(&text).map_err(serde::de::Error::custom),
        Given::Milliseconds(count) => Ok(Duration::from_millis(count)),
    }
}

#[cfg(test)]
mod tests;
