//! What `fuzz` and `replay` need before they begin: permission to fuzz the target, and the admin's login.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Mutex;
use tokio::time::timeout_at;

use super::Failure;
use super::target::Resolved;
use crate::custody::Failure as CustodyFailure;
use crate::custody::accounts::{Accounts, Admin};
use crate::custody::givens::{DEFAULT_PASSWORD, Givens};
use crate::custody::lock::RunLock;
use crate::custody::names;
use crate::custody::recovery::{Probe, probe};
use crate::exchange::Exchange;
use crate::files;
use crate::fuzz::session::{FuzzAdmin, FuzzSession};
use crate::requirement::Register;
use crate::scenario::Change;
use crate::transport::origin::Origin;

/// Makes sure that the target may be fuzzed, and keeps other runs off it until the lock is dropped.
pub(super) fn reserve(resolved: &Resolved) -> Result<RunLock, Failure> {
    let host = resolved.origin().connect_host();
    let allowed = &resolved.configuration.config.fuzz.allow_hosts;
    if resolved.origin().is_loopback() || allowed.iter().any(|allowed| allowed == host) {
        return RunLock::take(&resolved.locks()).map_err(Failure::usage);
    }
    Err(Failure::usage(format!(
        "{host} is another machine, and nobody has said that it may be fuzzed\n  help: if it is yours, add\n    [fuzz]\n    \
         allow_hosts = [\"{host}\"]\n  to wabizspec.toml"
    )))
}

pub(super) fn random_seed() -> u64 {
    let mut bytes = [0; 8];
    // Without entropy any seed will do.
    let _ = getrandom::fill(&mut bytes);
    // Short enough to be copied by hand.
    u64::from_le_bytes(bytes) % 1_000_000_000
}

/// The folder that findings go to unless another is named.
pub(super) const OUT: &str = "wabizspec-fuzz";

/// The password that an earlier version kept below the folder of the findings, and its file. It is read and never written.
pub(super) fn kept_by_an_earlier_version(out: &Path, origin: &Origin) -> Option<(String, PathBuf)> {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let target: String = origin.to_string().chars().map(plain).collect();
    let read = |folder: &Path| {
        let file = folder.join(format!("admin-password-{target}"));
        let text = String::from_utf8(files::read_own(&file, files::TEXT).ok()?).ok()?;
        let password = text.trim_end().to_owned();
        (!password.is_empty()).then_some((password, file))
    };
    read(out).or_else(|| read(Path::new(OUT)))
}

/// Why the fuzzer cannot log in.
pub(super) struct NoLogin {
    /// What to do about it, too.
    pub why: String,
    /// The answer to the login, where it may be a finding itself.
    pub login: Option<Arc<Exchange>>,
}

/// The accounts that the fuzzer makes, and the admin who makes them.
pub(super) struct FuzzSetup<'r> {
    resolved: &'r Resolved,
    accounts: Arc<Accounts>,
    givens: Arc<Mutex<Givens>>,
    pub notes: Vec<String>,
}

impl<'r> FuzzSetup<'r> {
    /// Puts the journal in its place. Nothing is sent yet.
    pub async fn new(resolved: &'r Resolved) -> Result<FuzzSetup<'r>, Failure> {
        if let Some(journal) = resolved.journal() {
            journal.prepare().await.map_err(Failure::usage)?;
        }
        let accounts = Arc::new(resolved.accounts(resolved.settings.custody.clone()));
        let givens = Givens::new(Arc::clone(&resolved.target), Arc::clone(&accounts), resolved.info.embedded);
        Ok(FuzzSetup { resolved, accounts, givens: Arc::new(Mutex::new(givens)), notes: Vec::new() })
    }

    /// Logs in as admin. Where no known password works, and the target is on this machine or may be set up again, a first
    /// login gives the admin one. `out` is where an earlier version kept the password. The error says what to do.
    pub async fn log_in(&mut self, out: &Path) -> Result<FuzzAdmin, NoLogin> {
        let kept = kept_by_an_earlier_version(out, self.resolved.origin());
        if let Some((password, _)) = kept.as_ref().filter(|_| !self.resolved.info.embedded) {
            self.accounts.passwords().may_become(std::slice::from_ref(password));
        }
        let help = "help: set WABIZSPEC_ADMIN_PASSWORD";
        if self.resolved.settings.other_login.is_some() {
            return Err(NoLogin {
                why: format!("the fuzzer needs the admin's password, not a token\n  {help}"),
                login: None,
            });
        }
        let tried = self.givens.lock().await.admin().await;
        let admin = match tried {
            Err(why) if self.may_log_in_first() => {
                // Otherwise it would be the new password.
                kept.iter().for_each(|(kept, _)| self.accounts.passwords().was_refused(kept));
                self.first_login(why).await
            }
            tried => tried,
        };
        let admin = admin.and_then(|admin| FuzzAdmin::of(admin).ok_or(CustodyFailure::UnknownPassword));
        if let (Ok(admin), Some((password, file))) = (&admin, kept)
            && admin.account.password == password
        {
            self.notes.push(format!(
                "the admin's password is the one that an earlier version kept in {}; keep it somewhere safe and delete \
                 that file",
                file.display()
            ));
        }
        admin.map_err(|failure| NoLogin {
            why: format!("the fuzzer cannot log in: {failure}\n  {help}"),
            login: failure.odd_login().cloned(),
        })
    }

    fn may_log_in_first(&self) -> bool {
        let Resolved { info, capabilities, target, .. } = self.resolved;
        !info.embedded && (target.transport.origin().is_loopback() || capabilities.fresh || capabilities.reset)
    }

    /// The first login of a target that asks for it (code 1024), or that its owner says may be set up again.
    async fn first_login(&mut self, why: CustodyFailure) -> Result<Admin, CustodyFailure> {
        let Resolved { target, capabilities, .. } = self.resolved;
        let accounts = Arc::clone(&self.accounts);
        if capabilities.reset {
            target.reset().await?;
            accounts.are_gone();
        }
        match probe(target, &accounts.admin_account(DEFAULT_PASSWORD)).await {
            Probe::ChangeRequired => {}
            Probe::Refused(_) if capabilities.fresh || capabilities.reset => {}
            Probe::LoggedIn(token) => {
                accounts.made().token(&token, None);
                let passwords = [DEFAULT_PASSWORD.to_owned()];
                accounts.passwords().may_become(&passwords);
                accounts.passwords().were_accepted(&passwords);
                self.givens.lock().await.forget_logins();
                return self.givens.lock().await.admin().await;
            }
            Probe::Refused(_) | Probe::Throttled(_) | Probe::Unreachable(_) => return Err(why),
        }
        let tried = self.givens.lock().await.first_login().await;
        let admin = match tried {
            // What became of the new password shows at a login with it.
            Err(_) if accounts.admin_touched() => self.givens.lock().await.admin().await?,
            Err(failure) => {
                if let Some(journal) = accounts.journal() {
                    // If it cannot be shortened it keeps one password too many.
                    let _ = journal.settle(journal.earlier().all()).await;
                }
                return Err(failure);
            }
            Ok(admin) => admin,
        };
        if let Some(journal) = accounts.journal().filter(|_| self.resolved.settings.admin_password.is_none()) {
            self.notes.push(format!(
                "the target was just installed; its admin's password is in the journal {}, and `wabizspec recover` \
                 shows it",
                journal.path().display()
            ));
        }
        Ok(admin)
    }

    pub fn session(&self, admin: FuzzAdmin, register: &Register, large: bool) -> FuzzSession {
        let Resolved { info, capabilities, target, .. } = self.resolved;
        let mut session = FuzzSession::new(Arc::clone(target), admin, Arc::clone(&self.accounts), register);
        session.givens = Some(Arc::clone(&self.givens));
        session.registers = info.embedded || capabilities.allow.contains(&Change::Registration);
        session.disposable = info.embedded || capabilities.fresh;
        session.large = large;
        session
    }

    /// The same for a target that gave this answer to the login: only what needs no login is fuzzed.
    pub fn without_login(&self, login: Arc<Exchange>, register: &Register, large: bool) -> FuzzSession {
        let account = self.accounts.admin_account(&names::password());
        let mut session = self.session(FuzzAdmin { account, token: names::password() }, register, large);
        session.no_login = Some(login);
        session
    }

    /// Removes what was made. Returns what is left, each with what to do about it. The error says that it was not finished.
    pub async fn clean_up(&mut self, session: &FuzzSession, until: Instant) -> Result<Vec<String>, String> {
        let candidates = session.admin_candidates();
        let tidy = async {
            if !candidates.is_empty() {
                // Whether one of them was taken shows at a login: what another input has shown since may be outdated.
                self.accounts.passwords().may_become(&candidates);
                self.givens.lock().await.forget_logins();
                let _ = self.givens.lock().await.admin().await;
            }
            self.givens.lock().await.clean_up().await
        };
        timeout_at(until.into(), tidy).await.map_err(|_| {
            let what = "the clean-up was not finished in time";
            match self.resolved.journal() {
                None => what.to_owned(),
                Some(journal) => format!(
                    "{what}; this removes what is left: wabizspec recover --clean --target {} --journal '{}'",
                    self.resolved.target.transport.origin(),
                    journal.path().display()
                ),
            }
        })
    }
}
