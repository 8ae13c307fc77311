use messina_domain::manager::TaskKind;
use tokio::time::{Instant, sleep};

use super::*;

/// How many calls run at once, and the most there were.
#[derive(Clone, Default)]
struct Crowd {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Crowd {
    async fn stay(self, time: Duration) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        sleep(time).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

fn crowded(settings: &Settings) -> (ManagerClient, Crowd) {
    let crowd = Crowd::default();
    let inside = crowd.clone();
    let (client, _) = client(settings, move |request: http::Request<Bytes>| {
        let inside = inside.clone();
        async move {
            inside.stay(Duration::from_secs(1)).await;
            reply(200, if request.method() == http::Method::GET { "[]" } else { "" })
        }
    });
    (client, crowd)
}

/// Runs `calls` at once and answers how long it took.
async fn all<F: Future<Output = ()> + Send + 'static>(calls: impl IntoIterator<Item = F>) -> Duration {
    let began = Instant::now();
    let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    for call in calls {
        call.await.unwrap();
    }
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn writes_to_one_cluster_take_turns_and_reads_do_not_wait_for_them() {
    let (client, crowd) = crowded(&settings());
    let write = |cluster, id| {
        let tasks = client.tasks();
        async move { tasks.stop(cluster, &TaskKind::Repair, Uuid::from_u128(id)).await.unwrap() }
    };
    let took = all((0..5).map(|id| write(CLUSTER, id))).await;
    assert_eq!((took.as_secs(), crowd.most()), (5, 1));

    let took = all([write(CLUSTER, 1), write(OTHER, 1), write(Uuid::from_u128(3), 1)]).await;
    assert_eq!((took.as_secs(), crowd.most()), (1, 3));

    let read = |cluster| {
        let tasks = client.tasks();
        async move { assert!(tasks.list(cluster).await.unwrap().is_empty()) }
    };
    let took = all([read(CLUSTER), read(CLUSTER), read(CLUSTER), read(CLUSTER)]).await;
    assert_eq!((took.as_secs(), crowd.most()), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn no_more_than_so_many_at_once() {
    let mut settings = settings();
    settings.concurrency = 4;
    let (client, crowd) = crowded(&settings);
    let read = || {
        let clusters = client.clusters();
        async move { assert!(clusters.list().await.unwrap().is_empty()) }
    };
    let took = all((0..12).map(|_| read())).await;
    assert_eq!((took.as_secs(), crowd.most()), (3, 4));
}

#[tokio::test(start_paused = true)]
async fn writes_that_wait_for_their_turn_take_no_place_from_others() {
    let mut settings = settings();
    settings.concurrency = 2;
    let (client, _) = crowded(&settings);
    let began = Instant::now();
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            let clusters = client.clusters();
            tokio::spawn(async move { clusters.delete(CLUSTER).await })
        })
        .collect();
    sleep(MOMENT).await;
    assert!(client.clusters().list().await.unwrap().is_empty());
    assert_eq!(began.elapsed().as_secs(), 1);
    for write in waiting {
        write.await.unwrap().unwrap();
    }
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_rate_holds_in_the_long_run_and_a_burst_passes() {
    let mut settings = settings();
    settings.rate.per_second = 10;
    settings.rate.burst = 5;
    let (client, calls) = client(&settings, |_| async { reply(200, "[]") });
    let began = Instant::now();
    for _ in 0..5 {
        client.clusters().list().await.unwrap();
    }
    assert_eq!(began.elapsed().as_millis(), 0);
    for _ in 0..20 {
        client.clusters().list().await.unwrap();
    }
    let took = began.elapsed().as_millis();
    assert!((2_000..2_050).contains(&took), "{took}");
    sleep(Duration::from_secs(10)).await;
    let began = Instant::now();
    for _ in 0..5 {
        client.clusters().list().await.unwrap();
    }
    assert_eq!(began.elapsed().as_millis(), 0, "credit comes back, but no more than a burst");
    client.clusters().list().await.unwrap();
    assert!(began.elapsed().as_millis() >= 99);
    assert_eq!(count(&calls), 31);
}
