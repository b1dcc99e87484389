//! Entries of a baseline for what failed and is not known.

use std::fmt::Write;

use crate::baseline::NewEntry;
use crate::words;

/// The entries, ready to be pasted but for the reason; empty if there are none.
pub(crate) fn to_paste(entries: &[NewEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let observed: Vec<String> = entry.findings.iter().map(words::all_observed).collect();
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\n[[known]]   # {}\ncase = {}\nrequirement = {}\nsignature = {}\nreason = \"\"\n",
            one_line(&observed.join("; ")),
            quoted(&entry.case),
            quoted(&entry.requirement),
            quoted(&entry.signature),
        );
    }
    text
}

/// What fits into a comment.
fn one_line(text: &str) -> String {
    const SHOWN: usize = 100;
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = text.chars().map(plain).take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
