//! When a task runs. Manager rewrites what it is given: cron comes back as JSON inside a string, durations
//! and windows in another spelling, no date as the year 1.

use jiff::Timestamp;
use messina_domain::manager::ManagerSchedule;
use messina_domain::task::{duration, window};
use serde::{Deserialize, Deserializer, Serialize};

use super::{nullable, time};

/// What is sent; what is empty is left out, which means the same and cannot be misread.
#[derive(Serialize)]
pub(crate) struct ScheduleRequest<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    cron: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    window: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    timezone: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    interval: String,
    num_retries: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    retry_wait: String,
}

impl<'a> From<&'a ManagerSchedule> for ScheduleRequest<'a> {
    fn from(schedule: &'a ManagerSchedule) -> Self {
        Self {
            cron: &schedule.cron,
            window: &schedule.window,
            timezone: &schedule.timezone,
            start_date: schedule.start_date.map(|date| date.to_string()),
            interval: duration::format(schedule.interval),
            num_retries: schedule.num_retries,
            retry_wait: duration::format(schedule.retry_wait),
        }
    }
}

/// What is read.
#[derive(Deserialize, Default)]
pub(crate) struct ScheduleJson {
    #[serde(default)]
    cron: CronJson,
    #[serde(default, deserialize_with = "nullable")]
    window: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    timezone: String,
    #[serde(default, deserialize_with = "time::read")]
    start_date: Option<Timestamp>,
    #[serde(default, deserialize_with = "seconds")]
    interval: u64,
    #[serde(default, deserialize_with = "nullable")]
    num_retries: i64,
    #[serde(default, deserialize_with = "seconds")]
    retry_wait: u64,
}

impl From<ScheduleJson> for ManagerSchedule {
    fn from(json: ScheduleJson) -> Self {
        Self {
            cron: json.cron.spec,
            // A foreign window that is spelt in a way we do not know is kept as it is.
            window: window::parse(&json.window).unwrap_or(json.window),
            timezone: json.timezone,
            // The bound inside the cron is the outer date as it was when the cron was written.
            start_date: json.start_date.or(json.cron.start_date),
            interval: json.interval,
            num_retries: json.num_retries,
            retry_wait: json.retry_wait,
        }
    }
}

/// A cron expression, bare or in Manager's form: an object, encoded as JSON, inside a string.
#[derive(Default)]
struct CronJson {
    spec: String,
    start_date: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for CronJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Encoded {
            #[serde(default, deserialize_with = "nullable")]
            spec: String,
            #[serde(default, deserialize_with = "time::read")]
            start_date: Option<Timestamp>,
        }
        let text: String = nullable(deserializer)?;
        if !text.trim_start().starts_with('{') {
            return Ok(Self { spec: text, start_date: None });
        }
        let encoded: Encoded =
            serde_json::from_str(&text).map_err(|_| serde::de::Error::custom("not a cron"))?;
        Ok(Self { spec: encoded.spec, start_date: encoded.start_date })
    }
}

/// Reads a duration as seconds.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text: String = nullable(deserializer)?;
    Ok(duration::parse(&text).unwrap_or_else(|why| {
        // Only a foreign task can hold one; of ours Manager has refused it.
        tracing::warn!(why, "Manager holds a duration that Messina does not understand; it counts as none");
        0
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> ManagerSchedule {
        serde_json::from_str::<ScheduleJson>(json).expect(json).into()
    }

    #[test]
    fn cron_is_found_in_all_its_forms() {
        let bound: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        for (json, cron, start) in [
            (
                r#"{"cron":"{\"spec\":\"0 23 * * SAT\",\"start_date\":\"0001-01-01T00:00:00Z\"}"}"#,
                "0 23 * * SAT",
                None,
            ),
            (
                r#"{"cron":"{\"spec\":\"@daily\",\"start_date\":\"2030-01-01T00:00:00Z\"}"}"#,
                "@daily",
                Some(bound),
            ),
            (r#"{"cron":"{\"spec\":\"\",\"start_date\":\"0001-01-01T00:00:00Z\"}"}"#, "", None),
            (r#"{"cron":"0 23 * * SAT"}"#, "0 23 * * SAT", None),
            (r#"{"cron":""}"#, "", None),
            (r#"{"cron":null}"#, "", None),
            ("{}", "", None),
        ] {
            let schedule = read(json);
            assert_eq!((schedule.cron.as_str(), schedule.start_date), (cron, start), "{json}");
        }
        assert!(serde_json::from_str::<ScheduleJson>(r#"{"cron":"{not json"}"#).is_err());
    }

    #[test]
    fn everything_is_in_normal_form() {
        let schedule = read(
            r#"{"window":["SAT-22:00","sun-05:00"],"timezone":"Europe/Warsaw","start_date":"0001-01-01T00:00:00Z",
                "interval":"24h","num_retries":3,"retry_wait":"90s"}"#,
        );
        let expected = ManagerSchedule {
            window: vec!["Sat-22:00".into(), "Sun-5:00".into()],
            timezone: "Europe/Warsaw".into(),
            interval: 86_400,
            num_retries: 3,
            retry_wait: 90,
            ..ManagerSchedule::default()
        };
        assert_eq!(schedule, expected);
    }

    #[test]
    fn what_is_foreign_and_odd_does_not_hide_the_rest() {
        let schedule = read(r#"{"window":["22:00"],"retry_wait":"a while","interval":null}"#);
        assert_eq!((schedule.window, schedule.retry_wait), (vec!["22:00".to_owned()], 0));
    }

    #[test]
    fn what_is_empty_is_not_sent() {
        let sent = serde_json::to_string(&ScheduleRequest::from(&ManagerSchedule::default())).unwrap();
        assert_eq!(sent, r#"{"num_retries":0}"#);
    }
}
