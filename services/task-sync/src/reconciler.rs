//! One pass over one cluster with all its tasks.

use std::collections::BTreeMap;

use messina_domain::identity::ClusterKey;
use messina_domain::manager::ManagerTask;
use messina_domain::plan::entries::Step;
use messina_domain::plan::task::Plan;
use messina_fault::Fault;
use messina_reconcile::{Next, Pass, Reconciler};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::decide::{decide, more_urgent};
use crate::desired::Desired;
use crate::status::{News, has_news, presentable};
use crate::sync::TaskSync;

/// What is declared, and what becomes of it in the course of the pass.
pub(crate) struct Wanted {
    pub(crate) desired: Desired,
    /// How each action went, by name of the object.
    pub(crate) done: Mutex<BTreeMap<String, Result<Done, Fault>>>,
    /// Why a task object could not be written, by its name.
    pub(crate) refused: Mutex<BTreeMap<String, Fault>>,
}

/// What is, as far as it could be found out.
pub(crate) struct Seen {
    /// Manager's tasks, or why they are not known.
    pub(crate) held: Result<Vec<ManagerTask>, Fault>,
    /// What was read beyond the list, by name of the object.
    pub(crate) news: BTreeMap<String, News>,
}

/// Everything to do in one pass.
pub(crate) struct ClusterPlan {
    pub(crate) steps: Vec<Step>,
    pub(crate) tasks: Vec<(String, Plan)>,
    /// The most urgent of the faults that hold tasks up.
    pub(crate) held_up: Option<Fault>,
}

/// An action that was carried out.
#[derive(Debug, Clone)]
pub(crate) enum Done {
    Created(Uuid),
    Updated,
    Stopping,
    Deleted,
    Released,
}

impl Reconciler for TaskSync {
    type Key = ClusterKey;
    type Desired = Wanted;
    type Observed = Seen;
    type Plan = ClusterPlan;

    async fn desired(&self, key: &ClusterKey) -> Result<Wanted, Fault> {
        let mut desired = self.look(key)?;
        self.ask_brake(&mut desired);
        Ok(Wanted { desired, done: Mutex::default(), refused: Mutex::default() })
    }

    /// Never fails as a whole: that Manager is out of reach concerns the tasks one by one, and their objects
    /// go on.
    async fn observe(&self, key: &ClusterKey, wanted: &Wanted) -> Result<Seen, Fault> {
        let desired = &wanted.desired;
        if desired.tasks.is_empty() {
            return Ok(Seen { held: Ok(Vec::new()), news: BTreeMap::new() });
        }
        let id = match desired.cluster_id() {
            Ok(id) => id,
            Err(fault) => return Ok(Seen { held: Err(fault), news: BTreeMap::new() }),
        };
        let (held, fresh) = self.held(key, desired, id).await;
        let news = self.news(desired, &held, (id, fresh)).await;
        Ok(Seen { held, news })
    }

    fn plan(&self, wanted: &Wanted, seen: &Seen) -> Result<Option<ClusterPlan>, Fault> {
        let desired = &wanted.desired;
        let (mut tasks, mut held_up) = (Vec::new(), None);
        for decision in decide(desired, &seen.held) {
            match decision.next {
                Ok(Some(plan)) => tasks.push((decision.name, plan)),
                Ok(None) => {}
                Err(fault) => held_up = Some(more_urgent(held_up, fault)),
            }
        }
        for fault in seen.news.values().filter_map(|news| news.failed.clone()) {
            held_up = Some(more_urgent(held_up, fault));
        }
        let steps = desired.steps();
        match (steps.is_empty() && tasks.is_empty(), held_up) {
            (true, Some(fault)) => Err(fault),
            (true, None) => Ok(None),
            (false, held_up) => Ok(Some(ClusterPlan { steps, tasks, held_up })),
        }
    }

    async fn apply(&self, key: &ClusterKey, wanted: &Wanted, plan: ClusterPlan) -> Result<(), Fault> {
        let ClusterPlan { steps, tasks, mut held_up } = plan;
        for step in steps {
            if let Err(fault) = self.take_step(&wanted.desired, &step).await {
                let (Step::Apply { name, .. } | Step::Delete { name, .. }) = step;
                wanted.refused.lock().insert(name, fault.clone());
                held_up = Some(more_urgent(held_up, fault));
            }
        }
        for (name, plan) in tasks {
            let done = self.carry_out(key, &wanted.desired, (&name, plan)).await;
            if let Err(fault) = &done {
                held_up = Some(more_urgent(held_up, fault.clone()));
            }
            wanted.done.lock().insert(name, done);
        }
        held_up.map_or(Ok(()), Err)
    }

    async fn report(&self, key: &ClusterKey, pass: Pass<'_, Self>) -> Next {
        let (Some(wanted), Some(seen)) = (pass.desired, pass.observed) else {
            return Next::after(self.poll_pause());
        };
        if wanted.desired.is_empty() {
            self.memories.forget(key);
            return Next::forget();
        }
        self.tell(key, wanted, seen).await
    }
}

impl TaskSync {
    /// What Manager holds, and whether it was asked just now. A recent list will do for everything but a
    /// change to what is there: Manager fills in what was left out when a task was made, its start date
    /// among it, and a change has to send that back.
    async fn held(
        &self,
        key: &ClusterKey,
        desired: &Desired,
        id: Uuid,
    ) -> (Result<Vec<ManagerTask>, Fault>, bool) {
        let changes = |held: &Result<Vec<ManagerTask>, Fault>| {
            let plans = decide(desired, held).into_iter().filter_map(|decision| decision.next.ok().flatten());
            plans.fuse().any(|plan| !matches!(plan, Plan::Create(_) | Plan::Release))
        };
        match self.list(key, id).await {
            Ok((held, fresh)) if fresh || !changes(&Ok(held.clone())) => (Ok(held), fresh),
            Ok(_) => {
                self.memories.of(key, |memory| memory.distrust());
                (self.list(key, id).await.map(|(held, _)| held), true)
            }
            Err(fault) => (Err(fault), true),
        }
    }

    /// Reads runs and progress of those tasks for which the status does not say yet what the list says.
    async fn news(
        &self,
        desired: &Desired,
        held: &Result<Vec<ManagerTask>, Fault>,
        (cluster, fresh): (Uuid, bool),
    ) -> BTreeMap<String, News> {
        let mut all = BTreeMap::new();
        for (decision, object) in decide(desired, held).iter().zip(&desired.tasks) {
            let Some(current) = &decision.current else { continue };
            let known_to_run = current.state.is_active() && current.state == object.status.state;
            if !has_news(current, &object.status) || (known_to_run && !fresh) {
                continue;
            }
            all.insert(decision.name.clone(), self.news_of(cluster, current).await);
        }
        all
    }

    async fn news_of(&self, cluster: Uuid, task: &ManagerTask) -> News {
        let mut news = News::default();
        let kept = u8::try_from(messina_domain::task::object::KEPT_RUNS).unwrap_or(u8::MAX);
        match self.manager.history(cluster, &task.body.kind, task.id, kept).await {
            Ok(runs) => news.runs = Some(runs.into_iter().map(presentable).collect()),
            Err(fault) => news.failed = Some(fault),
        }
        if task.state.is_active() {
            match self.manager.progress(cluster, &task.body.kind, task.id).await {
                Ok(progress) => news.progress = Some(progress.and_then(|progress| progress.percent)),
                Err(fault) => news.failed = Some(fault),
            }
        }
        news
    }
}
