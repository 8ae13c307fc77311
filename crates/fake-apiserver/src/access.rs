//! Bearer tokens and what they allow, for tests that want to see a refusal.

use crate::error::{ApiError, Qualified};

/// Who may do what.
#[derive(Debug, Clone, Default)]
pub enum Access {
    /// Everybody may do everything, with or without a token.
    #[default]
    Open,
    /// Only these accounts, each with what it is granted.
    Accounts(Vec<Account>),
}

/// One user.
#[derive(Debug, Clone)]
pub struct Account {
    /// Bearer token.
    pub token: String,
    /// User name in messages.
    pub user: String,
    /// What is allowed.
    pub grants: Vec<Grant>,
}

/// One permission. `*` in any field stands for everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: String,
    /// API group, empty for core.
    pub group: String,
    /// Plural name, with `/status` for the subresource.
    pub resource: String,
}

impl Grant {
    /// A permission from its parts.
    pub fn new(verb: &str, group: &str, resource: &str) -> Self {
        Self { verb: verb.to_owned(), group: group.to_owned(), resource: resource.to_owned() }
    }

    fn allows(&self, request: &Attributes<'_>) -> bool {
        let fits = |granted: &str, wanted: &str| granted == "*" || granted == wanted;
        fits(&self.verb, request.verb)
            && fits(&self.group, request.group)
            && fits(&self.resource, &request.full_resource())
    }
}

/// What a request wants, for the decision and for the message.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a> {
    /// Verb.
    pub verb: &'a str,
    /// API group.
    pub group: &'a str,
    /// Plural name.
    pub resource: &'a str,
    /// Subresource, or nothing.
    pub subresource: &'a str,
    /// Namespace, or nothing.
    pub namespace: &'a str,
    /// Name, or nothing.
    pub name: &'a str,
}

impl Attributes<'_> {
    fn full_resource(&self) -> String {
        match self.subresource {
            "" => self.resource.to_owned(),
            subresource => format!("{}/{subresource}", self.resource),
        }
    }
}

impl Access {
    /// The account of a request; none where everybody is let in.
    ///
    /// # Errors
    /// Accounts are kept, and the token belongs to none of them.
    pub fn authenticate(&self, authorization: Option<&str>) -> Result<Option<&Account>, ApiError> {
        let Self::Accounts(accounts) = self else { return Ok(None) };
        let token =
            authorization.and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default().trim();
        let known = accounts.iter().find(|account| !token.is_empty() && account.token == token);
        known.map(Some).ok_or_else(ApiError::unauthorized)
    }
}

impl Account {
    /// Lets a request pass.
    ///
    /// # Errors
    /// Nothing grants it.
    pub fn authorize(&self, request: &Attributes<'_>) -> Result<(), ApiError> {
        if self.grants.iter().any(|grant| grant.allows(request)) {
            return Ok(());
        }
        let place = match request.namespace {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace \"{namespace}\""),
        };
        let why = format!(
            "User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
            self.user,
            request.verb,
            request.full_resource(),
            request.group
        );
        let what = Qualified { group: request.group, name: request.resource };
        Err(ApiError::forbidden(what, request.name, &why))
    }
}
