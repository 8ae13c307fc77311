//! Which namespaces are managed: a label selector that cluster administrators own.

use std::collections::BTreeMap;

use kube::core::{Expression, Selector, SelectorExt};

/// A label selector as `kubectl -l` takes it; the empty one selects everything.
#[derive(Debug, Clone, Default)]
pub struct NamespaceSelector(Selector);

impl NamespaceSelector {
    /// Reads `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, joined by commas.
    ///
    /// # Errors
    /// A text that quotes the term that cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expressions: Vec<Expression> =
            terms(text).into_iter().map(|term| expression(&term)).collect::<Result<_, _>>()?;
        Ok(Self(expressions.into_iter().collect()))
    }

    /// Whether a namespace with these labels is managed.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.matches(labels)
    }
}

/// Splits at the commas outside parentheses.
fn terms(text: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut depth = 0;
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                terms.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(term) = terms.last_mut() {
            term.push(character);
        }
    }
    terms.into_iter().map(|term| term.trim().to_owned()).filter(|term| !term.is_empty()).collect()
}

fn expression(term: &str) -> Result<Expression, String> {
    let refuse = || format!("'{term}' is not a label requirement");
    let key = |text: &str| {
        let valid = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let text = text.trim();
        if text.is_empty() || !text.chars().all(valid) { Err(refuse()) } else { Ok(text.to_owned()) }
    };
    if let Some((left, set)) = term.strip_suffix(')').and_then(|term| term.split_once('(')) {
        let values = set.split(',').map(|value| value.trim().to_owned()).collect();
        let left = left.trim();
        if let Some(name) = left.strip_suffix(" notin") {
            return Ok(Expression::NotIn(key(name)?, values));
        }
        let name = left.strip_suffix(" in").ok_or_else(refuse)?;
        return Ok(Expression::In(key(name)?, values));
    }
    if let Some((name, value)) = term.split_once("!=") {
        return Ok(Expression::NotEqual(key(name)?, value.trim().to_owned()));
    }
    if let Some((name, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return Ok(Expression::Equal(key(name)?, value.trim().to_owned()));
    }
    match term.strip_prefix('!') {
        Some(name) => Ok(Expression::DoesNotExist(key(name)?)),
        None => Ok(Expression::Exists(key(term)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn selects_as_kubectl_does() {
        let prod = labels(&[("env", "prod"), ("team", "a")]);
        for (text, expected) in [
            ("", true),
            ("env=prod", true),
            ("env==prod,team=a", true),
            ("env!=prod", false),
            ("env in (stage, prod)", true),
            ("env notin (stage,prod), team", false),
            ("team", true),
            ("!team", false),
            ("!other", true),
            ("messina.dev/managed=true", false),
        ] {
            assert_eq!(NamespaceSelector::parse(text).unwrap().selects(&prod), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_are_quoted() {
        for bad in ["=x", "env within (a)", "a b=c", "(a)"] {
            assert!(NamespaceSelector::parse(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
