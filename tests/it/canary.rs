//! Secrets appear in nothing that is printed or written, whatever the target does with them: every command and format, and
//! every way to fail, with marked secrets, which are searched for in every form in which they travel.

use crate::harness::PASSWORD as VARIABLE;
use crate::harness::*;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use wabizspec::custody::journal::Journal;

/// With everything in it that is escaped somewhere; and in each a stretch that nothing escapes.
const PASSWORD: &str = "Canary9Password7 \"pass\" w0rd+\\&é/1";
const HEADER: &str = "canary-headerValue27/9?x";
const GATEWAY: &str = "canary-gatewayValue16";
const TOKEN: &str = "canary.TokenValue31415926_-";
const HOOK: &str = "canary-hookSecretValue27";
const ODD: &str = "Canary-misplacedSecret8";

const SECRETS: [&str; 6] = [PASSWORD, HEADER, GATEWAY, TOKEN, HOOK, ODD];

/// Every form of a secret that must not be found. In each a stretch stands for all that leave it unescaped.
fn forms(secret: &str) -> Vec<String> {
    let plain = secret.split(|c: char| !c.is_ascii_alphanumeric());
    let plain = plain.max_by_key(|run| run.len()).unwrap_or_default();
    assert!(plain.len() >= 12, "{secret}");
    // The start is what a cut leaves.
    let mut forms = vec![plain.to_owned(), plain.to_ascii_lowercase(), secret.chars().take(12).collect()];
    for offset in 0..3 {
        let bytes = [&vec![0; offset], secret.as_bytes()].concat();
        for engine in [&STANDARD, &URL_SAFE] {
            // Twelve characters in the middle that the secret alone decides: nine bytes of it.
            forms.push(engine.encode(&bytes)[4..16].to_owned());
        }
    }
    forms
}

/// Where the text shows a secret, or a password that the run has given the admin.
fn leaks(text: &str, given: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for secret in SECRETS.into_iter().chain(given.iter().map(String::as_str)) {
        for form in forms(secret) {
            if let Some(place) = text.find(&form) {
                let around = text.floor_char_boundary(place.saturating_sub(200));
                found.push(format!("{secret} as {form}, after: {}", &text[around..place]));
            }
        }
    }
    found
}

/// Nothing that the program printed or wrote in its place has a secret. What was put there, and the journal, may.
#[track_caller]
fn nothing_leaks(what: &str, program: Program) -> String {
    let ended = program.end().never_says("panicked");
    let journals = files_of(ended.place().path(), "journal").into_iter();
    let known = journals.filter_map(|path| Journal::read(&path).ok().flatten());
    let given: Vec<String> =
        known.flat_map(|journal| journal.passwords_of("admin")).filter(|password| password.ends_with("xW7-")).collect();
    let found = leaks(&ended.said(), &given);
    assert!(found.is_empty(), "{what} prints {found:#?}");
    for path in ended.place().files() {
        let name = path.display().to_string();
        if ![".journal", "wabizspec.toml", "admin.password"].iter().any(|end| name.ends_with(end)) {
            let found = leaks(&String::from_utf8_lossy(&std::fs::read(&path).expect("file")), &given);
            assert!(found.is_empty(), "{what} writes into {name} {found:#?}");
        }
    }
    ended.said()
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

fn answer(asked: &Asked, echo: Echo) -> String {
    let request = asked.text();
    let basic = asked.header("authorization").and_then(|value| value.strip_prefix("Basic ")).unwrap_or_default();
    let plain = String::from_utf8(STANDARD.decode(basic).unwrap_or_default()).unwrap_or_default();
    let shown = format!("{request} {plain}");
    let percent: String = form_urlencoded::byte_serialize(shown.as_bytes()).collect();
    let all = format!("{shown} {percent} {} {}", STANDARD.encode(&shown), URL_SAFE.encode(&shown));
    let all = serde_json::json!(all);
    let token = format!("\"users\":[{{\"token\":\"{TOKEN}\",\"expires_after\":\"2999-01-01 00:00:00+00:00\"}}]");
    let refusal = format!("{{\"errors\":[{{\"code\":1000,\"title\":\"x\",\"details\":{all}}}]}}");
    let (status, body) = match echo {
        Echo::Refusal | Echo::PaddedName(_) if asked.is("POST", "/v1/users/login") => (200, format!("{{{token}}}")),
        Echo::ServerError | Echo::Cut => (500, refusal),
        Echo::Refusal => (403, refusal),
        Echo::Success => (200, format!("{{{token},\"echo\":{all}}}")),
        Echo::PaddedName(padding) => {
            let name = format!("{}{TOKEN}{}", "x".repeat(padding), "y".repeat(200));
            (200, format!("{{\"users\":[{{\"username\":\"{name}\"}}]}}"))
        }
        Echo::Padded(padding) => (401, format!("{}{plain}{}", "x".repeat(padding), "y".repeat(5000))),
    };
    let length = if matches!(echo, Echo::Cut) { body.len() + 1000 } else { body.len() };
    let echoed: String = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nX-Echo: {echoed}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn configured(more: &str) -> Place {
    let headers = format!("headers = {{ X-Gateway = \"env:GATEWAY\", X-Api-Key = \"{HEADER}\" }}");
    Place::with(&[("wabizspec.toml", &format!("[target]\n{headers}\n{more}")), ("known.toml", "")])
}

fn command(place: &Place, line: &str) -> Program {
    place.program(line).env(VARIABLE, PASSWORD).env("GATEWAY", GATEWAY)
}

/// A run that writes all that it can: every format, snapshots, and the entries that the baseline lacks.
fn run(place: &Place, url: &str, more: &str) -> Program {
    let args = "-v --snapshots snapshots --baseline known.toml --fail-on=should";
    command(place, "run").at(url).args(args).list(reports("report")).args(more)
}

#[test]
fn a_hostile_echo_brings_no_secret_into_any_output() {
    let echoes = [Echo::ServerError, Echo::Refusal, Echo::Success, Echo::Cut];
    // What is shown of a body ends after 200 characters in findings and after 4096 bytes in transcripts.
    let padded = [150, 185, 4070, 4080].map(Echo::Padded);
    let names = [160, 175, 185].map(Echo::PaddedName);
    parallel(3, echoes.into_iter().chain(padded).chain(names), everything_that_meets);
}

fn everything_that_meets(echo: Echo) {
    let place = configured("");
    let target = answering(move |asked| answer(asked, echo));
    let cases = "users/cr* login/w* login/password-w* tokens/logout*";
    let more = "--allow users,passwords --journal kept.journal --registration open";
    let said = nothing_leaks(&format!("run, {echo:?}"), run(&place, &target.url(), more).args(cases));
    assert!(said.contains("does not conform") || said.contains("inconclusive"), "{echo:?} goes unnoticed: {said}");
    for format in FORMATS {
        nothing_leaks("merge", command(&place, &format!("merge report.ndjson --report {format}")));
        // An annotation has no room for the exchange.
        let report = place.read(&format!("report.{format}"));
        assert!(report.contains("$GATEWAY") || format == "github", "{echo:?}, {format}: {report}");
    }
    let fuzz = "fuzz --requests 40 --seed 7 --out found";
    let fuzzed = !matches!(echo, Echo::Padded(_) | Echo::PaddedName(_));
    for line in [&format!("{fuzz} all"), &format!("{fuzz} session")].into_iter().filter(|_| fuzzed) {
        nothing_leaks(&format!("{line}, {echo:?}"), command(&place, line).at(&target));
    }
    for line in ["doctor", "recover --journal kept.journal"] {
        nothing_leaks(&format!("{line}, {echo:?}"), command(&place, line).at(&target));
    }
}

#[test]
fn a_good_target_and_a_wrong_password_bring_none_out_either() {
    let place = configured("");
    let server = fresh("open");
    let url = server.url();
    let first = run(&place, &url, "--fresh --allow users,passwords --wrong-logins 1000");
    let said = nothing_leaks("a first run", first);
    assert!(said.contains("everything that ran conforms"), "{said}");
    assert_eq!(admins(&server), PASSWORD, "the owner's password is set");
    for line in [
        "run --plan",
        "run -q --report json",
        "run --report ndjson",
        "doctor",
        "recover",
        "recover --out admin.password",
    ] {
        nothing_leaks(line, command(&place, line).at(&url));
    }
    for line in ["list cases --json", "explain login.wrong.refused", "check", "completions zsh", "man", "run --help"] {
        nothing_leaks(line, command(&place, line));
    }
    assert_eq!(place.read("admin.password").trim_end(), PASSWORD);
    // A password that does not log in is as secret as one that does.
    let other = fresh("sunset");
    nothing_leaks("a wrong password", run(&place, &other.url(), ""));
}

#[test]
fn hooks_proxies_and_configurations_that_fail_tell_no_secret() {
    let server = fresh("open");
    let url = server.url();
    for text in [
        format!("[state]\nreset = \"true {HOOK}; echo $GATEWAY $WABIZSPEC_ADMIN_PASSWORD >&2; exit 3\"\n"),
        format!("[state]\nreset = \"POST http://a:{HOOK}@127.0.0.1:1/reset?key={HOOK}\"\n"),
        format!("[state]\nreset = \"POST http://[{HOOK}\"\n"),
        format!("[state]\nreset = \"POST {url}/v1/nothing?key={HOOK}\"\n"),
        format!(
            "[registration]\ncode_command = \"true {HOOK}; echo $GATEWAY >&2; exit 1\"\n\
             [state]\nfresh = true\nallow = [\"registration\"]\n"
        ),
        format!("[credentials]\npassword = \"{ODD}\"\n"),
        format!("[credentials]\nusername = [\"{ODD}\"]\n"),
        format!("[credentials]\npassword_file = \"{ODD}\n"),
        format!("client = \"reqwest\"\nproxy = \"http://a:{HOOK}@127.0.0.1:1\"\n"),
        format!("client = \"reqwest\"\nproxy = \"{HOOK}\"\n"),
    ] {
        let place = configured(&text);
        nothing_leaks(&text, run(&place, &url, "login/first-login* account/* users/control"));
        nothing_leaks(&text, command(&place, "doctor").at(&url));
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
        let said = command(&place, "run").list([argument]).end().exited(2).says("help:").said();
        assert!(leaks(&said, &[]).is_empty(), "{said}");
    }
    // The same from the environment, where it is not refused for being seen but for ending in reports.
    for line in ["run", "run --help"] {
        let target = format!("http://admin:{ODD}@127.0.0.1:1");
        nothing_leaks("a target with a password", place.program(line).env("WABIZSPEC_TARGET", target));
    }
}
