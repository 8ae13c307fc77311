use super::*;

#[test]
fn times_keep_their_offset_and_lose_trailing_zeros() {
    for (given, text) in [
        ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
        ("2030-01-01T00:00:00.120Z", "2030-01-01T00:00:00.12Z"),
        ("2030-01-01T00:00:00-05:00", "2030-01-01T00:00:00-05:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ] {
        assert_eq!(WireTime::parse(given).unwrap().text(), text);
    }
    assert!(WireTime::parse("0001-01-01T00:00:00Z").unwrap().is_zero());
}

#[test]
fn loose_forms_are_refused() {
    for bad in ["now", "2030-01-01", "2030-01-01 00:00:00Z", "2030-01-01T00:00:00", "2030-01-01T00:00:00.Z"] {
        assert!(WireTime::parse(bad).is_err(), "{bad}");
    }
}
