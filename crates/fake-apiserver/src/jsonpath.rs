//! The part of JSONPath that printer columns and field selectors use.

use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    Index(i64),
    Every,
    Where(String, Value),
}

/// All values that a path such as `.status.conditions[?(@.type=="Ready")].status` leads to; none where the
/// path cannot be read.
pub fn find<'v>(root: &'v Value, path: &str) -> Vec<&'v Value> {
    let Some(steps) = parse(path) else { return Vec::new() };
    let mut found = vec![root];
    for step in &steps {
        found = found.into_iter().flat_map(|value| follow(value, step)).collect();
    }
    found
}

fn follow<'v>(value: &'v Value, step: &Step) -> Vec<&'v Value> {
    match (step, value) {
        (Step::Field(name), _) => value.get(name).into_iter().collect(),
        (Step::Index(index), Value::Array(list)) => {
            let at = if *index < 0 { list.len() as i64 + index } else { *index };
            usize::try_from(at).ok().and_then(|at| list.get(at)).into_iter().collect()
        }
        (Step::Every, Value::Array(list)) => list.iter().collect(),
        (Step::Every, Value::Object(map)) => map.values().collect(),
        (Step::Where(path, wanted), Value::Array(list)) => {
            list.iter().filter(|item| find(item, path).contains(&wanted)).collect()
        }
        _ => Vec::new(),
    }
}

fn parse(path: &str) -> Option<Vec<Step>> {
    let path = path.strip_prefix('{').and_then(|path| path.strip_suffix('}')).unwrap_or(path);
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let end = closing(after)?;
            let (inside, after) = after.split_at(end);
            steps.push(bracket(inside.trim())?);
            rest = after.strip_prefix(']')?;
        } else {
            let after = rest.strip_prefix('.').unwrap_or(rest);
            let (name, after) = field(after);
            match name.as_str() {
                "" if after.starts_with('[') || after.is_empty() => {}
                "" => return None,
                "*" => steps.push(Step::Every),
                _ => steps.push(Step::Field(name)),
            }
            rest = after;
        }
    }
    Some(steps)
}

/// A field name up to the next separator; a backslash makes the next character part of the name.
fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
            '.' | '[' => return (name, text.get(at..).unwrap_or_default()),
            other => name.push(other),
        }
    }
    (name, "")
}

/// Position of the bracket that closes the present one, outside quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_u32;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), character) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn bracket(inside: &str) -> Option<Step> {
    if inside == "*" {
        return Some(Step::Every);
    }
    if let Some(name) = unquote(inside) {
        return Some(Step::Field(name));
    }
    if let Some(filter) = inside.strip_prefix("?(").and_then(|filter| filter.strip_suffix(')')) {
        let (left, right) = filter.split_once("==")?;
        let path = left.trim().strip_prefix('@')?;
        let right = right.trim();
        let wanted = unquote(right).map(Value::from).or_else(|| serde_json::from_str(right).ok())?;
        return Some(Step::Where(path.to_owned(), wanted));
    }
    inside.parse().ok().map(Step::Index)
}

fn unquote(text: &str) -> Option<String> {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_values() {
        let object = json!({
            "metadata": {"annotations": {"a.b/c": "x"}},
            "spec": {"list": [1, 2, 3], "size": 4},
            "status": {"conditions": [{"type": "A", "status": "True"}, {"type": "Ready", "status": "False"}]},
        });
        let cases = [
            (".spec.size", json!([4])),
            ("{.spec.size}", json!([4])),
            (".status.conditions[?(@.type==\"Ready\")].status", json!(["False"])),
            (".status.conditions[?(@.type=='A')].status", json!(["True"])),
            (".metadata.annotations['a.b/c']", json!(["x"])),
            (".metadata.annotations.a\\.b/c", json!(["x"])),
            (".spec.list[0]", json!([1])),
            (".spec.list[-1]", json!([3])),
            (".spec.list[*]", json!([1, 2, 3])),
            (".spec.nothing", json!([])),
            (".spec[", json!([])),
        ];
        for (path, expected) in cases {
            let found: Vec<Value> = find(&object, path).into_iter().cloned().collect();
            assert_eq!(Value::from(found), expected, "{path}");
        }
    }
}
