//! No wake-up is lost between threads: whatever was wished for last is what the last pass saw.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step of a test should stop it"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use messina_fault::Fault;
use messina_reconcile::{Loop, Next, Pass, Reconciler, Settings};
use tokio_util::sync::CancellationToken;

const KEYS: usize = 7;
const WISHES: u64 = 20_000;

#[derive(Default)]
struct Cell {
    wished: AtomicU64,
    seen: AtomicU64,
    busy: AtomicBool,
}

struct Cells([Cell; KEYS]);

impl Cells {
    fn cell(&self, key: usize) -> &Cell {
        self.0.get(key).expect("a key of the test")
    }
}

impl Reconciler for Cells {
    type Key = usize;
    type Desired = u64;
    type Observed = u64;
    type Plan = u64;

    async fn desired(&self, key: &usize) -> Result<u64, Fault> {
        assert!(!self.cell(*key).busy.swap(true, Ordering::SeqCst), "key {key} runs twice at a time");
        Ok(self.cell(*key).wished.load(Ordering::SeqCst))
    }

    async fn observe(&self, key: &usize, _: &u64) -> Result<u64, Fault> {
        tokio::task::yield_now().await;
        Ok(self.cell(*key).seen.load(Ordering::SeqCst))
    }

    fn plan(&self, desired: &u64, observed: &u64) -> Result<Option<u64>, Fault> {
        Ok((desired != observed).then_some(*desired))
    }

    async fn apply(&self, key: &usize, _: &u64, plan: u64) -> Result<(), Fault> {
        self.cell(*key).seen.store(plan, Ordering::SeqCst);
        Ok(())
    }

    async fn report(&self, key: &usize, _: Pass<'_, Self>) -> Next {
        self.cell(*key).busy.store(false, Ordering::SeqCst);
        Next::forget()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_wish_of_every_key_is_seen() {
    let cells = Arc::new(Cells(std::array::from_fn(|_| Cell::default())));
    let running = Loop::new(Arc::clone(&cells), Settings { workers: 3, ..Settings::default() });
    let (trigger, shutdown) = (running.handle(), CancellationToken::new());
    let running = tokio::spawn(running.run(shutdown.clone()));
    let wishers = (0..4).map(|offset| {
        let (cells, trigger) = (Arc::clone(&cells), trigger.clone());
        tokio::task::spawn_blocking(move || {
            for wish in 0..WISHES {
                let key = usize::try_from(wish + offset).expect("small") % KEYS;
                cells.cell(key).wished.fetch_add(1, Ordering::SeqCst);
                trigger.now(key, None);
            }
        })
    });
    for wisher in wishers.collect::<Vec<_>>() {
        wisher.await.expect("wishes");
    }
    let all_seen = async {
        while cells
            .0
            .iter()
            .any(|cell| cell.seen.load(Ordering::SeqCst) != cell.wished.load(Ordering::SeqCst))
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all_seen).await.expect("every last wish is seen");
    shutdown.cancel();
    running.await.expect("ends");
    let seen: u64 = cells.0.iter().map(|cell| cell.seen.load(Ordering::SeqCst)).sum();
    assert_eq!(seen, 4 * WISHES);
}
