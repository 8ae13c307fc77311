//! Conditions: the triple `Available` / `Progressing` / `Degraded` and what may stand beside it.

use messina_fault::Fault;

use crate::names::reason;

/// `True`, `False` or `Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The condition holds.
    True,
    /// The condition does not hold.
    False,
    /// Nobody knows at the moment.
    Unknown,
}

/// One condition of one of our objects. The time of its last transition is the writer's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// CamelCase type.
    pub kind: String,
    /// Whether it holds.
    pub status: Status,
    /// CamelCase reason, one of [`reason`].
    pub reason: String,
    /// For a person: what, with the way out.
    pub message: String,
}

/// Type of the condition "what was declared is in force".
pub const AVAILABLE: &str = "Available";
/// Type of the condition "something is under way".
pub const PROGRESSING: &str = "Progressing";
/// Type of the condition "something is wrong".
pub const DEGRADED: &str = "Degraded";

impl Condition {
    /// One condition.
    pub fn new(kind: &str, status: Status, reason: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.into(), status, reason: reason.into(), message: message.into() }
    }
}

/// The triple for something that is as declared.
pub fn settled(message: &str) -> Vec<Condition> {
    vec![
        Condition::new(AVAILABLE, Status::True, reason::AS_DECLARED, message),
        Condition::new(PROGRESSING, Status::False, reason::AS_DECLARED, "nothing is under way"),
        Condition::new(DEGRADED, Status::False, reason::AS_DECLARED, "nothing is wrong"),
    ]
}

/// The triple for something that a fault holds up. `in_force` says whether an older declaration is still
/// carried out meanwhile: waiting for a token does not take a registered cluster out of Manager.
pub fn held_up(fault: &Fault, in_force: bool) -> Vec<Condition> {
    let detail = fault.detail();
    let message = if detail.hint.is_empty() {
        detail.message.clone()
    } else {
        format!("{}; {}", detail.message, detail.hint)
    };
    let available = if in_force { Status::True } else { Status::False };
    let (progressing, degraded) = match fault {
        Fault::Waiting(_) => (Status::True, Status::False),
        Fault::Transient(_) => (Status::True, Status::True),
        Fault::Rejected(_) => (Status::False, Status::True),
    };
    vec![
        Condition::new(AVAILABLE, available, detail.reason, message.clone()),
        Condition::new(PROGRESSING, progressing, detail.reason, message.clone()),
        Condition::new(DEGRADED, degraded, detail.reason, message),
    ]
}

/// The condition of that type.
pub fn find<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.kind == kind)
}

/// Whether the condition of that type is `True`.
pub fn is_true(conditions: &[Condition], kind: &str) -> bool {
    find(conditions, kind).is_some_and(|condition| condition.status == Status::True)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_of_fault_has_its_own_triple() {
        let table = [
            (Fault::waiting("R", "m"), Status::True, Status::False),
            (Fault::transient("R", "m"), Status::True, Status::True),
            (Fault::rejected("R", "m"), Status::False, Status::True),
        ];
        for (fault, progressing, degraded) in table {
            let conditions = held_up(&fault, true);
            assert!(is_true(&conditions, AVAILABLE));
            assert_eq!(find(&conditions, PROGRESSING).unwrap().status, progressing, "{fault:?}");
            assert_eq!(find(&conditions, DEGRADED).unwrap().status, degraded, "{fault:?}");
            assert!(!is_true(&held_up(&fault, false), AVAILABLE));
        }
    }

    #[test]
    fn the_message_carries_the_way_out() {
        let conditions = held_up(&Fault::waiting("R", "no token").hint("create it"), false);
        assert_eq!(find(&conditions, AVAILABLE).unwrap().message, "no token; create it");
    }
}
