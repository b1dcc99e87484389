//! The file of known failures, parsed.

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;
use wildmatch::WildMatch;

use crate::located::{self, LocatedError, SourceText};
use crate::run::Excuse;

#[derive(Debug, Default)]
pub struct Baseline {
    pub(super) entries: Vec<Entry>,
}

/// One known failure: a requirement that a case breaks, and how.
#[derive(Debug)]
pub struct Entry {
    /// A case id, with `*` and `?` in the name of the row.
    pub case: String,
    pub requirement: String,
    /// How the case breaks it, see [`signature`](super::signature::signature).
    pub signature: String,
    pub excuse: Excuse,
    /// 1-based.
    pub line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    case: Spanned<String>,
    requirement: Spanned<String>,
    signature: Spanned<String>,
    reason: Spanned<String>,
    issue: Option<Spanned<String>>,
    expires: Option<Spanned<toml::Value>>,
}

impl Baseline {
    pub fn parse(source: SourceText<'_>) -> Result<Baseline, LocatedError> {
        let file: File = located::parse(source)?;
        let mut entries: Vec<Entry> = Vec::new();
        for written in file.known {
            let span = written.span();
            let entry = entry(source, source.line(span.start), written.into_inner())?;
            let same = |other: &&Entry| (&other.case, &other.requirement) == (&entry.case, &entry.requirement);
            if let Some(other) = entries.iter().find(same) {
                let what = format!("`{}` is already in line {}", entry.case, other.line);
                let advice = "keep one entry for a case and a requirement";
                return Err(source.error(span, what, advice));
            }
            entries.push(entry);
        }
        Ok(Baseline { entries })
    }
}

fn entry(source: SourceText<'_>, line: usize, written: Written) -> Result<Entry, LocatedError> {
    let filled = |value: &Spanned<String>, name: &str, advice: &str| {
        source.filled(value, format!("the {name} is empty"), advice)?;
        Ok(value.get_ref().clone())
    };
    let case = filled(&written.case, "case", "write the id of a case, as `wabizspec list cases` shows it")?;
    let file = case.split("::").next().unwrap_or_default();
    if file.contains(['*', '?']) {
        let what = format!("`{case}` stands for cases of several files");
        let advice = "name the file; only rows may be written with * and ?, as in \"login/wrong-password::*\"";
        return Err(source.error(written.case.span(), what, advice));
    }
    let advice = "copy the entry that the report ends with";
    let requirement = filled(&written.requirement, "requirement", advice)?;
    let signature = filled(&written.signature, "signature", advice)?;
    let reason = filled(&written.reason, "reason", "say in a sentence why this failure is put up with")?;
    let issue = |issue: &Spanned<String>| filled(issue, "issue", "give its link, or leave the key out");
    let issue = written.issue.as_ref().map(issue).transpose()?;
    let until = written.expires.map(|date| day(source, &date)).transpose()?;
    Ok(Entry { case, requirement, signature, excuse: Excuse { reason, issue, until }, line })
}

/// Reads a TOML date or a string.
fn day(source: SourceText<'_>, written: &Spanned<toml::Value>) -> Result<Date, LocatedError> {
    let text = match written.get_ref() {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse().map_err(|_| {
        let what = format!("`{text}` is not a date");
        source.error(written.span(), what, "write it as expires = 2027-01-31")
    })
}

impl Entry {
    /// Case ids contain no `*` and no `?`.
    pub(super) fn covers(&self, case: &str) -> bool {
        self.case == case || WildMatch::new(&self.case).matches(case)
    }

    /// The last day (in UTC) on which it was valid.
    pub(super) fn expired(&self, today: Date) -> Option<Date> {
        self.excuse.until.filter(|last| *last < today)
    }
}
