//! What is said about a registration on its object.

use messina_domain::condition::{self, AVAILABLE, Condition, Status};
use messina_domain::manager::ManagerCluster;
use messina_domain::names::reason;
use messina_domain::plan::is_owned;
use messina_domain::plan::registration::{Desired, needs_manager};
use messina_domain::registration::{Registration, RegistrationStatus};
use messina_fault::Fault;
use uuid::Uuid;

use crate::registrar::Seen;
use crate::wanted::Wanted;

/// Type of the mark on a cluster that looks like a part of a ring that nobody declared.
const POSSIBLE_RING_MEMBER: &str = "PossibleRingMember";

/// Faults whose message depends on the moment: the first one of a row stays.
const OUTAGES: [&str; 3] =
    [reason::MANAGER_UNAVAILABLE, reason::BROKER_UNREACHABLE, reason::WATCHER_UNREACHABLE];

/// Manager holds the cluster as declared.
pub(crate) fn registered(registration: &Registration, wanted: &Wanted, id: Uuid) -> RegistrationStatus {
    let message = format!("registered in ScyllaDB Manager as '{}'", registration.key.manager_name());
    RegistrationStatus {
        cluster_id: Some(id),
        conditions: marked(condition::settled(&message), wanted),
        token_fingerprint: wanted.fingerprint.clone(),
        last_error_class: String::new(),
        hint: String::new(),
        observed_generation: registration.generation,
    }
}

/// Something holds the cluster up.
pub(crate) fn held_up(
    registration: &Registration,
    fault: &Fault,
    wanted: Option<&Wanted>,
    seen: Option<&Seen>,
) -> RegistrationStatus {
    let before = &registration.status;
    let in_force = in_force(before, wanted, seen);
    let conditions = condition::held_up(fault, in_force.is_some());
    let status = RegistrationStatus {
        cluster_id: in_force,
        conditions: match wanted {
            Some(wanted) => marked(conditions, wanted),
            None => conditions,
        },
        token_fingerprint: before.token_fingerprint.clone().filter(|_| in_force.is_some()),
        last_error_class: fault.class().to_owned(),
        hint: fault.detail().hint.clone(),
        observed_generation: registration.generation,
    };
    if OUTAGES.contains(&fault.reason()) && same_outage(before, &status) { before.clone() } else { status }
}

/// Id under which Manager holds something of ours; what was known before where nobody could look.
fn in_force(before: &RegistrationStatus, wanted: Option<&Wanted>, seen: Option<&Seen>) -> Option<Uuid> {
    match (wanted, seen) {
        (Some(Wanted { desired, .. }), Some(seen)) if needs_manager(desired) => {
            ours(desired, seen).map(|held| held.id)
        }
        _ => before.cluster_id.filter(|_| condition::is_true(&before.conditions, AVAILABLE)),
    }
}

/// What Manager holds under our id, if it is ours.
pub(crate) fn ours<'a>(desired: &Desired, seen: &'a Seen) -> Option<&'a ManagerCluster> {
    let owner = desired.key.owner(&desired.home.kube_system_uid);
    seen.held.by_id.as_ref().filter(|held| is_owned(&held.labels, &owner))
}

fn marked(mut conditions: Vec<Condition>, wanted: &Wanted) -> Vec<Condition> {
    if wanted.possible_ring_member() {
        conditions.push(Condition::new(
            POSSIBLE_RING_MEMBER,
            Status::True,
            reason::POSSIBLE_RING_MEMBER,
            "spec.externalSeeds names nodes elsewhere, but no Ring and no RingMember names this cluster, so it is \
             registered on its own; if it is part of a ring, declare the Ring at its home and a RingMember here",
        ));
    }
    conditions
}

/// Whether two statuses differ in nothing but their words.
fn same_outage(before: &RegistrationStatus, now: &RegistrationStatus) -> bool {
    let gist = |status: &RegistrationStatus| -> Vec<_> {
        let conditions = status.conditions.iter();
        conditions.map(|each| (each.kind.clone(), each.status, each.reason.clone())).collect()
    };
    gist(before) == gist(now)
        && before.cluster_id == now.cluster_id
        && before.last_error_class == now.last_error_class
        && before.observed_generation == now.observed_generation
}
