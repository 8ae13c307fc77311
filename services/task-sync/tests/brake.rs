//! Many deletions at once are more likely a mistake than a wish.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod stand;

use messina_control_api::task::v1::ConfirmTaskDeletionsRequest;
use stand::{Stand, backup, condition, reason, repair, until};

const CLUSTERS: usize = 10;

/// Ten clusters of five tasks.
async fn fifty() -> Stand {
    let mut stand = Stand::new().await;
    stand.config.poll_interval = std::time::Duration::from_millis(500);
    for cluster in 0..CLUSTERS {
        let entries = ["a", "b", "c", "d"].iter().map(|name| backup(name)).chain([repair("e")]).collect();
        stand.cluster(&name(cluster), entries).await;
    }
    stand.start().await;
    for cluster in 0..CLUSTERS {
        stand.settled(&name(cluster), 5).await;
    }
    stand
}

fn name(cluster: usize) -> String {
    format!("c{cluster}")
}

fn left(stand: &Stand) -> (usize, usize) {
    let objects = (0..CLUSTERS).map(|cluster| stand.kube.tasks_of(&name(cluster)).len()).sum();
    let tasks = (0..CLUSTERS).map(|cluster| stand.tasks_of(&name(cluster)).len()).sum();
    (objects, tasks)
}

#[tokio::test]
async fn ten_of_fifty_pass_the_eleventh_freezes_and_a_person_thaws() {
    let stand = fifty().await;
    for cluster in 0..CLUSTERS {
        stand.kube.edit_cluster(&name(cluster), |it| it.repairs.clear());
    }
    until("ten are gone", || left(&stand) == (40, 40)).await;
    stand.kube.edit_cluster(&name(0), |it| it.backups.truncate(2));
    until("the freeze is said on both", || {
        let frozen = |it: &&messina_domain::task::TaskObject| reason(it) == "DeletionFrozen";
        stand.kube.tasks_of(&name(0)).iter().filter(frozen).count() == 2
    })
    .await;
    stand.polls(20).await;
    assert_eq!(left(&stand), (40, 40));
    let frozen = stand.kube.tasks_of(&name(0)).into_iter().find(|it| reason(it) == "DeletionFrozen").unwrap();
    assert!(condition(&frozen, "Available").unwrap().2.contains("confirm-deletions"));
    until("an event warns", || {
        stand.kube.events(&frozen.key.name).iter().any(|it| it.0 && it.1 == "DeletionFrozen")
    })
    .await;
    let shown = async || stand.admin("/metrics").await.1.contains("messina_task_sync_deletions_frozen 1");
    while !shown().await {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Other work goes on meanwhile.
    stand.kube.edit_cluster(&name(1), |it| it.repairs.push(repair("new")));
    stand.settled(&name(1), 5).await;
    let confirmed =
        stand.api().confirm_task_deletions(ConfirmTaskDeletionsRequest {}).await.unwrap().into_inner();
    assert!(confirmed.confirmed >= 2, "{confirmed:?}");
    until("they go", || left(&stand) == (39, 39)).await;
}

#[tokio::test]
async fn tasks_that_go_with_their_cluster_do_not_count() {
    let stand = fifty().await;
    for cluster in 0..3 {
        stand.kube.register(&name(cluster), |registration| registration.deleting = true);
    }
    until("fifteen are gone", || left(&stand) == (35, 35)).await;
}

#[tokio::test]
async fn a_frozen_deletion_whose_entry_comes_back_is_forgotten() {
    let stand = fifty().await;
    for cluster in 0..3 {
        stand.kube.edit_cluster(&name(cluster), |it| it.backups.clear());
    }
    until("the freeze is said", || {
        (0..3)
            .flat_map(|cluster| stand.kube.tasks_of(&name(cluster)))
            .any(|it| reason(&it) == "DeletionFrozen")
    })
    .await;
    for cluster in 0..3 {
        let entries = ["a", "b", "c", "d"].iter().map(|name| backup(name)).collect();
        stand.kube.edit_cluster(&name(cluster), |it| it.backups = entries);
    }
    for cluster in 0..3 {
        stand.settled(&name(cluster), 5).await;
    }
    let confirmed =
        stand.api().confirm_task_deletions(ConfirmTaskDeletionsRequest {}).await.unwrap().into_inner();
    stand.polls(20).await;
    assert_eq!(left(&stand), (50, 50), "{confirmed:?}");
}

#[tokio::test]
async fn registrations_deleted_by_hand_do_not_take_the_tasks_of_a_fleet_along() {
    let stand = fifty().await;
    // `kubectl delete mreg --all`: registration's own brake would come after the tasks.
    for cluster in 0..CLUSTERS {
        stand.kube.register(&name(cluster), |registration| registration.deleting = true);
    }
    until("the freeze is said", || {
        (0..CLUSTERS).any(|cluster| {
            stand.kube.tasks_of(&name(cluster)).iter().any(|it| reason(it) == "DeletionFrozen")
        })
    })
    .await;
    stand.polls(10).await;
    let (_, tasks) = left(&stand);
    assert!(tasks >= 35, "at most the three clusters that are always believed: {tasks} tasks of 50 are left");
}
