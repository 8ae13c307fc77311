//! Checking a value against a schema, with the messages of the API server.

use serde_json::Value;

use super::{ListKind, Rules, Schema, Type, format};
use crate::error::FieldError;

/// Everything that is wrong with a value; paths start at `path` (empty for a whole object).
pub fn validate(value: &Value, schema: &Schema, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check(value, schema, path, &mut errors);
    errors
}

fn check(value: &Value, schema: &Schema, path: &str, errors: &mut Vec<FieldError>) {
    if value.is_null() && schema.nullable {
        return;
    }
    if !type_holds(value, schema) {
        let name = json_type(value);
        let expected = schema.kind.map_or("integer,string", Type::name);
        let detail = format!("{path} in body must be of type {expected}: \"{name}\"");
        errors.push(FieldError::invalid(path, format!("\"{name}\""), detail));
        return;
    }
    if !schema.allowed.is_empty() && !schema.allowed.contains(value) {
        let supported: Vec<String> = schema.allowed.iter().map(shown).collect();
        errors.push(FieldError::not_supported(path, &shown(value), &supported));
    }
    match value {
        Value::Object(map) => {
            for field in schema.required.iter().filter(|field| !map.contains_key(*field)) {
                errors.push(FieldError::required(join(path, field), ""));
            }
            for (key, child) in map {
                if let Some(known) = schema.child(key) {
                    check(child, known, &join(path, key), errors);
                }
            }
        }
        Value::Array(items) => check_items(items, schema, path, errors),
        _ => {}
    }
    if let Some(rules) = &schema.rules {
        check_rules(value, rules, path, errors);
    }
}

fn check_items(items: &[Value], schema: &Schema, path: &str, errors: &mut Vec<FieldError>) {
    if let Some(of) = &schema.items {
        for (index, item) in items.iter().enumerate() {
            check(item, of, &format!("{path}[{index}]"), errors);
        }
    }
    let key = |item: &Value| match &schema.list {
        ListKind::Atomic => None,
        ListKind::Set => Some(vec![item.clone()]),
        ListKind::Map(keys) => {
            Some(keys.iter().map(|key| item.get(key).cloned().unwrap_or(Value::Null)).collect())
        }
    };
    let mut seen: Vec<Vec<Value>> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(key) = key(item) else { return };
        if seen.contains(&key) {
            let shown = match &schema.list {
                ListKind::Map(keys) => map_key(keys, item),
                _ => shown(item),
            };
            errors.push(FieldError::duplicate(format!("{path}[{index}]"), &shown));
        }
        seen.push(key);
    }
}

/// The key of a list item as Go prints a map.
fn map_key(keys: &[String], item: &Value) -> String {
    let pairs: Vec<String> = keys
        .iter()
        .filter_map(|key| item.get(key).map(|value| format!("\"{key}\":{}", shown(value))))
        .collect();
    format!("map[string]interface {{}}{{{}}}", pairs.join(", "))
}

fn check_rules(value: &Value, rules: &Rules, path: &str, errors: &mut Vec<FieldError>) {
    match value {
        Value::Number(number) => {
            if let Some(number) = number.as_f64() {
                check_number(number, value, rules, &mut |detail| {
                    errors.push(FieldError::invalid(path, shown(value), format!("{path} in body {detail}")));
                });
            }
        }
        Value::String(text) => check_text(text, rules, path, errors),
        Value::Array(items) => {
            check_count(items.len(), (rules.min_items, rules.max_items), "items", path, errors);
            let repeated = |(index, item): (usize, &Value)| items.iter().take(index).any(|one| one == item);
            if rules.unique_items && items.iter().enumerate().any(repeated) {
                let detail = format!("{path} in body shouldn't contain duplicates");
                errors.push(FieldError::invalid(path, shown(value), detail));
            }
        }
        Value::Object(map) => {
            let limits = (rules.min_properties, rules.max_properties);
            check_count(map.len(), limits, "properties", path, errors);
        }
        _ => {}
    }
    check_combinations(value, rules, path, errors);
}

fn check_combinations(value: &Value, rules: &Rules, path: &str, errors: &mut Vec<FieldError>) {
    let holds = |schema: &Schema| validate(value, schema, path).is_empty();
    for schema in &rules.all_of {
        check(value, schema, path, errors);
    }
    let mut complain = |detail: &str| {
        errors.push(FieldError::invalid(path, shown(value), format!("{path} in body {detail}")));
    };
    if !rules.any_of.is_empty() && !rules.any_of.iter().any(holds) {
        complain("must validate at least one schema (anyOf)");
    }
    if !rules.one_of.is_empty() && rules.one_of.iter().filter(|schema| holds(schema)).count() != 1 {
        complain("must validate one and only one schema (oneOf)");
    }
    if rules.not.as_deref().is_some_and(holds) {
        complain("must not validate the schema (not)");
    }
}

fn check_number(number: f64, value: &Value, rules: &Rules, complain: &mut dyn FnMut(String)) {
    if let Some((limit, exclusive)) = rules.minimum
        && (number < limit || (exclusive && number <= limit))
    {
        let or_equal = if exclusive { "" } else { " or equal to" };
        complain(format!("should be greater than{or_equal} {limit}"));
    }
    if let Some((limit, exclusive)) = rules.maximum
        && (number > limit || (exclusive && number >= limit))
    {
        let or_equal = if exclusive { "" } else { " or equal to" };
        complain(format!("should be less than{or_equal} {limit}"));
    }
    if rules.multiple_of.is_some_and(|divisor| divisor != 0.0 && number % divisor != 0.0) {
        complain(format!("should be a multiple of {}", rules.multiple_of.unwrap_or_default()));
    }
    let within = match rules.format.as_deref() {
        Some("int32") => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        _ => true,
    };
    if !within {
        complain(format!("must be of type int32: \"{number}\""));
    }
}

fn check_text(text: &str, rules: &Rules, path: &str, errors: &mut Vec<FieldError>) {
    let length = text.chars().count() as u64;
    let quoted = shown(&Value::from(text));
    let mut complain = |detail: String| {
        errors.push(FieldError::invalid(path, &quoted, format!("{path} in body {detail}")));
    };
    if let Some(limit) = rules.max_length.filter(|limit| length > *limit) {
        complain(format!("should be at most {limit} chars long"));
    }
    if let Some(limit) = rules.min_length.filter(|limit| length < *limit) {
        complain(format!("should be at least {limit} chars long"));
    }
    if let Some(pattern) = rules.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
        complain(format!("should match '{}'", pattern.as_str()));
    }
    if let Some(name) = rules.format.as_deref().filter(|name| !format::holds(name, text)) {
        complain(format!("must be of type {name}: {quoted}"));
    }
}

fn check_count(
    count: usize,
    limits: (Option<u64>, Option<u64>),
    of: &str,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let count = count as u64;
    let mut complain = |detail: String| {
        errors.push(FieldError::invalid(path, count.to_string(), format!("{path} in body {detail}")));
    };
    if let Some(limit) = limits.0.filter(|limit| count < *limit) {
        complain(format!("should have at least {limit} {of}"));
    }
    if let Some(limit) = limits.1.filter(|limit| count > *limit) {
        complain(format!("should have at most {limit} {of}"));
    }
}

fn type_holds(value: &Value, schema: &Schema) -> bool {
    if schema.int_or_string {
        return value.is_string() || is_integer(value);
    }
    match schema.kind {
        None => true,
        Some(Type::Object) => value.is_object(),
        Some(Type::Array) => value.is_array(),
        Some(Type::String) => value.is_string(),
        Some(Type::Boolean) => value.is_boolean(),
        Some(Type::Number) => value.is_number(),
        Some(Type::Integer) => is_integer(value),
    }
}

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) if is_integer(value) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn shown(value: &Value) -> String {
    value.to_string()
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
