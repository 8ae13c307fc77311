//! What is declared, made and listed again differs in nothing from what was declared: otherwise Messina
//! would write the same task for ever.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod harness;

use harness::{CLUSTER, Stand, start};
use messina_domain::plan::task::{Desired, Fate, Observed, Plan, plan};
use messina_domain::task::resolve::resolve;
use messina_domain::task::{Backup, Repair, Schedule, TaskDefinition, Work};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

fn words(all: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(all, 0..=most).prop_map(|some| some.into_iter().map(String::from).collect())
}

fn maybe(all: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    proptest::option::of(select(all).prop_map(String::from))
}

fn window() -> impl Strategy<Value = Vec<String>> {
    const WINDOWS: &[&[&str]] =
        &[&[], &["22:00", "05:30"], &["SAT-22:00", "sun-05:00"], &["1:00", "2:00", "13:00", "14:00"]];
    select(WINDOWS).prop_map(|points| points.iter().map(ToString::to_string).collect())
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let crons = &["0 23 * * SAT", "*/15 0-6 1,15 JAN-MAR ?", "30 0 23 * * *", "@daily", "@every 12h"];
    let starts =
        &["now", "now+1d2h", "2030-06-01T00:00:00Z", "2031-01-01T12:30:00.250+02:00", "2020-01-01T00:00:00Z"];
    (
        maybe(crons),
        window(),
        maybe(&["Europe/Warsaw", "America/New_York", "UTC"]),
        maybe(starts),
        maybe(&["7d", "24h", "90m"]),
        (proptest::option::of(0i64..=127), maybe(&["10m", "90s", "1h30m"]), any::<bool>()),
    )
        .prop_map(
            |(cron, window, timezone, start_date, interval, (num_retries, retry_wait, enabled))| {
                let timezone = timezone.filter(|_| cron.is_some() || !window.is_empty());
                let interval = interval.filter(|_| cron.is_none());
                let never = cron.is_none() && interval.is_none();
                let start_date = start_date.filter(|date| !(never && date.starts_with("2020")));
                Schedule { cron, window, timezone, start_date, interval, num_retries, retry_wait, enabled }
            },
        )
}

fn work() -> impl Strategy<Value = Work> {
    let keyspaces = &["orders", "users.*", "!system_traces"];
    let backup = (
        words(keyspaces, 3),
        select(&["s3:one", "gcs:two.three", "azure:f-o-u-r"][..]),
        words(&["100", "0"], 1),
        (proptest::option::of(0i64..=400), words(&["2"], 1), words(&["3"], 1)),
    )
        .prop_map(|(keyspace, location, rate_limit, (retention, snapshot_parallel, upload_parallel))| {
            let location = vec![location.to_owned()];
            Work::Backup(Backup {
                dc: vec![],
                keyspace,
                location,
                rate_limit,
                retention,
                snapshot_parallel,
                upload_parallel,
            })
        });
    let repair = (
        words(keyspaces, 3),
        maybe(&["0", "1", "0.5", "2.75", "100"]),
        proptest::option::of(0i64..=64),
        maybe(&["1GiB", "512MiB"]),
        (proptest::option::of(any::<bool>()), proptest::option::of(any::<bool>())),
    )
        .prop_map(
            |(keyspace, intensity, parallel, small_table_threshold, (fail_fast, ignore_down_hosts))| {
                Work::Repair(Repair {
                    dc: vec![],
                    keyspace,
                    fail_fast,
                    intensity,
                    parallel,
                    small_table_threshold,
                    host: None,
                    ignore_down_hosts,
                })
            },
        );
    prop_oneof![backup, repair]
}

fn definition() -> impl Strategy<Value = TaskDefinition> {
    (schedule(), work()).prop_map(|(schedule, work)| TaskDefinition {
        name: "the task".into(),
        schedule,
        work,
    })
}

fn desired(definition: &TaskDefinition, fate: Fate) -> Desired {
    Desired {
        task: resolve(definition),
        owner: "uid/prod/orders/task".into(),
        fate,
        has_run: false,
        now: start(),
    }
}

async fn look(stand: &Stand, desired: &Desired) -> Option<Plan> {
    let list = stand.tasks.list(CLUSTER).await.unwrap();
    plan(desired, &Observed::pick(&list, desired)).expect("a plan")
}

/// Carries out one plan after the other until there is none; answers how many there were.
async fn settle(stand: &Stand, desired: &Desired) -> usize {
    for steps in 0..4 {
        match look(stand, desired).await {
            None | Some(Plan::Release) => return steps,
            Some(Plan::Create(body)) => drop(stand.tasks.create(CLUSTER, &body).await.expect("created")),
            Some(Plan::Update { id, body, .. }) => {
                stand.tasks.replace(CLUSTER, id, &body).await.expect("updated")
            }
            Some(Plan::Delete { id }) => {
                let kind = kind_of(stand, id).await;
                stand.tasks.delete(CLUSTER, &kind, id).await.expect("deleted");
            }
            Some(Plan::Stop { id }) => {
                let kind = kind_of(stand, id).await;
                stand.tasks.stop(CLUSTER, &kind, id).await.expect("stopped");
                stand.manager.advance_clock(std::time::Duration::from_secs(60));
                stand.until(async |stand| (!is_active(stand, id).await).then_some(())).await;
            }
        }
    }
    panic!("does not settle: {:?}", look(stand, desired).await);
}

async fn kind_of(stand: &Stand, id: uuid::Uuid) -> messina_domain::manager::TaskKind {
    let list = stand.tasks.list(CLUSTER).await.unwrap();
    list.into_iter().find(|task| task.id == id).unwrap().body.kind
}

async fn is_active(stand: &Stand, id: uuid::Uuid) -> bool {
    stand.tasks.list(CLUSTER).await.unwrap().iter().any(|task| task.id == id && task.state.is_active())
}

#[test]
fn a_task_settles_after_one_write_and_after_one_more_when_it_changes() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let stand = runtime.block_on(Stand::with_cluster_and(|settings| settings.rate.per_second = 100_000));
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(definition(), definition()), |(first, mut second)| {
        if std::mem::discriminant(&first.work) != std::mem::discriminant(&second.work) {
            second.work = first.work.clone();
        }
        runtime.block_on(async {
            let created = settle(&stand, &desired(&first, Fate::Keep)).await;
            prop_assert_eq!(created, 1, "made once, and nothing to change afterwards");
            let changed = settle(&stand, &desired(&second, Fate::Keep)).await;
            prop_assert!(changed <= 1, "{} writes", changed);
            settle(&stand, &desired(&second, Fate::Remove)).await;
            prop_assert!(
                stand.tasks.list(CLUSTER).await.unwrap().iter().all(|task| task.body.name != "the task")
            );
            Ok(())
        })
    });
    outcome.unwrap();
}
