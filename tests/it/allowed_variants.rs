//! What the documents leave open, an implementation may choose: each freedom as a variant of the reference client that
//! takes it, which the whole suite passes without one must-level finding.
//!
//! Each variant shows first that it is one: some answer of it has what the documented default's has not.

use jiff::SignedDuration;
use wabizspec::custody::Target;
use wabizspec::custody::givens::Registrable;
use wabizspec::documented::certificate::{CertificateError, verified_name};
use wabizspec::documented::errors::ErrorCode;
use wabizspec::documented::password::Marks;
use wabizspec::exchange::{Header, Json, Response};
use wabizspec::judge::Verdict;
use wabizspec::plan::{Case, cases};
use wabizspec::reference::{
    Answer, Behaviour, Handled, Refusal, Registration, Revokes, SunsetCheck, SunsetShape, TokenForm,
};
use wabizspec::requirement::Level;
use wabizspec::run::{CaseReport, Cause, Settings};
use wabizspec::scenario::Suite;
use wabizspec::words;

use crate::harness::suite::{judged, runtime, target};
use Registration::{Open, Sunset};

const BOTH: &[Registration] = &[Open, Sunset];

/// One thing that an implementation may do.
struct Freedom {
    what: &'static str,
    /// The registration states in which it shows.
    states: &'static [Registration],
    edit: fn(&mut Behaviour),
    /// What an answer of it has, and none of the default's.
    shows: fn(&Answers) -> bool,
}

const fn variant(
    what: &'static str,
    states: &'static [Registration],
    edit: fn(&mut Behaviour),
    shows: fn(&Answers) -> bool,
) -> Freedom {
    Freedom { what, states, edit, shows }
}

/// The answers to some requests that each variant is told by.
struct Answers {
    /// The default password alone.
    first_refused: Response,
    /// The default password with a weak new one.
    first_weak: Response,
    /// The first login.
    first: Response,
    /// A later login with another new password, and the login with that one.
    later: [Response; 2],
    /// The administrator with the token of its first login, after the later one.
    read: Response,
    /// The same with the scheme in lower case.
    read_lower: Response,
    /// A wrong password.
    wrong: Response,
    /// `admin` created.
    duplicate: Response,
    /// A user created with a password of lower case only.
    weak_user: Response,
    /// A user created without a password.
    incomplete: Response,
    /// A user created with what is no JSON.
    malformed: Response,
    /// The login path read.
    got: Response,
    /// A registration code asked for, with and without a token.
    account: Response,
    account_by_nobody: Response,
}

impl Answers {
    async fn of(target: &Target) -> Answers {
        let basic = |joined: &str| {
            use base64::Engine;
            let credentials = base64::engine::general_purpose::STANDARD.encode(joined);
            Some(format!("Basic {credentials}"))
        };
        let send = async |method: &'static str, path: &str, authorization: Option<String>, body: &str| {
            let mut headers = vec![Header::new("Content-Type", "application/json")];
            headers.extend(authorization.map(|value| Header::new("Authorization", value)));
            let request = target.transport.request(method, path, headers, Some(body.as_bytes().to_vec()));
            let exchange = target.transport.send(request.clone()).await;
            exchange.response().cloned().expect("an answer")
        };
        let login = async |joined: &str, body: &str| send("POST", "/v1/users/login", basic(joined), body).await;
        let first_refused = login("admin:secret", "{}").await;
        let first_weak = login("admin:secret", r#"{"new_password": "weak"}"#).await;
        let first = login("admin:secret", r#"{"new_password": "Aa1!aaaa"}"#).await;
        let later =
            [login("admin:Aa1!aaaa", r#"{"new_password": "Bb2?bbbb"}"#).await, login("admin:Bb2?bbbb", "{}").await];
        let token = text(&first, "/users/0/token").unwrap_or_default();
        let bearer = |scheme: &str| Some(format!("{scheme} {token}"));
        // Where the first token ended with the password, the later one is good.
        let fresh = text(&later[0], "/users/0/token").unwrap_or_default();
        let admin = || Some(format!("Bearer {fresh}"));
        let create = async |body: &str| send("POST", "/v1/users", admin(), body).await;
        let account = r#"{"cc": "1", "phone_number": "2025550123", "method": "sms", "cert": "AAAA"}"#;
        Answers {
            read: send("GET", "/v1/users/admin", bearer("Bearer"), "").await,
            read_lower: send("GET", "/v1/users/admin", bearer("bearer"), "").await,
            wrong: login("admin:wrong", "{}").await,
            duplicate: create(r#"{"username": "admin", "password": "Aa1!aaaa"}"#).await,
            weak_user: create(r#"{"username": "weak", "password": "aaaaaaaa"}"#).await,
            incomplete: create(r#"{"username": "none"}"#).await,
            malformed: create("{").await,
            got: send("GET", "/v1/users/login", None, "").await,
            account: send("POST", "/v1/account", admin(), account).await,
            account_by_nobody: send("POST", "/v1/account", None, account).await,
            first_refused,
            first_weak,
            first,
            later,
        }
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

fn without_challenge(_: &Handled<'_>, answer: &mut Answer) {
    answer.headers.retain(|(name, _)| *name != "www-authenticate");
}

/// A freedom that shows only where registration has ended.
const fn sunset(what: &'static str, edit: fn(&mut Behaviour), shows: fn(&Answers) -> bool) -> Freedom {
    variant(what, &[Sunset], edit, shows)
}

#[rustfmt::skip]
const FREEDOMS: &[Freedom] = &[
    sunset("the refusal of registrations stands bare, with 403", |b| b.dialect.sunset = SunsetShape::Bare, |a| has(&a.account, "/code") && a.account.status == 403),
    sunset("it stands bare, with 400", |b| { b.dialect.sunset = SunsetShape::Bare; b.refusals[Refusal::Sunset].status = 400; }, |a| has(&a.account, "/code") && a.account.status == 400),
    sunset("it stands bare, with 401", |b| { b.dialect.sunset = SunsetShape::Bare; b.refusals[Refusal::Sunset].status = 401; }, |a| has(&a.account, "/code") && a.account.status == 401),
    sunset("it stands bare, without details", |b| { b.dialect.sunset = SunsetShape::Bare; b.dialect.details = false; }, |a| has(&a.account, "/code") && !has(&a.account, "/details")),
    sunset("it comes in errors, with 400", |b| b.refusals[Refusal::Sunset].status = 400, |a| has(&a.account, "/errors") && a.account.status == 400),
    sunset("it comes in errors, with 401", |b| b.refusals[Refusal::Sunset].status = 401, |a| has(&a.account, "/errors") && a.account.status == 401),
    sunset("it comes before the token is looked at", |b| b.registration.sunset = SunsetCheck::First, |a| a.account_by_nobody.status == 403),
    variant("no meta", BOTH, |b| b.dialect.meta = false, |a| !has(&a.first, "/meta") && !has(&a.wrong, "/meta")),
    variant("a version without v", BOTH, |b| b.dialect.version = "2.37.1", |a| text(&a.first, "/meta/version").as_deref() == Some("2.37.1")),
    variant("no details", BOTH, |b| b.dialect.details = false, |a| code(&a.wrong).is_some() && !has(&a.wrong, "/errors/0/details")),
    variant("empty bodies on 401", BOTH, |b| b.dialect.bodies_on_401 = false, |a| a.wrong.status == 401 && a.wrong.body.is_empty()),
    variant("unknown members everywhere", BOTH, |b| b.dialect.extra_members = true, |a| has(&a.first, "/users/0/x_note") && has(&a.wrong, "/errors/0/x_note")),
    variant("members in another order", BOTH, |b| b.dialect.reversed = true, |a| a.first.body.starts_with(b"{\"meta\"")),
    variant("a charset in the Content-Type", BOTH, |b| b.dialect.charset = true, |a| a.first.header_text("Content-Type") == Some("application/json; charset=utf-8")),
    variant("answers in chunks", BOTH, |b| b.dialect.chunked = true, |a| a.first.header("Transfer-Encoding").is_some()),
    variant("a connection for each answer", BOTH, |b| b.dialect.close = true, |a| a.first.header_text("Connection") == Some("close")),
    variant("answers in chunks, each on a connection of its own", &[Open], |b| { b.dialect.chunked = true; b.dialect.close = true; }, |a| a.first.header("Transfer-Encoding").is_some() && a.first.header("Connection").is_some()),
    variant("no Date", BOTH, |b| b.dialect.date = false, |a| a.first.header("Date").is_none()),
    variant("a clock 90 s ahead", BOTH, |b| b.dialect.clock_ahead = SignedDuration::from_secs(90), |a| ahead(&a.first) > 60),
    variant("a clock 90 s behind", BOTH, |b| b.dialect.clock_ahead = SignedDuration::from_secs(-90), |a| ahead(&a.first) < -60),
    variant("a clock a day behind", &[Open], |b| b.dialect.clock_ahead = SignedDuration::from_hours(-24), |a| ahead(&a.first) < -80_000),
    variant("no Date, and a clock 90 s behind", &[Open], |b| { b.dialect.date = false; b.dialect.clock_ahead = SignedDuration::from_secs(-90); }, |a| a.first.header("Date").is_none()),
    variant("roles in lower case", &[Open], |b| b.dialect.roles_member = "roles", |a| has(&a.read, "/users/0/roles") && !has(&a.read, "/users/0/ROLES")),
    variant("tokens that are JSON Web Tokens", BOTH, |b| b.dialect.token = TokenForm::Jwt, |a| text(&a.first, "/users/0/token").is_some_and(|token| token.matches('.').count() == 2)),
    variant("the default password alone refused with 400", &[Open], |b| b.refusals[Refusal::PasswordChangeRequired].status = 400, |a| a.first_refused.status == 400),
    variant("the default password alone refused with 403 and code 1005", &[Open], |b| { b.refusals[Refusal::PasswordChangeRequired].status = 403; b.refusals[Refusal::PasswordChangeRequired].code = ErrorCode::AccessDenied; }, |a| a.first_refused.status == 403 && code(&a.first_refused) == Some(1005)),
    variant("a weak new password refused with 401 and code 1024", &[Open], |b| { b.refusals[Refusal::WeakNewPassword].status = 401; b.refusals[Refusal::WeakNewPassword].code = ErrorCode::PasswordChangeRequired; }, |a| a.first_weak.status == 401),
    variant("a new password on a later login passed over", &[Open], |b| b.login.later_change = false, |a| a.later[0].status == 200 && a.later[1].status == 401),
    variant("tokens that end with a change of password at login", &[Open], |b| b.tokens.on_change = Revokes::OfUser, |a| a.read.status == 401),
    variant("a duplicate refused with 409 and code 1004", &[Open], |b| { b.refusals[Refusal::UserExists].status = 409; b.refusals[Refusal::UserExists].code = ErrorCode::AlreadyExists; }, |a| a.duplicate.status == 409 && code(&a.duplicate) == Some(1004)),
    variant("password classes not asked for on creation", &[Open], |b| { let rule = &mut b.passwords.on_create; rule.upper = false; rule.digit = false; rule.lower = false; rule.special = Marks::of(""); }, |a| a.weak_user.status == 201),
    variant("a missing member refused with code 1009", &[Open], |b| b.refusals[Refusal::MissingMember].code = ErrorCode::ParameterInvalid, |a| code(&a.incomplete) == Some(1009)),
    variant("malformed JSON refused with code 1009", &[Open], |b| b.refusals[Refusal::Malformed].code = ErrorCode::ParameterInvalid, |a| code(&a.malformed) == Some(1009)),
    variant("another method refused with 404", &[Open], |b| b.refusals[Refusal::WrongMethod].status = 404, |a| a.got.status == 404),
    variant("another method refused with 401", &[Open], |b| b.refusals[Refusal::WrongMethod].status = 401, |a| a.got.status == 401),
    variant("no challenge beside a 401", &[Open], |b| b.rewrites.push(without_challenge), |a| a.wrong.status == 401 && a.wrong.header("WWW-Authenticate").is_none()),
    variant("the scheme Bearer compared with its case", &[Open], |b| b.functions.token = |value| std::str::from_utf8(value).ok()?.strip_prefix("Bearer "), |a| a.read.status == 200 && a.read_lower.status == 401),
];

/// The must-level findings and everything else that keeps a conforming implementation from a clean verdict.
fn complaints(suite: &Suite, freedom: &Freedom, state: Registration) -> Vec<String> {
    let mut behaviour = Behaviour::default();
    (freedom.edit)(&mut behaviour);
    // The states differ in what they say of registrations; all else has been tried where registration is open.
    let whole = state == Open || freedom.states == [Sunset];
    let tried = |case: &Case| whole || case.scenario.area() == "account";
    let cases = cases(suite).into_iter().filter(tried).collect();
    let reports = judged(suite, cases, state, behaviour, &Settings::disposable(8));
    let mut complaints = Vec::new();
    for report in &reports {
        let musts = report.findings.iter().filter(|finding| finding.level == Level::Must);
        complaints.extend(musts.map(|finding| {
            let (expected, observed) = (words::all_expected(finding), words::all_observed(finding));
            format!("{}: {} at `{}`: {expected}; observed {observed}", report.id, finding.requirement, finding.step)
        }));
        if !matches!(report.verdict, Verdict::Pass | Verdict::Skipped) {
            complaints.push(format!("{} is {}: {:?}", report.id, report.verdict, report.reason));
        }
    }
    complaints
}

/// Tries the freedoms of a state, some at a time.
fn every_freedom_conforms(state: Registration) {
    let suite = Suite::embedded().expect("suite");
    let freedoms: Vec<&Freedom> = FREEDOMS.iter().filter(|freedom| freedom.states.contains(&state)).collect();
    let tried = |freedom: &&Freedom| {
        let complaints = complaints(&suite, freedom, state);
        let told = || format!("{} ({state}):\n  {}", freedom.what, complaints.join("\n  "));
        (!complaints.is_empty()).then(told)
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let shares = freedoms.chunks(freedoms.len().div_ceil(3));
        let threads: Vec<_> =
            shares.map(|share| scope.spawn(move || share.iter().filter_map(tried).collect())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|_| vec!["a panic".to_owned()])).collect()
    });
    assert!(wrong.is_empty(), "{} freedoms are not granted:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_freedom_conforms_where_registration_is_open() {
    every_freedom_conforms(Open);
}

#[test]
fn every_freedom_conforms_where_registration_has_ended() {
    every_freedom_conforms(Sunset);
}

#[test]
fn every_variant_differs_from_the_documented_default() {
    for freedom in FREEDOMS {
        let mut behaviour = Behaviour::default();
        (freedom.edit)(&mut behaviour);
        for state in freedom.states {
            let answers = |behaviour| runtime().block_on(Answers::of(&target(*state, behaviour)));
            assert!((freedom.shows)(&answers(behaviour.clone())), "{}: not taken", freedom.what);
            assert!(!(freedom.shows)(&answers(Behaviour::default())), "{}: the default's", freedom.what);
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
        let expected = match report.cites.iter().any(|id| id == "account.cert.crafted") {
            true => Verdict::Blocked,
            false => Verdict::Pass,
        };
        if report.verdict != Verdict::Skipped {
            assert_eq!(report.verdict, expected, "{}: {:?}", report.id, report.findings);
        }
        assert!(expected == Verdict::Pass || report.findings.is_empty(), "{}", report.id);
    }
    let reason = &crafted(&refused)[0].reason;
    let as_expected = matches!(reason, Some(Cause::Refused { status: 400, why, .. }) if why.contains("crafted"));
    assert!(as_expected, "{reason:?}");

    // A crash on a crafted certificate is no refusal.
    behaviour.refusals[Refusal::BadCertificate].status = 500;
    let crashed = judged(&suite, cases(&suite), Open, behaviour, &Settings::disposable(8));
    for report in crafted(&crashed) {
        assert_eq!(report.verdict, Verdict::Fail, "{}", report.id);
    }
}
