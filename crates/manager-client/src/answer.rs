//! Reading answers: the status line first, then the first JSON document of the body and no more, because
//! Manager sometimes writes a second one behind it.

use messina_domain::names::reason;
use messina_fault::Fault;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::operation::Operation;

/// Manager's explanation of an error.
#[derive(Deserialize)]
pub(crate) struct Refusal {
    message: String,
    #[serde(default)]
    trace_id: Option<String>,
}

impl Refusal {
    /// Reads the body of an error; `None` when it is not Manager's.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        first_document::<Self>(body).ok().filter(|refusal| !refusal.message.is_empty())
    }

    /// Manager's words; to be quoted through [`crate::quote`] only.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What finds the request in Manager's log; empty when it is not of the expected form.
    pub(crate) fn trace_id(&self) -> &str {
        let id = self.trace_id.as_deref().unwrap_or_default();
        let harmless =
            id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte));
        if harmless { id } else { "" }
    }
}

/// The first JSON document of a body.
///
/// # Errors
/// Where it stops making sense. Never what stands there: a text of serde's may quote a token.
pub(crate) fn first_document<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, String> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    T::deserialize(&mut reader).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Io => "it cannot be read",
            serde_json::error::Category::Syntax => "it is not JSON",
            serde_json::error::Category::Data => "a field has an unexpected type or is missing",
            serde_json::error::Category::Eof => "it ends too early",
        };
        format!("{what} (line {}, column {})", error.line(), error.column())
    })
}

/// Reads a whole answer.
///
/// # Errors
/// `Transient(ManagerAnswerUnreadable)`.
pub(crate) fn read<T: DeserializeOwned>(operation: Operation, body: &[u8]) -> Result<T, Fault> {
    first_document(body).map_err(|why| garbage(operation, &format!("the answer makes no sense: {why}")))
}

/// Reads a list; `null` is an empty one.
///
/// # Errors
/// `Transient(ManagerAnswerUnreadable)` when anything in it cannot be read, with the id of the culprit: it
/// may be ours or have our name, and to overlook it would be to make it a second time.
pub(crate) fn read_list<T: DeserializeOwned>(operation: Operation, body: &[u8]) -> Result<Vec<T>, Fault> {
    let whole = match first_document::<Option<Vec<T>>>(body) {
        Ok(items) => return Ok(items.unwrap_or_default()),
        Err(why) => garbage(operation, &format!("the answer makes no sense: {why}")),
    };
    let Ok(Some(items)) = first_document::<Option<Vec<&RawValue>>>(body) else { return Err(whole) };
    for (position, item) in items.iter().enumerate() {
        if let Err(why) = first_document::<T>(item.get().as_bytes()) {
            let id = first_document::<Identified>(item.get().as_bytes()).map(|item| item.id);
            let id = id.map_or_else(|_| format!("at position {position}"), |id| id.to_string());
            return Err(garbage(operation, &format!("the item {id} makes no sense: {why}"))
                .hint("correct or delete it with sctool; until then nothing in this list is acted upon"));
        }
    }
    Err(whole)
}

#[derive(Deserialize)]
struct Identified {
    id: Uuid,
}

/// An answer that cannot be Manager's.
pub(crate) fn garbage(operation: Operation, what: &str) -> Fault {
    Fault::transient(reason::MANAGER_GARBAGE, format!("while {}: {what}", operation.doing()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_document_counts() {
        let body = br#"{"message":"one","details":"","trace_id":"Ab-1"}
{"message":"two"}"#;
        let refusal = Refusal::read(body).unwrap();
        assert_eq!((refusal.message(), refusal.trace_id()), ("one", "Ab-1"));
        assert!(first_document::<bool>(b"true\n{]").unwrap());
    }

    #[test]
    fn what_is_not_managers_is_not_an_explanation() {
        for body in
            ["", "null", "<html>502</html>", r#"{"error":"x"}"#, r#"{"message":""}"#, r#"{"message":7}"#, "{"]
        {
            assert!(Refusal::read(body.as_bytes()).is_none(), "{body}");
        }
        let odd = Refusal::read(b"{\"message\":\"x\",\"trace_id\":\"a\\nb\"}").unwrap();
        assert_eq!(odd.trace_id(), "");
    }

    #[test]
    fn an_unreadable_item_is_named_and_nothing_of_it_quoted() {
        let body = br#"[{"id":"7f0c5b3e-0000-4000-8000-000000000001"},{"id":"7f0c5b3e-0000-4000-8000-000000000002","name":7}]"#;
        #[derive(Deserialize)]
        struct Item {
            #[serde(default)]
            name: String,
        }
        let fault = read_list::<Item>(Operation::ListTasks, body).map(|items| items.len()).unwrap_err();
        assert!(fault.to_string().contains("7f0c5b3e-0000-4000-8000-000000000002"), "{fault}");
        let items = read_list::<Item>(Operation::ListTasks, br#"[{"name":"a"}]"#).unwrap();
        assert_eq!(items.first().unwrap().name, "a");

        let secret = br#"["bcdfghjklmnpqrst"]"#;
        let fault = read_list::<Item>(Operation::ListClusters, secret).map(|items| items.len()).unwrap_err();
        assert!(!fault.to_string().contains("bcdf"), "{fault}");
        assert_eq!(fault.reason(), reason::MANAGER_GARBAGE);
    }
}
