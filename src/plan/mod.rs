//! From scenarios to cases: rows, selection, shards, and the order that needs the fewest resets.
//!
//! Planning is pure. It knows what a target allows ([`Capabilities`]) but never talks to one.

mod budget;
mod effect;
mod order;
mod shard;
#[cfg(feature = "cli")]
mod selection;

use std::sync::Arc;

pub use budget::WRONG_LOGINS;
pub use order::{Capabilities, Without, plan};
pub(crate) use order::{Plan, Skip, Stage};
#[cfg(feature = "cli")]
pub use selection::Selection;
#[cfg(feature = "cli")]
pub(crate) use selection::SelectionError;
pub(crate) use shard::{Part, Shard};

use crate::documented::api::{self, Effect, Operation, Resource};
use crate::exchange::Manner;
use crate::scenario::{Action, Change, Draft, Given, Row, Scenario, Step, Suite};
use crate::template::Template;

/// One row of a scenario, ready to be run.
#[derive(Debug, Clone)]
pub struct Case {
    /// `area/file::row`, or `area/file` where the file has no rows. Stable.
    pub id: String,
    /// The file it comes from.
    pub scenario: Arc<Scenario>,
    row: usize,
    /// Sorted.
    changes: Vec<Change>,
}

impl Case {
    pub(crate) fn row(&self) -> &Row {
        &self.scenario.rows[self.row]
    }

    pub(crate) fn given(&self) -> Given {
        self.scenario.given
    }

    pub(crate) fn changes(&self) -> &[Change] {
        &self.changes
    }

    pub(crate) fn changes_nothing(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether everything it changes belongs to accounts that are made for it alone, so that it disturbs no other case.
    pub(crate) fn is_confined(&self) -> bool {
        let own: &[Change] = match self.given() {
            Given::User => &[Change::Passwords, Change::Users],
            Given::Admin => &[Change::Users],
            Given::Any | Given::Fresh | Given::Registered | Given::Kept => &[],
        };
        !self.changes_nothing()
            && self.changes().iter().all(|change| own.contains(change))
            && self.scenario.steps.iter().all(|step| keeps_to_its_own(&step.action))
    }

    /// Whether a target that accepts what it must refuse would change, delete or log out the account of the case.
    pub(crate) fn risks_its_account(&self) -> bool {
        let risks = |step: &Step| match &step.action {
            Action::Send(draft) if draft.method != "GET" && draft.path.uses("user") => true,
            Action::Send(draft) => {
                let operation = draft.operation(&self.row().bindings);
                operation == Some(Operation::LogOut) && step.names().any(|name| name == "user_token")
            }
            Action::Raw(template) => template.uses("user"),
            _ => false,
        };
        self.scenario.steps.iter().any(risks)
    }

    fn logs_out(&self) -> bool {
        [Operation::LogIn, Operation::LogOut].iter().all(|wanted| self.operations().any(|called| called == *wanted))
    }

    /// Whether a target that accepts what it must refuse would delete or replace an account that the run did not make.
    /// Names that the run makes up begin with `${unique` or `${user`.
    pub(crate) fn endangers_others(&self) -> bool {
        self.drafts().any(|draft| {
            let path = draft.path.to_string();
            let names = |part: &str| path.contains(part);
            match Operation::of(&draft.method, &path) {
                Some(Operation::CreateUser) => {
                    let body = draft.body.as_ref().map(ToString::to_string).unwrap_or_default();
                    let body: String = body.split_whitespace().collect();
                    body.contains(r#""username":"admin""#) || body.contains(r#""username":"${admin"#)
                }
                // Even if the path names no account: a target may parse one from it.
                _ => {
                    let is_deletion = draft.method == "DELETE" && path.starts_with(Resource::Users.path());
                    is_deletion && (names("admin") || !(names("/${unique") || names("/${user")))
                }
            }
        })
    }

    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation> {
        self.drafts().filter_map(|draft| draft.operation(&self.row().bindings))
    }

    fn drafts(&self) -> impl Iterator<Item = &Draft> {
        self.scenario.steps.iter().filter_map(|step| match &step.action {
            Action::Send(draft) => Some(draft),
            _ => None,
        })
    }

    /// Whether only the wire client can send it: raw bytes, a request with its own framing, or a path that others tidy.
    pub(crate) fn is_raw(&self) -> bool {
        const FRAMING: [&str; 5] = ["Connection", "Content-Length", "Expect", "Transfer-Encoding", "Upgrade"];
        let frames = |(name, _): &(String, Template)| FRAMING.iter().any(|known| name.eq_ignore_ascii_case(known));
        self.scenario.steps.iter().any(|step| match &step.action {
            Action::Raw(_) | Action::Hex(_) => true,
            Action::Send(draft) => {
                draft.manner != Manner::Usual || draft.headers.iter().any(frames) || is_tidied(&draft.path.to_string())
            }
            Action::Advance(_) => false,
        })
    }
}

/// Whether clients with a URL parser send another path.
fn is_tidied(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["//", "/.", "/%2e"].iter().any(|part| path.contains(part))
}

/// Whether a target that obeys, even if it must not, changes only accounts of this case: the one that it is given, or one
/// with a unique name. False if that is not certain.
fn keeps_to_its_own(action: &Action) -> bool {
    let names_its_own = |template: &Template| ["user", "unique", "unique4"].iter().any(|name| template.uses(name));
    match action {
        Action::Send(draft) => {
            let path = draft.path.to_string();
            match Operation::of(&draft.method, &path).map(Operation::effect) {
                Some(Effect::Nothing | Effect::Login | Effect::Logout) => true,
                Some(Effect::Account | Effect::Password) => match api::username(&path) {
                    Some(_) => names_its_own(&draft.path),
                    None => draft.body.as_ref().is_some_and(names_its_own),
                },
                Some(Effect::Registration) => false,
                None => draft.method == "GET",
            }
        }
        Action::Raw(template) => {
            let login = Operation::LogIn;
            template.to_string().starts_with(&format!("{} ${{base}}{} ", login.method(), login.path()))
        }
        Action::Hex(_) | Action::Advance(_) => false,
    }
}

/// All cases of a suite, in the order of their ids.
pub fn cases(suite: &Suite) -> Vec<Case> {
    let mut cases = Vec::new();
    for scenario in &suite.scenarios {
        for (row, Row { name, bindings, .. }) in scenario.rows.iter().enumerate() {
            let id = name.as_ref().map_or_else(|| scenario.id.clone(), |name| format!("{}::{name}", scenario.id));
            cases.push(Case { id, scenario: Arc::clone(scenario), row, changes: effect::changes(scenario, bindings) });
        }
    }
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    cases
}

#[cfg(test)]
mod tests;
