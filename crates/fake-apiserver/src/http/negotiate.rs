//! The form in which a client wants its answer.

use http::HeaderMap;
use http::header::ACCEPT;

use crate::error::ApiError;

/// Encoding of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// What is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The object itself.
    Object,
    /// Rows for people.
    Table,
    /// Metadata alone.
    Partial,
    /// Discovery of everything in one document.
    AggregatedDiscovery,
}

/// The wanted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Encoding.
    pub encoding: Encoding,
    /// Content.
    pub shape: Shape,
}

impl Format {
    /// Plain JSON.
    pub const JSON: Self = Self { encoding: Encoding::Json, shape: Shape::Object };

    /// The first form in the `Accept` header that is served; aggregated discovery only where it exists.
    ///
    /// # Errors
    /// None of them is.
    pub fn of(headers: &HeaderMap, discovery: bool) -> Result<Self, ApiError> {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accept.trim().is_empty() {
            return Ok(Self::JSON);
        }
        let mut forms = accept.split(',').filter_map(parse);
        let served = |form: &Self| discovery || form.shape != Shape::AggregatedDiscovery;
        forms.find(served).ok_or_else(|| {
            let message = "only the following media types are accepted: application/json, application/yaml";
            ApiError::new(406, "NotAcceptable", message)
        })
    }
}

fn parse(range: &str) -> Option<Format> {
    let mut parts = range.split(';').map(str::trim);
    let encoding = match parts.next()? {
        "application/json" | "*/*" | "application/*" => Encoding::Json,
        "application/yaml" => Encoding::Yaml,
        _ => return None,
    };
    let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
    let get = |name: &str| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let shape = match (get("as"), get("g"), get("v")) {
        (None, ..) => Shape::Object,
        (Some("Table"), Some("meta.k8s.io"), Some("v1" | "v1beta1")) => Shape::Table,
        (Some("PartialObjectMetadata" | "PartialObjectMetadataList"), Some("meta.k8s.io"), Some("v1")) => {
            Shape::Partial
        }
        (Some("APIGroupDiscoveryList"), Some("apidiscovery.k8s.io"), Some("v2")) => {
            Shape::AggregatedDiscovery
        }
        _ => return None,
    };
    Some(Format { encoding, shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(accept: &str) -> Result<Format, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        Format::of(&headers, false)
    }

    #[test]
    fn the_first_served_form_wins() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(format(kubectl).unwrap().shape, Shape::Table);
        assert_eq!(format("application/vnd.kubernetes.protobuf,application/json").unwrap(), Format::JSON);
        assert_eq!(format("application/yaml").unwrap().encoding, Encoding::Yaml);
        assert_eq!(format("application/json;as=Nope;v=v1;g=meta.k8s.io").unwrap_err().code, 406);
    }
}
