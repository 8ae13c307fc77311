//! Get and list.

use std::sync::Arc;

use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::respond::{self, View};
use super::router::Admitted;
use crate::error::{ApiError, Cause, Details};
use crate::meta;
use crate::selector::Selector;
use crate::store::{Compacted, Key, Object, Page, PageRequest};
use crate::write::{State, Target, view};

/// Shows one object.
pub(super) fn get(request: &Admitted, target: &Target) -> Result<Response, ApiError> {
    let state = request.shared.state.lock();
    let object =
        state.get(target).ok_or_else(|| ApiError::not_found(target.resource.by_plural(), &target.name))?;
    let now = state.now();
    drop(state);
    Ok(respond::object(200, shown(request, target, now), &object))
}

/// How objects are shown to this client.
pub(super) fn shown<'a>(request: &Admitted, target: &'a Target, now: jiff::Timestamp) -> View<'a> {
    View {
        resource: &target.resource,
        format: request.format,
        rows_with: respond::row_object(&request.parameters),
        now,
    }
}

/// The selector of a list or watch.
pub(super) fn selector(request: &Admitted, target: &Target) -> Result<Selector, ApiError> {
    let parameters = &request.parameters;
    let selector = Selector::parse(
        parameters.get("labelSelector"),
        parameters.get("fieldSelector"),
        target.resource.family,
    )?;
    Ok(if target.name.is_empty() { selector } else { selector.named(&target.name) })
}

/// Lists objects, whole or in pages.
pub(super) fn list(request: &Admitted, target: &Target) -> Result<Response, ApiError> {
    let selector = selector(request, target)?;
    let page_request = page_request(request, target)?;
    let state = request.shared.state.lock();
    let page = read_page(&state, target, page_request, &selector)?;
    let now = state.now();
    drop(state);
    let objects: Vec<Arc<Object>> =
        page.objects.iter().map(|object| view(&target.resource, object)).collect();
    let list_meta = list_meta(&page, target.resource.is_custom(), selector.is_empty());
    Ok(respond::list(shown(request, target, now), &objects, list_meta))
}

fn read_page(
    state: &State,
    target: &Target,
    page_request: PageRequest,
    selector: &Selector,
) -> Result<Page, ApiError> {
    let current = state.store.revision();
    if page_request.revision.is_some_and(|wanted| wanted > current) {
        return Err(too_large(page_request.revision.unwrap_or_default(), current));
    }
    let continued = page_request.after.is_some();
    let wanted = |object: &Object| selector.matches(object.value());
    let page = state.store.page(&target.resource.table, &page_request, wanted);
    page.map_err(|too_old: Compacted| {
        if continued {
            ApiError::expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
            )
        } else {
            ApiError::expired(format!("too old resource version: {} ({})", too_old.wanted, too_old.oldest))
        }
    })
}

fn page_request(request: &Admitted, target: &Target) -> Result<PageRequest, ApiError> {
    let parameters = &request.parameters;
    let mut page = PageRequest {
        namespace: (!target.namespace.is_empty()).then(|| target.namespace.clone()),
        ..PageRequest::default()
    };
    if !parameters.get("limit").is_empty() {
        let limit = parameters.get("limit").parse();
        page.limit = Some(limit.map_err(|_| ApiError::bad_request("limit must be a number"))?);
    }
    let token = parameters.get("continue");
    if !token.is_empty() {
        let (revision, after) = decode_continue(token)?;
        page.revision = Some(revision);
        page.after = Some(after);
        return Ok(page);
    }
    if let Some(wanted) = revision(parameters.get("resourceVersion"))? {
        // Anything but an exact match is answered from the present, which is always recent enough.
        let exact = parameters.get("resourceVersionMatch") == "Exact";
        page.revision = exact.then_some(wanted);
        let current = request.shared.state.lock().store.revision();
        if wanted > current {
            return Err(too_large(wanted, current));
        }
    }
    Ok(page)
}

/// The revision that a query names; none for the present.
pub(super) fn revision(text: &str) -> Result<Option<u64>, ApiError> {
    if text.is_empty() || text == "0" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let quoted = Value::from(text);
        ApiError::internal(format!(
            "resourceVersion: Invalid value: {quoted}: strconv.ParseUint: parsing {quoted}: invalid syntax"
        ))
    })
}

/// The answer to a revision that does not exist yet.
pub(super) fn too_large(wanted: u64, current: u64) -> ApiError {
    let details = Details {
        causes: vec![Cause {
            reason: "ResourceVersionTooLarge",
            message: "Too large resource version".to_owned(),
            field: String::new(),
        }],
        retry_after: 1,
        ..Details::default()
    };
    let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
    ApiError { details: Some(Box::new(details)), ..ApiError::new(504, "Timeout", message) }
}

/// The metadata of a list.
pub(super) fn list_meta(page: &Page, custom: bool, unselected: bool) -> Value {
    let mut list_meta = json!({ "resourceVersion": page.revision.to_string() });
    let map = meta::root(&mut list_meta);
    if let Some(last) = &page.last {
        map.insert("continue".into(), encode_continue(page.revision, last).into());
        if unselected {
            map.insert("remainingItemCount".into(), page.remaining.into());
        }
    } else if custom {
        map.insert("continue".into(), "".into());
    }
    list_meta
}

fn encode_continue(revision: u64, last: &Key) -> String {
    let start = format!("{}/{}\u{0}", last.namespace, last.name);
    let token = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": start});
    URL_SAFE_NO_PAD.encode(token.to_string())
}

fn decode_continue(token: &str) -> Result<(u64, Key), ApiError> {
    let invalid = |why: &str| {
        ApiError::bad_request(format!("invalid continue token: continue key is not valid: {why}"))
    };
    let bytes =
        URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).map_err(|error| invalid(&error.to_string()))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| invalid(&error.to_string()))?;
    let revision = value.get("rv").and_then(Value::as_u64);
    let start = value.get("start").and_then(Value::as_str);
    let start = start.map(|start| start.trim_end_matches('\u{0}')).and_then(|start| start.split_once('/'));
    match (revision, start) {
        (Some(revision), Some((namespace, name))) => Ok((revision, Key::new(namespace, name))),
        _ => Err(invalid("it has no revision or no start")),
    }
}
