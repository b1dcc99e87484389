//! What is known about a case before anything is sent; and the cases that all tests of planning share.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::*;
use crate::located::SourceText;
use crate::requirement::Register;
use crate::scenario::Registration;

/// The cases of the embedded suite, which is read once for all tests.
pub(super) fn embedded() -> Vec<Case> {
    static SUITE: LazyLock<Suite> = LazyLock::new(|| Suite::embedded().expect("a suite"));
    cases(&SUITE)
}

/// A suite with the one scenario `login/made-up`, of the text above its steps and the request of each.
fn suite_of(head: &str, requests: &[&str]) -> Suite {
    let text =
        "[\"login.kept\"]\nbasis = \"documented\"\nstatement = \"s\"\npage = \"p\"\nsection = \"s\"\nopen = \"o\"\n";
    let register = Register::parse(SourceText { file: "r", text }).expect("a register");
    let mut text = format!("title = \"t\"\n{head}\n");
    for (number, request) in requests.iter().enumerate() {
        text += &format!("[[steps]]\nname = \"step {number}\"\n{request}\n");
        if !request.starts_with("advance") && !request.contains("expect = ") {
            text += "[steps.expect]\n\"login.kept\" = { absent = [\"/x\"] }\n";
        }
    }
    let source = SourceText { file: "s", text: &text };
    let scenario =
        Scenario::parse("login/made-up", source, &register).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Suite { register, scenarios: vec![Arc::new(scenario)] }
}

/// The one case of such a scenario.
pub(super) fn case(head: &str, requests: &[&str]) -> Case {
    cases(&suite_of(head, requests)).remove(0)
}

/// A case of that state which declares these changes.
pub(super) fn made_up(given: &str, changes: &str, requests: &[&str]) -> Case {
    case(&format!("given = \"{given}\"\nchanges = [{changes}]"), requests)
}

/// A target on which nothing is allowed and of which nothing is known.
pub(super) fn untouchable() -> Capabilities {
    let all = Capabilities::embedded(Registration::Open);
    let allow = BTreeSet::new();
    Capabilities { disposable: false, reset: false, fresh: false, allow, advance: false, code: false, ..all }
}

/// A target whose owner gives the credentials and allows these changes.
pub(super) fn deployed(allow: &[Change]) -> Capabilities {
    Capabilities { credentials: true, allow: allow.iter().copied().collect(), ..untouchable() }
}

pub(super) const LOG_IN: &str = r#"send = "POST /v1/users/login""#;
pub(super) const LOG_OUT: &str = r#"send = "POST /v1/users/logout""#;
const DELETE: &str = r#"send = "DELETE /v1/users/${user}""#;

#[test]
fn the_id_of_a_case_is_its_file_and_its_row() {
    let ids = |cases: &[Case]| cases.iter().map(|case| case.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&cases(&suite_of("", &[LOG_IN]))), ["login/made-up"]);
    // Sorted by id, whatever the order of the rows.
    let rows = "cases.b = { x = \"1\" }\ncases.a = { x = \"2\" }";
    let cases = cases(&suite_of(rows, &[r#"send = "GET /${x}""#]));
    assert_eq!(ids(&cases), ["login/made-up::a", "login/made-up::b"]);
    for (case, x) in cases.iter().zip(["2", "1"]) {
        assert_eq!(case.row().bindings.value("x"), Some(x), "{}", case.id);
    }
}

#[test]
fn changes_are_confined_to_the_accounts_of_the_state() {
    for (given, changes, confined) in [
        ("user", r#""passwords""#, true),
        ("user", r#""users""#, true),
        ("user", r#""registration""#, false),
        ("user", r#""users", "clock""#, false),
        ("user", "", false),
        ("admin", r#""users""#, true),
        ("admin", r#""passwords""#, false),
        ("admin", r#""clock""#, false),
        ("registered", r#""users""#, false),
        ("fresh", r#""users""#, false),
        ("any", r#""passwords""#, false),
    ] {
        assert_eq!(made_up(given, changes, &[LOG_IN]).is_confined(), confined, "{given}, {changes}");
    }
}

#[test]
fn what_a_request_may_do_is_known_before_it_is_sent() {
    let creation = |name: &str| format!("send = \"POST /v1/users\"\njson = '{{\"username\": \"{name}\"}}'");
    for (request, expected) in [
        (LOG_IN, "confined"),
        (LOG_OUT, "confined"),
        ("send = \"POST /v1/users/logout\"\nbearer = \"${admin_token}\"", "confined"),
        ("send = \"POST /v1/users/logout\"\nbearer = \"${user_token}\"", "confined, risks its account"),
        (r#"send = "GET /v1/users/${user}""#, "confined"),
        (r#"send = "GET /v1/users/admin""#, "confined"),
        (r#"send = "PUT /v1/users/${user}""#, "confined, risks its account"),
        (r#"send = "DELETE /v1/users/${unique}""#, "confined"),
        (DELETE, "confined, risks its account"),
        (&creation("a-${unique}"), "confined"),
        (&creation("${unique}"), "confined"),
        (&creation("${unique4}"), "confined"),
        (&creation("${user}"), "confined"),
        // Another account, or an unknown one.
        (r#"send = "PUT /v1/users/${admin}""#, ""),
        (r#"send = "PUT /v1/settings/${user}""#, "risks its account"),
        (r#"send = "PATCH /v1/users/${user}""#, ""),
        (r#"send = "DELETE /v1/users/admin""#, "endangers others"),
        (r#"send = "DELETE /v1/users/${admin}""#, "endangers others"),
        (r#"send = "DELETE /v1/users/x${unique}""#, "confined, endangers others"),
        (r#"send = "DELETE /v1/settings/admin""#, ""),
        (r#"send = "POST /v1/users""#, ""),
        ("send = \"POST /v1/users\"\nbearer = \"${user_token}\"", ""),
        ("send = \"POST /v1/account\"\njson = '{\"x\":\"${unique}\"}'", ""),
        (&creation("anna"), ""),
        (&creation("admin"), "endangers others"),
        (&creation("${admin}"), "endangers others"),
        (&creation("admin").replace("/v1/users", "/v1/account"), ""),
        (&creation("admin").replace("/v1/users", "/v1/users/x"), ""),
        // Only the wire client can send these.
        (r#"raw = "POST ${base}/v1/users/login HTTP/1.1\r\n\r\n""#, "confined, raw"),
        (r#"raw = "DELETE ${base}/v1/users/${user} HTTP/1.1\r\n\r\n""#, "raw"),
        (r#"raw = "x""#, "raw"),
        (r#"hex = "00""#, "raw"),
        ("send = \"GET /\"\nheaders = { X-Other = \"1\", Accept = \"*/*\" }", "confined"),
        ("send = \"GET /\"\nheaders = { content-length = \"1\" }", "confined, raw"),
        ("send = \"GET /\"\nheaders = { X-Other = \"1\", Connection = \"close\" }", "confined, raw"),
        ("send = \"GET /\"\nheaders = { Transfer-Encoding = \"chunked\" }", "confined, raw"),
        ("send = \"GET /\"\nheaders = { EXPECT = \"100-continue\" }", "confined, raw"),
        ("send = \"GET /\"\nheaders = { Upgrade = \"h2c\" }", "confined, raw"),
    ] {
        let case = made_up("user", r#""users""#, &[LOG_IN, request]);
        let found = [
            (case.is_confined(), "confined"),
            (case.risks_its_account(), "risks its account"),
            (case.endangers_others(), "endangers others"),
            (case.is_raw(), "raw"),
        ];
        let found: Vec<&str> = found.into_iter().filter(|(holds, _)| *holds).map(|(_, what)| what).collect();
        assert_eq!(found.join(", "), expected, "{request}");
    }
    let moved = case("changes = [\"clock\"]", &[LOG_IN, "advance = 1"]);
    assert!(!moved.is_raw(), "moving the clock sends nothing");
}

#[test]
fn a_case_that_logs_in_and_out_ends_a_token_of_its_own() {
    for (requests, ends) in [
        (&[LOG_IN, LOG_OUT][..], true),
        (&[LOG_IN], false),
        (&[LOG_OUT], false),
        (&[r#"send = "POST /v1/users""#, LOG_OUT], false),
        (&[LOG_IN, r#"send = "DELETE /v1/users/logout""#], false),
        (&[r#"send = "GET /v1/users/login""#, LOG_OUT], false),
        (&[r#"raw = "POST /v1/users/login HTTP/1.1\r\n\r\n""#, LOG_OUT], false),
    ] {
        assert_eq!(case("", requests).logs_out(), ends, "{requests:?}");
    }
}

#[test]
fn what_a_case_changes_follows_from_its_requests_too() {
    for (request, changes) in [
        (r#"send = "GET /v1/users/bob""#, &[][..]),
        (r#"send = "POST /v1/users/logout""#, &[]),
        (r#"send = "DELETE /v1/users/bob""#, &[Change::Users]),
        (r#"send = "PUT /v1/users/${user}""#, &[Change::Passwords]),
        ("send = \"POST /v1/users\"\njson = '{}'", &[Change::Users]),
        ("send = \"POST /v1/users/login\"\njson = '{\"New_Password\":\"x\"}'", &[Change::Passwords]),
        ("send = \"POST /v1/account\"\njson = '{}'", &[Change::Registration]),
        ("raw = \"DELETE /v1/users/bob HTTP/1.1\\r\\n\\r\\n\"", &[Change::Users]),
        (r#"send = "PATCH /v1/users/bob""#, &[Change::Passwords, Change::Users, Change::Registration]),
    ] {
        assert_eq!(case("given = \"user\"", &[request]).changes(), changes, "{request}");
    }
}

#[test]
fn a_valid_request_is_not_harmless_because_a_refusal_is_expected() {
    const HEAD: &str = "given = \"admin\"\npositive = \"login/good\"";
    let registration = r#"{"cc":"1","phone_number":"5550100","method":"sms","cert":"${cert}"}"#;
    for (send, body, changes) in [
        ("PUT /v1/users/admin", r#"{"password":"Taken-Over-1!"}"#, &[Change::Passwords][..]),
        ("PUT /v1/users/admin", r#"{"password":"short"}"#, &[]),
        ("POST /v1/users", r#"{"username":"somebody","password":"Taken-Over-1!"}"#, &[Change::Users]),
        ("POST /v1/users", r#"{"username":"somebody"}"#, &[]),
        ("POST /v1/account", registration, &[Change::Registration]),
        ("POST /v1/account", r#"{"cc":"1"}"#, &[]),
        ("POST /v1/account/verify", r#"{"code":"${code}"}"#, &[Change::Registration]),
        ("POST /v1/account/verify", r#"{"code":"123456"}"#, &[]),
    ] {
        let request =
            format!("send = \"{send}\"\njson = '{body}'\nexpect = {{ \"login.kept\" = {{ status = \"4xx\" }} }}");
        let as_admin = case(HEAD, &[&format!("bearer = \"${{admin_token}}\"\n{request}")]);
        assert_eq!(as_admin.changes(), changes, "{request}");
        // Without the admin's token it is what the documents refuse.
        assert_eq!(case(HEAD, &[&request]).changes(), [], "{request}");
    }
}

#[test]
fn the_scenarios_of_the_suite_declare_what_they_change() {
    for case in embedded() {
        let says = &case.scenario.changes;
        assert!(case.changes().iter().all(|change| says.contains(change)), "{}: {:?}", case.id, case.changes());
    }
}
