//! The address of Manager's API.

use reqwest::Url;

use crate::settings::ConfigError;

/// Path of the API when the address names none.
const DEFAULT_PATH: &str = "/api/v1";

/// The address under which all routes lie, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    /// Reads the address as it was configured.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let remedy = "write it like http://scylla-manager.example:5080";
        let url = Url::parse(text).map_err(|why| {
            ConfigError::new(format!("the address of Manager cannot be read: {why}"), remedy)
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ConfigError::new(format!("'{}' is neither http nor https", url.scheme()), remedy));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ConfigError::new(
                "the address of Manager holds credentials",
                "Manager takes none; remove them",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ConfigError::new("the address of Manager holds a query or a fragment", remedy));
        }
        let path = match url.path().trim_end_matches('/') {
            "" => DEFAULT_PATH,
            path => path,
        };
        Ok(Self(format!("{}{path}", url.origin().ascii_serialization())))
    }

    /// Whether calls go over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The address of one call.
    pub(crate) fn join(&self, path: &str, query: &str) -> String {
        if query.is_empty() { format!("{}{path}", self.0) } else { format!("{}{path}?{query}", self.0) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_kept_and_a_missing_one_filled_in() {
        for (given, expected) in [
            ("http://m:5080", "http://m:5080/api/v1/clusters"),
            ("http://m:5080/", "http://m:5080/api/v1/clusters"),
            ("https://m/manager/api/v1/", "https://m/manager/api/v1/clusters"),
            ("http://[::1]:5080", "http://[::1]:5080/api/v1/clusters"),
            ("HTTP://M:80", "http://m/api/v1/clusters"),
        ] {
            assert_eq!(BaseUrl::parse(given).unwrap().join("/clusters", ""), expected, "{given}");
        }
        assert_eq!(BaseUrl::parse("http://m").unwrap().join("/x", "all=true"), "http://m/api/v1/x?all=true");
    }

    #[test]
    fn what_cannot_work_is_explained() {
        for (bad, said) in [
            ("", "cannot be read"),
            ("scylla-manager:5080", "neither http nor https"),
            ("ftp://m", "neither http nor https"),
            ("http://admin:hunter2@m", "credentials"),
            ("http://m?x=1", "query"),
        ] {
            let error = BaseUrl::parse(bad).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("hunter2"), "{bad}: {error}");
        }
    }
}
