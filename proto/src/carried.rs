//! The object inside `Snapshot` and `Upsert`, encoded once however many subscribers it goes to.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message};

use crate::watch::v1::Object;

/// Hand-written binding of the messages `Snapshot` and `Upsert`: both hold one object as field 1. Cloning
/// shares the object and its bytes.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    object: Arc<Object>,
    encoded: Bytes,
}

const OBJECT_TAG: u32 = 1;

impl Carried {
    /// Encodes an object for all its readers.
    pub fn new(object: Object) -> Self {
        let mut encoded = Vec::with_capacity(object.encoded_len() + 8);
        encoding::message::encode(OBJECT_TAG, &object, &mut encoded);
        Self { object: Arc::new(object), encoded: encoded.into() }
    }

    /// The object.
    pub fn object(&self) -> &Object {
        &self.object
    }
}

impl PartialEq for Carried {
    fn eq(&self, other: &Self) -> bool {
        self.object == other.object
    }
}

impl Message for Carried {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.encoded);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        if tag != OBJECT_TAG {
            return encoding::skip_field(wire_type, tag, buf, ctx);
        }
        let mut object = Object::clone(&self.object);
        encoding::message::merge(wire_type, &mut object, buf, ctx)?;
        *self = Self::new(object);
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        self.encoded.len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::v1::{ObjectKey, WatchResponse, watch_response::Response};

    #[test]
    fn travels_as_an_ordinary_message() {
        let key = ObjectKey { kind: 1, namespace: "prod".into(), name: "orders".into() };
        let object = Object { key: Some(key), uid: "u".into(), generation: 3, ..Object::default() };
        let sent = WatchResponse {
            revision: 7,
            traceparent: String::new(),
            response: Some(Response::Upsert(Carried::new(object.clone()))),
        };
        let received = WatchResponse::decode(sent.encode_to_vec().as_slice()).unwrap();
        assert_eq!(sent, received);
        let Some(Response::Upsert(carried)) = received.response else { panic!() };
        assert_eq!(carried.object(), &object);
    }

    #[test]
    fn a_field_of_a_later_release_is_skipped() {
        let mut bytes = Carried::new(Object { uid: "u".into(), ..Object::default() }).encode_to_vec();
        encoding::string::encode(9, &"new".to_owned(), &mut bytes);
        assert_eq!(Carried::decode(bytes.as_slice()).unwrap().object().uid, "u");
    }
}
