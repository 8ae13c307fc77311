use super::compact;

#[test]
fn white_space_goes_outside_strings_only() {
    assert_eq!(
        compact("{ \"a b\" : [1, 2.50,\n\"\\\" <x>\"] }"),
        "{\"a b\":[1,2.50,\"\\\" \\u003cx\\u003e\"]}"
    );
}
