//! Entries of a baseline for what failed and is not known.

use crate::baseline::NewEntry;
use crate::words;

/// The entries with that reason, ready to be pasted; empty if there are none.
pub(crate) fn to_paste(entries: &[NewEntry], reason: &str) -> String {
    let mut text = String::new();
    for NewEntry { case, requirement, signature, findings } in entries {
        let observed: Vec<String> = findings.iter().map(words::all_observed).collect();
        let observed = one_line(&observed.join("; "));
        let [case, requirement, signature, reason] = [case, requirement, signature, reason].map(toml::Value::from);
        text.push_str(&format!(
            "\n[[known]]   # {observed}\ncase = {case}\nrequirement = {requirement}\nsignature = {signature}\nreason = {reason}\n"
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
