//! Writing JSON as the real server does: compact, one document and a line end, markup characters escaped.

use serde::Serialize;

/// The bytes of one document.
pub fn document<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let text = serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        "null".to_owned()
    });
    let mut bytes = compact(&text).into_bytes();
    bytes.push(b'\n');
    bytes
}

/// Drops white space between tokens (stored properties keep what the client sent) and escapes `<`, `>`, `&`.
pub fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut escaped = false;
    for c in text.chars() {
        if !in_string {
            match c {
                ' ' | '\t' | '\n' | '\r' => continue,
                '"' => in_string = true,
                _ => {}
            }
            out.push(c);
            continue;
        }
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
        in_string = escaped || c != '"';
        escaped = c == '\\' && !escaped;
    }
    out
}

#[cfg(test)]
mod tests;
