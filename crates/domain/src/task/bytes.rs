//! Byte sizes such as `1GiB`.

/// Reads `2.5MiB`; answers whole bytes, the rest cut off.
///
/// # Errors
/// A text that names the value and the remedy.
pub fn parse(text: &str) -> Result<u64, String> {
    let refuse = || format!("'{text}' is not a size; write it like 512MiB or 1GiB");
    let units = [("EiB", 60), ("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];
    let (number, shift) = units
        .iter()
        .find_map(|(unit, shift)| text.strip_suffix(unit).map(|number| (number, *shift)))
        .ok_or_else(refuse)?;
    let plain = !number.is_empty()
        && number.split('.').count() <= 2
        && number.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !plain {
        return Err(refuse());
    }
    let bytes = number.parse::<f64>().map_err(|_| refuse())? * 2f64.powi(shift);
    // Above this a double no longer counts single bytes, and Manager keeps an int64.
    if bytes >= 9_007_199_254_740_992.0 {
        return Err(refuse());
    }
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_binary_units_only() {
        for (text, bytes) in [
            ("1024B", 1024),
            ("1KiB", 1024),
            ("2.5MiB", 2_621_440),
            ("512MiB", 536_870_912),
            ("1GiB", 1_073_741_824),
            ("1TiB", 1_099_511_627_776),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for bad in ["1024", "1024KB", "abc GiB", "", "GiB", "-1GiB", "1e3MiB", "1.2.3GiB", "9999EiB", "NaNB"]
        {
            assert!(parse(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
