//! What goes over the wire. Each file holds one thing in both directions, domain type on one side and JSON
//! on the other; task properties are a map of their own and pass through by key.
//!
//! What is read: exact lower-case names, every field but the id may be missing or `null`, unknown fields
//! are left alone.

pub(crate) mod cluster;
pub(crate) mod property;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod task;
pub(crate) mod time;

use messina_domain::names::reason;
use messina_fault::Fault;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

/// Room for a usual body, so that it is not left behind in memory piece by piece as it grows.
const ROOM: usize = 4096;

/// JSON in memory that is wiped.
fn to_json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut json = Zeroizing::new(Vec::with_capacity(ROOM));
    serde_json::to_writer(&mut *json, value)
        .map_err(|_| Fault::rejected(reason::INTERNAL, "the request cannot be written as JSON"))?;
    Ok(json)
}

/// Reads `null` as the default.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
