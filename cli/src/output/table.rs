//! Tables in the manner of `kubectl`.

use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;

/// A table with a heading and rows.
pub fn table(heading: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heading);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 3));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    lines.concat()
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
