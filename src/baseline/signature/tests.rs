use super::*;
use crate::requirement::Level;

fn finding(step: &str, mismatches: &[(&str, &str)]) -> Finding {
    let mismatch = |(at, observed): &(&str, &str)| Mismatch {
        at: (*at).to_owned(),
        expected: "something else".to_owned(),
        observed: (*observed).to_owned(),
    };
    Finding {
        requirement: "login.x".to_owned(),
        level: Level::Must,
        step: step.to_owned(),
        mismatches: mismatches.iter().map(mismatch).collect(),
    }
}

fn of(at: &str, observed: &str) -> String {
    signature([&finding("s", &[(at, observed)])])
}

#[test]
fn what_differs_from_run_to_run_is_no_part_of_it() {
    for (at, one, other) in [
        ("/users/0/token", "\"eyJ0.a1\"", "\"eyJ0.b2\""),
        ("/users/0/token", "\"short\"", "\"eyJ0… (900 bytes in all)"),
        ("/users/0/username", "\"wab12c0001\"", "\"wxyzq0099\""),
        ("/users/0/expires_after", "\"2026-01-01\", 5 s after our clock", "\"2026-01-02\", 6 s after our clock"),
        ("/users/3/token", "absent", "absent"),
        (
            "answer",
            "the time limit passed inside the body of the answer (1.5s for the whole answer)",
            "the time limit passed inside the body of the answer (10s for the whole answer)",
        ),
        ("body", "a body that is no JSON (at column 4)", "a body that is no JSON (at column 9)"),
        ("header Content-Type", "text/html; charset=utf-8", "Text/HTML"),
        ("body", "<html>1</html>", "<html>2</html>"),
    ] {
        assert_eq!(of(at, one), of(at, other), "{at}");
    }
    assert_eq!(of("/users/0/token", "absent"), of("/users/7/token", "absent"));
}

#[test]
fn another_way_of_failing_is_another_signature() {
    for (at, one, other) in [
        ("status", "200", "500"),
        ("/errors", "code 1005", "code 1006"),
        ("/errors/0/code", "1005", "1006"),
        ("/users/0/ROLES", "\"ROLE_ADMIN\"", "\"ROLE_USER\""),
        ("/users", "absent", "[]"),
        ("/users", "true", "false"),
        (
            "answer",
            "the time limit passed inside the head of the answer (x)",
            "the connection was closed inside the head of the answer (x)",
        ),
        (
            "answer",
            "the connection was closed inside the head of the answer (x)",
            "the connection was closed inside the body of the answer (x)",
        ),
        ("header Content-Type", "text/html", "absent"),
        ("transcript", "\n- a\n+ b", "\n- a\n+ c"),
    ] {
        assert_ne!(of(at, one), of(at, other), "{at}");
    }
    assert_ne!(of("/a", "absent"), of("/b", "absent"));
    let (first, second) = (finding("first", &[("status", "200")]), finding("second", &[("status", "200")]));
    assert_ne!(signature([&first]), signature([&second]));
    assert_ne!(signature([&first]), signature([&first, &second]));
}

#[test]
fn it_reads_like_what_happened_and_stays_short() {
    let finding = finding("log in", &[("status", "200"), ("/users", "[{\"token\":\"x\"}]")]);
    assert_eq!(signature([&finding]), "log in: /users an array; status 200");
    let many: Vec<(String, &str)> = (0..1000).map(|index| (format!("/errors/{index}/code"), "absent")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(at, observed)| (at.as_str(), *observed)).collect();
    assert_eq!(signature([&self::finding("s", &many)]), "s: /errors/*/code absent");
}
