//! The cron grammar of the real server: five fields, or six with the seconds first, month and day names, descriptors,
//! and an optional time zone prefix. There is no `7` for Sunday and no `L`, `W` or `#`.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{Zone, upcoming};
use crate::wire::{decode::Object, duration::parse_units, time::WireTime};

/// Marks a field that was given as `*` or `?` without a step.
pub(super) const STAR: u64 = 1 << 63;

/// A cron expression with the date before which it does not fire.
#[derive(Clone, Debug, Default)]
pub struct Cron {
    spec: String,
    /// Activations are the first matches after this; the zero time when there is no bound.
    pub start_date: WireTime,
    expression: Option<Expression>,
}

/// A parsed expression.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    /// The zone of a `TZ=` prefix, which overrides the one of the schedule.
    pub zone: Option<TimeZone>,
    pub kind: Kind,
}

/// What an expression says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Every(Duration),
    Fields(FieldBits),
}

/// One bit per allowed value of each field.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldBits {
    pub second: u64,
    pub minute: u64,
    pub hour: u64,
    pub day: u64,
    pub month: u64,
    pub weekday: u64,
}

#[derive(Serialize)]
struct Wire<'a> {
    spec: &'a str,
    start_date: WireTime,
}

impl Cron {
    /// Reads an expression, or the JSON object that the API writes. The empty text is "no cron".
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('{') {
            return Self::from_spec(text, WireTime::default());
        }
        let fields = Object::parse("schedules.Cron", text).map_err(|error| error.to_string())?;
        let start_date = match fields.get("start_date") {
            Some(_) => WireTime::parse(&fields.string("start_date").map_err(|error| error.to_string())?)?,
            None => WireTime::default(),
        };
        Self::from_spec(&fields.string("spec").map_err(|error| error.to_string())?, start_date)
    }

    fn from_spec(spec: &str, start_date: WireTime) -> Result<Self, String> {
        let expression = if spec.is_empty() { None } else { Some(parse_expression(spec)?) };
        Ok(Self { spec: spec.to_owned(), start_date, expression })
    }

    /// Whether there is no expression.
    pub fn is_empty(&self) -> bool {
        self.expression.is_none()
    }

    /// The expression as it was given.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// What the API writes: the JSON object, as a text.
    pub fn text(&self) -> String {
        let wire = Wire { spec: &self.spec, start_date: self.start_date };
        String::from_utf8_lossy(&crate::wire::encode::document(&wire)).trim_end().to_owned()
    }

    /// The first match after both `now` and the start date.
    pub fn next(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        upcoming::next(self.expression.as_ref()?, now.max(self.start_date.at), zone)
    }
}

fn parse_expression(spec: &str) -> Result<Expression, String> {
    let mut rest = spec;
    let mut zone = None;
    if rest.starts_with("TZ=") || rest.starts_with("CRON_TZ=") {
        let (prefix, expression) =
            rest.split_once(' ').ok_or_else(|| format!("no expression in {spec:?}"))?;
        let name = prefix.split_once('=').map_or("", |(_, name)| name);
        zone = Some(
            Zone::parse(name).map_err(|m| format!("provided bad location {name}: {m}"))?.rules().clone(),
        );
        rest = expression.trim();
    }
    let kind = if rest.starts_with('@') { parse_descriptor(rest)? } else { parse_fields(rest)? };
    Ok(Expression { zone, kind })
}

fn parse_fields(spec: &str) -> Result<Kind, String> {
    let mut fields: Vec<&str> = spec.split_whitespace().collect();
    if fields.len() == 5 {
        fields.insert(0, "0");
    }
    let [second, minute, hour, day, month, weekday] = fields.as_slice() else {
        return Err(format!("expected 5 to 6 fields, found {}: {fields:?}", fields.len()));
    };
    Ok(Kind::Fields(FieldBits {
        second: parse_field(second, &SECONDS)?,
        minute: parse_field(minute, &MINUTES)?,
        hour: parse_field(hour, &HOURS)?,
        day: parse_field(day, &DAYS)?,
        month: parse_field(month, &MONTHS)?,
        weekday: parse_field(weekday, &WEEKDAYS)?,
    }))
}

fn parse_descriptor(text: &str) -> Result<Kind, String> {
    if let Some(period) = text.strip_prefix("@every ") {
        let period = parse_units(period).map_err(|m| format!("failed to parse duration {text}: {m}"))?;
        return Ok(Kind::Every(Duration::from_secs(period.as_secs().max(1))));
    }
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return Err(format!("unrecognized descriptor: {text}")),
    };
    parse_fields(fields)
}

struct Bounds {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const SECONDS: Bounds = Bounds { min: 0, max: 59, names: &[] };
const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAYS: Bounds = Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

fn parse_field(field: &str, bounds: &Bounds) -> Result<u64, String> {
    field
        .split(',')
        .filter(|part| !part.is_empty())
        .try_fold(0, |bits, part| Ok(bits | parse_range(part, bounds)?))
}

fn parse_range(part: &str, bounds: &Bounds) -> Result<u64, String> {
    let (range, step) = match part.split_once('/') {
        Some((_, step)) if step.contains('/') => return Err(format!("too many slashes: {part}")),
        Some((range, step)) => (range, Some(parse_number(step)?)),
        None => (part, None),
    };
    let (low, high) = match range.split_once('-') {
        Some((_, high)) if high.contains('-') => return Err(format!("too many hyphens: {part}")),
        Some((low, high)) => (low, Some(high)),
        None => (range, None),
    };
    let star = low == "*" || low == "?";
    let start = if star { bounds.min } else { parse_value(low, bounds)? };
    let end = match high {
        _ if star => bounds.max,
        Some(high) => parse_value(high, bounds)?,
        None if step.is_some() => bounds.max,
        None => start,
    };
    let step = step.unwrap_or(1);
    if start < bounds.min {
        return Err(format!("beginning of range ({start}) below minimum ({}): {part}", bounds.min));
    }
    if end > bounds.max {
        return Err(format!("end of range ({end}) above maximum ({}): {part}", bounds.max));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {part}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {part}"));
    }
    let bits = (start..=end).step_by(step as usize).fold(0_u64, |bits, value| bits | (1 << value));
    Ok(if star && step == 1 { bits | STAR } else { bits })
}

fn parse_value(text: &str, bounds: &Bounds) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    match bounds.names.iter().position(|name| *name == lower) {
        Some(index) => Ok(bounds.min + u32::try_from(index).unwrap_or_default()),
        None => parse_number(text),
    }
}

fn parse_number(text: &str) -> Result<u32, String> {
    let number: i64 = text.parse().map_err(|_| format!("failed to parse int from {text}"))?;
    u32::try_from(number).map_err(|_| format!("negative number ({number}) not allowed: {text}"))
}
