use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::*;
use crate::exchange::{Header, HttpRequest, Phase, Unanswered};
use crate::located::SourceText;

/// All oracles, each at level must, so that everything they notice is a finding.
fn oracles() -> Oracles {
    let entry = |(id, _): &(&str, Rule)| {
        format!("[\"{id}\"]\nbasis = \"universal\"\nstatement = \"s\"\npage = \"p\"\nsection = \"s\"\n")
    };
    let text: String = RULES.iter().map(entry).collect();
    let source = SourceText { file: "r", text: &text };
    Oracles::of(&Register::parse(source).expect("register"))
}

/// Good credentials, and a body with a new password.
fn login() -> Request {
    let credentials = STANDARD.encode("admin:correct-horse:battery");
    Request::Http(HttpRequest {
        method: "POST".into(),
        target: "/v1/users/login".into(),
        headers: vec![Header::new("authorization", format!("Basic {credentials}"))],
        body: Some(br#"{"new_password": "Staple1!staple"}"#.to_vec()),
    })
}

fn with_method(method: &'static str) -> Request {
    match login() {
        Request::Http(request) => Request::Http(HttpRequest { method: method.into(), ..request }),
        raw => raw,
    }
}

fn exchange(request: Request, outcome: Outcome) -> Exchange {
    Exchange { request, outcome, at: Timestamp::UNIX_EPOCH, elapsed: Duration::from_millis(1), resent: false }
}

fn response(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
    Response {
        version: 1,
        status,
        reason: String::new(),
        headers: headers.iter().map(|(name, value)| Header::new(*name, *value)).collect(),
        body: body.into(),
        interim: Vec::new(),
        surplus: Vec::new(),
    }
}

fn json(status: u16, body: &str) -> Response {
    response(status, &[("content-type", "application/json")], body)
}

/// The requirements that the oracles find broken, without the prefix that all of them have.
fn noticed(request: Request, response: Response) -> Vec<String> {
    broken(&exchange(request, Outcome::Answered(response)))
}

fn broken(exchange: &Exchange) -> Vec<String> {
    let findings = oracles().judge("a step", exchange).findings;
    let mut ids: Vec<String> =
        findings.into_iter().map(|finding| finding.requirement.trim_start_matches("envelope.").to_owned()).collect();
    ids.sort();
    ids
}

const META: &str = r#""meta":{"version":"v2.53.1","api_status":"stable"}"#;

/// `{…, "meta": {…}}`
fn enveloped(members: &str) -> String {
    match members {
        "" => format!("{{{META}}}"),
        members => format!("{{{members},{META}}}"),
    }
}

const ERROR: &str = r#""errors":[{"code":1009,"title":"t","details":"d"}]"#;

#[track_caller]
fn assert_noticed(what: &str, response: Response, expected: &[&str]) {
    assert_eq!(noticed(login(), response), expected, "{what}");
}

#[test]
fn what_conforms_is_left_alone() {
    let user = r#""users":[{"token":"t","expires_after":"2018-03-01 15:29:26+00:00"}]"#;
    for (what, status, body) in [
        ("a login", 200, enveloped(user)),
        ("a success without payload", 201, enveloped("")),
        ("an error", 400, enveloped(ERROR)),
        (
            "several errors",
            400,
            enveloped(r#""errors":[{"code":1008,"title":"a"},{"code":1009,"title":"b","href":"h"}]"#),
        ),
        ("members nobody knows", 200, enveloped(r#""users":[{"x":{"errors":1}}],"y":null"#)),
        ("an error without a body", 400, String::new()),
        ("a documented 500", 500, enveloped(r#""errors":[{"code":1014,"title":"t"}]"#)),
        ("an overload", 503, enveloped(r#""errors":[{"code":1016,"title":"t"}]"#)),
    ] {
        assert_noticed(what, json(status, &body), &[]);
    }
    for content_type in ["application/json; charset=utf-8", "Application/JSON", "application/json ;charset=\"UTF-8\""] {
        let response = response(200, &[("Content-Type", content_type)], &enveloped(user));
        assert_noticed(content_type, response, &[]);
    }
    for status in [204, 304] {
        assert_noticed("no body may be there", response(status, &[], ""), &[]);
    }
    assert_eq!(noticed(with_method("HEAD"), json(200, "")), [""; 0]);
}

#[test]
fn no_whole_answer_is_noticed_but_not_that_nobody_could_be_reached() {
    let unanswered = |breakage, partial: &[u8]| {
        Outcome::Unanswered(Unanswered {
            breakage,
            phase: Phase::Waiting,
            obstacle: None,
            detail: String::new(),
            partial: partial.to_vec(),
        })
    };
    for breakage in [Breakage::Closed, Breakage::TimedOut, Breakage::Malformed, Breakage::TooLarge] {
        assert_eq!(broken(&exchange(login(), unanswered(breakage, b""))), ["answered"], "{breakage:?}");
    }
    assert_eq!(broken(&exchange(login(), unanswered(Breakage::Unreachable, b""))), [""; 0]);
    // Bytes that are no HTTP may be met by closing the connection, but neither by silence nor by half an answer.
    let raw = || Request::Raw(b"\x16\x03\x01".to_vec());
    assert_eq!(broken(&exchange(raw(), unanswered(Breakage::Closed, b""))), [""; 0]);
    for (breakage, partial) in
        [(Breakage::Closed, &b"HTTP/1."[..]), (Breakage::TimedOut, b""), (Breakage::Malformed, b"x")]
    {
        assert_eq!(broken(&exchange(raw(), unanswered(breakage, partial))), ["answered"], "{breakage:?}");
    }
}

#[test]
fn bytes_after_the_answer_are_noticed() {
    let second = || Response { surplus: b"HTTP/1.1 200 OK\r\n".to_vec(), ..json(400, &enveloped(ERROR)) };
    assert_noticed("a second answer", second(), &["one-answer"]);
    assert_eq!(
        noticed(Request::Raw(b"GET / HTTP/1.1\r\n".to_vec()), second()),
        [""; 0],
        "raw bytes may be two requests"
    );
}

#[test]
fn a_5xx_is_a_crash_unless_its_code_is_documented_for_it() {
    for code in ErrorCode::ALL {
        let body = enveloped(&format!(r#""errors":[{{"code":{},"title":"t"}}]"#, code.number()));
        let documented = code.statuses().iter().any(|status| *status >= 500);
        let expected: &[&str] = if documented { &[] } else { &["no-crash"] };
        assert_noticed(&code.to_string(), json(500, &body), expected);
    }
    for (what, status, body, expected) in [
        ("no body", 500, String::new(), &["no-crash"][..]),
        ("an error of another code", 500, enveloped(ERROR), &["no-crash"]),
        ("a code as text", 500, enveloped(r#""errors":[{"code":"1014","title":"t"}]"#), &["error-shape", "no-crash"]),
        ("a code outside of errors", 502, enveloped(r#""code":1014"#), &["error-shape", "no-crash"]),
        ("no errors", 500, enveloped(""), &["error-shape", "no-crash"]),
        ("a status nobody knows", 599, enveloped(ERROR), &["no-crash"]),
    ] {
        assert_noticed(what, json(status, &body), expected);
    }
    // The layer in front of the API must not crash either.
    let html = response(500, &[], "<h1>Internal Server Error</h1>");
    assert_eq!(noticed(Request::Raw(b"x".to_vec()), html), ["no-crash"]);
}

#[test]
fn every_body_is_a_json_object_and_says_so() {
    for (what, status, content_type, body, expected) in [
        ("HTML", 404, "text/html", "<html>", &["content-type", "json"][..]),
        ("HTML that calls itself JSON", 404, "application/json", "<html>", &["json"]),
        ("a success without a body", 200, "application/json", "", &["json"]),
        ("an array", 200, "application/json", "[]", &["json"]),
        ("a text", 400, "application/json", "\"no\"", &["error-shape", "json"]),
        ("null", 200, "application/json", "null", &["json"]),
        ("two values", 200, "application/json", "{}{}", &["json"]),
        ("no UTF-8 would do", 200, "application/json", "{\"a\":\"\\ud800\"}", &["json"]),
        ("JSON under another name", 200, "text/plain", &enveloped(""), &["content-type"]),
        ("a name that only begins so", 200, "application/jsonp", &enveloped(""), &["content-type"]),
        ("a name that only ends so", 200, "text/application/json", &enveloped(""), &["content-type"]),
    ] {
        assert_noticed(what, response(status, &[("Content-Type", content_type)], body), expected);
    }
    assert_noticed("no Content-Type", response(200, &[], &enveloped("")), &["content-type"]);
    let raw = Request::Raw(b"GET /v1 HTTP/9\r\n\r\n".to_vec());
    assert_eq!(noticed(raw, response(400, &[], "Bad Request")), [""; 0], "the HTTP layer knows no envelope");
    assert_eq!(noticed(with_method("HEAD"), response(404, &[], "")), [""; 0]);
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
        let judgement = oracles().judge("a step", &exchange(login(), Outcome::Answered(json(200, body))));
        let mismatches = judgement.findings.into_iter().flat_map(|finding| finding.mismatches);
        let in_body = mismatches.filter(|mismatch| mismatch.at == Place::Body);
        let bodies: Vec<Observed> = in_body.map(|mismatch| mismatch.observed).collect();
        assert_eq!(bodies, [observed], "{body}");
    }
}

#[test]
fn a_member_that_stands_twice_is_noticed_wherever_it_is() {
    for body in [
        enveloped(r#""users":[],"users":[]"#),
        enveloped(r#""users":[{"token":"a","token":"b"}]"#),
        enveloped(r#""users":[{"token":"a","tok\u0065n":"b"}]"#),
    ] {
        assert_noticed(&body, json(200, &body), &["unique-members"]);
    }
    assert_noticed("in two objects", json(200, &enveloped(r#""users":[{"a":1},{"a":1}]"#)), &[]);
}

#[test]
fn errors_have_their_shape() {
    for errors in [
        r#""x":1"#,
        r#""errors":[]"#,
        r#""errors":{}"#,
        r#""errors":null"#,
        r#""errors":"no""#,
        r#""errors":[1]"#,
        r#""errors":[{"title":"t"}]"#,
        r#""errors":[{"code":1009}]"#,
        r#""errors":[{"code":"1009","title":"t"}]"#,
        r#""errors":[{"code":1009.0,"title":"t"}]"#,
        r#""errors":[{"code":null,"title":"t"}]"#,
        r#""errors":[{"code":1009,"title":1}]"#,
        r#""errors":[{"code":1009,"title":"t","details":{}}]"#,
        r#""errors":[{"code":1009,"title":"t","href":null}]"#,
        r#""errors":[{"code":1009,"title":"t"},{}]"#,
        r#""code":1009,"title":"t""#,
        r#""code":1005"#,
    ] {
        assert_noticed(errors, json(400, &enveloped(errors)), &["error-shape"]);
    }
    // The account page prints code 1005 bare.
    let bare = json(403, &enveloped(r#""code":1005,"title":"Access denied","details":"d""#));
    let judgement = oracles().judge("a step", &exchange(login(), Outcome::Answered(bare.clone())));
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.observations[0].what, Remark::BareError);
    let raw = oracles().judge("a step", &exchange(Request::Raw(Vec::new()), Outcome::Answered(bare)));
    assert_eq!(raw, Judgement::default());
}

#[test]
fn every_wrong_member_of_every_error_is_reported_by_its_pointer() {
    let body = enveloped(r#""errors":[{"code":"x","title":"t"},{"code":1,"details":2}]"#);
    let judgement = oracles().judge("a step", &exchange(login(), Outcome::Answered(json(400, &body))));
    let places: Vec<String> = judgement.findings[0].mismatches.iter().map(|mismatch| mismatch.at.to_string()).collect();
    assert_eq!(places, ["/errors/0/code", "/errors/1/title", "/errors/1/details"]);
    assert_eq!(judgement.findings[0].step, "a step");
}

#[test]
fn of_very_many_wrong_errors_the_first_are_reported_and_the_rest_is_counted() {
    let reported = |count: usize| {
        let errors = vec![r#"{"title":"t"}"#; count].join(",");
        let body = enveloped(&format!(r#""errors":[{errors}]"#));
        let mut findings = oracles().judge("a step", &exchange(login(), Outcome::Answered(json(400, &body)))).findings;
        assert_eq!(findings.len(), 1);
        findings.remove(0).mismatches
    };
    assert_eq!(reported(20).len(), 20);
    assert_eq!(reported(20)[19].at, Place::at("/errors/19/code"));
    let of_many = reported(1_000);
    assert_eq!(of_many.len(), 21);
    assert_eq!((&of_many[20].at, &of_many[20].observed), (&Place::at("/errors"), &Observed::More(980)));
}

#[test]
fn what_a_status_promises_holds_from_its_first_to_its_last_code() {
    for (status, body, expected) in [
        // A success has a body and no errors; what follows may come without one.
        (299, String::new(), &["json"][..]),
        (300, String::new(), &[]),
        (299, enveloped(ERROR), &["errors-only-on-errors"]),
        (300, enveloped(ERROR), &[]),
        // An error says so and holds no payload.
        (399, enveloped(""), &[]),
        (400, enveloped(""), &["error-shape"]),
        (399, enveloped(r#""users":[]"#), &[]),
        (400, enveloped(&format!(r#"{ERROR},"users":[]"#)), &["no-payload-beside-errors"]),
        (499, enveloped(ERROR), &[]),
        (500, enveloped(ERROR), &["no-crash"]),
        // These have no body by definition.
        (204, String::new(), &[]),
        (304, String::new(), &[]),
    ] {
        assert_noticed(&format!("{status} {body}"), json(status, &body), expected);
    }
}

#[test]
fn success_and_error_do_not_mix() {
    for (what, status, members, expected) in [
        ("errors on a success", 200, ERROR.to_owned(), &["errors-only-on-errors"][..]),
        ("an empty list of them", 200, r#""errors":[]"#.to_owned(), &["errors-only-on-errors"]),
        ("both", 200, format!(r#"{ERROR},"users":[]"#), &["errors-only-on-errors", "no-payload-beside-errors"]),
        ("users on an error", 400, format!(r#"{ERROR},"users":[{{"token":"t"}}]"#), &["no-payload-beside-errors"]),
        ("a registration on an error", 400, format!(r#"{ERROR},"account":[]"#), &["no-payload-beside-errors"]),
        ("payload alone on an error", 400, r#""users":[]"#.to_owned(), &["error-shape", "no-payload-beside-errors"]),
    ] {
        assert_noticed(what, json(status, &enveloped(&members)), expected);
    }
}

#[test]
fn meta_is_there_and_has_its_shape() {
    assert_noticed("none on a success", json(200, r#"{"users":[]}"#), &["meta-present"]);
    assert_noticed("none on an error", json(400, &format!("{{{ERROR}}}")), &["meta-present"]);
    for meta in [
        "null",
        "{}",
        "[]",
        r#"{"version":"v2.53.1"}"#,
        r#"{"api_status":"stable"}"#,
        r#"{"version":"2","api_status":"stable"}"#,
        r#"{"version":2.53,"api_status":"stable"}"#,
        r#"{"version":"2.53","api_status":"beta"}"#,
        r#"{"version":"2.53","api_status":null}"#,
    ] {
        assert_noticed(meta, json(200, &format!(r#"{{"meta":{meta}}}"#)), &["meta-shape"]);
    }
    for meta in [
        r#"{"version":"2.53","api_status":"deprecated","more":1}"#,
        r#"{"api_status":"experimental","version":"v2.1.3.4"}"#,
    ] {
        assert_noticed(meta, json(200, &format!(r#"{{"meta":{meta}}}"#)), &[]);
    }
}

#[test]
fn secrets_of_the_request_come_back_nowhere() {
    let credentials = STANDARD.encode("admin:correct-horse:battery");
    for secret in ["correct-horse:battery", "Staple1!staple", &credentials] {
        let body = enveloped(&format!(r#""errors":[{{"code":1009,"title":"no: {secret}"}}]"#));
        assert_noticed(secret, json(400, &body), &["no-secret-echoed"]);
        let headers = [("content-type", "application/json"), ("X-Debug", secret)];
        assert_noticed(secret, response(400, &headers, &enveloped(ERROR)), &["no-secret-echoed"]);
    }
    // Parts of a secret, the user's name and a word by chance are none.
    for harmless in ["correct-horse", "admin", "battery", "Staple1!", "Basic"] {
        let body = enveloped(&format!(r#""errors":[{{"code":1009,"title":"no: {harmless}"}}]"#));
        assert_noticed(harmless, json(400, &body), &[]);
    }
    let request = |authorization: &str, body: &str| {
        Request::Http(HttpRequest {
            method: "PUT".into(),
            target: "/v1/users/x".into(),
            headers: vec![Header::new("Authorization", authorization)],
            body: Some(body.into()),
        })
    };
    let echo = |text: &str| json(400, &enveloped(&format!(r#""errors":[{{"code":1009,"title":"{text}"}}]"#)));
    for (authorization, body, secret) in [
        ("Bearer opaque-token-1", "", "opaque-token-1"),
        ("bearer  opaque-token-1 ", "", "opaque-token-1"),
        ("Digest some-long-response", "", "some-long-response"),
        ("Basic no-base64-at-all", "", "no-base64-at-all"),
        ("Bearer x", r#"{"password": "Secret-1"}"#, "Secret-1"),
        ("Bearer x", r#"{"p\u0061ssword": "Secret-1"}"#, "Secret-1"),
        ("Bearer x", r#"{"password": "Sec\"r\u0065t-1"}"#, r#"Sec\"ret-1"#),
        ("Bearer x", r#"{"new_password": "Secret-1"}"#, r"S\u0065cret-1"),
    ] {
        let noticed = noticed(request(authorization, body), echo(secret));
        assert_eq!(noticed, ["no-secret-echoed"], "{authorization} {body}");
    }
    for (authorization, body, word) in [
        ("Bearer short", "", "short"),
        ("Basic", "", "Basic"),
        ("Bearer x", r#"{"password": "7 bytes"}"#, "7 bytes"),
        ("Bearer x", r#"{"password": 12345678}"#, "12345678"),
        ("Bearer x", r#"{"username": "somebody-else"}"#, "somebody-else"),
    ] {
        assert_eq!(noticed(request(authorization, body), echo(word)), [""; 0], "{authorization} {body}");
    }
}

#[test]
fn the_finding_of_an_echo_does_not_hold_the_secret_itself() {
    let body = enveloped(r#""errors":[{"code":1009,"title":"Staple1!staple"}]"#);
    let judgement = oracles().judge("a step", &exchange(login(), Outcome::Answered(json(400, &body))));
    assert!(!format!("{judgement:?}").contains("Staple1!staple"), "{judgement:?}");
}

#[test]
fn stack_traces_are_noticed_in_any_body() {
    for trace in [
        "Traceback (most recent call last):\\n  File",
        "thread 'main' panicked at src/main.rs",
        "goroutine 1 [running]",
        "Error: x\\n    at Object.<anonymous>",
        "\\tat java.lang.Thread.run",
        "Stack trace:\\n#0",
        "System.NullReferenceException: Object",
    ] {
        let body = enveloped(&format!(r#""errors":[{{"code":1009,"title":"{trace}"}}]"#));
        assert_noticed(trace, json(400, &body), &["no-trace"]);
        // As plain text, with the line ends and tabs themselves.
        let plain = trace.replace("\\n", "\n").replace("\\t", "\t");
        assert_noticed(trace, response(404, &[], &plain), &["content-type", "json", "no-trace"]);
    }
    assert_noticed("a harmless at", json(400, &enveloped(r#""errors":[{"code":1009,"title":"at least 8"}]"#)), &[]);
}

#[test]
fn a_stack_trace_is_noticed_in_a_header_too() {
    let trace = "SyntaxError: x%0A    at parse (/app/json.js:96:19)";
    let headers = [("content-type", "application/json"), ("X-Debug", trace)];
    let traced = response(400, &headers, &enveloped(ERROR));
    let judgement = oracles().judge("a step", &exchange(login(), Outcome::Answered(traced)));
    let places: Vec<String> = judgement.findings[0].mismatches.iter().map(|mismatch| mismatch.at.to_string()).collect();
    assert_eq!(judgement.findings[0].requirement, "envelope.no-trace");
    assert_eq!(places, ["header X-Debug"]);
    let date = [("content-type", "application/json"), ("Date", "Thu, 01 Mar 2018 15:29:26 GMT")];
    assert_noticed("a date", response(400, &date, &enveloped(ERROR)), &[]);
}

#[test]
fn a_401_has_a_challenge_and_a_405_names_the_methods() {
    let with = |status, name: &'static str, value: &str| {
        response(status, &[("content-type", "application/json"), (name, value)], &enveloped(ERROR))
    };
    assert_noticed("401 alone", json(401, &enveloped(ERROR)), &["challenge"]);
    assert_noticed("405 alone", json(405, &enveloped(ERROR)), &["allow"]);
    assert_noticed("401", with(401, "www-authenticate", "Basic realm=\"x\""), &[]);
    assert_noticed("405", with(405, "ALLOW", "POST"), &[]);
    assert_noticed("the other's header", with(401, "Allow", "POST"), &["challenge"]);
    assert_noticed("403 needs none", json(403, &enveloped(ERROR)), &[]);
}

#[test]
fn an_oracle_without_a_requirement_is_not_asked_and_a_level_decides() {
    let crash = || exchange(login(), Outcome::Answered(response(500, &[], "")));
    assert_eq!(Oracles::of(&Register::default()).judge("a step", &crash()), Judgement::default());
    let text = "[\"envelope.no-crash\"]\nbasis = \"inferred\"\nstatement = \"s\"\npage = \"p\"\nsection = \"s\"\n";
    let oracles = Oracles::of(&Register::parse(SourceText { file: "r", text }).expect("register"));
    assert_eq!(oracles.requirements().collect::<Vec<_>>(), ["envelope.no-crash"]);
    let judgement = oracles.judge("a step", &crash());
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.observations[0].requirement.as_deref(), Some("envelope.no-crash"));
}

#[test]
fn hostile_answers_are_shown_shortened_and_plain() {
    let body = format!("\u{1b}[31m{}", "x".repeat(100_000));
    let judgement = oracles().judge("a step", &exchange(login(), Outcome::Answered(response(404, &[], &body))));
    let shown = format!("{:?}", judgement.findings);
    assert!(shown.len() < 2_000 && !shown.contains('\u{1b}'), "{} bytes", shown.len());
}
