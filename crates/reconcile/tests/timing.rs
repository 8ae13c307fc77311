//! When keys run: the guarantees of the crate one by one, on paused time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod desk;

use std::time::Duration;

use desk::{Ending, MS, World, assert_near, settings, settled, transient};
use messina_fault::Fault;
use messina_reconcile::{Jitter, Next, Passes, Settings};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn many_changes_during_a_pass_cause_exactly_one_more() {
    let world = World::new(settings());
    world.trigger.now(1, None);
    assert_eq!(world.begun().await, [1]);
    for _ in 0..100 {
        world.trigger.now(1, None);
        world.trigger.after(1, MS);
    }
    assert!(world.begun().await.is_empty(), "a key runs at most once at a time");
    world.end(1, settled()).await;
    assert_eq!(world.begun().await, [1]);
    world.end(1, settled()).await;
    world.pass_time(299 * SECOND).await;
    assert!(world.begun().await.is_empty(), "nothing more until the resync");
    assert_eq!(world.pause().await.as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn transient_faults_back_off_exponentially_and_a_success_resets() {
    let world = World::new(settings());
    world.trigger.now(1, None);
    assert_eq!(world.begun().await, [1]);
    for (failures, millis) in
        [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000].iter().enumerate()
    {
        world.end(1, transient()).await;
        assert_near(world.pause().await, Duration::from_millis(*millis), failures);
    }
    world.end(1, settled()).await;
    world.trigger.now(1, None);
    assert_eq!(world.begun().await, [1]);
    world.end(1, transient()).await;
    assert_near(world.pause().await, 500 * MS, "after a success");
}

#[tokio::test(start_paused = true)]
async fn a_change_ends_a_backoff_at_once_and_keeps_its_count() {
    let world = World::new(settings());
    world.trigger.now(1, None);
    assert_eq!(world.begun().await, [1]);
    for _ in 0..5 {
        world.end(1, transient()).await;
        world.trigger.now(1, None);
        assert_eq!(world.begun().await, [1], "at once");
    }
    world.end(1, transient()).await;
    assert_near(world.pause().await, 16 * SECOND, "five failures before");
}

#[tokio::test(start_paused = true)]
async fn every_outcome_has_its_interval() {
    let detail = |fault: Fault| Ending::Failed(fault, Next::resync());
    let soon = |fault: Fault| Ending::Failed(fault, Next::after(3 * SECOND));
    let table = [
        (settled(), 300 * SECOND),
        (Ending::Applied(Next::resync()), 300 * SECOND),
        (Ending::Settled(Next::after(7 * SECOND)), 7 * SECOND),
        (Ending::Applied(Next::after(7 * SECOND)), 7 * SECOND),
        (detail(Fault::waiting("AwaitingToken", "none")), 30 * SECOND),
        (soon(Fault::waiting("AwaitingToken", "none")), 3 * SECOND),
        (detail(Fault::rejected("InvalidCron", "bad")), 300 * SECOND),
        (soon(Fault::rejected("InvalidCron", "bad")), 3 * SECOND),
        (detail(Fault::transient("Busy", "429").after(9 * SECOND)), 9 * SECOND),
        (soon(Fault::transient("Busy", "429").after(2 * SECOND)), 2 * SECOND),
        (detail(Fault::waiting("AwaitingToken", "none").after(40 * SECOND)), 40 * SECOND),
        (detail(Fault::waiting("AwaitingToken", "none").after(2 * SECOND)), 30 * SECOND),
    ];
    for (ending, pause) in table {
        let world = World::new(settings());
        world.trigger.now(1, None);
        assert_eq!(world.begun().await, [1]);
        let what = format!("{ending:?}");
        world.end(1, ending).await;
        assert_near(world.pause().await, pause, what);
    }
}

#[tokio::test(start_paused = true)]
async fn an_earlier_look_wins_and_a_later_one_changes_nothing() {
    let world = World::new(settings());
    world.trigger.after(1, 10 * SECOND);
    world.trigger.after(1, 20 * SECOND);
    assert_near(world.pause().await, 10 * SECOND, "later one ignored");
    world.trigger.after(1, 2 * SECOND);
    world.end(1, settled()).await;
    assert_near(world.pause().await, 2 * SECOND, "asked for during the pass");
    world.end(1, settled()).await;
    world.trigger.after(1, 5 * SECOND);
    assert_near(world.pause().await, 5 * SECOND, "before the resync");
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_key_sleeps_until_it_is_wanted_again() {
    let world = World::new(settings());
    world.trigger.now(1, None);
    assert_eq!(world.begun().await, [1]);
    world.end(1, Ending::Settled(Next::forget())).await;
    assert_eq!(world.trigger.stats().waiting, 0);
    world.pass_time(3_600 * SECOND).await;
    assert!(world.begun().await.is_empty());
    world.trigger.now(1, None);
    assert_eq!(world.begun().await, [1]);
    world.trigger.forget(&1);
    world.end(1, settled()).await;
    world.trigger.after(2, SECOND);
    world.trigger.forget(&2);
    world.pass_time(3_600 * SECOND).await;
    assert!(world.begun().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wish_during_the_pass_outlives_its_forgetting() {
    let world = World::new(settings());
    world.trigger.now(1, None);
    assert_eq!(world.begun().await, [1]);
    world.trigger.now(1, None);
    world.end(1, Ending::Settled(Next::forget())).await;
    assert_eq!(world.begun().await, [1], "a change came in");
    world.trigger.after(1, 4 * SECOND);
    world.end(1, Ending::Settled(Next::forget())).await;
    assert_near(world.pause().await, 4 * SECOND, "a look was asked for");
    world.trigger.forget(&1);
    world.trigger.now(1, None);
    world.end(1, settled()).await;
    assert_eq!(world.begun().await, [1], "wanted again after it was forgotten");
    world.trigger.now(1, None);
    world.trigger.forget(&1);
    world.end(1, settled()).await;
    world.pass_time(3_600 * SECOND).await;
    assert!(world.begun().await.is_empty(), "forgotten after it was wanted");
}

#[tokio::test(start_paused = true)]
async fn a_hot_key_does_not_starve_the_others() {
    let world = World::new(Settings { workers: 1, ..settings() });
    (0..5).for_each(|key| world.trigger.now(key, None));
    let mut order = Vec::new();
    for _ in 0..10 {
        let begun = world.begun().await;
        let [key] = begun[..] else { panic!("one worker: {begun:?}") };
        order.push(key);
        world.trigger.now(0, None);
        world.end(key, settled()).await;
    }
    assert_eq!(order, [0, 1, 2, 3, 4, 0, 0, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn resync_and_backoff_are_jittered_by_the_seed() {
    let mut pauses = Vec::new();
    for seed in [1, 2, 1] {
        let world = World::new(Settings { jitter: Jitter::seeded(seed), ..settings() });
        world.trigger.now(1, None);
        assert_eq!(world.begun().await, [1]);
        world.end(1, settled()).await;
        let resync = world.pause().await;
        assert!((270..=330).contains(&resync.as_secs()), "{resync:?}");
        for _ in 0..8 {
            world.end(1, transient()).await;
            world.pause().await;
        }
        world.end(1, transient()).await;
        let backoff = world.pause().await;
        assert!(backoff <= 60 * SECOND + 5 * MS, "{backoff:?}");
        pauses.push((resync, backoff));
    }
    assert_eq!(pauses[0], pauses[2]);
    assert_ne!(pauses[0], pauses[1]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_starts_nothing_and_gives_running_passes_their_grace() {
    let world = World::new(settings());
    (0..3).for_each(|key| world.trigger.now(key, None));
    assert_eq!(world.begun().await, [0, 1]);
    world.shutdown.cancel();
    world.end(0, settled()).await;
    assert!(world.begun().await.is_empty(), "key 2 never starts");
    world.pass_time(4 * SECOND).await;
    assert!(!world.running.is_finished(), "key 1 has its grace");
    world.pass_time(SECOND).await;
    assert!(world.running.is_finished(), "and no more than that");
    world.trigger.now(7, None);
    let stats = world.trigger.stats();
    assert_eq!((stats.queued, stats.running, stats.waiting), (0, 0, 0), "a dead loop collects nothing");
    assert_eq!(stats.passes.settled, 1);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_as_soon_as_the_last_pass_does() {
    let world = World::new(settings());
    world.trigger.now(1, None);
    assert_eq!(world.begun().await, [1]);
    world.shutdown.cancel();
    world.end(1, transient()).await;
    assert!(world.running.is_finished());
    assert_eq!(world.trigger.stats().passes.transient, 1);
}

#[tokio::test(start_paused = true)]
async fn stats_say_where_every_key_is() {
    let world = World::new(settings());
    (0..4).for_each(|key| world.trigger.now(key, None));
    world.trigger.after(9, 60 * SECOND);
    assert_eq!(world.begun().await, [0, 1]);
    world.pass_time(10 * SECOND).await;
    let stats = world.trigger.stats();
    assert_eq!((stats.queued, stats.running, stats.waiting), (2, 2, 1));
    assert_near(stats.oldest_queued_age.expect("two are queued"), 10 * SECOND, "age");
    world.end(0, settled()).await;
    world.end(1, Ending::Failed(Fault::waiting("A", "b"), Next::resync())).await;
    world.end(2, Ending::Failed(Fault::rejected("A", "b"), Next::resync())).await;
    world.end(3, transient()).await;
    let stats = world.trigger.stats();
    assert_eq!((stats.queued, stats.running, stats.waiting), (0, 0, 5));
    assert_eq!(stats.oldest_queued_age, None);
    assert_eq!(stats.passes, Passes { settled: 1, transient: 1, waiting: 1, rejected: 1 });
    assert_eq!(stats.passes.total(), 4);
}
