//! What a plan looks like to the person who is about to let it loose.

use std::fmt::Write;

use super::target::Resolved;
use crate::plan::{Capabilities, Case, Plan, Start};
use crate::scenario::Change;
use crate::words;

/// The whole plan: stages in order, what changes, what is left out and why.
pub(super) fn plan_view(plan: &Plan, resolved: &Resolved) -> String {
    let mut text = String::new();
    let whom = match resolved.info.embedded {
        true => "the embedded reference client".to_owned(),
        false => resolved.info.url.clone(),
    };
    let count = plan.cases().count();
    // Writing to a String does not fail.
    let _ = writeln!(text, "{count} cases against {whom}, {} resets; nothing has been sent", plan.resets);
    let _ = writeln!(text, "{}", changes(plan, &resolved.capabilities));
    if let Some(limit) = resolved.capabilities.wrong_logins {
        let wrong: u32 = plan.cases().map(Case::wrong_logins).sum();
        let _ = writeln!(
            text,
            "the cases send {wrong} of at most {limit} wrong logins; --wrong-logins N changes the limit"
        );
    }
    for hook in &resolved.hooks {
        let _ = writeln!(text, "a run may execute {hook}");
    }
    for (number, stage) in plan.stages.iter().enumerate() {
        let start = match stage.start {
            Start::Reset => "after a reset",
            Start::AsLeft if number == 0 => "from the state that is there",
            Start::AsLeft => "from the state that is left",
        };
        let together = match stage.concurrent {
            true => "at the same time",
            false => "one after another",
        };
        let _ = writeln!(text, "\nstage {} {start}, {together}:", number + 1);
        for case in &stage.cases {
            let changes: Vec<String> = case.changes().iter().map(ToString::to_string).collect();
            let changes = match changes.is_empty() {
                true => String::new(),
                false => format!("  changes {}", changes.join(", ")),
            };
            let _ = writeln!(text, "  {:10} {}{changes}", case.given(), case.id);
        }
    }
    if !plan.skipped.is_empty() {
        let _ = writeln!(text, "\nleft out:");
    }
    for (case, why) in &plan.skipped {
        let _ = writeln!(text, "  {}: {}", case.id, words::skip(why));
    }
    text
}

/// What the plan changes on the target, in one line.
pub(super) fn changes(plan: &Plan, capabilities: &Capabilities) -> String {
    match named_changes(plan, capabilities) {
        none if none.is_empty() => "the plan changes nothing on the target".to_owned(),
        some => format!(
            "the plan changes on the target: {}; accounts that the run makes are removed afterwards",
            some.join(", ")
        ),
    }
}

/// Each kind of change with how many cases make it. Where the admin's password may not be changed, passwords are those of
/// accounts that the run makes, and that is said: nobody allowed anything else.
pub(super) fn named_changes(plan: &Plan, capabilities: &Capabilities) -> Vec<String> {
    let Capabilities { fresh, reset, allow, .. } = capabilities;
    let admins = *fresh || *reset || allow.contains(&Change::Passwords);
    let named = |(change, count): (&Change, &usize)| match change {
        Change::Passwords if !admins => format!("{change} of accounts that the run makes ({count} cases)"),
        change => format!("{change} ({count} cases)"),
    };
    plan.changes().iter().map(named).collect()
}
