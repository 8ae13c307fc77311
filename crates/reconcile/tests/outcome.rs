//! What a pass is told, and what happens when it panics.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod desk;

use std::sync::Arc;
use std::time::Duration;

use desk::{Ending, Step, Told, World, assert_near, settings, settled, transient};
use messina_reconcile::{Next, Settings};
use parking_lot::Mutex;

fn told(key: u8) -> Told {
    Told { key, desired: true, observed: true, changed: false, reason: None, cause: None }
}

#[tokio::test(start_paused = true)]
async fn report_hears_how_far_the_pass_got() {
    let world = World::new(settings());
    let table = [
        (settled(), told(1)),
        (Ending::Applied(Next::resync()), Told { changed: true, ..told(1) }),
        (transient(), Told { observed: false, reason: Some("Down"), ..told(1) }),
    ];
    for (ending, expected) in table {
        world.trigger.now(1, None);
        assert_eq!(world.begun().await, [1]);
        world.end(1, ending).await;
        assert_eq!(world.told(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_transient_fault_and_the_loop_goes_on() {
    let panicked = Some("Panicked");
    let table = [
        (Step::Desired, Told { desired: false, observed: false, reason: panicked, ..told(1) }),
        (Step::Observe, Told { observed: false, reason: panicked, ..told(1) }),
        (Step::Plan, Told { reason: panicked, ..told(1) }),
        (Step::Apply, Told { changed: true, reason: panicked, ..told(1) }),
        (Step::Report, told(1)),
    ];
    let world = World::new(settings());
    for (failures, (step, expected)) in table.into_iter().enumerate() {
        world.trigger.now(1, None);
        assert_eq!(world.begun().await, [1]);
        world.trigger.now(2, None);
        assert_eq!(world.begun().await, [2], "the other worker");
        world.end(1, Ending::Panic(step)).await;
        assert_eq!(world.told(), expected, "{step:?}");
        assert_near(world.pause().await, Duration::from_millis(500 << failures), step);
        world.end(2, settled()).await;
        world.end(1, Ending::Panic(Step::Report)).await;
        world.trigger.now(1, None);
        assert_eq!(world.begun().await, [1]);
        // The count of failures is set to what the next row expects.
        world.end(1, settled()).await;
        for _ in 0..=failures {
            world.trigger.now(1, None);
            assert_eq!(world.begun().await, [1]);
            world.end(1, transient()).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_cause_of_a_pass_is_kept_and_names_its_span() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let span: messina_reconcile::MakeSpan = Arc::new(move |key, cause| {
        record.lock().push((key.to_string(), cause.map(str::to_owned)));
        tracing::Span::none()
    });
    let world = World::new(Settings { span, ..settings() });
    world.trigger.now(1, None);
    world.trigger.now(1, Some("first".to_owned()));
    world.trigger.now(1, Some("second".to_owned()));
    assert_eq!(world.begun().await, [1]);
    world.trigger.now(1, Some("during".to_owned()));
    world.trigger.now(1, Some("later".to_owned()));
    world.end(1, settled()).await;
    assert_eq!(world.told().cause.as_deref(), Some("first"));
    world.end(1, Ending::Settled(Next::after(Duration::from_secs(1)))).await;
    assert_eq!(world.told().cause.as_deref(), Some("during"));
    world.pause().await;
    world.pause().await;
    world.end(1, settled()).await;
    assert_eq!(world.told().cause, None, "a resync has no cause");
    let expected =
        [Some("first"), Some("during"), None].map(|cause| ("1".to_owned(), cause.map(str::to_owned)));
    assert_eq!(*seen.lock(), expected);
}
