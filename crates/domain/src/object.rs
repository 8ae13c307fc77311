//! An object of the feed in domain terms, whatever its kind.

use crate::cluster::ScyllaCluster;
use crate::identity::ClusterKey;
use crate::registration::Registration;
use crate::ring::{Ring, RingMember};
use crate::task::TaskObject;

/// One object of the feed in domain terms.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one is made per message and taken apart at once")]
pub enum FeedObject {
    /// A ScyllaCluster.
    Cluster(ScyllaCluster),
    /// A Namespace, by name; terminating ones say so.
    Namespace {
        /// Its name.
        name: String,
        /// Whether it is being deleted.
        deleting: bool,
    },
    /// One of our registrations.
    Registration(Registration),
    /// One of our tasks.
    Task(TaskObject),
    /// A ring.
    Ring(Ring),
    /// The other half of a ring's consent.
    RingMember(RingMember),
    /// The Operator's own registration of a cluster.
    OperatorRegistration {
        /// Which cluster.
        cluster: ClusterKey,
        /// Whether it is being deleted.
        deleting: bool,
    },
    /// The Operator's own task object for an entry.
    OperatorTask {
        /// Which cluster.
        cluster: ClusterKey,
    },
    /// An object that cannot be read: present, and to be left alone.
    Undecodable {
        /// What is wrong with it.
        message: String,
    },
}
