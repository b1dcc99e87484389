//! The data by itself: the register and the scenarios that are built into the program.

use wabizspec::scenario::Suite;

#[test]
fn the_embedded_suite_is_read_without_error() {
    let suite = Suite::embedded().unwrap_or_else(|error| panic!("\n{error}"));
    assert!(!suite.scenarios.is_empty());
}
