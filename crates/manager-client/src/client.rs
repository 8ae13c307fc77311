//! The client: one stack, two facades.

use std::sync::Arc;

use bytes::Bytes;
use messina_domain::names::reason;
use messina_domain::token::AuthToken;
use messina_fault::Fault;
use serde::de::IgnoredAny;
use tower::{Service, ServiceExt as _};

use crate::answer::{self, Refusal};
use crate::base_url::BaseUrl;
use crate::call::{Answer, Call, CallError, Outage};
use crate::classify::classify;
use crate::clusters::ClusterApi;
use crate::operation::Operation;
use crate::quote::quote;
use crate::settings::{ConfigError, Settings};
use crate::stack::{self, Circuit, Stack};
use crate::tasks::TaskApi;
use crate::transport::{AnswerBody, HttpTransport, TransportError};

/// A client of one ScyllaDB Manager. Clones share connections, limits and the breaker.
#[derive(Clone)]
pub struct ManagerClient {
    stack: Stack,
    circuit: Arc<Circuit>,
    whom: Arc<Whom>,
}

/// Manager as messages call it.
struct Whom {
    name: String,
    address: String,
}

/// How a call ended that is no fault.
pub(crate) enum Outcome {
    /// It was done.
    Done(Answer),
    /// What it is about does not exist.
    Gone,
}

impl ManagerClient {
    /// A client over HTTP. Connects with the first call.
    ///
    /// # Errors
    /// When a setting cannot work, or the process has chosen no TLS provider.
    pub fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let transport = HttpTransport::new(&BaseUrl::parse(&settings.url)?)?;
        Self::with_transport(settings, transport)
    }

    /// A client over any transport, such as the network of a simulation.
    ///
    /// # Errors
    /// When a setting cannot work.
    pub fn with_transport<T>(settings: &Settings, transport: T) -> Result<Self, ConfigError>
    where
        T: Service<http::Request<Bytes>, Response = http::Response<AnswerBody>, Error = TransportError>
            + Clone
            + Send
            + Sync
            + 'static,
        T::Future: Send,
    {
        let base = BaseUrl::parse(&settings.url)?;
        let name = match &settings.manager_name {
            Some(name) => format!("ScyllaDB Manager '{name}'"),
            None => "ScyllaDB Manager".to_owned(),
        };
        let whom = Arc::new(Whom { name, address: base.as_str().to_owned() });
        let circuit = Arc::new(Circuit::new(settings.breaker, Arc::clone(&settings.now)));
        let stack = stack::build(settings, base, Arc::clone(&circuit), transport);
        Ok(Self { stack, circuit, whom })
    }

    /// The door for registration.
    pub fn clusters(&self) -> ClusterApi {
        ClusterApi::new(self.clone())
    }

    /// The door for task-sync.
    pub fn tasks(&self) -> TaskApi {
        TaskApi::new(self.clone())
    }

    /// Why calls are held back at the moment, if they are: for readiness and metrics.
    pub fn outage(&self) -> Option<Fault> {
        self.circuit.outage().map(|outage| self.whom.outage(&outage))
    }

    /// Makes one call. `sent` is the token in its body, which no message may repeat.
    pub(crate) async fn perform(&self, call: Call, sent: Option<&AuthToken>) -> Result<Outcome, Fault> {
        let operation = call.operation;
        let answer = match self.stack.clone().oneshot(call).await {
            Ok(answer) if answer.status.is_success() => return done(operation, answer),
            Ok(answer) => answer,
            Err(error) => return Err(self.whom.no_answer(operation, error)),
        };
        let refusal = Refusal::read(answer.body.as_bytes());
        let status = answer.status.as_u16();
        let message = match &refusal {
            Some(refusal) => quote(refusal.message(), sent),
            None => "no explanation".to_owned(),
        };
        let message = format!("{} answered {status} while {}: {message}", self.whom.name, operation.doing());
        let verdict = classify(operation, answer.status, refusal.as_ref().map(Refusal::message));
        match (verdict.fault(message), answer.retry_after()) {
            (None, _) => Ok(Outcome::Gone),
            (Some(fault), None) => Err(fault),
            (Some(fault), Some(pause)) => Err(fault.after(pause)),
        }
    }

    /// Makes a call whose object has to exist.
    pub(crate) async fn perform_on_existing(
        &self,
        call: Call,
        sent: Option<&AuthToken>,
    ) -> Result<Answer, Fault> {
        let operation = call.operation;
        match self.perform(call, sent).await? {
            Outcome::Done(answer) => Ok(answer),
            Outcome::Gone => Err(self.whom.gone(operation)),
        }
    }
}

/// A write is answered by nothing or by JSON. The page of a proxy must not pass for its success.
fn done(operation: Operation, answer: Answer) -> Result<Outcome, Fault> {
    let body = answer.body.as_bytes();
    if operation.is_write() && !body.trim_ascii().is_empty() {
        answer::read::<IgnoredAny>(operation, body)?;
    }
    Ok(Outcome::Done(answer))
}

impl Whom {
    fn outage(&self, outage: &Outage) -> Fault {
        // To the second, so that a condition that quotes it does not change with every look.
        let since = outage.since.strftime("%Y-%m-%dT%H:%M:%SZ");
        let message = format!("{} has not answered since {since}: {}", self.name, outage.cause);
        self.unavailable(message).after(outage.pause)
    }

    fn no_answer(&self, operation: Operation, error: CallError) -> Fault {
        let doing = operation.doing();
        let doubt = if operation.is_write() { "; it may have been done all the same" } else { "" };
        match error {
            CallError::CircuitOpen(outage) => self.outage(&outage),
            CallError::TimedOut(limit) => self.unavailable(format!(
                "{} did not answer within {}s while {doing}{doubt}",
                self.name,
                limit.as_secs_f64()
            )),
            CallError::Unreachable(cause) => {
                self.unavailable(format!("{} cannot be reached while {doing}: {cause}", self.name))
            }
            CallError::Broken(cause) => self
                .unavailable(format!("the connection to {} broke while {doing}: {cause}{doubt}", self.name)),
            CallError::TooLarge => {
                answer::garbage(operation, "the answer is larger than anything Manager says")
            }
        }
    }

    fn unavailable(&self, message: String) -> Fault {
        Fault::transient(reason::MANAGER_UNAVAILABLE, message)
            .hint(format!("see that it runs and answers at {}", self.address))
    }

    fn gone(&self, operation: Operation) -> Fault {
        let name = &self.name;
        match operation {
            Operation::GetCluster | Operation::ReplaceCluster | Operation::DeleteCluster => Fault::transient(
                reason::CLUSTER_UNKNOWN,
                format!("{name} does not hold the cluster any more, found while {}", operation.doing()),
            ),
            _ => Fault::transient(
                reason::MANAGER_REFUSED,
                format!("{name} does not hold the task any more, found while {}", operation.doing()),
            ),
        }
    }
}
