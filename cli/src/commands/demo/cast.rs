//! Who is on the stage: datacenters, clusters and their tasks.

use messina_stage::{ClusterSeed, token};
use serde_json::json;

/// Tasks of each cluster.
pub const TASKS: usize = 3;

const DATACENTERS: [&str; 3] = ["east", "west", "north"];
const CLUSTERS: [(&str, &str); 4] =
    [("shop", "orders"), ("shop", "users"), ("analytics", "events"), ("analytics", "metrics")];

/// Names of the datacenters.
pub fn datacenters(count: u16) -> Vec<String> {
    (0..usize::from(count))
        .map(|index| {
            DATACENTERS.get(index).map_or_else(|| format!("dc{}", index + 1), |name| (*name).to_owned())
        })
        .collect()
}

/// The clusters of one datacenter.
pub fn clusters(datacenter: &str, count: u16) -> Vec<ClusterSeed> {
    (0..usize::from(count))
        .map(|index| {
            let (namespace, name) = CLUSTERS.get(index).map_or_else(
                || ("fleet".to_owned(), format!("cluster-{}", index + 1)),
                |(namespace, name)| ((*namespace).to_owned(), (*name).to_owned()),
            );
            cluster(datacenter, namespace, name)
        })
        .collect()
}

fn cluster(datacenter: &str, namespace: String, name: String) -> ClusterSeed {
    let bucket = format!("s3:backups-{datacenter}-{name}");
    let spec = json!({
        "version": "2025.3.1",
        "agentVersion": "3.5.0",
        "datacenter": {"name": datacenter, "racks": [{"name": "a", "members": 3}]},
        "backups": [
            {"name": "daily", "cron": "0 2 * * *", "location": [bucket], "retention": 7},
            {"name": "weekly", "cron": "0 4 * * SUN", "location": [bucket], "retention": 4, "rateLimit": ["50"]},
        ],
        "repairs": [{"name": "weekly", "cron": "0 6 * * SAT", "timezone": "Europe/Warsaw", "intensity": "0.5"}],
    });
    let token = Some(token(&format!("{datacenter}/{namespace}/{name}")));
    ClusterSeed { namespace, name, spec, available: 3, token }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_name_of_their_own() {
        assert_eq!(datacenters(4), ["east", "west", "north", "dc4"]);
        let names: std::collections::BTreeSet<_> =
            clusters("east", 20).into_iter().map(|seed| (seed.namespace, seed.name)).collect();
        assert_eq!(names.len(), 20);
    }
}
