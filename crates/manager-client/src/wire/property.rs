//! Task properties: any JSON object, by key. Another property needs no change here.

use messina_domain::manager::{Properties, Property};
use messina_domain::names::reason;
use messina_fault::Fault;
use serde_json::{Map, Number, Value};

/// Up to here a double holds every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The object to send.
pub(crate) fn encode(properties: &Properties) -> Result<Value, Fault> {
    let entry = |(key, property): (&String, &Property)| Ok((key.clone(), value(key, property)?));
    properties.iter().map(entry).collect::<Result<Map<_, _>, Fault>>().map(Value::Object)
}

fn value(key: &str, property: &Property) -> Result<Value, Fault> {
    let refuse = |what: &str| Fault::rejected(reason::INVALID_TASK, format!("{key}: {what}"));
    Ok(match property {
        Property::Bool(flag) => Value::Bool(*flag),
        Property::Number(number) => number_value(*number).ok_or_else(|| refuse("is not a finite number"))?,
        Property::Text(text) => Value::String(text.clone()),
        Property::List(items) => {
            Value::Array(items.iter().map(|item| value(key, item)).collect::<Result<_, _>>()?)
        }
        Property::Other(json) => serde_json::from_str(json).map_err(|_| refuse("is not JSON"))?,
    })
}

/// Whole numbers without a fraction: Manager refuses `3.0` for an integer.
fn number_value(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        // In range by the line above.
        return Some(Value::Number(Number::from(number as i64)));
    }
    Number::from_f64(number).map(Value::Number)
}

/// Reads what Manager holds. It keeps whatever JSON it was given; what is not an object is shown as one
/// entry, so that it differs from everything that is declared.
pub(crate) fn decode(held: Value) -> Properties {
    match held {
        Value::Null => Properties::new(),
        Value::Object(entries) => entries.into_iter().map(|(key, held)| (key, property(held))).collect(),
        other => Properties::from([("properties".to_owned(), Property::Other(other.to_string()))]),
    }
}

fn property(held: Value) -> Property {
    match held {
        Value::Bool(flag) => Property::Bool(flag),
        Value::Number(number) => match number.as_f64() {
            Some(double) => Property::Number(double),
            None => Property::Other(number.to_string()),
        },
        Value::String(text) => Property::Text(text),
        Value::Array(items) => Property::List(items.into_iter().map(property).collect()),
        other @ (Value::Null | Value::Object(_)) => Property::Other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_back_as_it_was_sent() {
        let text =
            r#"{"a":true,"b":3,"c":0.5,"d":"s3:x","e":["x",1],"f":{"k":[null]},"g":null,"h":1073741824}"#;
        let held: Value = serde_json::from_str(text).unwrap();
        let properties = decode(held.clone());
        assert_eq!(encode(&properties).unwrap(), held);
        // Not merely equal as numbers: `3.0` would be refused.
        assert_eq!(encode(&properties).unwrap().to_string(), text);
    }

    #[test]
    fn nothing_is_an_empty_map_and_what_is_no_map_differs_from_one() {
        assert_eq!(decode(Value::Null), Properties::new());
        assert_eq!(decode(Value::Array(vec![])).len(), 1);
    }

    #[test]
    fn what_json_cannot_say_is_refused_with_its_name() {
        for bad in [
            Property::Number(f64::NAN),
            Property::List(vec![Property::Number(f64::INFINITY)]),
            Property::Other("{".into()),
        ] {
            let fault = encode(&Properties::from([("intensity".to_owned(), bad)])).unwrap_err();
            assert!(fault.to_string().contains("intensity"), "{fault}");
        }
    }
}
