//! The lines that repeat a failure are pasted into a shell: whatever a target's URL, a case or a folder is called, they
//! run the command that they show and nothing else.

use std::process::Command;

use crate::harness::{Place, Program, respond, rewriting};
use serde_json::{Value, json};

/// A name for everything that can be named; `ran` is a command that leaves a trace.
const HOSTILE: &str = "$(ran);ran&ran|`ran`'$(ran)'\"$(ran)\"";

/// Pastes the lines into a POSIX shell; gives what the commands in them were given, a line for each argument.
#[track_caller]
fn pasted(lines: &[&str]) -> String {
    let place = Place::new();
    place.executable("ran", "#!/bin/sh\n: > \"$TRACE\"\n");
    for name in ["bash", "curl", "nc", "wabizspec"] {
        place.executable(name, "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\" >> \"$GIVEN\"\n");
    }
    for line in lines {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).current_dir(place.path()).env("PATH", place.path());
        shell.env("TRACE", place.join("trace")).env("GIVEN", place.join("given")).env("WABIZSPEC_TARGET", HOSTILE);
        let ended = shell.output().expect("a shell");
        assert!(!place.has("trace"), "this runs something else: {line}");
        assert!(ended.status.success(), "{line}: {}", String::from_utf8_lossy(&ended.stderr));
    }
    place.read("given")
}

/// The lines that repeat each of these cases or findings.
fn lines<'v>(entries: impl IntoIterator<Item = &'v Value>) -> Vec<&'v str> {
    let lines = entries.into_iter().flat_map(|entry| entry["reproduce"].as_array().expect("lines"));
    lines.filter_map(Value::as_str).collect()
}

#[test]
fn the_lines_of_a_run_run_nothing_else() {
    let server = rewriting(|_, answer| respond(answer, 500, None));
    let target = format!("{}/{HOSTILE}", server.url());
    let steps = format!(
        "[cases]\nodd = {{ part = {} }}\n[[steps]]\nname = \"ask\"\nsend = \"GET /v1/${{part}}\"\n\
         headers = {{ X-Odd = \"a'${{part}}\" }}\nbody = \"'${{part}}'\"\n[steps.expect]\n\"login.one\" = {{ status = 200 }}\n",
        toml::Value::from(HOSTILE)
    );
    let ended = Program::judge("--scenarios suite").at(&target).suite(&steps).end().exited(1);
    let lines = lines(ended.cases());
    assert_eq!(lines.len(), 2, "{lines:?}");
    let given = pasted(&lines);
    let url = ended.0["target"]["url"].as_str().expect("a URL");
    assert!(
        url.contains("$(ran);ran&ran|") && given.contains(&format!("--target\n{url}\n--scenarios\nsuite\n")),
        "{given}"
    );
    assert!(given.contains(&format!("X-Odd: a'{HOSTILE}\n")), "{given}");
    assert!(given.contains(&format!("\n'{HOSTILE}'\n")), "{given}");
    assert!(given.contains(&format!("{HOSTILE}/v1/{HOSTILE}\n")), "{given}");
}

#[test]
fn the_lines_of_a_finding_run_nothing_else() {
    let server = rewriting(|handled, answer| {
        if handled.call.path != "/v1/users/login" {
            respond(answer, answer.status, Some(json!({ "users": 1 })));
        }
    });
    let place = Place::new();
    let out = place.join(HOSTILE.replace('/', "")).display().to_string();
    let program = Program::new("fuzz path --fresh --requests 60 --seed 7 --report json=out.json");
    let ended = program.at(&format!("{}/", server.url())).list(["--out", &out]).end();
    let report = ended.place().json("out.json");
    let found = ["findings", "warnings"].iter().flat_map(|kind| report[*kind].as_array().expect("findings"));
    let lines = lines(found);
    assert!(!lines.is_empty(), "{}", ended.said());
    let given = pasted(&lines);
    assert!(given.contains(&format!("replay\n{out}/findings/path/")), "{given}");
}
