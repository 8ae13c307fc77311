//! Everything that changes objects.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::header::USER_AGENT;
use serde_json::Value;

use super::body;
use super::negotiate::{Format, Shape};
use super::read::{list_meta, selector, shown};
use super::respond;
use super::router::Admitted;
use crate::error::{ApiError, FieldError, Qualified};
use crate::store::{Object, PageRequest};
use crate::write::{DeleteOptions, Deleted, Patch, Target, WriteOptions, Written, view};

/// Creates an object.
pub(super) async fn create(request: &Admitted, target: Target, body: Body) -> Result<Response, ApiError> {
    let options = options(request, "CreateOptions")?;
    let bytes = body::read(body).await?;
    let kind = body::media_type(&request.parts.headers);
    let document = body::document(kind, &bytes).map_err(|error| unrecognized(&target, &bytes, error))?;
    let mut state = request.shared.state.lock();
    let written = state.create(&target, document, &options)?;
    let now = state.now();
    drop(state);
    Ok(respond::object(201, shown(request, &target, now), &written.object))
}

fn unrecognized(target: &Target, bytes: &[u8], error: ApiError) -> ApiError {
    if error.code != 400 {
        return error;
    }
    let shown: String = String::from_utf8_lossy(bytes).chars().take(200).collect();
    let message = format!(
        "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {} ({shown})",
        target.resource.kind, error.message
    );
    ApiError::bad_request(message)
}

/// Replaces an object.
pub(super) async fn update(request: &Admitted, target: Target, body: Body) -> Result<Response, ApiError> {
    let options = options(request, "UpdateOptions")?;
    let bytes = body::read(body).await?;
    let kind = body::media_type(&request.parts.headers);
    let document = body::document(kind, &bytes).map_err(|error| unrecognized(&target, &bytes, error))?;
    let mut state = request.shared.state.lock();
    let written = state.update(&target, document, &options)?;
    let now = state.now();
    drop(state);
    Ok(answer(request, &target, &written, now))
}

fn answer(request: &Admitted, target: &Target, written: &Written, now: jiff::Timestamp) -> Response {
    let code = if written.created { 201 } else { 200 };
    respond::object(code, shown(request, target, now), &written.object)
}

/// Patches an object.
pub(super) async fn patch(request: &Admitted, target: Target, body: Body) -> Result<Response, ApiError> {
    let kind = body::media_type(&request.parts.headers).to_owned();
    let is_apply = matches!(kind.as_str(), "application/apply-patch+yaml" | "application/apply-patch+cbor");
    let mut options = options(request, "PatchOptions")?;
    check_apply_parameters(request, is_apply)?;
    if is_apply {
        options.manager = request.parameters.get("fieldManager").to_owned();
    }
    let bytes = body::read(body).await?;
    let force = matches!(request.parameters.get("force"), "true" | "1");
    let patch = match kind.as_str() {
        "application/json-patch+json" => Patch::Json(body::document("", &bytes)?),
        "application/merge-patch+json" => Patch::Merge(body::document("", &bytes)?),
        "application/strategic-merge-patch+json" if !target.resource.is_custom() => {
            Patch::Strategic(body::document("", &bytes)?)
        }
        "application/apply-patch+yaml" => Patch::Apply { config: body::document(&kind, &bytes)?, force },
        _ => return Err(unknown_patch(&target)),
    };
    let mut state = request.shared.state.lock();
    let written = state.patch(&target, patch, &options)?;
    let now = state.now();
    drop(state);
    Ok(answer(request, &target, &written, now))
}

fn unknown_patch(target: &Target) -> ApiError {
    let mut kinds = vec!["application/json-patch+json", "application/merge-patch+json"];
    if !target.resource.is_custom() {
        kinds.push("application/strategic-merge-patch+json");
    }
    kinds.push("application/apply-patch+yaml");
    body::unsupported(&format!(
        "the body of the request was in an unknown format - accepted media types include: {}",
        kinds.join(", ")
    ))
}

fn check_apply_parameters(request: &Admitted, is_apply: bool) -> Result<(), ApiError> {
    let error = if is_apply && request.parameters.get("fieldManager").is_empty() {
        FieldError::required("fieldManager", "is required for apply patch")
    } else if !is_apply && !request.parameters.get("force").is_empty() {
        FieldError::forbidden("force", "may not be specified for non-apply patch")
    } else {
        return Ok(());
    };
    Err(invalid_options("PatchOptions", error))
}

fn invalid_options(kind: &str, error: FieldError) -> ApiError {
    ApiError::invalid(Qualified { group: "meta.k8s.io", name: kind }, "", &[error])
}

/// Deletes an object.
pub(super) async fn delete(request: &Admitted, target: Target, body: Body) -> Result<Response, ApiError> {
    let options = delete_options(request, body).await?;
    let mut state = request.shared.state.lock();
    let deleted = state.delete(&target, &options)?;
    let now = state.now();
    drop(state);
    Ok(match deleted {
        Deleted::Gone(status) => {
            respond::value(200, Format { shape: Shape::Object, ..request.format }, &status)
        }
        Deleted::Waiting(object) => respond::object(200, shown(request, &target, now), &object),
    })
}

/// Deletes all selected objects of a resource; answers with the list of them as they were.
pub(super) async fn delete_collection(
    request: &Admitted,
    target: &Target,
    body: Body,
) -> Result<Response, ApiError> {
    let options = delete_options(request, body).await?;
    let selector = selector(request, target)?;
    let page_request = PageRequest {
        namespace: (!target.namespace.is_empty()).then(|| target.namespace.clone()),
        ..PageRequest::default()
    };
    let mut state = request.shared.state.lock();
    let wanted = |object: &Object| selector.matches(object.value());
    let page = state
        .store
        .page(&target.resource.table, &page_request, wanted)
        .map_err(|error| ApiError::expired(error.to_string()))?;
    let objects: Vec<Arc<Object>> =
        page.objects.iter().map(|object| view(&target.resource, object)).collect();
    for object in &objects {
        let one = Target {
            namespace: crate::meta::namespace(object.value()).to_owned(),
            name: crate::meta::name(object.value()).to_owned(),
            ..target.clone()
        };
        state.delete(&one, &options)?;
    }
    let now = state.now();
    drop(state);
    let list_meta = list_meta(&page, target.resource.is_custom(), selector.is_empty());
    Ok(respond::list(shown(request, target, now), &objects, list_meta))
}

async fn delete_options(request: &Admitted, body: Body) -> Result<DeleteOptions, ApiError> {
    let bytes = body::read(body).await?;
    let document = match bytes.as_ref() {
        [] => Value::Null,
        bytes => body::document(body::media_type(&request.parts.headers), bytes)?,
    };
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let in_body = document.get("dryRun").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    Ok(DeleteOptions {
        dry_run: in_body || options(request, "DeleteOptions")?.dry_run,
        uid: text("/preconditions/uid"),
        resource_version: text("/preconditions/resourceVersion"),
    })
}

fn options(request: &Admitted, kind: &str) -> Result<WriteOptions, ApiError> {
    let dry_run = request.parameters.all("dryRun");
    if let Some(wrong) = dry_run.iter().find(|value| **value != "All" && !value.is_empty()) {
        let error =
            FieldError::not_supported("dryRun", &format!("[]string{{{wrong:?}}}"), &["\"All\"".to_owned()]);
        return Err(invalid_options(kind, error));
    }
    Ok(WriteOptions {
        dry_run: dry_run.contains(&"All"),
        manager: manager(request),
        strict: request.parameters.get("fieldValidation") == "Strict",
    })
}

/// The field manager: as the query says, or else the name of the program that the client calls itself.
fn manager(request: &Admitted) -> String {
    let given = request.parameters.get("fieldManager");
    if !given.is_empty() {
        return given.to_owned();
    }
    let agent = request.parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    let agent = agent.and_then(|agent| agent.split('/').next()).unwrap_or_default();
    if agent.is_empty() { "unknown".to_owned() } else { agent.chars().take(128).collect() }
}
