use super::super::{Cron, Zone};

fn next(spec: &str, zone: &str, now: &str) -> String {
    let cron = Cron::parse(spec).unwrap();
    let zone = Zone::parse(zone).unwrap();
    let now = now.parse().unwrap();
    cron.next(now, zone.rules()).map_or("never".to_owned(), |at| at.to_string())
}

#[test]
fn expressions_and_their_next_match() {
    for (spec, zone, now, want) in [
        ("* * * * *", "", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
        ("* * * * *", "", "2026-01-01T00:00:59.5Z", "2026-01-01T00:01:00Z"),
        ("0 23 * * SAT", "", "2026-01-01T00:00:00Z", "2026-01-03T23:00:00Z"),
        ("0 23 * * sat", "", "2026-01-03T23:00:00Z", "2026-01-10T23:00:00Z"),
        ("*/15 * * * *", "", "2026-01-01T00:16:00Z", "2026-01-01T00:30:00Z"),
        ("5/20 * * * *", "", "2026-01-01T00:06:00Z", "2026-01-01T00:25:00Z"),
        ("30 0 0 * * *", "", "2026-01-01T00:00:30Z", "2026-01-02T00:00:30Z"),
        ("0 0 29 2 *", "", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 30 2 *", "", "2026-01-01T00:00:00Z", "never"),
        // A day of the month or of the week, when both are given.
        ("0 0 13 * FRI", "", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
        // `*/2` is a restriction, so either may match.
        ("0 0 */31 * MON", "", "2026-01-02T00:00:00Z", "2026-01-05T00:00:00Z"),
        ("0 0 1-7 JAN-mar ?", "", "2026-03-31T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("@hourly", "", "2026-01-01T00:30:00Z", "2026-01-01T01:00:00Z"),
        ("@weekly", "", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
        ("@yearly", "", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("@every 1h30m", "", "2026-01-01T00:00:10.7Z", "2026-01-01T01:30:10Z"),
        ("@every 100ms", "", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
        ("0 4 * * *", "America/New_York", "2026-01-15T12:00:00Z", "2026-01-16T09:00:00Z"),
        ("TZ=Asia/Tokyo 0 4 * * *", "America/New_York", "2026-01-15T12:00:00Z", "2026-01-15T19:00:00Z"),
        ("CRON_TZ=Asia/Tokyo @daily", "", "2026-01-15T12:00:00Z", "2026-01-15T15:00:00Z"),
        // 02:30 does not exist on 8 March 2026 in New York, and 01:30 exists twice on 1 November.
        ("30 2 * * *", "America/New_York", "2026-03-07T08:00:00Z", "2026-03-09T06:30:00Z"),
        ("30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"),
    ] {
        assert_eq!(next(spec, zone, now), want, "{spec} in {zone:?} after {now}");
    }
}

#[test]
fn what_is_not_cron_is_refused() {
    for bad in [
        " ",
        "* * * *",
        "* * * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "@reboot",
        "@every x",
        "L * * * *",
        "* * * * 1#2",
        "*/0 * * * *",
        "5-1 * * * *",
        "a * * * *",
        "TZ=Nowhere/City * * * * *",
        "1-2-3 * * * *",
        "-1 * * * *",
        "*/2/2 * * * *",
        "{\"spec\":\"x\"}",
    ] {
        assert!(Cron::parse(bad).is_err(), "{bad}");
    }
    assert!(Cron::parse("").unwrap().is_empty());
}
