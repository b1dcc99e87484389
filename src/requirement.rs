//! The register: every documented rule that an implementation is held to, with its level and source.
//!
//! It is data (`scenarios/requirements.toml`). Levels follow from the basis of a rule and are stated nowhere else: a
//! scenario names a requirement, never a level.

use std::collections::BTreeMap;
use std::ops::Range;

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::located::{self, LineCounter, Located, LocatedError, SourceText};

/// How binding a requirement is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Only observed and reported; never a finding.
    May,
    /// A finding, by itself a warning.
    Should,
    /// A finding that fails its case.
    #[default]
    Must,
}

located::shown_by_name!(Level);

/// What a requirement is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The vendor's reference pages or Postman text.
    Documented,
    /// Holds for any server: no crash, no hang, no leak, no bypass.
    Universal,
    /// Seen in captures of a real client.
    Observed,
    /// A standard that the documents do not cite.
    Rfc,
    /// Concluded from the documents, or left open by them.
    Inferred,
}

impl Basis {
    /// The level of a requirement with this basis.
    pub fn level(self) -> Level {
        match self {
            Basis::Documented | Basis::Universal => Level::Must,
            Basis::Observed | Basis::Rfc => Level::Should,
            Basis::Inferred => Level::May,
        }
    }
}

/// One documented rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// `area.topic.rule`, stable for ever.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// What it is based on.
    pub basis: Basis,
    /// The rule in our words.
    pub statement: String,
    pub(crate) page: String,
    pub(crate) section: String,
    /// Which conforming servers a careless check would accuse, and what the check therefore leaves open. Every must says.
    pub open: Option<String>,
    /// Why the level is lower than that of the basis, or why the documents leave the rule open. Every may says.
    pub because: Option<String>,
    /// Why no scenario checks it.
    pub untested: Option<String>,
    /// In the register, 1-based.
    pub(crate) line: usize,
}

impl Requirement {
    /// One of [`AREAS`].
    pub fn area(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// Why it has its level.
    pub fn reason(&self) -> String {
        let basis = match self.basis {
            Basis::Documented => "the documents of the vendor say so",
            Basis::Universal => "every server owes it to those who use it",
            Basis::Observed => "a real client was seen to do it, and no document says so",
            Basis::Rfc => "a standard says so that the documents do not cite",
            Basis::Inferred => "the documents leave it open",
        };
        match (&self.because, self.basis) {
            (None, _) => basis.to_owned(),
            (Some(because), Basis::Inferred) => format!("{basis}: {because}"),
            (Some(because), _) => format!("{basis}, but: {because}"),
        }
    }

    /// Page and section, as a person would cite them.
    pub fn source(&self) -> String {
        format!("{}, {}", self.page, self.section)
    }
}

/// The areas that requirement ids and scenario folders begin with.
pub const AREAS: [&str; 5] = ["login", "users", "tokens", "account", "envelope"];

/// All requirements, by id.
#[derive(Debug, Clone, Default)]
pub struct Register {
    by_id: BTreeMap<String, Requirement>,
}

/// One entry of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    basis: Basis,
    statement: Spanned<String>,
    page: Spanned<String>,
    section: Spanned<String>,
    open: Option<Spanned<String>>,
    because: Option<Spanned<String>>,
    untested: Option<Spanned<String>>,
}

impl Register {
    /// Reads the register. The error is about the first entry that is wrong.
    pub fn parse(source: SourceText<'_>) -> Result<Register, LocatedError> {
        let entries: Located<Entry> = located::parse(source).map_err(|error| {
            // An id without quotes is a nest of tables to TOML, and the error about that would help nobody.
            unquoted_id(source).unwrap_or(error)
        })?;
        let mut lines = LineCounter::new(source);
        let mut by_id = BTreeMap::new();
        for (key, entry) in entries.0 {
            let line = lines.line(key.span().start);
            let requirement = entry.into_inner().checked(source, &key, line)?;
            by_id.insert(key.into_inner(), requirement);
        }
        Ok(Register { by_id })
    }

    /// The requirement of that id.
    pub fn find(&self, id: &str) -> Option<&Requirement> {
        self.by_id.get(id)
    }

    /// All of them, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.by_id.values()
    }

    /// The known id that is most like a wrong one.
    pub(crate) fn nearest(&self, wrong: &str) -> Option<&str> {
        located::nearest(wrong, self.by_id.keys().map(String::as_str))
    }
}

/// The error for an id that was written without quotes, if that is what the file holds.
fn unquoted_id(source: SourceText<'_>) -> Option<LocatedError> {
    let file = DeTable::parse(source.text).ok()?;
    let nested = |(_, entry): &(&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let members = entry.get_ref().as_table();
        members.is_some_and(|members| members.values().any(|value| value.get_ref().is_table()))
    };
    let (key, _) = file.get_ref().iter().find(nested)?;
    Some(no_id(source, key.span(), key.get_ref()))
}

/// Whether a word may be a part of a requirement or case id: lower case, digits and hyphens.
pub(crate) fn is_segment(word: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !word.is_empty() && word.bytes().all(legal)
}

fn no_id(source: SourceText<'_>, span: Range<usize>, id: &str) -> LocatedError {
    let advice = format!(
        "write it in quotes as \"area.topic.rule\": lower case, digits and hyphens, the area one of {}",
        AREAS.join(", ")
    );
    source.error(span, format!("`{id}` is not a valid requirement id"), advice)
}

impl Entry {
    fn checked(self, source: SourceText<'_>, key: &Spanned<String>, line: usize) -> Result<Requirement, LocatedError> {
        let id = key.get_ref();
        let area = id.split('.').next().unwrap_or_default();
        if !id.contains('.') || !id.split('.').all(is_segment) || !AREAS.contains(&area) {
            return Err(no_id(source, key.span(), id));
        }
        source.filled(&self.statement, format!("`{id}` says nothing"), "state the rule in one sentence")?;
        for named in [&self.page, &self.section] {
            let advice = "name the page and section that state the rule, so that it can be looked up";
            source.filled(named, format!("`{id}` names no source"), advice)?;
        }
        for reason in [&self.because, &self.untested].into_iter().flatten() {
            let advice = "write a reason that a stranger would accept, or remove the key";
            source.filled(reason, format!("`{id}` gives no reason"), advice)?;
        }
        let lowered = self.because.is_some() && self.basis.level() == Level::Must;
        let level = if lowered { Level::Should } else { self.basis.level() };
        let advice = "add open = \"…\": what the documents leave open and the check accepts, or \"Nobody: \" and why";
        let what = || format!("`{id}` does not say which conforming servers its check could accuse");
        match &self.open {
            None if level == Level::Must => return Err(source.error(key.span(), what(), advice)),
            Some(open) => source.filled(open, what(), advice)?,
            None => {}
        }
        Ok(Requirement {
            id: id.clone(),
            level,
            basis: self.basis,
            statement: self.statement.into_inner(),
            page: self.page.into_inner(),
            section: self.section.into_inner(),
            open: self.open.map(Spanned::into_inner),
            because: self.because.map(Spanned::into_inner),
            untested: self.untested.map(Spanned::into_inner),
            line,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_follows_from_the_basis_and_only_a_reason_lowers_it() {
        let entry = "basis = \"documented\"\nstatement = \"s\"\npage = \"p\"\nsection = \"q\"\n";
        let text = format!(
            "[\"login.a\"]\n{entry}open = \"Nobody.\"\n[\"login.b\"]\n{entry}because = \"two pages disagree\"\n"
        );
        let register = Register::parse(SourceText { file: "requirements.toml", text: &text }).expect("register");
        let found = |id| register.find(id).map(|found| (found.level, found.line));
        assert_eq!(found("login.a"), Some((Level::Must, 1)));
        assert_eq!(found("login.b"), Some((Level::Should, 7)));
    }
}
