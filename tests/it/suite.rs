//! The data by itself: the register and the scenarios that are built into the program.

use crate::harness::suite::embedded;

#[test]
fn the_embedded_suite_is_read_without_error() {
    assert!(!embedded().scenarios.is_empty());
}
