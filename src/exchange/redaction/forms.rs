//! The forms of a secret that are searched for. Escapes need none: they are decoded in the text.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE};

use super::Secret;
use super::layer::decoded;
use crate::exchange::escapes::in_json;

/// Of a longer secret, so many bytes are searched for, and its whole length is replaced.
const PREFIX: usize = 128;

/// A shorter secret, in bytes, is in every text by chance. It counts only where it is a whole value.
const SHORT: usize = 4;

/// Shorter runs of base64 or hexadecimal, in characters, may be in a text by chance.
const TELLING: usize = 8;

/// What is around a short secret where it is a whole value.
const PLACES: [(&str, &str); 3] = [("\"", "\""), ("'", "'"), ("Bearer ", "")];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub text: String,
    /// How many bytes before and after the secret are not part of it.
    pub around: (usize, usize),
    /// How many bytes of a text the secret takes.
    pub covers: usize,
}

impl Form {
    pub fn of(text: impl Into<String>) -> Form {
        let text = text.into();
        Form { around: (0, 0), covers: text.len(), text }
    }
}

/// Upper and lower case are the same, and so are the blank and the plus that replaces it in a form. The length stays.
pub(super) fn folded(c: char) -> char {
    if c.is_ascii() {
        return if c == '+' { ' ' } else { c.to_ascii_lowercase() };
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) if lower.len_utf8() == c.len_utf8() => lower,
        _ => c,
    }
}

pub(super) fn forms(secret: &Secret) -> Vec<Form> {
    let whole = &*secret.text;
    if whole.len() < SHORT {
        let in_place = |(before, after): (&str, &str)| Form {
            text: [before, whole, after].concat(),
            around: (before.len(), after.len()),
            covers: whole.len(),
        };
        return PLACES.into_iter().map(in_place).collect();
    }
    let prefix = &whole[..whole.floor_char_boundary(PREFIX)];
    let rest = whole.len() - prefix.len();
    let mut forms = Vec::new();
    let mut put = |text: String, rest: usize| {
        let covers = text.len() + rest;
        let form = Form { covers, ..Form::of(text) };
        if form.text.len() >= SHORT && !forms.contains(&form) {
            forms.push(form);
        }
    };
    put(prefix.to_owned(), rest);
    if secret.is_form {
        return forms;
    }
    // A decoded text shows a secret that looks like an escape itself decoded as well.
    let once = decoded(prefix);
    let twice = once.as_deref().and_then(decoded);
    for text in once.into_iter().chain(twice) {
        put(text, rest);
    }
    if !prefix.is_ascii() {
        // Latin-1 read as UTF-8, and UTF-8 read as Latin-1.
        let latin = |c: char| {
            if ('\u{80}'..'\u{100}').contains(&c) { char::REPLACEMENT_CHARACTER } else { c }
        };
        put(prefix.chars().map(latin).collect(), rest);
        put(prefix.bytes().map(char::from).collect(), rest * 2);
    }
    let hexadecimal: String = prefix.bytes().map(|byte| format!("{byte:02x}")).collect();
    put(hexadecimal, rest * 2);
    for inner in [prefix.to_owned(), in_json(prefix)] {
        for engine in [&STANDARD, &URL_SAFE] {
            if rest == 0 {
                put(engine.encode(&inner), 0);
            }
            for before in 0..3 {
                put(core(engine, before, &inner), rest.div_ceil(3) * 4);
            }
        }
    }
    forms
}

/// The characters of base64 that depend on the secret alone, with that many bytes before it; empty if they are too few.
fn core(engine: &GeneralPurpose, before: usize, secret: &str) -> String {
    let encoded = engine.encode([vec![0; before], secret.as_bytes().to_vec()].concat());
    let (start, end) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
    if end - start >= TELLING { encoded[start..end].to_owned() } else { String::new() }
}
