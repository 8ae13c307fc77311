//! Tables in the manner of `kubectl`.

use jiff::Timestamp;

/// Blanks between two columns.
const GAP: usize = 3;

/// A table with a heading and rows. Cells may be coloured.
pub fn table(heading: &[&str], rows: Vec<Vec<String>>) -> String {
    let heading = heading.iter().map(|cell| (*cell).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
    let mut widths = Vec::new();
    for line in &lines {
        widths.resize(widths.len().max(line.len()), 0);
        widths.iter_mut().zip(line).for_each(|(width, cell)| *width = visible(cell).max(*width));
    }
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| {
            let blanks = width + GAP - visible(cell);
            format!("{cell}{}", " ".repeat(blanks))
        });
        text.push_str(cells.collect::<String>().trim_end());
        text.push('\n');
    }
    text
}

/// Characters that take room on a terminal: all but the colours.
fn visible(cell: &str) -> usize {
    let mut coloured = cell.split('\u{1b}');
    let plain = coloured.next().unwrap_or_default().chars().count();
    // The rest of each part begins with "[", numbers and "m".
    plain
        + coloured.map(|part| part.split_once('m').map_or(0, |(_, rest)| rest.chars().count())).sum::<usize>()
}

/// How long ago, as `kubectl` says it; `-` for never.
pub fn age(time: Option<Timestamp>, now: Timestamp) -> String {
    time.map_or_else(|| "-".to_owned(), |time| distance(now.duration_since(time).as_secs()))
}

/// In how long; `-` for never, `now` for what is due.
pub fn due(time: Option<Timestamp>, now: Timestamp) -> String {
    match time.map(|time| time.duration_since(now).as_secs()) {
        None => "-".to_owned(),
        Some(seconds) if seconds <= 0 => "now".to_owned(),
        Some(seconds) => format!("in {}", distance(seconds)),
    }
}

fn distance(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_have_no_tail() {
        let text =
            table(&["A", "B"], vec![vec!["long value".into(), "x".into()], vec!["y".into(), String::new()]]);
        assert_eq!(text, "A            B\nlong value   x\ny\n");
    }

    #[test]
    fn colours_take_no_room() {
        let green = "\u{1b}[32myes\u{1b}[0m".to_owned();
        assert_eq!(visible(&green), 3);
        let text =
            table(&["SYNCED", "B"], vec![vec![green.clone(), "x".into()], vec!["no".into(), "y".into()]]);
        assert_eq!(text, format!("SYNCED   B\n{green}      x\nno       y\n"));
    }

    #[test]
    fn distances_read_as_kubectl_writes_them() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let at = |offset: i64| Some(Timestamp::from_second(1_000_000 + offset).unwrap());
        assert_eq!(
            (age(None, now), age(at(-90), now), age(at(-3600), now)),
            ("-".into(), "90s".into(), "60m".into())
        );
        assert_eq!(
            (due(at(-1), now), due(at(86_400), now), due(None, now)),
            ("now".into(), "in 24h".into(), "-".into())
        );
    }
}
