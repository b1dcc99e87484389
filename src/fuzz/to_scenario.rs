//! A finding as a scenario file, ready to be kept.
//!
//! The input is rendered with two sets of made-up values, and the names of the harness are put back where the values are.
//! If both give the same text nothing of a value is left in it. Otherwise a code hides the value of a name: then the
//! scenario makes an account of its own, with a fixed password and a name whose base64 can be written as a filter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::finding::Found;
use super::grammar::{self, Bindings, FIXED, RequestParts};
use super::names::Names;
use super::probe::Shown;
use super::session::FuzzAdmin;
use super::steps::{ACCEPTED, accepted, account, ended_token, quoted, send, step};
use super::tracker::START;
use super::{Check, Class, Surface};
use crate::custody::effect::Asked;
use crate::custody::names::{Names as Unique, password};
use crate::documented::api::{self, Operation, Resource};
use crate::documented::certificate::verified_name;
use crate::exchange::{Exchange, HttpRequest, Json, Request, harmless_line};

/// Every answer to a request that only leads to the one that counts. A name that is taken is documented as a 500.
const OPEN: &str = r#"status = ["2xx", "3xx", "4xx", 500]"#;
/// Every answer but a crash.
const ANY: &str = r#"status = ["2xx", "3xx", "4xx"]"#;
/// The same for bytes that are not HTTP of this version: these two 5xx are answers to that (RFC 9110 §15.6).
const ANY_HTTP: &str = r#"status = ["2xx", "3xx", "4xx", 501, 505]"#;
const REFUSED: &str = r#"status = ["3xx", "4xx"], absent = ["/users"]"#;
/// The same two where the name may be taken.
const ACCEPTED_OR_TAKEN: &str = r#"status = ["2xx", 500]"#;
const REFUSED_OR_TAKEN: &str = r#"status = ["3xx", "4xx", 500], absent = ["/users"]"#;

/// The file; `None` where no scenario can show the finding.
pub(super) fn scenario(found: &Found, admin: &FuzzAdmin) -> Option<String> {
    if found.signature.check == Check::Down {
        return None;
    }
    let steps = match &found.violation.shown {
        Shown::BySession { users, calls } => session(found, admin, users, calls)?,
        _ => [false, true].into_iter().find_map(|own| alone(found, admin, own))?,
    };
    let given = match () {
        () if steps.contains("${user") => "user",
        () if steps.contains("${admin") => "admin",
        () => "any",
    };
    let is_about = |resource: Resource| steps.contains(resource.path());
    let registers = is_about(Resource::Account) || is_about(Resource::TwoStep);
    let registration = if registers { r#", "registration""# } else { "" };
    Some(format!(
        "#:schema ../scenario.schema.json\n# {}\ntitle = {}\ngiven = \"{given}\"\nchanges = [\"passwords\", \
         \"users\"{registration}]\n{steps}",
        found.id,
        quoted(&format!("Found by fuzzing: {}", harmless_line(&found.violation.what))),
    ))
}

/// The steps of a single input; with `own` the scenario makes the account that counts as right.
fn alone(found: &Found, admin: &FuzzAdmin, own: bool) -> Option<String> {
    let input = || {
        let bindings = made_up(own);
        let request = grammar::request(found.surface, &found.input, &bindings)?;
        written(&request, &names_of(&bindings, own), found.signature.check)
    };
    let sent = input().filter(|sent| input().as_ref() == Some(sent))?;
    let Found { violation, bindings, .. } = found;
    let (requirement, names) = (found.signature.requirement.as_str(), names_of(bindings, own));
    let login = |username: &str, password: &str| {
        let password =
            if own { password.replace(&*bindings.user_password, &FIXED.user_password) } else { password.into() };
        let basic = quoted(&names.text(&format!("{username}:{password}"))?);
        Some(format!("{}basic = {basic}\njson = \"{{}}\"\n", send(Operation::LogIn)))
    };
    let any = if found.surface == Surface::Http { ANY_HTTP } else { ANY };
    let mut before = String::new();
    let steps = match &violation.shown {
        Shown::ByLogin { username, password, works }
            if is_shown_by_login(found, *password == *bindings.user_password, *works) =>
        {
            let expected = if *works { REFUSED } else { ACCEPTED };
            before = compared(expected, Some(Operation::LogIn));
            step("log in afterwards", &login(username, password)?, requirement, expected)
        }
        Shown::ByReading(username) if *username != admin.account.username => {
            let path = quoted(&format!("GET {}", names.text(&api::user(username))?));
            let read = format!("send = {path}\nbearer = \"${{admin_token}}\"\n");
            step("read the account", &read, requirement, r#"body = { "/users/0/ROLES" = "ROLE_USER" }"#)
        }
        Shown::InTheAnswer => String::new(),
        _ => return None,
    };
    let first = match steps.is_empty() {
        true => {
            let expected = expected(found, any)?;
            before = compared(&expected, operation(found));
            step("send what was found", &sent, requirement, &expected)
        }
        false => step("send what was found", &sent, "envelope.answered", OPEN),
    };
    let steps = before + &first + &steps;
    Some(accounts(&steps) + &steps)
}

/// The operation of what was found.
fn operation(found: &Found) -> Option<Operation> {
    Asked::of(&found.violation.exchange.request, &found.bindings.base).operation
}

/// What a refusal of the operation is compared with: a target that refuses everything shows nothing.
fn compared(expected: &str, operation: Option<Operation>) -> String {
    let is_refusal = [REFUSED, REFUSED_OR_TAKEN].contains(&expected);
    if is_refusal { accepted(operation) } else { String::new() }
}

/// Whether the documents say how that login ends, whatever a target may make of the input.
fn is_shown_by_login(found: &Found, is_old: bool, works: bool) -> bool {
    let (check, class) = (found.violation.check, found.violation.class);
    let status = found.violation.exchange.response().map_or(0, |response| response.status);
    // What a login with right credentials sets is a good password.
    let is_good = class == Class::Accept || (found.surface == Surface::BasicAuth && class == Class::Either);
    match (is_old, works) {
        (false, true) => check != Check::RefusedChange || class != Class::Accept,
        (true, false) => class == Class::Reject && (400..500).contains(&status),
        (true, true) | (false, false) => is_good && (200..300).contains(&status),
    }
}

/// The accounts and the token that the steps speak of and the harness does not have.
fn accounts(steps: &str) -> String {
    let uses = |name: &str| steps.contains(&format!("${{{name}"));
    let mut text = String::new();
    for (name, password) in [("name", &FIXED.user_password), ("colon", &FIXED.colon_password)] {
        if uses(name) {
            text += &account(name, &format!("of-{name:-<5}"), password);
        }
    }
    if uses("dead_token") {
        text += &ended_token("dead_token");
    }
    text
}

/// The calls of a session: those before the last conform, and are not judged.
fn session(
    found: &Found,
    admin: &FuzzAdmin,
    users: &[String],
    calls: &[(RequestParts, Option<String>)],
) -> Option<String> {
    let ((last, _), calls) = calls.split_last()?;
    let numbered = |name: &'static str| move |(index, value)| (format!("{name}{index}"), value);
    let accounts = users.iter().map(String::as_str).enumerate().map(numbered("account"));
    let tokens = calls.iter().map(|(_, token)| token.as_deref().unwrap_or_default()).enumerate().map(numbered("token"));
    let admin = [
        ("admin".to_owned(), &*admin.account.username),
        ("admin_password".to_owned(), &*admin.account.password),
        ("admin_token".to_owned(), &*admin.token),
    ];
    let names = Names::of(admin.into_iter().chain(accounts).chain(tokens));
    let sent = |call: &RequestParts| written(&call.clone().request("", ""), &names, found.signature.check);
    let before = calls.iter().map(|(call, _)| sent(call)).collect::<Option<Vec<_>>>()?;
    let expected = expected(found, ANY)?;
    let last = step("send what was found", &sent(last)?, &found.signature.requirement, &expected);
    let uses = |name: &str| before.iter().chain([&last]).any(|text| text.contains(&format!("${{{name}")));
    let made = (0..users.len()).map(|index| format!("account{index}")).filter(|name| uses(name));
    let mut text = compared(&expected, operation(found));
    text.extend(made.map(|name| account(&name, &name, START)));
    for (index, sent) in before.iter().enumerate() {
        text += &step(&format!("call {}", index + 1), sent, "envelope.answered", OPEN);
        if uses(&format!("token{index}}}")) {
            text += &format!("\n[steps.capture]\ntoken{index} = \"/users/0/token\"\n");
        }
    }
    Some(text + &last)
}

fn token_in(exchange: &Exchange) -> Option<String> {
    let json = exchange.response()?.json()?;
    json.at("/users/0/token")?.as_str().map(str::to_owned)
}

/// What the answer must be: the opposite of what it was, or anything where a rule for every answer is broken.
fn expected(found: &Found, any: &str) -> Option<String> {
    let violation = &found.violation;
    let Some(answer) = violation.exchange.response() else { return Some(any.to_owned()) };
    let is_granted = (200..300).contains(&answer.status) || token_in(&violation.exchange).is_some();
    let expected = match (violation.check, found.signature.requirement.as_str()) {
        (_, "account.request.vname") => {
            let Request::Http(HttpRequest { body: Some(body), .. }) = &violation.exchange.request else { return None };
            let name = verified_name(Json::parse(body).ok()?.at("/cert")?.as_str()?).ok()?.name;
            return Some(format!(r#"body = {{ "/account/0/vname" = {} }}"#, quoted(&name.replace("${", "$${"))));
        }
        (_, "users.read.unauthorized" | "users.read.odd-name") => return Some(r#"absent = ["/users"]"#.to_owned()),
        (Check::Refused, "users.create.created") => ACCEPTED_OR_TAKEN,
        (Check::Refused, _) => ACCEPTED,
        (Check::State, _) if !is_granted => ACCEPTED,
        (Check::State, _) if found.surface == Surface::Session => REFUSED_OR_TAKEN,
        (Check::Token | Check::State | Check::AcceptedChange | Check::RefusedChange, _) => REFUSED,
        _ => any,
    };
    Some(expected.to_owned())
}

/// Values that are nowhere else, of the lengths that they have in a run of scenarios.
fn made_up(own: bool) -> Bindings {
    let unique = |ending: &str| Unique::new().next().0 + ending;
    // Its base64 has signs that the URL-safe alphabet writes otherwise.
    let user_password = if own { FIXED.user_password.clone() } else { (password() + grammar::PASSWORD_END).into() };
    Bindings {
        user: unique(if own { "of-name-" } else { "u" }).into(),
        user_password,
        colon_user: unique("of-colon").into(),
        user_token: password().into(),
        admin_token: password().into(),
        dead_token: password().into(),
        unique: unique("").into(),
        new_password: password().into(),
        host: (unique("") + ":80").into(),
        base: ("/".to_owned() + &unique("")).into(),
        ..FIXED.clone()
    }
}

/// The names of a scenario for the values of an input.
fn names_of(bindings: &Bindings, own: bool) -> Names {
    let user = if own { "name" } else { "user" };
    let password = (!own).then_some(("user_password", &bindings.user_password));
    let values = [
        (user, &bindings.user),
        ("user_token", &bindings.user_token),
        ("colon", &bindings.colon_user),
        ("admin_token", &bindings.admin_token),
        ("dead_token", &bindings.dead_token),
        ("unique", &bindings.unique),
        ("new_password", &bindings.new_password),
        ("host", &bindings.host),
        ("base", &bindings.base),
    ];
    Names::of(values.into_iter().chain(password).map(|(name, value)| (name.to_owned(), &**value)))
}

/// The request as keys of a step: in parts or as text if it can be, else as bytes. Where bytes are sent, nothing is asked of
/// the form of the answer.
fn written(request: &Request, names: &Names, check: Check) -> Option<String> {
    let text = match request {
        Request::Http(http) => in_parts(http, names),
        Request::Raw(bytes) => {
            std::str::from_utf8(bytes).ok().and_then(|text| Some(format!("raw = {}\n", quoted(&names.text(text)?))))
        }
    };
    let is_about_the_form = matches!(check, Check::Echo | Check::OneAnswer | Check::Envelope);
    let hex = || format!("hex = \"{}\"\n", names.hex(&request.to_bytes()));
    text.or_else(|| (!is_about_the_form || matches!(request, Request::Raw(_))).then(hex))
}

fn in_parts(request: &HttpRequest, names: &Names) -> Option<String> {
    let text = |bytes: &[u8]| Some(quoted(&names.text(std::str::from_utf8(bytes).ok()?)?));
    let path = request.target.strip_prefix(names.value("base")).filter(|path| path.starts_with('/'))?;
    let mut lines = format!("send = {}\n", text(format!("{} {path}", request.method).as_bytes())?);
    let (mut headers, mut kind): (Vec<(&str, Vec<String>)>, _) = (Vec::new(), "body");
    for header in &request.headers {
        let times = request.headers.iter().filter(|other| other.name == header.name).count();
        match (&*header.name, &*header.value) {
            ("Host" | "Content-Length", _) => {}
            ("Authorization", value) if times == 1 && lines.lines().count() == 1 && plain(value, names).is_some() => {
                lines += &plain(value, names)?;
            }
            ("Content-Type", b"application/json") if times == 1 && request.body.is_some() => kind = "json",
            (_, value) if value.contains(&b'\n') || value.contains(&b'\r') => return None,
            (name, value) => match headers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(text(value)?),
                None => headers.push((name, vec![text(value)?])),
            },
        }
    }
    if !headers.is_empty() {
        let header = |(name, values): &(&str, Vec<String>)| format!("{} = [{}]", quoted(name), values.join(", "));
        lines += &format!("headers = {{ {} }}\n", headers.iter().map(header).collect::<Vec<_>>().join(", "));
    }
    if let Some(body) = &request.body {
        lines += &format!("{kind} = {}\n", text(body)?);
    }
    Some(lines)
}

/// Credentials or a token in the ordinary form, as the key for it.
fn plain(value: &[u8], names: &Names) -> Option<String> {
    let value = std::str::from_utf8(value).ok()?;
    if let Some(token) = value.strip_prefix("Bearer ") {
        return Some(format!("bearer = {}\n", quoted(&names.text(token)?)));
    }
    let credentials = String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ")?).ok()?).ok()?;
    Some(format!("basic = {}\n", quoted(&names.text(&credentials)?)))
}
