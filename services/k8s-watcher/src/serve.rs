//! WatchService before and after the Kubernetes cluster has said who it is.

use std::sync::{Arc, OnceLock};

use messina_control_api::watch::v1::watch_service_server::WatchService;
use messina_control_api::watch::v1::{ListSubscribersRequest, ListSubscribersResponse, WatchRequest};
use messina_domain::names::reason;
use messina_fault::Fault;
use messina_feed::publisher::Feed;
use messina_service_runtime::errors::fault_to_status;
use tonic::{Request, Response, Status, Streaming};

/// Passes calls on to the feed once there is one. The port is open before that, so that clients and probes get an
/// answer instead of a refused connection.
#[derive(Clone)]
pub struct DeferredWatch {
    datacenter: String,
    service: Arc<OnceLock<Feed>>,
}

impl DeferredWatch {
    /// No feed yet.
    pub fn new(datacenter: &str) -> Self {
        Self { datacenter: datacenter.to_owned(), service: Arc::default() }
    }

    /// The feed is there. A second one is ignored.
    pub fn begin(&self, feed: Feed) {
        let _ = self.service.set(feed);
    }

    fn service(&self) -> Result<&Feed, Status> {
        self.service.get().ok_or_else(|| {
            fault_to_status(&Fault::transient(
                reason::KUBERNETES_UNREACHABLE,
                format!("the Kubernetes API of datacenter '{}' has not answered yet", self.datacenter),
            ))
        })
    }
}

#[tonic::async_trait]
impl WatchService for DeferredWatch {
    type WatchStream = <Feed as WatchService>::WatchStream;

    async fn watch(
        &self,
        request: Request<Streaming<WatchRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.service()?.watch(request).await
    }

    async fn list_subscribers(
        &self,
        request: Request<ListSubscribersRequest>,
    ) -> Result<Response<ListSubscribersResponse>, Status> {
        self.service()?.list_subscribers(request).await
    }
}
