//! Special cases of the first login that slip through (users/login, First login).

use serde_json::json;

use super::super::refusals::parameter;
use super::{Fault, fault};

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.first.password-from-a-header",
        "login.first.refused",
        "without `new_password` in the body, a header of that name counts",
        |behaviour| {
            behaviour.body_elsewhere = Some(|beside| {
                let field = (beside.field)("new-password").or((beside.field)("x-new-password"))?;
                body_with(std::str::from_utf8(field).ok()?)
            });
        },
        |w| w.first_elsewhere(("x-new-password", "Rk4$hTzm9Wq"), ""),
    ),
    fault(
        "login.first.password-from-the-query",
        "login.first.refused",
        "parameters of the query and members of the body are one to a framework: `new_password` counts in either",
        |behaviour| behaviour.body_elsewhere = Some(|beside| body_with(&parameter(beside, "new_password")?)),
        |w| w.first_elsewhere(("", ""), "new_password=Rk4-hTzm9Wq"),
    ),
    fault(
        "login.first.compared-as-written",
        "login.first.refused",
        "the default password is known by the header that clients usually send for it, to the letter",
        |behaviour| {
            behaviour.login.default_needs_change =
                |call| call.authorization.first() == Some(&&b"Basic YWRtaW46c2VjcmV0"[..]);
        },
        |w| drop(w.login_as("basic YWRtaW46c2VjcmV0", "{}")),
    ),
];

fn body_with(new_password: &str) -> Option<Vec<u8>> {
    Some(json!({ "new_password": new_password }).to_string().into_bytes())
}
