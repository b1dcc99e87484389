//! What the targets of `cargo fuzz` assert. Each function takes one input and panics if its equation is violated.
//!
//! The targets are nothing but a call; so the committed corpora are replayed through the same functions by an ordinary
//! test, and a crash is looked at without libFuzzer.

mod answer;
mod bodies;
mod session;

use jiff::Timestamp;

use super::Surface;
use super::grammar::{BasicInput, CertificateInput, FIXED, PasswordInput, Size};
use super::independent::authorization::{may_mean, strict};
use super::independent::password::{Strength, Tally};
use crate::documented::basic;
use crate::documented::certificate::verified_name;
use crate::documented::password::PasswordRule;
use crate::documented::token::ExpiresAfter;
use crate::judge::Oracles;
use crate::located::SourceText;
use crate::requirement::Register;
use crate::scenario::{Scenario, Suite};

pub use answer::answer;
pub use bodies::{account_body, login_body, users_body};
pub use session::{session, session_of};

/// Takes one input and panics if the equation is violated.
pub type Target = fn(&[u8]);

macro_rules! targets {
    ($($name:ident),*) => { [$((stringify!($name), $name)),*] };
}

/// The functions by the names of their targets.
pub const TARGETS: [(&str, Target); 10] = targets![
    basic_auth,
    login_body,
    users_body,
    account_body,
    password,
    certificate,
    expires_after,
    scenario_file,
    answer,
    session
];

/// Basic credentials: our reading equals the naive one, inverts rendering, and is one that a lenient decoder may have.
pub fn basic_auth(input: &[u8]) {
    let mut input = BasicInput::decode(input);
    if input.is_large() {
        // For a parser more than 255 characters are long; a kilobyte would take the time of ten other inputs.
        let length = input.text.len() + LONG;
        input.text.to_mut().resize(length, b'x');
    }
    input.size = Size::Plain;
    let value = input.value(&FIXED);
    let read = basic::parse(&value);
    let naive = strict(&value);
    let Ok(read) = read else {
        assert!(naive.is_err(), "only the naive parser reads {}", value.escape_ascii());
        return;
    };
    let same = naive.is_ok_and(|(user, password)| user == read.username && password == read.password);
    assert!(same, "{} was read as {read:?}", value.escape_ascii());
    let rendered = basic::render(&read);
    // Most values are exactly what rendering gives, and reading that again would show nothing new.
    if rendered.as_bytes() != value {
        let again = basic::parse(rendered.as_bytes());
        assert_eq!(again.as_ref(), Ok(&read), "reading is not the inverse of rendering");
    }
    let is_found = may_mean(&value, &[(&read.username, &read.password)]);
    assert!(is_found, "no lenient decoder finds what the strict one did");
}

/// How many bytes a long text is extended by: 256 characters of base64.
const LONG: usize = 192;

/// The password rule against the table of bytes; a legal character more keeps the classes.
pub fn password(input: &[u8]) {
    let input = PasswordInput::decode(input);
    let password = input.password(&FIXED);
    const RULE: PasswordRule = PasswordRule::documented();
    let taken = RULE.check(&password).is_ok();
    let tally = Tally::of(&password);
    assert_eq!(taken, tally.reference_takes(), "the rule and the table differ on {password:?}");
    match tally.strength() {
        Strength::Strong => assert!(taken, "{password:?} is strong"),
        Strength::Weak => assert!(!taken, "{password:?} is weak"),
        Strength::Open => {}
    }
    if taken && password.chars().count() < 64 {
        let longer = [&*password, "x"].concat();
        assert!(RULE.check(&longer).is_ok(), "one character more breaks {password:?}");
    }
}

/// Certificates: what was built can be read, and any bytes are read or refused.
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
pub fn scenario_file(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let source = SourceText { file: "fuzz/x.toml", text: &text };
    let lines = text.lines().count() + 1;
    if let Err(error) = Scenario::parse("login/fuzz", source, &REGISTER.with(Clone::clone)) {
        assert!((1..=lines).contains(&error.line), "line {} of {lines}", error.line);
        assert!(!error.what.is_empty());
    }
}

thread_local! {
    // A suite that cannot be read is another test's finding.
    static REGISTER: std::rc::Rc<Register> =
        std::rc::Rc::new(Suite::embedded().map(|suite| suite.register).unwrap_or_default());
    static ORACLES: Oracles = Oracles::of(&REGISTER.with(Clone::clone));
}

/// The function that reads what a surface reads, if there is one.
pub fn of(surface: Surface) -> Option<Target> {
    let name = surface.name().replace('-', "_");
    TARGETS.iter().find(|(target, _)| *target == name).map(|(_, function)| *function)
}
