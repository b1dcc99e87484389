//! How a run goes about its plan. Where the values come from is for the caller to know.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Event, Witness};
use crate::custody::Custody;
use crate::custody::givens::Registrable;
use crate::judge::Verdict;
use crate::plan::Part;
use crate::requirement::Level;
use crate::snapshot::Store;

/// How a run goes about its plan.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the admin account.
    pub admin_name: String,
    /// Its password, where the owner gave one.
    pub admin_password: Option<String>,
    /// The default password may still be in place.
    pub fresh: bool,
    /// The level from which on a finding fails its case.
    pub fail_on: Level,
    /// How many cases are in flight at most; at least 1.
    pub jobs: usize,
    /// After so many failed cases the rest is not tried. Whoever listens to the run counts them: what fails is for the
    /// owner's baseline to say as well.
    pub max_fail: Option<FailuresLeft>,
    /// How many wrong logins the target may be sent, cases and set-up together; no limit where its state may be thrown away.
    pub wrong_logins: Option<u32>,
    /// How long the run may take before no further case is begun; unless given, as long as its plan may need.
    pub max_time: Option<Duration>,
    /// How often the target may be reset at most; no limit without a number.
    pub max_resets: Option<usize>,
    /// What is registered where a case registers something.
    pub account: Registrable,
    /// What the target answered before, where it is to be held to that.
    pub snapshots: Option<Arc<Store>>,
    /// Which part of the selected cases the plan holds; absent where it holds them all.
    pub part: Option<Part>,
    /// Keep the exchanges of passing cases too; they take memory, and only an explanation needs them.
    pub keep_exchanges: bool,
    /// Who looks on.
    pub witness: Option<Witness>,
    /// Whether the target outlives the run, and where passwords are kept then.
    pub custody: Custody,
}

impl Settings {
    /// For a just installed target whose whole state may be used up: the embedded reference client, an instance of a
    /// trial.
    pub fn disposable(jobs: usize) -> Settings {
        Settings {
            admin_name: "admin".to_owned(),
            admin_password: None,
            fresh: true,
            fail_on: Level::Must,
            jobs,
            max_fail: None,
            max_time: None,
            max_resets: None,
            wrong_logins: None,
            account: Registrable::default(),
            snapshots: None,
            part: None,
            keep_exchanges: false,
            witness: None,
            custody: Custody::Disposable,
        }
    }
}

/// How many cases may still fail.
#[derive(Debug, Clone)]
pub struct FailuresLeft(Arc<AtomicUsize>);

impl FailuresLeft {
    /// So many, at least 1.
    pub fn new(count: usize) -> FailuresLeft {
        FailuresLeft(Arc::new(AtomicUsize::new(count)))
    }

    /// Takes in one event of the run, as it is reported.
    pub fn take(&self, event: &Event) {
        if let Event::Case(case) = event
            && case.verdict == Verdict::Fail
        {
            let less = |left: usize| Some(left.saturating_sub(1));
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }

    pub(super) fn are_used_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}
