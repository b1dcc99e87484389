//! `${name}` in scenario texts, and JSON Pointers.
//!
//! `${name}` stands for a bound value, `${name|filter}` for that value changed by a filter, and `$${` for a literal
//! `${`. Rendering is pure; what is bound is decided elsewhere.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::located;

/// Names and their values. Each case has its own set; captures add to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings(BTreeMap<String, String>);

impl Bindings {
    /// Binds a name; an earlier value is replaced.
    pub fn bind(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Each name with its value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// A change to a bound value: cases make their wrong credentials with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Filter {
    /// Escaped for a JSON string, without the quotes.
    Json,
    /// With the standard alphabet and padding.
    Base64,
    Upper,
    Lower,
    /// With the other case of every letter. A text without letters gets one, so that it is another text as well.
    Swapcase,
    /// Without the last character.
    Init,
    /// Without the first character.
    Tail,
    First8,
    /// The first half of the characters, without the one in the middle.
    Half,
    /// What `half` leaves out.
    Rest,
    /// With every digit counted on by one. A text without digits gets a letter, so that it is another text as well.
    Digits,
    Reverse,
    /// With the last character replaced by another one of its kind.
    Altered,
}

impl Filter {
    pub fn apply(self, value: &str) -> String {
        let swapcase = |c: char| {
            if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
        };
        let next_digit = |c: char| c.to_digit(10).and_then(|digit| char::from_digit((digit + 1) % 10, 10)).unwrap_or(c);
        let half = value.chars().count() / 2;
        match self {
            Filter::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Filter::Base64 => STANDARD.encode(value),
            Filter::Upper => value.to_ascii_uppercase(),
            Filter::Lower => value.to_ascii_lowercase(),
            Filter::Swapcase => changed(value, value.chars().map(swapcase).collect()),
            Filter::Init => value.char_indices().next_back().map_or("", |(last, _)| &value[..last]).to_owned(),
            Filter::Tail => value.chars().skip(1).collect(),
            Filter::First8 => value.chars().take(8).collect(),
            Filter::Half => value.chars().take(half).collect(),
            Filter::Rest => value.chars().skip(half).collect(),
            Filter::Digits => changed(value, value.chars().map(next_digit).collect()),
            Filter::Reverse => value.chars().rev().collect(),
            Filter::Altered => altered(value),
        }
    }
}

/// The new text, with a letter more if it is the old one.
fn changed(old: &str, new: String) -> String {
    if new == old { new + "x" } else { new }
}

fn altered(value: &str) -> String {
    let mut characters: Vec<char> = value.chars().collect();
    if let Some(last) = characters.last_mut() {
        *last = match *last {
            '0'..='8' | 'a'..='y' | 'A'..='Y' => char::from(*last as u8 + 1),
            '9' => '0',
            'z' => 'a',
            'Z' => 'A',
            '!' => '#',
            _ => '!',
        };
    }
    characters.into_iter().collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Bound { name: String, filters: Vec<Filter> },
}

/// A text with places for bound values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("`${{` is never closed")]
    Unclosed,
    #[error("`{0}` is not a valid name: letters, digits, `_` and `-`, beginning with a letter")]
    Name(String),
    #[error("`{word}` is not a filter")]
    Filter { word: String, advice: String },
}

/// A name in a template that nothing is bound to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing is bound to `{0}`")]
pub struct Unbound(String);

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Template, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            literal.push_str(&rest[..dollar]);
            rest = &rest[dollar..];
            if let Some(after) = rest.strip_prefix("$${") {
                literal.push_str("${");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("${") {
                let (inside, after) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(bound(inside)?);
                rest = after;
            } else {
                literal.push('$');
                rest = &rest[1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Template(parts))
    }

    /// A text without places for values.
    pub(crate) fn literal(text: &str) -> Template {
        Template(vec![Part::Literal(text.to_owned())])
    }

    /// The names it needs, with repetitions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Bound { name, .. } => Some(name.as_str()),
        })
    }

    /// The names whose values it changes, other than by escaping them for JSON.
    #[cfg(feature = "cli")]
    pub(crate) fn changed_names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Bound { name, filters } if filters.iter().any(|filter| *filter != Filter::Json) => {
                Some(name.as_str())
            }
            _ => None,
        })
    }

    pub(crate) fn uses(&self, name: &str) -> bool {
        self.names().any(|used| used == name)
    }

    /// Every place that is bound, as written between `${` and `}`, with its value.
    pub(crate) fn values(&self, bindings: &Bindings) -> Vec<(String, String)> {
        let value = |part: &Part| {
            let Part::Bound { .. } = part else { return None };
            let place = Template(vec![part.clone()]);
            let value = place.render(bindings).ok()?;
            let written = place.to_string();
            Some((written[2..written.len() - 1].to_owned(), value))
        };
        self.0.iter().filter_map(value).collect()
    }

    /// The text with its values.
    pub fn render(&self, bindings: &Bindings) -> Result<String, Unbound> {
        self.parts(bindings, |literal| literal.to_owned()).collect()
    }

    /// The bytes, where everything but the values is written in hexadecimal.
    pub(crate) fn render_hex(&self, bindings: &Bindings) -> Result<Vec<u8>, Unbound> {
        // Where that is not so, the scenario was not read.
        let parts = self.parts(bindings, |literal| from_hex(literal).unwrap_or_default());
        Ok(parts.collect::<Result<Vec<Vec<u8>>, _>>()?.concat())
    }

    /// The same without values; `None` where it is not so.
    pub(crate) fn hex_literals(&self) -> Option<Vec<u8>> {
        let literals = self.0.iter().filter_map(|part| match part {
            Part::Literal(literal) => Some(from_hex(literal)),
            Part::Bound { .. } => None,
        });
        Some(literals.collect::<Option<Vec<_>>>()?.concat())
    }

    fn parts<T: From<String>>(
        &self,
        bindings: &Bindings,
        literally: fn(&str) -> T,
    ) -> impl Iterator<Item = Result<T, Unbound>> {
        self.0.iter().map(move |part| match part {
            Part::Literal(literal) => Ok(literally(literal)),
            Part::Bound { name, filters } => {
                let value = bindings.value(name).ok_or_else(|| Unbound(name.clone()))?;
                Ok(filters.iter().fold(value.to_owned(), |value, filter| filter.apply(&value)).into())
            }
        })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Literal(literal) => f.write_str(&literal.replace("${", "$${"))?,
                Part::Bound { name, filters } => {
                    write!(f, "${{{name}")?;
                    for filter in filters {
                        f.write_str("|")?;
                        filter.serialize(&mut *f)?;
                    }
                    f.write_str("}")?;
                }
            }
        }
        Ok(())
    }
}

/// The bytes of an even number of hexadecimal digits; blanks are passed over.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::try_from(pair[0].to_digit(16)? * 16 + pair.get(1)?.to_digit(16)?).ok();
    digits.chunks(2).map(byte).collect()
}

/// Whether a word can be bound: letters, digits, `_` and `-`, beginning with a letter.
pub(crate) fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn bound(inside: &str) -> Result<Part, TemplateError> {
    let mut words = inside.split('|');
    let name = words.next().unwrap_or_default();
    if !is_name(name) {
        return Err(TemplateError::Name(name.to_owned()));
    }
    let filter = |word: &str| {
        located::named(word)
            .map_err(|located::Unknown { advice }| TemplateError::Filter { word: word.to_owned(), advice })
    };
    Ok(Part::Bound { name: name.to_owned(), filters: words.map(filter).collect::<Result<_, _>>()? })
}

/// A well-formed JSON Pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer(String);

impl Pointer {
    pub(crate) fn parse(text: &str) -> Option<Pointer> {
        let rooted = text.is_empty() || text.starts_with('/');
        let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        (rooted && escaped).then(|| Pointer(text.to_owned()))
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    fn render(text: &str) -> String {
        let mut bindings = Bindings::default();
        bindings.bind("name", "Ab\"1z");
        bindings.bind("digits", "123456789");
        Template::parse(text).expect(text).render(&bindings).expect(text)
    }

    #[test]
    fn values_filters_and_literals() {
        for (text, expected) in vectors::<(String, String)>("templates") {
            assert_eq!(render(&text), expected, "{text}");
            assert_eq!(Template::parse(&text).expect(&text).to_string(), text);
        }
    }

    #[test]
    fn values_stand_between_bytes() {
        let mut bindings = Bindings::default();
        bindings.bind("name", "\u{e9}f");
        let template = Template::parse("ff 0 0${name}0A").expect("a template");
        assert_eq!(template.render_hex(&bindings).expect("bound"), b"\xff\x00\xc3\xa9f\n");
        for (text, is_hex) in [("", true), ("${name}", true), ("f", false), ("f${name}f", false), ("$${", false)] {
            assert_eq!(Template::parse(text).expect("a template").hex_literals().is_some(), is_hex, "{text}");
        }
    }

    #[test]
    fn altered_differs_from_the_value() {
        for value in ["a", "z", "Z", "9", "!", "#", "é", "azAZ09"] {
            let altered = Filter::Altered.apply(value);
            assert_ne!(altered, value);
            assert_eq!(altered.chars().count(), value.chars().count());
        }
        let kinds: [fn(&char) -> bool; 3] = [char::is_ascii_digit, char::is_ascii_lowercase, char::is_ascii_uppercase];
        for last in ('0'..='9').chain('a'..='z').chain('A'..='Z') {
            let altered = Filter::Altered.apply(&format!("!{last}"));
            let other = altered.strip_prefix('!').expect("all but the last stays");
            let is_of_its_kind = |kind: &fn(&char) -> bool| kind(&last) && other.chars().all(|c| kind(&c));
            assert!(kinds.iter().any(is_of_its_kind), "{last} became {other}");
        }
    }

    #[test]
    fn the_names_and_bound_places_of_a_template_are_listed() {
        let template = Template::parse("x${user|upper}$${no}${other}y${user}").expect("template");
        assert_eq!(template.names().collect::<Vec<_>>(), ["user", "other", "user"]);
        let mut bindings = Bindings::default();
        bindings.bind("user", "ab");
        let expected = [("user|upper".to_owned(), "AB".to_owned()), ("user".to_owned(), "ab".to_owned())];
        assert_eq!(template.values(&bindings), expected);
        assert_eq!(template.render(&bindings), Err(Unbound("other".into())));
    }

    #[test]
    fn names_are_letters_digits_underscores_and_hyphens_beginning_with_a_letter() {
        for good in ["a", "Z", "user_token", "new-password", "unique4", "a_-9"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "1a", "_a", "-a", "a b", "a.b", "a|b", "é", "aé"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn invalid_templates_are_refused() {
        assert_eq!(Template::parse("${a"), Err(TemplateError::Unclosed));
        assert_eq!(Template::parse("${}"), Err(TemplateError::Name(String::new())));
        assert_eq!(Template::parse("${1a}"), Err(TemplateError::Name("1a".into())));
        let advice = "did you mean `upper`?".into();
        assert_eq!(Template::parse("${a|uper}"), Err(TemplateError::Filter { word: "uper".into(), advice }));
    }

    #[test]
    fn pointers_are_well_formed_or_refused() {
        for good in ["", "/", "/users/0/token", "/a~0b~1c"] {
            assert_eq!(Pointer::parse(good).expect(good).as_str(), good);
        }
        for bad in ["users", "/a~2", "/a~"] {
            assert!(Pointer::parse(bad).is_none(), "{bad}");
        }
    }
}
