//! The wire fuzzer: inputs to workers, what comes back to the search, what is found to files.
//!
//! Inputs go out in batches. Within a batch the workers take them as they are free; between batches the answers are
//! taken in by number, so that equal answers make equal inputs whatever the workers' timing was.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::Surface;
use super::batch::{Batch, Tried};
use super::controls;
use super::culprit::{self, Suspect};
use super::finding::{Found, Signature};
use super::first_sight::FirstSight;
use super::generator::{Generated, Generator};
use super::probe::{Kind, Probed, probe};
use super::saved;
use super::shrink::shrink;
use super::subject::{Ground, Subject};
use super::summary::Summary;
use super::takes::Takes;
use crate::requirement::{Level, Register};

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
    pub time: Option<Duration>,
    /// After how many requests to end; the batch in flight is finished.
    pub requests: Option<u64>,
    /// Where findings and the corpus go, if anywhere.
    pub out: Option<PathBuf>,
    /// The target's URL, for lines that people copy.
    pub url: String,
}

/// What happens in a run, for those who watch.
#[derive(Debug, Clone, Copy)]
pub enum News<'s> {
    /// A batch is over.
    Progress {
        /// What was counted so far.
        summary: &'s Summary,
        /// Since the beginning.
        elapsed: Duration,
    },
    /// Something was found just now, and is not shrunk yet.
    Found(&'s Found),
    /// So long after the beginning a batch still takes its time.
    Waiting(Duration),
}

/// How often those who watch are told that there is no news.
const PULSE: Duration = Duration::from_secs(1);

/// Fuzzes the target until the time or the requests are used up or `stop` turns true. What the run made on the target
/// is the caller's to remove.
pub async fn drive(
    ground: Arc<Ground>,
    register: &Register,
    settings: &Settings,
    stop: watch::Receiver<bool>,
    watch: &mut (dyn FnMut(News<'_>) + Send),
) -> Summary {
    let begun = Instant::now();
    let levels: Arc<BTreeMap<String, Level>> = Arc::new(
        register
            .iter()
            .map(|requirement| (requirement.id.clone(), requirement.level))
            .collect(),
    );
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut run = Run {
        generator: Generator::new(settings.seed, &settings.surfaces),
        summary: Summary {
            seed: settings.seed,
            ..Summary::default()
        },
        first: FirstSight {
            known: BTreeMap::new(),
            found: Vec::new(),
            out: settings.out.clone(),
            seed: settings.seed,
            url: settings.url.clone(),
            secrets: ground.secrets(),
            trouble: None,
            tell: Some(tell),
        },
        ground,
        levels,
        subjects: Vec::new(),
        shrunk: 0,
    };
    run.resume(settings);
    run.set_up(settings.jobs).await;
    run.controls(settings).await;
    let deadline = settings.time.map(|time| begun + time);
    while run.summary.blocked.is_none() && !*stop.borrow() {
        let over = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        let left = settings
            .requests
            .map_or(u64::MAX, |most| most.saturating_sub(run.summary.requests));
        if over || left == 0 {
            break;
        }
        {
            let mut batch = std::pin::pin!(run.batch(settings, deadline, left, &stop));
            loop {
                tokio::select! {
                    biased;
                    () = &mut batch => break,
                    Some(found) = told.recv() => watch(News::Found(&found)),
                    () = tokio::time::sleep(PULSE) => watch(News::Waiting(begun.elapsed())),
                }
            }
        }
        while let Ok(found) = told.try_recv() {
            watch(News::Found(&found));
        }
        run.summary.elapsed = begun.elapsed();
        watch(News::Progress {
            summary: &run.summary,
            elapsed: begun.elapsed(),
        });
    }
    for subject in &run.subjects {
        subject.remove(&run.ground).await;
    }
    run.summary.interrupted = *stop.borrow();
    run.summary.complete = !run.summary.interrupted;
    run.summary.elapsed = begun.elapsed();
    run.take_found();
    let secrets = &run.first.secrets;
    run.summary.blocked = run.summary.blocked.map(|why| secrets.apply(&why));
    run.summary
}

/// Tries one input, as `replay` does; gives the signatures of what it broke.
///
/// # Errors
/// There is nobody to log in as.
pub async fn once(
    ground: &Ground,
    register: &Register,
    surface: Surface,
    input: &[u8],
) -> Result<(Probed, Vec<Signature>), String> {
    let mut subject = Subject::new(ground).await?;
    let level = |id: &str| register.find(id).map_or(Level::Must, |requirement| requirement.level);
    let probed = probe(ground, &mut subject, surface, input, &level).await;
    subject.remove(ground).await;
    let signatures = probed
        .broken
        .iter()
        .map(|broken| Signature::of(surface, &probed, broken))
        .collect();
    Ok((probed, signatures))
}

struct Run {
    generator: Generator,
    summary: Summary,
    first: FirstSight,
    ground: Arc<Ground>,
    levels: Arc<BTreeMap<String, Level>>,
    subjects: Vec<Subject>,
    /// So many of the findings have been shrunk.
    shrunk: usize,
}

impl Run {
    /// Takes up the corpus of an earlier run.
    fn resume(&mut self, settings: &Settings) {
        let Some(out) = &settings.out else { return };
        for surface in &settings.surfaces {
            let folder = out.join("corpus").join(surface.name());
            for path in saved::inputs(&folder).unwrap_or_default() {
                if let Ok(input) = std::fs::read(&path) {
                    self.generator.keep(*surface, input);
                }
            }
        }
    }

    async fn set_up(&mut self, jobs: usize) {
        for _ in 0..jobs.max(1) {
            match Subject::new(&self.ground).await {
                Ok(subject) => self.subjects.push(subject),
                Err(why) => {
                    self.summary.blocked = self.subjects.is_empty().then_some(why);
                    return;
                }
            }
            if self.subjects.iter().any(|subject| !subject.own) {
                return;
            }
        }
    }

    /// What is asked of the target as a whole.
    async fn controls(&mut self, settings: &Settings) {
        let Some(mut subject) = self.subjects.pop() else { return };
        let level = |id: &str| self.levels.get(id).copied().unwrap_or(Level::Must);
        let (takes, tried) = controls::wrong_logins(&self.ground, &mut subject, &level).await;
        for (input, probed) in tried {
            self.summary.requests += probed.requests;
            let generated = Generated {
                index: 0,
                row: None,
                surface: Surface::BasicAuth,
                input,
            };
            if !probed.broken.is_empty() {
                self.first.see(&generated, &probed, &subject.bindings);
            }
        }
        self.ground.learn(takes);
        let mut seen = Vec::new();
        if settings.surfaces.contains(&Surface::BasicAuth) {
            seen.push(controls::timing(&self.ground, &subject).await);
        }
        if settings.surfaces.contains(&Surface::Http) {
            seen.push(controls::dawdling(&self.ground, &subject).await);
        }
        for controls::Seen {
            requests,
            row,
            observed,
        } in seen
        {
            self.summary.requests += requests;
            self.summary.rows.extend(row);
            if let Some(what) = observed {
                *self.summary.observed.entry(what).or_default() += 1;
            }
        }
        if takes > Takes::RightOnly {
            let what = "wrong logins get a token: what rests on a login being refused is not told again";
            *self.summary.observed.entry(what.to_owned()).or_default() += 1;
        }
        self.subjects.push(subject);
    }

    async fn batch(
        &mut self,
        settings: &Settings,
        deadline: Option<Instant>,
        allowed: u64,
        stop: &watch::Receiver<bool>,
    ) {
        // Small enough that the end is near whenever it comes, large enough that workers seldom wait for each other.
        let size = (settings.jobs.max(1) * 32).min(usize::try_from(allowed).unwrap_or(usize::MAX).max(1));
        let inputs = (0..size).map(|_| self.generator.generate()).collect();
        let batch = Batch::new(inputs, deadline, allowed, std::mem::take(&mut self.first));
        let subjects = std::mem::take(&mut self.subjects);
        let over = batch.run(&self.ground, &self.levels, subjects, stop).await;
        (self.first, self.subjects) = (over.first, over.subjects);
        let tried = over.tried;
        // Alive and well after each batch, whatever its inputs were answered.
        let sent = tried.iter().any(|tried| tried.probed.skipped.is_none());
        self.summary.requests += 2 * u64::from(sent);
        if over.down || (sent && !culprit::is_well(&self.ground, self.subjects.first()).await) {
            self.down(&tried).await;
        }
        self.take(settings, &tried);
        if over.throttled > size / 2 {
            self.summary.blocked = Some("the target answers 429: it throttles, so nothing can be judged".to_owned());
        }
        if self.subjects.is_empty() && self.summary.blocked.is_none() {
            self.set_up(1).await;
            if self.subjects.is_empty() {
                self.summary.blocked = over.lost.or(self.summary.blocked.take());
            }
        }
        if self.summary.blocked.is_none() {
            self.shrink(deadline).await;
        }
        self.take_found();
    }

    fn take(&mut self, settings: &Settings, tried: &[Tried]) {
        let mut elapsed: Vec<Duration> = tried.iter().map(|tried| tried.probed.elapsed).collect();
        elapsed.sort();
        let median = elapsed.get(elapsed.len() / 2).copied().unwrap_or_default();
        for Tried {
            generated,
            probed,
            fickle,
            ..
        } in tried
        {
            if *fickle {
                let what = format!(
                    "{}: {}: the same bytes are now accepted, now refused",
                    generated.surface, probed.place
                );
                *self.summary.observed.entry(what).or_default() += 1;
            }
            if probed.skipped.is_none() && self.is_new(generated.surface, probed) {
                self.generator.keep(generated.surface, generated.input.clone());
                if let Some(out) = &settings.out {
                    self.first.trouble = self.first.trouble.take().or(keep(out, generated).err());
                }
            }
            self.summary.take(generated.surface, generated.row, probed);
            // Slower than its peers is worth a word, never a verdict.
            if probed.elapsed > Duration::from_millis(250)
                && probed.elapsed > median * 20
                && probed.kind != Kind::TimedOut
            {
                let what = format!(
                    "{}: {} is answered much slower than others",
                    generated.surface, probed.place
                );
                *self.summary.observed.entry(what).or_default() += 1;
            }
        }
        self.summary.corpus = self.generator.kept();
        if let Some(trouble) = &self.first.trouble {
            *self.summary.observed.entry(trouble.clone()).or_default() += 1;
        }
    }

    fn is_new(&self, surface: Surface, probed: &Probed) -> bool {
        !self.summary.table.contains_key(&(surface, probed.class, probed.kind))
    }

    /// The target is gone: waits for it, and finds the input that took it down. Where it stays away nothing can be tried
    /// again, and the last input that it stumbled over is told.
    async fn down(&mut self, tried: &[Tried]) {
        let gone = "soon after this input the target answers nobody any more";
        if !culprit::is_back(&self.ground).await {
            if let Some(last) = tried.iter().rev().find(|tried| tried.stumbled())
                && let Some(subject) = &last.subject
            {
                let probed = culprit::took_down(last.suspect(), &last.probed, subject, gone);
                self.first.see(&last.generated, &probed, &subject.bindings);
            } else {
                self.first.blame_the_last();
            }
            self.summary.blocked = Some("the target no longer answers".to_owned());
            return;
        }
        let sent: Vec<&Tried> = tried.iter().filter(|tried| tried.probed.skipped.is_none()).collect();
        let suspects: Vec<Suspect<'_>> = sent.iter().map(|tried| tried.suspect()).collect();
        let levels = Arc::clone(&self.levels);
        let level = move |id: &str| levels.get(id).copied().unwrap_or(Level::Must);
        let Some(found) = culprit::find(&self.ground, &suspects, &level).await else {
            let what = "the target was gone after a batch, and none of its inputs takes it down alone";
            *self.summary.observed.entry(what.to_owned()).or_default() += 1;
            return;
        };
        let what = "the target answers nobody after this input";
        let probed = culprit::took_down(suspects[found.index], &found.probed, &found.subject, what);
        self.first
            .see(&sent[found.index].generated, &probed, &found.subject.bindings);
        if let Some((named, ..)) = self.first.found.last_mut().filter(|(named, ..)| named.is_down()) {
            named.confirmed = true;
        }
        match found.back {
            true => found.subject.remove(&self.ground).await,
            false => self.summary.blocked = Some("the target no longer answers".to_owned()),
        }
    }

    /// Tries what is new again, alone, and makes it as small as it gets.
    async fn shrink(&mut self, deadline: Option<Instant>) {
        while self.shrunk < self.first.found.len() {
            let index = self.shrunk;
            self.shrunk += 1;
            // It was tried alone, and each further try would be another end of the target.
            if self.first.found[index].0.is_down() {
                continue;
            }
            let (mut found, mut broken, mut bindings) = self.first.found[index].clone();
            let Some(mut subject) = self.subjects.pop() else { return };
            let until =
                (Instant::now() + Duration::from_secs(10)).min(deadline.unwrap_or_else(|| Instant::now() + FAR));
            let (ground, levels) = (Arc::clone(&self.ground), Arc::clone(&self.levels));
            let level = move |id: &str| levels.get(id).copied().unwrap_or(Level::Must);
            let (surface, signature) = (found.surface, found.signature.clone());
            let (mut requests, mut tries) = (0, 0_u64);
            let mut still = async |input: &[u8]| {
                // Past the time only the first try, the confirmation, is made.
                tries += 1;
                if tries > 1 && Instant::now() >= until {
                    return false;
                }
                let probed = probe(&ground, &mut subject, surface, input, &level).await;
                requests += probed.requests;
                let same = probed
                    .broken
                    .iter()
                    .find(|broken| Signature::of(surface, &probed, broken) == signature);
                if let Some(same) = same {
                    (broken, bindings) = (same.clone(), subject.bindings.clone());
                }
                same.is_some()
            };
            found.confirmed = still(&found.input).await;
            if found.confirmed {
                found.input = shrink(&found.input, &mut still).await;
            }
            found.what = broken.what.clone();
            self.subjects.push(subject);
            self.summary.requests += requests;
            self.first.save(&mut found, &broken, &bindings);
            self.first.found[index] = (found, broken, bindings);
        }
    }

    fn take_found(&mut self) {
        let found = self.first.found.iter().map(|(found, ..)| {
            let times = self.first.known.get(&found.signature).copied().unwrap_or(1);
            Found { times, ..found.clone() }
        });
        self.summary.found = found.collect();
    }
}

/// Far enough away not to matter.
const FAR: Duration = Duration::from_secs(86_400);

fn keep(out: &std::path::Path, generated: &Generated) -> Result<(), String> {
    let folder = out.join("corpus").join(generated.surface.name());
    let file = folder.join(format!("input-{:08}", generated.index));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, &generated.input));
    written.map_err(|error| format!("{} cannot be written: {error}", file.display()))
}
