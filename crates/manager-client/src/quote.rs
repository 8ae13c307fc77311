//! Quoting what Manager said, so that it is fit for a condition, a log and a terminal.

use messina_domain::token::AuthToken;

/// Longest quotation, in characters.
pub(crate) const MAX_CHARACTERS: usize = 500;

/// Manager's words on one line, without control characters, without the token that was sent, and cut.
pub(crate) fn quote(text: &str, sent: Option<&AuthToken>) -> String {
    // Before anything else, so that neither the cut nor a removed character leaves half a token behind.
    let text = match sent {
        Some(token) => text.replace(token.expose(), "[redacted]"),
        None => text.to_owned(),
    };
    let mut words = String::new();
    for word in text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty()) {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    match words.char_indices().nth(MAX_CHARACTERS) {
        Some((cut, _)) => {
            words.truncate(cut);
            words.push_str("...");
            words
        }
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_line_breaks_go() {
        assert_eq!(quote("a\n\tb\u{1b}[31mc\0 d ", None), "a b [31mc d");
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        let cut = quote(&"ü".repeat(501), None);
        assert_eq!(cut, format!("{}...", "ü".repeat(500)));
        assert_eq!(quote(&"ü".repeat(500), None), "ü".repeat(500));
    }

    #[test]
    fn the_token_that_was_sent_is_never_quoted_not_even_in_part() {
        let token = AuthToken::parse("bcdfghjklmnpqrstvwxz").unwrap();
        let quoted = quote("bad token \"bcdfghjklmnpqrstvwxz\"", Some(&token));
        assert_eq!(quoted, "bad token \"[redacted]\"");
        let at_the_cut = format!("{}{}", "x".repeat(490), token.expose());
        assert!(!quote(&at_the_cut, Some(&token)).contains("bcdf"));
    }
}
