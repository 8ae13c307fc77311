use super::select;

#[test]
fn the_last_matching_pattern_decides() {
    let names = ["data", "data_old", "system_traces"].map(str::to_owned);
    let run = |patterns: &[&str]| {
        select(&names, &patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>()).join(",")
    };
    assert_eq!(run(&[]), "data,data_old,system_traces");
    assert_eq!(run(&["data*"]), "data,data_old");
    assert_eq!(run(&["data*", "!*_old"]), "data");
    assert_eq!(run(&["!system_*"]), "data,data_old");
    assert_eq!(run(&["*", "!data.tab*"]), "data,data_old,system_traces");
    assert_eq!(run(&["other"]), "");
}
