//! The states that cases need, and how the harness reaches them: reset, first login, accounts of its own.
//!
//! What the run makes on a target, the run removes; a password of the admin that the owner gave is set back in the end.

use std::sync::Arc;

use super::Target;
use super::accounts::{Account, Accounts, Admin, Undone, outcome};
use super::journal::Credentials;
use super::names::password;
use super::reading::{bearer, json_type, leftover};
use super::throttle::{Patience, Throttled};
use crate::documented::certificate::SampleCertificate;
use crate::exchange::{Exchange, Json};
use crate::reference::Registration;

/// The documented default password (users/login, Before you begin).
pub const DEFAULT_PASSWORD: &str = "secret";

/// How many passwords of earlier runs are tried where none that is known works: a deployed target counts wrong logins.
const EARLIER_TRIES: usize = 5;

/// What the harness knows of the target's state.
pub struct Givens {
    target: Arc<Target>,
    accounts: Arc<Accounts>,
    /// The admin's password that worked last.
    known: Option<String>,
    /// Passwords that a request of this run may have given to the admin since then, oldest first.
    candidates: Vec<String>,
    /// How many of the last candidates came with a request that was accepted.
    accepted: usize,
    /// The default password may still be in place.
    may_be_fresh: bool,
    admin: Option<Admin>,
    /// Why the admin could not be reached; kept so that a hundred cases do not try in vain.
    unreachable: Option<String>,
    /// The same where a login was accepted and gave no token, which is no matter of passwords: final until a reset.
    tokenless: Option<String>,
    /// Whether the admin has been logged in, since the last reset if there was one.
    was_admin: bool,
    user: Option<Account>,
    user_token: Option<String>,
    is_registered: bool,
}

/// What is registered where a case registers something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registrable {
    /// Country code, digits only.
    pub cc: String,
    /// Without the country code.
    pub phone_number: String,
    /// Base64 of the certificate.
    pub cert: String,
    /// The verified name that the certificate holds.
    pub vname: String,
}

impl Default for Registrable {
    /// A number reserved for fiction, and a certificate with a dummy signature.
    fn default() -> Self {
        Registrable {
            cc: "1".to_owned(),
            phone_number: "2025550123".to_owned(),
            cert: SampleCertificate::new("Acme Ltd").to_base64(),
            vname: "Acme Ltd".to_owned(),
        }
    }
}

impl Registrable {
    /// The names by which scenarios use it.
    pub fn bindings(&self) -> [(&'static str, &str); 4] {
        [
            ("cc", &self.cc),
            ("phone_number", &self.phone_number),
            ("cert", &self.cert),
            ("vname", &self.vname),
        ]
    }
}

impl Givens {
    /// For a run with these accounts. `fresh` says that the default password may still be in place.
    pub fn new(target: Arc<Target>, accounts: Arc<Accounts>, fresh: bool) -> Givens {
        Givens {
            target,
            known: accounts.configured().map(str::to_owned),
            accounts,
            candidates: Vec::new(),
            accepted: 0,
            may_be_fresh: fresh,
            admin: None,
            unreachable: None,
            tokenless: None,
            was_admin: false,
            user: None,
            user_token: None,
            is_registered: false,
        }
    }

    /// The accounts of the run.
    pub fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.accounts)
    }

    /// Brings the target back to just installed.
    ///
    /// # Errors
    /// Whatever the reset said.
    pub async fn reset(&mut self) -> Result<(), String> {
        self.target.reset().await?;
        self.accounts.was_just_installed();
        self.accounts.made().forget_all();
        self.known = None;
        self.forget_candidates();
        self.may_be_fresh = true;
        self.user = None;
        self.is_registered = false;
        self.tokenless = None;
        self.was_admin = false;
        self.forget_logins();
        Ok(())
    }

    /// After something that may have ended tokens or changed passwords: log in anew when next needed.
    pub fn forget_logins(&mut self) {
        self.admin = None;
        self.unreachable = None;
        self.user_token = None;
    }

    /// The same where the account that cases share may be spoilt too: there will be another.
    pub fn forget_accounts(&mut self) {
        self.forget_logins();
        self.user = None;
    }

    /// A request that is about to be sent may give the admin these passwords.
    pub fn candidates(&mut self, passwords: &[String]) {
        self.candidates.extend_from_slice(passwords);
        self.accepted = 0;
    }

    /// That request was not refused: `accepted`, or nobody knows. The admin is logged in anew when next needed; after a
    /// refusal its token stays good, and a wrong login is spared.
    pub fn may_have_changed(&mut self, passwords: &[String], accepted: bool) {
        if accepted && self.candidates.ends_with(passwords) {
            self.accepted = passwords.len();
        }
        self.forget_logins();
    }

    fn forget_candidates(&mut self) {
        self.candidates.clear();
        self.accepted = 0;
    }

    /// Whether a reset may bring an admin back that is lost: not where it was not to be had in this state at all.
    pub fn can_be_helped(&self) -> bool {
        self.tokenless.is_none() || self.was_admin
    }

    /// The administrator, logged in; by a first login where that is needed.
    ///
    /// # Errors
    /// Why it cannot be had, in words.
    pub async fn admin(&mut self) -> Result<Admin, String> {
        if let Some(admin) = &self.admin {
            return Ok(admin.clone());
        }
        if let Some(why) = self.tokenless.as_ref().or(self.unreachable.as_ref()) {
            return Err(why.clone());
        }
        match self.log_in_as_admin().await {
            Ok(admin) => {
                self.admin = Some(admin.clone());
                Ok(admin)
            }
            Err(undone) => {
                // What was refused once is refused again, and wrong logins are few; a target that gave no answer may
                // give one to the next case.
                if undone.in_vain {
                    self.tokenless = Some(undone.why.clone());
                } else if undone.refused {
                    self.unreachable = Some(undone.why.clone());
                }
                Err(undone.why)
            }
        }
    }

    async fn log_in_as_admin(&mut self) -> Result<Admin, Undone> {
        // The likeliest first: a deployed target counts wrong logins.
        let (doubtful, accepted) = self.candidates.split_at(self.candidates.len() - self.accepted);
        let mut tries: Vec<String> = accepted.iter().rev().cloned().collect();
        tries.extend(self.known.clone());
        tries.extend(self.accounts.configured().map(str::to_owned));
        tries.extend(doubtful.iter().rev().cloned());
        let mut last = None;
        for password in distinct(tries) {
            let account = self.admin_account(&password);
            match self.accounts.log_in(&account, None).await {
                Ok(token) => return Ok(self.logged_in(account, token).await),
                Err(undone) if undone.in_vain => return Err(undone),
                Err(why) => last = Some(why),
            }
        }
        if self.may_be_fresh {
            // A first login that failed without a refusal is tried again with the same password: one more to remember
            // each time would be one more to try each time.
            let configured = self.accounts.configured().map(str::to_owned);
            let again = || self.candidates.last().cloned();
            let new = configured.or_else(again).unwrap_or_else(password);
            if !self.candidates.contains(&new) {
                self.candidates(std::slice::from_ref(&new));
            }
            let default = self.admin_account(DEFAULT_PASSWORD);
            match self.accounts.log_in(&default, Some(&new)).await {
                Ok(token) => {
                    self.accounts.was_just_installed();
                    return Ok(self.logged_in(self.admin_account(&new), token).await);
                }
                Err(undone) if undone.in_vain => {
                    // It was accepted, so that the new password is the admin's: an ordinary login may bring a token.
                    let account = self.admin_account(&new);
                    return match self.accounts.log_in(&account, None).await {
                        Ok(token) => Ok(self.logged_in(account, token).await),
                        Err(_) => Err(undone),
                    };
                }
                Err(undone) => {
                    let why = format!("the first login was not accepted: {}", undone.why);
                    last = Some(Undone { why, ..undone });
                }
            }
        }
        // Where one was not refused, it is the target that stumbles, not the password.
        let all_refused = last.as_ref().is_none_or(|undone: &Undone| undone.refused);
        for password in self.earlier().into_iter().filter(|_| all_refused) {
            let account = self.admin_account(&password);
            match self.accounts.log_in(&account, None).await {
                Ok(token) => return Ok(self.logged_in(account, token).await),
                Err(why) => last = Some(why),
            }
        }
        Err(last.unwrap_or_else(|| Undone {
            why: "the admin's password is not known; set WABIZSPEC_ADMIN_PASSWORD".to_owned(),
            refused: true,
            in_vain: false,
            silent: false,
        }))
    }

    /// What earlier runs left in the journal, newest first: a run that was killed may have changed the password.
    fn earlier(&self) -> Vec<String> {
        let journal = self.accounts.journal();
        let mut passwords = journal.map_or_else(Vec::new, |journal| {
            journal.earlier().passwords_of(self.accounts.admin_name())
        });
        passwords.retain(|password| Some(password.as_str()) != self.accounts.configured());
        passwords.truncate(EARLIER_TRIES);
        passwords
    }

    fn admin_account(&self, password: &str) -> Account {
        Account {
            username: self.accounts.admin_name().to_owned(),
            password: password.to_owned(),
        }
    }

    async fn logged_in(&mut self, account: Account, token: String) -> Admin {
        self.accounts.admin_works(&account.password).await;
        self.known = Some(account.password.clone());
        self.forget_candidates();
        self.may_be_fresh = false;
        self.was_admin = true;
        Admin { account, token }
    }

    /// The ordinary account that cases share which change nothing.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub async fn shared_user(&mut self) -> Result<Account, String> {
        if let Some(user) = &self.user {
            return Ok(user.clone());
        }
        let admin = self.admin().await?;
        let (name, _) = self.accounts.names().next();
        let user = Account {
            username: name,
            password: password(),
        };
        self.accounts.make_user(&admin, &user).await?;
        self.user = Some(user.clone());
        Ok(user)
    }

    /// A token of the shared account.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub async fn shared_user_token(&mut self) -> Result<String, String> {
        if let Some(token) = &self.user_token {
            return Ok(token.clone());
        }
        let user = self.shared_user().await?;
        let token = self.accounts.log_in(&user, None).await?;
        self.user_token = Some(token.clone());
        Ok(token)
    }

    /// Has the account registered: by a registration and its code, unless it is registered already.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub async fn registered(&mut self, account: &Registrable) -> Result<(), String> {
        if self.is_registered {
            return Ok(());
        }
        let admin = self.admin().await?;
        let body = serde_json::json!({
            "cc": account.cc, "phone_number": account.phone_number, "method": "sms", "cert": account.cert,
        });
        let exchange = self.post(&admin, "/v1/account", &body).await?;
        match exchange.response().map(|response| response.status) {
            Some(201) => {}
            Some(202) => {
                let code = self.target.code().await?;
                let exchange = self
                    .post(&admin, "/v1/account/verify", &serde_json::json!({ "code": code }))
                    .await?;
                if exchange.response().map(|response| response.status) != Some(201) {
                    return Err(format!(
                        "the registration could not be completed: {}",
                        outcome(&exchange)
                    ));
                }
            }
            _ => {
                return Err(format!("the account could not be registered: {}", outcome(&exchange)));
            }
        }
        self.is_registered = true;
        Ok(())
    }

    /// Whether the target still registers numbers, found out with an empty body: a whole request would send somebody a
    /// message. Code 1005 means that it does not.
    ///
    /// # Errors
    /// It could not be found out.
    pub async fn probe_registration(&mut self) -> Result<Registration, String> {
        let admin = self.admin().await?;
        let exchange = self.post(&admin, "/v1/account", &serde_json::json!({})).await?;
        let Some(response) = exchange.response() else {
            return Err(format!(
                "the registration state could not be found out: {}",
                outcome(&exchange)
            ));
        };
        let codes = error_codes(&response.body);
        match (response.status, codes.contains(&1005)) {
            (400..=499, true) => Ok(Registration::Sunset),
            (400 | 422, false) => Ok(Registration::Open),
            _ => Err(format!(
                "the registration state could not be found out ({}); give --registration open or sunset",
                outcome(&exchange)
            )),
        }
    }

    async fn post(&self, admin: &Admin, path: &str, body: &serde_json::Value) -> Result<Exchange, Throttled> {
        let headers = vec![bearer(&admin.token), json_type()];
        let request = self
            .target
            .request("POST", path, headers, Some(body.to_string().into_bytes()));
        self.target.ask(request, &mut Patience::default()).await
    }

    /// Removes what the run made, sets the admin's password back to what the owner gave, and logs the run's tokens out.
    /// Returns what is left, each with what to do about it.
    pub async fn clean_up(&mut self) -> Vec<String> {
        self.target.call_once_more().await;
        // What was made is worth one more try.
        self.tokenless = None;
        let accounts = Arc::clone(&self.accounts);
        let mut left = self.remove_accounts().await;
        left.extend(accounts.made().take_foreign().iter().map(|name| {
            let why = "the target made it, but its name is not one of this run's, so nobody deletes it unasked";
            leftover(name, why)
        }));
        left.extend(self.set_password_back().await);
        for token in accounts.made().take_tokens() {
            if !accounts.log_out(&token).await {
                left.push("tokens of the run were not logged out, for want of an answer; they expire".to_owned());
                break;
            }
        }
        self.forget_logins();
        let told = self.settle(left.is_empty()).await;
        left.extend(told);
        left
    }

    async fn remove_accounts(&mut self) -> Vec<String> {
        let names = self.accounts.made().take_accounts();
        self.user = None;
        if names.is_empty() {
            return Vec::new();
        }
        let admin = match self.admin().await {
            Ok(admin) => admin,
            Err(why) => return names.iter().map(|name| leftover(name.as_str(), &why)).collect(),
        };
        let mut left = Vec::new();
        let mut silence: Option<String> = None;
        for name in &names {
            // Each further account would be waited for just as long.
            let gone = match &silence {
                Some(why) => Err(why.clone().into()),
                None => self.accounts.delete(&admin, name).await,
            };
            if let Err(undone) = gone {
                left.push(leftover(name.as_str(), &undone.why));
                silence = silence.or(undone.silent.then_some(undone.why));
            }
        }
        left
    }

    /// The owner's password works again after the run, if it ever did.
    async fn set_password_back(&mut self) -> Option<String> {
        let configured = self.accounts.configured()?.to_owned();
        if !self.accounts.admin_touched() || self.accounts.journal().is_none() {
            return None;
        }
        if !self.candidates.is_empty() {
            // Whether one of them was taken shows only at a login.
            self.forget_logins();
        }
        let set = async {
            let admin = self.admin().await?;
            if admin.account.password != configured {
                self.candidates(std::slice::from_ref(&configured));
                self.accounts.set_admin_password(&admin, &configured).await?;
                self.may_have_changed(std::slice::from_ref(&configured), true);
                self.admin().await?;
            }
            Ok::<_, String>(())
        };
        let why = set.await.err();
        let why = why.or_else(|| {
            let kept = self.known.as_ref() == Some(&configured);
            (!kept).then(|| "the target did not take it".to_owned())
        })?;
        Some(format!(
            "the admin's password could not be set back to the one that was given: {why}"
        ))
    }

    /// Leaves in the journal what is still of use, and tells where it lies. `all_removed` says that no account of the run is
    /// left.
    async fn settle(&mut self, all_removed: bool) -> Option<String> {
        let journal = Arc::clone(self.accounts.journal()?);
        if !self.accounts.admin_touched() {
            // Otherwise a journal would grow with every run.
            if all_removed && journal.is_begun() {
                let _ = journal.settle(journal.earlier().all()).await;
            }
            return None;
        }
        let certain = self.candidates.is_empty();
        let settled = match &self.known {
            Some(known) if certain && Some(known.as_str()) == self.accounts.configured() => journal.settle(&[]).await,
            Some(known) if certain => {
                let works = Credentials {
                    account: self.accounts.admin_name().to_owned(),
                    password: known.clone(),
                };
                journal.settle(&[works]).await
            }
            // Nobody knows which of them it is: all stay.
            _ => Ok(()),
        };
        // A journal that could not be made shorter still holds everything.
        let _ = settled;
        if certain && self.known.is_some() && self.known.as_deref() == self.accounts.configured() {
            return None;
        }
        let (path, url) = (journal.path().display(), self.target.origin());
        Some(format!(
            "the run has changed the admin's password; the one that works is in {path}, and this finds it: \
             wabizspec recover --target {url} --journal '{path}'"
        ))
    }
}

/// Each once, where it stands first.
fn distinct(passwords: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    passwords
        .into_iter()
        .filter(|password| seen.insert(password.clone()))
        .collect()
}

/// The codes of an error answer, in the envelope or bare.
pub(super) fn error_codes(body: &[u8]) -> Vec<i64> {
    let Ok(json) = Json::parse(body) else { return Vec::new() };
    let errors = json
        .at("/errors")
        .and_then(Json::as_array)
        .unwrap_or(std::slice::from_ref(&json));
    errors
        .iter()
        .filter_map(|error| error.at("/code")?.as_integer())
        .collect()
}
