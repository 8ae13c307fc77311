//! No package and no line steps out of the lints, and nothing unfinished is called done.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use toml::{Table, Value};

use crate::tree::File;
use crate::{Error, at};

/// Macros that stand for code that was not written.
const UNWRITTEN: &[&str] = &["todo", "unimplemented"];

/// Manifests that do not take the lints of the workspace.
///
/// # Errors
/// When a manifest is not TOML.
pub fn manifests_without_our_lints(manifests: &[File]) -> Result<Vec<String>, Error> {
    let mut violations = Vec::new();
    for manifest in manifests {
        let table: Table = manifest.text.parse().map_err(|error| format!("{}: {error}", manifest.path))?;
        let inherits = table.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool);
        if inherits != Some(true) {
            violations.push(format!("{}: no `[lints] workspace = true`", manifest.path));
        }
    }
    Ok(violations)
}

/// `todo!`, `unimplemented!`, `#[ignore]`, and `allow` or `expect` without a reason.
pub fn shortcuts(file: &File) -> Vec<String> {
    if file.is_generated() {
        return Vec::new();
    }
    let mut search = Search { path: &file.path, found: Vec::new() };
    match file.text.parse::<TokenStream>() {
        Ok(tokens) => search.tokens(tokens),
        Err(error) => search.found.push(format!("{}: cannot be read as Rust: {error}", file.path)),
    }
    search.found
}

/// Looks at tokens rather than at syntax, because bodies of macros (`select!`, `json!`) are only that.
struct Search<'a> {
    path: &'a str,
    found: Vec<String>,
}

impl Search<'_> {
    fn report(&mut self, word: &Ident, problem: &str) {
        self.found.push(at(self.path, word.span().start().line, problem));
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    tokens.next_if(|next| is_punct(next, '!'));
                    if let Some(TokenTree::Group(attribute)) = tokens.next_if(is_in_brackets) {
                        self.attribute(attribute.stream());
                    }
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(word) if tokens.peek().is_some_and(|next| is_punct(next, '!')) => {
                    if UNWRITTEN.iter().any(|unwritten| word == unwritten) {
                        self.report(&word, &format!("`{word}!` stands for code that is missing"));
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// The content of one `#[…]`; that of a `cfg_attr` is a condition and then attributes.
    fn attribute(&mut self, content: TokenStream) {
        let mut tokens = content.into_iter();
        let Some(TokenTree::Ident(word)) = tokens.next() else { return };
        let arguments = match tokens.next() {
            Some(TokenTree::Group(group)) => Some(group.stream()),
            _ => None,
        };
        match (word.to_string().as_str(), arguments) {
            ("ignore", _) => self.report(&word, "an ignored test tests nothing"),
            ("allow" | "expect", Some(arguments)) if !gives_a_reason(arguments.clone()) => {
                self.report(&word, &format!("`{word}({arguments})` without a reason"));
            }
            ("cfg_attr", Some(arguments)) => {
                split_at_commas(arguments).into_iter().skip(1).for_each(|inner| self.attribute(inner));
            }
            _ => {}
        }
    }
}

fn gives_a_reason(arguments: TokenStream) -> bool {
    arguments.into_iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "reason"))
}

fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.split(|token| is_punct(token, ',')).map(|part| part.iter().cloned().collect()).collect()
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_in_brackets(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}

#[cfg(test)]
mod tests;
