//! The settings of a run. Where the values come from is not decided here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Event, WholeSuite};
use crate::custody::Custody;
use crate::custody::givens::{OtherLogin, Registrable};
use crate::exchange::Exchange;
use crate::judge::Verdict;
use crate::plan::{Case, Part};
use crate::requirement::Level;
use crate::scenario::Step;
use crate::snapshot::Store;
use crate::template::Bindings;

/// How to run a plan.
#[derive(Clone)]
pub struct Settings {
    /// The name of the admin account.
    pub admin_name: String,
    /// Its password, if the owner gave one.
    pub admin_password: Option<String>,
    /// How the admin is logged in where there is no password.
    pub other_login: Option<OtherLogin>,
    /// The default password may still be in place.
    pub fresh: bool,
    /// The lowest level at which a finding fails its case.
    pub fail_on: Level,
    /// How many cases are in flight at most; at least 1.
    pub jobs: usize,
    /// Counts down with each failed case, as reported: the owner's baseline may excuse one. At 0 no more cases run.
    pub max_fail: Option<FailuresLeft>,
    /// How many wrong logins the target may be sent, cases and set-up together; unlimited without a number.
    pub wrong_logins: Option<u32>,
    /// After that time no more cases run. By default it follows from the plan.
    pub max_time: Option<Duration>,
    /// How long the target may take to get ready, at the start and after each reset. Unless given, not long at the start.
    pub ready_timeout: Option<Duration>,
    /// How often the target may be reset; unlimited without a number.
    pub max_resets: Option<usize>,
    /// The flags besides the target that repeat a case of this run.
    pub flags: String,
    /// What curl needs to accept the target's certificate.
    pub tls: String,
    /// What to register.
    pub account: Registrable,
    /// Earlier answers, to compare with.
    pub snapshots: Option<Arc<Store>>,
    /// The suite from which the cases of the plan were selected, if reports are to say so.
    pub suite: Option<WholeSuite>,
    /// Which part of the selected cases the plan has, in a sharded run.
    pub part: Option<Part>,
    /// Keep the exchanges of passing cases too; they take memory, and only explanations need them.
    pub keep_exchanges: bool,
    /// So much time passes before what the run was given at its beginning is tried again.
    pub linger: Option<Duration>,
    /// Look around refused requests whether they changed something.
    pub looks: bool,
    /// Sees every exchange.
    pub witness: Option<Witness>,
    /// Whether the target outlives the run, and where passwords are kept then.
    pub custody: Custody,
}

impl Settings {
    /// For a just installed target whose state may be destroyed: the embedded reference client, an instance of a trial.
    pub fn disposable(jobs: usize) -> Settings {
        Settings {
            admin_name: "admin".to_owned(),
            admin_password: None,
            other_login: None,
            fresh: true,
            fail_on: Level::Must,
            jobs,
            max_fail: None,
            max_time: None,
            ready_timeout: None,
            flags: String::new(),
            tls: String::new(),
            max_resets: None,
            wrong_logins: None,
            account: Registrable::default(),
            snapshots: None,
            suite: None,
            part: None,
            keep_exchanges: false,
            linger: None,
            looks: true,
            witness: None,
            custody: Custody::Disposable,
        }
    }
}

/// One answer and what it is judged by, including secrets.
#[derive(Debug, Clone, Copy)]
pub struct Witnessed<'a> {
    /// The case.
    pub case: &'a Case,
    /// The step whose request was sent.
    pub step: &'a Step,
    /// The request and its answer.
    pub exchange: &'a Exchange,
    /// What is bound at this step.
    pub bindings: &'a Bindings,
}

/// Is called with each exchange just before it is judged, on the thread of its case. For tests of the suite only.
#[derive(Clone)]
pub struct Witness(pub(super) Arc<dyn Fn(Witnessed<'_>) + Send + Sync>);

impl Witness {
    /// A witness that calls this.
    pub fn new(look: impl Fn(Witnessed<'_>) + Send + Sync + 'static) -> Witness {
        Witness(Arc::new(look))
    }
}

/// How many cases may still fail.
#[derive(Clone)]
pub struct FailuresLeft(Arc<AtomicUsize>);

impl FailuresLeft {
    /// At least 1.
    pub fn new(count: usize) -> FailuresLeft {
        FailuresLeft(Arc::new(AtomicUsize::new(count)))
    }

    /// Takes in one event of the run, as reported.
    pub fn take(&self, event: &Event) {
        if matches!(event, Event::Case(case) if case.verdict == Verdict::Fail) {
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        }
    }

    pub(super) fn are_used_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}
