//! JSON bodies: our reading against `serde_json` read the slow way.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
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

/// The members of an object in order, duplicates included.
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
    fn values<'m>(&'m self, name: &str) -> impl Iterator<Item = &'m RawValue> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| *value)
    }

    /// The text of one known member. `Value` cannot represent a lone surrogate: that is no text.
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
    let Ok(text) = std::str::from_utf8(body) else { return Slowly::NoJson };
    if body.trim_ascii_start().starts_with(b"{") {
        return serde_json::from_str(text).map_or(Slowly::NoJson, Slowly::Object);
    }
    serde_json::from_str::<IgnoredAny>(text).map_or(Slowly::NoJson, |_| Slowly::NoObject)
}

/// Compares a reading with the slow one, and gives the texts of the latter, if it has any. `known` are the members that
/// count, with whether each is required.
fn same_reading<T, const N: usize>(
    input: &BodyInput<'_>,
    body: &[u8],
    read: &Result<T, BodyError>,
    known: [(&str, bool); N],
) -> Option<[Option<String>; N]> {
    // Names begin with it, and stand for secrets.
    if let (Err(error), true) = (read, input.text.contains(&b'$')) {
        let shown = error.to_string().contains(&*FIXED.user_password);
        assert!(!shown, "the error shows a value: {error}");
    }
    let (is_same, what, texts) = match slowly(body) {
        Slowly::NoJson => (matches!(read, Err(BodyError::Malformed(_))), "no JSON was", None),
        Slowly::NoObject => (matches!(read, Err(BodyError::NotAnObject)), "no object was", None),
        Slowly::Object(members) if known.iter().any(|(name, _)| members.values(name).nth(1).is_some()) => {
            (matches!(read, Err(BodyError::Malformed(_))), "a doubled member was", None)
        }
        Slowly::Object(members) => {
            let texts = known.map(|(name, _)| members.text(name));
            let fits = |((name, required), text): (&(&str, bool), &Option<String>)| {
                text.is_some() || (!required && members.values(name).next().is_none())
            };
            match known.iter().zip(&texts).all(fits) {
                true => (matches!(read, Ok(_) | Err(BodyError::Members(_))), "good members were", Some(texts)),
                false => (matches!(read, Err(BodyError::Members(_))), "bad members were", Some(texts)),
            }
        }
    };
    let kind = || read.as_ref().err().map_or("a body".to_owned(), ToString::to_string);
    assert!(is_same, "{what} read as {}", kind());
    texts
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
    // The documents say nothing more about anything but an object without duplicate members.
    let Some([new_password]) = same_reading(&input, &body, &read, [("new_password", false)]) else { return };
    if let Ok(read) = &read {
        assert_eq!(read.new_password, new_password);
    }
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
    let known = [("username", true), ("password", true)];
    let Some([username, password]) = same_reading(&input, &body, &read, known) else { return };
    if let Ok(read) = &read {
        assert_eq!(Some(&read.username), username.as_ref());
        assert_eq!(Some(&read.password), password.as_ref());
    }
    if body::create(&body, true).0.class == Class::Accept {
        assert!(read.is_ok(), "a body that must be accepted was not");
    }
}

/// Bodies that ask for a registration code: our reading equals the slow one, and follows the rule.
pub fn account_body(input: &[u8]) {
    let input = decode(input);
    let body = input.body(&FIXED);
    let read = AccountBody::parse(&body, &AccountRule::documented());
    let known = [("cc", true), ("phone_number", true), ("method", true), ("cert", true), ("pin", false)];
    let Some([cc, phone_number, method, cert, pin]) = same_reading(&input, &body, &read, known) else { return };
    if let Ok(read) = &read {
        assert_eq!(
            [&read.cc, &read.phone_number, &read.cert].map(Some),
            [&cc, &phone_number, &cert].map(Option::as_ref)
        );
        assert_eq!(read.pin, pin);
        let named = if read.method == Method::Sms { "sms" } else { "voice" };
        assert_eq!(Some(named), method.as_deref());
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
