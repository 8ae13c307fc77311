use super::*;

fn window(points: &[&str]) -> Result<Window, String> {
    Window::parse(&points.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>())
}

#[test]
fn points_are_written_in_their_normal_form() {
    let points = window(&["SAT-22:00", "SUN-05:00"]).unwrap().points().unwrap();
    assert_eq!(points, ["Sat-22:00", "Sun-5:00"]);
    assert_eq!(window(&[]).unwrap().points(), None);
}

#[test]
fn bad_points_are_refused() {
    for bad in
        [&["10:00"][..], &["Mon-10:00", "11:00"], &["10:00", "10:00"], &["24:00", "1:00"], &["1:60", "2:00"]]
    {
        assert!(window(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_due_run_waits_for_its_window() {
    let utc = TimeZone::UTC;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    // 1 January 2026 is a Thursday.
    for (points, now, begin, end) in [
        (&["22:00", "05:00"][..], "2026-01-01T12:00:00Z", "2026-01-01T22:00:00Z", "2026-01-02T05:00:00Z"),
        (&["22:00", "05:00"], "2026-01-01T23:00:00Z", "2026-01-01T23:00:00Z", "2026-01-02T05:00:00Z"),
        (&["22:00", "05:00"], "2026-01-05T01:00:00Z", "2026-01-05T01:00:00Z", "2026-01-05T05:00:00Z"),
        (&["Sat-22:00", "Sun-5:00"], "2026-01-01T12:00:00Z", "2026-01-03T22:00:00Z", "2026-01-04T05:00:00Z"),
        (&["Sun-22:00", "Mon-5:00"], "2026-01-05T01:00:00Z", "2026-01-05T01:00:00Z", "2026-01-05T05:00:00Z"),
        (
            &["10:00", "12:00", "11:00", "13:00"],
            "2026-01-01T11:30:00Z",
            "2026-01-01T11:30:00Z",
            "2026-01-01T13:00:00Z",
        ),
    ] {
        assert_eq!(
            window(points).unwrap().open(at(now), &utc),
            (at(begin), Some(at(end))),
            "{points:?} {now}"
        );
    }
    assert_eq!(Window::default().open(at("2026-01-01T00:00:00Z"), &utc), (at("2026-01-01T00:00:00Z"), None));
}
