//! A target that accepts the admin's login and gives no token: that is a finding, and it is not asked again for each case.

use crate::harness::*;

/// Whether the admin logs in, with a password that is right.
fn is_login(asked: &Asked) -> bool {
    let right = [OWNERS, "secret"].map(basic);
    asked.is("POST", "/v1/users/login") && right.iter().any(|basic| asked.header("authorization") == Some(basic))
}

#[test]
fn a_login_that_gives_no_token_is_final_for_the_run() {
    for fresh in [true, false] {
        // Accepts logins of the admin with 200 and an empty list of users, and refuses everything else.
        let target = answering(|asked| {
            let headers = "WWW-Authenticate: Basic\r\nConnection: close\r\n";
            match is_login(asked) {
                true => answer("200 OK", "Connection: close\r\n", r#"{"users":[]}"#),
                false => answer("401 Unauthorized", headers, r#"{"errors":[{"code":1005,"title":"x","details":"x"}]}"#),
            }
        });
        let program = Program::judge("--allow users,passwords --registration open").at(&target);
        // None of these logs in as admin itself.
        let program = program
            .args("--exclude users/update-admin --exclude users/name-like-the-administrators*")
            .args("users/* tokens/each-without-a-token* login/unknown-user*");
        let ended = if fresh { program.args("--fresh").end() } else { program.password().end() };
        let ended = ended.exited(1).counts("fail", 1);
        assert!(ended.cases().iter().flat_map(broken_by).any(|rule| rule == "login.answer.token"), "{}", ended.said());
        let why = "the login gave no token: status 200";
        let blocked = |case: &&serde_json::Value| {
            case["verdict"] == "blocked" && case["reason"].as_str().is_some_and(|reason| reason.contains(why))
        };
        assert!(ended.cases().iter().filter(blocked).count() > 100, "{}", ended.said());
        let logins: Vec<String> = target.log().iter().filter(|asked| is_login(asked)).map(Asked::text).collect();
        // One when the first case needs it, and one more when the run cleans up.
        assert!((1..=2).contains(&logins.len()), "{} logins: {logins:#?}", logins.len());
    }
}
