//! k8s-watcher against API servers: the embedded one, and a real one where there is one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed step of a test should stop it, and a skip should be loud"
)]

mod feed;
mod harness;
mod process;
mod refusals;
mod writer;

/// Runs one scenario on the embedded API server, and once more on a real one.
macro_rules! on_both_grounds {
    ($($name:ident in $module:ident;)*) => {
        mod on_the_embedded_server {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                crate::$module::$name(crate::harness::embedded().await).await;
            })*
        }
        mod on_a_real_server {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let Some(stage) = crate::harness::real(stringify!($name)).await else { return };
                crate::$module::$name(stage).await;
            })*
        }
    };
}

on_both_grounds! {
    a_stranger_sees_the_snapshot_and_then_changes in feed;
    an_object_that_cannot_be_read_stops_nothing in feed;
    labels_of_a_namespace_decide in feed;
    a_deletion_is_confirmed_with_its_uid in feed;
    objects_are_written_reported_and_released in writer;
    a_removal_is_proved_before_it_is_acted_on in writer;
    only_what_an_entry_declared_is_deleted in writer;
    feedback_reaches_the_status_and_leaves_it in writer;
    feedback_through_the_operators_objects in writer;
    an_older_report_does_not_win in writer;
}
