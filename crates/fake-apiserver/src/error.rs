//! Failures as Kubernetes reports them: `Status` objects with a reason, a code and details.

use serde_json::{Map, Value, json};

/// One wrong field of an object, as it appears in the causes of an `Invalid` status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    reason: &'static str,
    field: String,
    message: String,
}

impl FieldError {
    /// The value of the field cannot be accepted; `shown` is the value as the message prints it.
    pub fn invalid(field: impl Into<String>, shown: impl AsRef<str>, detail: impl AsRef<str>) -> Self {
        let message = format!("Invalid value: {}: {}", shown.as_ref(), detail.as_ref());
        Self { reason: "FieldValueInvalid", field: field.into(), message }
    }

    /// A field that must be there is missing.
    pub fn required(field: impl Into<String>, detail: &str) -> Self {
        let message =
            if detail.is_empty() { "Required value".to_owned() } else { format!("Required value: {detail}") };
        Self { reason: "FieldValueRequired", field: field.into(), message }
    }

    /// The value is not one of a closed list.
    pub fn not_supported(field: impl Into<String>, shown: &str, supported: &[String]) -> Self {
        let message = format!("Unsupported value: {shown}: supported values: {}", supported.join(", "));
        Self { reason: "FieldValueNotSupported", field: field.into(), message }
    }

    /// The same item occurs twice in a list of unique items.
    pub fn duplicate(field: impl Into<String>, shown: &str) -> Self {
        Self {
            reason: "FieldValueDuplicate",
            field: field.into(),
            message: format!("Duplicate value: {shown}"),
        }
    }

    /// The field may not have this value in the present circumstances.
    pub fn forbidden(field: impl Into<String>, detail: impl AsRef<str>) -> Self {
        Self {
            reason: "FieldValueForbidden",
            field: field.into(),
            message: format!("Forbidden: {}", detail.as_ref()),
        }
    }

    fn cause(&self) -> Cause {
        Cause { reason: self.reason, message: self.message.clone(), field: self.field.clone() }
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// One entry of `details.causes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Machine-readable kind of cause.
    pub reason: &'static str,
    /// Text for people.
    pub message: String,
    /// Path of the field concerned.
    pub field: String,
}

/// `details` of a status: what the failure is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Object name.
    pub name: String,
    /// API group.
    pub group: String,
    /// Resource or kind, whichever the API server uses for this reason.
    pub kind: String,
    /// Fields at fault.
    pub causes: Vec<Cause>,
    /// Hint for the client, in seconds; 0 is none.
    pub retry_after: u32,
}

/// What a resource is called in messages: plural or kind, with its group.
#[derive(Debug, Clone, Copy)]
pub struct Qualified<'a> {
    /// API group, empty for core.
    pub group: &'a str,
    /// Plural name or kind.
    pub name: &'a str,
}

impl std::fmt::Display for Qualified<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.group.is_empty() { f.write_str(self.name) } else { write!(f, "{}.{}", self.name, self.group) }
    }
}

/// A request that failed, as the client will be told.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{code} {reason}: {message}")]
pub struct ApiError {
    /// HTTP status.
    pub code: u16,
    /// Status reason; empty where the API server gives none.
    pub reason: &'static str,
    /// Text for people.
    pub message: String,
    /// What it is about; none leaves `details` out.
    pub details: Option<Box<Details>>,
    /// A path that nothing serves is answered in plain text, not with a status.
    pub plain_text: bool,
}

impl ApiError {
    /// A status without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, plain_text: false }
    }

    fn about(mut self, what: Qualified<'_>, name: &str) -> Self {
        self.details = Some(Box::new(Details {
            name: name.to_owned(),
            group: what.group.to_owned(),
            kind: what.name.to_owned(),
            ..Details::default()
        }));
        self
    }

    /// The path belongs to no group, version or resource that is served.
    pub fn not_served() -> Self {
        Self { plain_text: true, ..Self::new(404, "NotFound", "404 page not found") }
    }

    /// The group and version are served, but not this resource or subresource.
    pub fn no_such_resource() -> Self {
        Self {
            details: Some(Box::default()),
            ..Self::new(404, "NotFound", "the server could not find the requested resource")
        }
    }

    /// The request itself makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// A failure for which the API server has no better word.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    /// No or a wrong token.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// The object does not exist.
    pub fn not_found(what: Qualified<'_>, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{what} \"{name}\" not found")).about(what, name)
    }

    /// An object of that name exists.
    pub fn already_exists(what: Qualified<'_>, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{what} \"{name}\" already exists")).about(what, name)
    }

    /// The write was made against something other than what is stored.
    pub fn conflict(what: Qualified<'_>, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {what} \"{name}\": {why}");
        Self::new(409, "Conflict", message).about(what, name)
    }

    /// The caller may not do this; an empty name speaks of the whole resource.
    pub fn forbidden(what: Qualified<'_>, name: &str, why: &str) -> Self {
        let subject = if name.is_empty() { what.to_string() } else { format!("{what} \"{name}\"") };
        Self::new(403, "Forbidden", format!("{subject} is forbidden: {why}")).about(what, name)
    }

    /// The verb does not exist for this path.
    pub fn method_not_allowed(what: Qualified<'_>, message: &str) -> Self {
        Self::new(405, "MethodNotAllowed", message).about(what, "")
    }

    /// The object breaks the rules of its kind; never called with an empty list.
    pub fn invalid(what: Qualified<'_>, name: &str, errors: &[FieldError]) -> Self {
        let mut texts: Vec<String> = Vec::new();
        for text in errors.iter().map(ToString::to_string) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let list = match texts.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let mut error =
            Self::new(422, "Invalid", format!("{what} \"{name}\" is invalid: {list}")).about(what, name);
        if let Some(details) = &mut error.details {
            details.causes = errors.iter().map(FieldError::cause).collect();
        }
        error
    }

    /// A revision that has left the kept window.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// The `Status` object of this failure.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if let Value::Object(map) = &mut status {
            if !self.reason.is_empty() {
                map.insert("reason".into(), self.reason.into());
            }
            if let Some(details) = &self.details {
                map.insert("details".into(), details.value());
            }
        }
        status
    }
}

impl Details {
    fn value(&self) -> Value {
        let mut map = Map::new();
        for (key, text) in [("name", &self.name), ("group", &self.group), ("kind", &self.kind)] {
            if !text.is_empty() {
                map.insert(key.into(), text.as_str().into());
            }
        }
        if !self.causes.is_empty() {
            map.insert("causes".into(), self.causes.iter().map(Cause::value).collect());
        }
        if self.retry_after > 0 {
            map.insert("retryAfterSeconds".into(), self.retry_after.into());
        }
        Value::Object(map)
    }
}

impl Cause {
    fn value(&self) -> Value {
        let mut map = Map::new();
        map.insert("reason".into(), self.reason.into());
        map.insert("message".into(), self.message.as_str().into());
        if !self.field.is_empty() {
            map.insert("field".into(), self.field.as_str().into());
        }
        Value::Object(map)
    }
}
