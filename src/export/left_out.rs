//! Which cases other programs cannot express, and why.

use std::fmt;

use crate::judge::Check;
use crate::plan::Case;
use crate::requirement::Level;
use crate::scenario::{Action, Given, Step};

/// What keeps a case from being exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeftOut {
    Bytes,
    Copies,
    Clock,
    Code,
    Changed,
    MayRefuse,
    Anywhere,
    NothingExpected,
}

impl LeftOut {
    /// Why the case is left out, if it is.
    pub fn of(case: &Case, level: Level) -> Option<LeftOut> {
        let steps = &case.scenario.steps;
        let uses = |name: &str| steps.iter().flat_map(Step::names).any(|used| used == name);
        let asks = |kind: fn(&Check) -> bool| {
            let expectations = steps.iter().flat_map(|step| &step.expectations);
            expectations.filter(|expectation| expectation.level >= level).any(|it| it.checks.iter().any(kind))
        };
        let changes =
            |name: &str| steps.iter().flat_map(Step::templates).any(|text| text.changed_names().any(|it| it == name));
        let captured = || steps.iter().flat_map(|step| &step.captures).map(|capture| capture.name.as_str());
        let mut unknown = ["admin_password", "admin_token", "user_token"].into_iter().chain(captured());
        let is_host = |step: &Step| match &step.action {
            Action::Send(draft) => draft.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Host")),
            _ => false,
        };
        let expects = steps.iter().flat_map(|step| &step.expectations).any(|it| it.level >= level);
        Some(if case.is_raw() || steps.iter().any(is_host) || uses("host") || uses("base") {
            LeftOut::Bytes
        } else if steps.iter().any(|step| step.copies.is_some()) {
            LeftOut::Copies
        } else if steps.iter().any(|step| matches!(step.action, Action::Advance(_)))
            || asks(|check| matches!(check, Check::Lifetime { .. }))
        {
            LeftOut::Clock
        } else if uses("code") || uses("earlier_code") || case.given() == Given::Registered {
            LeftOut::Code
        } else if unknown.any(changes) {
            LeftOut::Changed
        } else if steps.iter().any(|step| step.may_refuse.is_some()) {
            LeftOut::MayRefuse
        } else if asks(|check| matches!(check, Check::Lacks(_))) {
            LeftOut::Anywhere
        } else if !expects {
            LeftOut::NothingExpected
        } else {
            return None;
        })
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LeftOut::Bytes => {
                "send bytes that HTTP clients do not send: raw, in pieces, or with a path or framing of their own"
            }
            LeftOut::Copies => "send copies of a request at once or in turn",
            LeftOut::Clock => "move the clock of the target on, or hold an instant against a clock",
            LeftOut::Code => "need the registration code that the target sends",
            LeftOut::Changed => "send a part or another spelling of a token or password that is not known beforehand",
            LeftOut::MayRefuse => "have a step that a conforming target may refuse, which ends the case",
            LeftOut::Anywhere => "look for a text anywhere in the answer",
            LeftOut::NothingExpected => "expect nothing at the level that is asserted",
        })
    }
}
