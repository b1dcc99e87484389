//! Each finding once, saved the moment it is first seen, whatever happens to the run afterwards.
//!
//! It decides nothing about an answer; what is violated was found out by the probe.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::finding::{Found, Signature};
use super::generator::Generated;
use super::grammar::bindings::Bindings;
use super::probe::Probed;
use super::saved::{Evidence, save};
use super::settings::Settings;
use super::words::Check;
use crate::exchange::{Exchange, Redaction};

/// The findings of a run, told apart by signature.
pub(super) struct Findings {
    pub settings: Settings,
    /// What the owner configured and no text may show.
    pub secrets: Redaction,
    /// Where each is announced when it is saved.
    pub news: UnboundedSender<Found>,
    /// In the order in which they were first seen, each with the exchange that shows it, and what the names in its input
    /// stood for.
    pub found: Vec<(Found, Arc<Exchange>, Bindings)>,
    /// Why something could not be saved.
    pub trouble: Option<String>,
}

impl Findings {
    /// Takes in what a try violated.
    pub fn see(&mut self, generated: &Generated, probed: &Probed, bindings: &Bindings) {
        for violation in &probed.violations {
            let signature = Signature::of(generated.surface, probed, violation);
            if let Some((known, ..)) = self.found.iter_mut().find(|(known, ..)| known.signature == signature) {
                known.times += 1;
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
            self.add(found, Arc::clone(&violation.exchange), bindings.clone());
        }
    }

    fn add(&mut self, mut found: Found, exchange: Arc<Exchange>, bindings: Bindings) {
        self.save(&mut found, &exchange, &bindings);
        // A receiver that is gone is no error.
        let _ = self.news.send(found.clone());
        self.found.push((found, exchange, bindings));
    }

    /// The target is gone, and nothing in the last batch went wrong before: the last crash that was found took its time.
    pub fn blame_the_last(&mut self, what: &str) {
        let crashed = |(found, ..): &&(Found, Arc<Exchange>, Bindings)| {
            matches!(found.signature.check, Check::Crash | Check::Answered)
        };
        let Some((mut found, exchange, bindings)) = self.found.iter().rev().find(crashed).cloned() else {
            return;
        };
        found.signature.check = Check::Down;
        found.id = found.signature.id(found.surface);
        found.what = what.to_owned();
        found.times = 1;
        (found.tried_again, found.confirmed) = (false, false);
        self.add(found, exchange, bindings);
    }

    /// Writes a finding down, once more where it was.
    pub fn save(&mut self, found: &mut Found, exchange: &Exchange, bindings: &Bindings) {
        let evidence = Evidence::of(found, exchange, bindings, &self.secrets);
        found.reproduce = vec![evidence.curl.clone()];
        let Settings { out, seed, url, .. } = &self.settings;
        if let Some(out) = out
            && let Err(error) = save(out, *seed, found, &evidence, url)
        {
            self.trouble = Some(format!("a finding could not be saved in {}: {error}", out.display()));
        }
    }
}
