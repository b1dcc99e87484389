//! Entries of a baseline for what failed and is not known.

use crate::baseline::NewEntry;
use crate::words;

/// The entries, ready to be pasted but for the reason; empty if there are none.
pub(crate) fn to_paste(entries: &[NewEntry]) -> String {
    let mut text = String::new();
    for NewEntry { case, requirement, signature, findings } in entries {
        let observed: Vec<String> = findings.iter().map(words::all_observed).collect();
        let observed = one_line(&observed.join("; "));
        let [case, requirement, signature] =
            [case, requirement, signature].map(|text| toml::Value::from(text.as_str()));
        text.push_str(&format!(
            "\n[[known]]   # {observed}\ncase = {case}\nrequirement = {requirement}\nsignature = {signature}\nreason = \"\"\n"
        ));
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
