//! `PlanRegistrations`: what would be done next, and nothing is.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use messina_control_api::convert::{write_change, write_cluster_key, write_explanation};
use messina_control_api::registration::v1::PlannedRegistration;
use messina_domain::identity::ClusterKey;
use messina_domain::plan::registration::{Plan, plan};
use messina_fault::Fault;

use crate::registrar::{Registrar, Seen, decide};

/// How many clusters are looked at at once.
const AT_ONCE: usize = 8;

impl Registrar {
    /// The next step of every cluster that is not as declared.
    pub(crate) async fn plan_all(&self, keys: BTreeSet<ClusterKey>) -> Vec<PlannedRegistration> {
        let plans = stream::iter(keys).map(|key| async move {
            let plan = self.plan_one(&key).await;
            planned(&key, plan)
        });
        plans.buffered(AT_ONCE).filter_map(std::future::ready).collect().await
    }

    async fn plan_one(&self, key: &ClusterKey) -> Result<Option<Plan>, Fault> {
        let wanted = self.wanted(key).await?;
        let held = self.held(&wanted.desired).await?;
        let deletes = matches!(plan(&wanted.desired, &held), Ok(Some(Plan::Delete { .. })));
        let brake = if deletes {
            self.deletions.would(key, self.fleet.registrations(), self.clock.now()).err()
        } else {
            None
        };
        decide(&wanted.desired, &Seen { held, brake })
    }
}

fn planned(key: &ClusterKey, plan: Result<Option<Plan>, Fault>) -> Option<PlannedRegistration> {
    let (action, changes, held) = match plan {
        Ok(None) => return None,
        Ok(Some(plan)) => {
            let action = action(&plan);
            let changes = match &plan {
                Plan::Update { changes, .. } => changes.iter().map(write_change).collect(),
                _ => Vec::new(),
            };
            (action, changes, None)
        }
        Err(fault) => ("held", Vec::new(), Some(write_explanation(&fault))),
    };
    Some(PlannedRegistration { key: Some(write_cluster_key(key)), action: action.to_owned(), changes, held })
}

fn action(plan: &Plan) -> &'static str {
    match plan {
        Plan::ApplyObject(_) => "apply-object",
        Plan::DeleteObject { .. } => "delete-object",
        Plan::Create(_) => "create",
        Plan::Update { .. } => "update",
        Plan::Delete { .. } => "delete",
        Plan::Release => "release",
    }
}
