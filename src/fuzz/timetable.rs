//! The settings of a run, and how it divides its time: set-up, inputs, confirmations and clean-up all count.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Surface;

/// The settings of a run.
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
    /// What curl needs to accept the target's certificate.
    pub tls: String,
}

/// How much longer than its time a run may take if something hangs.
const OVER: Duration = Duration::from_secs(5);

/// How long the clean-up may take at most.
const CLEAN_UP: Duration = Duration::from_secs(60);

/// When each part of a run ends at the latest. Without a time only the clean-up has an end.
#[derive(Debug, Clone, Copy)]
pub struct Timetable {
    begun: Instant,
    pub(crate) time: Option<Duration>,
    /// Logging in and making accounts: half the time.
    pub(crate) set_up: Option<Instant>,
    /// What is asked before all inputs: three quarters.
    pub(super) controls: Option<Instant>,
    /// No input is begun after that.
    pub(super) inputs: Option<Instant>,
    /// Nothing is waited for after that but the clean-up.
    pub(super) work: Option<Instant>,
}

/// Why a part of a run was cut off: its time was over, or the run was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Time,
    Stop,
}

impl Timetable {
    /// From now on.
    pub fn begins(time: Option<Duration>) -> Timetable {
        let begun = Instant::now();
        let set_up = time.map(|time| begun + time / 2);
        let controls = time.map(|time| begun + time * 3 / 4);
        let timetable = Timetable { begun, time, set_up, controls, inputs: None, work: None };
        timetable.after_set_up(Duration::ZERO)
    }

    /// Removing takes about as long as the set-up took: that much is reserved, within limits.
    pub(super) fn after_set_up(self, took: Duration) -> Timetable {
        let reserve = |time: Duration| took.clamp(time / 10, time / 4);
        let inputs = self.time.map(|time| self.begun + time - reserve(time));
        let work = self.time.map(|time| self.begun + time - reserve(time) / 2);
        Timetable { inputs, work, ..self }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The end of all, for a clean-up that begins now.
    pub(crate) fn clean_up(&self) -> Instant {
        let longest = Instant::now() + CLEAN_UP;
        self.time.map_or(longest, |time| longest.min(self.begun + time + OVER))
    }
}

/// Does the work, unless its end or a stop comes first: then the work is dropped.
pub(crate) async fn within<T>(
    end: Option<Instant>,
    stop: &watch::Receiver<bool>,
    work: impl Future<Output = T>,
) -> Result<T, Cut> {
    let mut stop = stop.clone();
    let over = tokio::time::sleep_until(end.unwrap_or_else(Instant::now).into());
    tokio::select! {
        biased;
        // It fails when nobody can stop the run any more.
        Ok(_) = stop.wait_for(|stopped| *stopped) => Err(Cut::Stop),
        done = work => Ok(done),
        () = over, if end.is_some() => Err(Cut::Time),
    }
}
