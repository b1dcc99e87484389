//! What all cases of a run share: the target, the oracles and the states.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OnceCell, watch};

use super::{Cause, FailuresLeft, Settings, Witness};
use crate::custody::Target;
use crate::custody::accounts::Accounts;
use crate::custody::givens::{Givens, Registrable};
use crate::exchange::{Exchange, Redaction, Request, shell_quoted, shell_word};
use crate::judge::Oracles;
use crate::plan::Plan;
use crate::requirement::Level;
use crate::scenario::Registration;
use crate::snapshot::Store;
use crate::transport::throttle::Patience;

/// Shared by all cases of one run.
pub(super) struct Harness {
    pub target: Arc<Target>,
    pub oracles: Oracles,
    pub fail_on: Level,
    pub givens: Mutex<Givens>,
    pub accounts: Arc<Accounts>,
    /// What no text of this run may hold, whatever its case: configured headers and the admin's password.
    pub secrets: Redaction,
    pub account: Registrable,
    pub snapshots: Option<Arc<Store>>,
    pub failures_left: Option<FailuresLeft>,
    pub keep_exchanges: bool,
    pub witness: Option<Witness>,
    /// The target's registration state: as given, or found out when a case first asks.
    registration: OnceCell<Registration>,
    given_registration: Option<Registration>,
    run_flags: String,
    /// From then on no further case is begun.
    deadline: Instant,
    max_time: Duration,
    stop: watch::Receiver<bool>,
}

impl Harness {
    pub fn new(
        target: Arc<Target>,
        oracles: Oracles,
        settings: &Settings,
        registration: Option<Registration>,
        plan: &Plan,
        stop: watch::Receiver<bool>,
    ) -> Harness {
        let max_time = settings.max_time.unwrap_or_else(|| fitting(plan));
        let accounts = Arc::new(
            Accounts::new(
                Arc::clone(&target),
                settings.admin_name.clone(),
                settings.admin_password.clone(),
                settings.custody.clone(),
            )
            .with_wrong_logins(settings.wrong_logins),
        );
        let givens = Givens::new(Arc::clone(&target), Arc::clone(&accounts), settings.fresh);
        let mut secrets = target.transport.secrets().clone();
        if let Some(password) = &settings.admin_password {
            secrets.add_credentials(&settings.admin_name, password, "$WABIZSPEC_ADMIN_PASSWORD");
        }
        let run_flags = match target.is_embedded() {
            true => String::new(),
            false => format!(" --target {}", shell_word(&target.transport.origin().to_string())),
        };
        Harness {
            accounts,
            secrets,
            givens: Mutex::new(givens),
            oracles,
            fail_on: settings.fail_on,
            account: settings.account.clone(),
            snapshots: settings.snapshots.clone(),
            failures_left: settings.max_fail.clone(),
            keep_exchanges: settings.keep_exchanges,
            witness: settings.witness.clone(),
            registration: OnceCell::new(),
            given_registration: registration,
            run_flags,
            deadline: Instant::now() + max_time,
            max_time,
            stop,
            target,
        }
    }

    /// The command that runs one case again.
    pub fn run_line(&self, case: &str) -> String {
        format!("wabizspec run {}{}", shell_quoted(case), self.run_flags)
    }

    /// Sends one request. What it may change is noted first: a password is on disk before it is sent, and whatever the
    /// request makes is removed in the end.
    ///
    /// # Errors
    /// The target throttles beyond patience, or the journal cannot be written and nothing was sent.
    pub async fn ask(&self, request: Request, patience: &mut Patience) -> Result<Exchange, Cause> {
        if self.accounts.is_over_budget(&request) {
            return Err(Cause::OverBudget);
        }
        let expected = self.accounts.before(&request).await?;
        let asked = self.accounts.ask(request, &expected, patience).await;
        let exchange = asked.map_err(|throttled| Cause::Throttled(throttled.0))?;
        // After a refusal the token of the admin stays good, and a wrong login is spared.
        let is_refused = exchange.response().is_some_and(|response| (400..500).contains(&response.status));
        if !expected.admin_candidates.is_empty() && !is_refused {
            self.givens.lock().await.forget_logins();
        }
        Ok(exchange)
    }

    /// The target's registration state.
    ///
    /// # Errors
    /// Nobody gave it and it could not be found out.
    pub async fn registration(&self) -> Result<Registration, Cause> {
        let probe = async {
            match self.given_registration {
                Some(state) => Ok(state),
                None => self.givens.lock().await.probe_registration().await.map_err(Cause::from),
            }
        };
        self.registration.get_or_try_init(|| probe).await.copied()
    }

    /// The registration state, if it had to be found out and was.
    pub fn found_registration(&self) -> Option<Registration> {
        self.registration.get().copied().filter(|_| self.given_registration.is_none())
    }

    /// Why no further case may be begun, if the run has taken all its time.
    pub fn over_time(&self) -> Option<Cause> {
        let seconds = self.max_time.as_secs();
        (Instant::now() > self.deadline).then_some(Cause::OverTime { seconds })
    }

    /// Whether the run was stopped: then nothing new is begun.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }
}

/// A time that no run of that plan needs unless the target hangs: a login of a quarter of a second for each request, a slow
/// restart for each reset, and as much again.
fn fitting(plan: &Plan) -> Duration {
    const FOR_A_CASE: Duration = Duration::from_secs(2);
    const FOR_A_RESET: Duration = Duration::from_secs(60);
    const AT_LEAST: Duration = Duration::from_secs(300);
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let cases = FOR_A_CASE.saturating_mul(count(plan.cases().count()));
    AT_LEAST.saturating_add(cases).saturating_add(FOR_A_RESET.saturating_mul(count(plan.resets)))
}
