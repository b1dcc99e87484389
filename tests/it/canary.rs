//! Secrets appear in nothing that is printed or written, whatever the target does with them: every command and format, and
//! every way to go wrong, with marked secrets, grepped for in every form they travel in.

use std::fmt::Write as _;
use std::sync::Mutex;

use crate::harness::{Asked, FORMATS, Place, Program, Server, answering, fresh};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// With everything in it that is escaped somewhere; and in each a stretch that nothing escapes.
const PASSWORD: &str = "Canary9Password7 \"pass\" w0rd+\\&é/1";
const HEADER: &str = "canary-headerValue27/9?x";
const TOKEN: &str = "canary.TokenValue31415926_-";
const HOOK: &str = "canary-hookSecretValue27";
const ODD: &str = "Canary-misplacedSecret8";

const SECRETS: [&str; 5] = [PASSWORD, HEADER, TOKEN, HOOK, ODD];

/// Every form of a secret that must not be found.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("json");
    let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        form.replace('+', "%20"),
        form.to_ascii_lowercase(),
        form,
        // What a cut leaves.
        secret.chars().take(12).collect(),
    ];
    // However the rest is escaped in HTML, XML, Markdown or an annotation.
    let plain = secret.split(|c: char| !c.is_ascii_alphanumeric());
    let plain = plain.max_by_key(|run| run.len()).unwrap_or_default();
    assert!(plain.len() >= 12, "{secret}");
    forms.push(plain.to_owned());
    for offset in 0..3 {
        let bytes = [&vec![0; offset], secret.as_bytes()].concat();
        for engine in [&STANDARD, &URL_SAFE] {
            // Twelve characters in the middle that the secret alone decides: nine bytes of it.
            forms.push(engine.encode(&bytes)[4..16].to_owned());
        }
    }
    forms
}

/// Where a secret, or a password that the run made up, stands in the text.
fn leaks(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for secret in SECRETS {
        for form in forms(secret) {
            if let Some(place) = text.find(&form) {
                let around: String = text[..place].chars().rev().take(200).collect();
                let around: String = around.chars().rev().collect();
                found.push(format!("{secret} as {form}, after: {around}"));
            }
        }
    }
    for (place, end) in text.match_indices("xW7-") {
        let before: Vec<char> = text[..place].chars().rev().take(16).collect();
        if before.len() == 16 && before.iter().all(char::is_ascii_alphanumeric) {
            found.push(format!("a made-up password: {}{end}", before.iter().rev().collect::<String>()));
        }
    }
    found
}

/// Nothing that the program printed or wrote in its place holds a secret. What was put there, and the journal, may.
#[track_caller]
fn nothing_leaks(what: &str, program: Program) -> String {
    let ended = program.end();
    let said = ended.said();
    assert!(!said.contains("panicked"), "{what}: {said}");
    let found = leaks(&said);
    assert!(found.is_empty(), "{what} prints {found:#?}");
    for path in ended.place().files() {
        let name = path.display().to_string();
        if [".journal", "wabizspec.toml", "admin.password"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("file")).into_owned();
        let found = leaks(&text);
        assert!(found.is_empty(), "{what} writes into {name} {found:#?}");
    }
    said
}

/// What a hostile target makes of a request.
#[derive(Debug, Clone, Copy)]
enum Echo {
    /// Status 500 and the request in the error's details.
    ServerError,
    /// Logins are accepted; everything else is refused with the request in every header and encoding.
    Refusal,
    /// Everything is accepted, with the request and a token.
    Success,
    /// The request, cut off by a length that does not hold.
    Cut,
    /// The request behind so much that what is shown of it ends inside a secret.
    Padded(usize),
    /// The admin's token behind so much, where a name belongs.
    PaddedName(usize),
}

fn echoing(echo: Echo) -> Server {
    answering(move |asked| answer(asked, echo))
}

fn answer(asked: &Asked, echo: Echo) -> String {
    let request = asked.text();
    let basic = asked.header("authorization").and_then(|value| value.strip_prefix("Basic ")).unwrap_or_default();
    let plain = String::from_utf8(STANDARD.decode(basic).unwrap_or_default()).unwrap_or_default();
    let shown = format!("{request} {plain}");
    let percent: String = form_urlencoded::byte_serialize(shown.as_bytes()).collect();
    let all = format!("{shown} {percent} {} {}", STANDARD.encode(&shown), URL_SAFE.encode(&shown));
    let token = format!("\"users\":[{{\"token\":\"{TOKEN}\",\"expires_after\":\"2999-01-01 00:00:00+00:00\"}}]");
    let logs_in = asked.is("POST", "/v1/users/login");
    let body = |text: &str| {
        format!("{{\"errors\":[{{\"code\":1000,\"title\":\"x\",\"details\":{}}}]}}", serde_json::json!(text))
    };
    let (status, body) = match echo {
        Echo::ServerError | Echo::Cut => (500, body(&all)),
        Echo::Refusal if logs_in => (200, format!("{{{token}}}")),
        Echo::Refusal => (403, body(&all)),
        Echo::Success => (200, format!("{{{token},\"echo\":{}}}", serde_json::json!(all))),
        Echo::PaddedName(_) if logs_in => (200, format!("{{{token}}}")),
        Echo::PaddedName(padding) => {
            let name = format!("{}{TOKEN}{}", "x".repeat(padding), "y".repeat(200));
            (200, format!("{{\"users\":[{{\"username\":\"{name}\"}}]}}"))
        }
        Echo::Padded(padding) => (401, format!("{}{plain}{}", "x".repeat(padding), "y".repeat(5000))),
    };
    let length = match echo {
        Echo::Cut => body.len() + 1000,
        _ => body.len(),
    };
    let echoed: String = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut whole = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nX-Echo: {echoed}\r\n");
    write!(whole, "Connection: close\r\nContent-Length: {length}\r\n\r\n{body}").expect("text");
    whole
}

/// A place with such a configuration.
fn configured(more: &str) -> Place {
    let place = Place::new();
    let text = format!(
        "[target]
headers = {{ X-Gateway = \"env:GATEWAY\", X-Api-Key = \"{HEADER}\" }}
{more}"
    );
    place.write("wabizspec.toml", text);
    place.write("known.toml", "");
    place
}

fn command<S: AsRef<str>>(place: &Place, arguments: impl IntoIterator<Item = S>) -> Program {
    place.program(arguments).env("WABIZSPEC_ADMIN_PASSWORD", PASSWORD).env("GATEWAY", HEADER)
}

/// All that a run can write: every format, snapshots, and the entries that the baseline lacks.
const EVERYTHING: [&str; 12] = [
    "-v",
    "--report=json=report.json",
    "--report=ndjson=report.ndjson",
    "--report=junit=report.xml",
    "--report=html=report.html",
    "--report=markdown=report.md",
    "--report=github=report.github",
    "--snapshots",
    "snapshots",
    "--baseline",
    "known.toml",
    "--fail-on=should",
];

#[test]
fn a_hostile_echo_brings_no_secret_into_any_output() {
    let echoes = [Echo::ServerError, Echo::Refusal, Echo::Success, Echo::Cut];
    // What is shown of a body ends after 200 characters in findings and after 4096 bytes in transcripts.
    let padded = [150, 185, 4070, 4080].map(Echo::Padded);
    let names = [160, 175, 185].map(Echo::PaddedName);
    let waiting = Mutex::new(echoes.into_iter().chain(padded).chain(names));
    let next = || waiting.lock().expect("echoes").next();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(echo) = next() {
                    everything_that_meets(echo);
                }
            });
        }
    });
}

fn everything_that_meets(echo: Echo) {
    let place = configured("");
    let target = echoing(echo);
    let url = target.url();
    let mut arguments = vec!["run", "--target", &url, "--allow", "users,passwords", "--journal", "kept.journal"];
    arguments.extend(EVERYTHING);
    arguments.extend(["--registration", "open", "users/cr*", "login/w*", "login/password-w*", "tokens/logout*"]);
    let said = nothing_leaks(&format!("run, {echo:?}"), command(&place, &arguments));
    assert!(said.contains("does not conform") || said.contains("inconclusive"), "{echo:?} goes unnoticed: {said}");
    for format in FORMATS {
        let merge = ["merge", "report.ndjson", "--report", format];
        nothing_leaks(&merge.join(" "), command(&place, merge));
    }
    let fuzzed = !matches!(echo, Echo::Padded(_) | Echo::PaddedName(_));
    for surfaces in [&["all"][..], &["session"]].into_iter().filter(|_| fuzzed) {
        let mut fuzz = vec!["fuzz", "--target", &url, "--requests", "40", "--seed", "7", "--out", "found"];
        fuzz.extend(surfaces);
        nothing_leaks(&format!("fuzz {surfaces:?}, {echo:?}"), command(&place, &fuzz));
    }
    let what = format!("doctor, {echo:?}");
    nothing_leaks(&what, command(&place, ["doctor", "--target", &url]));
    let recover = ["recover", "--target", &url, "--journal", "kept.journal"];
    nothing_leaks(&format!("recover, {echo:?}"), command(&place, recover));
}

#[test]
fn a_good_target_and_a_wrong_password_bring_none_out_either() {
    let place = configured("");
    let server = fresh("open");
    let url = server.url();
    let mut first = vec!["run", "--target", &url, "--fresh", "--allow", "users,passwords", "--wrong-logins", "1000"];
    first.extend(EVERYTHING);
    let said = nothing_leaks("a first run", command(&place, &first));
    assert!(said.contains("everything that ran conforms"), "{said}");
    assert_eq!(server.dump()["users"]["admin"]["passwords"][0], PASSWORD, "the owner's password is set");
    for arguments in [
        &["run", "--target", &url, "--plan"][..],
        &["run", "--target", &url, "-q", "--report", "json"],
        &["run", "--target", &url, "--report", "ndjson"],
        &["doctor", "--target", &url],
        &["recover", "--target", &url],
        &["recover", "--target", &url, "--out", "admin.password"],
        &["list", "cases", "--json"],
        &["explain", "login.wrong.refused"],
        &["check"],
        &["completions", "zsh"],
        &["man"],
        &["run", "--help"],
    ] {
        nothing_leaks(&arguments.join(" "), command(&place, arguments));
    }
    let written = std::fs::read_to_string(place.path().join("admin.password")).expect("file");
    assert_eq!(written.trim_end(), PASSWORD);
    // A password that does not log in is as secret as one that does.
    let other = fresh("sunset");
    let wrong = command(&place, ["run", "--target", &other.url()]).args(EVERYTHING);
    nothing_leaks("a wrong password", wrong);
}

#[test]
fn hooks_proxies_and_configurations_that_fail_tell_no_secret() {
    let server = fresh("open");
    let url = server.url();
    let hooks = [
        format!("[state]\nreset = \"true {HOOK}; echo $GATEWAY $WABIZSPEC_ADMIN_PASSWORD >&2; exit 3\"\n"),
        format!("[state]\nreset = \"POST http://a:{HOOK}@127.0.0.1:1/reset?key={HOOK}\"\n"),
        format!("[state]\nreset = \"POST http://[{HOOK}\"\n"),
        format!("[state]\nreset = \"POST {url}/v1/nothing?key={HOOK}\"\n"),
        format!(
            "[registration]\ncode_command = \"true {HOOK}; echo $GATEWAY >&2; exit 1\"\n[state]\nfresh = true\nallow = [\"registration\"]\n"
        ),
    ];
    let more = |text: &str| (text.to_owned(), &["run", "--target"][..]);
    let broken = [
        more(&format!("[credentials]\npassword = \"{ODD}\"\n")),
        more(&format!("[credentials]\nusername = [\"{ODD}\"]\n")),
        more(&format!("[credentials]\npassword_file = \"{ODD}\n")),
        more(&format!("client = \"reqwest\"\nproxy = \"http://a:{HOOK}@127.0.0.1:1\"\n")),
        more(&format!("client = \"reqwest\"\nproxy = \"{HOOK}\"\n")),
    ];
    for (text, arguments) in hooks.iter().map(|text| more(text)).chain(broken) {
        let place = configured(&text);
        let mut all = arguments.to_vec();
        all.push(&url);
        all.extend(EVERYTHING);
        all.extend(["login/first-login*", "account/*", "users/control"]);
        nothing_leaks(&text, command(&place, &all));
        nothing_leaks(&text, command(&place, ["doctor", "--target", &url]));
    }
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let place = Place::new();
    for argument in [
        format!("--password={ODD}"),
        format!("--token={ODD}"),
        format!("--header=X-Key: {ODD}"),
        format!("--user=admin:{ODD}"),
        format!("--target=http://admin:{ODD}@127.0.0.1:1"),
        format!("--reset=POST http://a:{ODD}@127.0.0.1:1/"),
    ] {
        let said = command(&place, ["run", &argument]).end().exited(2).said();
        assert!(said.contains("help:") && leaks(&said).is_empty(), "{said}");
    }
    // The same from the environment, where it is not refused for being seen but for ending in reports.
    let from_environment =
        |args: &[&str]| place.program(args).env("WABIZSPEC_TARGET", format!("http://admin:{ODD}@127.0.0.1:1"));
    nothing_leaks("a target with a password", from_environment(&["run"]));
    nothing_leaks("the help", from_environment(&["run", "--help"]));
}
