use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn cron_comes_back_as_an_object_inside_a_text() {
    let schedule = Schedule::parse(Some(r#"{"cron":"0 23 * * SAT","retry_wait":"90s"}"#)).unwrap();
    let text = serde_json::to_string(&schedule).unwrap();
    assert!(
        text.contains(r#""cron":"{\"spec\":\"0 23 * * SAT\",\"start_date\":\"0001-01-01T00:00:00Z\"}""#),
        "{text}"
    );
    assert!(text.contains(r#""retry_wait":"1m30s""#));
    let again = Schedule::parse(Some(&text)).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
}

#[test]
fn a_start_date_bounds_the_cron() {
    let text = r#"{"cron":"0 0 * * *","start_date":"2030-01-01T12:00:00Z"}"#;
    let mut schedule = Schedule::parse(Some(text)).unwrap();
    schedule.bound_by_start_date();
    assert_eq!(schedule.next(at("2026-01-01T00:00:00Z")), Some(at("2030-01-02T00:00:00Z")));
}

#[test]
fn an_interval_counts_from_its_start() {
    let schedule = Schedule::parse(Some(r#"{"interval":"1d","start_date":"2026-01-01T06:00:00Z"}"#)).unwrap();
    assert_eq!(schedule.next(at("2026-03-01T07:00:00Z")), Some(at("2026-03-02T06:00:00Z")));
    assert_eq!(schedule.next(at("2026-03-01T06:00:00Z")), Some(at("2026-03-01T06:00:00Z")));
    let once = Schedule::parse(Some(r#"{"start_date":"2026-01-01T06:00:00Z"}"#)).unwrap();
    assert_eq!(once.next(at("2026-03-01T06:00:00Z")), None);
}

#[test]
fn zone_names_are_exact() {
    assert!(Zone::parse("Europe/Rome").is_ok());
    assert!(Zone::parse("Etc/UTC").is_ok());
    assert!(Zone::parse("").is_ok());
    assert!(Zone::parse("europe/rome").is_err());
    assert!(Zone::parse("Nowhere/City").is_err());
}
