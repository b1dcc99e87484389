//! No secret leaves the program: not a password of the admin, nor a token, in any form in which they were sent. Literals of
//! scenario files, the documented default password, and the passwords of accounts that the run makes and removes are no secrets.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::harness::*;
use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};
use wabizspec::documented::basic;
use wabizspec::reference::{Answer, Behaviour, Handled, Server};
use wabizspec::scenario::Suite;

/// The owner's password: what no output may show.
const MARKED: &str = "C4nary!in-the\"Mine\\é";

/// What the servers of this file have seen of secrets. A rewrite is a plain function, so this cannot be its own.
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Notes every password of the admin that was sent, and every token that was given.
fn note(handled: &Handled<'_>, answer: &mut Answer) {
    let mut seen = SEEN.lock().expect("no holder panics");
    let authorization = handled.call.authorization.iter();
    let credentials: Vec<_> = authorization.filter_map(|value| basic::parse(value).ok()).collect();
    let is_admin = |name: &str| name == "admin";
    if credentials.iter().any(|it| is_admin(&it.username)) || handled.call.path.ends_with("/users/admin") {
        let body: Value = serde_json::from_slice(handled.call.body).unwrap_or_default();
        let sent = ["password", "new_password"].map(|name| body[name].as_str().map(str::to_owned));
        seen.extend(sent.into_iter().flatten());
    }
    seen.extend(credentials.into_iter().filter(|it| is_admin(&it.username)).map(|it| it.password));
    let token = answer.json().and_then(|json| json["users"][0]["token"].as_str());
    seen.extend(token.map(str::to_owned));
}

/// Shows in each answer what it was sent, in the body and in a header, and gets most statuses wrong.
fn parrot(handled: &Handled<'_>, answer: &mut Answer) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let authorization = handled.call.authorization.iter();
    let sent: Vec<String> = authorization.clone().map(|value| text(value)).collect();
    let decoded = authorization.filter_map(|value| Some(basic::parse(value).ok()?.password));
    let decoded: Vec<String> = decoded.collect();
    if answer.status >= 400 {
        answer.headers.push(("x-debug".into(), sent.join(" ").into()));
        let body = text(handled.call.body);
        let shown = json!({ "error": format!("{sent:?} {decoded:?} {body}"), "body": body });
        respond(answer, 418, Some(shown));
    } else if let Some(json) = answer.json_mut() {
        json["debug"] = json!([sent, decoded, text(handled.call.body)]);
    }
}

/// A server whose admin has the marked password already.
fn taken(edit: fn(&mut Behaviour)) -> Server {
    let server = reference(|settings| edit(&mut settings.behaviour));
    let body = json!({ "new_password": MARKED }).to_string();
    // The answer may be anything, but the password is changed.
    ask(&server.url(), "POST /v1/users/login", &[("Authorization", "Basic YWRtaW46c2VjcmV0")], &body);
    server
}

/// The forms in which a secret could be found: as it is, escaped, and within the base64 of something longer.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("JSON");
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        secret.escape_debug().to_string(),
        percent,
        quick_xml::escape::escape(secret).into_owned(),
    ];
    for engine in [&STANDARD, &URL_SAFE] {
        for before in 0..3 {
            let encoded = engine.encode([vec![0; before], secret.as_bytes().to_vec()].concat());
            let (start, end) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
            forms.push(encoded[start..end].to_owned());
        }
    }
    forms
}

/// That nothing the program said or wrote shows a secret of the run.
#[track_caller]
fn keeps_secrets(ended: &Ended) {
    let suite = Suite::embedded().expect("a suite");
    let literals: String = suite.scenarios.iter().map(|scenario| format!("{scenario:?}")).collect();
    let written = FORMATS.map(|format| (format, ended.file(&format!("out.{format}"))));
    let seen = SEEN.lock().expect("no holder panics");
    assert!(seen.contains(MARKED) && seen.len() > 20, "{} secrets", seen.len());
    // What is short may be anywhere by chance; what a scenario says, or makes of a name of its own, is public.
    let is_name = |part: &[u8]| {
        let small = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        part[0] == b'w' && part.iter().all(small)
    };
    let named = |secret: &str| secret.as_bytes().windows(10).any(is_name);
    let open = |secret: &str| secret.len() < 12 || literals.contains(secret) || named(secret);
    let secrets: Vec<&String> = seen.iter().filter(|secret| !open(secret)).collect();
    assert!(secrets.len() > 20, "{} secrets were searched for", secrets.len());
    let forms = secrets.iter().flat_map(|secret| forms(secret));
    let forms = AhoCorasick::new(forms).expect("few enough forms");
    for (name, output) in written.into_iter().chain([("the console", ended.said())]) {
        if let Some(found) = forms.find(&output) {
            let (at, end) = (found.start(), found.end());
            let start = output[..at].char_indices().rev().nth(300).map_or(0, |(at, _)| at);
            panic!("{name} shows {:?}:\n{}", &output[at..end], &output[start..end]);
        }
    }
}

fn judge(server: &Server, filters: &str) -> Ended {
    let args = "--allow users,passwords,registration --wrong-logins 1000 --registration open -v --snapshots kept";
    Program::judge(args).at(server).list(reports("out")).args(filters).env(PASSWORD, MARKED).end()
}

#[test]
fn a_target_that_conforms_and_one_that_repeats_what_it_is_sent() {
    let server = taken(|behaviour| behaviour.rewrites = vec![note]);
    keeps_secrets(&judge(&server, "").counts_over("pass", 400));
    let server = taken(|behaviour| behaviour.rewrites = vec![note, parrot]);
    let filters = "login/password-* login/*change* users/update* tokens/near* tokens/logout* envelope";
    keeps_secrets(&judge(&server, filters).exited(1).counts_over("fail", 50));
}
