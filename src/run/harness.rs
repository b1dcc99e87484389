//! What all cases of a run share: the target, the oracles, the settings and the states.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as StdMutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OnceCell, watch};

use super::missing::Missing;
use super::sample::sampled;
use super::{Reason, Settings};
use crate::custody::Target;
use crate::custody::accounts::Accounts;
use crate::custody::givens::Givens;
use crate::custody::reading::bearer;
use crate::documented::api::{self, Operation};
use crate::exchange::{Exchange, Redaction, Request, Response, shell_quoted, shell_word};
use crate::judge::{LOGIN_TOKEN, Oracles, Placeholder};
use crate::parallel::locked;
use crate::plan::{Case, Plan};
use crate::requirement::{Level, Register};
use crate::scenario::{Given, Registration};
use crate::transport::tap::Asker;
use crate::transport::throttle::Patience;

/// The limit for a version that a target states, in bytes.
const LONGEST_VERSION: usize = 32;

/// So many versions of one target are noted.
const MOST_VERSIONS: usize = 4;

pub(super) struct Harness {
    pub target: Arc<Target>,
    pub oracles: Oracles,
    pub settings: Settings,
    pub givens: Mutex<Givens>,
    pub accounts: Arc<Accounts>,
    /// Secrets of the whole run: configured headers and the admin's password.
    pub secrets: Redaction,
    /// Known before the first case.
    pub missing: OnceLock<Missing>,
    /// The level of [`LOGIN_TOKEN`], if there is such a rule.
    pub login_token: Option<Level>,
    /// The case that fails where the harness itself cannot log in for what the target answers. The others are blocked.
    pub judges_set_up: OnceLock<String>,
    /// The target's registration state: as given, or probed when a case first asks.
    pub registration: OnceCell<Registration>,
    pub begun: Instant,
    /// After that no more cases run.
    pub max_time: Duration,
    /// The plan has cases for an account that is made early and left alone.
    pub keeps: bool,
    /// The steps of cases that run together, by case and name, after which something is looked at.
    pub watched: BTreeSet<(String, String)>,
    /// The versions that answers have stated.
    versions: StdMutex<BTreeSet<String>>,
    stop: watch::Receiver<bool>,
}

impl Harness {
    pub fn new(
        target: Arc<Target>,
        register: &Register,
        settings: &Settings,
        registration: Option<Registration>,
        plan: &Plan,
        stop: watch::Receiver<bool>,
    ) -> Harness {
        let (name, password) = (settings.admin_name.clone(), settings.admin_password.clone());
        let accounts = Accounts::new(Arc::clone(&target), name, password, settings.custody.clone());
        let accounts = Arc::new(accounts.with_wrong_logins(settings.wrong_logins));
        let givens = Givens::new(Arc::clone(&target), Arc::clone(&accounts), settings.fresh);
        let givens = givens.ready_within(settings.ready_timeout).with_other_login(settings.other_login.clone());
        let mut secrets = target.transport.secrets().clone();
        if let Some(password) = &settings.admin_password {
            secrets.add_credentials(&settings.admin_name, password, "$WABIZSPEC_ADMIN_PASSWORD");
        }
        Harness {
            target,
            oracles: Oracles::of(register),
            settings: Settings { jobs: settings.jobs.max(1), ..settings.clone() },
            givens: Mutex::new(givens),
            accounts,
            secrets,
            missing: OnceLock::new(),
            login_token: register.find(LOGIN_TOKEN).map(|requirement| requirement.level),
            judges_set_up: OnceLock::new(),
            registration: OnceCell::new_with(registration),
            begun: Instant::now(),
            max_time: settings.max_time.unwrap_or_else(|| fitting(plan)),
            keeps: plan.cases().any(|case| case.given() == Given::Kept),
            watched: sampled(plan),
            versions: StdMutex::default(),
            stop,
        }
    }

    /// Notes which version of the target an answer states. A text that is not a version is left to the judge.
    pub fn note_version(&self, response: &Response) {
        let json = response.json();
        let Some(text) = json.as_ref().and_then(|json| json.at("/meta/version")?.as_str()) else { return };
        if text.len() <= LONGEST_VERSION
            && Placeholder::Version.recognises_text(text)
            && self.secrets.apply(text) == text
        {
            let mut versions = locked(&self.versions);
            if versions.len() < MOST_VERSIONS {
                versions.insert(text.to_owned());
            }
        }
    }

    pub fn versions(&self) -> Vec<String> {
        locked(&self.versions).iter().cloned().collect()
    }

    pub fn run_line(&self, case: &str) -> String {
        let line = format!("wabizspec run {}", shell_quoted(case));
        if self.target.is_embedded() {
            return line;
        }
        let target = self.target.transport.origin().to_string();
        format!("{line} --target {}{}", shell_word(&target), self.settings.flags)
    }

    /// Sends one request. Before that, its passwords go to disk, and accounts that it creates are noted for removal.
    pub async fn ask(&self, request: Request, patience: &mut Patience) -> Result<Exchange, Reason> {
        if self.accounts.is_over_budget(&request) {
            return Err(Reason::OverBudget);
        }
        let expected = self.accounts.before(&request).await?;
        let asked = self.accounts.ask(request, &expected, patience).await;
        let exchange = asked.map_err(|throttled| Reason::Throttled(throttled.0))?;
        // After a refusal the admin's token stays valid, and keeping it saves a login that may be wrong.
        let is_refused = exchange.response().is_some_and(Response::is_refused);
        if !expected.admin_candidates.is_empty() && !is_refused {
            self.givens.lock().await.forget_logins();
        }
        Ok(exchange)
    }

    /// Sends requests at the same time, with the same care.
    pub async fn ask_together(
        &self,
        requests: Vec<Request>,
        asker: Option<&Arc<Asker>>,
    ) -> Result<Vec<Exchange>, Reason> {
        if requests.iter().any(|request| self.accounts.is_over_budget(request)) {
            return Err(Reason::OverBudget);
        }
        let mut expected = Vec::new();
        for request in &requests {
            expected.push(self.accounts.before(request).await?);
        }
        let changes_admin = expected.iter().any(|expected| !expected.admin_candidates.is_empty());
        let asked = self.accounts.ask_together(requests, expected, asker).await;
        if changes_admin {
            self.givens.lock().await.forget_logins();
        }
        asked.map_err(|throttled| Reason::Throttled(throttled.0))
    }

    /// Whether a token of the harness no longer works for the account that it belongs to: it is refused with 401, or as one
    /// that was never given. Where that cannot be asked, it may.
    pub async fn is_dead(&self, token: &str, account: &str) -> bool {
        match self.status_of_reading(token, account).await {
            None | Some(401 | 405 | 501) => true,
            Some(status) => {
                let (never_given, _) = self.accounts.names().next();
                let is_refused = (400..500).contains(&status);
                is_refused && self.status_of_reading(&never_given, account).await == Some(status)
            }
        }
    }

    async fn status_of_reading(&self, token: &str, account: &str) -> Option<u16> {
        let read = Operation::ReadUser;
        let transport = &self.target.transport;
        let request = transport.request(read.method(), &api::user(account), vec![bearer(token)], None);
        transport.send(request).await.response().map(|response| response.status)
    }

    /// Whether the target has no login: then no state can be reached, and no reset can be verified.
    pub fn has_no_login(&self) -> bool {
        self.missing.get().is_some_and(|missing| missing.0.contains_key(&Operation::LogIn))
    }

    pub async fn registration(&self) -> Result<Registration, Reason> {
        let probe = || async { self.givens.lock().await.probe_registration().await.map_err(Reason::from) };
        self.registration.get_or_try_init(probe).await.copied()
    }

    /// Whether something is looked at around a refusal of the case although other cases run.
    pub fn is_watched(&self, case: &Case) -> bool {
        self.watched.range((case.id.clone(), String::new())..).next().is_some_and(|(id, _)| *id == case.id)
    }

    /// Lets time pass. The clock of the embedded client is moved instead.
    pub async fn linger(&self) -> Result<(), Reason> {
        let Some(time) = self.settings.linger else { return Ok(()) };
        if self.target.is_embedded() {
            return Ok(self.target.advance(u32::try_from(time.as_secs()).unwrap_or(u32::MAX)).await?);
        }
        tokio::time::sleep(time).await;
        Ok(())
    }

    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until the run is stopped, and then for the requests in flight: a login that is cut off leaves a token behind.
    pub async fn stopped(&self) {
        const GRACE: Duration = Duration::from_secs(2);
        // There is an error if no sender is left: then the run cannot be stopped.
        if self.stop.clone().wait_for(|stopped| *stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(GRACE).await;
    }
}

/// A time limit that the plan only exceeds if the target hangs: twice the time for a login of a quarter of a second with
/// each request, and for a slow restart with each reset.
fn fitting(plan: &Plan) -> Duration {
    const FOR_A_CASE: Duration = Duration::from_secs(2);
    const FOR_A_RESET: Duration = Duration::from_secs(60);
    const AT_LEAST: Duration = Duration::from_secs(300);
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let cases = FOR_A_CASE.saturating_mul(count(plan.cases().count()));
    AT_LEAST.saturating_add(cases).saturating_add(FOR_A_RESET.saturating_mul(count(plan.resets)))
}
