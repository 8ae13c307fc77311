//! The stack over a transport in memory, on paused time.

mod breaker;
mod limits;
mod observing;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tower::service_fn;
use uuid::Uuid;

use crate::{AnswerBody, ManagerClient, Settings, TransportError};

type Reply = Result<http::Response<AnswerBody>, TransportError>;

const CLUSTER: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn settings() -> Settings {
    Settings::new(
        "http://manager.test:5080",
        Arc::new(|| "2026-11-22T19:50:00.9Z".parse::<Timestamp>().unwrap()),
    )
}

fn reply(status: u16, body: &str) -> Reply {
    Ok(http::Response::builder().status(status).body(AnswerBody::new(body.as_bytes().to_vec())).unwrap())
}

fn refused() -> Reply {
    Err(TransportError::Unreachable("connection refused".into()))
}

/// A client whose calls are answered by `answer`, and how many of them got so far.
fn client<F, A>(settings: &Settings, answer: F) -> (ManagerClient, Arc<AtomicUsize>)
where
    F: Fn(http::Request<Bytes>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Reply> + Send + 'static,
{
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let transport = service_fn(move |request| {
        counter.fetch_add(1, Ordering::SeqCst);
        answer(request)
    });
    (ManagerClient::with_transport(settings, transport).unwrap(), calls)
}

fn count(calls: &AtomicUsize) -> usize {
    calls.load(Ordering::SeqCst)
}

/// Long enough for any pause of a retry, too short for the breaker's first.
const MOMENT: Duration = Duration::from_millis(1);
