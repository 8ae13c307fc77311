//! When a task is due: the `schedule` object of the API, its cron grammar and its windows.

mod cron;
mod upcoming;
mod window;

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

pub use cron::Cron;
pub use window::Window;

use crate::wire::{
    decode::{DecodeError, Object},
    duration,
    time::WireTime,
};

/// The `schedule` of a task, as the API reads and writes it.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    /// The cron expression and its lower bound; empty when there is none.
    pub cron: Cron,
    /// When runs are allowed; empty means always.
    pub window: Window,
    /// The zone of cron and window.
    pub timezone: Zone,
    /// First activation of a schedule without cron; the zero time when not set.
    pub start_date: WireTime,
    /// Seconds between activations of a schedule without cron; 0 when it runs once.
    pub interval: u64,
    /// How often a failed run is tried again.
    pub num_retries: i64,
    /// Seconds before the first retry; 0 stands for the server's default.
    pub retry_wait: u64,
}

/// A time zone by its name; the empty name is the server's own zone, UTC.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Default for Zone {
    fn default() -> Self {
        Self { name: String::new(), rules: TimeZone::UTC }
    }
}

impl Zone {
    /// Finds a zone; names are case-sensitive.
    ///
    /// # Errors
    /// When no such zone is known.
    pub fn parse(name: &str) -> Result<Self, String> {
        if name.is_empty() || name == "Local" {
            return Ok(Self { name: name.to_owned(), rules: TimeZone::UTC });
        }
        let rules = TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name));
        let rules = rules.ok_or_else(|| format!("unknown time zone {name}"))?;
        Ok(Self { name: name.to_owned(), rules })
    }

    /// The name, as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rules of the zone.
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

impl Schedule {
    /// Reads the object; `null` and absent are the zero schedule.
    ///
    /// # Errors
    /// What the server would say about the first bad field.
    pub fn parse(text: Option<&str>) -> Result<Self, DecodeError> {
        let fields = Object::parse("scheduler.Schedule", text.unwrap_or("null"))?;
        let named = |what: &str, message: String| DecodeError(format!("{what}: {message}"));
        let timezone = Zone::parse(&fields.string("timezone")?).map_err(|m| named("timezone", m))?;
        let start_date = match fields.get("start_date") {
            Some(_) => WireTime::parse(&fields.string("start_date")?).map_err(DecodeError)?,
            None => WireTime::default(),
        };
        Ok(Self {
            cron: Cron::parse(&fields.string("cron")?).map_err(|m| named("cron", m))?,
            window: Window::parse(&fields.strings("window")?.unwrap_or_default())
                .map_err(|m| named("window", m))?,
            timezone,
            start_date,
            interval: duration::parse_api(&fields.string("interval")?).map_err(DecodeError)?,
            num_retries: fields.integer("num_retries")?,
            retry_wait: duration::parse_api(&fields.string("retry_wait")?).map_err(DecodeError)?,
        })
    }

    /// What a request's schedule goes through: a start date beside a cron becomes the cron's lower bound.
    pub fn bound_by_start_date(&mut self) {
        if !self.cron.is_empty() && !self.start_date.is_zero() {
            self.cron.start_date = self.start_date;
        }
    }

    /// As it comes back from the database.
    #[must_use]
    pub fn stored(&self) -> Self {
        Self { start_date: self.start_date.stored(), ..self.clone() }
    }

    /// The next activation at or after `now` (strictly after it for cron); `None` when there is none.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        if self.cron.is_empty() {
            return self.next_of_interval(now);
        }
        self.cron.next(now, self.timezone.rules())
    }

    fn next_of_interval(&self, now: Timestamp) -> Option<Timestamp> {
        let start = self.start_date.at;
        if start > now {
            return Some(start);
        }
        let step = i128::from(self.interval).checked_mul(1_000_000_000).filter(|step| *step > 0)?;
        let elapsed = now.as_nanosecond() - start.as_nanosecond();
        let steps = (elapsed + step - 1) / step;
        Timestamp::from_nanosecond(start.as_nanosecond() + steps * step).ok()
    }
}

impl Serialize for Schedule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a> {
            cron: String,
            window: Option<Vec<String>>,
            timezone: &'a str,
            start_date: WireTime,
            interval: String,
            num_retries: i64,
            retry_wait: String,
        }
        Wire {
            cron: self.cron.text(),
            window: self.window.points(),
            timezone: self.timezone.name(),
            start_date: self.start_date,
            interval: duration::format_api(self.interval),
            num_retries: self.num_retries,
            retry_wait: duration::format_api(self.retry_wait),
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
