//! The program itself, as it is called.

use std::process::Command;

#[test]
fn mistakes_in_the_environment_end_with_64_and_their_way_out() {
    for yes in ["1", "true", "yes"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_k8s-watcher"));
        command.args([
            "--datacenter",
            "east",
            "--insecure-loopback",
            "--kubeconfig",
            "/nonexistent/kubeconfig",
        ]);
        let output = command.env("MESSINA_READ_ONLY", yes).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains("--kubeconfig \"/nonexistent/kubeconfig\""), "{said}");
        assert!(!said.contains("read-only"), "{yes}: {said}");
    }
}
