//! What is known about a case before anything is sent; and the cases that all tests of planning share.

use std::sync::LazyLock;

use super::*;
use crate::judge::StatusSet;
use crate::located::SourceText;
use crate::requirement::Register;
use crate::scenario::Registration;
use crate::vectors::vectors;

/// The cases of the embedded suite, which is read once for all tests.
pub(super) fn embedded() -> Vec<Case> {
    static SUITE: LazyLock<Suite> = LazyLock::new(|| Suite::embedded().expect("a suite"));
    cases(&SUITE)
}

/// A suite with the one scenario `login/made-up`, of the text above its steps and the request of each.
fn suite_of(head: &str, requests: &[&str]) -> Suite {
    let mut text = format!("title = \"t\"\n{head}\n");
    for (number, request) in requests.iter().enumerate() {
        text += &format!("[[steps]]\nname = \"step {number}\"\n{request}\n");
        if !request.starts_with("advance") && !request.contains("expect = ") {
            text += "[steps.expect]\n\"login.kept\" = { absent = [\"/x\"] }\n";
        }
    }
    suite_of_text(&text)
}

/// A suite with the one file `login/made-up`.
fn suite_of_text(text: &str) -> Suite {
    let register =
        "[\"login.kept\"]\nbasis = \"documented\"\nstatement = \"s\"\npage = \"p\"\nsection = \"s\"\nopen = \"o\"\n";
    let register = Register::parse(SourceText { file: "r", text: register }).expect("a register");
    let source = SourceText { file: "s", text };
    let expanded =
        Scenario::parse_each("login/made-up", source, &register).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Suite { register, scenarios: expanded.into_iter().map(Arc::new).collect(), digest: None }
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
    Capabilities { registration: Some(Registration::Open), raw: true, ..Capabilities::default() }
}

/// A target whose owner gives the credentials and allows these changes.
pub(super) fn deployed(allow: &[Change]) -> Capabilities {
    Capabilities { credentials: true, allow: allow.iter().copied().collect(), ..untouchable() }
}

pub(super) const LOG_IN: &str = r#"send = "POST /v1/users/login""#;

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
    for (given, changes, confined) in vectors::<(String, String, bool)>("confined") {
        assert_eq!(made_up(&given, &changes, &[LOG_IN]).is_confined(), confined, "{given}, {changes}");
    }
}

#[test]
fn what_a_request_may_do_is_known_before_it_is_sent() {
    for (lines, expected) in vectors::<(Vec<String>, String)>("dangers") {
        let request = lines.join("\n");
        let case = made_up("user", r#""users""#, &[LOG_IN, &request]);
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
    for (requests, ends) in vectors::<(Vec<String>, bool)>("logging_out") {
        let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
        assert_eq!(case("", &requests).logs_out(), ends, "{requests:?}");
    }
}

#[test]
fn what_a_case_changes_follows_from_its_requests_too() {
    for (lines, changes) in vectors::<(Vec<String>, Vec<Change>)>("case_changes") {
        let request = lines.join("\n");
        assert_eq!(case("given = \"user\"", &[&request]).changes(), changes, "{request}");
    }
}

#[test]
fn a_valid_request_is_not_harmless_because_a_refusal_is_expected() {
    const HEAD: &str = "given = \"admin\"\npositive = \"login/good\"";
    for (send, body, changes) in vectors::<(String, String, Vec<Change>)>("valid_requests") {
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
    let cases = embedded();
    // What is expanded for each operation changes something else for each. That is read off its requests.
    let is_told_for_each = |id: &str| {
        let mut scenarios = cases.iter().map(|case| &case.scenario).filter(|scenario| scenario.id == id);
        let first = scenarios.next();
        scenarios.any(|other| first.is_some_and(|first| !Arc::ptr_eq(first, other)))
    };
    for case in cases.iter().filter(|case| !is_told_for_each(&case.scenario.id)) {
        let says = &case.scenario.changes;
        assert!(case.changes().iter().all(|change| says.contains(change)), "{}: {:?}", case.id, case.changes());
    }
}

#[test]
fn a_file_is_told_for_each_operation_in_each_row_and_way() {
    let head = "given = \"user\"\neach = \"admin\"\ncases.a = { before = \"/.\" }\ncases.b = { before = \"/x/..\" }\n\
        ways.path.one = { seen = \"${before}${path}\" }\nways.path.two = { seen = \"/v2${below}\" }";
    let text = format!(
        "title = \"t\"\n{head}\n[[steps]]\nname = \"as ${{way}}\"\nways = \"path\"\nsend = \"${{method}} ${{seen}}\"\njson = \"${{body}}\"\n\
        only = [\"DELETE /v1/users/{{username}}\", \"POST /v1/account/verify\"]\n\
        expect = {{ \"login.kept\" = {{ status = \"${{success}}\" }} }}\n"
    );
    let cases = cases(&suite_of_text(&text));
    let changes = |case: &Case| {
        let draft = |step: &Step| match &step.action {
            Action::Send(draft) => {
                format!("{}: {} {} {:?}", step.name, draft.method, draft.path, step.statuses().next())
            }
            other => format!("{other:?}"),
        };
        (case.id.clone(), case.scenario.registration, case.scenario.steps.iter().map(draft).collect::<Vec<_>>())
    };
    let steps = |lines: [&str; 2], status: u16| {
        let status = StatusSet::parse([status.to_string().as_str()]);
        lines.map(|line| format!("{line} {status:?}")).to_vec()
    };
    let open = Some(Registration::Open);
    let expected = [
        ("delete-user.a", None, steps(["as one: DELETE /./v1/users/${user}", "as two: DELETE /v2/users/${user}"], 200)),
        (
            "delete-user.b",
            None,
            steps(["as one: DELETE /x/../v1/users/${user}", "as two: DELETE /v2/users/${user}"], 200),
        ),
        ("verify.a", open, steps(["as one: POST /./v1/account/verify", "as two: POST /v2/account/verify"], 201)),
        ("verify.b", open, steps(["as one: POST /x/../v1/account/verify", "as two: POST /v2/account/verify"], 201)),
    ];
    let expected = expected.map(|(row, registration, steps)| (format!("login/made-up::{row}"), registration, steps));
    assert_eq!(cases.iter().map(changes).collect::<Vec<_>>(), expected);
}
