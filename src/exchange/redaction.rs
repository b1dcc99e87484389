//! Secrets out of everything that is shown or stored.
//!
//! A [`Redaction`] knows the secrets of one run and the name each may be shown by. The documented default password
//! and the literals of scenario files are no secrets and are never added.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE};

/// Shorter runs of base64, in characters, may stand in a text by chance.
const TELLING: usize = 8;

/// The secrets of a run, each with the text that stands in its place.
#[derive(Debug, Clone, Default)]
pub struct Redaction {
    /// (what must not be shown, what is shown), longest first so that no part of a longer one survives.
    replacements: Vec<(String, String)>,
}

/// Where a text that is too long was cut.
const CUT: char = '…';

/// The shortest beginning of a secret that is taken for one, in bytes.
const STUMP: usize = 4;

/// Percent escapes with lower case digits.
fn lower_escapes(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut escaped = 0;
    for c in text.chars() {
        escaped = if c == '%' { 3_u8 } else { escaped };
        lower.push(if escaped > 0 { c.to_ascii_lowercase() } else { c });
        escaped = escaped.saturating_sub(1);
    }
    lower
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

    /// A token, a password or the like, shown as `shown` from now on, also where it stands base64-encoded, by itself or
    /// within something longer, URL-encoded, or escaped inside JSON text, once or twice over.
    pub fn add(&mut self, secret: &str, shown: &str) {
        if secret.is_empty() {
            return;
        }
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let percent = form.replace('+', "%20");
        let lower = [lower_escapes(&form), lower_escapes(&percent)];
        let json = in_json(secret);
        let json_in_json = in_json(&json);
        let forms = [secret.to_owned(), form, percent, json, json_in_json];
        for form in forms.into_iter().chain(lower) {
            self.put(form, shown.to_owned());
        }
        for engine in [STANDARD, URL_SAFE] {
            self.put(engine.encode(secret), shown.to_owned());
            for before in 0..3 {
                self.put_core(&engine, before, secret, shown);
            }
        }
    }

    /// Everything that the other keeps secret too, unless it is known here.
    pub fn absorb(&mut self, other: &Redaction) {
        for (secret, shown) in &other.replacements {
            self.put(secret.clone(), shown.clone());
        }
    }

    /// The credentials of an account: the password as in [`Redaction::add`], and both joined and base64-encoded as
    /// Basic authentication sends them.
    pub fn add_credentials(&mut self, username: &str, password: &str, shown: &str) {
        self.add(password, shown);
        let joined = format!("{username}:{password}");
        let basic = format!("base64({username}:{shown})");
        self.put(STANDARD.encode(&joined), basic.clone());
        self.put(URL_SAFE.encode(&joined), basic.clone());
        let bare = STANDARD.encode(&joined);
        self.put(bare.trim_end_matches('=').to_owned(), basic);
    }

    /// The text with every secret replaced, and what an ellipsis left of one too.
    pub fn apply(&self, text: &str) -> String {
        let shown: String = self.pieces(text).iter().map(Piece::shown).collect();
        match shown.contains(CUT) {
            true => self.without_stumps(&shown),
            false => shown,
        }
    }

    /// The text of something that was cut off at its end.
    pub fn apply_to_cut(&self, text: &str) -> String {
        let shown: String = self.pieces(text).iter().map(Piece::shown).collect();
        self.without_stump(&shown)
    }

    fn without_stumps(&self, text: &str) -> String {
        let mut parts = text.split(CUT).peekable();
        let mut whole = String::new();
        while let Some(part) = parts.next() {
            match parts.peek() {
                Some(_) => {
                    whole.push_str(&self.without_stump(part));
                    whole.push(CUT);
                }
                None => whole.push_str(part),
            }
        }
        whole
    }

    /// Without the beginning of a secret at its end.
    fn without_stump(&self, text: &str) -> String {
        for (secret, shown) in &self.replacements {
            let ends = secret.char_indices().map(|(end, _)| end).rev();
            for end in ends.take_while(|end| *end >= STUMP) {
                if let Some(rest) = text.strip_suffix(&secret[..end]) {
                    return format!("{rest}{shown}");
                }
            }
        }
        text.to_owned()
    }

    /// The text cut into what may be shown and what stands in place of secrets.
    pub fn pieces<'t>(&'t self, text: &'t str) -> Vec<Piece<'t>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((start, secret, shown)) = self.first_in(rest) {
            if start > 0 {
                pieces.push(Piece::Plain(&rest[..start]));
            }
            pieces.push(Piece::Secret(shown));
            rest = &rest[start + secret.len()..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Plain(rest));
        }
        pieces
    }

    /// The earliest secret in the text; of those that begin there, the longest.
    fn first_in<'r>(&'r self, text: &str) -> Option<(usize, &'r str, &'r str)> {
        let found = self.replacements.iter();
        let found =
            found.filter_map(|(secret, shown)| Some((text.find(secret.as_str())?, secret.as_str(), shown.as_str())));
        found.min_by_key(|(start, secret, _)| (*start, usize::MAX - secret.len()))
    }

    /// The characters that the secret alone decides where its base64 stands behind that many bytes of something else.
    fn put_core(&mut self, engine: &GeneralPurpose, before: usize, secret: &str, shown: &str) {
        let encoded = engine.encode([vec![0; before], secret.as_bytes().to_vec()].concat());
        let (start, end) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
        if end - start >= TELLING {
            self.put(encoded[start..end].to_owned(), shown.to_owned());
        }
    }

    fn put(&mut self, secret: String, shown: String) {
        if self.replacements.iter().any(|(known, _)| *known == secret) {
            return;
        }
        let longer = |(known, _): &(String, String)| known.len() >= secret.len();
        let place = self.replacements.partition_point(longer);
        self.replacements.insert(place, (secret, shown));
    }
}

/// As it stands between the quotes of JSON text.
fn in_json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
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
        assert_eq!(
            redaction.apply("a Marked-Sec… (90 bytes in all)"),
            "a $S… (90 bytes in all)"
        );
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
}
