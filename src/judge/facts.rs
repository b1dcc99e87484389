//! What was expected of an answer and what came, as data. The words for it are in `words`.
//!
//! Texts in it are values that a scenario, a target or an operating system wrote, fit to be shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::placeholder::Placeholder;
use super::status::StatusSet;
use crate::documented::api::Operation;
use crate::exchange::{Breakage, Json, JsonKind, Phase, Unanswered, shortened};
use crate::template::Template;

/// What a request was about and what was asked of it. Findings with one deviation and one `About` have one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct About {
    /// Absent for a request that is not one of the API's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    pub condition: Condition,
}

/// Why a request must be accepted or refused, as far as a scenario shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// It must be accepted.
    Valid,
    /// The credentials of a login are wrong, or there are none.
    BadCredentials,
    /// The token is not valid, or there is none.
    BadToken,
    Forbidden,
    /// The account does not exist.
    Unknown,
    BadRequest,
    /// Another reason.
    Refused,
    /// The documents leave it open.
    Open,
}

/// What a refused request must leave as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// A token shows its account.
    Token,
    Account,
    /// There is no account of that name.
    FreeName,
    /// That of an account.
    Role,
    /// It logs in.
    Password,
    /// One that the refused request brought: it does not log in.
    RefusedPassword,
    Registration,
}

/// Where in an answer something differs. Its text is an identifier of the reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(from = "String", into = "String")]
pub enum Place {
    Answer,
    Status,
    Header(String),
    Body,
    /// A JSON Pointer into the body.
    Pointer(String),
    /// All answers of a case.
    Transcript,
}

impl Place {
    /// The place of a JSON Pointer, the empty one included.
    pub fn at(pointer: &str) -> Place {
        if pointer.is_empty() { Place::Body } else { Place::Pointer(pointer.to_owned()) }
    }

    /// Its text with `*` for each index of an array.
    pub fn without_indices(&self) -> String {
        let is_index = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        let text = self.to_string();
        let segments = text.split('/').map(|segment| if is_index(segment) { "*" } else { segment });
        segments.collect::<Vec<&str>>().join("/")
    }

    /// The text that the target has influence on.
    pub fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Place::Header(text) | Place::Pointer(text) => Some(text),
            Place::Answer | Place::Status | Place::Body | Place::Transcript => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Answer => f.write_str("answer"),
            Place::Status => f.write_str("status"),
            Place::Header(name) => write!(f, "header {name}"),
            Place::Body => f.write_str("body"),
            Place::Pointer(pointer) => f.write_str(pointer),
            Place::Transcript => f.write_str("transcript"),
        }
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        place.to_string()
    }
}

impl From<String> for Place {
    fn from(text: String) -> Place {
        match text.as_str() {
            "answer" => Place::Answer,
            "status" => Place::Status,
            "body" => Place::Body,
            "transcript" => Place::Transcript,
            other => match other.strip_prefix("header ") {
                Some(name) => Place::Header(name.to_owned()),
                None => Place::Pointer(text),
            },
        }
    }
}

/// The check that found a difference, with everything that it asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "facts", rename_all = "kebab-case")]
pub enum Expected {
    Status(StatusSet),
    ErrorCode(Vec<i64>),
    Value(Pattern<String>),
    Absent,
    /// An array of that many items.
    Count(usize),
    /// A text other than this one, which is written as JSON.
    OtherThan(String),
    /// An instant so many seconds after the answer.
    Lifetime {
        seconds: i64,
        within: i64,
        clock: Clock,
    },
    /// Any answer to raw bytes.
    Answer,
    WholeAnswer,
    /// No byte after the answer.
    OneAnswer,
    Operation,
    /// No 5xx without a code that is documented for it.
    NoCrash,
    JsonObject,
    JsonType,
    UniqueMembers,
    /// At least one error.
    Errors,
    ErrorMember(Member),
    /// The errors that are only counted have the shape of the others.
    ErrorShape,
    NoErrors,
    NoPayload,
    Meta,
    MetaMember(Placeholder),
    NoSecret,
    NoTrace,
    Challenge,
    AllowedMethods,
    /// As it was before a refused request.
    Unchanged(Kept),
    Snapshot,
    /// The text that a scenario names is nowhere in the answer.
    Lacking,
    /// At most so many copies of the request are granted.
    GrantedAtMost(usize),
    /// These copies are granted, and no others.
    GrantedExactly(Vec<usize>),
    /// One of these copies is granted, if there are any, and no other.
    GrantedOneOf(Vec<usize>),
    /// The 401 of a login asks for Basic credentials.
    BasicChallenge,
    /// A 401 elsewhere does not.
    NoBasicChallenge,
    /// An `Allow` that does not list the method which was refused.
    OtherMethods,
    /// Words of a report that has nothing else.
    #[serde(skip)]
    Told(String),
}

/// What a value must be: in a scenario, or with its template filled in and written as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Pattern<Text = Template> {
    /// Any value of a kind.
    Placeholder(Placeholder),
    /// This text.
    Text(Text),
    /// This integer.
    Integer(i64),
    /// This boolean.
    Bool(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Member {
    Integer,
    String,
}

/// The clock that says when the answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// The `Date` of the answer.
    Answer,
    Ours,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    Absent,
    EmptyBody,
    /// Why the body is not JSON.
    NotJson(String),
    Status(u16),
    Value(Value),
    /// A whole body of another type.
    WholeBody(Value),
    /// The first error codes as JSON, and how many more there are.
    Codes(Vec<String>, usize),
    NoCode,
    /// An instant, and how many seconds after the answer it is.
    Instant(Value, i64, Clock),
    NotAnInstant(Value),
    /// A member that its object has twice.
    Twice,
    /// So many more of the same.
    More(usize),
    /// Bytes of the target that are not JSON.
    Text(String),
    Secret(Secret),
    Broken(Broken),
    /// What changed, line by line.
    Diff(String),
    /// The status of each copy of a request, in their order.
    Copies(Vec<u16>),
    /// Words of a report that has nothing else.
    #[serde(skip)]
    Told(String),
}

/// A JSON value, shortened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Value {
    pub kind: JsonKind,
    pub shown: String,
}

impl From<&Json> for Value {
    fn from(json: &Json) -> Value {
        Value { kind: json.kind(), shown: shortened(json) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Secret {
    /// The password of Basic credentials.
    Password,
    /// Everything after the scheme in `Authorization`.
    Authorization,
    BodyPassword,
    /// The registration code.
    Code,
}

/// Why there is no whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Broken {
    pub breakage: Breakage,
    pub phase: Phase,
    /// The operating system's or the parser's reason.
    pub detail: String,
}

impl From<&Unanswered> for Broken {
    fn from(none: &Unanswered) -> Broken {
        Broken { breakage: none.breakage, phase: none.phase, detail: shortened(&none.detail) }
    }
}

impl Expected {
    pub fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Expected::Value(Pattern::Text(text)) | Expected::OtherThan(text) | Expected::Told(text) => vec![text],
            _ => Vec::new(),
        }
    }
}

impl Observed {
    pub fn value(value: Option<&Json>) -> Observed {
        value.map_or(Observed::Absent, |value| Observed::Value(value.into()))
    }

    /// Every text that may hold a secret: each variant is listed, so that no new one is forgotten.
    pub fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Observed::NotJson(text) | Observed::Text(text) | Observed::Diff(text) | Observed::Told(text) => vec![text],
            Observed::Value(value)
            | Observed::WholeBody(value)
            | Observed::Instant(value, ..)
            | Observed::NotAnInstant(value) => vec![&mut value.shown],
            Observed::Codes(codes, _) => codes.iter_mut().collect(),
            Observed::Broken(broken) => vec![&mut broken.detail],
            Observed::Absent
            | Observed::EmptyBody
            | Observed::Status(_)
            | Observed::NoCode
            | Observed::Twice
            | Observed::More(_)
            | Observed::Copies(_)
            | Observed::Secret(_) => Vec::new(),
        }
    }
}
