//! Says what came of a pass: statuses, events, feedback, log lines, metrics.

use std::time::Duration;

use messina_domain::identity::ClusterKey;
use messina_domain::manager::RunState;
use messina_domain::names::reason;
use messina_fault::Fault;
use messina_reconcile::Next;
use tokio::time::Instant;

use crate::account::{Account, accounts};
use crate::events;
use crate::fleet::Datacenter;
use crate::reconciler::{Done, Seen, Wanted};
use crate::status::held_by;
use crate::sync::TaskSync;

/// Pause before saying again what could not be said.
const SAY_AGAIN: Duration = Duration::from_secs(5);

impl TaskSync {
    /// Says what came of a pass, and answers when to look again.
    pub(crate) async fn tell(&self, key: &ClusterKey, wanted: &Wanted, seen: &Seen) -> Next {
        let Ok(datacenter) = self.fleet.datacenter(&key.datacenter) else { return Next::resync() };
        let mut accounts = accounts(wanted, seen);
        let feedback = self.give_feedback(key, wanted, &mut accounts).await;
        let mut said = feedback.inspect_err(|fault| tracing::warn!(%fault, "feedback not sent")).is_ok();
        let mut news = Vec::new();
        for account in &accounts {
            self.note_convergence(key, account);
            news.extend(events::of_action(account));
            news.extend(self.held_up_news(key, account));
            match self.write_status(datacenter, account).await {
                Ok(true) => news.extend(self.run_news(account)),
                Ok(false) => {}
                Err(fault) => {
                    tracing::warn!(task = account.object.key.name, %fault, "status not written");
                    said = false;
                }
            }
        }
        if !news.is_empty()
            && let Err(fault) = datacenter.writer.record(news).await
        {
            // Events are a courtesy; the statuses say the same.
            tracing::warn!(%fault, "events not recorded");
        }
        self.forget_the_gone(key, &accounts);
        Next::after(self.pause(&accounts, said))
    }

    /// Writes a status unless it is there already; answers whether it was written.
    async fn write_status(&self, datacenter: &Datacenter, account: &Account<'_>) -> Result<bool, Fault> {
        match &account.status {
            Some(status) if *status != account.object.status => {
                datacenter.writer.report(account.object, status, false).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn run_news(&self, account: &Account<'_>) -> Vec<messina_control_api::watch::v1::Event> {
        let Some(status) = &account.status else { return Vec::new() };
        let runs = events::ended_runs(&account.object.status, status);
        for run in &runs {
            self.metrics.run_ended(run.state);
            let task = account.object.key.name.as_str();
            if run.state == RunState::Error {
                tracing::warn!(task, run = %run.id, cause = run.cause, "run failed");
            } else {
                tracing::info!(task, run = %run.id, "run succeeded");
            }
        }
        runs.into_iter().map(|run| events::of_run(account.object, run)).collect()
    }

    /// Says once what newly holds a task up, or that nothing does any more.
    fn held_up_news(
        &self,
        key: &ClusterKey,
        account: &Account<'_>,
    ) -> Option<messina_control_api::watch::v1::Event> {
        account.status.as_ref()?;
        let (object, name) = (account.object, account.object.key.name.clone());
        let now = account.fault.as_ref().map(Fault::reason).unwrap_or_default();
        let before = self.memories.of(key, |memory| memory.held.insert(name, now.to_owned()));
        let before = before.unwrap_or_else(|| held_by(&object.status).to_owned());
        if before == now {
            return None;
        }
        let Some(fault) = &account.fault else {
            tracing::info!(task = object.key.name, was = before, "as declared again");
            return None;
        };
        tracing::info!(task = object.key.name, class = fault.class(), %fault, "held up");
        events::of_fault(object, fault)
    }

    /// How long it took from the first look at a task that was not as declared until it was.
    fn note_convergence(&self, key: &ClusterKey, account: &Account<'_>) {
        let name = account.object.key.name.clone();
        let settled = account.fault.is_none();
        let acted = account.done.is_some();
        let since = self.memories.of(key, |memory| match settled {
            true => memory.unsettled.remove(&name),
            false => {
                memory.unsettled.entry(name).or_insert_with(Instant::now);
                None
            }
        });
        if settled && (since.is_some() || acted) {
            self.metrics.converged(since.map(|since| since.elapsed()).unwrap_or_default());
        }
    }

    fn forget_the_gone(&self, key: &ClusterKey, accounts: &[Account<'_>]) {
        let there = |name: &str| accounts.iter().any(|account| account.object.key.name == name);
        self.memories.of(key, |memory| {
            memory.held.retain(|name, _| there(name));
            memory.unsettled.retain(|name, _| there(name));
        });
    }

    fn pause(&self, accounts: &[Account<'_>], said: bool) -> Duration {
        let stopping = |account: &Account<'_>| {
            account.fault.as_ref().is_some_and(|fault| fault.reason() == reason::TASK_RUNNING)
        };
        if accounts.iter().any(|account| matches!(account.done, Some(Done::Deleted))) {
            return Duration::ZERO;
        }
        if accounts.iter().any(stopping) {
            return self.config.stop_interval();
        }
        if accounts.iter().any(Account::is_active) {
            return self.config.busy_interval();
        }
        let pause = self.poll_pause();
        if said { pause } else { pause.min(SAY_AGAIN) }
    }
}
