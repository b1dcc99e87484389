//! Bodies of requests as careless readers take them, where no data can say how.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Edit::{self, Amend, Body};
use super::in_room;
use crate::behaviour::body::{amended, text_of as text};
use crate::call::Call;
use crate::documented::api::Operation::{self, CreateUser, LogIn, Register, UpdateUser};
use crate::documented::basic;
use crate::documented::bodies::{BodyError, Invalid, MemberError, UsernameRule};
use crate::documented::password::PasswordRule;

pub(super) const EDITS: &[Edit] = &[
    Amend("account.method.any-case", Register, |members| {
        change_text(members, "method", |method| method.trim().to_lowercase());
    }),
    Amend("account.number.letters", Register, |members| {
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        for name in ["cc", "phone_number"] {
            change_text(members, name, |text| if plain(text) { "1".to_owned() } else { text.to_owned() });
        }
    }),
    Amend("account.number.cleaned", Register, |members| {
        for name in ["cc", "phone_number"] {
            change_text(members, name, |text| text.replace(['+', ' ', '-', '(', ')', '.'], ""));
        }
    }),
    Amend("users.create.password-hashed-twice", CreateUser, |members| {
        change_text(members, "password", |password| format!("{password}\u{2060}"));
    }),
    Body("users.create.password-from-anything", |call| match serde_json::from_slice(call.body) {
        _ if !is_at(call, CreateUser) => Ok(Cow::Borrowed(call.body)),
        Ok(Value::Array(items)) => Ok(items.first().map(Value::to_string).unwrap_or_default().into_bytes().into()),
        _ => Ok(amended(call.body, |members| stringify(members, |value| !value.is_string())).into()),
    }),
    Amend("login.first.null-passes-for-a-password", LogIn, |members| {
        members.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    }),
    Body("login.first.refused-value-stored-as-text", |call| match text(call.body, "new_password") {
        _ if !is_at(call, LogIn) => Ok(Cow::Borrowed(call.body)),
        // Texts are judged where they are read, so that only what is not a text is refused later.
        Some(new) if PasswordRule::documented().check(&new).is_err() => {
            Err(BodyError::Members(vec![MemberError::Invalid("new_password", Invalid::Weak)]))
        }
        _ => Ok(amended(call.body, |members| stringify(members, |value| value.is_u64() || value.is_boolean())).into()),
    }),
    Amend("login.first.member-in-any-spelling", LogIn, |members| {
        let spelt = |name: String| match name.replace('_', "").to_ascii_lowercase().as_str() {
            "newpassword" => "new_password".to_owned(),
            _ => name,
        };
        *members = std::mem::take(members).into_iter().map(|(name, value)| (spelt(name), value)).collect();
    }),
    Body("login.body.no-blank-inside", |call| match call.body.trim_ascii() {
        [b'{', b' ' | b'\t' | b'\n' | b'\r', ..] if is_at(call, LogIn) => Err(BodyError::Malformed("a blank".into())),
        _ => Ok(Cow::Borrowed(call.body)),
    }),
    Amend("users.username.cut-before-it-is-judged", CreateUser, |members| {
        change_text(members, "username", |name| name.split([':', '\n', '\0']).next().unwrap_or_default().to_owned());
    }),
    Amend("users.username.twin-replaces", CreateUser, |members| {
        let name = members.get("username").and_then(Value::as_str).unwrap_or_default();
        let name = name.trim_end_matches([' ', '\0']).to_owned();
        members.insert("username".to_owned(), name.into());
    }),
    Amend("login.password.letters-of-all-scripts", LogIn, |members| change_text(members, "new_password", in_ascii)),
    Amend("login.password.letters-of-all-scripts", UpdateUser, |members| change_text(members, "password", in_ascii)),
    Body("login.password.last-of-two-members-set", |call| {
        Ok(match Operation::of(call.method, call.path) {
            Some(LogIn) => first_of_two(call.body, "new_password").into(),
            Some(UpdateUser) => first_of_two(call.body, "password").into(),
            _ => Cow::Borrowed(call.body),
        })
    }),
    Body("login.password.first-of-two-members-set", |call| match is_at(call, UpdateUser) {
        true => Ok(last_of_two(call.body, "password").into()),
        false => Ok(Cow::Borrowed(call.body)),
    }),
    Edit::Reread("login.password.first-of-two-members-set", |call| {
        text(&first_of_two(call.body, "password"), "password")
    }),
    Body("login.password.judged-as-written", |call| {
        let text = String::from_utf8_lossy(call.body);
        let value = text.split_once("\"password\":").map_or("", |(_, value)| value);
        let judged = serde_json::Deserializer::from_str(value).into_iter::<String>().next();
        match judged.and_then(Result::ok) {
            Some(judged) if is_at(call, UpdateUser) && PasswordRule::documented().check(&judged).is_err() => {
                Err(BodyError::Members(vec![MemberError::Invalid("password", Invalid::Weak)]))
            }
            Some(_) if is_at(call, UpdateUser) => Ok(amended(call.body, |_| {}).into()),
            _ => Ok(Cow::Borrowed(call.body)),
        }
    }),
    Body("login.first.last-of-two-passwords-set", |call| apart(call, LogIn, "new_password", FIRST, is_of_admin(call))),
    Body("login.first.first-of-two-passwords-set", |call| apart(call, LogIn, "new_password", LAST, is_of_admin(call))),
    Body("login.later.last-of-two-passwords-set", |call| apart(call, LogIn, "new_password", FIRST, !is_of_admin(call))),
    Body("login.later.first-of-two-passwords-set", |call| apart(call, LogIn, "new_password", LAST, !is_of_admin(call))),
    Body("users.create.last-of-two-passwords-set", |call| apart(call, CreateUser, "password", FIRST, true)),
    Body("users.create.first-of-two-passwords-set", |call| apart(call, CreateUser, "password", LAST, true)),
    Body("users.create.last-of-two-names-used", |call| apart(call, CreateUser, "username", FIRST, true)),
    Body("users.create.first-of-two-names-used", |call| apart(call, CreateUser, "username", LAST, true)),
    Amend("login.credentials.name-takes-the-room", CreateUser, |members| {
        let name = members.get("username").and_then(Value::as_str).unwrap_or_default().to_owned();
        change_text(members, "password", |password| in_room(&name, password));
    }),
];

/// Which of two equal members is judged.
const FIRST: usize = 0;
const LAST: usize = 1;

/// Judges one of two equal members and leaves the other to be read; or judges both, where this is not the door.
fn apart<'c>(
    call: &Call<'c>,
    at: Operation,
    member: &'static str,
    judged: usize,
    is_door: bool,
) -> Result<Cow<'c, [u8]>, BodyError> {
    let both = [text(&first_of_two(call.body, member), member), text(call.body, member)];
    let [Some(first), Some(last)] = both else { return Ok(Cow::Borrowed(call.body)) };
    let both = [first, last];
    let is_allowed = |text: &String| match member {
        "username" => UsernameRule::documented().check(text).is_ok(),
        _ => PasswordRule::documented().check(text).is_ok(),
    };
    let judged_ones = if is_door { &both[judged..=judged] } else { &both[..] };
    match judged_ones.iter().all(is_allowed) {
        _ if !is_at(call, at) => Ok(Cow::Borrowed(call.body)),
        false => Err(BodyError::Members(vec![MemberError::Invalid(member, Invalid::Weak)])),
        true => {
            let read = both[if is_door { 1 - judged } else { LAST }].clone();
            Ok(amended(call.body, |members| drop(members.insert(member.to_owned(), read.into()))).into())
        }
    }
}

fn is_of_admin(call: &Call<'_>) -> bool {
    let sent = call.authorization.first().and_then(|value| basic::parse(value).ok());
    sent.is_some_and(|sent| sent.username == "admin")
}

fn is_at(call: &Call<'_>, at: Operation) -> bool {
    Operation::of(call.method, call.path) == Some(at)
}

fn change_text(members: &mut Map<String, Value>, name: &str, change: impl FnOnce(&str) -> String) {
    if let Some(Value::String(text)) = members.get_mut(name) {
        *text = change(text);
    }
}

/// Turns values into their text.
fn stringify(members: &mut Map<String, Value>, which: fn(&Value) -> bool) {
    for value in members.values_mut().filter(|value| which(value)) {
        *value = value.to_string().into();
    }
}

/// Letters, digits and signs of other scripts as ASCII ones of their class.
fn in_ascii(password: &str) -> String {
    let plain = |c: char| match c {
        _ if c.is_ascii() => c,
        _ if c.is_uppercase() => 'A',
        _ if c.is_lowercase() => 'a',
        _ if c.is_numeric() => '1',
        _ if c.is_alphabetic() => c,
        _ => '!',
    };
    password.chars().map(plain).collect()
}

/// The body with the first of equal members only.
fn first_of_two(body: &[u8], member: &str) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else { return body.to_vec() };
    let name = format!("\"{member}\"");
    let end = text.match_indices(&name).nth(1).and_then(|(second, _)| text[..second].rfind(','));
    end.map_or(text.to_owned(), |end| format!("{}}}", &text[..end])).into_bytes()
}

/// The body with the last of equal members only.
fn last_of_two(body: &[u8], member: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(body).into_owned();
    let last = text.rfind(&format!("\"{member}\"")).filter(|start| text.starts_with('{') && *start > 1);
    last.map_or(text.clone(), |start| format!("{{{}", &text[start..])).into_bytes()
}
