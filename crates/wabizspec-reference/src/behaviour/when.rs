//! Conditions on a request and on its outcome, as data.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Handled;
use crate::call::Call;
use crate::declare::tabled;
use crate::documented::api::Resource;
use crate::documented::basic::{self, BasicError};
use crate::documented::password::PasswordRule;
use crate::outcome::{Done, Refusal, Refused, Success};
use crate::route::Route;

/// A condition. It holds when each of its members does; an empty one always holds. A list holds when one of its items
/// does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct When {
    /// It is the request with this number, from 1.
    pub number: Option<u64>,
    pub outcome: Option<Outcome>,
    /// The request was granted in one of these ways.
    pub granted: Vec<Success>,
    /// The request was refused for one of these reasons.
    pub refused: Vec<Refusal>,
    /// The request went to one of these places.
    pub at: Vec<Place>,
    pub path: Option<Text>,
    pub body: Option<Text>,
    pub body_is: Vec<Form>,
    /// The texts of members of the body. A member that is not a text is absent.
    pub members: BTreeMap<String, Text>,
    /// Each of these members of the body is present, but not a text.
    pub not_text: Vec<String>,
    /// The body has another member than these.
    pub other_members_than: Vec<String>,
    pub content_type: Option<Text>,
    /// The first `Authorization`; `username` and `password` are those of Basic credentials in it.
    pub authorization: Option<Text>,
    pub username: Option<Text>,
    pub password: Option<Text>,
    /// Why the `Authorization` cannot be read as Basic credentials.
    pub credentials: Vec<Unreadable>,
    /// What follows the scheme of the `Authorization`.
    pub token: Option<Text>,
    pub any: Vec<When>,
    pub not: Option<Box<When>>,
}

/// Whether a request was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Granted,
    Refused,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    Empty,
    /// Not JSON.
    Malformed,
    Object,
    /// Another JSON value.
    Other,
}

impl Form {
    fn of(body: &[u8]) -> Form {
        let text = std::str::from_utf8(body).ok();
        match text.and_then(|text| serde_json::from_str::<IgnoredAny>(text).ok()) {
            _ if body.is_empty() => Form::Empty,
            None => Form::Malformed,
            Some(_) if body.trim_ascii_start().starts_with(b"{") => Form::Object,
            Some(_) => Form::Other,
        }
    }
}

tabled! {
    /// Why an `Authorization` is not Basic credentials.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub(crate) enum Unreadable: (is: fn(&BasicError) -> bool) {
        NoScheme => (|error| matches!(error, BasicError::NoScheme)),
        OtherScheme => (|error| matches!(error, BasicError::OtherScheme(_))),
        NoCredentials => (|error| matches!(error, BasicError::NoCredentials)),
        NotBase64 => (|error| matches!(error, BasicError::Base64(_))),
        NotUtf8 => (|error| matches!(error, BasicError::NotUtf8 { .. })),
        Control => (|error| matches!(error, BasicError::Control { .. })),
        NoColon => (|error| matches!(error, BasicError::NoColon)),
    }
}

/// A method and a path: `POST /v1/users`. A `*` stands for any method or path, `/v1/users/{username}` for the path of a
/// user, `unknown` for a path that the API does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Place {
    method: String,
    path: String,
}

impl TryFrom<String> for Place {
    type Error = serde::de::value::Error;

    fn try_from(text: String) -> Result<Place, Self::Error> {
        let mut known = Resource::ALL.into_iter().map(Resource::path).chain(["*", "unknown"]);
        match text.split_once(' ').filter(|(_, path)| known.any(|known| known == *path)) {
            Some((method, path)) => Ok(Place { method: method.to_owned(), path: path.to_owned() }),
            None => {
                Err(Self::Error::custom(format!("`{text}` is not a method and a path of the API, `unknown` or `*`")))
            }
        }
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        format!("{} {}", place.method, place.path)
    }
}

impl Place {
    fn is_of(&self, method: &str, resource: Option<Resource>) -> bool {
        let path = resource.map_or("unknown", Resource::path);
        (self.method == "*" || self.method == method) && (self.path == "*" || self.path == path)
    }
}

/// A condition on a text. It holds when each of its members does; a list holds when one of its items does. Of an absent
/// text only `absent` holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Text {
    pub absent: bool,
    pub is: Vec<String>,
    pub begins: Vec<String>,
    pub ends: Vec<String>,
    pub contains: Vec<String>,
    /// It has at least this many bytes.
    pub min: Option<usize>,
    /// It has at most this many bytes.
    pub max: Option<usize>,
    /// It has only bytes of this class; empty texts do too.
    pub only: Option<Class>,
    /// It has no byte of this class.
    pub lacks: Option<Class>,
    /// It follows the rule for passwords, or with `false` breaks it.
    pub follows_the_rule: Option<bool>,
    pub not: Option<Box<Text>>,
}

tabled! {
    /// A class of bytes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub(crate) enum Class: (has: fn(&u8) -> bool) {
        Ascii => (u8::is_ascii),
        Digit => (u8::is_ascii_digit),
        Upper => (u8::is_ascii_uppercase),
        Lower => (u8::is_ascii_lowercase),
    }
}

impl Text {
    fn holds(&self, text: Option<&[u8]>) -> bool {
        let Some(text) = text else { return self.absent };
        let one = |list: &[String], test: fn(&[u8], &[u8]) -> bool| {
            list.is_empty() || list.iter().any(|item| test(text, item.as_bytes()))
        };
        let contains = |text: &[u8], part: &[u8]| text.windows(part.len().max(1)).any(|window| window == part);
        let follows = |text: &[u8]| {
            let text = String::from_utf8_lossy(text);
            PasswordRule::documented().check(&text).is_ok()
        };
        !self.absent
            && one(&self.is, |text, item| text == item)
            && one(&self.begins, |text, item| text.starts_with(item))
            && one(&self.ends, |text, item| text.ends_with(item))
            && one(&self.contains, contains)
            && self.min.is_none_or(|min| text.len() >= min)
            && self.max.is_none_or(|max| text.len() <= max)
            && self.only.is_none_or(|class| text.iter().all(class.has()))
            && self.lacks.is_none_or(|class| !text.iter().any(class.has()))
            && self.follows_the_rule.is_none_or(|wanted| follows(text) == wanted)
            && self.not.as_ref().is_none_or(|not| !not.holds(Some(text)))
    }
}

impl When {
    /// Whether it holds of a request that is not yet decided. Conditions on the outcome do not.
    pub fn is_of(&self, call: &Call<'_>) -> bool {
        self.holds(call, Route::of(call.path).resource, None)
    }

    /// Whether it holds of a request and, if already decided, of its outcome.
    pub fn holds(&self, call: &Call<'_>, resource: Option<Resource>, handled: Option<&Handled<'_>>) -> bool {
        self.number.is_none_or(|number| handled.is_some_and(|handled| handled.number == number))
            && self.outcome_holds(handled.map(|handled| handled.outcome))
            && (self.at.is_empty() || self.at.iter().any(|place| place.is_of(call.method, resource)))
            && self.path.as_ref().is_none_or(|path| path.holds(Some(call.path.as_bytes())))
            && self.content_type.as_ref().is_none_or(|name| name.holds(call.content_type))
            && self.body_holds(call.body)
            && self.authorization_holds(call)
            && (self.any.is_empty() || self.any.iter().any(|one| one.holds(call, resource, handled)))
            && self.not.as_ref().is_none_or(|not| !not.holds(call, resource, handled))
    }

    fn outcome_holds(&self, outcome: Option<&Result<Done, Refused>>) -> bool {
        let is = |wanted| outcome.is_some_and(|outcome| outcome.is_ok() == (wanted == Outcome::Granted));
        let granted = || matches!(outcome, Some(Ok(done)) if self.granted.contains(&done.success));
        let refused = || match outcome {
            Some(Err(Refused(reasons))) => reasons.iter().any(|reason| self.refused.contains(&reason.refusal)),
            _ => false,
        };
        self.outcome.is_none_or(is) && (self.granted.is_empty() || granted()) && (self.refused.is_empty() || refused())
    }

    fn body_holds(&self, body: &[u8]) -> bool {
        let read: LazyCell<Value, _> = LazyCell::new(|| serde_json::from_slice(body).unwrap_or_default());
        let is_other = |(name, _): (&String, &Value)| !self.other_members_than.contains(name);
        let has_others = || read.as_object().is_some_and(|members| members.iter().any(is_other));
        let text = |name: &str| read.get(name).and_then(Value::as_str).map(str::as_bytes);
        let is_odd = |name: &String| read.get(name).is_some_and(|value| !value.is_string());
        self.body.as_ref().is_none_or(|text| text.holds(Some(body)))
            && (self.body_is.is_empty() || self.body_is.contains(&Form::of(body)))
            && self.members.iter().all(|(name, wanted)| wanted.holds(text(name)))
            && self.not_text.iter().all(is_odd)
            && (self.other_members_than.is_empty() || has_others())
    }

    fn authorization_holds(&self, call: &Call<'_>) -> bool {
        let value = call.authorization.first().copied();
        let read = value.map(basic::parse);
        let sent = read.as_ref().and_then(|read| read.as_ref().ok());
        let token = value.and_then(|value| value.split(|byte| *byte == b' ').nth(1));
        let unreadable = || match &read {
            Some(Err(error)) => self.credentials.iter().any(|kind| kind.is()(error)),
            _ => false,
        };
        self.authorization.as_ref().is_none_or(|text| text.holds(value))
            && self.username.as_ref().is_none_or(|text| text.holds(sent.map(|sent| sent.username.as_bytes())))
            && self.password.as_ref().is_none_or(|text| text.holds(sent.map(|sent| sent.password.as_bytes())))
            && (self.credentials.is_empty() || unreadable())
            && self.token.as_ref().is_none_or(|text| text.holds(token))
    }
}
