//! How long things may be.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use toml::Table;

use crate::packages::Member;
use crate::tree::File;
use crate::{Error, at};

/// Lines of a source file.
pub const FILE: usize = 400;
/// Lines of a file with integration tests: tables and scenarios read well at length.
pub const INTEGRATION_TEST: usize = 600;
/// Lines of a function, as clippy counts them: without comments and blank lines.
pub const FUNCTION: i64 = 70;
/// Arguments of a function.
pub const ARGUMENTS: i64 = 5;
/// Lines of `main`, from its signature to its closing brace.
pub const MAIN: usize = 25;

/// Source files over their budget.
pub fn long_files(sources: &[File], members: &[Member]) -> Vec<String> {
    let is_integration_test = |file: &File| {
        members.iter().any(|member| file.path.starts_with(&format!("{}/tests/", member.folder)))
    };
    sources
        .iter()
        .filter(|file| !file.is_generated())
        .filter_map(|file| {
            let budget = if is_integration_test(file) { INTEGRATION_TEST } else { FILE };
            let lines = file.text.lines().count();
            (lines > budget).then(|| format!("{}: {lines} lines, {budget} allowed", file.path))
        })
        .collect()
}

/// `main` functions over their budget.
pub fn long_mains(file: &File) -> Vec<String> {
    match file.text.parse::<TokenStream>() {
        Ok(tokens) => long_mains_of(&file.path, tokens),
        Err(error) => vec![format!("{}: cannot be read as Rust: {error}", file.path)],
    }
}

/// Only the tokens of the file itself are looked at: a `main` inside a module is no program's start.
fn long_mains_of(path: &str, tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let starts = tokens.windows(2).enumerate().filter_map(|(position, pair)| match pair {
        [TokenTree::Ident(keyword), TokenTree::Ident(name)] if keyword == "fn" && name == "main" => {
            Some((position, keyword.span().start().line))
        }
        _ => None,
    });
    let is_body = |token: &&TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    starts
        .filter_map(|(position, first)| {
            let body = tokens.iter().skip(position).find(is_body)?;
            let lines = body.span().end().line - first + 1;
            (lines > MAIN).then(|| at(path, first, &format!("main has {lines} lines, {MAIN} allowed")))
        })
        .collect()
}

/// Budgets of functions that clippy is not told, or not told to enforce.
///
/// # Errors
/// When one of the two texts is not TOML.
pub fn budgets_unknown_to_clippy(clippy_toml: &str, workspace_toml: &str) -> Result<Vec<String>, Error> {
    let clippy: Table = clippy_toml.parse()?;
    let workspace: Table = workspace_toml.parse()?;
    let thresholds = [("too-many-lines-threshold", FUNCTION), ("too-many-arguments-threshold", ARGUMENTS)];
    let mut violations = Vec::new();
    for (key, budget) in thresholds {
        if clippy.get(key).and_then(toml::Value::as_integer) != Some(budget) {
            violations.push(format!("clippy.toml: {key} is not {budget}"));
        }
    }
    let lints = ["workspace", "lints", "clippy"]
        .iter()
        .try_fold(&workspace, |table, key| table.get(*key).and_then(toml::Value::as_table));
    for lint in ["too_many_lines", "too_many_arguments"] {
        let level = lints.and_then(|lints| lints.get(lint)).and_then(toml::Value::as_str);
        if level != Some("deny") {
            violations.push(format!("Cargo.toml: [workspace.lints.clippy] {lint} is not \"deny\""));
        }
    }
    Ok(violations)
}

#[cfg(test)]
mod tests;
