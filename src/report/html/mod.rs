//! One page for a browser, with everything in it: no other file, no network, readable without scripts.
//!
//! What a target sent is text here and nothing else: the templates escape it, and the page's own policy
//! (`Content-Security-Policy`) lets no script run but the one below, whose hash it names.

mod case;
mod requirements;
mod page;

use std::collections::BTreeMap;
use std::io::{self, Write};

use maud::Markup;

use super::Report;
use crate::judge::{Observation, Verdict};
use crate::run::{CaseReport, Event, Started, Summary};
use crate::words;

/// How the page looks.
const STYLE: &str = include_str!("style.css");

/// What the filters do; without it the page shows everything.
const SCRIPT: &str = include_str!("script.js");

/// The SHA-256 of [`SCRIPT`], base64, as the page's policy names it.
const SCRIPT_HASH: &str = "5glnF4IMHAjSk3M0936KA/inkjr+7TrnoKMry1G+0PQ=";

/// Collects what the page shows, and writes it at the end.
pub struct Html {
    out: Box<dyn Write + Send>,
    /// The cases that have something to tell, worst first, by the requirement that they are filed under and their id.
    told: BTreeMap<(Rank, String), BTreeMap<String, Told>>,
    /// The cases that broke each requirement.
    broken_by: BTreeMap<String, Vec<String>>,
    scenarios: BTreeMap<String, Scenario>,
    reasons: BTreeMap<(Verdict, String), usize>,
    observations: BTreeMap<(String, String), usize>,
    notes: Vec<String>,
}

/// In which order cases are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Error,
    Fail,
    Known,
    Warning,
}

/// A case that has something to tell, rendered as it came.
struct Told {
    area: String,
    word: &'static str,
    /// The levels of its findings, as words.
    levels: String,
    summary: Markup,
    body: Markup,
}

/// All cases of one file.
struct Scenario {
    title: String,
    file: String,
    /// The levels of the requirements that it cites, as words.
    levels: String,
    rows: Vec<Row>,
}

/// One case, in a line.
struct Row {
    id: String,
    verdict: Verdict,
    warned: bool,
    duration_ms: u64,
}

impl Html {
    /// Onto that writer.
    pub fn new(out: Box<dyn Write + Send>) -> Html {
        Html {
            out,
            told: BTreeMap::new(),
            broken_by: BTreeMap::new(),
            scenarios: BTreeMap::new(),
            reasons: BTreeMap::new(),
            observations: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    fn case(&mut self, case: &CaseReport, started: Option<&Started>) {
        let warned = case.warnings() > 0;
        let rank = match case.verdict {
            Verdict::Error => Some(Rank::Error),
            Verdict::Fail => Some(Rank::Fail),
            Verdict::Known => Some(Rank::Known),
            Verdict::Pass if warned => Some(Rank::Warning),
            Verdict::Pass | Verdict::Blocked | Verdict::Skipped => None,
        };
        if let Some(rank) = rank {
            let chief = case.chief_finding().map(|finding| finding.requirement.clone());
            let filed = self.told.entry((rank, chief.unwrap_or_default())).or_default();
            filed.insert(case.id.clone(), case::told(case, started));
        }
        for finding in &case.findings {
            let cases = self.broken_by.entry(finding.requirement.clone()).or_default();
            if cases.last() != Some(&case.id) {
                cases.push(case.id.clone());
            }
        }
        if let (Verdict::Blocked | Verdict::Skipped, Some(reason)) = (case.verdict, &case.reason) {
            *self.reasons.entry((case.verdict, words::cause(reason))).or_default() += 1;
        }
        for Observation { requirement, what } in &case.observations {
            let key = (requirement.clone().unwrap_or_default(), words::remark(what));
            *self.observations.entry(key).or_default() += 1;
        }
        let scenario = self.scenarios.entry(case.scenario().to_owned());
        let scenario = scenario.or_insert_with(|| Scenario {
            title: case.title.clone(),
            file: case.file.clone(),
            levels: case::levels(case.cites.iter().map(String::as_str), started),
            rows: Vec::new(),
        });
        scenario.rows.push(Row { id: case.id.clone(), verdict: case.verdict, warned, duration_ms: case.duration_ms });
    }
}

impl Report for Html {
    fn take(&mut self, event: &Event, summary: &Summary) -> io::Result<()> {
        match event {
            Event::Case(case) => self.case(case, summary.started()),
            Event::Note(note) => self.notes.push(note.clone()),
            _ => {}
        }
        Ok(())
    }

    fn draft(&mut self, summary: &Summary) -> io::Result<bool> {
        self.finish(summary).map(|()| true)
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        for scenario in self.scenarios.values_mut() {
            scenario.rows.sort_by(|a, b| a.id.cmp(&b.id));
        }
        self.broken_by.values_mut().for_each(|cases| cases.sort());
        self.out.write_all(page::page(self, summary).into_string().as_bytes())?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_policy_names_the_script_as_it_is() {
        let hash = ring::digest::digest(&ring::digest::SHA256, SCRIPT.as_bytes());
        assert_eq!(SCRIPT_HASH, STANDARD.encode(hash.as_ref()));
    }

    #[test]
    fn style_and_script_cannot_end_their_elements() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }
}
