//! The places of secrets in a text: every form of each, in every layer of escapes.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use super::forms::{Form, folded, forms};
use super::layer::Layer;
use super::matcher::{Matcher, Walk};
use super::{CUT, Ends, Secret};

/// The shortest start of a secret that counts as one, in bytes.
const STUMP: usize = 4;

const LAYERS: usize = 3;

/// How far the colon may be from the word `token` in the name of a member, in bytes.
const NAME: usize = 64;

#[derive(Debug)]
pub(super) struct Search {
    matcher: Matcher,
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    what: What,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// The secret of that index.
    Secret(usize),
    /// The value of a member named as a token.
    Member,
    /// The name of a secret, which was replaced already.
    Name,
}

#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub bytes: Range<usize>,
    pub what: What,
    /// The best decides the name of the place: one that fits to the letter, then the longest, then the first.
    rank: (bool, usize, Reverse<What>),
}

impl Search {
    /// For those secrets, and with `members` for all tokens by the names of their members.
    pub fn new(secrets: &[Secret], members: bool) -> Search {
        let of_secret = |(index, secret): (usize, &Secret)| {
            let what = What::Secret(index);
            forms(secret).into_iter().map(move |form| Pattern { what, form })
        };
        let names: BTreeSet<&str> = secrets.iter().map(|secret| &*secret.shown).collect();
        let names = names.into_iter().map(|name| (What::Name, name));
        let others = names.chain(members.then_some((What::Member, "token")));
        let others = others.map(|(what, text)| Pattern { what, form: Form::of(text) });
        let mut patterns: Vec<Pattern> = secrets.iter().enumerate().flat_map(of_secret).chain(others).collect();
        // For a prefix that several patterns share, one that is known by its start comes first.
        patterns.sort_by_key(|pattern| !pattern.tells_by_its_beginning());
        let folded: Vec<String> =
            patterns.iter().map(|pattern| pattern.form.text.chars().map(folded).collect()).collect();
        Search { matcher: Matcher::new(folded.iter().map(|text| text.as_bytes())), patterns }
    }

    /// Every place, in order and without overlaps.
    pub fn hits(&self, text: &str, ends: Ends) -> Vec<Hit> {
        let mut hits = Vec::new();
        let layers = std::iter::successors(Some(Layer::original(text)), |layer| layer.decoded());
        for (depth, layer) in layers.take(1 + LAYERS).enumerate() {
            self.look(&layer, depth == 0, ends, &mut hits);
        }
        apart(hits)
    }

    /// Searches one layer and returns the cost.
    fn look(&self, layer: &Layer<'_>, is_original: bool, ends: Ends, hits: &mut Vec<Hit>) -> usize {
        let text = &*layer.text;
        let mut walk = Walk::default();
        let mut utf8 = [0; 4];
        for (at, c) in text.char_indices() {
            if c == CUT && ends != Ends::Whole {
                self.stump(layer, at, &walk, hits);
            }
            let end = at + c.len_utf8();
            folded(c).encode_utf8(&mut utf8).bytes().for_each(|byte| self.matcher.step(&mut walk, byte));
            for Pattern { what, form } in self.matcher.found(&walk).map(|index| &self.patterns[index]) {
                let start = end - form.text.len();
                let fits = text[start..end] == form.text;
                let bytes = match what {
                    What::Secret(_) => {
                        let start = start + form.around.0;
                        start..text.ceil_char_boundary(start + form.covers)
                    }
                    What::Name if fits && is_original => start..end,
                    What::Name => continue,
                    What::Member => match member_value(text, end) {
                        Some(value) => value,
                        None => continue,
                    },
                };
                put(hits, Hit::new(layer, bytes, *what, fits));
                if matches!(what, What::Secret(_)) {
                    break;
                }
            }
        }
        if ends == Ends::Cut {
            self.stump(layer, text.len(), &walk, hits);
        }
        walk.steps
    }

    /// Finds the part of a secret that a cut at that place left.
    fn stump(&self, layer: &Layer<'_>, at: usize, walk: &Walk, hits: &mut Vec<Hit>) {
        let begun = self.matcher.begun(walk).take_while(|(_, length)| *length >= STUMP);
        let mut begun = begun.map(|(index, length)| (&self.patterns[index], length));
        if let Some((pattern, length)) = begun.find(|(pattern, _)| pattern.tells_by_its_beginning()) {
            put(hits, Hit::new(layer, at - length..at, pattern.what, false));
        }
    }
}

impl Pattern {
    fn tells_by_its_beginning(&self) -> bool {
        matches!(self.what, What::Secret(_)) && self.form.around.0 == 0
    }
}

impl Hit {
    fn new(layer: &Layer<'_>, bytes: Range<usize>, what: What, fits: bool) -> Hit {
        let rank = (fits && what != What::Member, bytes.len(), Reverse(what));
        Hit { bytes: layer.origin(bytes), what, rank }
    }

    /// Covers the other's place too.
    fn absorb(&mut self, other: Hit) {
        self.bytes = self.bytes.start.min(other.bytes.start)..self.bytes.end.max(other.bytes.end);
        if other.rank > self.rank {
            (self.what, self.rank) = (other.what, other.rank);
        }
    }
}

/// Adds a hit, or extends the last one: a text of nothing but secrets has as many hits as bytes.
fn put(hits: &mut Vec<Hit>, hit: Hit) {
    let is_secret = |hit: &Hit| hit.what != What::Name;
    match hits.last_mut() {
        Some(last) if is_secret(last) && is_secret(&hit) && last.bytes.contains(&hit.bytes.start) => last.absorb(hit),
        _ => hits.push(hit),
    }
}

fn apart(mut hits: Vec<Hit>) -> Vec<Hit> {
    // The outer ones first.
    hits.sort_by_key(|hit| (hit.bytes.start, Reverse(hit.bytes.end)));
    let mut apart: Vec<Hit> = Vec::new();
    let mut named_until = 0;
    for hit in hits {
        match apart.last_mut() {
            // A secret such as `PASSWORD` does not count within the name of a secret.
            _ if hit.bytes.end <= named_until => {}
            _ if hit.what == What::Name => named_until = hit.bytes.end,
            Some(last) if hit.bytes.start < last.bytes.end => last.absorb(hit),
            _ => apart.push(hit),
        }
    }
    apart
}

/// The value of the member whose name continues at that place.
fn member_value(text: &str, name: usize) -> Option<Range<usize>> {
    let near = &text[name..text.floor_char_boundary(name + NAME)];
    let (_, after) = near.split_once('"')?;
    let value = after.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let start = name + near.len() - value.len();
    let mut escaped = false;
    let end = text[start..].bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let end = end.map_or(text.len(), |length| start + length);
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::super::Redaction;
    use super::*;

    /// What a look at a text costs, in links that are followed, and how many hits it has.
    fn look(secrets: &[String], text: &str) -> (usize, usize) {
        let mut redaction = Redaction::new();
        secrets.iter().for_each(|secret| redaction.add(secret, "$S"));
        let search = Search::new(&redaction.secrets, false);
        let mut hits = Vec::new();
        (search.look(&Layer::original(text), true, Ends::AtEllipses, &mut hits), hits.len())
    }

    #[test]
    fn twice_the_text_is_twice_the_work_and_more_secrets_are_none() {
        let text = "aaaaaaab… \"token\":\"aaaa\\u0061\" ".repeat(2_000);
        let few = ["aaaaaaaaaaaac".to_owned()];
        let many: Vec<String> = (4..200).map(|length| "a".repeat(length)).collect();
        let ((once, _), (twice, _)) = (look(&many, &text), look(&many, &text.repeat(2)));
        assert!(once <= 2 * text.len() && twice <= 2 * once, "{once} {twice}");
        assert!(look(&few, &text).0 <= 2 * text.len());
    }

    #[test]
    fn hits_that_lie_over_each_other_are_one() {
        assert_eq!(look(&["aaaa".to_owned()], &"a".repeat(10_000)).1, 1);
    }
}
