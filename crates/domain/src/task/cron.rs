//! Cron expressions as Manager reads them: five fields, or six with the seconds first, or `@daily` and
//! the like. Checked here so that a mistake is explained on the object and never sent.

/// One field of an expression.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    words: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 6] = [
    Field { name: "second", low: 0, high: 59, words: &[] },
    Field { name: "minute", low: 0, high: 59, words: &[] },
    Field { name: "hour", low: 0, high: 23, words: &[] },
    Field { name: "day of month", low: 1, high: 31, words: &[] },
    Field { name: "month", low: 1, high: 12, words: MONTHS },
    Field { name: "day of week", low: 0, high: 6, words: DAYS },
];

const DESCRIPTORS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Checks an expression.
///
/// # Errors
/// A text that names the field, the value and the remedy.
pub fn check(expression: &str) -> Result<(), String> {
    if expression.contains("TZ") {
        return Err(format!("'{expression}' names a time zone; write it into 'timezone' instead"));
    }
    if let Some(interval) = expression.strip_prefix("@every ") {
        return match super::duration::parse(interval) {
            Ok(seconds) if seconds > 0 => Ok(()),
            _ => Err(format!("'{expression}': '{interval}' is not a duration; write it like @every 12h")),
        };
    }
    if expression.starts_with('@') {
        return if DESCRIPTORS.contains(&expression) {
            Ok(())
        } else {
            Err(format!("'{expression}' is unknown; use one of {}, @every", DESCRIPTORS.join(", ")))
        };
    }
    let parts: Vec<&str> = expression.split_whitespace().collect();
    let fields = match parts.len() {
        5 => FIELDS.get(1..).unwrap_or_default(),
        6 => &FIELDS[..],
        count => {
            return Err(format!(
                "'{expression}' has {count} fields; write 5 (minute hour day month weekday), or 6 with the seconds first"
            ));
        }
    };
    for (part, field) in parts.iter().zip(fields) {
        for range in part.split(',') {
            field.check(range).map_err(|why| format!("'{expression}': {} '{range}' {why}", field.name))?;
        }
    }
    Ok(())
}

impl Field {
    fn check(&self, range: &str) -> Result<(), String> {
        let (range, step) = match range.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (range, None),
        };
        if let Some(step) = step
            && !step.parse::<u32>().is_ok_and(|step| step > 0)
        {
            return Err("has a step that is not a positive number".into());
        }
        if matches!(range, "*" | "?") {
            return Ok(());
        }
        let (low, high) = match range.split_once('-') {
            Some((low, high)) => (self.value(low)?, self.value(high)?),
            None => (self.value(range)?, self.high),
        };
        if low > high { Err("begins after it ends".into()) } else { Ok(()) }
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(text));
        // Months count from 1, days of the week from 0: the first word stands for the lowest value.
        let value = match word {
            Some(index) => u32::try_from(index).unwrap_or_default() + self.low,
            None => text.parse().map_err(|_| "is not a number".to_owned())?,
        };
        if value < self.low || value > self.high {
            return Err(format!("is out of range; use {} to {}", self.low, self.high));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_manager_accepts_is_accepted() {
        for good in [
            "0 23 * * SAT",
            "30 0 23 * * SAT",
            "*/15 0-6 1,15 JAN-MAR ?",
            "@daily",
            "@every 12h",
            "0 0 * * sun",
            "5/10 * * * *",
            "*  *  * * *",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_manager_refuses_is_explained() {
        for (bad, said) in [
            ("", "0 fields"),
            ("* * *", "3 fields"),
            ("61 * * * *", "minute '61' is out of range; use 0 to 59"),
            ("* 24 * * *", "hour '24'"),
            ("* * 0 * *", "day of month '0'"),
            ("* * * 13 *", "month '13'"),
            ("* * * * 7", "day of week '7' is out of range; use 0 to 6"),
            ("* * L * *", "'L' is not a number"),
            ("9-5 * * * *", "begins after it ends"),
            ("*/0 * * * *", "step"),
            ("@reboot", "unknown"),
            ("@every soon", "not a duration"),
            ("CRON_TZ=UTC 0 0 * * *", "timezone"),
        ] {
            let message = check(bad).unwrap_err();
            assert!(message.contains(said), "{bad}: {message}");
        }
    }
}
