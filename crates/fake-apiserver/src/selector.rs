//! Label and field selectors.

use serde_json::Value;

use crate::error::ApiError;
use crate::jsonpath;
use crate::meta;
use crate::resource::Family;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

/// What a list or watch is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, bool, String)>,
}

impl Selector {
    /// Reads both selectors as they stand in the query.
    ///
    /// # Errors
    /// A selector that cannot be read, or a field that cannot be selected by.
    pub fn parse(labels: &str, fields: &str, family: Family) -> Result<Self, ApiError> {
        let labels = split_outside_brackets(labels);
        let labels = labels.iter().map(|text| requirement(text)).collect::<Result<_, _>>()?;
        let fields = fields.split(',').filter(|text| !text.is_empty());
        let fields = fields.map(|text| field(text, family)).collect::<Result<_, _>>()?;
        Ok(Self { labels, fields })
    }

    /// Whether everything is selected.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// The same selection, of one name only.
    pub fn named(mut self, name: &str) -> Self {
        self.fields.push(("metadata.name".to_owned(), true, name.to_owned()));
        self
    }

    /// Whether an object, in its stored form, is selected.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = self.labels.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                meta::label(object, key).is_some_and(|value| values.iter().any(|one| one == value))
            }
            Requirement::NotIn(key, values) => {
                meta::label(object, key).is_none_or(|value| values.iter().all(|one| one != value))
            }
            Requirement::Exists(key) => meta::label(object, key).is_some(),
            Requirement::Missing(key) => meta::label(object, key).is_none(),
        });
        labels
            && self
                .fields
                .iter()
                .all(|(path, equal, wanted)| (field_value(object, path) == *wanted) == *equal)
    }
}

fn field_value(object: &Value, path: &str) -> String {
    let found = jsonpath::find(object, &format!(".{path}"));
    match found.first() {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

fn split_outside_brackets(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_u32;
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn requirement(text: &str) -> Result<Requirement, ApiError> {
    let text = text.trim();
    if let Some((key, value)) = text.split_once("!=") {
        return Ok(Requirement::NotIn(label_key(key)?, vec![label_value(value)?]));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Requirement::In(label_key(key)?, vec![label_value(value)?]));
    }
    if let Some(key) = text.strip_prefix('!') {
        return Ok(Requirement::Missing(label_key(key)?));
    }
    if let Some((left, values)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let values = values.split(',').map(label_value).collect::<Result<Vec<_>, _>>()?;
        let mut words = left.split_whitespace();
        return match (words.next(), words.next()) {
            (Some(key), Some("in")) => Ok(Requirement::In(label_key(key)?, values)),
            (Some(key), Some("notin")) => Ok(Requirement::NotIn(label_key(key)?, values)),
            _ => Err(unparsable(left, "in, notin, =, ==, !=, gt, lt")),
        };
    }
    Ok(Requirement::Exists(label_key(text)?))
}

fn label_key(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    match text.chars().find(|c| !legal(*c)) {
        None if !text.is_empty() => Ok(text.to_owned()),
        None => Err(unparsable("", "!, identifier, or 'end of string'")),
        Some(wrong) => Err(unparsable(&wrong.to_string(), "identifier")),
    }
}

fn label_value(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match text.chars().find(|c| !legal(*c)) {
        None => Ok(text.to_owned()),
        Some(wrong) => Err(unparsable(&wrong.to_string(), "identifier")),
    }
}

fn unparsable(found: &str, expected: &str) -> ApiError {
    ApiError::bad_request(format!("unable to parse requirement: found '{found}', expected: {expected}"))
}

fn field(text: &str, family: Family) -> Result<(String, bool, String), ApiError> {
    let parts = text
        .split_once("!=")
        .map(|(path, value)| (path, false, value))
        .or_else(|| text.split_once("==").map(|(path, value)| (path, true, value)))
        .or_else(|| text.split_once('=').map(|(path, value)| (path, true, value)));
    let Some((path, equal, value)) = parts else {
        let message =
            format!("invalid field selector: invalid selector: '{text}'; can't understand '{text}'");
        return Err(ApiError::bad_request(message));
    };
    let common = matches!(path, "metadata.name" | "metadata.namespace");
    let special = match family {
        Family::Secret => path == "type",
        Family::Namespace => path == "status.phase",
        Family::CoreEvent | Family::Event => {
            path.starts_with("involvedObject.")
                || path.starts_with("regarding.")
                || matches!(path, "reason" | "source" | "type" | "reportingComponent" | "reportingController")
        }
        _ => false,
    };
    if !common && !special {
        return Err(ApiError::bad_request(format!("field label not supported: {path}")));
    }
    let path = match path {
        "source" => "source.component".to_owned(),
        "reportingController" => "reportingComponent".to_owned(),
        other => other.replace("regarding.", "involvedObject."),
    };
    Ok((path, equal, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selects(labels: &str, fields: &str) -> bool {
        let object = json!({"metadata": {"name": "a", "namespace": "n", "labels": {"app": "x", "e": ""}}});
        Selector::parse(labels, fields, Family::Custom).unwrap().matches(&object)
    }

    #[test]
    fn label_selectors() {
        for (selector, expected) in [
            ("", true),
            ("app=x", true),
            ("app==x,e", true),
            ("app!=x", false),
            ("missing!=x", true),
            ("app in (x, y)", true),
            ("app notin (x,y)", false),
            ("missing notin (x)", true),
            ("!missing", true),
            ("!app", false),
            ("e=", true),
            ("app in (y),e", false),
        ] {
            assert_eq!(selects(selector, ""), expected, "{selector}");
        }
        assert!(Selector::parse("a=!b(", "", Family::Custom).is_err());
    }

    #[test]
    fn field_selectors() {
        assert!(selects("", "metadata.name=a,metadata.namespace!=other"));
        assert!(!selects("", "metadata.name=b"));
        let refused = Selector::parse("", "spec.size=1", Family::Custom).unwrap_err();
        assert_eq!(refused.message, "field label not supported: spec.size");
    }
}
