//! Every mistake in the flags, said at once and each with its way out.

use std::fmt::{self, Display};

/// Exit code of a process that was called wrongly (`EX_USAGE` of sysexits).
pub const EX_USAGE: u8 = 64;

/// One flag that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The flag as it is typed, `--listen`.
    pub flag: String,
    /// The value that was given.
    pub value: String,
    /// What is wrong with it.
    pub problem: String,
    /// The way out, as an instruction.
    pub remedy: String,
}

impl Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flag, value, problem, remedy } = self;
        write!(f, "{flag} {value:?}: {problem}; {remedy}")
    }
}

/// Collects [`ConfigError`]s, so that somebody who made three mistakes learns of all three.
///
/// Not a `std::error::Error` on purpose: that keeps it apart from failures in
/// [`Failure`](crate::Failure), which end with another exit code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// No errors yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one flag that cannot be accepted.
    pub fn add(
        &mut self,
        flag: impl Into<String>,
        value: impl Display,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (flag, value) = (flag.into(), value.to_string());
        self.0.push(ConfigError { flag, value, problem: problem.into(), remedy: remedy.into() });
    }

    /// What was noted, in order.
    pub fn entries(&self) -> &[ConfigError] {
        &self.0
    }

    /// Whether everything was accepted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The exit code for a process that stops because of these.
    pub fn exit_code(&self) -> u8 {
        EX_USAGE
    }

    /// Ends the collecting.
    ///
    /// # Errors
    /// All that was noted, when something was.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "configuration error: {one}"),
            many => {
                write!(f, "{} configuration errors:", many.len())?;
                many.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_listed_with_value_and_way_out() {
        let mut errors = ConfigErrors::new();
        assert_eq!(errors.clone().into_result(), Ok(()));
        errors.add("--listen", "0.0.0.0:1", "leaves this machine", "listen on 127.0.0.1");
        assert_eq!(
            errors.to_string(),
            "configuration error: --listen \"0.0.0.0:1\": leaves this machine; listen on 127.0.0.1"
        );
        errors.add("--log-level", "loud\u{1b}[31m", "not a filter", "write info");
        assert_eq!(
            errors.to_string(),
            "2 configuration errors:\n  --listen \"0.0.0.0:1\": leaves this machine; listen on 127.0.0.1\n  \
             --log-level \"loud\\u{1b}[31m\": not a filter; write info"
        );
        assert_eq!(errors.into_result().map_err(|errors| errors.exit_code()), Err(64));
    }
}
