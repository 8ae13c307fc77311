use super::*;

#[test]
fn keys_match_in_any_case_and_the_last_wins() {
    let object = Object::parse("T", r#"{"NAME":"a","name":"b","other":[1],"Enabled":true}"#).unwrap();
    assert_eq!(object.string("name").unwrap(), "b");
    assert!(object.boolean("enabled").unwrap());
    assert_eq!(object.string("absent").unwrap(), "");
}

#[test]
fn wrong_types_are_errors() {
    let object = Object::parse("T", r#"{"n":"3","f":3.5,"s":1,"l":{}}"#).unwrap();
    assert!(object.integer("n").is_err());
    assert!(object.integer("f").is_err());
    assert!(object.string("s").is_err());
    assert!(object.strings("l").is_err());
    assert!(Object::parse("T", "[]").is_err());
    assert!(Object::parse("T", "null").is_ok());
}

#[test]
fn only_the_first_document_counts() {
    assert_eq!(first_document(b" {\"a\":1} trailing").unwrap().get(), "{\"a\":1}");
    assert_eq!(first_document(b"").unwrap_err().to_string(), "EOF");
}
