//! What the targets of `cargo fuzz` assert. Each function takes one input and panics where its equation does not hold.
//!
//! The targets are nothing but a call; so the committed corpora are replayed through the same functions by an ordinary
//! test, and a crash is looked at without libFuzzer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::grammar::basic::{BasicInput, Size};
use super::grammar::bindings::Bindings;
use super::grammar::body::{BodyInput, Bulk};
use super::grammar::certificate::CertificateInput;
use super::grammar::password::PasswordInput;
use super::grammar::session::SessionInput;
use super::second;
use super::second::password::Strength;
use super::tracker::Tracker;
use super::{Class, Surface};
use crate::documented::basic::{self, Credentials};
use crate::documented::bodies::{AccountBody, AccountRule, BodyError, CreateUserBody, LoginBody};
use crate::documented::certificate::verified_name;
use crate::documented::password::PasswordRule;
use crate::documented::token::ExpiresAfter;
use crate::exchange::{Exchange, Header, HttpRequest, Outcome, Request, Response};
use crate::judge::Oracles;
use crate::located::SourceText;
use crate::reference::{Answer, AnswerBody, Behaviour, Call, Model, Moment, Registration};
use crate::requirement::Register;

/// Takes one input and panics where the equation does not hold.
pub type Check = fn(&[u8]);

/// The functions by the names of their targets.
pub const TARGETS: [(&str, Check); 10] = [
    ("basic_auth", basic_auth),
    ("login_body", login_body),
    ("users_body", users_body),
    ("account_body", account_body),
    ("password", password),
    ("certificate", certificate),
    ("expires_after", expires_after),
    ("scenario_file", scenario_file),
    ("answer", answer),
    ("session", session),
];

/// Basic credentials: our reading is the naive one, undoes rendering, and is never more than a lenient decoder makes
/// of the value.
///
/// # Panics
/// When one of these does not hold.
pub fn basic_auth(input: &[u8]) {
    let bindings = FIXED.with(Clone::clone);
    let mut input = BasicInput::decode(input);
    if input.is_large() {
        // To a parser more than a byte can count is long; a kilobyte would take the time of ten other inputs.
        input.text.resize(input.text.len() + LONG, b'x');
    }
    input.size = Size::Plain;
    let value = input.value(&bindings);
    let read = basic::parse(&value);
    let naive = second::basic::strict(&value);
    let parts = read
        .as_ref()
        .ok()
        .map(|read| (read.username.as_bytes(), read.password.as_bytes()));
    let naive_parts = naive
        .as_ref()
        .map(|(user, password)| (user.as_slice(), password.as_slice()));
    assert_eq!(
        parts,
        naive_parts,
        "the two parsers differ on {}: {read:?}",
        value.escape_ascii()
    );
    if let Ok(read) = read {
        let rendered = basic::render(&read);
        assert_eq!(
            basic::parse(rendered.as_bytes()).as_ref(),
            Ok(&read),
            "rendering is not undone"
        );
        assert!(
            second::basic::may_mean(&value, &read.username, &read.password),
            "no lenient decoder finds what the strict one did"
        );
    }
    // What is written in the scheme's own way is read as it was written.
    if let Ok(text) = std::str::from_utf8(&input.text)
        && let Some((user, password)) = text.split_once(':')
        && !text.bytes().any(|byte| byte.is_ascii_control())
    {
        let credentials = Credentials::new(user, password);
        assert_eq!(basic::parse(basic::render(&credentials).as_bytes()), Ok(credentials));
    }
}

/// By so many bytes a long text is longer.
const LONG: usize = 256;

thread_local! {
    static FIXED: std::rc::Rc<Bindings> = std::rc::Rc::new(Bindings::fixed());
}

/// A body, and whether it may hold a secret.
struct Rendered {
    bytes: Vec<u8>,
    named: bool,
}

/// The body of an input. What takes a megabyte on the wire is left to the wire.
fn body(input: &[u8], bindings: &Bindings) -> Rendered {
    let mut input = BodyInput::decode(input);
    if input.is_large() {
        input.bulk = Bulk::Deep1000;
    }
    Rendered {
        bytes: input.body(bindings),
        // Secrets stand for names, and names begin so.
        named: input.text.contains(&b'$'),
    }
}

/// The members of an object in the order in which they stand: what stands twice is there twice.
struct Slow<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Slow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Visit).map(Slow)
    }
}

impl Slow<'_> {
    /// The values of one member.
    fn values<'m>(&'m self, name: &str) -> impl Iterator<Item = &'m RawValue> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| *value)
    }

    /// The text of one known member. A value that `Value` cannot hold (a lone surrogate) is none.
    fn text(&self, name: &str) -> Option<String> {
        match serde_json::from_str(self.values(name).next()?.get()) {
            Ok(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

/// A body read the slow way: no JSON at all, JSON but no object, or its members.
enum Slowly<'a> {
    NoJson,
    NoObject,
    Object(Slow<'a>),
}

fn slowly(body: &[u8]) -> Slowly<'_> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Slowly::NoJson;
    };
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_or(Slowly::NoJson, Slowly::Object);
    }
    serde_json::from_str::<IgnoredAny>(text).map_or(Slowly::NoJson, |_| Slowly::NoObject)
}

/// Holds a reading of a body to the slow one, and gives that where there is something to compare. `known` are the
/// members that count, with whether each is required.
fn same_reading<'b, T>(body: &'b Rendered, read: &Result<T, BodyError>, known: &[(&str, bool)]) -> Option<Slow<'b>> {
    if let (Err(error), true) = (read, body.named) {
        let told = FIXED.with(|fixed| error.to_string().contains(&fixed.user_password));
        assert!(!told, "the error tells a value: {error}");
    }
    match slowly(&body.bytes) {
        Slowly::NoJson => assert!(
            matches!(read, Err(BodyError::Malformed(_))),
            "no JSON was read as {}",
            kind(read)
        ),
        Slowly::NoObject => assert!(
            matches!(read, Err(BodyError::NotAnObject)),
            "no object was read as {}",
            kind(read)
        ),
        Slowly::Object(members) => {
            let twice = known.iter().any(|(name, _)| members.values(name).nth(1).is_some());
            if twice {
                assert!(
                    matches!(read, Err(BodyError::Malformed(_))),
                    "a doubled member was read as {}",
                    kind(read)
                );
                return None;
            }
            let fits = |(name, required): &(&str, bool)| {
                members.text(name).is_some() || (!required && members.values(name).next().is_none())
            };
            if !known.iter().all(fits) {
                assert!(
                    matches!(read, Err(BodyError::Members(_))),
                    "bad members were read as {}",
                    kind(read)
                );
            } else {
                assert!(
                    matches!(read, Ok(_) | Err(BodyError::Members(_))),
                    "good members were read as {}",
                    kind(read)
                );
            }
            return Some(members);
        }
    }
    None
}

fn kind<T>(read: &Result<T, BodyError>) -> String {
    read.as_ref().err().map_or("a body".to_owned(), ToString::to_string)
}

/// Login bodies: our reading is the slow one, and the reference client never takes a weak password.
///
/// # Panics
/// When one of these does not hold.
pub fn login_body(input: &[u8]) {
    let bindings = FIXED.with(Clone::clone);
    let body = body(input, &bindings);
    let read = LoginBody::parse(&body.bytes);
    if body.bytes.is_empty() {
        assert_eq!(read, Ok(LoginBody::default()));
        return;
    }
    // Of anything but an object with no member twice the documents say nothing more.
    let Some(members) = same_reading(&body, &read, &[("new_password", false)]) else {
        return;
    };
    if let Ok(read) = &read {
        assert_eq!(read.new_password, members.text("new_password"));
    }
    let weak = |read: &LoginBody| read.new_password.as_deref().map(second::password::strength) == Some(Strength::Weak);
    match second::body::login(&body.bytes, true).class {
        Class::Reject => assert!(
            !read.as_ref().is_ok_and(|read| !weak(read)),
            "a body that must be refused was read"
        ),
        Class::Accept => assert!(
            read.is_ok_and(|read| !weak(&read)),
            "a body that must be accepted was not"
        ),
        Class::Either => {}
    }
}

/// Bodies that create users: our reading is the slow one.
///
/// # Panics
/// When it is not.
pub fn users_body(input: &[u8]) {
    let bindings = FIXED.with(Clone::clone);
    let body = body(input, &bindings);
    let read = CreateUserBody::parse(&body.bytes);
    let Some(members) = same_reading(&body, &read, &[("username", true), ("password", true)]) else {
        return;
    };
    if let Ok(read) = &read {
        assert_eq!(Some(&read.username), members.text("username").as_ref());
        assert_eq!(Some(&read.password), members.text("password").as_ref());
    }
    if second::body::create(&body.bytes, true).0.class == Class::Accept {
        assert!(read.is_ok(), "a body that must be accepted was not");
    }
}

/// Bodies that ask for a registration code: our reading is the slow one, and keeps to the rule.
///
/// # Panics
/// When one of these does not hold.
pub fn account_body(input: &[u8]) {
    let bindings = FIXED.with(Clone::clone);
    let body = body(input, &bindings);
    let read = AccountBody::parse(&body.bytes, &AccountRule::documented());
    let known = [
        ("cc", true),
        ("phone_number", true),
        ("method", true),
        ("cert", true),
        ("pin", false),
    ];
    let Some(members) = same_reading(&body, &read, &known) else {
        return;
    };
    if let Ok(read) = &read {
        let texts = [
            ("cc", &read.cc),
            ("phone_number", &read.phone_number),
            ("cert", &read.cert),
        ];
        for (name, value) in texts {
            assert_eq!(Some(value), members.text(name).as_ref());
        }
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        assert!(digits(&read.cc) && digits(&read.phone_number) && read.pin.as_deref().is_none_or(digits));
        assert!(read.pin.as_ref().is_none_or(|pin| pin.len() == 6));
        assert!(!read.cert.is_empty());
        let _ = verified_name(&read.cert);
    }
    if second::body::account(&body.bytes, true).class == Class::Reject {
        let refused = read.as_ref().map_or(true, |read| verified_name(&read.cert).is_err());
        assert!(refused, "a body that must be refused was read");
    }
}

/// The password rule against the table of bytes; a legal character more keeps the classes.
///
/// # Panics
/// When they differ.
pub fn password(input: &[u8]) {
    let bindings = FIXED.with(Clone::clone);
    let password = PasswordInput::decode(input).password(&bindings);
    let rule = PasswordRule::documented();
    let taken = rule.check(&password).is_ok();
    let (strength, takes) = second::password::judged(&password);
    assert_eq!(taken, takes, "the rule and the table differ on {password:?}");
    match strength {
        Strength::Strong => assert!(taken, "{password:?} is strong"),
        Strength::Weak => assert!(!taken, "{password:?} is weak"),
        Strength::Open => {}
    }
    if taken && password.chars().count() < 64 {
        assert!(
            rule.check(&format!("{password}x")).is_ok(),
            "one character more breaks {password:?}"
        );
    }
}

/// Certificates: what was built is read, and any bytes are read or refused.
///
/// # Panics
/// When a name that was put in does not come out.
pub fn certificate(input: &[u8]) {
    let input = CertificateInput::decode(input);
    let read = verified_name(&input.value());
    if let Some(name) = input.name() {
        assert_eq!(read.as_ref().map(|read| read.name.as_str()), Ok(name));
    }
    if let Ok(read) = read {
        assert!(!read.name.is_empty());
    }
}

/// `expires_after`: what is read is written the same, and every moment is written so that it is read.
///
/// # Panics
/// When a round trip is none.
pub fn expires_after(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(read) = text.parse::<ExpiresAfter>()
    {
        assert_eq!(read.to_string(), text);
    }
    if let Some(seconds) = input.first_chunk::<8>()
        && let Ok(moment) = Timestamp::from_second(i64::from_le_bytes(*seconds) % 253_402_207_200)
    {
        let written = ExpiresAfter::new(moment);
        assert_eq!(written.to_string().parse(), Ok(written), "{written}");
    }
}

/// Scenario files: any text is read or refused with a place that is in it.
///
/// # Panics
/// When the place is not.
pub fn scenario_file(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let source = SourceText {
        file: "fuzz/x.toml",
        text: &text,
    };
    let lines = text.lines().count() + 1;
    if let Err(error) = crate::scenario::Scenario::parse("login/fuzz", source, &REGISTER.with(Clone::clone)) {
        assert!((1..=lines).contains(&error.line), "line {} of {lines}", error.line);
        assert!(!error.what.is_empty());
    }
}

thread_local! {
    static REGISTER: std::rc::Rc<Register> = std::rc::Rc::new(register());
    static ORACLES: Oracles = Oracles::of(&REGISTER.with(Clone::clone));
}

/// The register that is built in; a suite that cannot be read is another test's finding.
fn register() -> Register {
    let suite = crate::scenario::Suite::embedded();
    suite.map(|suite| suite.register).unwrap_or_default()
}

/// The judge on any answer: it is total, the same twice, and sees what a naive reading sees. The first two bytes are the
/// status, the text up to an empty line the fields, the rest the body.
///
/// # Panics
/// When it judges differently the second time, or not as the naive reading.
pub fn answer(input: &[u8]) {
    let [high, low, rest @ ..] = input else { return };
    let status = 200 + u16::from_be_bytes([*high, *low]) % 800;
    let end = rest.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((&b""[..], rest), |end| (&rest[..end], &rest[end + 2..]));
    let field = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some(Header::new(String::from_utf8_lossy(&line[..colon]), &line[colon + 1..]))
    };
    let exchange = Exchange {
        request: Request::Http(HttpRequest {
            method: "POST".to_owned(),
            target: "/v1/users/login".to_owned(),
            headers: vec![Header::new("Authorization", format!("Basic {SENT_CODE}"))],
            body: Some(format!(r#"{{"new_password":"{SENT_NEW_PASSWORD}"}}"#).into_bytes()),
        }),
        outcome: Outcome::Answered(Response {
            version: 1,
            status,
            reason: String::new(),
            headers: head.split(|byte| *byte == b'\n').filter_map(field).collect(),
            body: body.to_vec(),
            interim: Vec::new(),
            surplus: Vec::new(),
        }),
        at: Timestamp::UNIX_EPOCH,
        elapsed: std::time::Duration::ZERO,
        resent: false,
    };
    ORACLES.with(|oracles| {
        let judgement = oracles.judge("fuzz", &exchange);
        assert_eq!(judgement, oracles.judge("fuzz", &exchange));
        for finding in &judgement.findings {
            let shown = finding.observed().len() + finding.expected().len();
            assert!(
                !finding.mismatches.is_empty() && shown < 1 << 20,
                "{}",
                finding.requirement
            );
        }
        let Some(response) = exchange.response() else { return };
        for (requirement, broken) in naive(response) {
            let found = judgement
                .findings
                .iter()
                .any(|finding| finding.requirement == requirement);
            assert_eq!(
                found,
                broken.unwrap_or(found),
                "{requirement} on {}",
                response.body.escape_ascii()
            );
        }
    });
}

/// `admin:Sesame-123`, as the request that is judged sends it.
const SENT_CODE: &str = "YWRtaW46U2VzYW1lLTEyMw==";
const SENT_PASSWORD: &str = "Sesame-123";
const SENT_NEW_PASSWORD: &str = "Abcdef1!";

/// Which oracles an answer breaks, read off its bytes; `None` where bytes do not say.
fn naive(response: &Response) -> [(&'static str, Option<bool>); 6] {
    let lacks = |name: &str| {
        !response
            .headers
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case(name))
    };
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let anywhere = |text: &str| {
        holds(&response.body, text)
            || response
                .headers
                .iter()
                .any(|header| std::str::from_utf8(&header.value).is_ok_and(|value| value.contains(text)))
    };
    let echoed = [SENT_CODE, SENT_PASSWORD, SENT_NEW_PASSWORD].into_iter().any(anywhere);
    let crash = match response.status {
        ..500 => Some(false),
        // An excuse is a code in an object.
        _ if !holds(&response.body, "{") => Some(true),
        _ => None,
    };
    let bodiless = matches!(response.status, 204 | 304);
    let empty = response.body.is_empty() && response.status >= 300;
    let no_object = !(bodiless || empty || holds(&response.body, "{"));
    [
        (
            "envelope.challenge",
            Some(response.status == 401 && lacks("WWW-Authenticate")),
        ),
        ("envelope.allow", Some(response.status == 405 && lacks("Allow"))),
        ("envelope.no-secret-echoed", echoed.then_some(true)),
        ("envelope.no-crash", crash),
        ("envelope.json", no_object.then_some(true)),
        ("envelope.answered", Some(false)),
    ]
}

/// The reference model against the tracker; and a refusal leaves the whole state as it was.
///
/// # Panics
/// When an invariant does not hold.
pub fn session(input: &[u8]) {
    CLIENT.with_borrow_mut(|client| client.hold(input));
}

/// The same with a client of that behaviour.
///
/// # Panics
/// When an invariant does not hold.
pub fn session_of(behaviour: Behaviour, input: &[u8]) {
    Client::new(behaviour).hold(input);
}

const USERS: [&str; 3] = ["first1", "second2", "third3"];
const START: &str = "Start-Pw-1xyz";

thread_local! {
    static CLIENT: std::cell::RefCell<Client> = std::cell::RefCell::new(Client::new(Behaviour::default()));
}

/// The reference model with a clock and entropy that are the same for every input.
struct Client {
    model: Model,
    now: Timestamp,
    /// The admin's.
    token: String,
    /// How often entropy was drawn.
    drawn: Arc<AtomicU64>,
    /// Where every input begins: the users are there, and the admin is logged in.
    start: Moment,
    drawn_at_start: u64,
}

impl Client {
    fn new(behaviour: Behaviour) -> Client {
        let drawn = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&drawn);
        let entropy = move || {
            let mut bytes = [7; 32];
            bytes[..8].copy_from_slice(&count.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            Some(bytes)
        };
        let model = Model::with_entropy(Registration::Open, behaviour, Box::new(entropy));
        let mut client = Client {
            start: model.moment(),
            model,
            now: Timestamp::UNIX_EPOCH,
            token: String::new(),
            drawn,
            drawn_at_start: 0,
        };
        client.set_up();
        client.start = client.model.moment();
        client.drawn_at_start = client.drawn.load(Ordering::Relaxed);
        client
    }

    /// Holds a sequence to the invariants.
    fn hold(&mut self, input: &[u8]) {
        self.begin();
        let users = USERS.map(|user| (user, START));
        let mut tracker = Tracker::new(("admin", START, &self.token), users, true);
        let mut before = self.model.moment();
        for step in SessionInput::decode(input).steps {
            let planned = tracker.plan(step);
            let (status, token) = self.call(&planned.shaped);
            let breach = tracker.observe(&planned, status, token.as_deref());
            assert_eq!(breach, None, "{step:?}");
            if status < 400 {
                before = self.model.moment();
            } else {
                assert!(self.model.is_at(&before), "a refusal changed the state: {step:?}");
            }
            self.now += SignedDuration::from_secs(1);
        }
    }

    /// To where every input begins.
    fn begin(&mut self) {
        self.model.return_to(&self.start);
        self.drawn.store(self.drawn_at_start, Ordering::Relaxed);
        self.now = Timestamp::UNIX_EPOCH;
    }

    fn set_up(&mut self) {
        let first = BASIC_DEFAULT.as_bytes();
        let body = format!(r#"{{"new_password":"{START}"}}"#);
        let (_, token) = self.send("POST", "/v1/users/login", Some(first), body.as_bytes());
        self.token = token.unwrap_or_default();
        let bearer = format!("Bearer {}", self.token);
        for user in USERS {
            let body = format!(r#"{{"username":"{user}","password":"{START}"}}"#);
            self.send("POST", "/v1/users", Some(bearer.as_bytes()), body.as_bytes());
        }
    }

    fn call(&mut self, shaped: &super::grammar::Shaped) -> (u16, Option<String>) {
        let authorization = shaped.headers.iter().find(|header| header.name == "Authorization");
        let value = authorization.map(|header| header.value.as_slice());
        self.send(
            shaped.method,
            &shaped.path,
            value,
            shaped.body.as_deref().unwrap_or_default(),
        )
    }

    fn send(&mut self, method: &str, path: &str, authorization: Option<&[u8]>, body: &[u8]) -> (u16, Option<String>) {
        let call = Call {
            method,
            path,
            authorization: authorization.as_slice(),
            content_type: Some(b"application/json"),
            body,
        };
        let Answer { status, body, .. } = self.model.handle(&call, self.now);
        let token = match body {
            AnswerBody::Json(value) => value["users"][0]["token"].as_str().map(str::to_owned),
            _ => None,
        };
        (status, token)
    }
}

/// `admin:secret`
const BASIC_DEFAULT: &str = "Basic YWRtaW46c2VjcmV0";

/// The function that reads what a surface reads.
pub fn of(surface: Surface) -> Option<Check> {
    let name = surface.in_process()?;
    TARGETS
        .iter()
        .find(|(target, _)| *target == name)
        .map(|(_, function)| *function)
}
