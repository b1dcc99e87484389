//! Rules of a behaviour. That its other settings do what they say is shown by the proof, which has a planted fault for each.

use super::*;
use crate::behaviour::{Duplicate, Mint, RefusedChange, Who};

#[test]
fn rules_are_edited() {
    let mut bench = Bench::of(Registration::Open, |behaviour| {
        behaviour.login.refused_first_change = RefusedChange::SetsTheNew;
        behaviour.permissions.create = Who::Anyone;
        behaviour.tokens.mint = Mint::Counter;
    });
    assert_eq!(bench.login("admin", "secret", &new_password("weak")).status, 400);
    assert_eq!(token(&bench.login("admin", "weak", "")), "token-00000000");
    assert_eq!(bench.send("POST", "/v1/users", &[], &user("anna", GOOD)).status, 201);
    for (duplicate, status, other_logs_in) in [
        (Duplicate::Ignored, 201, false),
        (Duplicate::Refused, 500, false),
        (Duplicate::RefusedAndReplaces, 500, true),
        (Duplicate::Replaces, 201, true),
    ] {
        bench.model.behaviour.users.duplicate = duplicate;
        let answer = bench.send("POST", "/v1/users", &[], &user("anna", OTHER));
        assert_eq!((answer.status, bench.logs_in("anna", OTHER)), (status, other_logs_in), "{duplicate:?}");
    }
}
