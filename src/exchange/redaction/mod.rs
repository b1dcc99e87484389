//! Secrets out of everything that is shown or stored.
//!
//! A [`Redaction`] knows the secrets of one run and the name each may be shown by. The documented default password
//! and the literals of scenario files are no secrets and are never added.
//!
//! A secret is found in upper and lower case, escaped for JSON, HTML, a URL or a shell up to three times over, in
//! hexadecimal, and within base64. The text is read once for each layer of escapes, however many secrets there are.

mod escapes;
mod forms;
mod matcher;
mod search;

use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use search::{Hit, Search, What};

/// Where a text that is too long was cut.
const CUT: char = '…';

/// How many tokens of a target are known one by one.
const GIVEN: usize = 64;

/// What a token is shown by that is not known by itself.
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

/// The secrets of a run, each with the text that stands in its place.
#[derive(Debug, Clone, Default)]
pub struct Redaction {
    secrets: Vec<Secret>,
    given: usize,
    /// Built when a text is first looked at, and anew when a secret was added.
    search: OnceLock<Arc<Search>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Secret {
    text: Arc<str>,
    shown: Arc<str>,
    /// It is an encoded form itself, and has no others.
    is_form: bool,
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// May be shown.
    Plain(&'t str),
    /// Stands in the place of a secret.
    Secret(&'t str),
}

impl Piece<'_> {
    fn shown(&self) -> &str {
        match self {
            Piece::Plain(text) | Piece::Secret(text) => text,
        }
    }
}

impl Redaction {
    /// Nothing is secret yet.
    pub fn new() -> Self {
        Redaction::default()
    }

    /// A token, a password or the like, shown as `shown` from now on, in whatever form it comes.
    pub fn add(&mut self, secret: &str, shown: &str) {
        self.put(secret, shown, false);
    }

    /// A token that the target gave. The first of them are known one by one, wherever they stand. A target that gives more
    /// has every token hidden that stands in a member of that name, known or not.
    pub fn add_given(&mut self, token: &str, shown: &str) {
        if self.given < GIVEN {
            self.given += usize::from(self.put(token, shown, false));
        } else if self.given == GIVEN && !self.knows(token) {
            self.given += 1;
            self.search = OnceLock::new();
        }
    }

    /// Everything that the other keeps secret too, unless it is known here.
    pub fn absorb(&mut self, other: &Redaction) {
        for Secret { text, shown, is_form } in &other.secrets {
            self.put(text, shown, *is_form);
        }
    }

    /// The credentials of an account: the password as in [`Redaction::add`], and both joined and base64-encoded as
    /// Basic authentication sends them.
    pub fn add_credentials(&mut self, username: &str, password: &str, shown: &str) {
        self.add(password, shown);
        let joined = format!("{username}:{password}");
        let basic = format!("base64({username}:{shown})");
        let (standard, url_safe) = (STANDARD.encode(&joined), URL_SAFE.encode(&joined));
        for form in [&standard, &url_safe, standard.trim_end_matches('=')] {
            self.put(form, &basic, true);
        }
    }

    /// The text with every secret replaced, and what an ellipsis left of one too.
    pub fn apply(&self, text: &str) -> String {
        self.shown(text, Ends::AtEllipses)
    }

    /// The text of something that was cut off at its end.
    pub fn apply_to_cut(&self, text: &str) -> String {
        self.shown(text, Ends::Cut)
    }

    /// The text cut into what may be shown and what stands in place of secrets.
    pub fn pieces<'t>(&'t self, text: &'t str) -> Vec<Piece<'t>> {
        self.pieces_of(text, Ends::Whole)
    }

    fn shown(&self, text: &str, ends: Ends) -> String {
        self.pieces_of(text, ends).iter().map(Piece::shown).collect()
    }

    fn pieces_of<'t>(&'t self, text: &'t str, ends: Ends) -> Vec<Piece<'t>> {
        let mut pieces = Vec::new();
        let mut done = 0;
        for Hit { bytes, what, .. } in self.hits(text, ends) {
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

    fn hits(&self, text: &str, ends: Ends) -> Vec<Hit> {
        if self.secrets.is_empty() || text.is_empty() {
            return Vec::new();
        }
        let search = self.search.get_or_init(|| Arc::new(Search::new(&self.secrets, self.given > GIVEN)));
        search.hits(text, ends)
    }

    fn knows(&self, secret: &str) -> bool {
        secret.is_empty() || self.secrets.iter().any(|known| *known.text == *secret)
    }

    /// Takes it in unless it is known; whether it was not.
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
    fn a_secret_is_found_inside_longer_base64_wherever_it_stands() {
        let mut redaction = Redaction::new();
        redaction.add("Marked-Secret?>1", "$S");
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
    fn a_secret_with_quotes_at_its_ends_is_replaced_whole() {
        let mut redaction = Redaction::new();
        redaction.add("\"quoted\"", "$PASSWORD");
        let (once, twice) = (r#"{"p":"\"quoted\""}"#, r#"{"b":"{\"p\":\"\\\"quoted\\\"\"}"}"#);
        assert_eq!(redaction.apply(once), r#"{"p":"$PASSWORD"}"#);
        assert_eq!(redaction.apply(twice), r#"{"b":"{\"p\":\"$PASSWORD\"}"}"#);
    }

    #[test]
    fn what_a_cut_left_of_a_secret_goes_too() {
        let mut redaction = Redaction::new();
        redaction.add("Marked-Secret", "$S");
        assert_eq!(redaction.apply("a Marked-Sec… (90 bytes in all)"), "a $S… (90 bytes in all)");
        assert_eq!(redaction.apply("a Mar… b … Marked-Secret…"), "a Mar… b … $S…");
        assert_eq!(redaction.apply_to_cut("{Marked-"), "{$S");
    }

    #[test]
    fn the_longest_secret_goes_first() {
        let mut redaction = Redaction::new();
        redaction.add("abcdef", "$SHORT");
        redaction.add("abcdefghi", "$LONG");
        assert_eq!(redaction.apply("abcdefghi abcdef"), "$LONG $SHORT");
    }

    #[test]
    fn secrets_that_lie_over_each_other_leave_nothing_of_each_other() {
        let mut redaction = Redaction::new();
        redaction.add("owners-password", "$PASSWORD");
        redaction.add_given("xxxxowners", "$TOKEN");
        assert_eq!(redaction.apply("xxxxowners-password."), "$PASSWORD.");
    }

    #[test]
    fn the_name_that_a_secret_is_shown_by_stays_whatever_the_secret_is() {
        let mut redaction = Redaction::new();
        redaction.add("password", "$ADMIN_PASSWORD");
        let shown = redaction.apply("Password passwor… $admin_password");
        assert_eq!(shown, "$ADMIN_PASSWORD $ADMIN_PASSWORD… $admin_$ADMIN_PASSWORD");
        assert_eq!(redaction.apply(&shown), shown);
    }

    #[test]
    fn a_short_secret_is_one_where_it_is_a_whole_value() {
        let mut redaction = Redaction::new();
        redaction.add("a", "$S");
        let text = r#"a banana, {"b":"a"}, {\"b\":\"a\"}, 'a', Bearer a"#;
        assert_eq!(redaction.apply(text), r#"a banana, {"b":"$S"}, {\"b\":\"$S\"}, '$S', Bearer $S"#);
    }

    #[test]
    fn a_long_secret_takes_its_whole_length_and_no_more() {
        let mut redaction = Redaction::new();
        let secret: String = (0..1_000).map(|n| format!("{n}\"")).collect();
        redaction.add(&secret, "$S");
        let json = serde_json::to_string(&secret).expect("JSON");
        assert_eq!(redaction.apply(&format!("<{secret}> {json}")), "<$S> \"$S\"");
    }
}
