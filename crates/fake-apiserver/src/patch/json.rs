//! JSON patch (RFC 6902).

use serde_json::Value;

/// Why a JSON patch was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonPatchError {
    /// The patch is not a list of operations.
    #[error("{0}")]
    Malformed(String),
    /// An operation does not fit the object, or a test failed.
    #[error("{0}")]
    Refused(String),
}

fn refused(message: impl Into<String>) -> JsonPatchError {
    JsonPatchError::Refused(message.into())
}

/// Applies a list of operations, all or none.
///
/// # Errors
/// The patch cannot be read, or one of its operations cannot be done.
pub fn apply_json_patch(target: &Value, patch: &Value) -> Result<Value, JsonPatchError> {
    let Some(operations) = patch.as_array() else {
        return Err(JsonPatchError::Malformed("a JSON patch is a list of operations".to_owned()));
    };
    let mut result = target.clone();
    for operation in operations {
        apply_operation(&mut result, operation)?;
    }
    Ok(result)
}

fn apply_operation(target: &mut Value, operation: &Value) -> Result<(), JsonPatchError> {
    let text = |field: &str| {
        let found = operation.get(field).and_then(Value::as_str);
        found.ok_or_else(|| refused(format!("operation without \"{field}\"")))
    };
    let value = || operation.get("value").cloned().ok_or_else(|| refused("operation without \"value\""));
    let path = tokens(text("path")?)?;
    match text("op")? {
        "add" => add(target, &path, value()?),
        "remove" => remove(target, &path).map(drop),
        "replace" => {
            let value = value()?;
            let place = find(target, &path).ok_or_else(|| refused("replace of a missing path"))?;
            *place = value;
            Ok(())
        }
        "move" => {
            let from = tokens(text("from")?)?;
            let value = remove(target, &from)?;
            add(target, &path, value)
        }
        "copy" => {
            let from = tokens(text("from")?)?;
            let value = find(target, &from).cloned().ok_or_else(|| refused("copy of a missing path"))?;
            add(target, &path, value)
        }
        "test" => {
            let wanted = operation.get("value").unwrap_or(&Value::Null);
            // A missing field is as good as null, as long as the path leads to where it would be.
            let missing = |target: &mut Value| wanted.is_null() && parent(target, &path).is_ok();
            let equal = match find(target, &path) {
                Some(found) => found == wanted,
                None => missing(target),
            };
            if equal { Ok(()) } else { Err(refused(format!("testing value {} failed", text("path")?))) }
        }
        other => Err(refused(format!("unexpected kind: {other}"))),
    }
}

fn tokens(path: &str) -> Result<Vec<String>, JsonPatchError> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let rest = path.strip_prefix('/').ok_or_else(|| refused("a path starts with a slash"))?;
    Ok(rest.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect())
}

fn find<'v>(target: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(target, |value, token| match value {
        Value::Object(map) => map.get_mut(token),
        Value::Array(list) => list.get_mut(token.parse::<usize>().ok()?),
        _ => None,
    })
}

fn parent<'v, 'p>(
    target: &'v mut Value,
    path: &'p [String],
) -> Result<(&'v mut Value, &'p str), JsonPatchError> {
    let (last, parents) = path.split_last().ok_or_else(|| refused("the whole object cannot be changed"))?;
    let parent = find(target, parents).ok_or_else(|| refused(format!("no parent of {last}")))?;
    Ok((parent, last))
}

fn add(target: &mut Value, path: &[String], value: Value) -> Result<(), JsonPatchError> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    match parent(target, path)? {
        (Value::Object(map), key) => {
            map.insert(key.to_owned(), value);
            Ok(())
        }
        (Value::Array(list), "-") => {
            list.push(value);
            Ok(())
        }
        (Value::Array(list), index) => {
            let at = index.parse::<usize>().ok().filter(|at| *at <= list.len());
            list.insert(at.ok_or_else(|| refused(format!("no place {index} in the list")))?, value);
            Ok(())
        }
        (_, key) => Err(refused(format!("{key} cannot be added to a scalar"))),
    }
}

fn remove(target: &mut Value, path: &[String]) -> Result<Value, JsonPatchError> {
    let missing = |key: &str| refused(format!("removal of missing {key}"));
    match parent(target, path)? {
        (Value::Object(map), key) => map.remove(key).ok_or_else(|| missing(key)),
        (Value::Array(list), index) => {
            let at = index.parse::<usize>().ok().filter(|at| *at < list.len());
            Ok(list.remove(at.ok_or_else(|| missing(index))?))
        }
        (_, key) => Err(missing(key)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(operations: Value) -> Result<Value, JsonPatchError> {
        apply_json_patch(&json!({"a": {"b/c": 1}, "l": [1, 2]}), &operations)
    }

    #[test]
    fn operations() {
        let cases = [
            (
                json!([{"op": "add", "path": "/a/x", "value": 2}]),
                json!({"a": {"b/c": 1, "x": 2}, "l": [1, 2]}),
            ),
            (json!([{"op": "remove", "path": "/a/b~1c"}]), json!({"a": {}, "l": [1, 2]})),
            (json!([{"op": "add", "path": "/l/-", "value": 3}]), json!({"a": {"b/c": 1}, "l": [1, 2, 3]})),
            (json!([{"op": "add", "path": "/l/0", "value": 0}]), json!({"a": {"b/c": 1}, "l": [0, 1, 2]})),
            (
                json!([{"op": "move", "from": "/l/0", "path": "/m"}]),
                json!({"a": {"b/c": 1}, "l": [2], "m": 1}),
            ),
            (json!([{"op": "copy", "from": "/l", "path": "/a"}]), json!({"a": [1, 2], "l": [1, 2]})),
            (
                json!([{"op": "test", "path": "/l/1", "value": 2}, {"op": "replace", "path": "/l", "value": []}]),
                json!({"a": {"b/c": 1}, "l": []}),
            ),
        ];
        for (operations, expected) in cases {
            assert_eq!(patched(operations.clone()), Ok(expected), "{operations}");
        }
    }

    #[test]
    fn a_missing_field_tests_as_null() {
        let operations = json!([{"op": "test", "path": "/a/x", "value": null}]);
        assert!(patched(operations).is_ok());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for operations in [
            json!([{"op": "test", "path": "/l/1", "value": 9}]),
            json!([{"op": "test", "path": "/no/where", "value": null}]),
            json!([{"op": "remove", "path": "/nothing"}]),
            json!([{"op": "replace", "path": "/nothing", "value": 1}]),
            json!([{"op": "add", "path": "/no/where", "value": 1}]),
            json!([{"op": "shuffle", "path": "/l"}]),
        ] {
            assert!(matches!(patched(operations.clone()), Err(JsonPatchError::Refused(_))), "{operations}");
        }
        assert!(matches!(patched(json!({})), Err(JsonPatchError::Malformed(_))));
    }
}
