//! What can be listed.

use super::Shape;
use crate::harness::*;

#[test]
fn every_list() {
    for (shape, line) in [
        ("list-scenarios", "scenarios"),
        ("list-cases", "cases"),
        ("list-requirements", "requirements"),
        ("list-faults", "faults"),
        ("list-rows", "rows"),
    ] {
        let listed = Program::new("list --json").args(line).end().exited(0).stdout;
        Shape::named(shape).holds([&serde_json::from_str(&listed).expect("JSON")]);
    }
}
