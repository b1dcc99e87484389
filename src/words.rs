//! The words for facts: what a check asked for, what was observed, why a case has its verdict.
//!
//! Only reports and commands use them. Nothing parses these texts, so a sentence may be reworded at any time.

use std::collections::BTreeSet;

use crate::exchange::JsonKind;
use crate::judge::copy_name;
use crate::judge::facts::{Broken, Clock, Condition, Expected, Kept, Member, Observed, Pattern, Secret};
use crate::judge::{Finding, Mismatch, Remark};
use crate::plan::Skip;
use crate::run::{Excuse, NotAsked, Reason};
use crate::scenario::Change;

pub(crate) fn expected(expected: &Expected) -> String {
    said(match expected {
        Expected::Status(set) => set.to_string(),
        Expected::ErrorCode(codes) => {
            let codes: Vec<String> = codes.iter().map(i64::to_string).collect();
            format!("an error of code {}", codes.join(" or "))
        }
        Expected::Value(pattern) => self::pattern(pattern),
        Expected::Absent => "absent".to_owned(),
        Expected::Count(count) => format!("an array of exactly {count}"),
        Expected::OtherThan(value) => format!("a value other than {value}"),
        Expected::Lifetime { seconds, within, clock } => {
            format!("{seconds} s after {}, give or take {within} s", self::clock(*clock))
        }
        Expected::Answer => "an answer".to_owned(),
        Expected::WholeAnswer => "one whole answer within the time limit".to_owned(),
        Expected::OneAnswer => "nothing after the one answer".to_owned(),
        Expected::Operation => "the operation: without credentials it answers 401 or 400".to_owned(),
        Expected::NoCrash => "no 5xx, unless with an error code that is documented for it".to_owned(),
        Expected::JsonObject => "a JSON object".to_owned(),
        Expected::JsonType => "application/json, a charset allowed".to_owned(),
        Expected::UniqueMembers => "each member once".to_owned(),
        Expected::Errors => "an array of at least one error".to_owned(),
        Expected::ErrorMember(Member::Integer) => "an integer".to_owned(),
        Expected::ErrorMember(Member::String) => "a string".to_owned(),
        Expected::ErrorShape => "errors of that shape".to_owned(),
        Expected::NoErrors => "absent from a success".to_owned(),
        Expected::NoPayload => "absent from an error".to_owned(),
        Expected::Meta => "version and api_status".to_owned(),
        Expected::MetaMember(kind) => kind.description().to_owned(),
        Expected::NoSecret => "no secret of the request".to_owned(),
        Expected::NoTrace => "no stack trace".to_owned(),
        Expected::Challenge => "a challenge with the 401".to_owned(),
        Expected::AllowedMethods => "the allowed methods with the 405".to_owned(),
        Expected::Unchanged(kept) => format!("{}, as before the refused request", self::kept(*kept)),
        Expected::Snapshot => "the answers as accepted".to_owned(),
        Expected::Lacking => "nothing of what must stay secret".to_owned(),
        Expected::GrantedAtMost(most) => format!("at most {most} of the copies granted"),
        Expected::GrantedExactly(copies) if copies.is_empty() => "no copy granted, as before".to_owned(),
        Expected::GrantedExactly(copies) => format!("granted, as before: {}", named(copies)),
        Expected::GrantedOneOf(copies) if copies.is_empty() => "no copy granted, as none was before".to_owned(),
        Expected::GrantedOneOf(copies) => format!("one copy granted, of those that were before: {}", named(copies)),
        Expected::BasicChallenge => "a challenge of the scheme Basic".to_owned(),
        Expected::OtherMethods => "other methods than the one that was refused".to_owned(),
        Expected::NoBasicChallenge => "no challenge of the scheme Basic, which is not accepted here".to_owned(),
        Expected::Told(words) => return words.clone(),
    })
}

/// Copies by their names.
fn named(copies: &[usize]) -> String {
    copies.iter().map(|number| copy_name(*number)).collect::<Vec<_>>().join(", ")
}

/// Which copies got which status; those of a status that most got are only counted.
fn copies(statuses: &[u16]) -> String {
    const NAMED: usize = 4;
    let all: BTreeSet<&u16> = statuses.iter().collect();
    let part = |status: &u16| {
        let got = (1..).zip(statuses).filter(|(_, got)| *got == status).map(|(number, _)| number);
        let got: Vec<usize> = got.collect();
        match got.len() {
            ..=NAMED => format!("{status} for {}", named(&got)),
            count => format!("{status} for {count} copies"),
        }
    };
    all.into_iter().map(part).collect::<Vec<_>>().join("; ")
}

fn kept(kept: Kept) -> &'static str {
    match kept {
        Kept::Token => "a token that shows its account",
        Kept::Account => "the account",
        Kept::FreeName => "no account of that name",
        Kept::Role => "the role of the account",
        Kept::Password => "a password that logs in",
        Kept::RefusedPassword => "no login with the password that it brought",
        Kept::Registration => "the phone number registered",
    }
}

fn pattern(pattern: &Pattern<String>) -> String {
    match pattern {
        Pattern::Placeholder(kind) => format!("{} ({})", kind.shown(), kind.description()),
        Pattern::Text(text) => text.clone(),
        Pattern::Integer(number) => number.to_string(),
        Pattern::Bool(value) => value.to_string(),
    }
}

fn clock(clock: Clock) -> &'static str {
    match clock {
        Clock::Answer => "the answer's Date",
        Clock::Ours => "our clock",
    }
}

/// A diff begins on a line of its own.
pub(crate) fn observed(observed: &Observed) -> String {
    said(match observed {
        Observed::Absent => "absent".to_owned(),
        Observed::EmptyBody => "an empty body".to_owned(),
        Observed::NotJson(why) => format!("a body that is not JSON ({why})"),
        Observed::Status(status) => status.to_string(),
        Observed::Value(value) => value.shown.clone(),
        Observed::WholeBody(value) => format!("{}: {}", json_kind(value.kind), value.shown),
        Observed::Codes(codes, more) => {
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("code {}{more}", codes.join(", "))
        }
        Observed::NoCode => "no error code".to_owned(),
        Observed::Instant(value, lived, clock) => format!("{}, {lived} s after {}", value.shown, self::clock(*clock)),
        Observed::NotAnInstant(value) => format!("{}, which is not a valid date and time", value.shown),
        Observed::Twice => "the member appears twice".to_owned(),
        Observed::More(count) => format!("{count} more"),
        Observed::Text(text) => text.clone(),
        Observed::Secret(Secret::Password) => "the password of the request".to_owned(),
        Observed::Secret(Secret::Authorization) => "the Authorization header of the request".to_owned(),
        Observed::Secret(Secret::BodyPassword) => "the password in the body of the request".to_owned(),
        Observed::Secret(Secret::Code) => "the registration code".to_owned(),
        Observed::Copies(statuses) => copies(statuses),
        Observed::Broken(broken) => self::broken(broken),
        Observed::Diff(lines) => format!("\n{lines}"),
        Observed::Told(words) => return words.clone(),
    })
}

/// What kind of request, as the subject of a sentence.
pub(crate) fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Valid => "a valid request",
        Condition::BadCredentials => "wrong or missing credentials",
        Condition::BadToken => "a missing or invalid token",
        Condition::Forbidden => "a caller without permission",
        Condition::Unknown => "an unknown account",
        Condition::BadRequest => "an invalid request",
        Condition::Refused => "a request to refuse",
        Condition::Open => "any request",
    }
}

pub(crate) fn json_kind(kind: JsonKind) -> &'static str {
    match kind {
        JsonKind::Null => "null",
        JsonKind::Bool => "a boolean",
        JsonKind::Number => "a number",
        JsonKind::String => "a string",
        JsonKind::Array => "an array",
        JsonKind::Object => "an object",
    }
}

fn broken(broken: &Broken) -> String {
    let Broken { breakage, phase, detail } = broken;
    if detail.is_empty() { format!("{breakage} {phase}") } else { format!("{breakage} {phase} ({detail})") }
}

/// Everything that a finding asked for, in one line.
pub fn all_expected(finding: &Finding) -> String {
    joined(&finding.mismatches, |mismatch| expected(&mismatch.expected))
}

/// Everything that was observed instead, in one line.
pub fn all_observed(finding: &Finding) -> String {
    joined(&finding.mismatches, |mismatch| observed(&mismatch.observed))
}

fn joined(mismatches: &[Mismatch], side: impl Fn(&Mismatch) -> String) -> String {
    let lines: Vec<String> = mismatches.iter().map(|mismatch| format!("{}: {}", mismatch.at, side(mismatch))).collect();
    lines.join("; ")
}

pub(crate) fn remark(remark: &Remark) -> String {
    said(match remark {
        Remark::Mismatches(mismatches) => {
            let expected = joined(mismatches, |mismatch| expected(&mismatch.expected));
            format!("{} (expected {expected})", joined(mismatches, |mismatch| observed(&mismatch.observed)))
        }
        Remark::Flaky(mismatches) => {
            let observed = joined(mismatches, |mismatch| observed(&mismatch.observed));
            format!("flaky: {observed}; not when it was asked again alone")
        }
        Remark::BareError => "the error object is bare, not inside `errors`, as on the account page".to_owned(),
        Remark::Told(words) => return words.clone(),
    })
}

pub(crate) fn reason(reason: &Reason) -> String {
    said(match reason {
        Reason::Skipped(skip) => return self::skip(skip),
        Reason::Stopped => "the run was stopped".to_owned(),
        Reason::EnoughFailures => "the run stopped after this many failures (--max-fail)".to_owned(),
        Reason::GivenUp(why) | Reason::SetUp(why) | Reason::NotReset(why) | Reason::Unbound(why) => why.clone(),
        Reason::NoAnswer(broken) => format!("the target does not answer: {}", self::broken(broken)),
        Reason::NotReady(why) => format!("the target is not ready: {why}; --wait DUR waits longer"),
        Reason::NotTheApi(what) => what.to_string(),
        Reason::OverTime { seconds } => format!("the run has used its {seconds} s; --max-time allows more"),
        Reason::OverBudget => "over budget: as many wrong logins were sent as --wrong-logins allows".to_owned(),
        Reason::TokenDied => {
            "the token of the harness does not outlive another login: see tokens.several.stay-valid".to_owned()
        }
        Reason::Throttled(why) => format!("throttled: {why}"),
        Reason::NoResetLeft => "no reset is left; --max-resets N allows more".to_owned(),
        Reason::NoReset => "there is no reset".to_owned(),
        Reason::NotFresh { case, why } => format!(
            "`{case}` was accepted or not answered, so the target is no longer freshly installed: {}",
            self::reason(why)
        ),
        Reason::Unreachable(broken) => format!("the target cannot be reached: {}", self::broken(broken)),
        Reason::NothingToCapture { step, at } => format!("the answer to `{step}` holds no text at {at}"),
        Reason::Refused { step, status, why } => format!("`{step}` was answered {status}: {why}"),
        Reason::Unanswered { step } => format!("`{step}` was not answered"),
        Reason::Unsettled { step, status } => {
            format!("`{step}` was answered {status}, and what that left behind is not known")
        }
        Reason::Snapshot(why) => format!("the snapshot cannot be compared: {why}"),
        Reason::Known(excuses) => {
            let excuses: Vec<String> = excuses.iter().map(excuse).collect();
            excuses.join("; ")
        }
        Reason::Defect(what) => format!("a defect of wabizspec: {what}"),
        Reason::Told(words) => return words.clone(),
    })
}

fn excuse(excuse: &Excuse) -> String {
    let Excuse { reason, issue, until } = excuse;
    let issue = issue.as_ref().map(|issue| format!(" ({issue})")).unwrap_or_default();
    let until = until.map(|last| format!(", until {last}")).unwrap_or_default();
    format!("{reason}{issue}{until}")
}

pub(crate) fn skip(skip: &Skip) -> String {
    said(match skip {
        Skip::Registration { needed, found } => {
            format!("not applicable: it is for targets whose registration is {needed}, not {found}")
        }
        Skip::Needs(operation) => format!("needs {operation}"),
        Skip::Without(part) => format!("left out on purpose: the configuration says without = [\"{part}\"]"),
        Skip::RawRequests => {
            "the configured client cannot send its requests unchanged; use client = \"wire\"".to_owned()
        }
        Skip::JustInstalled => "it needs a freshly installed target; give --fresh or --reset".to_owned(),
        Skip::JustInstalledAgain => "it needs another fresh install; give --reset".to_owned(),
        Skip::Credentials => {
            "it needs to log in as admin; set WABIZSPEC_ADMIN_PASSWORD, or give --fresh or --reset".to_owned()
        }
        Skip::AdminPassword => {
            "it needs the admin's password, and only a token is given; set WABIZSPEC_ADMIN_PASSWORD".to_owned()
        }
        Skip::Account => "it needs an account that the run creates; give --allow users".to_owned(),
        Skip::Advance => "it moves the clock, and the configuration has no `advance`".to_owned(),
        Skip::Change(change) => {
            let what = match change {
                Change::Passwords => "admin's password",
                Change::Users => "accounts",
                Change::Registration => "registration",
                Change::Clock => "clock",
            };
            format!("it changes the {what}; give --allow {change}")
        }
        Skip::EndangersOthers => {
            "a target that accepts it would lose an account that the run did not create; give --reset".to_owned()
        }
        Skip::RegistrationUnknown => {
            "it needs a freshly installed target that registers numbers; give --registration open".to_owned()
        }
        Skip::Code => "it needs the registration code, and the configuration has no `code_command`".to_owned(),
        Skip::WrongLogins { limit } => format!(
            "over budget: it needs wrong logins, and a run sends at most {limit} to a target without a reset; \
             --wrong-logins N changes that"
        ),
    })
}

pub(crate) fn not_asked(not_asked: &NotAsked) -> String {
    let steps: Vec<String> = not_asked.steps.iter().map(|step| format!("`{step}`")).collect();
    said(format!("not asked: {} ({})", steps.join(", "), reason(&not_asked.why)))
}

#[cfg(not(test))]
fn said(words: String) -> String {
    words
}

#[cfg(test)]
pub(crate) use tests::said;

#[cfg(test)]
pub(crate) mod tests;
