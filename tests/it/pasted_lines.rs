//! The lines that repeat a failure are pasted into a shell: whatever a target's URL, a case or a folder is called, they
//! run the command that they show and nothing else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::harness::{Program, reference};
use serde_json::Value;
use wabizspec::reference::AnswerBody;

/// Stands in every place that can be named; `ran` is a command that leaves a trace.
const HOSTILE: &str = "$(ran);ran&ran|`ran`'$(ran)'\"$(ran)\"";

/// A folder of commands: `ran` leaves a trace, the others write down what they are given, a line for each argument.
fn commands(folder: &Path) {
    let write = |name: &str, script: &str| {
        let path = folder.join(name);
        std::fs::write(&path, script).expect("a script");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    };
    write("ran", "#!/bin/sh\n: > \"$TRACE\"\n");
    for name in ["curl", "nc", "wabizspec"] {
        write(name, "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\" >> \"$GIVEN\"\n");
    }
}

/// Pastes the lines into a POSIX shell; gives what the commands in them were given.
#[track_caller]
fn pasted<'l>(lines: impl IntoIterator<Item = &'l str>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    commands(folder.path());
    let (trace, given) = (folder.path().join("trace"), folder.path().join("given"));
    for line in lines {
        let ended = Command::new("/bin/sh")
            .args(["-c", line])
            .env("PATH", folder.path())
            .env("TRACE", &trace)
            .env("GIVEN", &given)
            .env("WABIZSPEC_TARGET", HOSTILE)
            .current_dir(folder.path())
            .output()
            .expect("a shell");
        assert!(!trace.exists(), "this runs something else: {line}");
        assert!(ended.status.success(), "{line}: {}", String::from_utf8_lossy(&ended.stderr));
    }
    std::fs::read_to_string(given).expect("a command was run")
}

#[test]
fn the_lines_of_a_run_run_nothing_else() {
    let server = reference(|settings| {
        settings.behaviour.rewrites = vec![|_, answer| {
            answer.status = 500;
            answer.body = AnswerBody::Empty;
        }];
    });
    let target = format!("{}/{HOSTILE}", server.url());
    let steps = format!(
        "[cases]\nodd = {{ part = {} }}\n[[steps]]\nname = \"ask\"\nsend = \"GET /v1/${{part}}\"\n\
         headers = {{ X-Odd = \"a'${{part}}\" }}\nbody = \"'${{part}}'\"\n[steps.expect]\n\"login.one\" = {{ status = 200 }}\n",
        toml::Value::from(HOSTILE)
    );
    let ended = Program::judge(["--target", &target, "--scenarios", "suite"]).suite(&steps).end().exited(1);
    let lines = ended.cases().iter().flat_map(|case| case["reproduce"].as_array().expect("lines"));
    let lines: Vec<&str> = lines.filter_map(Value::as_str).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let given = pasted(lines);
    let url = ended.0["target"]["url"].as_str().expect("a URL");
    assert!(url.contains("$(ran);ran&ran|") && given.contains(&format!("--target\n{url}\n")), "{given}");
    assert!(given.contains(&format!("X-Odd: a'{HOSTILE}\n")), "{given}");
    assert!(given.contains(&format!("\n'{HOSTILE}'\n")), "{given}");
    assert!(given.contains(&format!("{HOSTILE}/v1/{HOSTILE}\n")), "{given}");
}

#[test]
fn the_lines_of_a_finding_run_nothing_else() {
    let server = reference(|settings| {
        settings.behaviour.rewrites = vec![|handled, answer| {
            if handled.call.path != "/v1/users/login" {
                answer.body = AnswerBody::Json(serde_json::json!({ "users": 1 }));
            }
        }];
    });
    let target = format!("{}/", server.url());
    let found = tempfile::tempdir().expect("a folder");
    let out = found.path().join(HOSTILE.replace('/', "")).display().to_string();
    let args = ["fuzz", "path", "--fresh", "--target", &target, "--requests", "60", "--seed", "7", "--out", &out];
    let ended = Program::new(args.iter().chain(&["--report", "json=out.json"])).end();
    let report: Value = serde_json::from_str(&ended.file("out.json")).expect("a report");
    let found = ["findings", "warnings"].iter().flat_map(|kind| report[*kind].as_array().expect("findings"));
    let found: Vec<&Value> = found.collect();
    assert!(!found.is_empty(), "{}", ended.said());
    let lines = found.iter().flat_map(|found| found["reproduce"].as_array().expect("lines"));
    let given = pasted(lines.filter_map(Value::as_str));
    assert!(given.contains(&format!("replay\n{out}/findings/path/")), "{given}");
}
