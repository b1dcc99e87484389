//! What was expected of an answer and what came, as data. How it is said is not known here.
//!
//! Texts in it are values: what a scenario, a target or an operating system wrote, fit to be shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::placeholder::Placeholder;
use super::status::StatusSet;
use crate::exchange::{Breakage, Json, JsonKind, Phase, Unanswered, shortened};

/// Where in an answer something differs. Its text is an identifier of the reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Place {
    /// The answer as a whole.
    Answer,
    /// Its status.
    Status,
    /// A header.
    Header(String),
    /// Its body as a whole.
    Body,
    /// A JSON Pointer into the body.
    Pointer(String),
    /// All answers of a case.
    Transcript,
}

impl Place {
    /// The place of a JSON Pointer, the empty one included.
    pub fn at(pointer: &str) -> Place {
        match pointer {
            "" => Place::Body,
            pointer => Place::Pointer(pointer.to_owned()),
        }
    }

    /// What the target had a say in.
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

/// What was to hold: the check that found a difference, with all that it asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "facts", rename_all = "kebab-case")]
pub enum Expected {
    /// A status of the set.
    Status(StatusSet),
    /// An error with one of the codes.
    ErrorCode(Vec<i64>),
    /// A value of that description.
    Value(Wanted),
    /// Nothing stands there.
    Absent,
    /// An array of that many items.
    Count(usize),
    /// A text other than this one, which is written as JSON.
    OtherThan(String),
    /// An instant so many seconds after the answer.
    Lifetime {
        /// The lifetime.
        seconds: i64,
        /// The tolerance.
        within: i64,
        /// Whose clock says when the answer came.
        clock: Clock,
    },
    /// Raw bytes are answered.
    Answer,
    /// One whole answer, in time.
    WholeAnswer,
    /// No byte follows the answer.
    OneAnswer,
    /// No 5xx without a code that is documented for it.
    NoCrash,
    /// The body is a JSON object.
    JsonObject,
    /// The media type is JSON's.
    JsonType,
    /// Each member stands once.
    UniqueMembers,
    /// At least one error.
    Errors,
    /// A member of an error is of its type.
    ErrorMember(Member),
    /// The errors that are only counted have the shape of the others.
    ErrorShape,
    /// A success has no errors.
    NoErrors,
    /// An error has no payload.
    NoPayload,
    /// `meta` is there.
    Meta,
    /// A member of `meta` is what it has to be.
    MetaMember(Placeholder),
    /// No secret of the request comes back.
    NoSecret,
    /// Nothing of the inside of the server is shown.
    NoTrace,
    /// A 401 comes with a challenge.
    Challenge,
    /// A 405 names the allowed methods.
    AllowedMethods,
    /// The answers are those that were accepted.
    Snapshot,
    /// In words, as a report has it that holds nothing else.
    #[serde(skip)]
    Told(String),
}

/// What a value has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// Of a kind.
    Placeholder(Placeholder),
    /// This text, written as JSON.
    Text(String),
    /// This integer.
    Integer(i64),
    /// This boolean.
    Bool(bool),
}

/// What a member of an error has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Member {
    /// An integer.
    Integer,
    /// A string.
    String,
}

/// Whose clock a lifetime is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// The `Date` of the answer.
    Answer,
    /// Our own.
    Ours,
}

/// What stands at a place instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// Nothing.
    Absent,
    /// A body without a byte.
    EmptyBody,
    /// A body that cannot be read as JSON, for this reason.
    NotJson(String),
    /// A status.
    Status(u16),
    /// Another value.
    Value(Value),
    /// A whole body of another type.
    WholeBody(Value),
    /// Error codes, the first of them as JSON, and how many more there are.
    Codes(Vec<String>, usize),
    /// No error code at all.
    NoCode,
    /// An instant, and how many seconds after the answer that is.
    Instant(Value, i64, Clock),
    /// A value that is not an instant.
    NotAnInstant(Value),
    /// A member that stands twice.
    Twice,
    /// So many more of the same.
    More(usize),
    /// Bytes of the target that are no JSON, as text.
    Text(String),
    /// A secret of the request.
    Secret(Secret),
    /// No whole answer.
    Broken(Broken),
    /// What changed, line by line.
    Diff(String),
    /// In words, as a report has it that holds nothing else.
    #[serde(skip)]
    Told(String),
}

/// A JSON value, short enough to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// Its type.
    pub kind: JsonKind,
    /// Its text, shortened.
    pub shown: String,
}

impl From<&Json> for Value {
    fn from(json: &Json) -> Value {
        Value { kind: json.kind(), shown: shortened(json) }
    }
}

/// A secret that a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Secret {
    /// The password of Basic credentials.
    Password,
    /// All that follows the scheme in `Authorization`.
    Authorization,
    /// A password in the body.
    BodyPassword,
}

/// How an exchange broke off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// What went wrong.
    pub breakage: Breakage,
    /// When it went wrong.
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
    /// Every text in it.
    pub fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Expected::Value(Wanted::Text(text)) | Expected::OtherThan(text) | Expected::Told(text) => vec![text],
            _ => Vec::new(),
        }
    }
}

impl Observed {
    /// A value, or that there is none.
    pub fn value(value: Option<&Json>) -> Observed {
        value.map_or(Observed::Absent, |value| Observed::Value(value.into()))
    }

    /// Every text in it.
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
            | Observed::Secret(_) => Vec::new(),
        }
    }
}
