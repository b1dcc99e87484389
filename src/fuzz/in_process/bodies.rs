//! JSON bodies: our reading against `serde_json` read the slow way.

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::documented::bodies::{AccountBody, AccountRule, BodyError, CreateUserBody, LoginBody, Method};
use crate::documented::certificate::verified_name;
use crate::fuzz::grammar::{BodyInput, Bulk, FIXED};
use crate::fuzz::independent::body;
use crate::fuzz::independent::password::{Strength, strength};
use crate::fuzz::{Class, Surface};

/// An input. What takes a megabyte on the wire is left to the wire.
fn decode(input: &[u8]) -> BodyInput<'_> {
    let mut input = BodyInput::decode(input);
    if input.is_large() {
        input.bulk = Bulk::Deep1000;
    }
    input
}

/// Reads the members of an object in order, duplicates included.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
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

/// A body read the slow way.
#[derive(Debug)]
enum Slowly<const N: usize> {
    /// Not JSON, or a known member appears twice.
    Malformed,
    NotAnObject,
    /// A required member is missing, or a known one is not a text.
    BadMembers,
    /// The texts of the known members.
    Texts([Option<String>; N]),
}

/// Reads a body. `known` are the members that count, with whether each is required.
fn slowly<const N: usize>(body: &[u8], known: [(&str, bool); N]) -> Slowly<N> {
    let Ok(text) = std::str::from_utf8(body) else { return Slowly::Malformed };
    if !body.trim_ascii_start().starts_with(b"{") {
        return serde_json::from_str::<IgnoredAny>(text).map_or(Slowly::Malformed, |_| Slowly::NotAnObject);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_map(Pairs).and_then(|pairs| json.end().map(|()| pairs));
    let Ok(pairs) = read else { return Slowly::Malformed };
    let values = known.map(|(name, _)| {
        let named = pairs.iter().filter(|(other, _)| other == name);
        named.map(|(_, value)| *value).collect::<Vec<_>>()
    });
    if values.iter().any(|values| values.len() > 1) {
        return Slowly::Malformed;
    }
    // `Value` cannot represent a lone surrogate: that is not text.
    let text = |value: &RawValue| Some(serde_json::from_str::<Value>(value.get()).ok()?.as_str()?.to_owned());
    let texts = values.each_ref().map(|values| values.first().and_then(|value| text(value)));
    let is_bad = |index: usize| texts[index].is_none() && (known[index].1 || !values[index].is_empty());
    if (0..N).any(is_bad) { Slowly::BadMembers } else { Slowly::Texts(texts) }
}

/// Compares a reading, as the texts of the known members, with the slow one.
fn same_reading<T, const N: usize>(
    input: &BodyInput<'_>,
    body: &[u8],
    read: &Result<T, BodyError>,
    texts: impl Fn(&T) -> [Option<String>; N],
    known: [(&str, bool); N],
) {
    // Names begin with it, and stand for secrets.
    if let (Err(error), true) = (read, input.text.contains(&b'$')) {
        let shown = error.to_string().contains(&*FIXED.user_password);
        assert!(!shown, "the error shows a value: {error}");
    }
    let slow = slowly(body, known);
    let read = read.as_ref().map(texts);
    let is_same = match (&slow, &read) {
        (Slowly::Malformed, Err(BodyError::Malformed(_))) | (Slowly::NotAnObject, Err(BodyError::NotAnObject)) => true,
        // A text may break a rule of its member.
        (Slowly::BadMembers | Slowly::Texts(_), Err(BodyError::Members(_))) => true,
        (Slowly::Texts(expected), Ok(texts)) => texts == expected,
        _ => false,
    };
    assert!(is_same, "{slow:?} was read as {read:?}");
}

/// Login bodies: our reading equals the slow one, and the reference client never takes a weak password.
pub fn login_body(input: &[u8]) {
    let input = decode(input);
    let body = input.body(&FIXED);
    let read = LoginBody::parse(&body);
    if body.is_empty() {
        assert_eq!(read, Ok(LoginBody::default()));
        return;
    }
    same_reading(&input, &body, &read, |read| [read.new_password.clone()], [("new_password", false)]);
    let weak = |read: &LoginBody| read.new_password.as_deref().map(strength) == Some(Strength::Weak);
    match body::login(&body, true).class {
        Class::Reject => assert!(!read.as_ref().is_ok_and(|read| !weak(read)), "a body that must be refused was read"),
        Class::Accept => assert!(read.is_ok_and(|read| !weak(&read)), "a body that must be accepted was not"),
        Class::Either => {}
    }
}

/// Bodies that create users: our reading equals the slow one.
pub fn users_body(input: &[u8]) {
    let input = decode(input);
    let body = input.body(&FIXED);
    let read = CreateUserBody::parse(&body);
    let texts = |read: &CreateUserBody| [&read.username, &read.password].map(|text| Some(text.clone()));
    same_reading(&input, &body, &read, texts, [("username", true), ("password", true)]);
    if body::create(&body, true).0.class == Class::Accept {
        assert!(read.is_ok(), "a body that must be accepted was not");
    }
}

/// Bodies that ask for a registration code: our reading equals the slow one, and follows the rule.
pub fn account_body(input: &[u8]) {
    let input = decode(input);
    let body = input.body(&FIXED);
    let read = AccountBody::parse(&body, &AccountRule::documented());
    let texts = |read: &AccountBody| {
        let AccountBody { cc, phone_number, method, cert, pin } = read.clone();
        let method = if method == Method::Sms { "sms" } else { "voice" };
        [Some(cc), Some(phone_number), Some(method.to_owned()), Some(cert), pin]
    };
    let known = [("cc", true), ("phone_number", true), ("method", true), ("cert", true), ("pin", false)];
    same_reading(&input, &body, &read, texts, known);
    if let Ok(read) = &read {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        assert!(digits(&read.cc) && digits(&read.phone_number) && read.pin.as_deref().is_none_or(digits));
        assert!(read.pin.as_ref().is_none_or(|pin| pin.len() == 6));
        assert!(!read.cert.is_empty());
        let _ = verified_name(&read.cert);
    }
    if body::of_texts(Surface::AccountBody, &body, true).class == Class::Reject {
        let refused = read.as_ref().map_or(true, |read| verified_name(&read.cert).is_err());
        assert!(refused, "a body that must be refused was read");
    }
}
