//! From the values of one run back to the names that scenarios have for them.

use std::cmp::Reverse;

use super::hex;
use crate::template::{Bindings, Template};

/// Filters that an input may use, or that a text near a password is made with.
const FILTERS: &str = " |base64 |base64|base64 |upper |lower |swapcase |init |tail |first8 |reverse |altered";

/// Shorter values may be in a text by chance, so only the values themselves are looked for.
const TELLING: usize = 8;

/// Values, and what a scenario writes for each of their forms.
pub(super) struct Names {
    bindings: Bindings,
    /// Values as they are, then filtered ones; the longest first.
    forms: Vec<(String, String)>,
}

impl Names {
    pub fn of<'v>(values: impl IntoIterator<Item = (String, &'v str)>) -> Names {
        let (mut bindings, mut forms) = (Bindings::default(), Vec::new());
        for (name, value) in values.into_iter().filter(|(_, value)| !value.is_empty()) {
            bindings.bind(&*name, value);
            let filters = FILTERS.split(' ').filter(|filter| filter.is_empty() || value.len() >= TELLING);
            forms.extend(filters.filter_map(|filter| {
                let place = format!("${{{name}{filter}}}");
                Some((Template::parse(&place).ok()?.render(&bindings).ok()?, place))
            }));
        }
        // A changed name may be another name.
        forms.sort_by_key(|(form, place)| (place.contains('|'), Reverse(form.len())));
        Names { bindings, forms }
    }

    pub fn value(&self, name: &str) -> &str {
        self.bindings.value(name).unwrap_or_default()
    }

    /// The text as a scenario has it; `None` where it cannot be written so.
    pub fn text(&self, text: &str) -> Option<String> {
        let written = self.replaced(text, |literal| literal.replace("${", "$${"));
        let read = Template::parse(&written).ok()?.render(&self.bindings).ok()?;
        (read == text).then_some(written)
    }

    /// Bytes in hexadecimal, with names among them.
    pub fn hex(&self, bytes: &[u8]) -> String {
        let chunk = |chunk: std::str::Utf8Chunk<'_>| {
            self.replaced(chunk.valid(), |literal| hex(literal.as_bytes())) + &hex(chunk.invalid())
        };
        bytes.utf8_chunks().map(chunk).collect()
    }

    fn replaced(&self, text: &str, literally: impl Fn(&str) -> String) -> String {
        let (mut written, mut literal, mut at) = (String::new(), 0, 0);
        while at < text.len() {
            let form = |(form, _): &&(String, String)| text.as_bytes()[at..].starts_with(form.as_bytes());
            match self.forms.iter().find(form) {
                None => at += 1,
                Some((form, place)) => {
                    written += &literally(&text[literal..at]);
                    written += place;
                    at += form.len();
                    literal = at;
                }
            }
        }
        written + &literally(&text[literal..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_the_names_they_have() {
        let values = [("user", "w4ab9cde01"), ("other", "w4ab9cde02"), ("host", "h:1")];
        let names = Names::of(values.map(|(name, value)| (name.to_owned(), value)));
        for (text, written) in [
            ("a w4ab9cde01!", Some("a ${user}!")),
            ("W4AB9CDE01w4ab9cde0", Some("${user|upper}${user|init}")),
            ("h:1 w4ab9cde02 ${x}", Some("${host} ${other} $${x}")),
            ("$w4ab9cde01", None),
        ] {
            assert_eq!(names.text(text).as_deref(), written, "{text}");
        }
        assert_eq!(names.hex(b"\xffw4ab9cde01\n"), "ff${user}0a");
    }
}
