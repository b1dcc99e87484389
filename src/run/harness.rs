//! What all cases of a run share: the target, the oracles and the states.

use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use super::{FailuresLeft, Settings, Witness};
use crate::judge::Oracles;
use crate::requirement::Level;
use crate::scenario::Registration;
use crate::snapshot::Store;
use crate::target::Target;
use crate::target::givens::{Givens, Made, Registrable};

/// Shared by all cases of one run.
pub(super) struct Harness {
    pub target: Arc<Target>,
    pub oracles: Oracles,
    pub fail_on: Level,
    pub givens: Mutex<Givens>,
    pub made: Arc<Made>,
    pub account: Registrable,
    pub snapshots: Option<Arc<Store>>,
    pub failures_left: Option<FailuresLeft>,
    pub keep_exchanges: bool,
    pub witness: Option<Witness>,
    /// The target's registration state: as given, or found out when a case first asks.
    registration: OnceCell<Registration>,
    given_registration: Option<Registration>,
    admin_name: String,
    run_flags: String,
}

impl Harness {
    pub fn new(
        target: Arc<Target>,
        oracles: Oracles,
        settings: &Settings,
        registration: Option<Registration>,
    ) -> Harness {
        let givens = Givens::new(
            Arc::clone(&target),
            settings.admin_name.clone(),
            settings.admin_password.clone(),
            settings.fresh,
        );
        let run_flags = match target.is_embedded() {
            true => String::new(),
            false => format!(" --target {}", target.origin()),
        };
        Harness {
            made: givens.made(),
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
            admin_name: settings.admin_name.clone(),
            run_flags,
            target,
        }
    }

    /// The command that runs one case again.
    pub fn run_line(&self, case: &str) -> String {
        format!("wabizspec run '{case}'{}", self.run_flags)
    }

    /// The target's registration state.
    ///
    /// # Errors
    /// Nobody gave it and it could not be found out.
    pub async fn registration(&self) -> Result<Registration, String> {
        let probe = async {
            match self.given_registration {
                Some(state) => Ok(state),
                None => self.givens.lock().await.probe_registration().await,
            }
        };
        self.registration.get_or_try_init(|| probe).await.copied()
    }

    /// The registration state, if it had to be found out and was.
    pub fn found_registration(&self) -> Option<Registration> {
        self.registration
            .get()
            .copied()
            .filter(|_| self.given_registration.is_none())
    }

    /// Before a request that may change somebody's password.
    pub async fn may_get_password(&self, username: &str, password: &str) {
        if username == self.admin_name {
            self.givens.lock().await.candidate(password);
        }
    }
}
