//! What a JSON body says, and what the documents want of a request with it.

use super::password::{Strength, strength};
use crate::exchange::{Json, JsonError};
use crate::fuzz::Class;

/// A body, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What the documents want.
    pub class: Class,
    /// What kind of thing was sent: the place in the grammar.
    pub place: &'static str,
    /// Nothing beside plain members of the documented types stands in it.
    pub canonical: bool,
    json: Result<Json, JsonError>,
}

impl Reading {
    /// Texts that some reader might take for a password in this body, which was read so.
    pub fn candidates(&self, body: &[u8]) -> Vec<String> {
        texts(body, &self.json)
    }

    /// The value in it, where it is JSON.
    pub fn json(&self) -> Option<&Json> {
        self.json.as_ref().ok()
    }
}

/// Whether a login's body may hold a password at all, however it is read.
pub fn mentions_password(body: &[u8]) -> bool {
    body.contains(&b'\\') || body.windows(4).any(|window| window.eq_ignore_ascii_case(b"pass"))
}

/// The place of a body in which an object has two members of one name.
const TWICE: &str = "duplicate member";

/// The kind of a body, by its outermost value.
fn place(body: &[u8], json: &Result<Json, JsonError>) -> &'static str {
    match json {
        _ if body.is_empty() => "empty",
        Ok(json) if json.duplicate().is_some() => TWICE,
        Ok(Json::Object(_)) => "object",
        Ok(Json::Array(_)) => "array",
        Ok(Json::Null) => "null",
        Ok(Json::String(_)) => "string",
        Ok(Json::Number(_)) => "number",
        Ok(Json::Bool(_)) => "boolean",
        Err(JsonError::NotUtf8(_)) => "not UTF-8",
        Err(JsonError::TooDeep) => "deep",
        // Good JSON, but no text (RFC 8259 §8.2): what becomes of it is open.
        Err(JsonError::Syntax(_)) if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => "lone surrogate",
        Err(JsonError::Syntax(_)) => "malformed",
    }
}

/// Every text in the body: those of its strings, and, where it is no JSON, whatever stands between quotes.
fn texts(body: &[u8], json: &Result<Json, JsonError>) -> Vec<String> {
    fn gather(json: &Json, texts: &mut Vec<String>) {
        match json {
            Json::String(text) | Json::Number(text) => texts.push(text.clone()),
            Json::Bool(value) => texts.push(value.to_string()),
            Json::Array(items) => {
                texts.push("Array".to_owned());
                items.iter().for_each(|item| gather(item, texts));
            }
            Json::Object(members) => members.iter().for_each(|(_, value)| gather(value, texts)),
            Json::Null => {}
        }
    }
    let mut found = Vec::new();
    match json {
        Ok(json) => gather(json, &mut found),
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            let parts = text.split(['"', '\'', '=', ':', '&']).map(str::trim);
            found.extend(parts.filter(|part| part.len() >= 4 && part.len() <= 256).map(str::to_owned));
        }
    }
    found.sort();
    found.dedup();
    // A handful is all that a request of people holds; thousands are an attack on this list.
    found.truncate(8);
    found
}

/// The members of that name in an object.
fn named<'j>(json: &'j Json, name: &str) -> impl Iterator<Item = &'j Json> {
    let members = json.as_object().unwrap_or_default().iter();
    members.filter(move |(known, _)| known == name).map(|(_, value)| value)
}

/// A login with right credentials.
pub fn login(body: &[u8], labelled: bool) -> Reading {
    let json = Json::parse(body);
    let place = place(body, &json);
    let (class, canonical) = login_class(body, &json, place, labelled);
    Reading { class, place, canonical, json }
}

fn login_class(body: &[u8], json: &Result<Json, JsonError>, place: &str, labelled: bool) -> (Class, bool) {
    let Ok(object @ Json::Object(members)) = json else {
        return match body.is_empty() {
            true => (Class::Accept, true),
            false => (Class::Either, false),
        };
    };
    if place == TWICE || !labelled {
        return (Class::Either, false);
    }
    let canonical = members.iter().all(|(name, _)| name == "new_password");
    match named(object, "new_password").next() {
        None => (Class::Accept, canonical),
        Some(Json::String(password)) => match strength(password) {
            Strength::Strong => (Class::Accept, false),
            Strength::Weak => (Class::Reject, canonical),
            Strength::Open => (Class::Either, false),
        },
        Some(_) => (Class::Either, false),
    }
}

/// The creation of a user by the admin: the reading and, where they are sure, the name and the password.
pub fn create(body: &[u8], labelled: bool) -> (Reading, Option<(String, String)>) {
    let json = Json::parse(body);
    let place = place(body, &json);
    let (class, canonical, sure) = create_class(body, &json, place, labelled);
    let sure = sure.map(|(name, password)| (name.to_owned(), password.to_owned()));
    let reading = Reading { class, place, canonical, json };
    (reading, sure)
}

fn create_class<'j>(
    body: &[u8],
    json: &'j Result<Json, JsonError>,
    place: &str,
    labelled: bool,
) -> (Class, bool, Option<(&'j str, &'j str)>) {
    let Ok(object @ Json::Object(_)) = json else {
        let sure = json.is_ok() || body.is_empty();
        return (if sure { Class::Reject } else { Class::Either }, sure, None);
    };
    if place == TWICE || !labelled {
        return (Class::Either, false, None);
    }
    let (name, password) = (named(object, "username").next(), named(object, "password").next());
    let (Some(Json::String(name)), Some(Json::String(password))) = (name, password) else {
        let number = |value: Option<&Json>| matches!(value, Some(Json::Number(_) | Json::Bool(_)));
        let open = number(name) || number(password);
        return (if open { Class::Either } else { Class::Reject }, !open, None);
    };
    let harmless = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let plain = name.bytes().all(harmless) && !["admin", "login", "logout"].contains(&name.as_str());
    let length_is_wrong = name.is_ascii() && !(4..=32).contains(&name.len());
    let class = match strength(password) {
        _ if length_is_wrong => Class::Reject,
        // The classes are a should here, so a weak one that is accepted is judged by its own requirement.
        Strength::Weak => Class::Reject,
        Strength::Strong if plain => Class::Accept,
        _ => Class::Either,
    };
    (class, true, Some((name, password)))
}

/// A request for a registration code by the admin.
pub fn account(body: &[u8], labelled: bool) -> Reading {
    let json = Json::parse(body);
    let place = place(body, &json);
    Reading { class: account_class(body, &json, place, labelled), place, canonical: true, json }
}

fn account_class(body: &[u8], json: &Result<Json, JsonError>, place: &str, labelled: bool) -> Class {
    let Ok(object @ Json::Object(_)) = json else {
        return if json.is_ok() || body.is_empty() { Class::Reject } else { Class::Either };
    };
    if place == TWICE || !labelled {
        return Class::Either;
    }
    let required = ["cc", "phone_number", "method", "cert"].map(|name| named(object, name).next());
    if required.iter().any(|value| matches!(value, None | Some(Json::Null | Json::Array(_) | Json::Object(_)))) {
        return Class::Reject;
    }
    let texts = required.map(|value| value.and_then(Json::as_str).unwrap_or("?"));
    let [cc, number, method, cert] = texts;
    if cc == "?" || number == "?" || method == "?" || cert == "?" {
        return Class::Either;
    }
    let lettered = |text: &str| text.is_empty() || text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let certainly_wrong = lettered(cc)
        || lettered(number)
        || !["sms", "voice"].contains(&method.trim().to_ascii_lowercase().trim_end_matches('\0'));
    if certainly_wrong || cert.contains('!') { Class::Reject } else { Class::Either }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins() {
        for (body, class, place) in [
            ("", Class::Accept, "empty"),
            ("{}", Class::Accept, "object"),
            (r#"{"x":1}"#, Class::Accept, "object"),
            (r#"{"new_password":"Abcdef1!"}"#, Class::Accept, "object"),
            (r#"{"new_password":"abcdefgh"}"#, Class::Reject, "object"),
            (r#"{"new_password":"abcdefgh","new_password":"Abcdef1!"}"#, Class::Either, "duplicate member"),
            (r#"{"new_password":null}"#, Class::Either, "object"),
            ("[]", Class::Either, "array"),
            ("{", Class::Either, "malformed"),
        ] {
            let reading = login(body.as_bytes(), true);
            assert_eq!((reading.class, reading.place), (class, place), "{body}");
        }
        let body = br#"{"new_password":"abcdefgh","new_password":"Abcdef1!"}"#;
        let twice = login(body, true);
        assert_eq!(twice.candidates(body), ["Abcdef1!", "abcdefgh"]);
    }

    #[test]
    fn creations() {
        for (body, class) in [
            (r#"{"username":"name","password":"Abcdef1!"}"#, Class::Accept),
            (r#"{"username":"abc","password":"Abcdef1!"}"#, Class::Reject),
            (r#"{"username":"name","password":"abcdefgh"}"#, Class::Reject),
            (r#"{"username":"name"}"#, Class::Reject),
            (r#"{"username":"na me","password":"Abcdef1!"}"#, Class::Either),
            ("[]", Class::Reject),
            ("{", Class::Either),
        ] {
            assert_eq!(create(body.as_bytes(), true).0.class, class, "{body}");
        }
    }
}
