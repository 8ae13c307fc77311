//! Rules about the source tree itself, so that what was decided about its shape stays true.
//!
//! Every rule is a pure function from file texts and package descriptions to a list of violations, one
//! line each, empty when all is well; its unit tests show that it can fail. `tests/rules.rs` runs them over
//! the real tree and says what to do about a violation. What clippy can check is left to clippy: here
//! it is only checked that clippy is told to.

pub mod budgets;
pub mod documents;
pub mod layering;
pub mod licences;
pub mod lint_policy;
pub mod markers;
pub mod modules;
pub mod packages;
pub mod tls_provider;
pub mod tree;

/// What keeps the tree from being read at all, which is not a violation of a rule.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Says `path:line: problem`, the form that editors and terminals make a link of.
fn at(path: &str, line: usize, problem: &str) -> String {
    format!("{path}:{line}: {problem}")
}
