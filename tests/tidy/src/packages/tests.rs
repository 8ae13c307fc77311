use super::Packages;

const METADATA: &str = r#"{
  "workspace_root": "/w",
  "packages": [
    {
      "name": "ours", "version": "0.1.0", "license": "Apache-2.0", "source": null,
      "manifest_path": "/w/crates/ours/Cargo.toml",
      "dependencies": [
        {"name": "normal", "kind": null}, {"name": "for-build", "kind": "build"}, {"name": "for-tests", "kind": "dev"}
      ],
      "targets": [
        {"kind": ["lib"], "src_path": "/w/crates/ours/src/lib.rs"},
        {"kind": ["test"], "src_path": "/w/crates/ours/tests/it.rs"}
      ]
    },
    {
      "name": "theirs", "version": "1.2.3", "license": "MIT", "source": "registry+x",
      "manifest_path": "/elsewhere/Cargo.toml", "dependencies": [], "targets": []
    }
  ]
}"#;

#[test]
fn ours_and_theirs_are_told_apart_and_dev_dependencies_left_out() {
    let packages = Packages::parse(METADATA.as_bytes()).unwrap();
    let [ours] = packages.members.as_slice() else { panic!("one member expected: {packages:?}") };
    assert_eq!(ours.folder, "crates/ours");
    assert_eq!(ours.dependencies, ["normal", "for-build"]);
    let roots: Vec<_> = ours.roots.iter().map(|root| (root.path.as_str(), root.shipped)).collect();
    assert_eq!(roots, [("crates/ours/src/lib.rs", true), ("crates/ours/tests/it.rs", false)]);
    let [theirs] = packages.externals.as_slice() else { panic!("one external expected: {packages:?}") };
    assert_eq!((theirs.name.as_str(), theirs.version.as_str()), ("theirs", "1.2.3"));
}

#[test]
fn a_member_outside_the_workspace_is_an_error() {
    let outside = METADATA.replace("/w/crates/ours/Cargo.toml", "/other/Cargo.toml");
    assert!(Packages::parse(outside.as_bytes()).is_err());
}
