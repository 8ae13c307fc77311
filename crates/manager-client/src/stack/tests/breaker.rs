use std::sync::atomic::AtomicBool;

use messina_domain::names::reason;
use tokio::time::{advance, sleep, timeout};

use super::*;

/// Manager is up while the flag is set.
fn switched(settings: &Settings) -> (ManagerClient, Arc<AtomicUsize>, Arc<AtomicBool>) {
    let up = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&up);
    let (client, calls) = client(settings, move |_| {
        let up = state.load(Ordering::SeqCst);
        async move { if up { reply(200, "[]") } else { refused() } }
    });
    (client, calls, up)
}

/// Fails until the circuit is open.
async fn open(client: &ManagerClient) {
    for _ in 0..5 {
        client.clusters().list().await.unwrap_err();
    }
    assert!(client.outage().is_some());
}

#[tokio::test(start_paused = true)]
async fn opens_after_five_failures_and_says_since_when() {
    let (client, calls, _) = switched(&settings());
    // Three attempts of one read, then the first two of the next.
    let first = client.clusters().list().await.unwrap_err();
    assert!(first.to_string().contains("connection refused"), "{first}");
    assert!(client.outage().is_none());
    client.clusters().list().await.unwrap_err();
    assert_eq!(count(&calls), 5);

    let fault = client.tasks().list(CLUSTER).await.unwrap_err();
    assert_eq!(count(&calls), 5, "refused without a call");
    assert_eq!((fault.class(), fault.reason()), ("transient", reason::MANAGER_UNAVAILABLE));
    assert!(fault.to_string().contains("since 2026-11-22T19:50:00Z: connection refused"), "{fault}");
    assert!(fault.to_string().contains("http://manager.test:5080"), "{fault}");
    let pause = fault.detail().retry_after.unwrap();
    assert!(pause > Duration::from_millis(690) && pause <= Duration::from_millis(1100), "{pause:?}");
    // Word for word the same later: conditions that quote it must not change with every look.
    sleep(Duration::from_millis(300)).await;
    assert_eq!(client.outage().unwrap().to_string(), fault.to_string());
}

#[tokio::test(start_paused = true)]
async fn pauses_double_up_to_the_longest_and_one_answer_closes_it() {
    let (client, calls, up) = switched(&settings());
    open(&client).await;
    // Some of the first pause is over: the read that opened it paused before it gave up.
    for expected in [0.85, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
        let pause = client.outage().unwrap().detail().retry_after.unwrap().as_secs_f64();
        assert!((pause / expected - 1.0).abs() <= 0.31, "{pause} instead of about {expected}");
        advance(Duration::from_secs_f64(pause + 0.001)).await;
        // The probe fails and is not repeated: the circuit is open again.
        let before = count(&calls);
        client.clusters().list().await.unwrap_err();
        assert_eq!(count(&calls), before + 1);
    }
    up.store(true, Ordering::SeqCst);
    advance(Duration::from_secs(34)).await;
    assert!(client.clusters().list().await.unwrap().is_empty());
    assert!(client.outage().is_none());
}

#[tokio::test(start_paused = true)]
async fn only_one_call_probes_and_one_that_is_given_up_makes_room() {
    let slow = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&slow);
    let (client, calls) = client(&settings(), move |_| {
        let slow = state.load(Ordering::SeqCst);
        async move {
            if slow {
                sleep(Duration::from_secs(5)).await;
                return reply(200, "[]");
            }
            refused()
        }
    });
    open(&client).await;
    slow.store(true, Ordering::SeqCst);
    advance(Duration::from_secs(2)).await;
    let before = count(&calls);

    let clusters = client.clusters();
    let probe = timeout(Duration::from_secs(1), clusters.list());
    let other = async {
        sleep(MOMENT).await;
        client.clusters().list().await.unwrap_err()
    };
    let (given_up, refused) = tokio::join!(probe, other);
    assert!(given_up.is_err());
    assert_eq!(refused.reason(), reason::MANAGER_UNAVAILABLE);
    assert_eq!(count(&calls), before + 1);

    assert!(client.clusters().list().await.is_ok(), "the next one may probe at once");
    assert!(client.outage().is_none());
}

#[tokio::test(start_paused = true)]
async fn slow_writes_do_not_open_it_and_slow_reads_do() {
    let (client, calls) = client(&settings(), |_| async {
        sleep(Duration::from_secs(3600)).await;
        reply(200, "")
    });
    for _ in 0..10 {
        let fault = client.clusters().delete(CLUSTER).await.unwrap_err();
        assert!(fault.to_string().contains("did not answer within 90s"), "{fault}");
        assert!(fault.to_string().contains("may have been done"), "{fault}");
    }
    assert!(client.outage().is_none());
    assert_eq!(count(&calls), 10, "a write is never repeated");
    for _ in 0..5 {
        let fault = client.clusters().get(CLUSTER).await.unwrap_err();
        assert!(fault.to_string().contains("within 10s"), "{fault}");
    }
    assert!(client.outage().is_some());
    assert_eq!(count(&calls), 15, "a read that timed out is not repeated");
}

#[tokio::test(start_paused = true)]
async fn an_explained_error_is_an_answer_and_an_unexplained_one_is_not() {
    let (explaining, _) =
        client(&settings(), |_| async { reply(500, r#"{"message":"gocql: no hosts","trace_id":"t"}"#) });
    let (crashing, _) = client(&settings(), |_| async { reply(500, "") });
    let (hidden, calls) = client(&settings(), |_| async { reply(503, "<html>no upstream</html>") });
    for _ in 0..5 {
        assert_eq!(explaining.clusters().list().await.unwrap_err().reason(), reason::MANAGER_UNAVAILABLE);
        assert_eq!(crashing.clusters().delete(CLUSTER).await.unwrap_err().reason(), reason::MANAGER_GARBAGE);
    }
    assert!(explaining.outage().is_none());
    assert!(crashing.outage().is_none(), "one handler of Manager may crash");
    for _ in 0..5 {
        crashing.clusters().list().await.unwrap_err();
    }
    assert!(crashing.outage().is_some());

    let fault = hidden.clusters().list().await.unwrap_err();
    assert_eq!((fault.reason(), count(&calls)), (reason::MANAGER_UNAVAILABLE, 3));
    hidden.clusters().list().await.unwrap_err();
    assert!(hidden.outage().unwrap().to_string().contains("503"), "{:?}", hidden.outage());
}

#[tokio::test(start_paused = true)]
async fn what_queued_before_it_opened_is_refused_too() {
    let mut settings = settings();
    settings.concurrency = 1;
    settings.breaker.failures = 1;
    let (client, calls) = client(&settings, |_| async {
        sleep(Duration::from_secs(3600)).await;
        reply(200, "[]")
    });
    let attempts: Vec<_> = (0..20)
        .map(|_| {
            let clusters = client.clusters();
            tokio::spawn(async move { clusters.list().await.unwrap_err() })
        })
        .collect();
    let began = tokio::time::Instant::now();
    for attempt in attempts {
        assert_eq!(attempt.await.unwrap().reason(), reason::MANAGER_UNAVAILABLE);
    }
    assert_eq!(count(&calls), 1);
    assert!(began.elapsed() < Duration::from_secs(11), "{:?}", began.elapsed());
}
