use super::{File, Tree, folder_of, follow, name_of};

#[test]
fn relative_links_are_followed_inside_the_checkout_only() {
    assert_eq!(follow("docs/decisions", "../operations/run.md").as_deref(), Some("docs/operations/run.md"));
    assert_eq!(follow("", "./README.md").as_deref(), Some("README.md"));
    assert_eq!(follow("docs", "../../elsewhere.md"), None);
}

#[test]
fn a_path_splits_into_folder_and_name() {
    assert_eq!((folder_of("a/b/c.rs"), name_of("a/b/c.rs")), ("a/b", "c.rs"));
    assert_eq!((folder_of("c.rs"), name_of("c.rs")), ("", "c.rs"));
}

#[test]
fn generated_files_are_known_by_their_folder() {
    assert!(File::new("proto/src/generated/a.rs", "").is_generated());
    assert!(!File::new("proto/src/lib.rs", "").is_generated());
}

#[test]
fn the_walk_finds_this_file_and_no_build_output() {
    let sources = Tree::of_this_workspace().and_then(|tree| tree.files_ending_in(".rs")).unwrap();
    assert!(sources.iter().any(|file| file.path == "tests/tidy/src/tree/tests.rs"));
    assert!(!sources.iter().any(|file| file.path.starts_with("target/")));
}
