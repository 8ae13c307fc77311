//! Runs a fake API server in the foreground, to be tried with `kubectl`:
//! `cargo run -p messina-fake-apiserver --example serve -- 127.0.0.1:8001 /tmp/fake.kubeconfig`.

use std::path::PathBuf;

use messina_fake_apiserver::{FakeApiServer, Options};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments.next().unwrap_or_else(|| "127.0.0.1:8001".to_owned()).parse()?;
    let kubeconfig = PathBuf::from(arguments.next().unwrap_or_else(|| "fake.kubeconfig".to_owned()));
    let server = FakeApiServer::start(Options { listen, ..Options::default() }).await?;
    server.write_kubeconfig(&kubeconfig)?;
    tokio::signal::ctrl_c().await?;
    server.shutdown().await;
    Ok(())
}
