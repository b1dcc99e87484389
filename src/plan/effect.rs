//! What a case may change, read off the method and path of its requests: a file of somebody else's suite need not say.

use std::collections::BTreeSet;

use crate::documented::api::{self, Operation};
use crate::judge::Check;
use crate::scenario::{Action, Change, Scenario, Step};
use crate::template::Bindings;

/// What a row of a scenario changes: what the file says, and what its requests do on a target that obeys them.
pub(super) fn changes(scenario: &Scenario, row: &Bindings) -> Vec<Change> {
    let of_requests = scenario.steps.iter().flat_map(|step| of_step(step, row));
    let all: BTreeSet<Change> = scenario.changes.iter().copied().chain(of_requests).collect();
    all.into_iter().collect()
}

/// What the request of a step changes. One that is to be refused changes nothing, but for one that names an account which
/// is neither the run's own nor the admin's: a target that conforms may well obey that.
fn of_step(step: &Step, row: &Bindings) -> Vec<Change> {
    let (method, path, body) = match &step.action {
        Action::Send(draft) => {
            let path = draft.path.render(row).unwrap_or_else(|_| draft.path.to_string());
            let body = draft.body.as_ref().map(ToString::to_string).unwrap_or_default();
            (draft.method.clone(), path, body)
        }
        Action::Raw(template) => {
            let text = template.render(row).unwrap_or_else(|_| template.to_string());
            let mut words = text.split([' ', '\r', '\n']);
            let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            (method.to_owned(), target.replace("${base}", ""), text.clone())
        }
        // Bytes that are no text are no request that a target would obey.
        Action::Hex(_) => return Vec::new(),
        Action::Advance(_) => return vec![Change::Clock],
    };
    let changes = match Operation::of(&method, &path) {
        Some(Operation::ReadUser | Operation::LogOut) => return Vec::new(),
        Some(Operation::LogIn) if !body.to_ascii_lowercase().contains("password") => return Vec::new(),
        Some(Operation::LogIn | Operation::UpdateUser) => vec![Change::Passwords],
        Some(Operation::CreateUser | Operation::DeleteUser) => vec![Change::Users],
        Some(Operation::Register | Operation::Verify) => vec![Change::Registration],
        None if matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS") => return Vec::new(),
        // What is not of the API may change anything.
        None => vec![Change::Passwords, Change::Users, Change::Registration],
    };
    let mut checks = step.expectations.iter().flat_map(|expectation| &expectation.checks);
    let refused = checks.any(|check| matches!(check, Check::Status(set) if set.refuses()));
    match refused && !is_foreign(&path) {
        true => Vec::new(),
        false => changes,
    }
}

/// Whether the path is about an account that is neither the run's own nor the admin's.
fn is_foreign(path: &str) -> bool {
    const OWN: [&str; 4] = ["${unique", "${user", "${admin", "admin"];
    let name = api::username(path.split('?').next().unwrap_or_default());
    name.is_some_and(|name| !OWN.iter().any(|own| name.starts_with(own)))
}
