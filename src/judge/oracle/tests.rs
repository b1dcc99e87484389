use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::exchange::{Header, HttpRequest};
use crate::judge::Finding;
use crate::located::SourceText;

pub(super) fn in_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;").replace('\u{a0}', "&nbsp;")
}

/// The rules with these ids, each at the level of that basis.
fn oracles_of(basis: &str, ids: impl IntoIterator<Item = &'static str>) -> Oracles {
    let entry = |id| {
        let why = if basis == "inferred" { "because = \"b\"\n" } else { "" };
        format!(
            "[\"{id}\"]\nbasis = \"{basis}\"\nstatement = \"s\"\npage = \"p\"\nsection = \"s\"\nopen = \"o\"\n{why}"
        )
    };
    let text: String = ids.into_iter().map(entry).collect();
    Oracles::of(&Register::parse(SourceText { file: "r", text: &text }).expect("register"))
}

/// All rules, each at level must, so that everything they notice is a finding.
fn oracles() -> Oracles {
    oracles_of("universal", RULES.map(|(id, _)| id))
}

/// The admin's password, the new one, and the credentials in base64.
const SECRETS: [&str; 3] = ["correct-horse:battery", "Staple1!staple", "YWRtaW46Y29ycmVjdC1ob3JzZTpiYXR0ZXJ5"];

/// Good credentials, and a body with a new password.
fn login() -> HttpRequest {
    let authorization = format!("Basic {}", SECRETS[2]);
    let body = format!(r#"{{"new_password": "{}"}}"#, SECRETS[1]);
    HttpRequest::of("POST", "/v1/users/login", &[("authorization", &authorization)], &body)
}

fn json(status: u16, body: &str) -> Response {
    Response::of(status, &[("content-type", "application/json")], body)
}

const META: &str = r#""meta":{"version":"v2.53.1","api_status":"stable"}"#;
const ERROR: &str = r#""errors":[{"code":1009,"title":"t","details":"d"}]"#;

/// `{…, "meta": {…}}`
fn enveloped(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!("{{{members}{comma}{META}}}")
}

fn envelope(status: u16, members: &str) -> Response {
    json(status, &enveloped(members))
}

fn titled(title: &str) -> Response {
    envelope(400, &format!(r#""errors":[{{"code":1009,"title":"{title}"}}]"#))
}

/// An error with one more header.
fn with_header(status: u16, name: &'static str, value: &str) -> Response {
    Response::of(status, &[("content-type", "application/json"), (name, value)], &enveloped(ERROR))
}

fn judge(response: Response) -> Judgement {
    oracles().judge("a step", &Exchange::answered(login(), response))
}

fn mismatches(response: Response) -> Vec<Mismatch> {
    judge(response).findings.into_iter().flat_map(|finding| finding.mismatches).collect()
}

fn places(finding: &Finding) -> Vec<String> {
    finding.mismatches.iter().map(|mismatch| mismatch.at.to_string()).collect()
}

/// The requirements that an exchange breaks, without the prefix that all of them have.
fn broken(exchange: &Exchange) -> String {
    let findings = oracles().judge("a step", exchange).findings;
    let mut ids: Vec<&str> =
        findings.iter().map(|finding| finding.requirement.trim_start_matches("envelope.")).collect();
    ids.sort_unstable();
    ids.join(" ")
}

#[track_caller]
fn assert_broken(what: &str, response: Response, expected: &str) {
    assert_eq!(broken(&Exchange::answered(login(), response)), expected, "{what}");
}

/// Answers by their names, as the file explains them.
#[derive(Deserialize)]
struct Answers {
    wrong_errors: Vec<String>,
    wrong_metas: Vec<String>,
    metas: Vec<String>,
    enveloped: BTreeMap<String, (u16, String, String)>,
    whole: BTreeMap<String, (u16, String, String)>,
    unanswered: BTreeMap<String, (String, Breakage, String, String)>,
    headed: BTreeMap<String, (u16, BTreeMap<String, String>, String, String)>,
    echoed: BTreeMap<String, (String, String, String, String)>,
}

fn answers() -> Answers {
    toml::from_str(include_str!("answers.toml")).expect("answers")
}

#[test]
fn each_answer_breaks_what_it_should() {
    let answers = answers();
    for (what, (status, members, expected)) in answers.enveloped {
        assert_broken(&what, envelope(status, &members), &expected);
    }
    for (what, (status, body, expected)) in answers.whole {
        assert_broken(&what, json(status, &body), &expected);
    }
    for code in ErrorCode::ALL {
        let documented = code.statuses().iter().any(|status| *status >= 500);
        let members = format!(r#""errors":[{{"code":{},"title":"t"}}]"#, code.number());
        assert_broken(&code.to_string(), envelope(500, &members), if documented { "" } else { "no-crash" });
    }
    for (what, (status, headers, members, expected)) in answers.headed {
        let headers = headers.into_iter().map(|(name, value)| Header::new(name, value)).collect();
        assert_broken(&what, Response::new(status, headers, enveloped(&members)), &expected);
    }
    assert_broken("HTML", Response::of(404, &[("Content-Type", "text/html")], "<html>"), "content-type json");
    assert_broken("no type and no body", Response::of(204, &[], ""), "");
    assert_broken("not modified without a type", Response::of(304, &[], ""), "");
}

#[test]
fn what_an_answer_must_be_depends_on_the_request() {
    let http = || Request::Http(login());
    let head = || Request::Http(HttpRequest { method: "HEAD".into(), ..login() });
    let raw = |text: &str| Request::Raw(text.into());
    let whole = |request, response| Exchange::of(request, Ok(response));
    let second = || Response { surplus: b"HTTP/1.1 200 OK\r\n".to_vec(), ..envelope(400, ERROR) };
    let page = Response::of(500, &[], "<h1>Internal Server Error</h1>");
    for (what, (sent, breakage, partial, expected)) in answers().unanswered {
        let request = if sent.is_empty() { http() } else { raw(&sent) };
        assert_eq!(broken(&Exchange::broken_off(request, breakage, partial.as_bytes())), expected, "{what}");
    }
    for (what, exchange, expected) in [
        ("HEAD has no body", whole(head(), json(200, "")), ""),
        ("HEAD has no type", whole(head(), Response::of(404, &[], "")), ""),
        ("a second answer", whole(http(), second()), "one-answer"),
        ("raw bytes may be two requests", whole(raw("GET / HTTP/1.1\r\n"), second()), ""),
        ("no envelope", whole(raw("GET /v1 HTTP/9\r\n\r\n"), Response::of(400, &[], "Bad Request")), ""),
        ("a crash of the HTTP layer", whole(raw("x"), page), "no-crash"),
    ] {
        assert_eq!(broken(&exchange), expected, "{what}");
    }
}

#[test]
fn a_body_that_is_no_object_is_shown() {
    let whole = |text: &str| Observed::WholeBody((&Json::parse(text.as_bytes()).expect(text)).into());
    for (body, observed) in [
        ("", Observed::EmptyBody),
        ("<html>", Observed::Text("<html>".to_owned())),
        ("[1]", whole("[1]")),
        ("\"no\"", whole("\"no\"")),
    ] {
        let in_body = mismatches(json(200, body)).into_iter().filter(|mismatch| mismatch.at == Place::Body);
        assert_eq!(in_body.map(|mismatch| mismatch.observed).collect::<Vec<_>>(), [observed], "{body}");
    }
}

#[test]
fn errors_have_their_shape() {
    for members in answers().wrong_errors {
        assert_broken(&members, envelope(400, &members), "error-shape");
    }
    // The account page prints code 1005 bare.
    let bare = || envelope(403, r#""code":1005,"title":"Access denied","details":"d""#);
    let judgement = judge(bare());
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.observations[0].what, Remark::BareError);
    let raw = Exchange::of(Request::Raw(Vec::new()), Ok(bare()));
    assert_eq!(oracles().judge("a step", &raw), Judgement::default());
}

#[test]
fn every_wrong_member_of_every_error_is_reported_by_its_pointer() {
    let finding = &judge(envelope(400, r#""errors":[{"code":"x","title":"t"},{"code":1,"details":2}]"#)).findings[0];
    assert_eq!(places(finding), ["/errors/0/code", "/errors/1/title", "/errors/1/details"]);
    assert_eq!(finding.step, "a step");
}

#[test]
fn of_very_many_wrong_errors_the_first_are_reported_and_the_others_counted() {
    let reported = |count: usize| {
        let errors = vec![r#"{"title":"t"}"#; count].join(",");
        mismatches(envelope(400, &format!(r#""errors":[{errors}]"#)))
    };
    assert_eq!(reported(20).len(), 20);
    assert_eq!(reported(20)[19].at, Place::at("/errors/19/code"));
    let of_many = reported(1_000);
    assert_eq!(of_many.len(), 21);
    assert_eq!((&of_many[20].at, &of_many[20].observed), (&Place::at("/errors"), &Observed::More(980)));
}

#[test]
fn meta_has_its_shape() {
    let Answers { metas, wrong_metas, .. } = answers();
    for (metas, expected) in [(wrong_metas, "meta-shape"), (metas, "")] {
        for meta in metas {
            assert_broken(&meta, json(200, &format!(r#"{{"meta":{meta}}}"#)), expected);
        }
    }
}

#[test]
fn an_answer_with_a_secret_of_the_request_is_noticed() {
    for secret in SECRETS {
        assert_broken(secret, titled(&format!("no: {secret}")), "no-secret-echoed");
        assert_broken(secret, with_header(400, "X-Debug", secret), "no-secret-echoed");
        let finding = format!("{:?}", judge(titled(secret)));
        assert!(!finding.contains(secret), "the finding shows the secret: {finding}");
    }
    // Parts of a secret, the user's name and a word by chance are harmless.
    for harmless in ["correct-horse", "admin", "battery", "Staple1!", "Basic"] {
        assert_broken(harmless, titled(&format!("no: {harmless}")), "");
    }
    for (what, (authorization, body, shown, expected)) in answers().echoed {
        let request = HttpRequest::of("PUT", "/v1/users/x", &[("Authorization", &authorization)], &body);
        assert_eq!(broken(&Exchange::answered(request, titled(&shown))), expected, "{what}");
    }
}

#[test]
fn a_stack_trace_is_noticed_in_any_body_and_in_a_header() {
    let trace = "Error: x\\n    at Object.<anonymous>";
    assert_broken("in JSON", titled(trace), "no-trace");
    let plain = trace.replace("\\n", "\n");
    assert_broken("as plain text", Response::of(404, &[], &plain), "content-type json no-trace");
    assert_broken("a harmless at", titled("at least 8"), "");
    let in_header = with_header(400, "X-Debug", "SyntaxError: x%0A    at parse (/app/json.js:96:19)");
    assert_eq!(places(&judge(in_header.clone()).findings[0]), ["header X-Debug"]);
    assert_broken("in a header", in_header, "no-trace");
    assert_broken("a date", with_header(400, "Date", "Thu, 01 Mar 2018 15:29:26 GMT"), "");
}

#[test]
fn a_rule_without_a_requirement_is_not_applied_and_a_level_decides() {
    let crash = || Exchange::answered(login(), Response::of(500, &[], ""));
    assert_eq!(Oracles::of(&Register::default()).judge("a step", &crash()), Judgement::default());
    let oracles = oracles_of("inferred", ["envelope.no-crash"]);
    assert_eq!(oracles.requirements().collect::<Vec<_>>(), ["envelope.no-crash"]);
    assert_eq!(oracles.operations(), None);
    assert_eq!(oracles_of("universal", ["envelope.no-crash", OPERATIONS]).operations(), Some(Level::Must));
    let judgement = oracles.judge("a step", &crash());
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.observations[0].requirement.as_deref(), Some("envelope.no-crash"));
}

#[test]
fn hostile_answers_are_shown_shortened_and_plain() {
    let body = format!("\u{1b}[31m{}", "x".repeat(100_000));
    let shown = format!("{:?}", judge(Response::of(404, &[], &body)).findings);
    assert!(shown.len() < 2_000 && !shown.contains('\u{1b}'), "{} bytes", shown.len());
}
