//! The real `kubectl`, with no extra flags, against the fake API server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed step of a test should stop it, and a skipped one should say so"
)]

mod skip;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use messina_fake_apiserver::{FakeApiServer, Options};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_secs(60);

const DEFINITION: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.kubectl.dev}
spec:
  group: kubectl.dev
  scope: Namespaced
  names: {plural: gadgets, kind: Gadget, shortNames: [gd], categories: [toys]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: SIZE, type: integer, jsonPath: .spec.size}
    - {name: READY, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: NOTE, type: string, jsonPath: .spec.note, priority: 1}
    - {name: AGE, type: date, jsonPath: .metadata.creationTimestamp}
    schema:
      openAPIV3Schema:
        type: object
        description: A gadget.
        properties:
          spec:
            type: object
            description: What is wanted.
            properties:
              size: {type: integer, minimum: 1, description: How large it is.}
              note: {type: string}
          status:
            type: object
            x-kubernetes-preserve-unknown-fields: true
"#;

const GADGET: &str = r#"
apiVersion: kubectl.dev/v1
kind: Gadget
metadata: {name: g}
spec: {size: 1, note: first}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {key: value}
"#;

struct Kubectl {
    program: OsString,
    home: TempDir,
    server: FakeApiServer,
}

struct Output {
    ok: bool,
    text: String,
}

impl Kubectl {
    /// A server and a kubectl for it; none after saying that there is no kubectl.
    async fn start(test: &str) -> Option<Self> {
        let program = find_kubectl();
        let Some(program) = program else {
            skip::skipped(test, "kubectl", "no kubectl on PATH and MESSINA_KUBECTL is not set");
            return None;
        };
        let server = FakeApiServer::start(Options::default()).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        server.write_kubeconfig(&home.path().join("kubeconfig")).unwrap();
        Some(Self { program, home, server })
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("KUBECONFIG", self.home.path().join("kubeconfig"))
            .env("HOME", self.home.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        self.run_command(self.command(arguments)).await
    }

    async fn run_command(&self, mut command: Command) -> Output {
        let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("kubectl ends").unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Output { ok: output.status.success(), text }
    }

    /// Runs a command line that must succeed; gives what it printed.
    async fn ok(&self, line: &str) -> String {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let output = self.run(&arguments).await;
        assert!(output.ok, "kubectl {line}: {}", output.text);
        output.text
    }

    /// Runs a command line that must fail; gives what it printed.
    async fn refused(&self, line: &str) -> String {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let output = self.run(&arguments).await;
        assert!(!output.ok, "kubectl {line} succeeded: {}", output.text);
        output.text
    }

    async fn with_gadget(test: &str) -> Option<Self> {
        let kubectl = Self::start(test).await?;
        let definition = kubectl.file("definition.yaml", DEFINITION);
        kubectl.ok(&format!("apply -f {definition}")).await;
        let wait = "wait --for=condition=Established crd/gadgets.kubectl.dev --timeout=30s";
        assert!(kubectl.ok(wait).await.contains("condition met"));
        let gadget = kubectl.file("gadget.yaml", GADGET);
        let applied = kubectl.ok(&format!("apply -f {gadget}")).await;
        assert_eq!(applied, "gadget.kubectl.dev/g created\nsecret/s created\n");
        Some(kubectl)
    }
}

fn find_kubectl() -> Option<OsString> {
    if let Some(program) = std::env::var_os("MESSINA_KUBECTL").filter(|program| !program.is_empty()) {
        return Some(program);
    }
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder: PathBuf| folder.join("kubectl"));
    found.into_iter().find(|program| program.is_file()).map(PathBuf::into_os_string)
}

fn columns(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[tokio::test]
async fn kubectl_applies_and_shows() {
    let Some(kubectl) = Kubectl::with_gadget("kubectl_applies_and_shows").await else { return };
    let gadget = kubectl.home.path().join("gadget.yaml").display().to_string();
    let again = kubectl.ok(&format!("apply -f {gadget}")).await;
    assert!(again.starts_with("gadget.kubectl.dev/g unchanged"), "{again}");
    let larger = kubectl.file("larger.yaml", &GADGET.replace("size: 1", "size: 2"));
    let changed = kubectl.ok(&format!("apply -f {larger}")).await;
    assert!(changed.starts_with("gadget.kubectl.dev/g configured"), "{changed}");

    let table = kubectl.ok("get gd").await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.first().map(|line| columns(line)), Some(vec!["NAME", "SIZE", "READY", "AGE"]));
    assert_eq!(lines.get(1).map(|line| columns(line).len()), Some(3), "READY is empty: {table}");
    let wide = kubectl.ok("get toys -A -o wide").await;
    assert!(wide.starts_with("NAMESPACE"), "{wide}");
    assert!(wide.contains("NOTE") && wide.contains("first"), "{wide}");
    assert_eq!(kubectl.ok("get gd g -o jsonpath={.spec.size}").await, "2");
    assert!(kubectl.ok("get secret s").await.contains("Opaque"));
    let described = kubectl.ok("describe gd g").await;
    assert!(described.contains("Kind:         Gadget"), "{described}");
    let explained = kubectl.ok("explain gadget.spec").await;
    assert!(explained.contains("What is wanted.") && explained.contains("How large it is."), "{explained}");
    let resources = kubectl.ok("api-resources --api-group=kubectl.dev").await;
    assert!(resources.contains("gd") && resources.contains("kubectl.dev/v1"), "{resources}");
}

#[tokio::test]
async fn kubectl_patches_labels_edits_and_replaces() {
    let Some(kubectl) = Kubectl::with_gadget("kubectl_patches_labels_edits_and_replaces").await else {
        return;
    };
    kubectl.ok(r#"patch gd g --type=merge -p {"spec":{"size":3}}"#).await;
    kubectl.ok(r#"patch gd g --type=json -p [{"op":"replace","path":"/spec/size","value":4}]"#).await;
    let status = r#"patch gd g --subresource=status --type=merge -p {"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#;
    kubectl.ok(status).await;
    kubectl.ok("wait gd/g --for=condition=Ready --timeout=30s").await;
    kubectl.ok("label gd g colour=red").await;
    kubectl.ok("annotate gd g note=x").await;
    let row = kubectl.ok("get gd -l colour=red --no-headers").await;
    assert_eq!(columns(&row).into_iter().take(3).collect::<Vec<_>>(), ["g", "4", "True"]);

    let mut edit = kubectl.command(&["edit", "gd", "g"]);
    edit.env("KUBE_EDITOR", "sed -i s/size:.4/size:\\ 5/");
    let edited = kubectl.run_command(edit).await;
    assert!(edited.ok && edited.text.contains("edited"), "{}", edited.text);
    assert_eq!(kubectl.ok("get gd g -o jsonpath={.spec.size}").await, "5");
    let gadget = kubectl.home.path().join("gadget.yaml").display().to_string();
    kubectl.ok(&format!("replace -f {gadget}")).await;
    assert_eq!(kubectl.ok("get gd g -o jsonpath={.spec.size}{.metadata.labels}").await, "1");
    kubectl.ok(r#"patch secret s -p {"data":{"other":"eA=="}}"#).await;
    assert_eq!(kubectl.ok("get secret s -o jsonpath={.data}").await, r#"{"key":"dmFsdWU=","other":"eA=="}"#);
}

#[tokio::test]
async fn kubectl_is_told_what_is_wrong() {
    let Some(kubectl) = Kubectl::with_gadget("kubectl_is_told_what_is_wrong").await else { return };
    let typo = kubectl.file("typo.yaml", &GADGET.replace("size:", "sice:"));
    let refused = kubectl.refused(&format!("apply -f {typo}")).await;
    assert!(refused.contains("unknown field \"spec.sice\""), "{refused}");
    let small = kubectl.refused(r#"patch gd g --type=merge -p {"spec":{"size":0}}"#).await;
    assert!(small.contains("should be greater than or equal to 1"), "{small}");
    assert!(kubectl.refused("get gd none").await.contains("gadgets.kubectl.dev \"none\" not found"));
    assert!(kubectl.refused("get nothings").await.contains("the server doesn't have a resource type"));
    let gadget = kubectl.home.path().join("gadget.yaml").display().to_string();
    assert!(kubectl.refused(&format!("create -f {gadget}")).await.contains("already exists"));
    kubectl.ok(r#"patch gd g --type=merge -p {"spec":{"size":7}}"#).await;
    let conflict = kubectl.refused(&format!("apply --server-side -f {gadget}")).await;
    assert!(conflict.contains("conflict with \"kubectl-patch\""), "{conflict}");
    kubectl.ok(&format!("apply --server-side --force-conflicts -f {gadget}")).await;
    assert_eq!(kubectl.ok("get gd g -o jsonpath={.spec.size}").await, "1");
}

#[tokio::test]
async fn kubectl_makes_and_deletes() {
    let Some(kubectl) = Kubectl::with_gadget("kubectl_makes_and_deletes").await else { return };
    kubectl.ok("create namespace n").await;
    kubectl.ok("create secret generic made -n n --from-literal=a=b").await;
    kubectl.ok("create configmap made -n n --from-literal=a=b").await;
    let described = kubectl.ok("describe namespace n").await;
    assert!(described.contains("Status:       Active"), "{described}");
    assert!(kubectl.ok("describe secret made -n n").await.contains("a:  1 bytes"));
    kubectl.ok("get events -A").await;
    kubectl.ok("delete namespace n --timeout=30s").await;
    assert!(kubectl.refused("get secret made -n n").await.contains("not found"));
    let gadget = kubectl.home.path().join("gadget.yaml").display().to_string();
    let deleted = kubectl.ok(&format!("delete -f {gadget} --timeout=30s")).await;
    assert!(deleted.contains("\"g\" deleted") && deleted.contains("\"s\" deleted"), "{deleted}");
    kubectl.ok("delete crd gadgets.kubectl.dev --timeout=30s").await;
    kubectl.refused("get gadgets").await;
}

#[tokio::test]
async fn kubectl_watches_rows() {
    let Some(kubectl) = Kubectl::with_gadget("kubectl_watches_rows").await else { return };
    let mut watch = kubectl.command(&["get", "gd", "-w"]);
    let mut child = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = async || {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("a row comes");
        line.unwrap().expect("the watch goes on")
    };
    assert!(line().await.starts_with("NAME"));
    assert_eq!(columns(&line().await).get(1), Some(&"1"));
    kubectl.ok(r#"patch gd g --type=merge -p {"spec":{"size":8}}"#).await;
    assert_eq!(columns(&line().await).get(1), Some(&"8"));
    assert!(kubectl.server.counts().of("watch", "gadgets") >= 1);
    child.kill().await.unwrap();
}
