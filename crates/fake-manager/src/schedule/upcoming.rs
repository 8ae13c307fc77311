//! The next match of a cron expression in a time zone, with the real server's habits around changes of the clocks:
//! a local time that does not exist is skipped, one that exists twice fires twice.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::DateTime, tz::TimeZone};

use super::cron::{Expression, FieldBits, Kind, STAR};

/// Years after which the search gives up.
const HORIZON: i16 = 5;

/// The first match strictly after `now`.
pub(super) fn next(expression: &Expression, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let whole_second = Timestamp::from_second(now.as_second()).ok()?;
    match expression.kind {
        Kind::Every(period) => Some(crate::wire::time::after(whole_second, period)),
        Kind::Fields(bits) => {
            let zone = expression.zone.as_ref().unwrap_or(zone);
            Search {
                bits,
                zone,
                at: whole_second.checked_add(SignedDuration::from_secs(1)).ok()?,
                moved: false,
            }
            .run()
        }
    }
}

struct Search<'a> {
    bits: FieldBits,
    zone: &'a TimeZone,
    at: Timestamp,
    /// Whether a field was advanced already, so that all smaller ones are at their beginning.
    moved: bool,
}

/// Whether a field could be settled without starting over at the month.
enum Step {
    Settled,
    Wrapped,
}

impl Search<'_> {
    fn run(mut self) -> Option<Timestamp> {
        let FieldBits { second, minute, hour, day, month, weekday } = self.bits;
        if [second, minute, hour, day, month, weekday].iter().any(|bits| bits & !STAR == 0) {
            return None;
        }
        let last_year = self.local().year().checked_add(HORIZON)?;
        while self.local().year() <= last_year {
            if matches!(self.settle_month()?, Step::Wrapped) || matches!(self.settle_day()?, Step::Wrapped) {
                continue;
            }
            if matches!(self.settle_hour()?, Step::Wrapped) {
                continue;
            }
            if matches!(self.settle_minute()?, Step::Wrapped)
                || matches!(self.settle_second()?, Step::Wrapped)
            {
                continue;
            }
            return Some(self.at);
        }
        None
    }

    fn local(&self) -> DateTime {
        self.zone.to_datetime(self.at)
    }

    fn set_local(&mut self, local: DateTime) -> Option<()> {
        self.at = self.zone.to_timestamp(local).ok()?;
        Some(())
    }

    fn advance(&mut self, seconds: i64) -> Option<()> {
        self.at = self.at.checked_add(SignedDuration::from_secs(seconds)).ok()?;
        Some(())
    }

    fn settle_month(&mut self) -> Option<Step> {
        while !has(self.bits.month, self.local().month()) {
            self.moved = true;
            let first = self.local().date().first_of_month().checked_add(1.month()).ok()?;
            self.set_local(first.at(0, 0, 0, 0))?;
            if self.local().month() == 1 {
                return Some(Step::Wrapped);
            }
        }
        Some(Step::Settled)
    }

    fn settle_day(&mut self) -> Option<Step> {
        while !self.day_matches() {
            self.moved = true;
            let tomorrow = self.local().date().tomorrow().ok()?;
            // Where midnight does not exist, this lands after the gap: the day begins then.
            self.set_local(tomorrow.at(0, 0, 0, 0))?;
            if self.local().day() == 1 {
                return Some(Step::Wrapped);
            }
        }
        Some(Step::Settled)
    }

    fn day_matches(&self) -> bool {
        let local = self.local();
        let day = has(self.bits.day, local.day());
        let weekday = has(self.bits.weekday, local.weekday().to_sunday_zero_offset());
        if self.bits.day & STAR != 0 || self.bits.weekday & STAR != 0 {
            day && weekday
        } else {
            day || weekday
        }
    }

    fn settle_hour(&mut self) -> Option<Step> {
        while !has(self.bits.hour, self.local().hour()) {
            let past_hour = i64::from(self.local().minute()) * 60 + i64::from(self.local().second());
            let back = if self.moved { 0 } else { past_hour };
            self.moved = true;
            self.advance(3600 - back)?;
            if self.local().hour() == 0 {
                return Some(Step::Wrapped);
            }
        }
        Some(Step::Settled)
    }

    fn settle_minute(&mut self) -> Option<Step> {
        while !has(self.bits.minute, self.local().minute()) {
            let back = if self.moved { 0 } else { i64::from(self.local().second()) };
            self.moved = true;
            self.advance(60 - back)?;
            if self.local().minute() == 0 {
                return Some(Step::Wrapped);
            }
        }
        Some(Step::Settled)
    }

    fn settle_second(&mut self) -> Option<Step> {
        while !has(self.bits.second, self.local().second()) {
            self.moved = true;
            self.advance(1)?;
            if self.local().second() == 0 {
                return Some(Step::Wrapped);
            }
        }
        Some(Step::Settled)
    }
}

fn has(bits: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| bits & (1_u64 << value) != 0)
}

#[cfg(test)]
mod tests;
