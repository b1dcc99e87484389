//! The configuration counts for its own target and for its owner, within bounds; and what is set but cannot be used, or
//! judges too little, is not a success.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Ended, OWNERS, PASSWORD, Place, Program, Server, answer, answering, fresh, in_use};

/// A place with these files.
fn place(files: &[(&str, &str)]) -> Place {
    let place = Place::new();
    for (name, text) in files {
        place.write(name, text);
    }
    place
}

/// What the program makes of these arguments there, with what is set besides.
fn output(place: &Place, args: &[&str], environment: &[(&str, &str)]) -> Ended {
    environment.iter().fold(place.program(args), |program, (name, value)| program.env(name, value)).end()
}

// What is set but cannot be used.

#[test]
fn a_secret_that_is_set_but_empty_ends_the_run_before_it_begins() {
    let server = in_use("open");
    let before = server.dump();
    let header = "[target]\nheaders = { X-Key = \"env:GATEWAY_KEY\" }\n";
    for (name, value) in [
        (PASSWORD, ""),
        (PASSWORD, "\n"),
        (PASSWORD, "\u{feff}\r\n"),
        (PASSWORD, "one\ntwo"),
        ("WABIZSPEC_ADMIN_USERNAME", ""),
        ("WABIZSPEC_ADMIN_USERNAME", "a:b"),
        ("GATEWAY_KEY", ""),
        ("GATEWAY_KEY", "a\nb"),
        ("WABIZSPEC_TARGET", "\u{feff}"),
    ] {
        for command in ["run", "doctor", "recover"] {
            let mut program = Program::new([command]).file("wabizspec.toml", header);
            program = program.env("GATEWAY_KEY", "key").env("WABIZSPEC_TARGET", server.url()).env(name, value);
            let ended = program.end().exited(2).says("help: ");
            let about = if name == "WABIZSPEC_TARGET" { "target" } else { name };
            let named = ended.said().contains(about) || ended.said().contains("the admin's name");
            assert!(named, "{name}={value:?}: {}", ended.said());
        }
    }
    assert_eq!(server.dump(), before, "nothing was sent");
}

#[test]
fn a_secret_that_is_not_text_ends_the_run_before_it_begins() {
    let server = in_use("open");
    let header = "[target]\nheaders = { X-Key = \"env:GATEWAY_KEY\" }\n";
    for name in [PASSWORD, "WABIZSPEC_ADMIN_USERNAME", "GATEWAY_KEY"] {
        let program =
            Program::new(["run", "--target", &server.url()]).file("wabizspec.toml", header).env("GATEWAY_KEY", "key");
        let ended = program.env(name, OsStr::from_bytes(b"caf\xe9-secret")).end().exited(2);
        let said = ended.says(name).says("is not UTF-8").said();
        assert!(!said.contains("-secret"), "{said}");
    }
}

#[test]
fn line_ends_and_byte_order_marks_around_a_secret_are_taken_off() {
    let server = in_use("open");
    let (url, marked) = (server.url(), format!("\u{feff}{OWNERS}\r\n"));
    let address = format!("\u{feff}{url}\n");
    let header = "[target]\nheaders = { X-Key = \"env:GATEWAY_KEY\" }\n";
    let environment = Program::new(["doctor"])
        .env("WABIZSPEC_TARGET", &address)
        .env(PASSWORD, &marked)
        .env("WABIZSPEC_ADMIN_USERNAME", "admin\n")
        .env("GATEWAY_KEY", "key\n")
        .file("wabizspec.toml", header);
    environment.end().exited(0).says("logs in as admin");
    let file = format!("[target]\nurl = \"{url}\"\n[credentials]\npassword_file = \"password\"\n");
    let program = Program::new(["doctor"]).file("wabizspec.toml", &file);
    program.file("password", &marked).end().exited(0).says("logs in as admin");
}

// How much was judged.

/// The cases that the report for people says were judged.
fn judged(ended: &Ended) -> usize {
    let said = ended.said();
    let (before, _) = said.rsplit_once(" judged)").unwrap_or_else(|| panic!("no count in\n{said}"));
    let (_, count) = before.rsplit_once('(').expect("a bracket");
    let count = count.split(' ').next().and_then(|count| count.parse().ok());
    count.unwrap_or_else(|| panic!("no count in\n{said}"))
}

#[test]
fn the_verdict_says_how_much_was_judged_and_too_little_is_inconclusive() {
    let server = in_use("open");
    let run = |more: &[&str], password: bool| {
        let program = Program::judge([&["--target", &server.url(), "-q"], more].concat());
        if password { program.password().end() } else { program.end() }
    };
    let without = run(&[], false).exited(0);
    let with = run(&[], true).exited(0);
    let (few, many) = (judged(&without), judged(&with));
    assert!(few < 50 && many > 150, "{few} without a password, {many} with one");
    assert_eq!(with.report().count("pass"), many as u64);
    // What the action asks for tells the two apart.
    run(&["--min-cases", "100"], true).exited(0);
    let short = run(&["--min-cases", "100", "--report", "junit=j.xml", "--report", "html=r.html"], false).exited(3);
    let short = short.says("inconclusive").says(&format!("cases judged: {few}, fewer than the 100"));
    assert!(!short.said().contains("everything that ran conforms"), "{}", short.said());
    assert!(short.file("r.html").contains("fewer than the 100"));
    run(&["--min-cases", &many.to_string()], true).exited(0);
    run(&["--min-cases", &(many + 1).to_string()], true).exited(3);
    run(&["--min-cases", "2", "login/default-password-alone"], false).exited(3);
}

#[test]
fn the_configuration_asks_for_a_number_of_the_whole_suite() {
    let server = in_use("open");
    let file = format!("[target]\nurl = \"{}\"\nmin_cases = 150\n", server.url());
    let run = |args: &[&str], password: bool| {
        let program = Program::new([&["run", "-q"], args].concat()).file("wabizspec.toml", &file);
        if password { program.password().end() } else { program.end() }
    };
    run(&[], true).exited(0);
    run(&[], false).exited(3).says("fewer than the 150");
    run(&["--min-cases", "1"], false).exited(0);
    // Who picks cases knows how few they are.
    run(&["login/default-password-alone", "envelope"], true).exited(0);
    // A shard owes half of its share, and the merged report all of it.
    for (password, code) in [(true, 0), (false, 3)] {
        let place = place(&[("wabizspec.toml", &file)]);
        let environment = [(PASSWORD, OWNERS)];
        let environment = if password { &environment[..] } else { &[] };
        for shard in ["1/3", "2/3", "3/3"] {
            let report = format!("ndjson={}.ndjson", &shard[..1]);
            let ran = output(&place, &["run", "--shard", shard, "--report", &report], environment);
            assert_eq!(ran.code, Some(code), "{shard}: {}", ran.said());
        }
        let merge = ["merge", "1.ndjson", "2.ndjson", "3.ndjson", "--min-cases", "150"];
        output(&place, &merge, &[]).exited(code);
    }
    let doctor = Program::new(["doctor"]).file("wabizspec.toml", &file).end().exited(3);
    doctor.says("min_cases asks for 150");
}

#[test]
fn in_ci_the_embedded_client_is_judged_only_where_it_is_asked_for() {
    let run = |args: &[&str], ci: &str| Program::new(args).env("CI", ci).end();
    let one = "login/default-password-alone";
    for ci in ["true", "1", "woodpecker"] {
        run(&["run", one], ci).exited(2).says("--embedded");
        run(&["fuzz", "basic-auth", "--requests", "10"], ci).exited(2).says("--embedded");
    }
    for ci in ["", "false", "0"] {
        run(&["run", one], ci).exited(0);
    }
    run(&["run", one, "--embedded"], "true").exited(0).says("not on your server");
    run(&["fuzz", "basic-auth", "--requests", "300", "--embedded"], "true").exited(0);
    let server = in_use("open");
    let url = server.url();
    run(&["run", one, "--embedded", "--target", &url], "").exited(2).says("leave out one of the two");
    let program = Program::new(["run", "--embedded"]);
    program.env("WABIZSPEC_TARGET", &url).end().exited(2).says("leave out one of the two");
    let file = format!("[target]\nurl = \"{url}\"\n");
    let program = Program::new(["run", "--embedded"]).file("wabizspec.toml", &file);
    program.end().exited(2).says("leave out one of the two");
}

// A configuration is about its own server.

/// A configuration of that server that allows and does everything.
fn everything_for(url: &str) -> String {
    format!(
        "[target]\nurl = \"{url}\"\ntimeout = \"9s\"\nheaders = {{ X-Key = \"env:GATEWAY_KEY\" }}\ninsecure = true\n\
         [credentials]\nusername = \"root\"\npassword_file = \"password\"\n\
         [state]\nreset = \"touch was-reset\"\nadvance = \"touch was-advanced\"\nfresh = true\n\
         allow = [\"users\", \"passwords\", \"registration\", \"clock\"]\n\
         [registration]\ncode_command = \"touch was-asked\"\ncc = \"49\"\n"
    )
}

/// A server that is never ready.
fn unready() -> Server {
    answering(|_| answer("401 No", "", "{}"))
}

/// All that was sent to it.
fn sent(server: &Server) -> String {
    server.log().iter().map(|asked| asked.text()).collect()
}

#[test]
fn a_configuration_does_not_act_on_another_server() {
    let production = in_use("open");
    let before = production.dump();
    let url = production.url();
    let files = [("wabizspec.toml", everything_for("http://127.0.0.1:1")), ("password", OWNERS.to_owned())];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    for (args, by_flag) in [
        (&["run", "-q"][..], true),
        (&["run", "-q"], false),
        (&["run", "-q", "--config", "wabizspec.toml"], true),
        (&["recover"], true),
        (&["doctor"], true),
        (&["fuzz", "basic-auth", "--requests", "20"], false),
    ] {
        let place = place(&files);
        let mut all = args.to_vec();
        let mut environment = vec![("GATEWAY_KEY", "hush-hush")];
        match by_flag {
            true => all.extend(["--target", &url]),
            false => environment.push(("WABIZSPEC_TARGET", &url)),
        }
        let said = output(&place, &all, &environment).said();
        assert!(!said.contains("panicked"), "{all:?}: {said}");
        for part in ["http://127.0.0.1:1", "reset", "fresh", "allow", "headers", "password_file", "code_command"] {
            assert!(said.contains(part), "{all:?} does not name {part}:\n{said}");
        }
        assert!(said.contains("does not count for"), "{said}");
        for file in ["was-reset", "was-advanced", "was-asked"] {
            assert!(!place.has(file), "{all:?}: {file}");
        }
        let now = production.dump();
        assert_eq!(now["users"], before["users"], "{all:?}");
        assert_eq!(now["tokens"], before["tokens"], "{all:?}");
    }
    let other = unready();
    let place = place(&files);
    let ran = output(&place, &["run", "--target", &other.url()], &[("GATEWAY_KEY", "hush-hush")]);
    let first = ran.stderr.lines().next().unwrap_or_default();
    assert!(
        first.contains("headers") && first.starts_with("note: wabizspec.toml is about http://127.0.0.1:1"),
        "{first}"
    );
    let heads = sent(&other);
    assert!(heads.contains("GET /v1/") && !heads.contains("hush"), "the key went to another server");
}

#[test]
fn a_configuration_counts_for_its_own_server_by_any_name_and_without_a_url_for_every_server() {
    let server = in_use("open");
    let port = server.address().port();
    let settings = |url: &str, target: &str| {
        let file = format!("[target]\n{url}jobs = 3\n[state]\nallow = [\"users\"]\n");
        Program::new(["doctor", "--target", target]).file("wabizspec.toml", &file).end().exited(0)
    };
    let here = format!("http://127.0.0.1:{port}");
    for own in [format!("http://localhost:{port}/"), format!("http://[::1]:{port}"), here.clone()] {
        let ended = settings(&format!("url = \"{own}\"\n"), &here).says("users  (file)");
        assert!(!ended.said().contains("does not count"), "{}", ended.said());
    }
    settings("", &here).says("users  (file)");
    for own in ["http://127.0.0.1:1".to_owned(), format!("https://127.0.0.1:{port}"), format!("{here}/base")] {
        let ended = settings(&format!("url = \"{own}\"\n"), &here);
        ended.says("so some of it does not count").says("nothing  (default)").says("3  (file)");
    }
}

// A configuration that was found runs nothing that its owner did not write.

/// What makes a file, or its folder, somebody else's work. Every user can try the first two.
const STRANGE: [(&str, u32, Option<u32>); 4] = [
    ("wabizspec.toml", 0o666, None),
    (".", 0o777, None),
    ("wabizspec.toml", 0o644, Some(4711)),
    (".", 0o755, Some(4711)),
];

#[test]
fn a_file_that_is_found_and_not_the_users_own_runs_nothing_and_sends_no_secret() {
    for (what, mode, owner) in STRANGE {
        let server = unready();
        let url = server.url();
        let file = everything_for(&url);
        let place = place(&[("wabizspec.toml", &file), ("password", OWNERS)]);
        let path = place.path().join(what);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("permissions");
        // Only root can give a file away.
        if owner.is_some_and(|_| std::os::unix::fs::chown(&path, owner, None).is_err()) {
            continue;
        }
        let environment = [("GATEWAY_KEY", "hush-hush"), (PASSWORD, OWNERS)];
        for command in [&["run", "-q"][..], &["doctor"], &["recover"], &["fuzz", "all", "--requests", "9"]] {
            output(&place, command, &environment).exited(2).says("--config wabizspec.toml");
        }
        assert_eq!(sent(&server), "", "{what}: something was sent");
        // With a target of the user's own the file is no obstacle, and no help either.
        let said = output(&place, &["run", "-q", "--target", &url], &environment).said();
        assert!(said.contains("found in the current folder") && said.contains("reset, advance"), "{said}");
        assert!(!sent(&server).contains("hush"), "{what}");
        assert!(!place.has("was-reset"), "{what}");
        // Who names the file has read it.
        output(&place, &["run", "-q", "--config", "wabizspec.toml"], &environment);
        assert!(place.has("was-reset"), "{what}");
    }
}

#[test]
fn commands_are_shown_before_they_run_and_left_out_on_demand() {
    let server = fresh("open");
    let url = server.url();
    let file = format!(
        "[target]\nurl = \"{url}\"\nheaders = {{ X-Key = \"env:GATEWAY_KEY\" }}\n\
         [state]\nreset = \"touch was-reset\\n::error::gotcha hush-hush {OWNERS}\\u001b[2J\"\n"
    );
    let environment = [("GATEWAY_KEY", "hush-hush"), (PASSWORD, OWNERS)];
    let shown = "reset: touch was-reset\\n::error::gotcha $GATEWAY_KEY $WABIZSPEC_ADMIN_PASSWORD\\u{1b}[2J";
    let place = place(&[("wabizspec.toml", &file)]);
    let ran = output(&place, &["run", "-q", "login/first-login"], &environment);
    let stderr = &ran.stderr;
    assert!(stderr.contains(&format!("this run may execute {shown}")), "{stderr}");
    assert!(!stderr.lines().any(|line| line.starts_with("::")), "{stderr}");
    assert!(place.has("was-reset"), "{}", ran.said());
    std::fs::remove_file(place.path().join("was-reset")).expect("the file is there");
    for args in [&["run", "--plan"][..], &["doctor"]] {
        let said = output(&place, args, &environment).said();
        assert!(said.contains(shown), "{args:?}: {said}");
        let said = output(&place, &[args, &["--no-hooks"]].concat(), &environment).said();
        assert!(!said.contains("was-reset"), "{args:?}: {said}");
    }
    output(&place, &["run", "--no-hooks"], &environment);
    assert!(!place.has("was-reset"), "--no-hooks");
}

#[test]
fn a_hook_gets_none_of_our_variables_but_its_own() {
    let server = fresh("open");
    let reset = format!("env > seen; curl -fsS -X POST {}/__control/reset", server.url());
    let place = place(&[]);
    let environment = [(PASSWORD, OWNERS), ("WABIZSPEC_OTHER", "x"), ("PLAIN", "y")];
    let args = ["run", "-q", "--target", &server.url(), "--reset", &reset, "login/first-login"];
    output(&place, &args, &environment);
    let seen = place.read("seen");
    let ours: Vec<&str> = seen.lines().filter(|line| line.starts_with("WABIZSPEC_")).collect();
    assert_eq!(ours, [format!("WABIZSPEC_TARGET={}", server.url())]);
    assert!(seen.lines().any(|line| line == "PLAIN=y"), "{seen}");
}

#[test]
fn doctor_says_who_gets_a_secret_before_it_sends_one() {
    let server = in_use("open");
    let file = format!("[target]\nurl = \"{}\"\nheaders = {{ X-Key = \"env:GATEWAY_KEY\" }}\n", server.url());
    let doctor = |args: &[&str]| {
        let program = Program::new([&["doctor"], args].concat()).file("wabizspec.toml", &file);
        program.env("GATEWAY_KEY", "key").password().end().exited(0)
    };
    let said = doctor(&[]).stdout;
    let told = said.find("is sent the admin's password, the header X-Key");
    let asked = said.find("answers (status");
    assert!(told.is_some() && told < asked, "{said}");
    let named = doctor(&["--config", "wabizspec.toml"]);
    assert!(!named.said().contains("is sent the admin's"), "{}", named.said());
}

// Bounds.

#[test]
fn what_is_out_of_bounds_is_refused_with_advice_and_nothing_is_sent() {
    let server = unready();
    let url = server.url();
    let huge = "1/18446744073709551615";
    for (args, says) in [
        (&["--timeout", "61m"][..], "too long"),
        (&["--timeout", "99999999999999h"], "too long"),
        (&["--jobs", "1025"], "--jobs"),
        (&["--shard", huge], "too many shards"),
        (&["--max-fail", "4294967296"], "--max-fail"),
        (&["--min-cases", "few"], "--min-cases"),
        (&["--rate", "1e300"], "rate"),
    ] {
        Program::new([&["run", "--target", &url], args].concat()).end().exited(2).says(says);
    }
    for (line, says) in [
        ("jobs = 0", "write a number from 1 to 1024"),
        ("jobs = 1025", "write a number from 1 to 1024"),
        ("jobs = -1", "write a number from 1 to 1024"),
        ("jobs = 99999999999999999999", "wabizspec.toml:3"),
        ("timeout = \"25h\"", "too long"),
        ("min_cases = -1", "0 or more"),
        ("headers = { X-A = \"a\\nb\" }", "control character"),
        ("headers = { \"X A\" = \"a\" }", "not a header name"),
        ("headers = { \"\" = \"a\" }", "not a header name"),
        ("headers = { \"X-A: b\\r\\nX-B\" = \"a\" }", "not a header name"),
        ("headers = { Content-Length = \"0\" }", "wabizspec sets it itself"),
        ("headers = { host = \"a\" }", "wabizspec sets it itself"),
        ("headers = { TRANSFER-ENCODING = \"chunked\" }", "wabizspec sets it itself"),
        ("headers = { Authorization = \"Bearer x\" }", "wabizspec sets it itself"),
        ("headers = { X-A = \"env:\" }", "env:NAME"),
    ] {
        let file = format!("[target]\nurl = \"{url}\"\n{line}\n");
        let ended = Program::new(["run"]).file("wabizspec.toml", &file).end().exited(2);
        ended.says(says).says("help: ");
    }
    Program::new(["fuzz", "basic-auth", "--target", &url, "--time", "9999h"]).end().exited(2).says("too long");
    assert_eq!(sent(&server), "", "something was sent");
}

#[test]
fn a_report_of_one_of_countless_shards_is_refused_and_one_of_many_is_named_briefly() {
    let server = in_use("open");
    let args = ["--target", &server.url(), "--shard", "1/2", "--report", "ndjson=one.ndjson", "login/*"];
    let report = Program::judge(args).end().file("one.ndjson");
    let merge = |shard: &str| {
        let text = report.replace("\"shard\":\"1/2\"", &format!("\"shard\":\"{shard}\""));
        assert_ne!(text, report);
        Program::new(["merge", "one.ndjson"]).file("one.ndjson", &text).end()
    };
    merge("1/18446744073709551615").exited(2).says("too many shards");
    let many = merge("1/1000000").says("2/1000000").says("and 999979 more");
    assert!(many.said().len() < 20_000, "{} bytes", many.said().len());
}

#[test]
fn too_few_files_end_every_command_clearly() {
    let server = in_use("open");
    for limit in (4..20).chain([24, 28, 32, 38, 42, 48]) {
        for args in [
            &["run", "--embedded", "-q", "login/first-login"][..],
            &["doctor", "--target", &server.url()],
            &["explain", "1024"],
        ] {
            let ended = Program::new(args).through(&format!("ulimit -n {limit}; exec \"$@\"")).end();
            let (said, code) = (ended.said(), ended.code);
            assert!(!said.contains("panicked"), "{limit}, {args:?}: {said}");
            // Below a few the system cannot even load the program.
            let clear = code == Some(0) || (code == Some(3) && said.contains("files")) || code == Some(127);
            assert!(clear, "{limit}, {args:?}: {code:?} {said}");
        }
    }
}
