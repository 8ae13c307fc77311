//! Maintenance windows: pairs of points in the week between which runs are allowed.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;
const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A moment of the week, or of every day when it names no weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    /// Index into [`NAMES`].
    weekday: Option<u32>,
    minute: u32,
}

/// The windows of a schedule. Without any, runs are always allowed.
#[derive(Clone, Debug, Default)]
pub struct Window {
    points: Vec<Point>,
    /// Disjoint, ordered, in minutes since Monday 00:00; an end beyond the week reaches into the next one.
    slots: Vec<(u32, u32)>,
}

impl Window {
    /// Reads points in the form `[Day-]HH:MM`, begin and end in turn.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let points = texts.iter().map(|text| parse_point(text)).collect::<Result<Vec<_>, _>>()?;
        if points.len() % 2 != 0 {
            return Err("number of points must be even".to_owned());
        }
        let mut slots = Vec::new();
        for (index, pair) in points.chunks_exact(2).enumerate() {
            if let [begin, end] = pair {
                let named = |message: &str| format!("[{},{}]: {message}", 2 * index, 2 * index + 1);
                slots.extend(expand(*begin, *end).map_err(named)?);
            }
        }
        Ok(Self { points, slots: join(slots) })
    }

    /// Whether there are no windows.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The points in their normal form; `None` when there are none.
    pub fn points(&self) -> Option<Vec<String>> {
        let text = |point: &Point| {
            let day = point.weekday.and_then(|day| NAMES.get(day as usize)).map(|name| format!("{name}-"));
            format!("{}{}:{:02}", day.unwrap_or_default(), point.minute / 60, point.minute % 60)
        };
        (!self.points.is_empty()).then(|| self.points.iter().map(text).collect())
    }

    /// When a run due at `now` may begin, and when it has to yield.
    pub fn open(&self, now: Timestamp, zone: &TimeZone) -> (Timestamp, Option<Timestamp>) {
        let local = zone.to_datetime(now);
        let days = local.weekday().to_monday_zero_offset();
        let monday = local.date().checked_sub(jiff::Span::new().days(i64::from(days)));
        let Some(midnight) = monday.ok().and_then(|date| zone.to_timestamp(date.at(0, 0, 0, 0)).ok()) else {
            return (now, None);
        };
        let minutes =
            |count: i64| midnight.checked_add(SignedDuration::from_mins(count)).unwrap_or(Timestamp::MAX);
        let mut best: Option<(Timestamp, Timestamp)> = None;
        for week in -1..=1_i64 {
            for (begin, end) in &self.slots {
                let base = week * i64::from(WEEK);
                let (begin, end) = (minutes(base + i64::from(*begin)), minutes(base + i64::from(*end)));
                if end > now && best.is_none_or(|(known, _)| begin < known) {
                    best = Some((begin, end));
                }
            }
        }
        best.map_or((now, None), |(begin, end)| (begin.max(now), Some(end)))
    }
}

fn parse_point(text: &str) -> Result<Point, String> {
    let refused = || "invalid format".to_owned();
    let (weekday, clock) = match text.split_once('-') {
        Some((day, clock)) => {
            let index = NAMES.iter().position(|name| name.eq_ignore_ascii_case(day)).ok_or_else(refused)?;
            (Some(u32::try_from(index).unwrap_or_default()), clock)
        }
        None => (None, text),
    };
    let (hour, minute) = clock.split_once(':').ok_or_else(refused)?;
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return Err(refused());
    }
    let hour: u32 = hour.parse().map_err(|_| refused())?;
    let minute: u32 = minute.parse().map_err(|_| refused())?;
    if hour >= 24 {
        return Err(format!("invalid hour {hour}"));
    }
    if minute >= 60 {
        return Err(format!("invalid minute {minute}"));
    }
    Ok(Point { weekday, minute: hour * 60 + minute })
}

fn expand(begin: Point, end: Point) -> Result<Vec<(u32, u32)>, &'static str> {
    if begin == end {
        return Err("equal");
    }
    match (begin.weekday, end.weekday) {
        (None, None) => {
            let length = (end.minute + DAY - begin.minute) % DAY;
            Ok((0..7).map(|day| (day * DAY + begin.minute, day * DAY + begin.minute + length)).collect())
        }
        (Some(first), Some(last)) => {
            let (from, to) = (first * DAY + begin.minute, last * DAY + end.minute);
            Ok(vec![(from, from + (to + WEEK - from) % WEEK)])
        }
        _ => Err("begin and end must be each day"),
    }
}

fn join(mut slots: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    slots.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (begin, end) in slots {
        match joined.last_mut() {
            Some(last) if begin <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((begin, end)),
        }
    }
    // What reaches into the next week takes in the slots that it meets there.
    while let (Some(first), Some(last)) = (joined.first().copied(), joined.last().copied()) {
        if joined.len() < 2 || last.1 < first.0 + WEEK {
            break;
        }
        joined.remove(0);
        if let Some(last) = joined.last_mut() {
            last.1 = last.1.max(first.1 + WEEK);
        }
    }
    joined
}

#[cfg(test)]
mod tests;
