//! What is found, saved the moment it is first seen: whatever becomes of the run afterwards.
//!
//! It decides nothing about an answer; what broke was found out by the probe.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::sync::mpsc::UnboundedSender;

use super::evidence::written;
use super::finding::{Found, Signature};
use super::generator::Generated;
use super::grammar;
use super::grammar::bindings::{Bindings, FIXED};
use super::probe::{Broken, Probed};
use super::saved;
use crate::exchange::Redaction;

/// Saves each signature the moment it is first seen, whatever becomes of the run afterwards.
#[derive(Default)]
pub(super) struct Findings {
    /// How often each was seen.
    pub known: BTreeMap<Signature, u64>,
    /// In the order of their first sight.
    pub found: Vec<(Found, Broken, Bindings)>,
    /// Where they go, if anywhere.
    pub out: Option<PathBuf>,
    /// What decided the inputs.
    pub seed: u64,
    /// The target's URL, for lines that people copy.
    pub url: String,
    /// What the owner configured and nobody may read.
    pub secrets: Redaction,
    /// Why something could not be saved.
    pub trouble: Option<String>,
    /// Whom each is told, when it is saved.
    pub tell: Option<UnboundedSender<Found>>,
}

impl Findings {
    /// Takes in what a try broke.
    pub fn see(&mut self, generated: &Generated, probed: &Probed, bindings: &Bindings) {
        for broken in &probed.broken {
            let signature = Signature::of(generated.surface, probed, broken);
            let times = self.known.entry(signature.clone()).or_default();
            *times += 1;
            if *times > 1 {
                continue;
            }
            let found = Found {
                id: signature.id(generated.surface),
                signature,
                level: broken.level,
                surface: generated.surface,
                input: generated.input.clone(),
                what: broken.what.clone(),
                times: 1,
                tried_again: false,
                confirmed: false,
                file: None,
                reproduce: Vec::new(),
            };
            self.add(found, broken.clone(), bindings.clone());
        }
    }

    fn add(&mut self, mut found: Found, broken: Broken, bindings: Bindings) {
        self.save(&mut found, &broken, &bindings);
        if let Some(tell) = &self.tell {
            // Whoever does not listen any more has heard enough.
            let _ = tell.send(found.clone());
        }
        self.found.push((found, broken, bindings));
    }

    /// The target is gone, and nothing in the last batch went wrong before: the last crash that was found took its time.
    pub fn blame_the_last(&mut self) {
        let crashed = |found: &&(Found, Broken, Bindings)| matches!(found.1.oracle, "crash" | "answered");
        let Some((mut found, mut broken, bindings)) = self.found.iter().rev().find(crashed).cloned() else {
            return;
        };
        broken.oracle = "down";
        broken.what = "soon after this input the target answers nobody any more".to_owned();
        found.signature.oracle = broken.oracle.to_owned();
        found.id = found.signature.id(found.surface);
        found.what = broken.what.clone();
        (found.tried_again, found.confirmed) = (false, false);
        self.known.insert(found.signature.clone(), 1);
        self.add(found, broken, bindings);
    }

    /// Writes a finding down, once more where it was.
    pub fn save(&mut self, found: &mut Found, broken: &Broken, bindings: &Bindings) {
        // With credentials that are nobody's.
        let plain = grammar::request(found.surface, &found.input, &FIXED);
        let written = written(found, broken, bindings, plain, &self.secrets);
        found.reproduce = vec![written.curl.clone()];
        if let Some(out) = &self.out
            && let Err(error) = saved::save(out, self.seed, found, &written, &self.url)
        {
            self.trouble = Some(format!("a finding could not be saved in {}: {error}", out.display()));
        }
    }
}
