//! Creating, changing and deleting clusters.

use uuid::Uuid;

use super::State;
use crate::{
    error::ApiError,
    model::{Cluster, ParsedCluster, Task, TaskKey, TaskType},
    schedule::{Cron, Schedule, Zone},
};

/// A request that passed the checks that come before the agents are asked.
pub struct Admission {
    parsed: ParsedCluster,
    creates: bool,
}

/// The cron of the health checks that come with a cluster.
pub(crate) const HEALTH_CHECK_CRON: &str = "* * * * *";
const WEEKLY_REPAIR_CRON: &str = "0 23 * * SAT";
/// What the server calls its own zone in the tasks it makes.
const SERVER_ZONE: &str = "Etc/UTC";

impl State {
    /// Finds a cluster by id or, failing that, by name.
    ///
    /// # Errors
    /// 404, or 500 when several share the name.
    pub fn cluster(&self, id_or_name: &str) -> Result<&Cluster, ApiError> {
        let context = format!("load cluster {id_or_name:?}");
        if let Ok(id) = Uuid::parse_str(id_or_name) {
            return self.clusters.get(&id).ok_or_else(|| ApiError::not_found(context));
        }
        match self.named(id_or_name) {
            Ok(Some(cluster)) => Ok(cluster),
            Ok(None) => Err(ApiError::not_found(context)),
            Err(error) => Err(error.context(&context)),
        }
    }

    fn named(&self, name: &str) -> Result<Option<&Cluster>, ApiError> {
        let mut found = self.clusters.values().filter(|cluster| !name.is_empty() && cluster.name == name);
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            _ => Err(ApiError::internal(format!("multiple clusters share the same name {name:?}"))),
        }
    }

    /// The part of a create or an update that comes before the agents are asked. Between this and
    /// [`State::put_cluster`] others may do the same, which is how names come to be taken twice.
    ///
    /// # Errors
    /// 400 for what the request says, 500 when its name is ambiguous already.
    pub fn admit_cluster(&self, mut parsed: ParsedCluster, check_name: bool) -> Result<Admission, ApiError> {
        if parsed.cluster.id.is_nil() {
            parsed.cluster.id = Uuid::new_v4();
        }
        parsed.validate()?;
        let cluster = &parsed.cluster;
        if check_name && self.named(&cluster.name)?.is_some_and(|taken| taken.id != cluster.id) {
            return Err(ApiError::invalid(format!("name {:?} is already taken", cluster.name)));
        }
        let creates = !self.clusters.contains_key(&cluster.id);
        Ok(Admission { parsed, creates })
    }

    /// Whether the agents have to be asked: only when there is something new about how to reach them.
    pub fn needs_agents(&self, admission: &Admission) -> bool {
        let new = &admission.parsed.cluster;
        self.clusters.get(&new.id).is_none_or(|old| {
            (&old.host, old.port, &old.auth_token) != (&new.host, new.port, &new.auth_token)
        })
    }

    /// Stores an admitted cluster, after asking the agents if needed. A new one gets its tasks.
    ///
    /// # Errors
    /// 500 when the agents do not answer.
    pub fn put_cluster(&mut self, admission: Admission) -> Result<ParsedCluster, ApiError> {
        let needs_agents = self.needs_agents(&admission);
        let Admission { parsed, creates } = admission;
        let mut row = parsed.cluster.clone();
        let old = self.clusters.get(&row.id);
        row.labels = row.labels.filter(|labels| !labels.is_empty());
        row.known_hosts = old.map(|old| old.known_hosts.clone()).unwrap_or_default();
        if needs_agents {
            row.known_hosts = self.agents.check(&row.host, &row.known_hosts, &row.auth_token)?;
        }
        // Secrets that were not sent stay as they are; everything else is replaced.
        if let Some(old) = old {
            row.cql = row.cql.or_else(|| old.cql.clone());
            row.alternator = row.alternator.or_else(|| old.alternator.clone());
        }
        row.tls_identity = parsed.cluster.tls_identity || old.is_some_and(|old| old.tls_identity);
        let id = row.id;
        self.clusters.insert(id, row);
        self.touch();
        if creates {
            self.create_default_tasks(id, parsed.without_repair);
        }
        Ok(parsed)
    }

    fn create_default_tasks(&mut self, cluster: Uuid, without_repair: bool) {
        let mut wanted: Vec<_> = ["cql", "rest", "alternator"]
            .map(|mode| {
                (TaskType::HealthCheck, mode, HEALTH_CHECK_CRON, format!("{{\"mode\":\"{mode}\"}}"), 0)
            })
            .into();
        if !without_repair {
            wanted.push((TaskType::Repair, "all-weekly", WEEKLY_REPAIR_CRON, "{}".to_owned(), 3));
        }
        for (kind, name, cron, properties, num_retries) in wanted {
            let mut task = Task::empty(TaskKey { cluster, kind, id: Uuid::nil() });
            task.name = name.to_owned();
            task.enabled = true;
            task.properties = serde_json::value::RawValue::from_string(properties).ok();
            task.schedule = Schedule {
                cron: Cron::parse(cron).unwrap_or_default(),
                timezone: Zone::parse(SERVER_ZONE).unwrap_or_default(),
                num_retries,
                ..Schedule::default()
            };
            if let Err(error) = self.create_task(task, true) {
                tracing::error!(?error, name, "a default task could not be created");
            }
        }
    }

    /// Removes a cluster and (softly) its tasks. Runs go on, out of sight.
    pub fn delete_cluster(&mut self, id: Uuid) {
        self.clusters.remove(&id);
        self.suspensions.remove(&id);
        for key in self.keys_of(id) {
            self.delete_task(key);
        }
        self.touch();
    }

    /// Removes stored secrets, of those kinds that are asked for.
    pub fn delete_secrets(&mut self, id: Uuid, cql: bool, alternator: bool, tls: bool) {
        if let Some(cluster) = self.clusters.get_mut(&id) {
            cluster.cql = cluster.cql.take().filter(|_| !cql);
            cluster.alternator = cluster.alternator.take().filter(|_| !alternator);
            cluster.tls_identity &= !tls;
        }
        self.touch();
    }
}

impl Admission {
    /// The contact point that is going to be asked.
    pub fn host(&self) -> &str {
        &self.parsed.cluster.host
    }

    /// The id under which the cluster is going to be stored.
    pub fn id(&self) -> Uuid {
        self.parsed.cluster.id
    }
}
