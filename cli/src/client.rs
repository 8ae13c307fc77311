//! Connections to registration and task-sync.

use clap::Args;
use messina_control_api::registration::v1::registration_service_client::RegistrationServiceClient;
use messina_control_api::task::v1::task_service_client::TaskServiceClient;
use messina_service_runtime::grpc::{Channel, channel};
use messina_service_runtime::{ConfigErrors, Failure, transport};
use tonic::Status;
use tonic::codegen::http::Uri;

use crate::stack::Addresses;

/// Where the services are.
#[derive(Debug, Clone, Args)]
pub struct Endpoints {
    /// Address of registration.
    #[arg(long, env = "MESSINA_REGISTRATION", value_name = "URL", default_value = "http://127.0.0.1:7400")]
    registration: Uri,
    /// Address of task-sync.
    #[arg(long, env = "MESSINA_TASK_SYNC", value_name = "URL", default_value = "http://127.0.0.1:7401")]
    task_sync: Uri,
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
    ///
    /// # Errors
    /// None that can happen for a socket address.
    pub fn local(addresses: &Addresses) -> Result<Self, Failure> {
        let url = |address| {
            Uri::try_from(format!("http://{address}")).map_err(|error| Failure::broken(error.to_string()))
        };
        Ok(Self { registration: url(addresses.registration)?, task_sync: url(addresses.task_sync)? })
    }

    /// Clients for these addresses; nothing is sent yet.
    ///
    /// # Errors
    /// An address that is not allowed in plain text.
    pub fn clients(&self) -> Result<Clients, Failure> {
        let mut errors = ConfigErrors::new();
        let registration = transport::peer("--registration", &self.registration, true, &mut errors);
        let task_sync = transport::peer("--task-sync", &self.task_sync, true, &mut errors);
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

fn said(service: &str, flag: &str, url: &Uri, status: &Status) -> Failure {
    use std::error::Error;
    if status.source().is_some() || status.message().contains("connect") {
        return Failure::broken(format!(
            "{service} does not answer at {url}: is it running? ('messina run' and 'messina demo' print their addresses; \
             another one is given by {flag} URL)"
        ));
    }
    Failure::broken(format!("{service} says: {}", status.message()))
}
