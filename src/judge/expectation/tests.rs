use std::time::Duration;

use super::*;
use crate::documented::token::ExpiresAfter;
use crate::exchange::{Breakage, Header, HttpRequest, Phase, Request, Unanswered};

/// Our clock at the answer.
const OURS: i64 = 1_700_000_000;
const WEEK: i64 = 604_800;

fn exchange(outcome: Outcome) -> Exchange {
    Exchange {
        request: Request::Http(HttpRequest {
            method: "POST".into(),
            target: "/v1/users/login".into(),
            headers: Vec::new(),
            body: None,
        }),
        outcome,
        at: Timestamp::from_second(OURS).expect("instant"),
        elapsed: Duration::from_millis(1),
        resent: false,
    }
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

fn expectation(checks: Vec<Check>) -> Expectation {
    Expectation { requirement: "login.x".into(), level: Level::Must, checks, line: 1 }
}

fn bindings() -> Bindings {
    let mut bindings = Bindings::new();
    bindings.bind("name", "Acme \"Ltd\"");
    bindings
}

/// Every mismatch of one check.
fn mismatches(check: &Check, response: Response) -> Vec<Mismatch> {
    let judgement = expectation(vec![check.clone()]).judge("step", &exchange(Outcome::Answered(response)), &bindings());
    judgement.findings.into_iter().flat_map(|finding| finding.mismatches).collect()
}

fn value(json: &str) -> Observed {
    Observed::value(Some(&Json::parse(json.as_bytes()).expect(json)))
}

/// Holds a check to the answers that satisfy it and to those that do not.
#[track_caller]
fn assert_bites(check: &Check, good: &[Response], bad: &[Response]) {
    for response in good {
        let found = mismatches(check, response.clone());
        assert!(found.is_empty(), "{check:?} takes {response:?}: {found:?}");
    }
    for response in bad {
        assert_eq!(mismatches(check, response.clone()).len(), 1, "{check:?} refuses {response:?}");
    }
}

fn bodies<const N: usize>(texts: [&str; N]) -> [Response; N] {
    texts.map(|body| response(200, &[], body))
}

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).expect(text)
}

fn text(template: &str) -> Template {
    Template::parse(template).expect(template)
}

fn set(words: &[&str]) -> StatusSet {
    StatusSet::parse(words.iter().copied()).unwrap_or_else(|| panic!("{words:?}"))
}

#[test]
fn sets_of_statuses_are_read_or_refused() {
    for words in [&[][..], &["0xx"], &["6xx"], &["xx"], &["4x"], &["99"], &["600"], &["4XX"], &["-1"], &["401", "no"]] {
        assert_eq!(StatusSet::parse(words.iter().copied()), None, "{words:?}");
    }
    for (words, shown, accepts, refuses) in [
        (&["200"][..], "200", true, false),
        (&["2xx"], "2xx", true, false),
        (&["200", "201"], "200 or 201", true, false),
        (&["401"], "401", false, true),
        (&["4xx"], "4xx", false, true),
        (&["500"], "500", false, true),
        (&["400", "5xx"], "400 or 5xx", false, true),
        (&["2xx", "4xx"], "2xx or 4xx", false, false),
        (&["199"], "199", false, false),
        (&["299"], "299", true, false),
        (&["300"], "300", false, false),
        (&["302"], "302", false, false),
        (&["399"], "399", false, false),
        (&["400"], "400", false, true),
        (&["1xx"], "1xx", false, false),
    ] {
        let set = set(words);
        assert_eq!((set.to_string().as_str(), set.accepts(), set.refuses()), (shown, accepts, refuses));
    }
}

#[test]
fn statuses_are_held_to_their_set_at_its_edges() {
    let status = |status| response(status, &[], "{}");
    for (words, good, bad) in [
        (&["401"][..], &[401][..], &[400, 402, 403, 200, 500][..]),
        (&["4xx"], &[400, 401, 499], &[399, 500, 200, 999]),
        (&["2xx"], &[200, 299], &[199, 300]),
        (&["200", "4xx"], &[200, 400, 499], &[201, 399, 500]),
    ] {
        let statuses = |codes: &[u16]| codes.iter().map(|code| status(*code)).collect::<Vec<_>>();
        assert_bites(&Check::Status(set(words)), &statuses(good), &statuses(bad));
    }
    let found = mismatches(&Check::Status(set(&["4xx"])), status(500));
    let (expected, observed) = (Expected::Status(set(&["4xx"])), Observed::Status(500));
    assert_eq!(found, [Mismatch { at: Place::Status, expected, observed }]);
}

#[test]
fn one_element_of_errors_has_the_code_or_a_bare_object_where_there_are_none() {
    let good = bodies([
        r#"{"errors":[{"code":1005}]}"#,
        r#"{"errors":[{"code":1},{"code":1005,"title":"t"}]}"#,
        r#"{"errors":[1,null,{"code":1006}]}"#,
        r#"{"code":1005,"title":"Access denied"}"#,
    ]);
    let bad = bodies([
        "",
        "no JSON",
        "{}",
        "[]",
        "1005",
        r#"{"errors":[]}"#,
        r#"{"errors":[{}]}"#,
        r#"{"errors":[{"code":1007}]}"#,
        r#"{"errors":[{"code":"1005"}]}"#,
        r#"{"errors":[{"code":1005.0}]}"#,
        r#"{"errors":[{"title":"1005"}]}"#,
        r#"{"errors":[{"error":{"code":1005}}]}"#,
        // `errors` is there, so what stands bare beside it does not count.
        r#"{"errors":[],"code":1005}"#,
        r#"{"code":1007}"#,
        r#"{"users":[{"code":1005}]}"#,
    ]);
    assert_bites(&Check::Error(vec![1005, 1006]), &good, &bad);
    let observed = |body: &str| {
        let found = mismatches(&Check::Error(vec![1005, 1006]), response(401, &[], body)).remove(0);
        assert_eq!((found.at, found.expected), (Place::at("/errors"), Expected::ErrorCode(vec![1005, 1006])));
        found.observed
    };
    let codes = Observed::Codes(vec!["1".to_owned(), r#""x""#.to_owned()], 0);
    assert_eq!(observed(r#"{"errors":[{"code":1},{"code":"x"}]}"#), codes);
    assert_eq!(observed("{}"), Observed::NoCode);
    assert_eq!(observed(""), Observed::EmptyBody);
    assert!(matches!(observed("<"), Observed::NotJson(_)));
    let many = vec![r#"{"code":1}"#; 30].join(",");
    assert_eq!(observed(&format!(r#"{{"errors":[{many}]}}"#)), Observed::Codes(vec!["1".to_owned(); 20], 10));
}

#[test]
fn what_must_be_absent_is_so_in_a_body_that_is_no_json() {
    let check = Check::Absent(pointer("/users"));
    let good = bodies(["", "no JSON <users>", "[]", "null", "{}", r#"{"user":1,"a":{"users":1}}"#, r#"{"errors":[]}"#]);
    let bad =
        bodies([r#"{"users":null}"#, r#"{"users":[]}"#, r#"{"users":[{"token":"t"}]}"#, r#"{"a":1,"\u0075sers":0}"#]);
    assert_bites(&check, &good, &bad);
    let deep = Check::Absent(pointer("/users/0/token"));
    assert_bites(&deep, &bodies([r#"{"users":[]}"#, r#"{"users":[{}]}"#]), &bodies([r#"{"users":[{"token":""}]}"#]));
}

#[test]
fn a_member_that_stands_twice_is_not_hidden_by_the_other() {
    let absent = Check::Absent(pointer("/users/0/token"));
    let twice = r#"{"users":[{"token":"t"}],"users":[]}"#;
    let other_way = r#"{"users":[],"users":[{"token":"t"}]}"#;
    let noticed = |body: &str| mismatches(&absent, response(200, &[], body)).len();
    // Clients differ in which of two members they read; one of the two at least is seen here, the other by an oracle.
    assert_eq!(noticed(twice) + noticed(other_way), 1);
}

#[test]
fn values_are_held_to_their_pattern() {
    let at = || pointer("/a");
    let placeholder = |kind| Check::Body(at(), Pattern::Placeholder(kind));
    let missing = ["", "no JSON", "[]", "{}", r#"{"b":"x"}"#, r#"{"a":null}"#, r#"{"a":{}}"#, r#"{"a":[[]]}"#];
    for (check, good, bad) in [
        (
            placeholder(Placeholder::Token),
            &[r#"{"a":"x.y-z"}"#][..],
            &[r#"{"a":""}"#, r#"{"a":"x y"}"#, r#"{"a":1}"#][..],
        ),
        (placeholder(Placeholder::Integer), &[r#"{"a":-3}"#], &[r#"{"a":"3"}"#, r#"{"a":3.0}"#, r#"{"a":3e0}"#]),
        (
            Check::Body(at(), Pattern::Text(text("${name}"))),
            &[r#"{"a":"Acme \"Ltd\""}"#, r#"{"a":"\u0041cme \"Ltd\""}"#],
            &[r#"{"a":"Acme"}"#, r#"{"a":"acme \"ltd\""}"#, r#"{"a":["Acme \"Ltd\""]}"#],
        ),
        (Check::Body(at(), Pattern::Text(text("1"))), &[r#"{"a":"1"}"#], &[r#"{"a":1}"#, r#"{"a":"1 "}"#]),
        // Nothing is bound to the name: that never counts as equal.
        (Check::Body(at(), Pattern::Text(text("${lost}"))), &[], &[r#"{"a":""}"#, r#"{"a":"${lost}"}"#]),
        (Check::Body(at(), Pattern::Integer(5)), &[r#"{"a":5}"#], &[r#"{"a":"5"}"#, r#"{"a":5.0}"#, r#"{"a":50}"#]),
        (
            Check::Body(at(), Pattern::Bool(true)),
            &[r#"{"a":true}"#],
            &[r#"{"a":false}"#, r#"{"a":"true"}"#, r#"{"a":1}"#],
        ),
    ] {
        let responses = |bodies: &[&str]| bodies.iter().map(|body| response(200, &[], body)).collect::<Vec<_>>();
        assert_bites(&check, &responses(good), &responses(bad));
        assert_bites(&check, &[], &responses(&missing));
    }
    let whole = Check::Body(pointer(""), Pattern::Placeholder(Placeholder::Object));
    assert_bites(&whole, &bodies(["{}"]), &bodies(["[]", "1", ""]));
    assert_eq!(mismatches(&whole, response(200, &[], "[]"))[0].at, Place::Body);
}

#[test]
fn counts_are_exact() {
    let check = Check::Count(pointer("/users"), 1);
    let bad = bodies([
        "",
        "{}",
        r#"{"users":[]}"#,
        r#"{"users":[1,2]}"#,
        r#"{"users":{"0":1}}"#,
        r#"{"users":"x"}"#,
        r#"{"users":1}"#,
    ]);
    assert_bites(&check, &bodies([r#"{"users":[{}]}"#]), &bad);
    assert_bites(
        &Check::Count(pointer("/users"), 0),
        &bodies([r#"{"users":[]}"#]),
        &bodies(["{}", r#"{"users":[0]}"#]),
    );
}

#[test]
fn what_must_differ_has_to_be_there_and_be_a_text() {
    let check = Check::Differs(pointer("/a"), text("${name}"));
    let bad = bodies(["", "{}", r#"{"a":"Acme \"Ltd\""}"#, r#"{"a":null}"#, r#"{"a":1}"#, r#"{"a":["x"]}"#]);
    assert_bites(&check, &bodies([r#"{"a":"other"}"#, r#"{"a":""}"#]), &bad);
}

#[test]
fn headers_are_there_and_match() {
    let with = |name: &'static str, value: &str| response(200, &[("x", "y"), (name, value)], "");
    let any = Check::Header("WWW-Authenticate".into(), Pattern::Placeholder(Placeholder::String));
    assert_bites(
        &any,
        &[with("www-authenticate", "Basic")],
        &[with("x", "y"), with("WWW-Authenticate", ""), with("authenticate", "Basic")],
    );
    let exact = Check::Header("Allow".into(), Pattern::Text(text("POST")));
    assert_bites(
        &exact,
        &[with("ALLOW", "POST")],
        &[with("Allow", "post"), with("Allow", "POST, GET"), with("b", "POST")],
    );
    let (at, expected) = (Place::Header("Allow".into()), Expected::Value(Wanted::Text(r#""POST""#.into())));
    assert_eq!(mismatches(&exact, with("b", "c")), [Mismatch { at, expected, observed: Observed::Absent }]);
    let mut bytes = with("b", "c");
    bytes.headers.push(Header::new("Allow", b"PO\xffST".to_vec()));
    assert_eq!(mismatches(&exact, bytes).len(), 1);
}

/// The answer to a login whose token lives until then, by the clock of the server.
fn living(until: i64, date: Option<i64>) -> Response {
    let until = ExpiresAfter::new(Timestamp::from_second(until).expect("instant"));
    let body = format!(r#"{{"users":[{{"expires_after":"{until}"}}]}}"#);
    let date = date.map(|second| {
        let instant = Timestamp::from_second(second).expect("instant");
        let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
        printer.timestamp_to_rfc9110_string(&instant).expect("date")
    });
    let headers: Vec<(&str, &str)> = date.iter().map(|date| ("Date", date.as_str())).collect();
    response(200, &headers, &body)
}

fn lifetime(within: i64) -> Check {
    Check::Lifetime { at: pointer("/users/0/expires_after"), seconds: WEEK, within }
}

#[test]
fn lifetimes_are_held_to_the_date_of_the_answer_to_the_second() {
    // However far the server's clock is off, against ours.
    for clock in [OURS, OURS + 90, OURS - 90, OURS + 40_000_000, 784_111_777] {
        for within in [0, 5, 120] {
            let at = |off: i64| living(clock + WEEK + off, Some(clock));
            let good = [at(0), at(within), at(-within)];
            assert_bites(&lifetime(within), &good, &[at(within + 1), at(-within - 1), at(-WEEK), at(WEEK)]);
        }
    }
}

#[test]
fn without_a_date_our_clock_has_to_do_and_the_tolerance_is_wider() {
    for within in [5, 120, 300] {
        let at = |off: i64| living(OURS + WEEK + off, None);
        assert_bites(&lifetime(within), &[at(0), at(300), at(-300)], &[at(301), at(-301)]);
    }
    let at = |off: i64| living(OURS + WEEK + off, None);
    assert_bites(&lifetime(1000), &[at(1000), at(-1000)], &[at(1001), at(-1001)]);
    // A Date that cannot be read is none.
    let mut unreadable = at(300);
    unreadable.headers.push(Header::new("Date", "yesterday"));
    assert_bites(&lifetime(5), &[unreadable], &[]);
}

#[test]
fn an_instant_that_is_none_lives_no_time() {
    let body = |value: &str| response(200, &[], &format!(r#"{{"users":[{{"expires_after":{value}}}]}}"#));
    let values = [r#""2023-11-21 22:13:20""#, r#""""#, "1700604800", "null", "[]"];
    let mut bad: Vec<Response> = values.into_iter().map(body).collect();
    bad.extend(bodies(["", "no JSON", "{}", r#"{"users":[]}"#]));
    // How an instant is written is another rule's business.
    let good = [body(r#""2023-11-21 22:13:20+00:00""#), body(r#""2023-11-21T22:13:20Z""#)];
    assert_bites(&lifetime(300), &good, &bad);
    let found = mismatches(&lifetime(120), living(OURS + WEEK - 3600, Some(OURS)));
    assert!(matches!(found[0].observed, Observed::Instant(_, 601_200, Clock::Answer)), "{found:?}");
}

#[test]
fn no_answer_satisfies_nothing_and_is_judged_elsewhere() {
    // Every kind of check, were it only asked, would be broken by silence; that it is silence an oracle says, and the
    // case goes no further. So it can never be taken for the refusal that was asked for.
    let silence = exchange(Outcome::Unanswered(Unanswered {
        breakage: Breakage::Closed,
        phase: Phase::Waiting,
        obstacle: None,
        detail: String::new(),
        partial: Vec::new(),
    }));
    let refusal = expectation(vec![Check::Status(set(&["4xx"])), Check::Absent(pointer("/users"))]);
    assert_eq!(refusal.judge("step", &silence, &bindings()), Judgement::default());
    assert!(silence.response().is_none());
}

#[test]
fn raw_bytes_met_by_closing_the_connection_break_an_expectation_that_asks_for_an_answer() {
    let unanswered = |request: Request, breakage| Exchange {
        request,
        ..exchange(Outcome::Unanswered(Unanswered {
            breakage,
            phase: Phase::Waiting,
            obstacle: None,
            detail: String::new(),
            partial: Vec::new(),
        }))
    };
    let found = |exchange: &Exchange| {
        let judgement = expectation(vec![Check::Status(set(&["4xx"]))]).judge("step", exchange, &bindings());
        judgement.findings.iter().map(|finding| finding.mismatches[0].expected.clone()).collect::<Vec<_>>()
    };
    let raw = || Request::Raw(b"x".to_vec());
    assert_eq!(found(&unanswered(raw(), Breakage::Closed)), [Expected::Answer]);
    // The rest an oracle minds, and would be told twice.
    for breakage in [Breakage::TimedOut, Breakage::Malformed, Breakage::Unreachable] {
        assert_eq!(found(&unanswered(raw(), breakage)), [], "{breakage:?}");
    }
    let http = exchange(Outcome::Answered(response(200, &[], ""))).request;
    assert_eq!(found(&unanswered(http, Breakage::Closed)), []);
}

#[test]
fn a_crash_never_satisfies_a_refusal() {
    let refusal = Check::Status(set(&["4xx"]));
    let crashes = [500, 502, 503, 599].map(|status| response(status, &[], r#"{"errors":[{"code":1005}]}"#));
    assert_bites(&refusal, &[], &crashes);
}

#[test]
fn every_mismatch_is_reported_in_order_under_one_requirement() {
    let checks = vec![
        Check::Status(set(&["200"])),
        Check::Body(pointer("/a"), Pattern::Integer(1)),
        Check::Absent(pointer("/b")),
    ];
    let answer = response(401, &[], r#"{"b":2}"#);
    let judgement =
        expectation(checks.clone()).judge("step", &exchange(Outcome::Answered(answer.clone())), &bindings());
    let [finding] = judgement.findings.as_slice() else { panic!("{judgement:?}") };
    assert_eq!((finding.requirement.as_str(), finding.step.as_str()), ("login.x", "step"));
    let mismatch = |at, expected, observed| Mismatch { at, expected, observed };
    let expected = [
        mismatch(Place::Status, Expected::Status(set(&["200"])), Observed::Status(401)),
        mismatch(Place::at("/a"), Expected::Value(Wanted::Integer(1)), Observed::Absent),
        mismatch(Place::at("/b"), Expected::Absent, value("2")),
    ];
    assert_eq!(finding.mismatches, expected);
    let may = Expectation { level: Level::May, ..expectation(checks) };
    let judgement = may.judge("step", &exchange(Outcome::Answered(answer)), &bindings());
    assert!(judgement.findings.is_empty() && judgement.observations.len() == 1);
    assert_eq!(judgement.observations[0].requirement.as_deref(), Some("login.x"));
}
