use super::refused_packages;

fn lock_with(name: &str) -> String {
    format!(
        "version = 4\n\n[[package]]\nname = \"rustls\"\nversion = \"0.23.0\"\n\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n"
    )
}

#[test]
fn a_second_tls_implementation_fails() {
    for name in ["aws-lc-rs", "openssl-sys", "native-tls"] {
        assert_eq!(refused_packages(&lock_with(name)).unwrap().len(), 1, "{name}");
    }
}

#[test]
fn a_library_that_only_finds_certificates_passes() {
    assert!(refused_packages(&lock_with("openssl-probe")).unwrap().is_empty());
}

#[test]
fn a_file_that_is_no_lock_is_an_error() {
    assert!(refused_packages("").is_err());
}
