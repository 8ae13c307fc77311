//! Connections to registration and task-sync.

use std::time::Duration;

use clap::Args;
use messina_control_api::registration::v1::registration_service_client::RegistrationServiceClient;
use messina_control_api::task::v1::task_service_client::TaskServiceClient;
use messina_service_runtime::grpc::{Channel, channel};
use messina_service_runtime::{ConfigErrors, Failure, transport};
use tonic::Status;

use crate::stack::Addresses;

/// How long an answer from what a service has in memory may take.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// How long an answer may take for which a service asks ScyllaDB Manager about the whole fleet.
pub const LONG_DEADLINE: Duration = Duration::from_secs(60);

/// Where the services are.
#[derive(Debug, Clone, Args)]
pub struct Endpoints {
    /// Address of registration.
    #[arg(long, env = "MESSINA_REGISTRATION", value_name = "URL", default_value = "http://127.0.0.1:7400")]
    registration: String,
    /// Address of task-sync.
    #[arg(long, env = "MESSINA_TASK_SYNC", value_name = "URL", default_value = "http://127.0.0.1:7401")]
    task_sync: String,
}

/// Clients of both services.
pub struct Clients {
    /// Clusters.
    pub registrations: RegistrationServiceClient<Channel>,
    /// Tasks.
    pub tasks: TaskServiceClient<Channel>,
    endpoints: Endpoints,
}

impl Endpoints {
    /// The services of a stack in this process.
    pub fn local(addresses: &Addresses) -> Self {
        let url = |address| format!("http://{address}");
        Self { registration: url(addresses.registration), task_sync: url(addresses.task_sync) }
    }

    /// Waits for the services no longer than this.
    ///
    /// # Errors
    /// The error of the answer, or that none came in time.
    pub async fn within<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| {
            Err(Failure::broken(format!(
                "no answer within {} s from registration at {} or task-sync at {}: look at /readyz and the log of both; \
                 what was asked for may still be done",
                limit.as_secs(),
                self.registration,
                self.task_sync
            )))
        })
    }

    /// Clients for these addresses; nothing is sent yet.
    ///
    /// # Errors
    /// An address that is not allowed in plain text.
    pub fn clients(&self) -> Result<Clients, Failure> {
        let mut errors = ConfigErrors::new();
        let registration = transport::peer_at("--registration", &self.registration, true, &mut errors);
        let task_sync = transport::peer_at("--task-sync", &self.task_sync, true, &mut errors);
        errors.into_result()?;
        match (registration, task_sync) {
            (Some(registration), Some(task_sync)) => Ok(Clients {
                registrations: RegistrationServiceClient::new(channel(&registration)),
                tasks: TaskServiceClient::new(channel(&task_sync)),
                endpoints: self.clone(),
            }),
            _ => Err(Failure::broken("an address was refused without a reason")),
        }
    }
}

impl Clients {
    /// A refusal by registration, for a person.
    pub fn registration_said(&self, status: &Status) -> Failure {
        said("registration", "--registration", &self.endpoints.registration, status)
    }

    /// A refusal by task-sync, for a person.
    pub fn task_sync_said(&self, status: &Status) -> Failure {
        said("task-sync", "--task-sync", &self.endpoints.task_sync, status)
    }
}

fn said(service: &str, flag: &str, url: &str, status: &Status) -> Failure {
    use std::error::Error;
    if status.source().is_some() || status.message().contains("connect") {
        return Failure::broken(format!(
            "{service} does not answer at {url}: is it running? ('messina run' and 'messina demo' print their addresses; \
             another one is given by {flag} URL)"
        ));
    }
    Failure::broken(format!("{service} says: {}", status.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let endpoints =
            Endpoints { registration: "http://127.0.0.1:1".into(), task_sync: "http://[::1]:2".into() };
        let late = endpoints.within(Duration::ZERO, std::future::pending::<Result<(), Failure>>()).await;
        let said = late.unwrap_err().to_string();
        for part in ["no answer within 0 s", "http://127.0.0.1:1", "http://[::1]:2", "/readyz"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(endpoints.within(DEADLINE, async { Ok(7) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn both_addresses_are_checked_at_once() {
        let endpoints = Endpoints { registration: "http://[".into(), task_sync: "http://10.0.0.1:1".into() };
        let Err(refused) = endpoints.clients() else { panic!("accepted") };
        let said = refused.to_string();
        assert!(said.contains("--registration \"http://[\"") && said.contains("--task-sync"), "{said}");
        assert_eq!(refused.exit_code(), 64);
    }
}
