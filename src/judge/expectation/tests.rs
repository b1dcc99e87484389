use serde::Deserialize;

use super::*;
use crate::documented::token::ExpiresAfter;
use crate::exchange::{Header, HttpRequest};
use crate::judge::{Finding, Placeholder};
use crate::vectors::vectors;

/// Our clock at the answer.
const OURS: i64 = 1_700_000_000;
const WEEK: i64 = 604_800;

fn request() -> Request {
    Request::Http(HttpRequest::of("POST", "/v1/users/login", &[], ""))
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("an instant")
}

fn answered(response: Response) -> Exchange {
    Exchange { at: instant(OURS), ..Exchange::of(request(), Ok(response)) }
}

fn expectation(checks: Vec<Check>) -> Expectation {
    Expectation { requirement: "login.x".into(), level: Level::Should, checks }
}

fn bindings() -> Bindings {
    let mut bindings = Bindings::default();
    bindings.bind("name", "Acme \"Ltd\"");
    bindings
}

/// Every mismatch of one check.
fn mismatches(check: &Check, response: Response) -> Vec<Mismatch> {
    let judgement = expectation(vec![check.clone()]).judge("step", &answered(response), &bindings());
    judgement.findings.into_iter().flat_map(|finding| finding.mismatches).collect()
}

/// Checks the answers that satisfy a check and those that do not.
#[track_caller]
fn assert_bites(check: &Check, good: &[Response], bad: &[Response]) {
    for response in good {
        let found = mismatches(check, response.clone());
        assert!(found.is_empty(), "{check:?} accepts {response:?}: {found:?}");
    }
    for response in bad {
        assert_eq!(mismatches(check, response.clone()).len(), 1, "{check:?} refuses {response:?}");
    }
}

fn body(text: &str) -> Response {
    Response::of(200, &[], text)
}

/// The same for bodies, which are separated by ` | `.
#[track_caller]
fn assert_bodies_bite(check: &Check, good: &str, bad: &str) {
    let responses = |bodies: &str| bodies.split(" | ").map(|text| body(text.trim())).collect::<Vec<_>>();
    assert_bites(check, &responses(good), &responses(bad));
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
fn sets_of_statuses_are_parsed_or_refused() {
    for words in vectors::<Vec<String>>("no_statuses") {
        assert_eq!(StatusSet::parse(words.iter().map(String::as_str)), None, "{words:?}");
    }
    for (sets, accepts, refuses) in vectors::<(String, bool, bool)>("statuses") {
        for words in sets.split(" | ") {
            let set = StatusSet::parse(words.split(" or ")).expect(words);
            assert_eq!((set.to_string().as_str(), set.accepts(), set.refuses()), (words, accepts, refuses));
        }
    }
}

#[test]
fn statuses_are_checked_at_the_edges_of_their_set() {
    for (words, good, bad) in vectors::<(Vec<String>, Vec<u16>, Vec<u16>)>("edges_of_statuses") {
        let set = StatusSet::parse(words.iter().map(String::as_str)).expect("a set");
        // The body of a refusal does not make a crash one.
        let refusal = r#"{"errors":[{"code":1005}]}"#;
        let answers = |codes: &[u16]| codes.iter().map(|code| Response::of(*code, &[], refusal)).collect::<Vec<_>>();
        assert_bites(&Check::Status(set), &answers(&good), &answers(&bad));
    }
    let found = mismatches(&Check::Status(set(&["4xx"])), Response::of(500, &[], ""));
    let (expected, observed) = (Expected::Status(set(&["4xx"])), Observed::Status(500));
    assert_eq!(found, [Mismatch { at: Place::Status, expected, observed }]);
}

/// A check of a body in the table.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Written {
    Error(Vec<i64>),
    Body(Pattern<String>),
    Count(usize),
    Differs(String),
}

impl Written {
    fn at(self, at: Pointer) -> Check {
        match self {
            Written::Error(codes) => Check::Error(codes),
            Written::Body(Pattern::Placeholder(kind)) => Check::Body(at, Pattern::Placeholder(kind)),
            Written::Body(Pattern::Text(template)) => Check::Body(at, Pattern::Text(text(&template))),
            Written::Body(Pattern::Integer(number)) => Check::Body(at, Pattern::Integer(number)),
            Written::Body(Pattern::Bool(value)) => Check::Body(at, Pattern::Bool(value)),
            Written::Count(count) => Check::Count(at, count),
            Written::Differs(template) => Check::Differs(at, text(&template)),
        }
    }
}

#[test]
fn each_check_of_a_body_accepts_what_it_should_and_no_more() {
    for (check, good, bad) in vectors::<(Written, String, String)>("checks") {
        let check = check.at(pointer("/a"));
        assert_bodies_bite(&check, &good, &bad);
        let missing = r#"not JSON | [] | {} | {"b":"x"} | {"a":null} | {"a":{}} | {"a":[[],[]]}"#;
        assert_bodies_bite(&check, &good, missing);
        assert_bites(&check, &[], &[body("")]);
    }
    // Nothing is bound to the name: that never counts as equal.
    let lost = Check::Body(pointer("/a"), Pattern::Text(text("${lost}")));
    assert_bites(&lost, &[], &[body(r#"{"a":""}"#), body(r#"{"a":"${lost}"}"#)]);
    let whole = Check::Body(pointer(""), Pattern::Placeholder(Placeholder::Object));
    assert_bodies_bite(&whole, "{}", "[] | 1");
    let no_users = Check::Absent(pointer("/users"));
    let good = r#"not JSON <users> | [] | null | {} | {"user":1,"a":{"users":1}} | {"errors":[]}"#;
    let bad = r#"{"users":null} | {"users":[]} | {"users":[{"token":"t"}]} | {"a":1,"\u0075sers":0}"#;
    assert_bodies_bite(&no_users, good, bad);
    assert_bites(&no_users, &[body("")], &[]);
    let no_token = Check::Absent(pointer("/users/0/token"));
    assert_bodies_bite(&no_token, r#"{"users":[]} | {"users":[{}]}"#, r#"{"users":[{"token":""}]}"#);
}

#[test]
fn what_is_wrong_is_reported_with_its_place() {
    let codes = || vec![1005, 1006];
    let observed = |text: &str| {
        let found = mismatches(&Check::Error(codes()), body(text)).remove(0);
        assert_eq!((found.at, found.expected), (Place::at("/errors"), Expected::ErrorCode(codes())));
        found.observed
    };
    let few = Observed::Codes(vec!["1".to_owned(), r#""x""#.to_owned()], 0);
    assert_eq!(observed(r#"{"errors":[{"code":1},{"code":"x"}]}"#), few);
    assert_eq!(observed("{}"), Observed::NoCode);
    assert_eq!(observed(""), Observed::EmptyBody);
    assert!(matches!(observed("<"), Observed::NotJson(_)));
    let many = vec![r#"{"code":1}"#; 30].join(",");
    assert_eq!(observed(&format!(r#"{{"errors":[{many}]}}"#)), Observed::Codes(vec!["1".to_owned(); 20], 10));
    let whole = Check::Body(pointer(""), Pattern::Placeholder(Placeholder::Object));
    assert_eq!(mismatches(&whole, body("[]"))[0].at, Place::Body);
}

#[test]
fn of_a_member_that_appears_twice_one_is_noticed() {
    let absent = Check::Absent(pointer("/users/0/token"));
    let noticed = |text: &str| mismatches(&absent, body(text)).len();
    // Clients differ in which of two members they read. The duplicate itself is a finding of an oracle.
    let (first, second) = (r#"{"users":[{"token":"t"}],"users":[]}"#, r#"{"users":[],"users":[{"token":"t"}]}"#);
    assert_eq!(noticed(first) + noticed(second), 1);
}

#[test]
fn headers_are_there_and_match() {
    let with = |name: &'static str, value: &str| Response::of(200, &[("x", "y"), (name, value)], "");
    let any = Check::Header("WWW-Authenticate".into(), Pattern::Placeholder(Placeholder::String));
    let bad = [with("x", "y"), with("WWW-Authenticate", ""), with("authenticate", "Basic")];
    assert_bites(&any, &[with("www-authenticate", "Basic")], &bad);
    let exact = Check::Header("Allow".into(), Pattern::Text(text("POST")));
    let mut not_text = with("b", "c");
    not_text.headers.push(Header::new("Allow", b"PO\xffST".to_vec()));
    let bad = [with("Allow", "post"), with("Allow", "POST, GET"), with("b", "POST"), not_text];
    assert_bites(&exact, &[with("ALLOW", "POST")], &bad);
    let (at, expected) = (Place::Header("Allow".into()), Expected::Value(Pattern::Text(r#""POST""#.into())));
    assert_eq!(mismatches(&exact, with("b", "c")), [Mismatch { at, expected, observed: Observed::Absent }]);
}

/// The answer to a login whose token lives until then, by the clock of the server.
fn living(until: i64, date: Option<i64>) -> Response {
    let until = ExpiresAfter::new(instant(until));
    let body = format!(r#"{{"users":[{{"expires_after":"{until}"}}]}}"#);
    let date = date.map(|second| {
        let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
        printer.timestamp_to_rfc9110_string(&instant(second)).expect("date")
    });
    let headers: Vec<(&str, &str)> = date.iter().map(|date| ("Date", date.as_str())).collect();
    Response::of(200, &headers, &body)
}

fn lifetime(within: i64) -> Check {
    Check::Lifetime { at: pointer("/users/0/expires_after"), seconds: WEEK, within }
}

#[test]
fn lifetimes_are_checked_to_the_second_by_the_date_of_the_answer_or_less_strictly_by_our_clock() {
    // The clock of the server may differ from ours by any amount.
    let clocks = [OURS, OURS + 90, OURS - 90, OURS + 40_000_000, 784_111_777].map(Some).into_iter();
    let dated = clocks.flat_map(|clock| [0, 5, 120].map(|within| (clock, within, within)));
    let undated = [(5, 300), (120, 300), (300, 300), (1000, 1000)].map(|(within, allowed)| (None, within, allowed));
    for (date, within, allowed) in dated.chain(undated) {
        let at = |off: i64| living(date.unwrap_or(OURS) + WEEK + off, date);
        let good = [at(0), at(allowed), at(-allowed)];
        assert_bites(&lifetime(within), &good, &[at(allowed + 1), at(-allowed - 1), at(-WEEK), at(WEEK)]);
    }
    let found = mismatches(&lifetime(120), living(OURS + WEEK - 3600, Some(OURS)));
    assert!(matches!(found[0].observed, Observed::Instant(_, 601_200, Clock::Answer)), "{found:?}");
    let mut unreadable = living(OURS + WEEK + 300, None);
    unreadable.headers.push(Header::new("Date", "yesterday"));
    assert_bites(&lifetime(5), &[unreadable], &[]);
}

#[test]
fn a_value_that_is_no_instant_has_no_lifetime() {
    let bodies = |values: &[&str]| {
        let body = |value: &&str| body(&format!(r#"{{"users":[{{"expires_after":{value}}}]}}"#));
        values.iter().map(body).collect::<Vec<_>>()
    };
    // The format of an instant is another requirement.
    let good = bodies(&[r#""2023-11-21 22:13:20+00:00""#, r#""2023-11-21T22:13:20Z""#]);
    let bad = bodies(&[r#""2023-11-21 22:13:20""#, r#""""#, "1700604800", "null", "[]"]);
    assert_bites(&lifetime(300), &good, &bad);
    assert_bites(&lifetime(300), &[], &["", "not JSON", "{}", r#"{"users":[]}"#].map(body));
}

#[test]
fn no_answer_is_a_finding_of_an_oracle_unless_the_target_closed_on_raw_bytes() {
    let checks = vec![Check::Status(set(&["4xx"])), Check::Absent(pointer("/users"))];
    for (is_raw, breakage, is_finding) in vectors::<(bool, Breakage, bool)>("unanswered") {
        let request = if is_raw { Request::Raw(b"x".to_vec()) } else { request() };
        let exchange = Exchange::broken_off(request, breakage, b"");
        assert!(exchange.response().is_none());
        let judgement = expectation(checks.clone()).judge("step", &exchange, &bindings());
        let found: Vec<_> = judgement.findings.into_iter().flat_map(|finding| finding.mismatches).collect();
        let expected = is_finding.then_some(Expected::Answer);
        assert_eq!(found.into_iter().map(|mismatch| mismatch.expected).next(), expected, "{breakage:?}");
        assert_eq!(judgement.observations, []);
    }
}

#[test]
fn every_mismatch_is_reported_in_order_under_one_requirement() {
    let checks = vec![
        Check::Status(set(&["200"])),
        Check::Body(pointer("/a"), Pattern::Integer(1)),
        Check::Absent(pointer("/b")),
    ];
    let answer = answered(Response::of(401, &[], r#"{"b":2}"#));
    let judgement = expectation(checks).judge("step", &answer, &bindings());
    let mismatch = |at, expected, observed| Mismatch { at, expected, observed };
    let mismatches = vec![
        mismatch(Place::Status, Expected::Status(set(&["200"])), Observed::Status(401)),
        mismatch(Place::at("/a"), Expected::Value(Pattern::Integer(1)), Observed::Absent),
        mismatch(Place::at("/b"), Expected::Absent, Observed::value(Some(&Json::Number("2".to_owned())))),
    ];
    let finding = Finding::new("login.x", Level::Should, "step", mismatches);
    assert_eq!(judgement, Judgement { findings: vec![finding], observations: Vec::new() });
}
