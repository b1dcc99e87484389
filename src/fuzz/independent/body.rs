//! What a JSON body says, and what the documents want of a request with it.

use super::password::{Strength, strength};
use crate::exchange::{Json, JsonError};
use crate::fuzz::{Class, Place, Surface};

pub struct Reading<'b> {
    pub class: Class,
    pub place: Place,
    /// It contains nothing but plain members of the documented types.
    pub canonical: bool,
    /// Where it must be refused and is a request of the admin: the requirement that a success breaks.
    pub breaks: &'static str,
    body: &'b [u8],
    json: Result<Json, JsonError>,
}

impl<'b> Reading<'b> {
    fn of(body: &'b [u8]) -> Reading<'b> {
        let json = Json::parse(body);
        Reading { class: Class::Either, place: place(body, &json), canonical: false, breaks: "", body, json }
    }

    fn classified(self, (class, canonical): (Class, bool)) -> Reading<'b> {
        Reading { class, canonical, ..self }
    }

    pub fn json(&self) -> Option<&Json> {
        self.json.as_ref().ok()
    }

    /// The object in it, where a server has no excuse for reading it in another way.
    fn object(&self, labelled: bool) -> Option<&Json> {
        let is_plain = labelled && self.place == Place::Object;
        self.json().filter(|_| is_plain)
    }

    /// The class of a body that is not a plain object where one is needed.
    fn without_object(&self) -> (Class, bool) {
        let certainly_none = self.place == Place::Empty || self.json().is_some_and(|json| json.as_object().is_none());
        (if certainly_none { Class::Reject } else { Class::Either }, certainly_none)
    }

    /// Every text in the body that some reader might take for a password: those of its strings, and, where it is not JSON,
    /// whatever is between quotes.
    pub fn candidates(&self) -> Vec<String> {
        let mut found = Vec::new();
        match &self.json {
            Ok(json) => json.each(&mut |_, value| match value {
                Json::String(text) | Json::Number(text) => found.push(text.clone()),
                Json::Bool(value) => found.push(value.to_string()),
                Json::Array(_) => found.push("Array".to_owned()),
                Json::Object(_) | Json::Null => {}
            }),
            Err(_) => {
                let text = String::from_utf8_lossy(self.body);
                let parts = text.split(['"', '\'', '=', ':', '&']).map(str::trim);
                found.extend(parts.filter(|part| part.len() >= 4 && part.len() <= 256).map(str::to_owned));
            }
        }
        found.sort();
        found.dedup();
        // An ordinary request has a handful; thousands are an attack on this list.
        found.truncate(8);
        found
    }
}

/// Whether a login's body may contain a password at all, however it is read.
pub fn mentions_password(body: &[u8]) -> bool {
    body.contains(&b'\\') || body.windows(4).any(|window| window.eq_ignore_ascii_case(b"pass"))
}

/// Whether some language takes it for nothing but blanks.
fn is_blank(body: &[u8]) -> bool {
    let is_trimmed = |c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}' | '\u{feff}');
    let latin = || body.iter().all(|byte| is_trimmed(char::from(*byte)));
    latin() || std::str::from_utf8(body).is_ok_and(|text| text.chars().all(is_trimmed))
}

fn place(body: &[u8], json: &Result<Json, JsonError>) -> Place {
    match json {
        _ if is_blank(body) => Place::Empty,
        Ok(json) if json.duplicate().is_some() => Place::DuplicateMember,
        Ok(Json::Object(_)) => Place::Object,
        Ok(Json::Array(_)) => Place::Array,
        Ok(Json::Null) => Place::Null,
        Ok(Json::String(_)) => Place::String,
        Ok(Json::Number(_)) => Place::Number,
        Ok(Json::Bool(_)) => Place::Boolean,
        // A reader may ignore it (RFC 8259 §8.1).
        Err(_) if body.starts_with("\u{feff}".as_bytes()) => Place::ByteOrderMark,
        Err(JsonError::NotUtf8(_)) => Place::NotUtf8,
        Err(JsonError::TooDeep) => Place::Deep,
        // Good JSON, but not text (RFC 8259 §8.2): what a server does with it is open.
        Err(JsonError::Syntax(_)) if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => {
            Place::LoneSurrogate
        }
        Err(JsonError::Syntax(_)) => Place::Malformed,
    }
}

fn member<'j>(object: &'j Json, name: &str) -> Option<&'j Json> {
    object.as_object()?.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// No server has an excuse for refusing good bodies of up to so many bytes.
const LONG: usize = 5000;

/// A login with right credentials.
pub fn login(body: &[u8], labelled: bool) -> Reading<'_> {
    let reading = Reading::of(body);
    let Some(object) = reading.object(labelled) else {
        // Blanks are no JSON, and no text either.
        return reading.classified((if body.is_empty() { Class::Accept } else { Class::Either }, body.is_empty()));
    };
    let canonical = object.as_object().is_some_and(|members| members.iter().all(|(name, _)| name == "new_password"));
    let accept = if canonical { Class::Accept } else { Class::Either };
    let class = match member(object, "new_password") {
        // A parser may limit the size of what it reads (RFC 8259, section 9).
        None if body.len() > LONG => (Class::Either, false),
        None => (accept, canonical),
        Some(Json::String(password)) => match strength(password) {
            Strength::Strong => (accept, false),
            Strength::Weak => (Class::Reject, canonical),
            Strength::Open => (Class::Either, false),
        },
        Some(_) => (Class::Either, false),
    };
    reading.classified(class)
}

/// The creation of a user by the admin: the reading and, where they are sure, the name and the password.
pub fn create(body: &[u8], labelled: bool) -> (Reading<'_>, Option<(String, String)>) {
    let reading = Reading::of(body);
    let Some(object) = reading.object(labelled) else {
        let class = reading.without_object();
        return (reading.classified(class), None);
    };
    let (name, password) = (member(object, "username"), member(object, "password"));
    let (Some(Json::String(name)), Some(Json::String(password))) = (name, password) else {
        let number = |value: Option<&Json>| matches!(value, Some(Json::Number(_) | Json::Bool(_)));
        let open = number(name) || number(password);
        return (reading.classified((if open { Class::Either } else { Class::Reject }, !open)), None);
    };
    let harmless = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let plain = name.bytes().all(harmless) && !["admin", "login", "logout"].contains(&name.as_str());
    let length_is_wrong = name.is_ascii() && !(4..=32).contains(&name.len());
    let known = ["username", "password"];
    // An unknown member may be refused.
    let plain =
        plain && object.as_object().is_some_and(|members| members.iter().all(|(name, _)| known.contains(&&**name)));
    let class = match strength(password) {
        _ if length_is_wrong => Class::Reject,
        // The classes are a should here, so a weak one that is accepted is judged by its own requirement.
        Strength::Weak => Class::Reject,
        Strength::Strong if plain => Class::Accept,
        _ => Class::Either,
    };
    let sure = (name.clone(), password.clone());
    (reading.classified((class, true)), Some(sure))
}

/// The update of a user: the reading, and the password where there is one.
pub fn update(body: &[u8], labelled: bool) -> (Reading<'_>, Option<String>) {
    let reading = Reading::of(body);
    let Some(object) = reading.object(labelled) else {
        let class = reading.without_object();
        return (reading.classified(class), None);
    };
    let is_named = object.as_object().is_some_and(|members| members.iter().all(|(name, _)| name == "password"));
    let (class, password) = match member(object, "password") {
        Some(Json::String(password)) => {
            let class = match strength(password) {
                Strength::Weak => Class::Reject,
                Strength::Strong if is_named => Class::Accept,
                _ => Class::Either,
            };
            (class, Some(password.clone()))
        }
        Some(Json::Number(_) | Json::Bool(_)) => (Class::Either, None),
        // Some readers compare names without case.
        None if mentions_password(body) => (Class::Either, None),
        None | Some(_) => (Class::Reject, None),
    };
    (reading.classified((class, true)), password)
}

/// A request of the admin whose members must all be texts.
pub fn of_texts(surface: Surface, body: &[u8], labelled: bool) -> Reading<'_> {
    let reading = Reading::of(body);
    let (class, breaks) = match (surface, reading.object(labelled)) {
        (Surface::AccountBody, Some(object)) => account(object),
        (Surface::AccountBody, None) => (reading.without_object().0, "account.required.refused"),
        (Surface::TwoStepBody, Some(object)) => (pin(object), "account.two-step.form"),
        (Surface::TwoStepBody, None) => (reading.without_object().0, "account.two-step.form"),
        _ => (Class::Either, ""),
    };
    Reading { breaks, ..reading.classified((class, true)) }
}

fn pin(object: &Json) -> Class {
    match member(object, "pin") {
        None | Some(Json::Null | Json::Array(_) | Json::Object(_)) => Class::Reject,
        Some(Json::String(pin)) if pin.is_empty() => Class::Reject,
        Some(Json::String(pin)) if pin.bytes().any(|byte| byte.is_ascii_alphabetic()) => Class::Reject,
        Some(Json::String(pin)) if pin.len() != 6 && pin.bytes().all(|byte| byte.is_ascii_digit()) => Class::Reject,
        _ => Class::Either,
    }
}

fn account(object: &Json) -> (Class, &'static str) {
    let required = ["cc", "phone_number", "method", "cert"].map(|name| member(object, name));
    if required.iter().any(Option::is_none) {
        return (Class::Reject, "account.required.refused");
    }
    if required.iter().any(|value| matches!(value, Some(Json::Null | Json::Array(_) | Json::Object(_)))) {
        return (Class::Reject, "account.value.not-text");
    }
    let [Some(cc), Some(number), Some(exact), Some(cert)] = required.map(|value| value.and_then(Json::as_str)) else {
        return (Class::Either, "");
    };
    let lettered = |text: &str| text.is_empty() || text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let method = exact.trim().to_ascii_lowercase();
    let methods = ["sms", "voice"];
    let certainly_wrong =
        lettered(cc) || lettered(number) || !methods.contains(&method.trim_end_matches('\0')) || cert.contains('!');
    let breaks = match certainly_wrong {
        false => return (Class::Either, ""),
        true if !methods.contains(&exact) => "account.method.refused",
        true if cert.contains('!') => "account.cert.not-base64",
        true => "account.number.refused",
    };
    (Class::Reject, breaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        use Surface::{AccountBody, LoginBody, UsersBody};
        for (surface, body, class, place, breaks) in [
            (LoginBody, "", Class::Accept, Place::Empty, ""),
            (LoginBody, "{}", Class::Accept, Place::Object, ""),
            (LoginBody, r#"{"x":1}"#, Class::Either, Place::Object, ""),
            (LoginBody, " \n\u{b}", Class::Either, Place::Empty, ""),
            (LoginBody, "\u{feff}", Class::Either, Place::Empty, ""),
            (LoginBody, "\u{feff}{}", Class::Either, Place::ByteOrderMark, ""),
            (LoginBody, r#"{"new_password":"Abcdef1!\ud800"}"#, Class::Either, Place::LoneSurrogate, ""),
            (LoginBody, r#"{"new_password":"Abcdef1!"}"#, Class::Accept, Place::Object, ""),
            (LoginBody, r#"{"new_password":"abcdefgh"}"#, Class::Reject, Place::Object, ""),
            (LoginBody, r#"{"new_password":"a","new_password":"b"}"#, Class::Either, Place::DuplicateMember, ""),
            (LoginBody, r#"{"new_password":null}"#, Class::Either, Place::Object, ""),
            (LoginBody, "[]", Class::Either, Place::Array, ""),
            (LoginBody, "{", Class::Either, Place::Malformed, ""),
            (UsersBody, r#"{"username":"name","password":"Abcdef1!"}"#, Class::Accept, Place::Object, ""),
            (UsersBody, r#"{"username":"name","password":"Abcdef1!","x":1}"#, Class::Either, Place::Object, ""),
            (UsersBody, r#"{"username":"abc","password":"Abcdef1!"}"#, Class::Reject, Place::Object, ""),
            (UsersBody, r#"{"username":"name","password":"abcdefgh"}"#, Class::Reject, Place::Object, ""),
            (UsersBody, r#"{"username":"name"}"#, Class::Reject, Place::Object, ""),
            (UsersBody, r#"{"username":"na me","password":"Abcdef1!"}"#, Class::Either, Place::Object, ""),
            (UsersBody, "[]", Class::Reject, Place::Array, ""),
            (UsersBody, "{", Class::Either, Place::Malformed, ""),
            (AccountBody, "[]", Class::Reject, Place::Array, "account.required.refused"),
            (AccountBody, r#"{"cc":"1"}"#, Class::Reject, Place::Object, "account.required.refused"),
        ] {
            let reading = match surface {
                LoginBody => login(body.as_bytes(), true),
                UsersBody => create(body.as_bytes(), true).0,
                _ => of_texts(surface, body.as_bytes(), true),
            };
            assert_eq!((reading.class, reading.place, reading.breaks), (class, place, breaks), "{surface} {body}");
        }
        let twice = login(br#"{"new_password":"abcdefgh","new_password":"Abcdef1!"}"#, true);
        assert_eq!(twice.candidates(), ["Abcdef1!", "abcdefgh"]);
    }

    #[test]
    fn registrations() {
        for (cc, method, cert, class, breaks) in [
            (r#""1""#, "sms", "AA==", Class::Either, ""),
            ("1", "sms", "AA==", Class::Either, ""),
            ("null", "sms", "AA==", Class::Reject, "account.value.not-text"),
            (r#""x""#, "sms", "AA==", Class::Reject, "account.number.refused"),
            (r#""1""#, "SMS", "AA==", Class::Either, ""),
            (r#""1""#, "post", "AA==", Class::Reject, "account.method.refused"),
            (r#""1""#, "sms", "A!", Class::Reject, "account.cert.not-base64"),
        ] {
            let body = format!(r#"{{"cc":{cc},"phone_number":"2","method":"{method}","cert":"{cert}"}}"#);
            let reading = of_texts(Surface::AccountBody, body.as_bytes(), true);
            assert_eq!((reading.class, reading.breaks), (class, breaks), "{body}");
        }
    }
}
