//! What a token in a header may be taken for.

use crate::exchange::Header;
use crate::fuzz::{Class, Place};

/// What the documents want of a call with these headers, where one token is alive.
pub fn call(headers: &[Header], alive: &str) -> (Class, Place) {
    let values = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("Authorization"));
    let values: Vec<&[u8]> = values.map(|header| header.value.as_slice()).collect();
    let means = |value: &&[u8]| {
        let text = String::from_utf8_lossy(value);
        let mut words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        let bearer = words.next().is_some_and(|word| word.eq_ignore_ascii_case("bearer"));
        bearer && words.any(|word| word == alive)
    };
    match values.as_slice() {
        [] => (Class::Reject, Place::Absent),
        [only] if *only == format!("Bearer {alive}").as_bytes() => (Class::Accept, Place::Right),
        [only] if means(only) => (Class::Either, Place::AnotherSpelling),
        [only] if !only.to_ascii_lowercase().starts_with(b"bearer ") => (Class::Reject, Place::AnotherScheme),
        [_] => (Class::Reject, Place::WrongToken),
        several if several.iter().any(means) => (Class::Either, Place::Several),
        _ => (Class::Reject, Place::Several),
    }
}
