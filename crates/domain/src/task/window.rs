//! Windows: the times of the week in which a task may run.

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Reads one point `[Day-]HH:MM` and writes it as Manager does: `SUN-05:00` becomes `Sun-5:00`.
fn point(text: &str) -> Option<String> {
    let (day, time) = match text.split_once('-') {
        Some((day, time)) => (Some(DAYS.iter().find(|known| known.eq_ignore_ascii_case(day))?), time),
        None => (None, text),
    };
    let (hour, minute) = time.split_once(':')?;
    let digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute): (u8, u8) =
        (digits(hour).then(|| hour.parse().ok())??, digits(minute).then(|| minute.parse().ok())??);
    if hour > 23 || minute > 59 {
        return None;
    }
    Some(match day {
        Some(day) => format!("{day}-{hour}:{minute:02}"),
        None => format!("{hour}:{minute:02}"),
    })
}

/// Reads a whole window into Manager's spelling.
///
/// # Errors
/// A text that names the value and the remedy.
pub fn parse(points: &[String]) -> Result<Vec<String>, String> {
    let remedy = "write pairs of begin and end, each [Day-]HH:MM, like Sat-22:00, Sun-05:00";
    if !points.len().is_multiple_of(2) {
        return Err(format!("{points:?} has an odd number of points; {remedy}"));
    }
    let parsed: Vec<String> = points
        .iter()
        .map(|text| point(text).ok_or_else(|| format!("'{text}' is not a point in time; {remedy}")))
        .collect::<Result<_, _>>()?;
    for pair in parsed.chunks(2) {
        if let [begin, end] = pair {
            if begin == end {
                return Err(format!("the window from '{begin}' to '{end}' is empty; {remedy}"));
            }
            if begin.contains('-') != end.contains('-') {
                return Err(format!("'{begin}' and '{end}' must both name a day, or neither; {remedy}"));
            }
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(points: &[&str]) -> Result<Vec<String>, String> {
        parse(&points.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn is_spelt_as_manager_spells_it() {
        assert_eq!(window(&["SAT-22:00", "SUN-05:00"]).unwrap(), ["Sat-22:00", "Sun-5:00"]);
        assert_eq!(window(&["22:00", "5:30"]).unwrap(), ["22:00", "5:30"]);
        assert_eq!(window(&[]).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn mistakes_are_named() {
        for (bad, said) in [
            (&["22:00"][..], "odd number"),
            (&["22:00", "24:00"], "24:00"),
            (&["Sam-22:00", "Sun-05:00"], "Sam-22:00"),
            (&["Sat-22:00", "05:00"], "both name a day"),
            (&["5:00", "05:00"], "empty"),
            (&["2200", "0500"], "2200"),
        ] {
            let message = window(bad).unwrap_err();
            assert!(message.contains(said), "{bad:?}: {message}");
        }
    }
}
