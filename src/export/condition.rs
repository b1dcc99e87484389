//! What must hold of an answer, in terms that other programs have: regular expressions and kinds of JSON values.

use super::Text;
use crate::judge::{Check, Pattern, Placeholder, StatusSet};
use crate::template::{Pointer, Template, Unbound};

pub(super) enum Condition {
    /// The status matches this regular expression.
    Status(String),
    /// One of the codes is in the answer.
    Error(Vec<i64>),
    /// There is nothing at the JSON Pointer.
    Absent(String),
    /// An array of that many items is at the JSON Pointer.
    Count(String, usize),
    Value(Place, Wanted),
}

pub(super) enum Place {
    /// A JSON Pointer into the body.
    Body(String),
    Header(String),
}

pub(super) enum Wanted {
    Text(Text),
    OtherThan(Text),
    Integer(i64),
    Bool(bool),
    /// A text that matches this regular expression.
    Like(&'static str),
    AnyInteger,
    /// With at least one item.
    Array,
    Object,
}

impl Condition {
    pub fn is_status(&self) -> bool {
        matches!(self, Condition::Status(_))
    }

    /// `None` for a check that keeps its case from being exported.
    pub fn of(check: &Check, text: impl Fn(&Template) -> Result<Text, Unbound>) -> Result<Option<Condition>, Unbound> {
        let wanted = |pattern: &Pattern| {
            Ok(match pattern {
                Pattern::Text(template) => Wanted::Text(text(template)?),
                Pattern::Integer(number) => Wanted::Integer(*number),
                Pattern::Bool(value) => Wanted::Bool(*value),
                Pattern::Placeholder(kind) => of_kind(*kind),
            })
        };
        let body = |at: &Pointer| Place::Body(at.to_string());
        Ok(Some(match check {
            Check::Status(set) => Condition::Status(status(set)),
            Check::Error(codes) => Condition::Error(codes.clone()),
            Check::Absent(at) => Condition::Absent(at.to_string()),
            Check::Count(at, count) => Condition::Count(at.to_string(), *count),
            Check::Body(at, pattern) => Condition::Value(body(at), wanted(pattern)?),
            Check::Differs(at, other) => Condition::Value(body(at), Wanted::OtherThan(text(other)?)),
            Check::Header(name, pattern) => Condition::Value(Place::Header(name.clone()), wanted(pattern)?),
            Check::Lacks(_) | Check::Granted(_) | Check::Lifetime { .. } => return Ok(None),
        }))
    }
}

fn status(set: &StatusSet) -> String {
    format!("^({})$", set.to_string().replace(" or ", "|").replace("xx", r"\d\d"))
}

fn of_kind(kind: Placeholder) -> Wanted {
    match kind {
        Placeholder::Token => Wanted::Like("^[!-~]+$"),
        Placeholder::ExpiresAfter => Wanted::Like(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$"),
        Placeholder::String => Wanted::Like(r"[\s\S]"),
        Placeholder::Version => Wanted::Like(r"^v?\d+(\.\d+)+$"),
        Placeholder::ApiStatus => Wanted::Like("^(stable|deprecated|experimental)$"),
        Placeholder::Integer => Wanted::AnyInteger,
        Placeholder::Array => Wanted::Array,
        Placeholder::Object => Wanted::Object,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_a_regular_expression() {
        for (words, expected) in [("401", "^(401)$"), ("200 4xx", r"^(200|4\d\d)$")] {
            assert_eq!(status(&StatusSet::parse(words.split(' ')).expect("a set")), expected);
        }
    }
}
