//! One entry for every request: who is it, what is wanted, does a fault strike, who answers.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Extracted;
use axum::response::Response;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Request};

use super::negotiate::{Encoding, Format, Shape};
use super::request::{Parameters, Route};
use super::{Shared, admin, body, read, respond, watch, write};
use crate::discovery;
use crate::error::ApiError;
use crate::faults::FaultAnswer;
use crate::open_api;
use crate::resource::Resource;
use crate::write::Target;

/// A request that was let in, on its way to its handler.
pub(super) struct Admitted {
    /// Server state.
    pub shared: Arc<Shared>,
    /// Method, path and headers.
    pub parts: Parts,
    /// Query.
    pub parameters: Parameters,
    /// Wanted form of the answer.
    pub format: Format,
}

/// Answers one request.
pub async fn handle(Extracted(shared): Extracted<Arc<Shared>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if path.starts_with("/_fake/") {
        return admin::handle(&shared, &parts, body).await;
    }
    let parameters = Parameters::of(&parts.uri);
    let route = Route::parse(&parts.method, &path, &parameters);
    let format = match Format::of(&parts.headers, route.is_none()) {
        Ok(format) => format,
        Err(error) => return respond::failure(Format::JSON, &error),
    };
    if let Err(error) = admit(&shared, &parts, route.as_ref()) {
        return respond::failure(format, &error);
    }
    if let Some(answer) = strike(&shared, &parts, route.as_ref()) {
        match wrong_answer(&shared, answer).await {
            Some(response) => return response,
            None => tracing::debug!(path, "answer was delayed by a fault"),
        }
    }
    let request = Admitted { shared, parts, parameters, format };
    let answer = match route {
        Some(route) => on_resource(&request, route, body).await,
        None => elsewhere(&request, &path),
    };
    answer.unwrap_or_else(|error| {
        let plain = Format { encoding: format.encoding, shape: Shape::Object };
        respond::failure(plain, &error)
    })
}

fn admit(shared: &Shared, parts: &Parts, route: Option<&Route>) -> Result<(), ApiError> {
    let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let account = shared.access.authenticate(header)?;
    match (account, route) {
        (Some(account), Some(route)) => account.authorize(&route.attributes()),
        _ => Ok(()),
    }
}

fn strike(shared: &Shared, parts: &Parts, route: Option<&Route>) -> Option<FaultAnswer> {
    let is_apply = body::media_type(&parts.headers).starts_with("application/apply-patch");
    let key = route.map(|route| route.key(is_apply)).unwrap_or_default();
    if route.is_some() {
        shared.counts.lock().add(key.clone());
    }
    shared.faults.lock().strike(&key)
}

/// The answer of a fault; none where the right answer follows.
async fn wrong_answer(shared: &Shared, answer: FaultAnswer) -> Option<Response> {
    if let Some(delay) = answer.delay() {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = shared.stop.cancelled() => {}
        }
        return None;
    }
    Some(match answer {
        FaultAnswer::Status { code, reason, message } => {
            let mut status = ApiError::new(code, "", message).status();
            crate::meta::root(&mut status).insert("reason".into(), reason.into());
            respond::value(code, Format::JSON, &status)
        }
        FaultAnswer::Garbage => respond::bytes(200, "application/json", "<html>not what you think</html>"),
        FaultAnswer::Empty => respond::bytes(200, "application/json", Body::empty()),
        FaultAnswer::Hang | FaultAnswer::DelayMillis(_) => {
            shared.stop.cancelled().await;
            respond::failure(Format::JSON, &ApiError::new(503, "ServiceUnavailable", "shutting down"))
        }
    })
}

async fn on_resource(request: &Admitted, route: Route, body: Body) -> Result<Response, ApiError> {
    let target = find_target(request, &route)?;
    if !target.resource.verbs().contains(&route.verb) {
        return Err(method_not_allowed(&target.resource));
    }
    match route.verb {
        "watch" => watch::watch(request, &target),
        "list" => read::list(request, &target),
        "get" => read::get(request, &target),
        "create" if route.name.is_empty() => write::create(request, target, body).await,
        "update" | "patch" if route.name.is_empty() => Err(ApiError::bad_request("name must be provided")),
        "update" => write::update(request, target, body).await,
        "patch" => write::patch(request, target, body).await,
        "delete" if !target.status => write::delete(request, target, body).await,
        "deletecollection" => write::delete_collection(request, &target, body).await,
        _ => Err(method_not_allowed(&target.resource)),
    }
}

fn method_not_allowed(resource: &Resource) -> ApiError {
    let message = "the server does not allow this method on the requested resource";
    ApiError::method_not_allowed(resource.by_plural(), message)
}

/// The resource and object that a path names.
fn find_target(request: &Admitted, route: &Route) -> Result<Target, ApiError> {
    let found = request.shared.state.lock().registry.find(&route.group, &route.version, &route.resource);
    let builtin = discovery::is_builtin(&route.group, &route.version);
    let missing = || if builtin { ApiError::no_such_resource() } else { ApiError::not_served() };
    let resource = found.ok_or_else(missing)?;
    let across_namespaces = matches!(route.verb, "list" | "watch") && route.name.is_empty();
    let fits =
        resource.namespaced != route.namespace.is_empty() || (resource.namespaced && across_namespaces);
    if !fits {
        return Err(missing());
    }
    let status = match route.subresource.as_str() {
        "" => false,
        "status" if resource.has_status => true,
        _ if builtin => return Err(missing()),
        _ => return Err(ApiError::not_found(resource.by_plural(), &route.name)),
    };
    Ok(Target { resource, namespace: route.namespace.clone(), name: route.name.clone(), status })
}

fn elsewhere(request: &Admitted, path: &str) -> Result<Response, ApiError> {
    if !matches!(request.parts.method, Method::GET | Method::HEAD) {
        return Err(ApiError::not_served());
    }
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if matches!(segments.as_slice(), ["healthz" | "readyz" | "livez", ..]) {
        return Ok(respond::text(200, "ok"));
    }
    let state = request.shared.state.lock();
    let registry = &state.registry;
    let aggregated = request.format.shape == Shape::AggregatedDiscovery;
    let format = Format { encoding: request.format.encoding, shape: Shape::Object };
    let document = match segments.as_slice() {
        ["version"] => discovery::version(),
        ["api"] | ["apis"] if aggregated && format.encoding == Encoding::Json => {
            let document = discovery::aggregated(registry, segments.as_slice() == ["api"]);
            let kind = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
            return Ok(respond::bytes(200, kind, document.to_string()));
        }
        ["api"] => discovery::core_versions(),
        ["apis"] => discovery::groups(registry),
        ["apis", group] => discovery::group(registry, group).ok_or_else(ApiError::not_served)?,
        ["api", version] => discovery::resources(registry, "", version).ok_or_else(ApiError::not_served)?,
        ["apis", group, version] => {
            discovery::resources(registry, group, version).ok_or_else(ApiError::not_served)?
        }
        ["openapi", "v3"] => open_api::index(registry),
        ["openapi", "v3", "api", version] => {
            open_api::document(registry, "", version).ok_or_else(ApiError::not_served)?
        }
        ["openapi", "v3", "apis", group, version] => {
            open_api::document(registry, group, version).ok_or_else(ApiError::not_served)?
        }
        _ => return Err(ApiError::not_served()),
    };
    Ok(respond::value(200, format, &document))
}
