//! The parts of a run: accounts, checks of the target as a whole, batches of inputs, and findings, shrunk.
//!
//! Each part may be dropped where it is, when the time is over: its results so far are still there.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::batch::{Batch, Tried};
use super::finding::{Found, Signature};
use super::generator::{Generated, Generator};
use super::laxity::Laxity;
use super::probe::{Kind, Probed, of_login, probe};
use super::saved::Findings;
use super::session::{FuzzSession, WorkerAccounts};
use super::shrink::shrink;
use super::summary::Summary;
use super::timetable::{Cut, Settings};
use super::{Check, Surface, bisection, locked, saved, target_checks};
use crate::files;

pub(super) struct Run {
    pub settings: Settings,
    generator: Generator,
    pub summary: Summary,
    findings: Arc<Mutex<Findings>>,
    pub session: Arc<FuzzSession>,
    pub workers: Vec<WorkerAccounts>,
    /// The batch whose answers are still to be taken in.
    current: Option<Arc<Batch>>,
    /// What is done just now, for the case that it is cut off.
    doing: &'static str,
}

impl Run {
    pub fn new(session: Arc<FuzzSession>, settings: Settings, news: UnboundedSender<Found>) -> Run {
        let secrets = session.secrets();
        let (found, trouble) = (Vec::new(), None);
        let mut run = Run {
            generator: Generator::new(settings.seed, &settings.surfaces),
            summary: Summary { seed: settings.seed, ..Summary::default() },
            findings: Arc::new(Mutex::new(Findings {
                settings: settings.clone(),
                session: Arc::clone(&session),
                secrets,
                news,
                found,
                trouble,
            })),
            settings,
            session,
            workers: Vec::new(),
            current: None,
            doing: "",
        };
        run.resume();
        run
    }

    fn resume(&mut self) {
        let Some(out) = &self.settings.out else { return };
        for surface in &self.settings.surfaces {
            let folder = out.join("corpus").join(surface.name());
            for path in saved::inputs(&folder).unwrap_or_default() {
                if let Ok(input) = files::read_own(&path, files::TEXT) {
                    self.generator.keep(*surface, input);
                }
            }
        }
    }

    pub fn findings(&self) -> MutexGuard<'_, Findings> {
        locked(&self.findings)
    }

    pub fn cut_off(&mut self, what: &str) {
        self.summary.unfinished.push(format!("{what}: the time was over"));
    }

    /// A batch, or what follows it, was dropped where it was: its results so far count.
    pub fn cut_batch_off(&mut self, cut: Cut) {
        let mut what = self.doing.to_owned();
        if let Some(batch) = self.current.take() {
            let over = batch.over();
            self.take(&over.tried);
            what = format!("{} inputs were still waiting for answers", over.begun.saturating_sub(over.tried.len()));
        }
        if cut == Cut::Time {
            self.cut_off(&what);
        }
    }

    /// Makes the accounts of the workers, the first alone: where that fails, the others would fail too.
    pub async fn set_up(&mut self, jobs: usize) {
        match WorkerAccounts::new(&self.session).await {
            Ok(worker) => self.workers.push(worker),
            Err(why) => return self.summary.blocked = Some(why.to_string()),
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

    pub async fn check_target(&mut self) {
        let Some(mut worker) = self.workers.last().cloned() else { return };
        let looked = self.session.target.transport.first_look().await;
        let _ = self.session.constant.set(target_checks::constant(&looked));
        let missing = target_checks::missing(&self.session, &looked);
        let missing = tokio::time::timeout(target_checks::LOOK, missing).await.unwrap_or_default();
        self.summary.missing.extend(missing.iter().map(|(operation, status)| (operation.to_string(), *status)));
        let _ = self.session.missing.set(missing);
        if let Some(login) = &self.session.no_login {
            let probed = of_login(&self.session, &mut worker, login);
            self.findings().see_login(&probed, &worker.bindings);
            self.summary.take(Surface::LoginBody, None, &probed);
        }
        let mut laxity = Laxity::None;
        for (input, means) in target_checks::WRONG {
            let generated = Generated { index: 0, row: None, surface: Surface::BasicAuth, input: input.to_vec() };
            let probed = probe(&self.session, &mut worker, generated.surface, input).await;
            if probed.violations.iter().any(|violation| violation.check == Check::Token) {
                laxity = means;
            }
            self.summary.requests += probed.requests;
            self.findings().see(&generated, &probed, &worker.bindings);
        }
        self.workers.pop();
        self.workers.push(worker.clone());
        // Tried again before it explains anything.
        self.shrink().await;
        let _ = self.session.laxity.set(laxity);
        if self.settings.surfaces.contains(&Surface::BasicAuth) {
            target_checks::timing(&self.session, &worker, &mut self.summary).await;
        }
        if self.settings.surfaces.contains(&Surface::Http) {
            target_checks::slow_connections(&self.session, &worker, &mut self.summary).await;
        }
        if laxity > Laxity::None {
            let what = "wrong logins get a token: what rests on a login being refused is not told again";
            self.summary.observed_once(what.to_owned());
        }
    }

    pub async fn batch(&mut self, allowed: u64, stop: &watch::Receiver<bool>) {
        // Small enough that the end is near whenever it comes, large enough that workers seldom wait for each other.
        let size = (self.settings.jobs.max(1) * 32).min(usize::try_from(allowed).unwrap_or(usize::MAX).max(1));
        let batch = Batch {
            session: Arc::clone(&self.session),
            stop: stop.clone(),
            inputs: (0..size).map(|_| self.generator.generate()).collect(),
            deadline: self.settings.timetable.inputs,
            allowed,
            findings: Arc::clone(&self.findings),
            progress: Mutex::default(),
        };
        let batch = Arc::clone(self.current.insert(Arc::new(batch)));
        let workers = std::mem::take(&mut self.workers);
        let (workers, lost) = batch.run(workers).await;
        self.workers = workers;
        self.current = None;
        let over = batch.over();
        self.take(&over.tried);
        // Whether the target is well is checked after each batch, however its inputs were answered.
        let sent = over.tried.iter().any(|tried| tried.probed.skipped.is_none());
        self.summary.requests += 2 * u64::from(sent);
        self.doing = "whether the target is well after the last inputs was not seen";
        if over.down || (sent && !bisection::is_healthy(&self.session, self.workers.first()).await) {
            self.doing = "which input takes the target down was not found out";
            self.down(&over.tried).await;
        }
        if let Some(why) = over.throttled.first().filter(|_| over.throttled.len() > size / 2) {
            self.summary.blocked = Some(why.clone());
        }
        if self.workers.is_empty() && self.summary.blocked.is_none() {
            self.doing = "no accounts were made in place of those that are gone";
            self.set_up(self.settings.jobs).await;
            if self.workers.is_empty() {
                self.summary.blocked = lost.or(self.summary.blocked.take());
            }
        }
        if self.summary.blocked.is_none() {
            self.doing = "the last findings were not made smaller";
            self.shrink().await;
        }
    }

    fn take(&mut self, tried: &[Tried]) {
        let mut elapsed: Vec<Duration> = tried.iter().map(|tried| tried.probed.elapsed).collect();
        elapsed.sort();
        let median = elapsed.get(elapsed.len() / 2).copied().unwrap_or_default();
        for Tried { generated, probed, inconsistent, .. } in tried {
            let (surface, place) = (generated.surface, probed.place);
            if *inconsistent {
                self.summary.observed_once(format!("{surface}: {place}: the same bytes are now accepted, now refused"));
            }
            let is_new = !self.summary.table.contains_key(&(surface, probed.class, probed.kind));
            if probed.skipped.is_none() && is_new {
                self.generator.keep(surface, generated.input.clone());
                let name = format!("input-{:08}", generated.index);
                if let Some(out) = &self.settings.out
                    && let Err(error) = keep(out, &name, generated)
                {
                    let what = format!("{name} cannot be kept in {}: {error}", out.display());
                    self.findings().trouble.get_or_insert(what);
                }
            }
            self.summary.take(surface, generated.row, probed);
            // Slower than the others is an observation, never a finding.
            let slow = probed.elapsed > Duration::from_millis(250) && probed.elapsed > median * 20;
            if slow && probed.kind != Kind::TimedOut {
                self.summary.observed_once(format!("{surface}: {place} is answered much slower than others"));
            }
        }
        self.summary.corpus = self.generator.kept();
        let trouble = self.findings().trouble.clone();
        trouble.into_iter().for_each(|what| self.summary.observed_once(what));
    }

    /// Waits for a target that is gone, and finds the input that took it down: if it stays away, the last that crashed.
    async fn down(&mut self, tried: &[Tried]) {
        let gone = "the target no longer answers";
        if !bisection::is_back(&self.session).await {
            let what = "soon after this input the target no longer answers";
            let last = tried.iter().rev().find(|tried| tried.probed.crashed());
            if let Some(Tried { generated, probed, worker: Some(worker), .. }) = last {
                let probed = bisection::took_down(generated, probed, worker, what);
                self.see_down(generated, &probed, worker);
            } else {
                self.findings().blame_the_last(what);
            }
            return self.summary.blocked = Some(gone.to_owned());
        }
        let sent: Vec<&Tried> = tried.iter().filter(|tried| tried.probed.skipped.is_none()).collect();
        let Some(found) = bisection::find(&self.session, &sent).await else {
            let what = "the target was gone after a batch, and none of its inputs takes it down alone";
            return self.summary.observed_once(what.to_owned());
        };
        let what = "the target does not answer after this input";
        let generated = &sent[found.index].generated;
        let probed = bisection::took_down(generated, &found.probed, &found.worker, what);
        self.see_down(generated, &probed, &found.worker);
        // A reset removes the accounts of all workers.
        if !bisection::is_healthy(&self.session, self.workers.first()).await || self.session.target.can_reset() {
            self.workers.clear();
        }
        if found.back { found.worker.remove(&self.session).await } else { self.summary.blocked = Some(gone.to_owned()) }
    }

    /// The target was gone after this input: it counts at once, since each further try would be another end of the target.
    fn see_down(&self, generated: &Generated, probed: &Probed, worker: &WorkerAccounts) {
        let mut findings = self.findings();
        findings.see(generated, probed, &worker.bindings);
        let down = findings.found.iter().rposition(|found| found.is_down() && !found.confirmed);
        down.into_iter().for_each(|index| findings.confirm(index));
    }

    /// Tries new findings again, alone, and makes them as small as possible.
    async fn shrink(&mut self) {
        loop {
            let doubted = |found: &Found| found.is_doubted;
            let Some(index) = self.findings().found.iter().position(doubted) else { return };
            let Some(mut found) = self.findings().found.get(index).cloned() else { return };
            let Some(mut worker) = self.workers.pop() else { return };
            let until = Instant::now() + Duration::from_secs(10);
            let until = self.settings.timetable.work.map_or(until, |end| until.min(end));
            let session = Arc::clone(&self.session);
            let (surface, signature) = (found.surface, found.signature.clone());
            let mut requests = 0;
            let mut still = async |input: &[u8]| {
                let probed = probe(&session, &mut worker, surface, input).await;
                requests += probed.requests;
                let same = |violation: &&_| Signature::of(surface, &probed, violation) == signature;
                let same = probed.violations.iter().find(same);
                if let Some(same) = same {
                    (found.violation, found.bindings) = (same.clone(), worker.bindings.clone());
                }
                same.is_some()
            };
            let confirmed = still(&found.input).await;
            self.findings().found[index].tries += 1;
            if confirmed {
                self.findings().confirm(index);
                let mut in_time = async |input: &[u8]| Instant::now() < until && still(input).await;
                found.input = shrink(&found.input, &mut in_time).await;
            }
            self.workers.push(worker);
            self.summary.requests += requests;
            let mut findings = self.findings();
            if confirmed {
                let (tries, times) = (findings.found[index].tries, findings.found[index].times);
                (found.is_doubted, found.confirmed, found.tries, found.times) = (false, true, tries, times);
                findings.save(&mut found);
                findings.found[index] = found;
                continue;
            }
            findings.doubt(index);
            drop(findings);
            let what = &found.violation.what;
            self.summary.observed_once(format!("flaky: {surface}: {what}; not when it was sent again alone"));
        }
    }

    pub fn take_found(&mut self) {
        let found = self.findings().found.clone();
        self.summary.found = found;
    }
}

fn keep(out: &Path, name: &str, generated: &Generated) -> io::Result<()> {
    let folder = files::folders(out, ["corpus", generated.surface.name()])?;
    files::replace(&folder.join(name), &generated.input)
}
