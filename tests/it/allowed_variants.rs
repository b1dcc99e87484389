//! What the documents leave open, an implementation may choose: each freedom as a variant of the reference client that
//! takes it, which the whole suite passes without one must-level finding.
//!
//! Each variant shows first that it is one: some answer of it has what the documented default's has not.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use wabizspec::custody::Target;
use wabizspec::custody::givens::Registrable;
use wabizspec::documented::basic::{self, BasicError, Credentials};
use wabizspec::documented::certificate::{CertificateError, verified_name};
use wabizspec::documented::errors::ErrorCode;
use wabizspec::exchange::{Header, Json, Response};
use wabizspec::judge::Verdict;
use wabizspec::plan::{Case, cases};
use wabizspec::reference::{
    Answer, Behaviour, Call, Handled, Refusal, Registration, Revokes, SunsetCheck, SunsetShape, TokenForm,
};
use wabizspec::requirement::Level;
use wabizspec::run::{CaseReport, Reason, Settings};
use wabizspec::scenario::Suite;
use wabizspec::words;

use crate::harness::suite::{judged, runtime, target};
use crate::harness::{none, parallel, rows};
use Registration::{Open, Sunset};

const BOTH: &[Registration] = &[Open, Sunset];
const ENDED: &[Registration] = &[Sunset];

/// One thing that an implementation may do: what it is, the registration states in which it shows, how the reference client
/// takes it, and what an answer of it has and none of the default's.
struct Freedom(&'static str, &'static [Registration], fn(&mut Behaviour), fn(&Answers) -> bool);

/// A request of `allowed_variants/requests.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// The name of its answer.
    name: String,
    send: String,
    /// The credentials, before they are encoded.
    basic: Option<String>,
    /// The login whose token it carries. Where the first token ended with the password, the later one is good.
    token: Option<String>,
    /// Of the token; `Bearer` if none is given.
    scheme: Option<String>,
    authorization: Option<String>,
    content_type: Option<String>,
    #[serde(default)]
    body: String,
}

/// The answers to these requests, by their names.
struct Answers(BTreeMap<String, Response>);

impl Answers {
    async fn of(target: &Target) -> Answers {
        let mut answers = Answers(BTreeMap::new());
        for request in rows::<Request>(include_str!("allowed_variants/requests.toml"), "requests") {
            let token = |login: &str| text(answers.get(login), "/users/0/token").unwrap_or_default();
            let authorization = match (&request.basic, &request.token) {
                (Some(credentials), _) => Some(format!("Basic {}", STANDARD.encode(credentials))),
                (None, Some(login)) => {
                    Some(format!("{} {}", request.scheme.as_deref().unwrap_or("Bearer"), token(login)))
                }
                (None, None) => request.authorization,
            };
            let media_type = request.content_type.as_deref().unwrap_or("application/json");
            let mut headers = vec![Header::new("Content-Type", media_type)];
            headers.extend(authorization.map(|value| Header::new("Authorization", value)));
            let (method, path) = request.send.split_once(' ').expect("a method and a path");
            let sent = target.transport.request(method.to_owned(), path, headers, Some(request.body.into_bytes()));
            let exchange = target.transport.send(sent).await;
            answers.0.insert(request.name, exchange.response().cloned().expect("an answer"));
        }
        answers
    }

    fn get(&self, name: &str) -> &Response {
        &self.0[name]
    }
}

fn json(response: &Response) -> Option<Json> {
    Json::parse(&response.body).ok()
}

fn text(response: &Response, pointer: &str) -> Option<String> {
    json(response)?.at(pointer)?.as_str().map(str::to_owned)
}

fn has(response: &Response, pointer: &str) -> bool {
    json(response).is_some_and(|json| json.at(pointer).is_some())
}

fn code(response: &Response) -> Option<i64> {
    json(response)?.at("/errors/0/code")?.as_integer()
}

/// How far the clock of the answer is ahead of ours, in seconds.
fn ahead(response: &Response) -> i64 {
    response.date().expect("Date").as_second() - jiff::Timestamp::now().as_second()
}

/// Only the letters of base64, whatever is between them: as PHP and many others decode.
fn letters(base64: &str) -> String {
    let mut letters = base64.replace(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '/', "");
    letters.extend(std::iter::repeat_n('=', letters.len().wrapping_neg() % 4));
    letters
}

fn lenient(value: &[u8]) -> Result<Credentials, BasicError> {
    let value = String::from_utf8_lossy(value);
    let (scheme, rest) = value.split_once(' ').unwrap_or((&value, ""));
    let read = basic::parse(format!("{scheme} {}", letters(rest)).as_bytes())?;
    // What a preparation of passwords takes out (RFC 3454, B.1).
    Ok(Credentials { password: read.password.replace(['\u{200b}', '\u{feff}'], ""), ..read })
}

/// Does what `allowed_variants.toml` says under this name. It comes before any other edit.
fn edit(behaviour: &mut Behaviour, name: &str) {
    let edits: Value = toml::from_str(include_str!("allowed_variants.toml")).expect("TOML");
    let mut all = serde_json::to_value(&*behaviour).expect("JSON");
    for (member, value) in edits[name].as_object().expect("a table of that name") {
        all[member] = value.clone();
    }
    *behaviour = serde_json::from_value(all).expect("a behaviour");
}

fn repeats_the_path(handled: &Handled<'_>, answer: &mut Answer) {
    let details = answer.json_mut().and_then(|body| body.pointer_mut("/errors/0/details"));
    if let Some(details) = details {
        let sent = handled.call.authorization.first().and_then(|value| basic::parse(value).ok());
        *details = format!("{} {}", handled.call.path, sent.map(|sent| sent.username).unwrap_or_default()).into();
    }
}

/// What the compatible forms of Unicode make of the texts of the suite, as far as they change one (RFC 4013).
fn normal(text: &str) -> Cow<'_, str> {
    const FORMS: [(&str, &str); 8] = [
        ("e\u{301}", "é"),
        ("ᴮ", "B"),
        ("ａ", "a"),
        ("ﬁ", "fi"),
        ("①", "1"),
        ("²", "2"),
        ("\u{ad}", ""),
        ("\u{200b}", ""),
    ];
    FORMS.into_iter().fold(text.to_owned(), |text, (form, normal)| text.replace(form, normal)).into()
}

/// The body with the first of equal members only, where it is an object.
fn first_members<'c>(call: &Call<'c>) -> Option<Cow<'c, [u8]>> {
    let Json::Object(members) = Json::parse(call.body).ok()? else { return None };
    let mut first = serde_json::Map::new();
    for (name, value) in members {
        first.entry(name).or_insert(serde_json::from_str(&value.to_string()).ok()?);
    }
    Some(Value::Object(first).to_string().into_bytes().into())
}

/// The same with the last of them, as most readers have it.
fn last_members<'c>(call: &Call<'c>) -> Option<Cow<'c, [u8]>> {
    Some(serde_json::from_slice::<Value>(call.body).ok()?.to_string().into_bytes().into())
}

#[rustfmt::skip]
const FREEDOMS: &[Freedom] = &[
    Freedom("the refusal of registrations stands bare, with 403", ENDED, |b| b.dialect.sunset = SunsetShape::Bare, |a| has(a.get("account"), "/code") && a.get("account").status == 403),
    Freedom("it stands bare, with 400", ENDED, |b| { b.dialect.sunset = SunsetShape::Bare; b.refusals[Refusal::Sunset].status = 400; }, |a| has(a.get("account"), "/code") && a.get("account").status == 400),
    Freedom("it stands bare, with 401", ENDED, |b| { b.dialect.sunset = SunsetShape::Bare; b.refusals[Refusal::Sunset].status = 401; }, |a| has(a.get("account"), "/code") && a.get("account").status == 401),
    Freedom("it stands bare, without details", ENDED, |b| { b.dialect.sunset = SunsetShape::Bare; b.dialect.details = false; }, |a| has(a.get("account"), "/code") && !has(a.get("account"), "/details")),
    Freedom("it comes in errors, with 400", ENDED, |b| b.refusals[Refusal::Sunset].status = 400, |a| has(a.get("account"), "/errors") && a.get("account").status == 400),
    Freedom("it comes in errors, with 401", ENDED, |b| b.refusals[Refusal::Sunset].status = 401, |a| has(a.get("account"), "/errors") && a.get("account").status == 401),
    Freedom("it comes before the token is looked at", ENDED, |b| b.registration.sunset = SunsetCheck::First, |a| a.get("account by nobody").status == 403),
    Freedom("no meta", BOTH, |b| b.dialect.meta = false, |a| !has(a.get("first"), "/meta") && !has(a.get("wrong"), "/meta")),
    Freedom("a version without v", BOTH, |b| b.dialect.version = "2.37.1", |a| text(a.get("first"), "/meta/version").as_deref() == Some("2.37.1")),
    Freedom("no details", BOTH, |b| b.dialect.details = false, |a| code(a.get("wrong")).is_some() && !has(a.get("wrong"), "/errors/0/details")),
    Freedom("empty bodies on 401", BOTH, |b| b.dialect.bodies_on_401 = false, |a| a.get("wrong").status == 401 && a.get("wrong").body.is_empty()),
    Freedom("unknown members everywhere", BOTH, |b| b.dialect.extra_members = true, |a| has(a.get("first"), "/users/0/x_note") && has(a.get("wrong"), "/errors/0/x_note")),
    Freedom("members in another order", BOTH, |b| b.dialect.reversed = true, |a| a.get("first").body.starts_with(b"{\"meta\"")),
    Freedom("a charset in the Content-Type", BOTH, |b| b.dialect.charset = true, |a| a.get("first").header_text("Content-Type") == Some("application/json; charset=utf-8")),
    Freedom("answers in chunks", BOTH, |b| b.dialect.chunked = true, |a| a.get("first").header("Transfer-Encoding").is_some()),
    Freedom("a connection for each answer", BOTH, |b| b.dialect.close = true, |a| a.get("first").header_text("Connection") == Some("close")),
    Freedom("answers in chunks, each on a connection of its own", &[Open], |b| { b.dialect.chunked = true; b.dialect.close = true; }, |a| a.get("first").header("Transfer-Encoding").is_some() && a.get("first").header("Connection").is_some()),
    Freedom("no Date", BOTH, |b| b.dialect.date = false, |a| a.get("first").header("Date").is_none()),
    Freedom("a clock 90 s ahead", BOTH, |b| b.dialect.clock_ahead = SignedDuration::from_secs(90), |a| ahead(a.get("first")) > 60),
    Freedom("a clock 90 s behind", BOTH, |b| b.dialect.clock_ahead = SignedDuration::from_secs(-90), |a| ahead(a.get("first")) < -60),
    Freedom("a clock a day behind", &[Open], |b| b.dialect.clock_ahead = SignedDuration::from_hours(-24), |a| ahead(a.get("first")) < -80_000),
    Freedom("no Date, and a clock 90 s behind", &[Open], |b| { b.dialect.date = false; b.dialect.clock_ahead = SignedDuration::from_secs(-90); }, |a| a.get("first").header("Date").is_none()),
    Freedom("roles in lower case", &[Open], |b| b.dialect.roles_member = "roles", |a| has(a.get("read"), "/users/0/roles") && !has(a.get("read"), "/users/0/ROLES")),
    Freedom("tokens that are JSON Web Tokens", BOTH, |b| b.dialect.token = TokenForm::Jwt, |a| text(a.get("first"), "/users/0/token").is_some_and(|token| token.matches('.').count() == 2)),
    Freedom("the default password alone refused with 400", &[Open], |b| b.refusals[Refusal::PasswordChangeRequired].status = 400, |a| a.get("the default password alone").status == 400),
    Freedom("the default password alone refused with 403 and code 1005", &[Open], |b| { b.refusals[Refusal::PasswordChangeRequired].status = 403; b.refusals[Refusal::PasswordChangeRequired].code = ErrorCode::AccessDenied; }, |a| a.get("the default password alone").status == 403 && code(a.get("the default password alone")) == Some(1005)),
    Freedom("a weak new password refused with 401 and code 1024", &[Open], |b| { b.refusals[Refusal::WeakNewPassword].status = 401; b.refusals[Refusal::WeakNewPassword].code = ErrorCode::PasswordChangeRequired; }, |a| a.get("a weak new password").status == 401),
    Freedom("a new password on a later login passed over", &[Open], |b| b.login.later_change = false, |a| a.get("later").status == 200 && a.get("after the later").status == 401),
    Freedom("tokens that end with a change of password at login", &[Open], |b| b.tokens.on_change = Revokes::OfUser, |a| a.get("read").status == 401),
    Freedom("a duplicate refused with 409 and code 1004", &[Open], |b| { b.refusals[Refusal::UserExists].status = 409; b.refusals[Refusal::UserExists].code = ErrorCode::AlreadyExists; }, |a| a.get("duplicate").status == 409 && code(a.get("duplicate")) == Some(1004)),
    Freedom("password classes not asked for on creation", &[Open], |b| { let rule = &mut b.passwords.on_create; rule.upper = false; rule.digit = false; rule.lower = false; rule.special = "".into(); }, |a| a.get("weak user").status == 201),
    Freedom("a missing member refused with code 1009", &[Open], |b| b.refusals[Refusal::MissingMember].code = ErrorCode::ParameterInvalid, |a| code(a.get("incomplete")) == Some(1009)),
    Freedom("malformed JSON refused with code 1009", &[Open], |b| b.refusals[Refusal::Malformed].code = ErrorCode::ParameterInvalid, |a| code(a.get("malformed")) == Some(1009)),
    Freedom("another method refused with 404", &[Open], |b| b.refusals[Refusal::WrongMethod].status = 404, |a| a.get("got").status == 404),
    Freedom("another method refused with 401", &[Open], |b| b.refusals[Refusal::WrongMethod].status = 401, |a| a.get("got").status == 401),
    Freedom("no challenge beside a 401", &[Open], |b| edit(b, "no-challenge"), |a| a.get("wrong").status == 401 && a.get("wrong").header("WWW-Authenticate").is_none()),
    Freedom("the scheme Bearer compared with its case", &[Open], |b| b.functions.token = |value| std::str::from_utf8(value).ok()?.strip_prefix("Bearer "), |a| a.get("read").status == 200 && a.get("read by bearer").status == 401),
    Freedom("credentials and certificates in base64 with anything between its letters", BOTH, |b| { b.functions.credentials = lenient; b.functions.certificate = |cert| Ok(verified_name(&letters(cert))?.name); }, |a| a.get("in quotes").status == 200),
    Freedom("a certificate after a character of no base64", &[Open], |b| b.functions.certificate = |cert| Ok(verified_name(&letters(cert))?.name), |a| a.get("account of a foreign character").status == 202),
    Freedom("a bare certificate refused", &[Open], |b| b.functions.certificate = |cert| verified_name(cert).and_then(|read| if read.wrapped { Ok(read.name) } else { Err(CertificateError::Empty) }), |a| a.get("account of a bare certificate").status == 400),
    Freedom("bodies judged before tokens", BOTH, |b| b.permissions.body_first = true, |a| a.get("malformed by nobody").status == 400),
    Freedom("the body of a login judged before its credentials", BOTH, |b| b.login.body_first = true, |a| a.get("wrong and malformed").status == 400),
    Freedom("a registration judged before the sunset", ENDED, |b| b.registration.sunset = SunsetCheck::AfterBody, |a| code(a.get("account of nothing")) == Some(1008)),
    Freedom("it is judged so, with 422", ENDED, |b| { edit(b, "unprocessable"); b.registration.sunset = SunsetCheck::AfterBody; }, |a| a.get("account of nothing").status == 422),
    Freedom("422 for bodies where no status is stated", &[Open], |b| edit(b, "unprocessable"), |a| a.get("account of nothing").status == 422),
    Freedom("400 wherever no status is stated", BOTH, |b| for refusal in [Refusal::PasswordChangeRequired, Refusal::WrongMethod, Refusal::UnknownPath, Refusal::WrongPin, Refusal::Sunset] { b.refusals[refusal].status = 400; }, |a| a.get("another path").status == 400),
    Freedom("400 for an Authorization that its scheme does not allow", BOTH, |b| edit(b, "no-form"), |a| a.get("not a token").status == 400 && a.get("control character").status == 400),
    Freedom("415 for a body of another type", BOTH, |b| edit(b, "only-json"), |a| a.get("plain text").status == 415),
    Freedom("an unknown member refused", BOTH, |b| edit(b, "only-named"), |a| a.get("another member").status == 400),
    Freedom("it is refused before credentials and tokens", BOTH, |b| { edit(b, "only-named"); b.login.body_first = true; b.permissions.body_first = true; }, |a| a.get("another member").status == 400 && a.get("malformed by nobody").status == 400),
    Freedom("refusals that repeat the path and the user", BOTH, |b| b.rewrites.push(repeats_the_path), |a| text(a.get("another path"), "/errors/0/details").is_some_and(|told| told.contains("/v1/another"))),
    Freedom("redirects to clean paths", &[Open], |b| edit(b, "redirects"), |a| a.get("not clean").status == 308),
    Freedom("users found in any case", &[Open], |b| b.functions.key = |name| name.to_lowercase().into(), |a| a.get("in capitals").status == 200),
    Freedom("members read in any case", &[Open], |b| edit(b, "members-in-any-case"), |a| a.get("PIN in capitals").status == 200),
    Freedom("passwords compared in a normal form", &[Open], |b| b.functions.password_matches = |kept, sent| normal(kept) == normal(sent), |a| a.get("password with a soft hyphen").status == 200),
    Freedom("users found by a normal form of their names", &[Open], |b| b.functions.key = normal, |a| a.get("full-width name").status == 200),
    Freedom("nothing but ASCII in names and passwords", &[Open], |b| edit(b, "only-ascii"), |a| a.get("user with an accent").status == 400),
    Freedom("the first of two equal members read", &[Open], |b| b.functions.body = |call| Ok(first_members(call).unwrap_or(call.body.into())), |a| text(a.get("two names"), "/users/0/username").as_deref() == Some("first")),
    Freedom("the last of two equal members read", &[Open], |b| b.functions.body = |call| Ok(last_members(call).unwrap_or(call.body.into())), |a| text(a.get("two names"), "/users/0/username").as_deref() == Some("second")),
    Freedom("users named by letters and digits", &[Open], |b| edit(b, "plain-names"), |a| a.get("user with a hyphen").status == 400),
];

/// The must-level findings and everything else that would deny a conforming implementation a clean verdict.
fn complaints(suite: &Suite, Freedom(what, states, edit, _): &Freedom, state: Registration) -> Vec<String> {
    let mut behaviour = Behaviour::default();
    edit(&mut behaviour);
    // The states differ in what they say of registrations; all else has been tried where registration is open.
    let whole = state == Open || *states == ENDED;
    let tried = |case: &Case| whole || case.scenario.area() == "account";
    let cases = cases(suite).into_iter().filter(tried).collect();
    let reports = judged(suite, cases, state, behaviour, &Settings::disposable(8));
    let of = |report: &CaseReport| {
        let musts = report.findings.iter().filter(|finding| finding.level == Level::Must);
        let mut complaints: Vec<String> = musts
            .map(|finding| {
                let (expected, observed) = (words::all_expected(finding), words::all_observed(finding));
                format!("{} at `{}`: {expected}; observed {observed}", finding.requirement, finding.step)
            })
            .collect();
        if !matches!(report.verdict, Verdict::Pass | Verdict::Skipped) {
            complaints.push(format!("it is {}: {:?}", report.verdict, report.reason));
        }
        let place = format!("{what} ({state}), {}", report.id);
        complaints.into_iter().map(move |complaint| format!("{place}: {complaint}"))
    };
    reports.iter().flat_map(of).collect()
}

#[test]
fn every_freedom_conforms() {
    let suite = Suite::embedded().expect("suite");
    let tried = FREEDOMS.iter().flat_map(|freedom| freedom.1.iter().map(move |state| (freedom, *state)));
    none(parallel(4, tried, |(freedom, state)| complaints(&suite, freedom, state)).into_iter().flatten());
}

#[test]
fn every_variant_differs_from_the_documented_default() {
    for Freedom(what, states, edit, shows) in FREEDOMS {
        let mut behaviour = Behaviour::default();
        edit(&mut behaviour);
        for state in *states {
            let answers = |behaviour| runtime().block_on(Answers::of(&target(*state, behaviour)));
            assert!(shows(&answers(behaviour.clone())), "{what}: not taken");
            assert!(!shows(&answers(Behaviour::default())), "{what}: the default's");
        }
    }
}

/// A reference client that reads no name but that of the certificate which the harness brings by itself.
fn checks_signatures(certificate: &str) -> Result<String, CertificateError> {
    let known = Registrable::default();
    match certificate == known.cert {
        true => Ok(known.vname),
        // A reader's error stands in for the signature that does not fit.
        false => verified_name("").map(|read| read.name),
    }
}

fn crafted(reports: &[CaseReport]) -> Vec<&CaseReport> {
    let crafted = |report: &&CaseReport| report.cites.iter().any(|id| id == "account.cert.crafted");
    reports.iter().filter(crafted).collect()
}

#[test]
fn a_crafted_certificate_may_be_refused_and_then_shows_nothing() {
    let suite = Suite::embedded().expect("suite");
    let mut behaviour = Behaviour::default();
    behaviour.functions.certificate = checks_signatures;
    let refused = judged(&suite, cases(&suite), Open, behaviour.clone(), &Settings::disposable(8));
    assert!(crafted(&refused).len() > 30);
    for report in &refused {
        assert!(report.findings.is_empty(), "{}: {:?}", report.id, report.findings);
        assert!(matches!(report.verdict, Verdict::Pass | Verdict::Skipped), "{}", report.id);
    }
    for report in crafted(&refused) {
        let is_told =
            matches!(&report.reason, Some(Reason::Refused { status: 400, why, .. }) if why.contains("crafted"));
        assert!(report.verdict == Verdict::Skipped && is_told, "{}: {:?}", report.id, report.reason);
    }

    // A crash on a crafted certificate is no refusal.
    behaviour.refusals[Refusal::BadCertificate].status = 500;
    let crashed = judged(&suite, cases(&suite), Open, behaviour, &Settings::disposable(8));
    for report in crafted(&crashed) {
        assert_eq!(report.verdict, Verdict::Fail, "{}", report.id);
    }
}
