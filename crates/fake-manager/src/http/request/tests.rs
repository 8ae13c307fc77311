use super::*;

#[test]
fn locations_are_relative_to_the_path() {
    let call = |path: &str| Call {
        method: Method::POST,
        path: path.to_owned(),
        query: Query::default(),
        body: Bytes::new(),
        racy: false,
    };
    assert_eq!(call("/api/v1/clusters").location("cluster/x"), "/api/v1/cluster/x");
    assert_eq!(call("/api/v1/clusters/").location("cluster/x"), "/api/v1/clusters/cluster/x");
    assert_eq!(call("/api/v1/cluster/p/tasks").location("task/repair/x"), "/api/v1/cluster/p/task/repair/x");
}

#[test]
fn segments_decode_like_queries() {
    assert_eq!(decode("a+b%2Bc%2Fd").as_deref(), Some("a b+c/d"));
    assert_eq!(decode("a%zz"), None);
}
