//! A plan as text, for the person who is about to run it.

use std::fmt::Write;

use super::target::Resolved;
use crate::plan::{Capabilities, Case, Plan};
use crate::scenario::Change;
use crate::words;

/// The whole plan: stages in order, what changes, what is left out and why.
pub(super) fn plan_view(plan: &Plan, resolved: &Resolved) -> String {
    let mut text = String::new();
    let whom = if resolved.info.embedded { "the embedded reference client" } else { &resolved.info.url };
    let count = plan.cases().count();
    // Writing to a String does not fail.
    let _ = writeln!(text, "{count} cases against {whom}, {} resets; nothing has been sent", plan.resets);
    let _ = writeln!(text, "{}", changes(plan, &resolved.capabilities));
    if let Some(limit) = resolved.capabilities.wrong_logins {
        let wrong: u32 = plan.cases().map(Case::wrong_logins).sum();
        let change = "--wrong-logins N changes the limit";
        let _ = writeln!(text, "the cases send {wrong} of at most {limit} wrong logins; {change}");
    }
    for hook in &resolved.hooks {
        let _ = writeln!(text, "a run may execute {hook}");
    }
    for (number, stage) in plan.stages.iter().enumerate() {
        let start = match number {
            _ if stage.after_reset => "after a reset",
            0 => "from the state that is there",
            _ => "from the state that is left",
        };
        let together = if stage.concurrent { "at the same time" } else { "one after another" };
        let _ = writeln!(text, "\nstage {} {start}, {together}:", number + 1);
        for case in &stage.cases {
            let changes: Vec<String> = case.changes().iter().map(ToString::to_string).collect();
            let verb = if changes.is_empty() { "" } else { "  changes " };
            let _ = writeln!(text, "  {:10} {}{verb}{}", case.given(), case.id, changes.join(", "));
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
    let named = named_changes(plan, capabilities).join(", ");
    match named.as_str() {
        "" => "the plan changes nothing on the target".to_owned(),
        _ => format!("the plan changes on the target: {named}; accounts that the run makes are removed afterwards"),
    }
}

/// Each kind of change with how many cases make it. `passwords` may be only those of accounts that the run makes.
pub(super) fn named_changes(plan: &Plan, capabilities: &Capabilities) -> Vec<String> {
    let Capabilities { fresh, reset, allow, .. } = capabilities;
    let admins = *fresh || *reset || allow.contains(&Change::Passwords);
    let named = |(change, count): (&Change, &usize)| match change {
        Change::Passwords if !admins => format!("{change} of accounts that the run makes ({count} cases)"),
        change => format!("{change} ({count} cases)"),
    };
    plan.changes().iter().map(named).collect()
}
