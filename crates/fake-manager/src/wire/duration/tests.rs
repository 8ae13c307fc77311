use super::*;

#[test]
fn the_api_notation_is_normalised() {
    for (given, text) in [
        ("90s", "1m30s"),
        ("24h", "1d"),
        ("1d12h", "1d12h"),
        ("", ""),
        ("0s", ""),
        ("10m", "10m"),
        ("7d", "7d"),
        ("0", ""),
    ] {
        assert_eq!(format_api(parse_api(given).unwrap()), text, "{given}");
    }
    for bad in ["10", "1ms", "1s1h", "-1s", "1.5h", " 1s", "1w"] {
        assert!(parse_api(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_units_notation_takes_fractions_and_sequences() {
    assert_eq!(parse_units("1h30m").unwrap(), Duration::from_secs(5400));
    assert_eq!(parse_units("1.5s").unwrap(), Duration::from_millis(1500));
    assert_eq!(parse_units("250ms").unwrap(), Duration::from_millis(250));
    for bad in ["", "5", "1d", "s", "1x"] {
        assert!(parse_units(bad).is_err(), "{bad}");
    }
}
