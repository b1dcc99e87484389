//! Each finding once, saved the moment it is first seen: whatever becomes of the run afterwards.
//!
//! It decides nothing about an answer; what was violated was found out by the probe.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::sync::mpsc::UnboundedSender;

use super::evidence::Evidence;
use super::finding::{Found, Signature};
use super::generator::Generated;
use super::grammar::bindings::{Bindings, FIXED};
use super::probe::{Probed, Violation};
use super::{Check, grammar, saved};
use crate::exchange::Redaction;

/// The findings of a run, told apart by signature.
#[derive(Default)]
pub(super) struct Findings {
    pub known: BTreeMap<Signature, u64>,
    /// In the order in which they were first seen.
    pub found: Vec<(Found, Violation, Bindings)>,
    pub out: Option<PathBuf>,
    pub seed: u64,
    /// The target's URL, for lines that people copy.
    pub url: String,
    /// What the owner configured and no text may show.
    pub secrets: Redaction,
    /// Why something could not be saved.
    pub trouble: Option<String>,
    /// Where each is announced when it is saved.
    pub news: Option<UnboundedSender<Found>>,
}

impl Findings {
    /// Takes in what a try violated.
    pub fn see(&mut self, generated: &Generated, probed: &Probed, bindings: &Bindings) {
        for violation in &probed.violations {
            let signature = Signature::of(generated.surface, probed, violation);
            let times = self.known.entry(signature.clone()).or_default();
            *times += 1;
            if *times > 1 {
                continue;
            }
            let found = Found {
                id: signature.id(generated.surface),
                signature,
                level: violation.level,
                surface: generated.surface,
                input: generated.input.clone(),
                what: violation.what.clone(),
                times: 1,
                tried_again: false,
                confirmed: false,
                file: None,
                reproduce: Vec::new(),
            };
            self.add(found, violation.clone(), bindings.clone());
        }
    }

    fn add(&mut self, mut found: Found, violation: Violation, bindings: Bindings) {
        self.save(&mut found, &violation, &bindings);
        if let Some(news) = &self.news {
            // A receiver that is gone is no error.
            let _ = news.send(found.clone());
        }
        self.found.push((found, violation, bindings));
    }

    /// The target is gone, and nothing in the last batch went wrong before: the last crash that was found took its time.
    pub fn blame_the_last(&mut self, what: &str) {
        let crashed = |(_, violation, _): &&(Found, Violation, Bindings)| {
            matches!(violation.check, Check::Crash | Check::Answered)
        };
        let Some((mut found, mut violation, bindings)) = self.found.iter().rev().find(crashed).cloned() else {
            return;
        };
        (violation.check, violation.what) = (Check::Down, what.to_owned());
        (found.signature.check, found.what) = (Check::Down, what.to_owned());
        found.id = found.signature.id(found.surface);
        (found.tried_again, found.confirmed) = (false, false);
        self.known.insert(found.signature.clone(), 1);
        self.add(found, violation, bindings);
    }

    /// Writes a finding down, once more where it was.
    pub fn save(&mut self, found: &mut Found, violation: &Violation, bindings: &Bindings) {
        let plain = grammar::request(found.surface, &found.input, &FIXED);
        let evidence = Evidence::of(found, violation, bindings, plain, &self.secrets);
        found.reproduce = vec![evidence.curl.clone()];
        if let Some(out) = &self.out
            && let Err(error) = saved::save(out, self.seed, found, &evidence, &self.url)
        {
            self.trouble = Some(format!("a finding could not be saved in {}: {error}", out.display()));
        }
    }
}
