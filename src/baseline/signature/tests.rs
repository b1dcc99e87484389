use super::*;
use crate::judge::facts::{Clock, Expected};
use crate::requirement::Level;

fn finding(step: &str, mismatches: Vec<(&str, Observed)>) -> Finding {
    let mismatch = |(at, observed): (&str, Observed)| Mismatch {
        at: Place::from(at.to_owned()),
        expected: Expected::Absent,
        observed,
    };
    Finding {
        requirement: "login.x".to_owned(),
        level: Level::Must,
        step: step.to_owned(),
        mismatches: mismatches.into_iter().map(mismatch).collect(),
    }
}

fn of(at: &str, observed: Observed) -> String {
    signature([&finding("s", vec![(at, observed)])])
}

fn value(json: &str) -> Observed {
    Observed::value(Some(&Json::parse(json.as_bytes()).expect(json)))
}

fn instant(text: &str, lived: i64) -> Observed {
    Observed::Instant(Value { kind: JsonKind::String, shown: format!("{text:?}") }, lived, Clock::Ours)
}

fn broken(breakage: Breakage, phase: Phase, detail: &str) -> Observed {
    Observed::Broken(Broken { breakage, phase, detail: detail.to_owned() })
}

fn text(text: &str) -> Observed {
    Observed::Text(text.to_owned())
}

fn diff(lines: &str) -> Observed {
    Observed::Diff(lines.to_owned())
}

#[test]
fn values_that_differ_from_run_to_run_are_not_part_of_it() {
    let not_json = |why: &str| Observed::NotJson(why.to_owned());
    for (at, one, other) in [
        ("/users/0/token", value("\"eyJ0.a1\""), value("\"eyJ0.b2\"")),
        ("/users/0/token", value("\"short\""), value(&format!("{:?}", "eyJ0".repeat(200)))),
        ("/users/0/username", value("\"wab12c0001\""), value("\"wxyzq0099\"")),
        ("/users/0/expires_after", instant("2026-01-01", 5), instant("2026-01-02", 6)),
        ("/users/3/token", Observed::Absent, Observed::Absent),
        (
            "answer",
            broken(Breakage::TimedOut, Phase::Body, "1.5s for the whole answer"),
            broken(Breakage::TimedOut, Phase::Body, "10s for the whole answer"),
        ),
        ("body", not_json("at column 4"), not_json("at column 9")),
        ("header Content-Type", text("text/html; charset=utf-8"), text("Text/HTML")),
        ("body", text("<html>1</html>"), text("<html>2</html>")),
    ] {
        assert_eq!(of(at, one), of(at, other), "{at}");
    }
    assert_eq!(of("/users/0/token", Observed::Absent), of("/users/7/token", Observed::Absent));
}

#[test]
fn another_way_of_failing_is_another_signature() {
    let codes = |code: &str| Observed::Codes(vec![code.to_owned()], 0);
    for (at, one, other) in [
        ("status", Observed::Status(200), Observed::Status(500)),
        ("/errors", codes("1005"), codes("1006")),
        ("/errors/0/code", value("1005"), value("1006")),
        ("/users/0/ROLES", value("\"ROLE_ADMIN\""), value("\"ROLE_USER\"")),
        ("/users", Observed::Absent, value("[]")),
        ("/users", value("true"), value("false")),
        ("answer", broken(Breakage::TimedOut, Phase::Head, "x"), broken(Breakage::Closed, Phase::Head, "x")),
        ("answer", broken(Breakage::Closed, Phase::Head, "x"), broken(Breakage::Closed, Phase::Body, "x")),
        ("header Content-Type", text("text/html"), Observed::Absent),
        ("transcript", diff("- a\n+ b"), diff("- a\n+ c")),
    ] {
        assert_ne!(of(at, one), of(at, other), "{at}");
    }
    assert_ne!(of("/a", Observed::Absent), of("/b", Observed::Absent));
    let failing = |step| finding(step, vec![("status", Observed::Status(200))]);
    let (first, second) = (failing("first"), failing("second"));
    assert_ne!(signature([&first]), signature([&second]));
    assert_ne!(signature([&first]), signature([&first, &second]));
}

/// Existing baselines contain these, so none may ever change.
#[test]
fn signatures_of_existing_baselines_are_unchanged() {
    let json = |text: &str| Value::from(&Json::parse(text.as_bytes()).expect(text));
    let codes = |codes: &[&str], more| Observed::Codes(codes.iter().map(|code| (*code).to_owned()).collect(), more);
    for (at, observed, written) in [
        ("status", Observed::Status(200), "status 200"),
        ("/users", Observed::Absent, "/users absent"),
        ("body", Observed::EmptyBody, "body an empty body"),
        ("/users", Observed::NotJson("x".to_owned()), "/users a body that is no JSON"),
        ("/errors", codes(&["1005", "-1"], 0), "/errors code 1005, -1"),
        ("/errors", codes(&["1005", "\"x\""], 0), "/errors text"),
        ("/errors", codes(&["1005"], 3), "/errors text"),
        ("/errors", Observed::NoCode, "/errors no error code"),
        ("/errors", Observed::More(980), "/errors text"),
        ("/a/0", Observed::Twice, "/a/* the member stands twice"),
        ("/a", value("null"), "/a null"),
        ("/a", value("1.5"), "/a a number"),
        ("/a/code", value("1.5"), "/a/code 1.5"),
        ("/a", value("\"text\""), "/a a string"),
        ("/a", value("{\"b\":1}"), "/a an object"),
        ("body", Observed::WholeBody(json("[1]")), "body text"),
        ("/a", Observed::Instant(json("\"2026-01-01\""), 5, Clock::Answer), "/a a string"),
        ("/a", Observed::NotAnInstant(json("5")), "/a text"),
        ("/a", Observed::NotAnInstant(json("{}")), "/a an object"),
        ("answer", text("HTTP/1.1 200 OK"), "answer text"),
        ("answer", text("{\"b\":1}"), "answer an object"),
        ("answer", text("{\"b\":"), "answer an object"),
        ("header Content-Type", value("\"text/html; x\""), "header Content-Type \"text/html"),
        ("body", Observed::Secret(Secret::Password), "body the password of the request"),
        ("body", Observed::Secret(Secret::Authorization), "body the Authorization header of the request"),
        ("body", Observed::Secret(Secret::BodyPassword), "body the password in the body of the request"),
        ("answer", broken(Breakage::Unreachable, Phase::Connecting, ""), "answer no connection while connecting"),
        (
            "answer",
            broken(Breakage::TooLarge, Phase::Sending, "x"),
            "answer the answer is larger than what is read while the request was being sent",
        ),
        (
            "answer",
            broken(Breakage::Malformed, Phase::Waiting, "x"),
            "answer the answer is not HTTP/1.x before the first byte of an answer",
        ),
        ("transcript", diff("--- accepted\n+++ now\n"), "transcript 0e74ab4d41bc6d58"),
    ] {
        assert_eq!(of(at, observed), format!("s: {written}"));
    }
}

#[test]
fn it_is_readable_and_short() {
    let two = finding("log in", vec![("status", Observed::Status(200)), ("/users", value("[{\"token\":\"x\"}]"))]);
    assert_eq!(signature([&two]), "log in: /users an array; status 200");
    let many: Vec<(String, Observed)> =
        (0..1000).map(|index| (format!("/errors/{index}/code"), Observed::Absent)).collect();
    let many = many.iter().map(|(at, observed)| (at.as_str(), observed.clone())).collect();
    assert_eq!(signature([&finding("s", many)]), "s: /errors/*/code absent");
}
