//! The guard beside the ScyllaDB Operator: where its own Manager integration is alive, Messina does not write.

use messina_fault::Fault;

use crate::names::{OPERATOR_MANAGER_NAMESPACE, reason};

/// What in a datacenter could mean that the Operator writes to Manager, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guard {
    /// A Namespace `scylla-manager` exists and is not terminating.
    pub manager_namespace: bool,
    /// The Operator has a live registration of its own for this very cluster.
    pub operator_registration: bool,
}

impl Guard {
    /// Lets a write to Manager pass, or says why not.
    ///
    /// # Errors
    /// `Waiting(OperatorIntegrationActive)`.
    pub fn check(self) -> Result<(), Fault> {
        if self.operator_registration {
            return Err(Fault::waiting(
                reason::OPERATOR_ACTIVE,
                "the ScyllaDB Operator has registered this cluster in its own Manager",
            )
            .hint(
                "two owners of one cluster would fight: take the cluster over as docs/operations/operator.md says, \
                 or leave it to the Operator by the opt-out annotation",
            ));
        }
        if self.manager_namespace {
            return Err(Fault::waiting(
                reason::OPERATOR_ACTIVE,
                format!("the namespace '{OPERATOR_MANAGER_NAMESPACE}' exists, so the ScyllaDB Operator's own integration is active"),
            )
            .hint("run Manager in a namespace of another name and delete this one; Messina goes on by itself"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_sign_stops_writes() {
        assert!(Guard::default().check().is_ok());
        for (manager_namespace, operator_registration) in [(true, false), (false, true), (true, true)] {
            let fault = Guard { manager_namespace, operator_registration }.check().unwrap_err();
            assert_eq!((fault.class(), fault.reason()), ("waiting", reason::OPERATOR_ACTIVE));
        }
    }
}
