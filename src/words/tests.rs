use std::cell::Cell;

use super::*;
use crate::exchange::{Breakage, Phase};
use crate::judge::facts::{Place, Value};
use crate::judge::{Placeholder, StatusSet};
use crate::scenario::Registration;

thread_local! {
    static OTHERWISE: Cell<bool> = const { Cell::new(false) };
}

/// The words as they are, or entirely different ones.
pub(crate) fn said(words: String) -> String {
    let rotated = |c: char| match c {
        'a'..='m' | 'A'..='M' => char::from(c as u8 + 13),
        'n'..='z' | 'N'..='Z' => char::from(c as u8 - 13),
        '0'..='9' => char::from(b'0' + b'9' - c as u8),
        other => other,
    };
    match OTHERWISE.get() {
        true => format!("« {} »", words.chars().map(rotated).collect::<String>()),
        false => words,
    }
}

/// Calls `work` while this thread uses different words.
pub(crate) fn in_other_words<T>(work: impl FnOnce() -> T) -> T {
    OTHERWISE.set(true);
    let done = work();
    OTHERWISE.set(false);
    done
}

fn value(kind: JsonKind, shown: &str) -> Value {
    Value { kind, shown: shown.to_owned() }
}

fn broken_off(detail: &str) -> Broken {
    Broken { breakage: Breakage::Closed, phase: Phase::Head, detail: detail.to_owned() }
}

/// Everything that can be expected, with its words.
pub(crate) fn all_that_is_expected() -> Vec<(Expected, &'static str)> {
    let set = StatusSet::parse(["200", "4xx"]).expect("a set");
    vec![
        (Expected::Status(set), "200 or 4xx"),
        (Expected::ErrorCode(vec![1005, 1006]), "an error of code 1005 or 1006"),
        (
            Expected::Value(Pattern::Placeholder(Placeholder::ExpiresAfter)),
            "<expires_after> (an instant written YYYY-MM-DD HH:MM:SS+00:00)",
        ),
        (Expected::Value(Pattern::Text("\"a\"".to_owned())), "\"a\""),
        (Expected::Value(Pattern::Integer(-5)), "-5"),
        (Expected::Value(Pattern::Bool(true)), "true"),
        (Expected::Absent, "absent"),
        (Expected::Count(2), "an array of exactly 2"),
        (Expected::OtherThan("\"a\"".to_owned()), "a value other than \"a\""),
        (
            Expected::Lifetime { seconds: 60, within: 5, clock: Clock::Answer },
            "60 s after the answer's Date, give or take 5 s",
        ),
        (Expected::Answer, "an answer"),
        (Expected::WholeAnswer, "one whole answer within the time limit"),
        (Expected::OneAnswer, "nothing after the one answer"),
        (Expected::NoCrash, "no 5xx, unless with an error code that is documented for it"),
        (Expected::JsonObject, "a JSON object"),
        (Expected::JsonType, "application/json, a charset allowed"),
        (Expected::UniqueMembers, "each member once"),
        (Expected::Errors, "an array of at least one error"),
        (Expected::ErrorMember(Member::Integer), "an integer"),
        (Expected::ErrorMember(Member::String), "a string"),
        (Expected::ErrorShape, "errors of that shape"),
        (Expected::NoErrors, "absent from a success"),
        (Expected::NoPayload, "absent from an error"),
        (Expected::Meta, "version and api_status"),
        (Expected::MetaMember(Placeholder::ApiStatus), "stable, deprecated or experimental"),
        (Expected::NoSecret, "no secret of the request"),
        (Expected::NoTrace, "no stack trace"),
        (Expected::Challenge, "a challenge with the 401"),
        (Expected::AllowedMethods, "the allowed methods with the 405"),
        (Expected::Snapshot, "the answers as accepted"),
    ]
}

/// Everything that can be observed, with its words.
pub(crate) fn all_that_is_observed() -> Vec<(Observed, &'static str)> {
    let instant = || value(JsonKind::String, "\"2026-01-01\"");
    vec![
        (Observed::Absent, "absent"),
        (Observed::EmptyBody, "an empty body"),
        (Observed::NotJson("at column 4".to_owned()), "a body that is not JSON (at column 4)"),
        (Observed::Status(401), "401"),
        (Observed::Value(value(JsonKind::Bool, "true")), "true"),
        (Observed::Value(value(JsonKind::String, "\"ROLE_ADMIN\"")), "\"ROLE_ADMIN\""),
        (Observed::WholeBody(value(JsonKind::Array, "[1]")), "an array: [1]"),
        (Observed::WholeBody(value(JsonKind::Number, "1")), "a number: 1"),
        (Observed::WholeBody(value(JsonKind::Bool, "true")), "a boolean: true"),
        (Observed::WholeBody(value(JsonKind::Null, "null")), "null: null"),
        (Observed::Codes(vec!["1".to_owned(), "\"x\"".to_owned()], 0), "code 1, \"x\""),
        (Observed::Codes(vec!["1".to_owned()], 3), "code 1 and 3 more"),
        (Observed::NoCode, "no error code"),
        (Observed::Instant(instant(), 5, Clock::Ours), "\"2026-01-01\", 5 s after our clock"),
        (Observed::NotAnInstant(instant()), "\"2026-01-01\", which is not a valid date and time"),
        (Observed::Twice, "the member appears twice"),
        (Observed::More(980), "980 more"),
        (Observed::Text("<html>".to_owned()), "<html>"),
        (Observed::Secret(Secret::Password), "the password of the request"),
        (Observed::Secret(Secret::Authorization), "the Authorization header of the request"),
        (Observed::Secret(Secret::BodyPassword), "the password in the body of the request"),
        (Observed::Broken(broken_off("")), "the connection was closed inside the head of the answer"),
        (Observed::Broken(broken_off("x")), "the connection was closed inside the head of the answer (x)"),
        (Observed::Diff("-a\n+b".to_owned()), "\n-a\n+b"),
    ]
}

/// Every cause, with its words.
pub(crate) fn all_causes() -> Vec<(Cause, &'static str)> {
    let text = || "so it is".to_owned();
    let step = || "ask".to_owned();
    let (needed, found) = (Registration::Open, Registration::Sunset);
    let not_fresh = Cause::NotFresh { case: "login/x".to_owned(), why: Box::new(Cause::NoReset) };
    let excuses = vec![
        Excuse { reason: "old".to_owned(), issue: Some("#7".to_owned()), until: "2027-01-31".parse().ok() },
        Excuse { reason: "rare".to_owned(), issue: None, until: None },
    ];
    let skips = [
        (
            Skip::Registration { needed, found },
            "not applicable: it is for targets whose registration is open, not sunset",
        ),
        (Skip::RawRequests, "the configured client cannot send its requests unchanged; use client = \"wire\""),
        (Skip::JustInstalled, "it needs a freshly installed target; give --fresh or --reset"),
        (Skip::JustInstalledAgain, "it needs another fresh install; give --reset"),
        (Skip::Credentials, "it needs to log in as admin; set WABIZSPEC_ADMIN_PASSWORD, or give --fresh or --reset"),
        (Skip::Account, "it needs an account that the run creates; give --allow users"),
        (Skip::Advance, "it moves the clock, and the configuration has no `advance`"),
        (Skip::Change(Change::Passwords), "it changes the admin's password; give --allow passwords"),
        (
            Skip::EndangersOthers,
            "a target that accepts it would lose an account that the run did not create; give --reset",
        ),
        (Skip::Code, "it needs the registration code, and the configuration has no `code_command`"),
        (
            Skip::WrongLogins { limit: 20 },
            "over budget: it needs wrong logins, and a run sends at most 20 to a target without a reset; \
             --wrong-logins N changes that",
        ),
    ];
    let causes = vec![
        (Cause::Stopped, "the run was stopped"),
        (Cause::EnoughFailures, "the run stopped after this many failures (--max-fail)"),
        (Cause::GivenUp(text()), "so it is"),
        (
            Cause::NoAnswer(broken_off("")),
            "the target does not answer: the connection was closed inside the head of the answer",
        ),
        (Cause::OverTime { seconds: 60 }, "the run has used its 60 s; --max-time allows more"),
        (Cause::OverBudget, "over budget: as many wrong logins were sent as --wrong-logins allows"),
        (Cause::Throttled(text()), "throttled: so it is"),
        (Cause::SetUp(text()), "so it is"),
        (Cause::NotReset(text()), "so it is"),
        (Cause::NoResetLeft, "no reset is left; --max-resets N allows more"),
        (Cause::NoReset, "there is no reset"),
        (
            not_fresh,
            "`login/x` was accepted or not answered, so the target is no longer freshly installed: there is no reset",
        ),
        (Cause::Unbound(text()), "so it is"),
        (
            Cause::Unreachable(broken_off("x")),
            "the target cannot be reached: the connection was closed inside the head of the answer (x)",
        ),
        (
            Cause::NothingToCapture { step: step(), at: "/users".to_owned() },
            "the answer to `ask` holds no text at /users",
        ),
        (Cause::Refused { step: step(), status: 403, why: text() }, "`ask` was answered 403: so it is"),
        (Cause::Unanswered { step: step() }, "`ask` was not answered"),
        (
            Cause::Unsettled { step: step(), status: 500 },
            "`ask` was answered 500, and what that left behind is not known",
        ),
        (Cause::Snapshot(text()), "the snapshot cannot be compared: so it is"),
        (Cause::Known(excuses), "old (#7), until 2027-01-31; rare"),
        (Cause::Defect(text()), "a defect of wabizspec: so it is"),
    ];
    skips.map(|(skip, words)| (Cause::Skipped(skip), words)).into_iter().chain(causes).collect()
}

#[test]
fn every_fact_has_its_words() {
    for (fact, words) in all_that_is_expected() {
        assert_eq!(expected(&fact), words);
    }
    for (fact, words) in all_that_is_observed() {
        assert_eq!(observed(&fact), words);
    }
    for (fact, words) in all_causes() {
        assert_eq!(cause(&fact), words);
    }
    let not_asked = NotAsked { steps: vec!["a".to_owned(), "b".to_owned()], why: Cause::NoReset };
    assert_eq!(super::not_asked(&not_asked), "not asked: `a`, `b` (there is no reset)");
}

#[test]
fn a_finding_and_a_remark_are_one_line_each() {
    let status = StatusSet::parse(["200"]).expect("a set");
    let mismatches = vec![
        Mismatch { at: Place::Status, expected: Expected::Status(status), observed: Observed::Status(401) },
        Mismatch { at: Place::at("/a"), expected: Expected::Absent, observed: Observed::NoCode },
    ];
    let finding = Finding {
        requirement: "login.x".to_owned(),
        level: crate::requirement::Level::Must,
        step: "ask".to_owned(),
        mismatches: mismatches.clone(),
    };
    assert_eq!(all_expected(&finding), "status: 200; /a: absent");
    assert_eq!(all_observed(&finding), "status: 401; /a: no error code");
    assert_eq!(
        remark(&Remark::Mismatches(mismatches)),
        "status: 401; /a: no error code (expected status: 200; /a: absent)"
    );
    assert!(remark(&Remark::BareError).contains("bare"));
}
