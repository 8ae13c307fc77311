//! Run state reaches the ScyllaCluster by the road that fights nobody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod stand;

use messina_control_api::watch::v1::FeedbackRoad;
use messina_domain::feedback::Mode;
use stand::{CLUSTER, Stand, backup, condition, repair, until};

const OPERATOR: &str = "scylla-operator (linux";

async fn with(mode: Mode, prepare: impl FnOnce(&Stand)) -> Stand {
    let mut stand = Stand::new().await;
    stand.config.feedback = mode;
    stand.cluster(CLUSTER, vec![backup("daily"), repair("weekly")]).await;
    prepare(&stand);
    stand.start().await;
    stand.settled(CLUSTER, 2).await;
    stand
}

fn published(stand: &Stand) -> Option<(bool, String, String)> {
    condition(&stand.kube.backup("daily"), "FeedbackPublished")
}

#[tokio::test]
async fn directly_where_nobody_else_writes() {
    let stand = with(Mode::Auto, |_| {}).await;
    until("the next activation is told", || {
        let feedbacks = stand.kube.feedbacks();
        feedbacks.last().is_some_and(|it| {
            it.entries.iter().all(|entry| {
                entry.status.as_ref().unwrap().next_activation.is_some() && entry.error.is_empty()
            })
        })
    })
    .await;
    let last = stand.kube.feedbacks().pop().unwrap();
    assert_eq!((last.road(), last.name.as_str(), last.entries.len()), (FeedbackRoad::Direct, CLUSTER, 2));
    let names: Vec<_> = last.entries.iter().map(|entry| entry.definition.clone().unwrap().name).collect();
    assert_eq!(names, ["daily", "weekly"]);
    assert!(published(&stand).unwrap().0);
    stand.assert_quiet().await;
}

#[tokio::test]
async fn not_at_all_where_another_writer_is() {
    let edit =
        |stand: &Stand| stand.kube.edit_cluster(CLUSTER, |it| it.status_managers = vec![OPERATOR.into()]);
    let stand = with(Mode::Auto, edit).await;
    until("the tasks say so", || published(&stand).is_some()).await;
    let (published, reason, message) = published(&stand).unwrap();
    assert_eq!((published, reason.as_str()), (false, "StatusOwnedByOthers"));
    assert!(message.contains(OPERATOR), "{message}");
    stand.assert_quiet().await;
    assert!(stand.kube.feedbacks().is_empty());
}

#[tokio::test]
async fn by_the_operators_road_without_a_loop() {
    let prepare = |stand: &Stand| {
        stand.kube.edit_cluster(CLUSTER, |it| it.status_managers = vec![OPERATOR.into()]);
        stand.kube.operator_task("daily", CLUSTER);
    };
    let stand = with(Mode::Auto, prepare).await;
    until("the missing one is said", || {
        let task = stand.kube.entry(CLUSTER, &messina_domain::manager::TaskKind::Repair, "weekly").unwrap();
        condition(&task, "FeedbackPublished").is_some_and(|it| !it.0 && it.2.contains("no task object"))
    })
    .await;
    assert!(published(&stand).unwrap().0);
    assert_eq!(stand.kube.feedbacks().last().unwrap().road(), FeedbackRoad::Operator);
    // The Operator's object for the other entry comes.
    let before = stand.kube.feedbacks().len();
    stand.kube.operator_task("weekly", CLUSTER);
    until("it is sent again", || stand.kube.feedbacks().len() > before).await;
    until("it gets through", || {
        let task = stand.kube.entry(CLUSTER, &messina_domain::manager::TaskKind::Repair, "weekly").unwrap();
        condition(&task, "FeedbackPublished").unwrap().0
    })
    .await;
    // The Operator rewrites the whole status again and again: nobody answers.
    stand.polls(3).await;
    let before = stand.kube.writes().len();
    for round in 0..20 {
        stand.kube.edit_cluster(CLUSTER, |cluster| {
            cluster.available_nodes = 3 + round % 2;
            cluster.status_managers = vec![OPERATOR.into(), format!("kubectl-{round}")];
        });
        stand.polls(1).await;
    }
    assert_eq!(stand.kube.writes()[before..], []);
}

#[tokio::test]
async fn a_status_that_somebody_changes_back_is_left_to_him() {
    let stand = with(Mode::Direct, |_| {}).await;
    stand.polls(4).await;
    let before = stand.kube.writes().len();
    for round in 0..10 {
        stand.kube.edit_cluster(CLUSTER, |it| it.status_managers = vec![format!("flux-{round}")]);
        stand.polls(1).await;
    }
    assert_eq!(stand.kube.writes()[before..], []);
}

#[tokio::test]
async fn off_is_off_and_says_nothing() {
    let stand = with(Mode::Off, |_| {}).await;
    stand.polls(3).await;
    assert!(stand.kube.feedbacks().is_empty() && published(&stand).is_none());
}

#[tokio::test]
async fn operator_without_its_objects_says_so() {
    let stand = with(Mode::Operator, |_| {}).await;
    until("the tasks say so", || {
        published(&stand).is_some_and(|it| !it.0 && it.2.contains("no task object"))
    })
    .await;
    assert!(stand.kube.feedbacks().is_empty());
}
