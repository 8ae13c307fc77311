use super::{HOME, spelled_elsewhere};
use crate::tree::File;

fn violations(path: &str, text: &str) -> usize {
    spelled_elsewhere(&File::new(path, text)).len()
}

const ELSEWHERE: &str = "crates/feed/src/lib.rs";

#[test]
fn a_marker_spelled_outside_its_home_fails() {
    let spelled = [
        r#"const OWNER: &str = "messina.dev/owner";"#,
        r##"fn f() { set(r#"internal.scylla-operator.scylladb.com/x"#); }"##,
        r#"fn f() { format!("scylla-operator.scylladb.com/{key}"); }"#,
        r#"#[serde(rename = "messina.dev/owner")] struct S;"#,
        r#"const BOTH: &str = "messina.dev/v1alpha1 messina.dev/owner";"#,
    ];
    for text in spelled {
        assert_eq!(violations(ELSEWHERE, text), 1, "{text}");
        assert_eq!(violations(HOME, text), 0, "{text}");
    }
}

#[test]
fn comments_groups_and_versions_pass() {
    let text = r#"
        //! Sets `messina.dev/owner`.
        /// Reads "scylla-operator.scylladb.com/owner-uid".
        const GROUP: &str = "messina.dev"; // "messina.dev/owner"
        const VERSION: &str = "messina.dev/v1alpha1";
        const PATH: &str = "/apis/messina.dev/v1alpha1/namespaces";
    "#;
    assert_eq!(violations(ELSEWHERE, text), 0);
}

#[test]
fn tests_may_spell_markers_out_and_what_follows_them_may_not() {
    let text = r#"
        #[cfg(test)] mod tests { const A: &str = "messina.dev/a"; }
        #[cfg(test)] #[allow(x)] const B: [&str; 1] = ["messina.dev/b"];
        const C: &str = "messina.dev/c";
        #[cfg(not(test))] const D: &str = "messina.dev/d";
    "#;
    assert_eq!(violations(ELSEWHERE, text), 2);
}

#[test]
fn attributes_of_the_kube_types_are_free_and_their_code_is_not() {
    let text = r#"#[kube(finalizer = "messina.dev/x")] struct S; const X: &str = "messina.dev/x";"#;
    assert_eq!(violations("crates/k8s-api/src/ring.rs", text), 1);
    assert_eq!(violations(ELSEWHERE, text), 2);
}
