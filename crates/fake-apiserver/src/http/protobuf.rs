//! Reading the Kubernetes protobuf encoding, as far as `kubectl create` sends it: an envelope with the type,
//! and in it one of a few built-in kinds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// What a field holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Texts,
    Number,
    Flag,
    /// A map of texts.
    TextMap,
    /// A map of byte strings, shown in base64.
    ByteMap,
    Time,
    Message(&'static [Field]),
    Messages(&'static [Field]),
}

type Field = (u64, &'static str, Kind);

const OWNER: &[Field] = &[
    (1, "kind", Kind::Text),
    (3, "name", Kind::Text),
    (4, "uid", Kind::Text),
    (5, "apiVersion", Kind::Text),
    (6, "controller", Kind::Flag),
    (7, "blockOwnerDeletion", Kind::Flag),
];
const METADATA: &[Field] = &[
    (1, "name", Kind::Text),
    (2, "generateName", Kind::Text),
    (3, "namespace", Kind::Text),
    (5, "uid", Kind::Text),
    (6, "resourceVersion", Kind::Text),
    (7, "generation", Kind::Number),
    (8, "creationTimestamp", Kind::Time),
    (9, "deletionTimestamp", Kind::Time),
    (11, "labels", Kind::TextMap),
    (12, "annotations", Kind::TextMap),
    (13, "ownerReferences", Kind::Messages(OWNER)),
    (14, "finalizers", Kind::Texts),
];
const NAMESPACE: &[Field] = &[
    (1, "metadata", Kind::Message(METADATA)),
    (2, "spec", Kind::Message(&[(1, "finalizers", Kind::Texts)])),
    (3, "status", Kind::Message(&[(1, "phase", Kind::Text)])),
];
const SECRET: &[Field] = &[
    (1, "metadata", Kind::Message(METADATA)),
    (2, "data", Kind::ByteMap),
    (3, "type", Kind::Text),
    (4, "stringData", Kind::TextMap),
    (5, "immutable", Kind::Flag),
];
const CONFIG_MAP: &[Field] = &[
    (1, "metadata", Kind::Message(METADATA)),
    (2, "data", Kind::TextMap),
    (3, "binaryData", Kind::ByteMap),
    (4, "immutable", Kind::Flag),
];
const LEASE: &[Field] = &[
    (1, "metadata", Kind::Message(METADATA)),
    (
        2,
        "spec",
        Kind::Message(&[
            (1, "holderIdentity", Kind::Text),
            (2, "leaseDurationSeconds", Kind::Number),
            (3, "acquireTime", Kind::Time),
            (4, "renewTime", Kind::Time),
            (5, "leaseTransitions", Kind::Number),
        ]),
    ),
];

const MAGIC: &[u8] = b"k8s\0";
const ENVELOPE: &[Field] =
    &[(1, "type", Kind::Message(&[(1, "apiVersion", Kind::Text), (2, "kind", Kind::Text)]))];
const RAW: u64 = 2;

/// The object in an envelope; none where it is malformed or of a kind that is not read here.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    let body = bytes.strip_prefix(MAGIC)?;
    let envelope = message(body, ENVELOPE)?;
    let kind = envelope.pointer("/type/kind").and_then(Value::as_str)?;
    let fields = match kind {
        "Namespace" => NAMESPACE,
        "Secret" => SECRET,
        "ConfigMap" => CONFIG_MAP,
        "Lease" => LEASE,
        _ => return None,
    };
    let raw = records(body)?.into_iter().find_map(|(number, wire)| match wire {
        Wire::Bytes(bytes) if number == RAW => Some(bytes),
        _ => None,
    })?;
    let mut object = message(raw, fields)?;
    let root = crate::meta::root(&mut object);
    for field in ["apiVersion", "kind"] {
        root.insert(field.to_owned(), envelope.pointer(&format!("/type/{field}"))?.clone());
    }
    Some(object)
}

#[derive(Clone, Copy)]
enum Wire<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

fn message(bytes: &[u8], fields: &[Field]) -> Option<Value> {
    let mut map = Map::new();
    for (number, wire) in records(bytes)? {
        let Some((_, name, kind)) = fields.iter().find(|(known, ..)| *known == number) else { continue };
        let entry = map.entry(*name);
        match (kind, wire) {
            (Kind::Text, Wire::Bytes(bytes)) => {
                map.insert((*name).to_owned(), text(bytes)?);
            }
            (Kind::Number, Wire::Number(number)) => {
                map.insert((*name).to_owned(), (number as i64).into());
            }
            (Kind::Flag, Wire::Number(number)) => {
                map.insert((*name).to_owned(), (number != 0).into());
            }
            (Kind::Time, Wire::Bytes(bytes)) => {
                if let Some(time) = time(bytes) {
                    map.insert((*name).to_owned(), time);
                }
            }
            (Kind::Message(fields), Wire::Bytes(bytes)) => {
                map.insert((*name).to_owned(), message(bytes, fields)?);
            }
            (Kind::Texts, Wire::Bytes(bytes)) => push(entry, text(bytes)?),
            (Kind::Messages(fields), Wire::Bytes(bytes)) => push(entry, message(bytes, fields)?),
            (Kind::TextMap | Kind::ByteMap, Wire::Bytes(bytes)) => {
                let (key, value) = pair(bytes)?;
                let value = match kind {
                    Kind::ByteMap => STANDARD.encode(value).into(),
                    _ => text(value)?,
                };
                let inner = entry.or_insert_with(|| Value::Object(Map::new()));
                crate::meta::root(inner).insert(key, value);
            }
            _ => return None,
        }
    }
    Some(Value::Object(map))
}

fn push(entry: serde_json::map::Entry<'_>, item: Value) {
    if let Value::Array(list) = entry.or_insert_with(|| Value::Array(Vec::new())) {
        list.push(item);
    }
}

fn text(bytes: &[u8]) -> Option<Value> {
    std::str::from_utf8(bytes).ok().map(Value::from)
}

fn pair(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (mut key, mut value) = (String::new(), &[][..]);
    for (number, wire) in records(bytes)? {
        match (number, wire) {
            (1, Wire::Bytes(bytes)) => key = std::str::from_utf8(bytes).ok()?.to_owned(),
            (2, Wire::Bytes(bytes)) => value = bytes,
            _ => return None,
        }
    }
    Some((key, value))
}

/// A time; none where it is not set, which an empty message says.
fn time(bytes: &[u8]) -> Option<Value> {
    let (mut seconds, mut nanoseconds) = (None, 0);
    for (number, wire) in records(bytes)? {
        match (number, wire) {
            (1, Wire::Number(number)) => seconds = Some(number as i64),
            (2, Wire::Number(number)) => nanoseconds = i32::try_from(number).ok()?,
            _ => return None,
        }
    }
    let time = jiff::Timestamp::new(seconds.filter(|seconds| *seconds > 0)?, nanoseconds).ok()?;
    Some(time.to_string().into())
}

fn records(mut bytes: &[u8]) -> Option<Vec<(u64, Wire<'_>)>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let tag = number(&mut bytes)?;
        let wire = match tag & 7 {
            0 => Wire::Number(number(&mut bytes)?),
            2 => {
                let length = usize::try_from(number(&mut bytes)?).ok()?;
                let (inner, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Wire::Bytes(inner)
            }
            _ => return None,
        };
        records.push((tag >> 3, wire));
    }
    Some(records)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(*first & 0x7f) << shift;
        if *first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        out.extend_from_slice(bytes);
        out
    }

    #[test]
    fn a_secret_in_its_envelope() {
        let metadata = [field(1, b"s"), field(11, &[field(1, b"k"), field(2, b"v")].concat()), field(8, b"")];
        let raw = [
            field(1, &metadata.concat()),
            field(2, &[field(1, b"a"), field(2, &[0, 255])].concat()),
            vec![5 << 3, 1],
        ];
        let kind = field(1, &[field(1, b"v1"), field(2, b"Secret")].concat());
        let body = [MAGIC.to_vec(), kind, field(2, &raw.concat())].concat();
        assert_eq!(
            decode(&body),
            Some(json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "labels": {"k": "v"}},
                "data": {"a": "AP8="}, "immutable": true,
            }))
        );
        assert_eq!(decode(body.get(..body.len() - 1).unwrap()), None, "truncated");
        assert_eq!(decode(b"{}"), None);
    }
}
