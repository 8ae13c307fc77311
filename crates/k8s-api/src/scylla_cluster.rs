//! `ScyllaCluster` of the ScyllaDB Operator: read only, and only what a decision needs.

use messina_domain::task::TaskDefinition;
use serde::Deserialize;

use crate::options::{BackupOptions, RepairOptions, ScheduleOptions};

/// The part of `spec` that Messina reads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    backups: Vec<Named<BackupOptions>>,
    repairs: Vec<Named<RepairOptions>>,
    external_seeds: Vec<String>,
    datacenter: Datacenter,
}

#[derive(Clone, Debug, Deserialize)]
struct Named<T> {
    #[serde(default)]
    name: String,
    #[serde(flatten)]
    options: T,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Datacenter {
    racks: Vec<Rack>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rack {
    scylla_agent_config: Option<String>,
}

/// The part of `status` that Messina reads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    available_members: Option<u32>,
    racks: std::collections::BTreeMap<String, RackStatus>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RackStatus {
    ready_members: Option<u32>,
    available_members: Option<u32>,
}

impl Spec {
    /// `spec.backups`, in order.
    pub fn backups(&self) -> Vec<TaskDefinition> {
        self.backups
            .iter()
            .map(|entry| entry.options.clone().read(entry.name.clone(), ScheduleOptions::default()))
            .collect()
    }

    /// `spec.repairs`, in order.
    pub fn repairs(&self) -> Vec<TaskDefinition> {
        self.repairs
            .iter()
            .map(|entry| entry.options.clone().read(entry.name.clone(), ScheduleOptions::default()))
            .collect()
    }

    /// Whether nodes of another datacenter are named as seeds.
    pub fn has_external_seeds(&self) -> bool {
        !self.external_seeds.is_empty()
    }

    /// Rack 0's agent configuration Secret, the only one that can set a token.
    pub fn agent_config_secret(&self) -> Option<String> {
        self.datacenter
            .racks
            .first()
            .and_then(|rack| rack.scylla_agent_config.clone())
            .filter(|name| !name.is_empty())
    }
}

impl Status {
    /// Nodes that are available, by the total if the Operator gives one, else by its racks.
    pub fn available_nodes(&self) -> u32 {
        self.available_members.unwrap_or_else(|| {
            self.racks.values().filter_map(|rack| rack.available_members.or(rack.ready_members)).sum()
        })
    }
}
