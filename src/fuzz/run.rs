//! The parts of a run: accounts, checks of the target as a whole, batches of inputs, and what is found, shrunk.
//!
//! Each part may be dropped where it is, when the time is over: what came of it so far is still there.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::batch::{Batch, Tried};
use super::bisection;
use super::deduplication::Findings;
use super::finding::{Found, Signature};
use super::generator::{Generated, Generator};
use super::laxity::Laxity;
use super::probe::{Kind, Probed, probe};
use super::session::{FuzzSession, WorkerAccounts};
use super::shrink::shrink;
use super::summary::Summary;
use super::timetable::{Cut, Timetable};
use super::{Surface, saved, target_checks};
use crate::files;

/// How a run goes about it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is fuzzed.
    pub surfaces: Vec<Surface>,
    /// Decides all inputs.
    pub seed: u64,
    /// Inputs in flight at most.
    pub jobs: usize,
    /// When to end.
    pub timetable: Timetable,
    /// After how many requests to end; the batch in flight is finished.
    pub requests: Option<u64>,
    /// Where findings and the corpus go, if anywhere.
    pub out: Option<PathBuf>,
    /// The target's URL, for lines that people copy.
    pub url: String,
}

/// What is known and done in a run so far.
pub(super) struct Run {
    generator: Generator,
    pub summary: Summary,
    findings: Arc<Mutex<Findings>>,
    pub session: Arc<FuzzSession>,
    pub workers: Vec<WorkerAccounts>,
    /// The batch whose answers are still to be taken in.
    current: Option<Arc<Batch>>,
    /// What is done just now, for the case that it is cut off.
    doing: &'static str,
    /// So many of the findings have been shrunk.
    pub shrunk: usize,
}

impl Run {
    pub fn new(session: Arc<FuzzSession>, settings: &Settings, news: UnboundedSender<Found>) -> Run {
        let findings = Findings {
            out: settings.out.clone(),
            seed: settings.seed,
            url: settings.url.clone(),
            secrets: session.secrets(),
            news: Some(news),
            ..Findings::default()
        };
        Run {
            generator: Generator::new(settings.seed, &settings.surfaces),
            summary: Summary { seed: settings.seed, ..Summary::default() },
            findings: Arc::new(Mutex::new(findings)),
            session,
            workers: Vec::new(),
            current: None,
            doing: "",
            shrunk: 0,
        }
    }

    pub fn findings(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn cut_off(&mut self, what: &str) {
        self.summary.unfinished.push(format!("{what}: the time was over"));
    }

    /// A batch, or what follows it, was dropped where it was: what came of it so far counts.
    pub fn cut_batch_off(&mut self, settings: &Settings, cut: Cut) {
        let over = self.current.take().map(|batch| batch.over());
        if let Some(over) = &over {
            self.take(settings, &over.tried);
        }
        match (cut, over) {
            (Cut::Stop, _) => {}
            (Cut::Time, Some(over)) => {
                self.cut_off(&format!("{} inputs were still waiting for answers", over.cut_off));
            }
            (Cut::Time, None) => self.cut_off(self.doing),
        }
    }

    pub fn resume(&mut self, settings: &Settings) {
        let Some(out) = &settings.out else { return };
        for surface in &settings.surfaces {
            let folder = out.join("corpus").join(surface.name());
            for path in saved::inputs(&folder).unwrap_or_default() {
                if let Ok(input) = files::read_own(&path, files::TEXT) {
                    self.generator.keep(*surface, input);
                }
            }
        }
    }

    /// Makes the accounts of the workers, the first alone: where it cannot be had, neither can the others.
    pub async fn set_up(&mut self, jobs: usize) {
        match WorkerAccounts::new(&self.session).await {
            Ok(worker) => self.workers.push(worker),
            Err(why) => return self.summary.blocked = Some(why),
        }
        if self.workers.iter().any(|worker| !worker.own) {
            return;
        }
        let mut making = JoinSet::new();
        for _ in 1..jobs {
            let session = Arc::clone(&self.session);
            making.spawn(async move { WorkerAccounts::new(&session).await });
        }
        while let Some(made) = making.join_next().await {
            // Fewer will do.
            self.workers.extend(made.ok().and_then(Result::ok).filter(|worker| worker.own));
        }
    }

    pub async fn check_target(&mut self, settings: &Settings) {
        let Some(mut worker) = self.workers.last().cloned() else {
            return;
        };
        let (laxity, tried) = target_checks::wrong_logins(&self.session, &mut worker).await;
        for (input, probed) in tried {
            self.summary.requests += probed.requests;
            let generated = Generated { index: 0, row: None, surface: Surface::BasicAuth, input };
            self.findings().see(&generated, &probed, &worker.bindings);
        }
        self.session.learn(laxity);
        let mut seen = Vec::new();
        if settings.surfaces.contains(&Surface::BasicAuth) {
            seen.push(target_checks::timing(&self.session, &worker).await);
        }
        if settings.surfaces.contains(&Surface::Http) {
            seen.push(target_checks::slow_connections(&self.session, &worker).await);
        }
        for target_checks::Seen { requests, row, observed } in seen {
            self.summary.requests += requests;
            self.summary.rows.extend(row);
            self.observed_once(observed);
        }
        if laxity > Laxity::None {
            let what = "wrong logins get a token: what rests on a login being refused is not told again";
            self.observed_once(Some(what.to_owned()));
        }
        self.workers.pop();
        self.workers.push(worker);
    }

    fn observed_once(&mut self, what: Option<String>) {
        if let Some(what) = what {
            *self.summary.observed.entry(what).or_default() += 1;
        }
    }

    pub async fn batch(
        &mut self,
        settings: &Settings,
        timetable: &Timetable,
        allowed: u64,
        stop: &watch::Receiver<bool>,
    ) {
        // Small enough that the end is near whenever it comes, large enough that workers seldom wait for each other.
        let size = (settings.jobs.max(1) * 32).min(usize::try_from(allowed).unwrap_or(usize::MAX).max(1));
        let inputs = (0..size).map(|_| self.generator.generate()).collect();
        let (deadline, findings) = (timetable.inputs(), Arc::clone(&self.findings));
        let batch = Batch::new(inputs, deadline, allowed, findings);
        let batch = Arc::clone(self.current.insert(Arc::new(batch)));
        let workers = std::mem::take(&mut self.workers);
        let (workers, lost) = batch.run(&self.session, workers, stop).await;
        self.workers = workers;
        self.current = None;
        let over = batch.over();
        self.take(settings, &over.tried);
        // Alive and well after each batch, whatever its inputs were answered.
        let sent = over.tried.iter().any(|tried| tried.probed.skipped.is_none());
        self.summary.requests += 2 * u64::from(sent);
        self.doing = "whether the target is well after the last inputs was not seen";
        if over.down || (sent && !bisection::is_healthy(&self.session, self.workers.first()).await) {
            self.doing = "which input takes the target down was not found out";
            self.down(&over.tried).await;
        }
        if over.throttled > size / 2 {
            self.summary.blocked = Some("the target answers 429: it throttles, so nothing can be judged".to_owned());
        }
        if self.workers.is_empty() && self.summary.blocked.is_none() {
            self.doing = "no accounts were made in place of those that are gone";
            self.set_up(1).await;
            if self.workers.is_empty() {
                self.summary.blocked = lost.or(self.summary.blocked.take());
            }
        }
        if self.summary.blocked.is_none() {
            self.doing = "the last findings were not made smaller";
            self.shrink(timetable.work()).await;
        }
    }

    fn take(&mut self, settings: &Settings, tried: &[Tried]) {
        let mut elapsed: Vec<Duration> = tried.iter().map(|tried| tried.probed.elapsed).collect();
        elapsed.sort();
        let median = elapsed.get(elapsed.len() / 2).copied().unwrap_or_default();
        for Tried { generated, probed, inconsistent, .. } in tried {
            let (surface, place) = (generated.surface, probed.place);
            if *inconsistent {
                let what = format!("{surface}: {place}: the same bytes are now accepted, now refused");
                self.observed_once(Some(what));
            }
            if probed.skipped.is_none() && self.is_new(surface, probed) {
                self.generator.keep(surface, generated.input.clone());
                if let Some(out) = &settings.out {
                    let kept = keep(out, generated);
                    let mut findings = self.findings();
                    findings.trouble = findings.trouble.take().or(kept.err());
                }
            }
            self.summary.take(surface, generated.row, probed);
            // Slower than its peers is worth a word, never a verdict.
            let slow = probed.elapsed > Duration::from_millis(250) && probed.elapsed > median * 20;
            if slow && probed.kind != Kind::TimedOut {
                self.observed_once(Some(format!("{surface}: {place} is answered much slower than others")));
            }
        }
        self.summary.corpus = self.generator.kept();
        let trouble = self.findings().trouble.clone();
        self.observed_once(trouble);
    }

    fn is_new(&self, surface: Surface, probed: &Probed) -> bool {
        !self.summary.table.contains_key(&(surface, probed.class, probed.kind))
    }

    /// The target is gone: waits for it, and finds the input that took it down. Where it stays away nothing can be tried
    /// again, and the last input that crashed is reported.
    async fn down(&mut self, tried: &[Tried]) {
        let gone = "the target no longer answers";
        if !bisection::is_back(&self.session).await {
            let what = "soon after this input the target no longer answers";
            let last = tried.iter().rev().find(|tried| tried.probed.crashed());
            if let Some(Tried { generated, probed, worker: Some(worker), .. }) = last {
                let probed = bisection::took_down(generated, probed, worker, what);
                self.findings().see(generated, &probed, &worker.bindings);
            } else {
                self.findings().blame_the_last(what);
            }
            return self.summary.blocked = Some(gone.to_owned());
        }
        let sent: Vec<&Tried> = tried.iter().filter(|tried| tried.probed.skipped.is_none()).collect();
        let Some(found) = bisection::find(&self.session, &sent).await else {
            let what = "the target was gone after a batch, and none of its inputs takes it down alone";
            return self.observed_once(Some(what.to_owned()));
        };
        let what = "the target does not answer after this input";
        let generated = &sent[found.index].generated;
        let probed = bisection::took_down(generated, &found.probed, &found.worker, what);
        {
            let mut findings = self.findings();
            findings.see(generated, &probed, &found.worker.bindings);
            if let Some((named, ..)) = findings.found.last_mut().filter(|(named, ..)| named.is_down()) {
                (named.tried_again, named.confirmed) = (true, true);
            }
        }
        match found.back {
            true => found.worker.remove(&self.session).await,
            false => self.summary.blocked = Some(gone.to_owned()),
        }
    }

    /// Tries what is new again, alone, and makes it as small as it gets.
    async fn shrink(&mut self, end: Option<Instant>) {
        loop {
            let index = self.shrunk;
            let Some((mut found, mut violation, mut bindings)) = self.findings().found.get(index).cloned() else {
                return;
            };
            // It was tried alone, and each further try would be another end of the target.
            if found.is_down() {
                self.shrunk += 1;
                continue;
            }
            let Some(mut worker) = self.workers.pop() else { return };
            let until = Instant::now() + Duration::from_secs(10);
            let until = end.map_or(until, |end| until.min(end));
            let session = Arc::clone(&self.session);
            let (surface, signature) = (found.surface, found.signature.clone());
            let mut requests = 0;
            let mut still = async |input: &[u8]| {
                let probed = probe(&session, &mut worker, surface, input).await;
                requests += probed.requests;
                let same = |violation: &&_| Signature::of(surface, &probed, violation) == signature;
                let same = probed.violations.iter().find(same);
                if let Some(same) = same {
                    (violation, bindings) = (same.clone(), worker.bindings.clone());
                }
                same.is_some()
            };
            found.confirmed = still(&found.input).await;
            found.tried_again = true;
            self.shrunk += 1;
            {
                let known = &mut self.findings().found[index].0;
                (known.tried_again, known.confirmed) = (true, found.confirmed);
            }
            if found.confirmed {
                let mut in_time = async |input: &[u8]| Instant::now() < until && still(input).await;
                found.input = shrink(&found.input, &mut in_time).await;
            }
            found.what = violation.what.clone();
            self.workers.push(worker);
            self.summary.requests += requests;
            let mut findings = self.findings();
            findings.save(&mut found, &violation, &bindings);
            findings.found[index] = (found, violation, bindings);
        }
    }

    pub fn take_found(&mut self) {
        let findings = self.findings();
        let counted = |found: &Found| {
            let times = findings.known.get(&found.signature).copied().unwrap_or(1);
            Found { times, ..found.clone() }
        };
        let found = findings.found.iter().map(|(found, ..)| counted(found)).collect();
        drop(findings);
        self.summary.found = found;
    }
}

fn keep(out: &Path, generated: &Generated) -> Result<(), String> {
    let name = format!("input-{:08}", generated.index);
    let folder = files::folders(out, ["corpus", generated.surface.name()]);
    let written = folder.and_then(|folder| files::replace(&folder.join(&name), &generated.input));
    written.map_err(|error| format!("{name} cannot be kept in {}: {error}", out.display()))
}
