use messina_domain::manager::TaskKind;
use parking_lot::Mutex;
use tokio::time::{sleep, timeout};

use super::*;
use crate::{CallClass, CallObserver, ObservedCall};

#[derive(Default)]
struct Seen(Mutex<Vec<ObservedCall>>);

impl CallObserver for Seen {
    fn ended(&self, call: &ObservedCall) {
        self.0.lock().push(call.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_is_seen_once_with_its_route_and_class() {
    let seen = Arc::new(Seen::default());
    let mut settings = settings();
    settings.observer = Some(Arc::clone(&seen) as Arc<dyn CallObserver>);
    let (client, _) = client(&settings, |request: http::Request<Bytes>| async move {
        match (request.method().as_str(), request.uri().path()) {
            ("GET", "/api/v1/clusters") => refused(),
            ("GET", path) if path.ends_with("/tasks") => reply(200, "null"),
            ("GET", _) => Err(TransportError::TooLarge),
            ("DELETE", _) => reply(404, r#"{"message":"get resource: x"}"#),
            _ => {
                sleep(Duration::from_secs(2)).await;
                reply(500, r#"{"message":"x"}"#)
            }
        }
    });
    let task = Uuid::from_u128(9);
    client.tasks().list(CLUSTER).await.unwrap();
    client.clusters().delete(CLUSTER).await.unwrap();
    client.tasks().stop(CLUSTER, &TaskKind::Repair, task).await.unwrap_err();
    client.clusters().get(CLUSTER).await.unwrap_err();
    timeout(Duration::from_secs(1), client.tasks().stop(CLUSTER, &TaskKind::Repair, task)).await.unwrap_err();
    client.clusters().list().await.unwrap_err();
    client.clusters().list().await.unwrap_err();

    let seen: Vec<_> = seen.0.lock().iter().map(|c| (c.method, c.route, c.write, c.class)).collect();
    let stop = "/cluster/{cluster}/task/{type}/{task}/stop";
    assert_eq!(
        seen,
        [
            ("GET", "/cluster/{cluster}/tasks", false, CallClass::Success),
            ("DELETE", "/cluster/{cluster}", true, CallClass::ClientError),
            ("PUT", stop, true, CallClass::ServerError),
            ("GET", "/cluster/{cluster}", false, CallClass::Unreadable),
            ("PUT", stop, true, CallClass::Cancelled),
            ("GET", "/clusters", false, CallClass::Unreachable),
            ("GET", "/clusters", false, CallClass::Unreachable),
            ("GET", "/clusters", false, CallClass::Unreachable),
            ("GET", "/clusters", false, CallClass::Unreachable),
            ("GET", "/clusters", false, CallClass::Unreachable),
            ("GET", "/clusters", false, CallClass::CircuitOpen),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_trace_context_goes_along_and_an_impossible_one_stops_nothing() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    for text in ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "line\nbreak"] {
        let mut settings = settings();
        settings.traceparent = Some(Arc::new(move || Some(text.to_owned())));
        let sent = Arc::clone(&sent);
        let (client, _) = client(&settings, move |request: http::Request<Bytes>| {
            let header = request.headers().get("traceparent").map(|value| value.to_str().unwrap().to_owned());
            sent.lock().push(header);
            async { reply(200, "[]") }
        });
        client.clusters().list().await.unwrap();
    }
    let expected = [Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()), None];
    assert_eq!(*sent.lock(), expected);
}
