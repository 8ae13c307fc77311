//! How gRPC bytes travel. Plain text never leaves the machine.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::Uri;

use crate::config_error::ConfigErrors;

/// How gRPC bytes travel between two processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// Plain text that stays on this machine, asked for by `--insecure-loopback`.
    PlainLoopback,
    // mTLS becomes the second variant; every match on this enum is then a place to look at.
}

/// A gRPC server that may be called. Only [`peer`] makes one, so that no channel can leave the machine
/// in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    url: Uri,
    transport: Transport,
}

impl Peer {
    /// Where the server is.
    pub fn url(&self) -> &Uri {
        &self.url
    }

    /// How to talk to it.
    pub fn transport(&self) -> Transport {
        self.transport
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

const INSECURE: &str = "--insecure-loopback";
const NO_TLS: &str = "TLS is not in this release yet";

/// Decides how a gRPC server may listen; what is not allowed goes to `errors`.
pub fn listener(addr: SocketAddr, insecure_loopback: bool, errors: &mut ConfigErrors) -> Option<Transport> {
    if !is_loopback(addr.ip()) {
        let remedy = format!("listen on a loopback address, such as 127.0.0.1:{}: {NO_TLS}", addr.port());
        errors.add("--listen", addr, "gRPC in plain text would leave this machine", remedy);
        return None;
    }
    plain(insecure_loopback, "--listen", &addr, errors)
}

/// Decides how a gRPC server may be called; what is not allowed goes to `errors`. `flag` is where the
/// URL came from.
pub fn peer(flag: &str, url: &Uri, insecure_loopback: bool, errors: &mut ConfigErrors) -> Option<Peer> {
    match (url.scheme_str(), url.host()) {
        (Some("http"), Some(host)) if is_loopback_name(host) => {
            let transport = plain(insecure_loopback, flag, url, errors)?;
            return Some(Peer { url: url.clone(), transport });
        }
        (Some("http"), Some(_)) => {
            let remedy = format!("name a server on a loopback address: {NO_TLS}");
            errors.add(flag, url, "gRPC in plain text would leave this machine", remedy);
        }
        (Some("https"), Some(_)) => {
            let remedy = format!("use http:// with a loopback address and {INSECURE}");
            errors.add(flag, url, NO_TLS, remedy);
        }
        _ => errors.add(flag, url, "not the URL of a gRPC server", "write http://HOST:PORT"),
    }
    None
}

/// [`peer`] of a URL as it was written.
pub fn peer_at(flag: &str, text: &str, insecure_loopback: bool, errors: &mut ConfigErrors) -> Option<Peer> {
    match text.parse::<Uri>() {
        Ok(url) => peer(flag, &url, insecure_loopback, errors),
        Err(error) => {
            errors.add(flag, text, format!("not a URL: {error}"), "write http://HOST:PORT");
            None
        }
    }
}

fn plain(
    insecure_loopback: bool,
    flag: &str,
    value: &dyn fmt::Display,
    errors: &mut ConfigErrors,
) -> Option<Transport> {
    if !insecure_loopback {
        let remedy = format!("add {INSECURE} to allow it on this machine: {NO_TLS}");
        errors.add(flag, value, "plain text has to be asked for", remedy);
        return None;
    }
    Some(Transport::PlainLoopback)
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn is_loopback_name(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests;
