use super::*;

#[test]
fn secrets_are_taken_out_at_any_depth_and_in_any_case() {
    let mut value = serde_json::json!({"Auth_Token": "s", "a": [{"password": "s", "name": "n"}]});
    redact(&mut value);
    assert_eq!(
        value,
        serde_json::json!({"Auth_Token": REDACTED, "a": [{"password": REDACTED, "name": "n"}]})
    );
}
