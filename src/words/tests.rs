use std::cell::Cell;

use serde::Deserialize;

use super::*;
use crate::judge::tests::mismatches;
use crate::requirement::Level;

thread_local! {
    static OTHERWISE: Cell<bool> = const { Cell::new(false) };
}

/// The words as they are, or entirely different ones.
pub(crate) fn said(words: String) -> String {
    let next = |c: char| if c.is_ascii_alphanumeric() { char::from(c as u8 + 1) } else { c };
    if OTHERWISE.get() { format!("« {} »", words.chars().map(next).collect::<String>()) } else { words }
}

/// Calls `work` while this thread uses different words.
pub(crate) fn in_other_words<T>(work: impl FnOnce() -> T) -> T {
    OTHERWISE.set(true);
    let done = work();
    OTHERWISE.set(false);
    done
}

/// Every fact, written as reports write it, with its words.
#[derive(Deserialize)]
pub(crate) struct Facts {
    pub expected: Vec<(Expected, String)>,
    pub observed: Vec<(Observed, String)>,
    pub reasons: Vec<(Reason, String)>,
}

impl Facts {
    pub(crate) fn all() -> Facts {
        serde_json::from_str(include_str!("facts.json")).expect("facts")
    }
}

/// A finding of level must at that step.
pub(crate) fn finding(step: &str, mismatches: Vec<Mismatch>) -> Finding {
    Finding::new("login.x", Level::Must, step, mismatches)
}

#[test]
fn every_fact_has_its_words() {
    let facts = Facts::all();
    for (fact, words) in facts.expected {
        assert_eq!(expected(&fact), words);
    }
    for (fact, words) in facts.observed {
        assert_eq!(observed(&fact), words);
    }
    for (fact, words) in facts.reasons {
        assert_eq!(reason(&fact), words);
    }
    let not_asked = NotAsked { steps: vec!["a".to_owned(), "b".to_owned()], why: Reason::NoReset };
    assert_eq!(super::not_asked(&not_asked), "not asked: `a`, `b` (there is no reset)");
}

#[test]
fn a_finding_and_a_remark_are_one_line_each() {
    let finding = finding("ask", mismatches());
    assert_eq!(all_expected(&finding), "status: 200; /a: absent");
    assert_eq!(all_observed(&finding), "status: 401; /a: no error code");
    let shown = remark(&Remark::Mismatches(mismatches()));
    assert_eq!(shown, "status: 401; /a: no error code (expected status: 200; /a: absent)");
    assert!(remark(&Remark::BareError).contains("bare"));
}
