//! Every expectation of the suite can fail: each is shown the reference client's own answer, which satisfies it, and
//! then that answer broken in every way that the expectation is about, which it has to notice.
//!
//! What is broken is the answer as a whole (a refusal instead of a success and the other way round, a crash), and each
//! thing that is asked of it (the status, a member dropped, retyped or with another value, a header, an instant).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::harness::none;
use crate::harness::suite::judged;
use serde_json::{Value, json};
use wabizspec::exchange::{Exchange, Header, Request, Response};
use wabizspec::judge::{Check, Expectation, Judgement, Pattern, StatusSet, Verdict};
use wabizspec::plan::cases;
use wabizspec::reference::{Behaviour, Registration};
use wabizspec::requirement::Level;
use wabizspec::run::{Settings, Witness, Witnessed};
use wabizspec::scenario::{Scenario, Step, Suite};
use wabizspec::template::{Bindings, Template};

/// One answer of the reference client, with what it is judged by.
struct Seen {
    scenario: Arc<Scenario>,
    step: Step,
    exchange: Exchange,
    bindings: Bindings,
}

/// Everything that the reference client answers to the suite, in both registration states.
fn everything(suite: &Suite) -> Vec<Seen> {
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    for state in [Registration::Open, Registration::Sunset] {
        let sink = Arc::clone(&seen);
        let witness = Witness::new(move |witnessed: Witnessed<'_>| {
            sink.lock().expect("sink").push(Seen {
                scenario: Arc::clone(&witnessed.case.scenario),
                step: witnessed.step.clone(),
                exchange: witnessed.exchange.clone(),
                bindings: witnessed.bindings.clone(),
            });
        });
        let settings = Settings { witness: Some(witness), ..Settings::disposable(8) };
        let reports = judged(suite, cases(suite), state, Behaviour::default(), &settings);
        for report in reports {
            let is_fine = matches!(report.verdict, Verdict::Pass | Verdict::Skipped);
            assert!(is_fine, "{} is {}: {:?}", report.id, report.verdict, report.findings);
        }
    }
    Arc::into_inner(seen).expect("no run is left").into_inner().expect("sink")
}

/// Whether the judgement has anything to say, be it only an observation.
fn notices(expectation: &Expectation, seen: &Seen, response: Response) -> bool {
    let exchange = Exchange { outcome: Ok(response), ..seen.exchange.clone() };
    expectation.judge(&seen.step.name, &exchange, &seen.bindings) != Judgement::default()
}

/// An answer broken in one way, and the way in words.
type Broken = (String, Response);

fn with_json(response: &Response, status: u16, body: &Value) -> Response {
    Response { status, body: serde_json::to_vec(body).expect("JSON").into(), ..response.clone() }
}

fn success(request: &Request) -> (u16, Value) {
    let Request::Http(request) = request else {
        return (200, payload(true, true));
    };
    match (&*request.method, request.target.as_str()) {
        ("POST", "/v1/account") => (202, payload(false, true)),
        ("POST", "/v1/account/verify") => (201, payload(false, false)),
        ("POST", "/v1/users") => (201, payload(true, false)),
        (_, target) if target.starts_with("/v1/users") => (200, payload(true, false)),
        _ => (200, payload(true, true)),
    }
}

fn payload(users: bool, account: bool) -> Value {
    let mut body = json!({"meta": {"version": "v2.53.1", "api_status": "stable"}});
    if users {
        let expires = "2030-01-01 00:00:00+00:00";
        body["users"] = json!([{"token": "tt", "expires_after": expires, "username": "x", "ROLES": "X"}]);
    }
    if account {
        body["account"] = json!([{"vname": "x"}]);
    }
    body
}

fn errors(code: i64) -> Value {
    json!({"errors": [{"code": code, "title": "t", "details": "d"}]})
}

/// The whole answer turned round: what a server that does not do as documented would say instead.
fn turned_round(seen: &Seen, response: &Response, expectation: &Expectation) -> Vec<Broken> {
    // What is left open between success and refusal still is not open to a crash.
    let is_open = |check: &Check| matches!(check, Check::Status(set) if !set.accepts() && !set.refuses());
    if expectation.checks.iter().any(is_open) {
        return vec![("a crash".to_owned(), with_json(response, 500, &json!({})))];
    }
    if response.status >= 400 {
        let (status, body) = success(&seen.exchange.request);
        return vec![("the success in its place".to_owned(), with_json(response, status, &body))];
    }
    let refused = |status, code| (format!("a {status} in its place"), with_json(response, status, &errors(code)));
    vec![refused(400, 1009), refused(401, 1005), refused(403, 1005), refused(500, 1000)]
}

/// Each thing that the check asks, broken.
fn taken_apart(check: &Check, seen: &Seen, response: &Response) -> Vec<Broken> {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    let rendered = |template: &Template| template.render(&seen.bindings).expect("bound");
    let changed = |what: String, change: &dyn Fn(&mut Value)| {
        let mut body = body.clone();
        change(&mut body);
        (what, with_json(response, response.status, &body))
    };
    let is =
        |at: &str, value: Value| changed(format!("{at:?} is {value}"), &move |body| place(body, at, value.clone()));
    let dropped = |at: &str| changed(format!("{at} is dropped"), &|body| remove(body, at));
    match check {
        Check::Status(set) => statuses(set, response),
        Check::Error(codes) => {
            let other = (1000..).find(|code| !codes.contains(code)).expect("another code");
            let bodies = [
                ("another code", errors(other)),
                ("a bare object of another code", json!({"code": other, "title": "t"})),
                ("the code as text", json!({"errors": [{"code": codes[0].to_string(), "title": "t"}]})),
                ("no code", json!({"errors": [{"title": "t"}]})),
                ("no errors", json!({"errors": []})),
                ("a success", payload(true, true)),
            ];
            let broken = bodies.map(|(what, body)| (what.to_owned(), with_json(response, response.status, &body)));
            let empty = ("no body".to_owned(), Response { body: Vec::new().into(), ..response.clone() });
            broken.into_iter().chain([empty]).collect()
        }
        Check::Absent(pointer) => {
            let values = [json!([]), json!(null), json!("x"), json!([{"token": "tt"}])];
            values.map(|value| is(pointer.as_str(), value)).into()
        }
        Check::Body(pointer, pattern) => {
            let at = pointer.as_str();
            let others = match pattern {
                Pattern::Placeholder(_) => vec![json!(""), json!(1.5), json!([])],
                Pattern::Text(template) => {
                    let text = rendered(template);
                    vec![json!(format!("{text}x")), json!(1), json!([text])]
                }
                Pattern::Integer(number) => vec![json!(number + 1), json!(number.to_string())],
                Pattern::Bool(value) => vec![json!(!value), json!(value.to_string())],
            };
            let broken = others.into_iter().chain([Value::Null]).map(|value| is(at, value));
            broken.chain((!at.is_empty()).then(|| dropped(at))).collect()
        }
        Check::Count(pointer, count) => {
            let at = pointer.as_str();
            let of = |count: usize| is(at, json!(vec![json!({}); count]));
            let fewer = count.checked_sub(1).map(of);
            [of(count + 1), is(at, json!({})), dropped(at)].into_iter().chain(fewer).collect()
        }
        Check::Differs(pointer, other) => {
            let at = pointer.as_str();
            vec![is(at, Value::from(rendered(other))), dropped(at)]
        }
        Check::Lacks(template) => {
            let text = rendered(template);
            let mut headed = response.clone();
            headed.headers.push(Header::new("x-debug", format!("sent {text}")));
            vec![is("/account/0/code", json!(text)), ("a header has it".to_owned(), headed)]
        }
        Check::Granted(_) => unreachable!("of all copies together"),
        Check::Header(name, _) => {
            let mut absent = response.clone();
            absent.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
            let mut empty = absent.clone();
            empty.headers.push(Header::new(name.clone(), ""));
            vec![(format!("{name} is dropped"), absent), (format!("{name} is empty"), empty)]
        }
        Check::Lifetime { at, within, .. } => {
            let at = at.as_str();
            let shifted = |seconds: i64| {
                let mut shifted = response.clone();
                let date = response.date().expect("Date") + jiff::SignedDuration::from_secs(seconds);
                let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date);
                shifted.headers.retain(|header| header.name != "date");
                shifted.headers.push(Header::new("date", text.expect("date")));
                (format!("the Date is {seconds} s off"), shifted)
            };
            let others = ["2030-01-01T00:00:00Z", "2030-01-01 00:00:00", "1970-01-01 00:00:00+00:00", ""];
            let others = others.map(|text| is(at, json!(text)));
            [dropped(at), shifted(within + 5), shifted(-within - 5)].into_iter().chain(others).collect()
        }
    }
}

/// The answer with a status of each other kind: at least one must be out of the question.
fn statuses(set: &StatusSet, response: &Response) -> Vec<Broken> {
    let others = [200, 302, 401, 500].into_iter().filter(|status| !set.contains(*status));
    let broken = |status| (format!("status {status}"), Response { status, ..response.clone() });
    others.map(broken).collect()
}

fn place(here: &mut Value, pointer: &str, value: Value) {
    let Some(path) = pointer.strip_prefix('/') else {
        *here = value;
        return;
    };
    let (segment, rest) = match path.find('/') {
        Some(end) => path.split_at(end),
        None => (path, ""),
    };
    let Ok(index) = segment.parse::<usize>() else {
        if !here.is_object() {
            *here = json!({});
        }
        return place(&mut here[segment], rest, value);
    };
    if !here.is_array() {
        *here = json!([]);
    }
    let items = here.as_array_mut().expect("an array");
    items.resize(items.len().max(index + 1), json!({}));
    place(&mut items[index], rest, value);
}

fn remove(body: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return;
    };
    match body.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.shift_remove(last);
        }
        Some(Value::Array(items)) => {
            items.clear();
        }
        _ => {}
    }
}

/// Scenario, step and requirement of an expectation.
type Place = (String, String, String);

fn place_of(scenario: &Scenario, step: &Step, requirement: &str) -> Place {
    (scenario.id.clone(), step.name.clone(), requirement.to_owned())
}

#[test]
fn every_expectation_notices_what_it_is_about() {
    let suite = Suite::embedded().expect("suite");
    let mut blind: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    let mut tried = BTreeSet::new();
    // What is asked of copies together has its own test, next to the judge.
    let (copied, alone): (Vec<Seen>, Vec<Seen>) =
        everything(&suite).into_iter().partition(|seen| seen.step.copies.is_some());
    for Seen { scenario, step, .. } in &copied {
        tried.extend(step.expectations.iter().map(|one| place_of(scenario, step, &one.requirement)));
    }
    for seen in alone {
        let Some(response) = seen.exchange.response() else {
            continue;
        };
        let crashed = Response { status: 500, ..response.clone() };
        let by_any = |expectation: &Expectation| notices(expectation, &seen, crashed.clone());
        if response.status < 500 && !seen.step.expectations.iter().any(by_any) {
            let place = place_of(&seen.scenario, &seen.step, "any");
            blind.entry(place).or_default().insert("the same answer as a 500".to_owned());
        }
        for expectation in &seen.step.expectations {
            let place = place_of(&seen.scenario, &seen.step, &expectation.requirement);
            tried.insert(place.clone());
            if notices(expectation, &seen, response.clone()) {
                // What is only observed need not hold of the reference client; then it has just been noticed.
                assert_eq!(expectation.level, Level::May, "{place:?}");
                continue;
            }
            // What is beside the answer says nothing of whether it is a success; then the rest of the step does.
            let beside = |check: &Check| matches!(check, Check::Absent(_) | Check::Header(..) | Check::Lacks(_));
            let answerable: &[Expectation] = match expectation.checks.iter().all(beside) {
                true => &seen.step.expectations,
                false => std::slice::from_ref(expectation),
            };
            let by_any = |(_, broken): &Broken| answerable.iter().any(|one| notices(one, &seen, broken.clone()));
            let whole = turned_round(&seen, response, expectation).into_iter().filter(|broken| !by_any(broken));
            let mut unnoticed: Vec<String> = whole.map(|(what, _)| what).collect();
            for check in &expectation.checks {
                let broken = taken_apart(check, &seen, response);
                unnoticed.extend(broken.is_empty().then(|| format!("nothing can break {check:?}")));
                let passed_over = broken.into_iter().filter(|(_, broken)| !notices(expectation, &seen, broken.clone()));
                unnoticed.extend(passed_over.map(|(what, _)| what));
            }
            if !unnoticed.is_empty() {
                blind.entry(place).or_default().extend(unnoticed);
            }
        }
    }
    none(blind.iter().map(|(place, what)| format!("{place:?} does not notice {what:?}")));
    let mut all = BTreeSet::new();
    for scenario in &suite.scenarios {
        let steps = scenario.steps.iter().flat_map(|step| step.expectations.iter().map(move |one| (step, one)));
        all.extend(steps.map(|(step, expectation)| place_of(scenario, step, &expectation.requirement)));
    }
    none(all.difference(&tried).map(|place| format!("{place:?} is never judged")));
}
