//! Labels, annotations and finalizers are spelled in one place.
//!
//! A marker that is spelled twice gets changed once. Tests may spell theirs out: there it is the
//! check that a name did not change by accident.

use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};

use crate::at;
use crate::tree::File;

/// Where the names live.
pub const HOME: &str = "crates/domain/src/names.rs";

/// Our own prefix. `messina.dev` without a slash is the API group, and `messina.dev/v…` an API version.
const OURS: &str = "messina.dev/";

/// Prefixes of the ScyllaDB Operator.
const OF_THE_OPERATOR: &[&str] = &["scylla-operator.scylladb.com", "internal.scylla-operator"];

/// The kube derive takes group, version and JSON paths as literals of attributes and nothing else.
const FREE_ATTRIBUTES: &str = "crates/k8s-api/";

/// String literals in `file` that spell a marker outside tests and outside [`HOME`].
pub fn spelled_elsewhere(file: &File) -> Vec<String> {
    if file.path == HOME || file.is_generated() {
        return Vec::new();
    }
    let mut search = Search { file, found: Vec::new() };
    match file.text.parse::<TokenStream>() {
        Ok(tokens) => search.tokens(tokens),
        Err(error) => search.found.push(format!("{}: cannot be read as Rust: {error}", file.path)),
    }
    search.found
}

struct Search<'a> {
    file: &'a File,
    found: Vec<String>,
}

impl Search<'_> {
    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    tokens.next_if(|next| matches!(next, TokenTree::Punct(bang) if bang.as_char() == '!'));
                    let Some(attribute) = tokens.next_if(is_in_brackets) else { continue };
                    if is_cfg_test(&attribute) {
                        skip_item(&mut tokens);
                    } else {
                        self.attribute(attribute);
                    }
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => self.literal(&literal),
                TokenTree::Punct(_) | TokenTree::Ident(_) => {}
            }
        }
    }

    fn attribute(&mut self, attribute: TokenTree) {
        let is_comment = first_word(&attribute).as_deref() == Some("doc");
        if !is_comment && !self.file.path.starts_with(FREE_ATTRIBUTES) {
            self.tokens(attribute.into());
        }
    }

    fn literal(&mut self, literal: &Literal) {
        let spelling = literal.to_string();
        if is_marker(&spelling) {
            let line = literal.span().start().line;
            self.found.push(at(&self.file.path, line, &format!("{spelling} belongs in {HOME}")));
        }
    }
}

fn is_marker(spelling: &str) -> bool {
    // The first piece is what stands before the first prefix.
    let ours = spelling.split(OURS).skip(1).any(|name| !is_version(name));
    ours || OF_THE_OPERATOR.iter().any(|prefix| spelling.contains(prefix))
}

fn is_version(name: &str) -> bool {
    name.strip_prefix('v').is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
}

fn is_in_brackets(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}

/// All words of a group, however deep.
fn words(token: &TokenTree) -> Vec<String> {
    match token {
        TokenTree::Ident(word) => vec![word.to_string()],
        TokenTree::Group(group) => group.stream().into_iter().flat_map(|inner| words(&inner)).collect(),
        TokenTree::Punct(_) | TokenTree::Literal(_) => Vec::new(),
    }
}

fn first_word(attribute: &TokenTree) -> Option<String> {
    words(attribute).into_iter().next()
}

/// `cfg(test)`, also as one of several conditions, but not their negation.
fn is_cfg_test(attribute: &TokenTree) -> bool {
    let words = words(attribute);
    let has = |word: &str| words.iter().any(|other| other == word);
    words.first().is_some_and(|first| first == "cfg") && has("test") && !has("not") && !has("any")
}

/// An item ends with its first braces or semicolon; both lie outside of any other brackets.
fn skip_item(tokens: &mut impl Iterator<Item = TokenTree>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
