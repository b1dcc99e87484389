//! The configuration counts for its own target and for its owner, within bounds; and what is set but cannot be used, or
//! judges too little, is not a success.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{
    Address, Ended, OWNERS, PASSWORD, Place, Program, Server, answer, answering, faulty, fresh, in_use,
};

/// What the program does with these arguments there, with these variables.
fn output(place: &Place, args: &str, environment: &[(&str, &str)]) -> Ended {
    environment.iter().fold(place.program(args), |program, (name, value)| program.env(name, value)).end()
}

fn configured(text: &str) -> Place {
    Place::with(&[("wabizspec.toml", text)])
}

// What is set but cannot be used.

const HEADER: &str = "[target]\nheaders = { X-Key = \"env:GATEWAY_KEY\" }\n";

#[test]
fn a_secret_that_is_set_but_empty_ends_the_run_before_it_begins() {
    let server = in_use("open");
    let before = server.dump();
    for (name, value, about) in [
        (PASSWORD, "", PASSWORD),
        (PASSWORD, "\n", PASSWORD),
        (PASSWORD, "\u{feff}\r\n", PASSWORD),
        (PASSWORD, "one\ntwo", PASSWORD),
        ("WABIZSPEC_ADMIN_USERNAME", "", "the admin's name"),
        ("WABIZSPEC_ADMIN_USERNAME", "a:b", "the admin's name"),
        ("GATEWAY_KEY", "", "GATEWAY_KEY"),
        ("GATEWAY_KEY", "a\nb", "GATEWAY_KEY"),
        ("WABIZSPEC_TARGET", "\u{feff}", "target"),
    ] {
        for command in ["run", "doctor", "recover"] {
            let program = configured(HEADER).program(command).env("WABIZSPEC_TARGET", server.url());
            let ended = program.env("GATEWAY_KEY", "key").env(name, value).end().exited(2).says("help: ");
            let named = ended.said().contains(about) || ended.said().contains(name);
            assert!(named, "{name}={value:?}: {}", ended.said());
        }
    }
    assert_eq!(server.dump(), before, "nothing was sent");
}

#[test]
fn a_secret_that_is_not_text_ends_the_run_before_it_begins() {
    let server = in_use("open");
    for name in [PASSWORD, "WABIZSPEC_ADMIN_USERNAME", "GATEWAY_KEY"] {
        let program = configured(HEADER).program("run").at(&server).env("GATEWAY_KEY", "key");
        let ended = program.env(name, OsStr::from_bytes(b"caf\xe9-secret")).end().exited(2);
        ended.says(name).says("is not UTF-8").never_says("-secret");
    }
}

#[test]
fn line_ends_and_byte_order_marks_around_a_secret_are_taken_off() {
    let server = in_use("open");
    let (url, marked) = (server.url(), format!("\u{feff}{OWNERS}\r\n"));
    let program = configured(HEADER).program("doctor").env("WABIZSPEC_TARGET", format!("\u{feff}{url}\n"));
    let program = program.env(PASSWORD, &marked).env("WABIZSPEC_ADMIN_USERNAME", "admin\n");
    program.env("GATEWAY_KEY", "key\n").end().exited(0).says("logs in as admin");
    let file = format!("[target]\nurl = \"{url}\"\n[credentials]\npassword_file = \"password\"\n");
    let program = configured(&file).program("doctor").file("password", &marked);
    program.end().exited(0).says("logs in as admin");
}

// How much was judged.

fn end(program: Program, password: bool) -> Ended {
    if password { program.password().end() } else { program.end() }
}

#[test]
fn the_verdict_says_how_much_was_judged_and_too_little_is_inconclusive() {
    let server = in_use("open");
    let run = |more: &str, password: bool| end(Program::judge("-q").at(&server).args(more), password);
    let (without, with) = (run("", false).exited(0), run("", true).exited(0));
    let (few, many) = (without.count("pass"), with.count("pass"));
    without.says(&format!("({few} of "));
    with.says(&format!("({many} of "));
    assert!(few < 50 && many > 150, "{few} without a password, {many} with one");
    // What the action asks for tells the two apart.
    run("--min-cases 100", true).exited(0);
    let short = run("--min-cases 100 --report junit=j.xml --report html=r.html", false).exited(3);
    let short = short.says("inconclusive").says(&format!("cases judged: {few}, fewer than the 100"));
    let short = short.never_says("everything that ran conforms");
    assert!(short.file("r.html").contains("fewer than the 100"));
    run(&format!("--min-cases {many}"), true).exited(0);
    run(&format!("--min-cases {}", many + 1), true).exited(3);
    run("--min-cases 2 login/default-password-alone", false).exited(3);
}

#[test]
fn the_verdict_says_how_much_was_proven_and_too_little_is_inconclusive() {
    let server = in_use("open");
    let run = |more: &str| Program::judge("").at(&server).args(more).password().end();
    let ended = run("").exited(0);
    let proven = ended.0["proven"].as_array().expect("shares").clone();
    let must = |member: &str| -> u64 {
        let musts = proven.iter().filter(|share| share["level"] == "must");
        musts.map(|share| share[member].as_u64().expect("a number")).sum()
    };
    let (have, of) = (must("proven"), must("of"));
    let whole = ended.requirements().iter().filter(|it| it["level"] == "must" && it["verdict"] == "pass").count();
    assert_eq!(have, whole as u64);
    let percent = 100 * have / of;
    assert!((10..90).contains(&percent), "{percent} %");
    ended.says(&format!("all        {percent:2} % of {of} musts"));
    run(&format!("--min-percent {percent}")).exited(0);
    let short = run(&format!("-q --min-percent {}", percent + 1)).exited(3);
    short.says(&format!("musts proven: {percent} % ({have} of {of}), fewer than the {} %", percent + 1));
    // What is for the other state of the registration cannot be proven, and a finding wins.
    Program::new("run --min-percent 100").end().exited(0);
    Program::new("run --min-percent 100 --registration sunset").end().exited(0);
    let broken = faulty(&["login.first.default-password-accepted"]);
    Program::new("run --min-percent 100 login").at(&broken).resetting(&broken).end().exited(1);
    // A shard proves little by itself.
    run("--min-percent 5 --shard 1/2").exited(2);
    let place = Place::new();
    for shard in 1..=2 {
        place.program(&format!("run --shard {shard}/2 --report ndjson={shard}.ndjson")).end().exited(0);
    }
    place.program("merge 1.ndjson 2.ndjson --min-percent 100").end().exited(0);
    place.program("merge 1.ndjson --min-percent 100").end().exited(3);
}

#[test]
fn the_configuration_asks_for_a_number_of_the_whole_suite() {
    let server = in_use("open");
    let file = format!("[target]\nurl = \"{}\"\nmin_cases = 150\n", server.url());
    let run = |args: &str, password: bool| end(configured(&file).program("run -q").args(args), password);
    run("", true).exited(0);
    run("", false).exited(3).says("fewer than the 150");
    run("--min-cases 1", false).exited(0);
    // Who picks cases knows how few they are.
    run("login/default-password-alone envelope", true).exited(0);
    // A shard owes half of its share, and the merged report all of it.
    for (password, code) in [(true, 0), (false, 3)] {
        let place = configured(&file);
        for shard in 1..=3 {
            let args = format!("run --shard {shard}/3 --report ndjson={shard}.ndjson");
            end(place.program(&args), password).exited(code);
        }
        place.program("merge 1.ndjson 2.ndjson 3.ndjson --min-cases 150").end().exited(code);
    }
    configured(&file).program("doctor").end().exited(3).says("min_cases asks for 150");
}

#[test]
fn in_ci_the_embedded_client_is_judged_only_where_it_is_asked_for() {
    let run = |args: &str, ci: &str| Program::new(args).env("CI", ci);
    for ci in ["true", "1", "woodpecker"] {
        run("run login/default-password-alone", ci).end().exited(2).says("--embedded");
        run("fuzz basic-auth --requests 10", ci).end().exited(2).says("--embedded");
    }
    for ci in ["", "false", "0"] {
        run("run login/default-password-alone", ci).end().exited(0);
    }
    run("run login/default-password-alone --embedded", "true").end().exited(0).says("not on your server");
    run("fuzz basic-auth --requests 300 --embedded", "true").end().exited(0);
    let server = in_use("open");
    let url = server.url();
    let both = || run("run --embedded", "");
    for program in [
        both().at(&url),
        both().env("WABIZSPEC_TARGET", &url),
        both().file("wabizspec.toml", &format!("[target]\nurl = \"{url}\"\n")),
    ] {
        program.end().exited(2).says("leave out one of the two");
    }
}

// A configuration is about its own server.

fn everything_for(url: &str) -> String {
    format!(
        "[target]\nurl = \"{url}\"\ntimeout = \"9s\"\nheaders = {{ X-Key = \"env:GATEWAY_KEY\" }}\ninsecure = true\n\
         [credentials]\nusername = \"root\"\npassword_file = \"password\"\n\
         [state]\nreset = \"touch was-reset\"\nadvance = \"touch was-advanced\"\nfresh = true\n\
         allow = [\"users\", \"passwords\", \"registration\", \"clock\"]\n\
         [registration]\ncode_command = \"touch was-asked\"\ncc = \"49\"\n"
    )
}

fn unready() -> Server {
    answering(|_| answer("401 No", "", "{}"))
}

#[test]
fn a_configuration_does_not_act_on_another_server() {
    let production = in_use("open");
    let before = production.dump();
    let url = production.url();
    let file = everything_for("http://127.0.0.1:1");
    let place = || Place::with(&[("wabizspec.toml", &file), ("password", OWNERS)]);
    for (args, by_flag) in [
        ("run -q", true),
        ("run -q", false),
        ("run -q --config wabizspec.toml", true),
        ("recover", true),
        ("doctor", true),
        ("fuzz basic-auth --requests 20", false),
    ] {
        let place = place();
        let program = place.program(args).env("GATEWAY_KEY", "hush-hush");
        let program = if by_flag { program.at(&url) } else { program.env("WABIZSPEC_TARGET", &url) };
        let mut ended = program.end().never_says("panicked").says("does not count for");
        for part in ["http://127.0.0.1:1", "reset", "fresh", "allow", "headers", "password_file", "code_command"] {
            ended = ended.says(part);
        }
        for file in ["was-reset", "was-advanced", "was-asked"] {
            assert!(!place.has(file), "{args}: {file}");
        }
        let now = production.dump();
        assert_eq!((&now["users"], &now["tokens"]), (&before["users"], &before["tokens"]), "{args}");
    }
    let other = unready();
    let ran = place().program("run").at(&other).env("GATEWAY_KEY", "hush-hush").end();
    let first = ran.stderr.lines().next().unwrap_or_default();
    let about = "note: wabizspec.toml is about http://127.0.0.1:1";
    assert!(first.contains("headers") && first.starts_with(about), "{first}");
    let sent = other.sent();
    assert!(sent.contains("GET /v1/") && !sent.contains("hush"), "the key went to another server");
}

#[test]
fn a_configuration_counts_for_its_own_server_by_any_name_and_without_a_url_for_every_server() {
    let server = in_use("open");
    let port = server.address().port();
    let settings = |url: &str, target: &str| {
        let file = format!("[target]\n{url}jobs = 3\n[state]\nallow = [\"users\"]\n");
        configured(&file).program("doctor").at(target).end().exited(0)
    };
    let here = format!("http://127.0.0.1:{port}");
    for own in [format!("http://localhost:{port}/"), format!("http://[::1]:{port}"), here.clone()] {
        let ended = settings(&format!("url = \"{own}\"\n"), &here).says("users  (file)");
        ended.never_says("does not count");
    }
    settings("", &here).says("users  (file)");
    for own in ["http://127.0.0.1:1".to_owned(), format!("https://127.0.0.1:{port}"), format!("{here}/base")] {
        let ended = settings(&format!("url = \"{own}\"\n"), &here);
        ended.says("so some of it does not count").says("nothing  (default)").says("3  (file)");
    }
}

// A configuration that was found runs nothing that its owner did not write.

/// What makes a file, or its folder, foreign. Every user can try the first two.
const FOREIGN: [(&str, u32, Option<u32>); 4] = [
    ("wabizspec.toml", 0o666, None),
    (".", 0o777, None),
    ("wabizspec.toml", 0o644, Some(4711)),
    (".", 0o755, Some(4711)),
];

const ENVIRONMENT: [(&str, &str); 2] = [("GATEWAY_KEY", "hush-hush"), (PASSWORD, OWNERS)];

#[test]
fn a_file_that_is_found_and_not_the_users_own_runs_nothing_and_sends_no_secret() {
    for (what, mode, owner) in FOREIGN {
        let server = unready();
        let place = Place::with(&[("wabizspec.toml", &everything_for(&server.url())), ("password", OWNERS)]);
        let path = place.join(what);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("permissions");
        // Only root can give a file away.
        if owner.is_some_and(|_| std::os::unix::fs::chown(&path, owner, None).is_err()) {
            continue;
        }
        for command in ["run -q", "doctor", "recover", "fuzz all --requests 9"] {
            output(&place, command, &ENVIRONMENT).exited(2).says("--config wabizspec.toml");
        }
        assert_eq!(server.sent(), "", "{what}: something was sent");
        // With a target of the user's own the file is no obstacle, and no help either.
        let ended = output(&place, &format!("run -q --target {}", server.url()), &ENVIRONMENT);
        ended.says("found in the current folder").says("reset, advance");
        assert!(!server.sent().contains("hush"), "{what}");
        assert!(!place.has("was-reset"), "{what}");
        // Who names the file has read it.
        output(&place, "run -q --config wabizspec.toml", &ENVIRONMENT);
        assert!(place.has("was-reset"), "{what}");
    }
}

#[test]
fn commands_are_shown_before_they_run_and_left_out_on_demand() {
    let server = fresh("open");
    let place = configured(&format!(
        "[target]\nurl = \"{}\"\nheaders = {{ X-Key = \"env:GATEWAY_KEY\" }}\n\
         [state]\nreset = \"touch was-reset\\n::error::gotcha hush-hush {OWNERS}\\u001b[2J\"\n",
        server.url()
    ));
    let shown = "reset: touch was-reset\\n::error::gotcha $GATEWAY_KEY $WABIZSPEC_ADMIN_PASSWORD\\u{1b}[2J";
    let ran = output(&place, "run -q login/first-login", &ENVIRONMENT);
    let stderr = &ran.stderr;
    assert!(stderr.contains(&format!("this run may execute {shown}")), "{stderr}");
    assert!(!stderr.lines().any(|line| line.starts_with("::")), "{stderr}");
    assert!(place.has("was-reset"), "{}", ran.said());
    std::fs::remove_file(place.join("was-reset")).expect("the file is there");
    for args in ["run --plan", "doctor"] {
        output(&place, args, &ENVIRONMENT).says(shown);
        output(&place, &format!("{args} --no-hooks"), &ENVIRONMENT).never_says("was-reset");
    }
    output(&place, "run --no-hooks", &ENVIRONMENT);
    assert!(!place.has("was-reset"), "--no-hooks");
}

#[test]
fn a_hook_gets_none_of_our_variables_but_its_own() {
    let server = fresh("open");
    let reset = format!("env > seen; curl -fsS -X POST {}/__control/reset", server.url());
    let program = Program::new("run -q login/first-login").at(&server).reset(&reset).password();
    let seen = program.env("WABIZSPEC_OTHER", "x").env("PLAIN", "y").end().file("seen");
    let ours: Vec<&str> = seen.lines().filter(|line| line.starts_with("WABIZSPEC_")).collect();
    assert_eq!(ours, [format!("WABIZSPEC_TARGET={}", server.url())]);
    assert!(seen.lines().any(|line| line == "PLAIN=y"), "{seen}");
}

#[test]
fn doctor_says_who_gets_a_secret_before_it_sends_one() {
    let server = in_use("open");
    let file = format!("[target]\nurl = \"{}\"\nheaders = {{ X-Key = \"env:GATEWAY_KEY\" }}\n", server.url());
    let doctor = |args: &str| {
        configured(&file).program("doctor").args(args).env("GATEWAY_KEY", "key").password().end().exited(0)
    };
    let said = doctor("").stdout;
    let announced = said.find("is sent the admin's password, the header X-Key");
    assert!(announced.is_some() && announced < said.find("answers (status"), "{said}");
    doctor("--config wabizspec.toml").never_says("is sent the admin's");
}

// Bounds.

#[test]
fn a_report_of_one_of_countless_shards_is_refused_and_one_of_many_is_named_briefly() {
    let server = in_use("open");
    let program = Program::judge("--shard 1/2 --report ndjson=one.ndjson login/*").at(&server);
    let report = program.end().file("one.ndjson");
    let merge = |shard: &str| {
        let text = report.replace("\"shard\":\"1/2\"", &format!("\"shard\":\"{shard}\""));
        assert_ne!(text, report);
        Program::new("merge one.ndjson").file("one.ndjson", &text).end()
    };
    merge("1/18446744073709551615").exited(2).says("too many shards");
    let many = merge("1/1000000").says("2/1000000").says("and 999979 more");
    assert!(many.said().len() < 20_000, "{} bytes", many.said().len());
}

#[test]
fn too_few_files_end_every_command_clearly() {
    let server = in_use("open");
    for limit in (4..20).chain([24, 28, 32, 38, 42, 48]) {
        let doctor = format!("doctor --target {}", server.url());
        for args in ["run --embedded -q login/first-login", &doctor, "explain 1024"] {
            let ended = Program::new(args).through(&format!("ulimit -n {limit}; exec \"$@\"")).end();
            let (said, code) = (ended.said(), ended.code);
            assert!(!said.contains("panicked"), "{limit}, {args}: {said}");
            // Below a few the system cannot even load the program.
            let clear = code == Some(0) || (code == Some(3) && said.contains("files")) || code == Some(127);
            assert!(clear, "{limit}, {args}: {code:?} {said}");
        }
    }
}
