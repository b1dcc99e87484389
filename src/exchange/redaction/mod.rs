//! Keeps secrets out of everything that is shown or stored.
//!
//! A [`Redaction`] knows the secrets of one run and the name that each is shown as. The documented default password and
//! the literals of scenario files are not secret and never added.
//!
//! A secret is found in upper and lower case, escaped up to three times for JSON, HTML, a URL or a shell, in hexadecimal,
//! and in base64. The text is read once for each layer of escapes, however many secrets there are.

mod layer;
mod forms;
mod matcher;
mod search;

use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use search::{Hit, Search, What};

/// Where a text that is too long was cut.
const CUT: char = '…';

/// How many tokens of a target are kept.
const GIVEN: usize = 64;

/// The name of tokens that are not kept.
const TOKEN: &str = "$TOKEN";

/// Where a text may end in the middle of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Nowhere.
    Whole,
    /// Before each ellipsis.
    AtEllipses,
    /// There and at its end.
    Cut,
}

/// The secrets of a run, each with the text that replaces it.
#[derive(Debug, Clone, Default)]
pub struct Redaction {
    secrets: Vec<Secret>,
    given: usize,
    /// Built for the first text, and again after a secret was added.
    search: OnceLock<Arc<Search>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Secret {
    text: Arc<str>,
    shown: Arc<str>,
    /// It is an encoded form itself, without others.
    is_form: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Plain(&'t str),
    /// The name of a secret.
    Secret(&'t str),
}

impl Redaction {
    pub(crate) fn new() -> Self {
        Redaction::default()
    }

    /// Adds a token, a password or the like, shown as `shown` from now on.
    pub(crate) fn add(&mut self, secret: &str, shown: &str) {
        self.put(secret, shown, false);
    }

    /// The same for a text that is replaced only in this exact form.
    #[cfg(feature = "fuzz")]
    pub(crate) fn add_exact(&mut self, secret: &str, shown: &str) {
        self.put(secret, shown, true);
    }

    /// Adds a token that the target gave. The first of them are replaced everywhere. If there are more, every value of a
    /// member of that name is replaced too, known or not.
    pub(crate) fn add_given(&mut self, token: &str, shown: &str) {
        if self.given < GIVEN {
            self.given += usize::from(self.put(token, shown, false));
        } else if self.given == GIVEN && !self.knows(token) {
            self.given += 1;
            self.search = OnceLock::new();
        }
    }

    pub(crate) fn absorb(&mut self, other: &Redaction) {
        for Secret { text, shown, is_form } in &other.secrets {
            self.put(text, shown, *is_form);
        }
    }

    /// The same secrets, each shown as its text is named; those without a name are none. What is made of a secret, such as its
    /// base64, has its own name where it is a secret too: the longest decides.
    #[cfg(feature = "cli")]
    pub(crate) fn renamed(&self, name: impl Fn(&str) -> Option<String>) -> Redaction {
        let mut secrets: Vec<&Secret> = self.secrets.iter().collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.text.len()));
        let mut renamed = Redaction::new();
        for Secret { text, is_form, .. } in secrets {
            if let Some(name) = name(text) {
                renamed.put(text, &name, *is_form);
            }
        }
        renamed
    }

    /// Adds the password of an account, and its credentials as Basic authentication encodes them.
    pub(crate) fn add_credentials(&mut self, username: &str, password: &str, shown: &str) {
        self.add(password, shown);
        let joined = format!("{username}:{password}");
        let basic = format!("base64({username}:{shown})");
        let (standard, url_safe) = (STANDARD.encode(&joined), URL_SAFE.encode(&joined));
        for form in [&standard, &url_safe, standard.trim_end_matches('=')] {
            self.put(form, &basic, true);
        }
    }

    /// The text with every secret replaced, and the part of one before an ellipsis too.
    pub(crate) fn apply(&self, text: &str) -> String {
        self.shown(text, Ends::AtEllipses)
    }

    /// The same for a text that was cut off at its end.
    pub(crate) fn apply_to_cut(&self, text: &str) -> String {
        self.shown(text, Ends::Cut)
    }

    /// The bytes as text, with `is_cut` for those of something that was cut off at its end.
    pub(crate) fn apply_to_bytes(&self, bytes: &[u8], is_cut: bool) -> String {
        let text = String::from_utf8_lossy(bytes);
        if is_cut { self.apply_to_cut(text.trim_end_matches(char::REPLACEMENT_CHARACTER)) } else { self.apply(&text) }
    }

    /// The text, cut where a secret is.
    pub(crate) fn pieces<'t>(&'t self, text: &'t str) -> Vec<Piece<'t>> {
        self.pieces_of(text, Ends::Whole)
    }

    fn shown(&self, text: &str, ends: Ends) -> String {
        let shown = |piece| match piece {
            Piece::Plain(text) | Piece::Secret(text) => text,
        };
        self.pieces_of(text, ends).into_iter().map(shown).collect()
    }

    fn pieces_of<'t>(&'t self, text: &'t str, ends: Ends) -> Vec<Piece<'t>> {
        let (mut pieces, mut done) = (Vec::new(), 0);
        let search = || self.search.get_or_init(|| Arc::new(Search::new(&self.secrets, self.given > GIVEN)));
        let hits = if self.secrets.is_empty() || text.is_empty() { Vec::new() } else { search().hits(text, ends) };
        for Hit { bytes, what, .. } in hits {
            if done < bytes.start {
                pieces.push(Piece::Plain(&text[done..bytes.start]));
            }
            pieces.push(Piece::Secret(match what {
                What::Secret(index) => &self.secrets[index].shown,
                What::Member | What::Name => TOKEN,
            }));
            done = bytes.end;
        }
        if done < text.len() {
            pieces.push(Piece::Plain(&text[done..]));
        }
        pieces
    }

    pub(crate) fn knows(&self, secret: &str) -> bool {
        secret.is_empty() || self.secrets.iter().any(|known| *known.text == *secret)
    }

    /// Adds it unless it is known; whether it was added.
    fn put(&mut self, secret: &str, shown: &str, is_form: bool) -> bool {
        if self.knows(secret) {
            return false;
        }
        self.secrets.push(Secret { text: secret.into(), shown: shown.into(), is_form });
        self.search = OnceLock::new();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    fn redaction(secrets: &[(&str, &str)]) -> Redaction {
        let mut redaction = Redaction::new();
        for (secret, shown) in secrets {
            if *shown == TOKEN { redaction.add_given(secret, shown) } else { redaction.add(secret, shown) }
        }
        redaction
    }

    #[test]
    fn a_secret_is_replaced_in_every_form_it_travels_in() {
        let mut redaction = Redaction::new();
        redaction.add_credentials("admin", "p\"ss w:rd+1", "$PASSWORD");
        let basic = STANDARD.encode("admin:p\"ss w:rd+1");
        let text = format!("p\"ss w:rd+1 p\\\"ss w:rd+1 p%22ss+w%3Ard%2B1 {basic}");
        let shown = redaction.apply(&text);
        assert_eq!(shown, "$PASSWORD $PASSWORD $PASSWORD base64(admin:$PASSWORD)");
    }

    #[test]
    fn a_secret_is_found_anywhere_in_longer_base64() {
        let redaction = redaction(&[("Marked-Secret?>1", "$S")]);
        for before in ["", "a", "ab", "abc", "admin:"] {
            for after in ["", "x", "yz", "\n"] {
                for engine in [&STANDARD, &URL_SAFE] {
                    let shown = redaction.apply(&engine.encode(format!("{before}Marked-Secret?>1{after}")));
                    let left: String = shown.split("$S").collect();
                    assert!(shown.contains("$S") && left.len() < 20, "{before} {after}: {shown}");
                }
            }
        }
    }

    #[test]
    fn a_secret_is_replaced_whole_and_nothing_else_is() {
        for (what, secrets, text, shown) in vectors::<(String, Vec<[String; 2]>, String, String)>("redactions") {
            let secrets: Vec<(&str, &str)> = secrets.iter().map(|[secret, shown]| (&**secret, &**shown)).collect();
            assert_eq!(redaction(&secrets).apply(&text), shown, "{what}");
        }
        let long: String = (0..1_000).map(|n| format!("{n}\"")).collect();
        let text = format!("<{long}> {}", serde_json::json!(long));
        assert_eq!(redaction(&[(&long, "$S")]).apply(&text), "<$S> \"$S\"");
        assert_eq!(redaction(&[("Marked-Secret", "$S")]).apply_to_cut("{Marked-"), "{$S");
    }
}
