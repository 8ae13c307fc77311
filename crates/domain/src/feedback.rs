//! Whether and how run state reaches `ScyllaCluster.status.backups` and `.repairs`.
//!
//! The ScyllaDB Operator rewrites the whole status on each of its passes, so a second writer would loop
//! with it for ever. Whatever the road, Messina writes only when what it has to say changed, never
//! because somebody changed it back.

use std::fmt;
use std::str::FromStr;

/// What `--feedback` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The Operator's road where it has a task object, directly where nobody else writes the status, else not.
    #[default]
    Auto,
    /// Directly, whoever else writes.
    Direct,
    /// Through the Operator's task objects only.
    Operator,
    /// Not at all.
    Off,
}

/// The road that the feedback of one cluster takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Road {
    /// Server-side apply on the ScyllaCluster's status.
    Direct,
    /// The annotation of the Operator's task objects.
    Operator,
    /// None; the text says why when somebody might wonder.
    Off(String),
}

impl Mode {
    /// The road for a cluster whose status is also written by `others`, and for which the Operator has
    /// `operator_tasks` task objects.
    pub fn road(self, others: &[String], operator_tasks: usize) -> Road {
        match self {
            Self::Off => Road::Off(String::new()),
            Self::Direct => Road::Direct,
            Self::Operator if operator_tasks > 0 => Road::Operator,
            Self::Operator => Road::Off("the ScyllaDB Operator has no task object for this cluster".into()),
            Self::Auto if operator_tasks > 0 => Road::Operator,
            Self::Auto if others.is_empty() => Road::Direct,
            Self::Auto => Road::Off(format!(
                "the status of the ScyllaCluster is written by '{}', and a second writer would loop with it; \
                 see the mtask objects, or set --feedback direct if that writer leaves backups and repairs alone",
                others.join("', '")
            )),
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "direct" => Ok(Self::Direct),
            "operator" => Ok(Self::Operator),
            "off" => Ok(Self::Off),
            other => Err(format!("'{other}' is not one of auto, direct, operator, off")),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Operator => "operator",
            Self::Off => "off",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_never_becomes_a_second_writer() {
        let operator = vec!["scylla-operator (linux".to_owned()];
        let off = |road: Road| matches!(road, Road::Off(_));
        assert_eq!(Mode::Auto.road(&[], 0), Road::Direct);
        assert_eq!(Mode::Auto.road(&operator, 2), Road::Operator);
        assert_eq!(Mode::Auto.road(&[], 2), Road::Operator);
        assert!(off(Mode::Auto.road(&operator, 0)));
        assert!(off(Mode::Operator.road(&[], 0)));
        assert_eq!(Mode::Direct.road(&operator, 2), Road::Direct);
        assert!(off(Mode::Off.road(&[], 0)));
    }

    #[test]
    fn off_says_who_is_in_the_way() {
        let Road::Off(why) = Mode::Auto.road(&["flux".into()], 0) else { panic!() };
        assert!(why.contains("'flux'") && why.contains("--feedback direct"), "{why}");
    }
}
