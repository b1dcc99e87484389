//! The keys of a scenario file, and nothing that follows from them.
//!
//! The JSON Schema is generated from these types; editors show their documentation. `parse` makes a `Scenario` of them.

use std::fmt;

#[cfg(feature = "cli")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::each::Each;
use super::{Change, Copies, Given, Registration};
use crate::documented::api::Operation;
use crate::located::Located;

/// One scenario: one story, told in steps, varied by rows.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "cli", schemars(title = "wabizspec scenario"))]
pub(super) struct ScenarioFile {
    /// What the scenario shows, in one sentence.
    #[cfg_attr(feature = "cli", schemars(with = "String"))]
    pub title: Spanned<String>,
    /// The state that each row needs before its first step.
    #[serde(default)]
    pub given: Given,
    /// What each row leaves changed on the target.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// Whether it is its area's control: a good request accepted and its bad counterpart refused.
    #[serde(default)]
    pub control: bool,
    /// The scenario (`area/name`) that makes the refused request good; it must be accepted.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub positive: Option<Spanned<String>>,
    /// The registration state of the target without which the scenario says nothing.
    pub registration: Option<Registration>,
    /// Why the scenario is kept although no planted fault needs it.
    pub keep: Option<String>,
    /// Tells the scenario once for each operation of that kind. Its texts may use `${method}`, `${path}`, `${below}` (the
    /// path below the version), `${body}`, `${token}` and `${success}`.
    pub each: Option<Each>,
    /// The rows: name of the row to the names that it binds.
    #[serde(default)]
    pub cases: Cases,
    /// Groups of ways to do a step: name of the way to the texts for the names that it fills in.
    #[serde(default)]
    pub ways: Located<Cases>,
    /// The requests, in order; at least one.
    #[serde(default)]
    #[cfg_attr(feature = "cli", schemars(with = "Vec<StepEntry>"))]
    pub steps: Vec<Spanned<StepEntry>>,
}

/// The rows, each with the values of its names.
pub(super) type Cases = Located<Located<String>>;

/// One request and its expectations. Exactly one of `send`, `raw`, `hex` and `advance` is given.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct StepEntry {
    /// What the step does, in a few words; findings name it.
    #[cfg_attr(feature = "cli", schemars(with = "String"))]
    pub name: Spanned<String>,
    /// A group of ways. The step is done in each of them; its name has `${way}`.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub ways: Option<Spanned<String>>,
    /// The only operations of an `each` that have this step.
    #[serde(default)]
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub only: Vec<Operation>,
    /// The operations of an `each` that do not have it.
    #[serde(default)]
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub except: Vec<Operation>,
    /// Method and path: `POST /v1/users/login`. The base path of the target is put before it.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub send: Option<Spanned<String>>,
    /// `username:password`, sent base64-encoded as `Authorization: Basic …`.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub basic: Option<Spanned<String>>,
    /// A token, sent as `Authorization: Bearer …`.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub bearer: Option<Spanned<String>>,
    /// Further headers; a list sends the header several times.
    #[serde(default)]
    pub headers: Located<OneOrMore>,
    /// A body with `Content-Type: application/json`; the text is sent as it stands.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub json: Option<Spanned<String>>,
    /// A body without a Content-Type.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub body: Option<Spanned<String>>,
    /// How it is put on the wire: `usual`, `chunked` (its body), `lower-case` (its header names) or `pieces` (many writes).
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub manner: Option<Spanned<String>>,
    /// The whole request as text, line ends included, for what no HTTP client would send.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub raw: Option<Spanned<String>>,
    /// The whole request as hexadecimal digits, except for `${name}`; blanks are ignored.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub hex: Option<Spanned<String>>,
    /// Moves the clock of the target on by that many seconds; nothing is sent.
    pub advance: Option<u32>,
    /// The request is sent as often as `copies` of the row says, each time with another `${copy}`.
    pub copies: Option<Copies>,
    /// Why a target that conforms may refuse the request: then (4xx) the case is skipped for this reason, not failed. A
    /// 5xx or no answer is judged as ever.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub may_refuse: Option<Spanned<String>>,
    /// What must hold of the answer, keyed by the requirement that it checks (in quotes).
    #[serde(default)]
    pub expect: Located<ExpectEntry>,
    /// Names bound to strings of the answer, by JSON Pointer, for later steps.
    #[serde(default)]
    pub capture: Located<String>,
}

/// What one requirement asks of the answer. At least one key is given, and all that are given must hold.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectEntry {
    /// A status code, a class (`"4xx"`), or a list of either.
    #[cfg_attr(feature = "cli", schemars(with = "Option<OneOrMore>"))]
    pub status: Option<Spanned<OneOrMore>>,
    /// An error code that one element of `errors` has, or a list of which one must be there.
    #[cfg_attr(feature = "cli", schemars(with = "Option<OneOrMore>"))]
    pub error: Option<Spanned<OneOrMore>>,
    /// JSON Pointers at which nothing may stand.
    #[serde(default)]
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub absent: Vec<Spanned<String>>,
    /// JSON Pointer to what stands there: a text, a number, a boolean, or a typed placeholder such as `<token>`.
    #[serde(default)]
    pub body: Located<PatternEntry>,
    /// JSON Pointer to the exact number of items of the array there.
    #[serde(default)]
    pub count: Located<usize>,
    /// JSON Pointer to a text from which the one there must differ.
    #[serde(default)]
    pub differs: Located<String>,
    /// Texts that must be nowhere in the answer.
    #[serde(default)]
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub lacks: Vec<Spanned<String>>,
    /// Which of the copies are granted (answered 2xx).
    #[cfg_attr(feature = "cli", schemars(with = "Option<GrantedEntry>"))]
    pub granted: Option<Spanned<GrantedEntry>>,
    /// Header name to its value: a text or a typed placeholder.
    #[serde(default)]
    pub headers: Located<PatternEntry>,
    /// An instant in the answer, held to a lifetime from the answer's own `Date`.
    pub lifetime: Option<LifetimeEntry>,
}

/// Which of the copies of a step are granted. Exactly one key is given.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct GrantedEntry {
    /// At most so many.
    pub most: Option<usize>,
    /// Those that were granted in an earlier step with copies, and no others.
    #[serde(rename = "as")]
    pub like: Option<String>,
    /// One of those that were granted in an earlier step with copies, if any was, and no other.
    pub one_of: Option<String>,
}

/// An instant that lies a given time after the answer.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct LifetimeEntry {
    /// JSON Pointer to the instant.
    #[cfg_attr(feature = "cli", schemars(with = "String"))]
    pub at: Spanned<String>,
    /// The lifetime in seconds.
    pub seconds: u32,
    /// The tolerance in seconds, both ways.
    pub within: u32,
}

/// One word or number, or a list of them.
#[derive(Debug)]
pub(super) struct OneOrMore(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = OneOrMore;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a whole number, or a list of them")
            }
            fn visit_str<E>(self, word: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![word.to_owned()]))
            }
            fn visit_i64<E>(self, number: i64) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![number.to_string()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore, A::Error> {
                let mut words = Vec::new();
                while let Some(OneOrMore(one)) = list.next_element()? {
                    words.extend(one);
                }
                Ok(OneOrMore(words))
            }
        }
        deserializer.deserialize_any(Words)
    }
}

#[cfg(feature = "cli")]
impl JsonSchema for OneOrMore {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneOrMore".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": ["string", "integer"] },
                { "type": "array", "items": { "type": ["string", "integer"] }, "minItems": 1 }
            ]
        })
    }
}

/// What a value is compared with.
#[derive(Debug)]
pub(super) enum PatternEntry {
    /// Or a typed placeholder.
    Text(String),
    Integer(i64),
    Bool(bool),
}

impl<'de> Deserialize<'de> for PatternEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl Visitor<'_> for Scalar {
            type Value = PatternEntry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a whole number or a boolean")
            }
            fn visit_str<E>(self, text: &str) -> Result<PatternEntry, E> {
                Ok(PatternEntry::Text(text.to_owned()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<PatternEntry, E> {
                Ok(PatternEntry::Integer(number))
            }
            fn visit_bool<E>(self, value: bool) -> Result<PatternEntry, E> {
                Ok(PatternEntry::Bool(value))
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

#[cfg(feature = "cli")]
impl JsonSchema for PatternEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pattern".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer", "boolean"] })
    }
}
