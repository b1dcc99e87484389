//! Cases as a Postman collection, format v2.1: a folder for each group, area and scenario.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::condition::{Condition, Place, Wanted};
use super::{Entry, Exported, OF_ACCOUNT, OF_TARGET, PASSWORD, Part, written};
use crate::custody::givens::Registrable;

/// The names of the files.
pub(super) const COLLECTION: &str = "wabizspec.postman_collection.json";
pub(super) const ENVIRONMENT: &str = "wabizspec.postman_environment.json";

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

/// What the tests of a request begin with. `at` follows a JSON Pointer, and `codes` are those of the errors in the answer.
const TESTS: &str = include_str!("tests.js");

/// The collection, and an environment to be filled in.
pub(super) fn files(cases: &[Exported<'_>], account: &Registrable) -> Vec<(PathBuf, String)> {
    let of_target = |(name, what): &(&str, &str)| {
        let kind = if *name == PASSWORD { "secret" } else { "default" };
        json!({ "key": name, "value": "", "type": kind, "description": what })
    };
    let environment = json!({ "name": "wabizspec", "values": OF_TARGET.iter().map(of_target).collect::<Value>() });
    let of_account = |((name, what), (_, value)): (&(&str, &str), (&str, &str))| json!({ "key": name, "value": value, "type": "string", "description": what });
    let groups = cases.chunk_by(|one, next| one.group == next.group).map(|cases| {
        let areas = cases.chunk_by(|one, next| one.case.scenario.area() == next.case.scenario.area());
        folder(cases[0].group.folder(), areas.map(area))
    });
    let collection = json!({
        "info": { "name": format!("wabizspec {}", env!("CARGO_PKG_VERSION")), "schema": SCHEMA },
        "variable": OF_ACCOUNT.iter().zip(account.bindings()).map(of_account).collect::<Value>(),
        "item": groups.collect::<Value>(),
    });
    vec![(COLLECTION.into(), format!("{collection:#}\n")), (ENVIRONMENT.into(), format!("{environment:#}\n"))]
}

fn folder(name: &str, items: impl Iterator<Item = Value>) -> Value {
    json!({ "name": name, "item": items.collect::<Value>() })
}

fn area(cases: &[Exported<'_>]) -> Value {
    let scenarios = cases.chunk_by(|one, next| one.case.scenario.id == next.case.scenario.id);
    folder(cases[0].case.scenario.area(), scenarios.map(scenario))
}

fn scenario(cases: &[Exported<'_>]) -> Value {
    let scenario = &cases[0].case.scenario;
    let requests = |case: &Exported<'_>| case.entries.iter().map(request).collect::<Vec<Value>>();
    let name = |case: &Exported<'_>| case.case.id.split_once("::").map(|(_, row)| row.to_owned());
    let items = cases.iter().flat_map(|case| match name(case) {
        Some(row) => vec![folder(&row, requests(case).into_iter())],
        None => requests(case),
    });
    let mut folder = folder(scenario.id.rsplit('/').next().unwrap_or_default(), items);
    folder["description"] = scenario.title.clone().into();
    folder
}

fn request(entry: &Entry) -> Value {
    let header = |(name, value): &(String, Vec<Part>)| json!({ "key": name, "value": text(value) });
    let mut request = json!({
        "method": entry.method,
        "url": text(&entry.url),
        "auth": { "type": "noauth" },
        "header": entry.headers.iter().map(header).collect::<Value>(),
    });
    if let Some((user, password)) = &entry.credentials {
        let value = |key: &str, value: &[Part]| json!({ "key": key, "value": text(value), "type": "string" });
        request["auth"] = json!({ "type": "basic", "basic": [value("username", user), value("password", password)] });
    }
    if let Some(body) = &entry.body {
        request["body"] = json!({ "mode": "raw", "raw": text(body) });
    }
    let tests = Some(tests(entry)).filter(|lines| !lines.is_empty());
    let event = tests
        .into_iter()
        .map(|lines| json!({ "listen": "test", "script": { "type": "text/javascript", "exec": lines } }));
    let typed = entry.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
    json!({
        "name": entry.name,
        "request": request,
        "protocolProfileBehavior": {
            "followRedirects": false,
            "disableBodyPruning": true,
            "disabledSystemHeaders": { "content-type": !typed },
        },
        "event": event.collect::<Value>(),
    })
}

fn text(text: &[Part]) -> String {
    written(text, str::to_owned)
}

/// The lines of its tests.
fn tests(entry: &Entry) -> Vec<String> {
    let conditions = entry.rules.iter().flat_map(|rule| &rule.conditions);
    let needs_body = !entry.captures.is_empty() || !conditions.into_iter().all(Condition::is_status);
    let mut lines: Vec<String> = TESTS.lines().filter(|_| needs_body).map(str::to_owned).collect();
    for rule in &entry.rules {
        lines.push(format!("pm.test({}, () => {{", quoted(&rule.title)));
        lines.extend(rule.conditions.iter().map(|condition| format!("  {};", expectation(condition))));
        lines.push("});".to_owned());
    }
    let set =
        |(name, at): &(String, String)| format!("pm.collectionVariables.set({}, at({}));", quoted(name), quoted(at));
    lines.extend(entry.captures.iter().map(set));
    lines
}

fn expectation(condition: &Condition) -> String {
    match condition {
        Condition::Status(pattern) => format!("pm.expect(String(pm.response.code), 'status').to.match(/{pattern}/)"),
        Condition::Error(expected) => {
            format!("pm.expect(codes.filter((code) => {expected:?}.includes(code)), 'codes').not.empty")
        }
        Condition::Absent(at) => format!("{}.undefined", body(at)),
        Condition::Count(at, count) => format!("{}.an('array').with.lengthOf({count})", body(at)),
        Condition::Value(place, wanted) => {
            let value = match place {
                Place::Body(at) => body(at),
                Place::Header(name) => format!("pm.expect(pm.response.headers.get({0}), {0}).to.be", quoted(name)),
            };
            match wanted {
                Wanted::Text(expected) => format!("{value}.equal({})", filled_in(expected)),
                Wanted::OtherThan(other) => format!("{value}.a('string').and.not.equal({})", filled_in(other)),
                Wanted::Integer(number) => format!("{value}.equal({number})"),
                Wanted::Bool(expected) => format!("{value}.equal({expected})"),
                Wanted::Like(pattern) => format!("{value}.a('string').that.matches(/{pattern}/)"),
                Wanted::AnyInteger => format!("{value}.satisfy(Number.isInteger)"),
                Wanted::Array => format!("{value}.an('array').that.is.not.empty"),
                Wanted::Object => format!("{value}.an('object')"),
            }
        }
    }
}

fn body(pointer: &str) -> String {
    format!("pm.expect(at({0}), {0}).to.be", quoted(pointer))
}

/// A text whose variables are known when the test runs.
fn filled_in(expected: &[Part]) -> String {
    let has_variables = expected.iter().any(|part| matches!(part, Part::Variable(_)));
    let quoted = quoted(&text(expected));
    if has_variables { format!("pm.variables.replaceIn({quoted})") } else { quoted }
}

/// A text of JavaScript.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
