//! The states that cases need, and how the harness reaches them: reset, first login, accounts of its own.
//!
//! What the run makes on a target, the run removes. Only accounts that it made itself are ever deleted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::Target;
use super::names::{Names, password};
use super::throttle::{Patience, Throttled};
use crate::documented::certificate::SampleCertificate;
use crate::exchange::{Exchange, Header, Json, Request};
use crate::reference::Registration;

/// An account and how to log in to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user name.
    pub username: String,
    /// The password, as far as the harness knows.
    pub password: String,
}

/// The administrator, logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Name and password.
    pub account: Account,
    /// A token of the run's own.
    pub token: String,
}

/// What the harness knows of the target's accounts, and what it has made there.
pub struct Givens {
    target: Arc<Target>,
    /// Names for this run.
    pub names: Names,
    admin_name: String,
    /// From the configuration, never changed by the run.
    configured: Option<String>,
    /// The password that worked last.
    known: Option<String>,
    /// Passwords that a request of this run may have given to the admin, oldest first.
    candidates: Vec<String>,
    /// The default password may still be in place.
    may_be_fresh: bool,
    admin: Option<Admin>,
    /// Why the admin could not be reached; kept so that a hundred cases do not try in vain.
    unreachable: Option<String>,
    user: Option<Account>,
    user_token: Option<String>,
    is_registered: bool,
    made: Arc<Made>,
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

/// What the run has made on the target and has not removed yet.
#[derive(Debug, Default)]
pub struct Made {
    accounts: Mutex<BTreeSet<String>>,
    tokens: Mutex<Vec<String>>,
}

impl Made {
    /// An account was made.
    pub fn account(&self, username: &str) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(username.to_owned());
    }

    /// A token was given.
    pub fn token(&self, token: &str) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.push(token.to_owned());
    }

    fn forget_account(&self, username: &str) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.remove(username);
    }

    fn take_accounts(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.accounts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_tokens(&self) -> Vec<String> {
        std::mem::take(&mut self.tokens.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Givens {
    /// For a run against that target. `configured` is the admin's password as the owner gave it; `fresh` says that
    /// the default one may still be in place.
    pub fn new(target: Arc<Target>, admin_name: String, configured: Option<String>, fresh: bool) -> Givens {
        Givens {
            target,
            names: Names::new(),
            admin_name,
            known: configured.clone(),
            configured,
            candidates: Vec::new(),
            may_be_fresh: fresh,
            admin: None,
            unreachable: None,
            user: None,
            user_token: None,
            is_registered: false,
            made: Arc::default(),
        }
    }

    /// What the run has made so far.
    pub fn made(&self) -> Arc<Made> {
        Arc::clone(&self.made)
    }

    /// Brings the target back to just installed.
    ///
    /// # Errors
    /// Whatever the reset said.
    pub async fn reset(&mut self) -> Result<(), String> {
        self.target.reset().await?;
        self.made.take_accounts();
        self.made.take_tokens();
        self.known = None;
        self.candidates.clear();
        self.may_be_fresh = true;
        self.user = None;
        self.is_registered = false;
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

    /// A request of the run may give the admin this password.
    pub fn candidate(&mut self, password: &str) {
        self.candidates.push(password.to_owned());
        self.forget_logins();
    }

    /// The name of the admin account.
    pub fn admin_name(&self) -> &str {
        &self.admin_name
    }

    /// The administrator, logged in; by a first login where that is needed.
    ///
    /// # Errors
    /// Why it cannot be had, in words.
    pub async fn admin(&mut self) -> Result<Admin, String> {
        if let Some(admin) = &self.admin {
            return Ok(admin.clone());
        }
        if let Some(why) = &self.unreachable {
            return Err(why.clone());
        }
        match self.log_in_as_admin().await {
            Ok(admin) => {
                self.admin = Some(admin.clone());
                Ok(admin)
            }
            Err(why) => {
                // What was refused once is refused again, and wrong logins are few; a target that gave no answer may
                // give one to the next case.
                if why.refused {
                    self.unreachable = Some(why.why.clone());
                }
                Err(why.why)
            }
        }
    }

    async fn log_in_as_admin(&mut self) -> Result<Admin, NoLogin> {
        let mut tries: Vec<String> = self.candidates.iter().rev().cloned().collect();
        tries.extend(self.known.clone());
        tries.extend(self.configured.clone());
        tries.dedup();
        let mut last = None;
        for password in tries {
            let account = self.admin_account(&password);
            match log_in(&self.target, &account, None).await {
                Ok(token) => return Ok(self.logged_in(account, token)),
                Err(why) => last = Some(why),
            }
        }
        if self.may_be_fresh {
            // A first login that failed without a refusal is tried again with the same password: one more to remember
            // each time would be one more to try each time.
            let again = || self.candidates.last().cloned();
            let password = self.configured.clone().or_else(again).unwrap_or_else(password);
            if !self.candidates.contains(&password) {
                self.candidates.push(password.clone());
            }
            let default = self.admin_account(DEFAULT_PASSWORD);
            match log_in(&self.target, &default, Some(&password)).await {
                Ok(token) => return Ok(self.logged_in(self.admin_account(&password), token)),
                Err(NoLogin { why, refused }) => {
                    let why = format!("the first login was not accepted: {why}");
                    last = Some(NoLogin { why, refused });
                }
            }
        }
        Err(last.unwrap_or_else(|| NoLogin {
            why: "the admin's password is not known; set WABIZSPEC_ADMIN_PASSWORD".to_owned(),
            refused: true,
        }))
    }

    fn admin_account(&self, password: &str) -> Account {
        Account {
            username: self.admin_name.clone(),
            password: password.to_owned(),
        }
    }

    fn logged_in(&mut self, account: Account, token: String) -> Admin {
        self.known = Some(account.password.clone());
        self.candidates.clear();
        self.may_be_fresh = false;
        self.made.token(&token);
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
        let (name, _) = self.names.next();
        let user = make_user(&self.target, &admin, &self.made, &name).await?;
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
        let token = log_in(&self.target, &user, None).await?;
        self.made.token(&token);
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
            _ => return Err(format!("the account could not be registered: {}", outcome(&exchange))),
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
        self.target.ask(&request, &mut Patience::default()).await
    }

    /// Removes what the run made, and logs its tokens out. Returns what is left, each with what to do about it.
    pub async fn clean_up(&mut self) -> Vec<String> {
        self.target.call_once_more().await;
        let mut left = self.remove_accounts().await;
        self.user = None;
        for token in self.made.take_tokens() {
            // A token that is dead already needs no logging out; one that will not go expires by itself.
            let request = self
                .target
                .request("POST", "/v1/users/logout", vec![bearer(&token)], None);
            let asked = self.target.ask(&request, &mut Patience::default()).await;
            if asked.is_ok_and(|exchange| exchange.response().is_none()) {
                left.push("tokens of the run were not logged out, for want of an answer; they expire".to_owned());
                break;
            }
        }
        self.forget_logins();
        left
    }

    async fn remove_accounts(&mut self) -> Vec<String> {
        let accounts = self.made.take_accounts();
        if accounts.is_empty() {
            return Vec::new();
        }
        let admin = match self.admin().await {
            Ok(admin) => admin,
            Err(why) => return accounts.iter().map(|name| leftover(name, &why)).collect(),
        };
        let mut left = Vec::new();
        let mut silence: Option<String> = None;
        for name in accounts {
            // Each further account would be waited for just as long.
            if let Some(why) = &silence {
                left.push(leftover(&name, why));
                continue;
            }
            match delete_user(&self.target, &admin, &name).await {
                Ok(exchange) if is_deleted(&exchange) => {}
                Ok(exchange) => {
                    let why = outcome(&exchange);
                    left.push(leftover(&name, &why));
                    silence = exchange.response().is_none().then_some(why);
                }
                Err(throttled) => left.push(leftover(&name, &throttled.to_string())),
            }
        }
        left
    }
}

/// The documented default password (users/login, Before you begin).
pub const DEFAULT_PASSWORD: &str = "secret";

fn leftover(name: &str, why: &str) -> String {
    format!(
        "the account `{name}` is left on the target ({why}); remove it with: curl -sk -X DELETE \
         -H \"Authorization: Bearer $TOKEN\" \"$WABIZSPEC_TARGET\"{}",
        path_of(name)
    )
}

/// Makes an ordinary account with a fresh password.
///
/// # Errors
/// Why the target did not make it.
pub async fn make_user(target: &Target, admin: &Admin, made: &Made, name: &str) -> Result<Account, String> {
    let account = Account {
        username: name.to_owned(),
        password: password(),
    };
    let body = serde_json::json!({ "username": account.username, "password": account.password });
    let headers = vec![bearer(&admin.token), json_type()];
    let request = target.request("POST", "/v1/users", headers, Some(body.to_string().into_bytes()));
    // Noted before the answer is known: an account may have been made although no answer came.
    made.account(name);
    let exchange = match target.ask(&request, &mut Patience::default()).await {
        Ok(exchange) => exchange,
        Err(throttled) => {
            made.forget_account(name);
            return Err(throttled.into());
        }
    };
    match exchange.response() {
        Some(response) if (200..300).contains(&response.status) => Ok(account),
        _ => {
            if exchange.response().is_some() {
                made.forget_account(name);
            }
            Err(format!(
                "the account for the case could not be made: {}",
                outcome(&exchange)
            ))
        }
    }
}

/// The path of an account, its name percent-encoded (RFC 3986 §2.1): a case may have made one of any characters.
fn path_of(name: &str) -> String {
    const PLAIN: &[u8] = b"-._~";
    let encoded = |byte: u8| match byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let name: String = name.bytes().map(encoded).collect();
    format!("/v1/users/{name}")
}

async fn delete_user(target: &Target, admin: &Admin, name: &str) -> Result<Exchange, Throttled> {
    let request = target.request("DELETE", &path_of(name), vec![bearer(&admin.token)], None);
    target.ask(&request, &mut Patience::default()).await
}

/// Whether a deletion was answered so that the account is not there; one that was gone already is fine.
fn is_deleted(exchange: &Exchange) -> bool {
    matches!(
        exchange.response().map(|response| response.status),
        Some(200..=299 | 404)
    )
}

/// Deletes an account of the run and, if that worked, strikes it off what is to be removed.
pub async fn remove_user(target: &Target, admin: &Admin, made: &Made, name: &str) {
    let asked = delete_user(target, admin, name).await;
    if asked.is_ok_and(|exchange| is_deleted(&exchange)) {
        made.forget_account(name);
    }
}

/// Why a login gave no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoLogin {
    /// In words.
    pub why: String,
    /// The target answered, and would answer the same again; otherwise nobody knows.
    pub refused: bool,
}

impl From<NoLogin> for String {
    fn from(none: NoLogin) -> String {
        none.why
    }
}

/// Logs in and returns the token.
///
/// # Errors
/// What the target answered instead.
pub async fn log_in(target: &Target, account: &Account, new_password: Option<&str>) -> Result<String, NoLogin> {
    let body = match new_password {
        Some(password) => serde_json::json!({ "new_password": password }).to_string(),
        None => "{}".to_owned(),
    };
    let request = target.request(
        "POST",
        "/v1/users/login",
        vec![basic(account), json_type()],
        Some(body.into_bytes()),
    );
    let exchange = match target.ask(&request, &mut Patience::default()).await {
        Ok(exchange) => exchange,
        Err(throttled) => {
            let (why, refused) = (throttled.into(), false);
            return Err(NoLogin { why, refused });
        }
    };
    token_in(&exchange).ok_or_else(|| NoLogin {
        why: format!("the login was not accepted: {}", outcome(&exchange)),
        refused: exchange
            .response()
            .is_some_and(|response| (400..500).contains(&response.status)),
    })
}

/// The token of a login that was accepted.
pub fn token_in(exchange: &Exchange) -> Option<String> {
    let response = exchange.response().filter(|response| response.status == 200)?;
    let json = Json::parse(&response.body).ok()?;
    json.at("/users/0/token")?.as_str().map(str::to_owned)
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

/// What came of an exchange, in one line. Of the answer's text nothing is shown: it may repeat what was sent.
pub fn outcome(exchange: &Exchange) -> String {
    match &exchange.outcome {
        crate::exchange::Outcome::Unanswered(none) => none.to_string(),
        crate::exchange::Outcome::Answered(response) => {
            let json = Json::parse(&response.body).ok();
            let code = json.as_ref().and_then(|json| json.at("/errors/0/code")?.as_integer());
            let code = code.map_or(String::new(), |code| format!(" with code {code}"));
            format!("status {}{code}", response.status)
        }
    }
}

fn basic(account: &Account) -> Header {
    use base64::Engine;
    let joined = format!("{}:{}", account.username, account.password);
    let encoded = base64::engine::general_purpose::STANDARD.encode(joined);
    Header::new("Authorization", format!("Basic {encoded}"))
}

fn bearer(token: &str) -> Header {
    Header::new("Authorization", format!("Bearer {token}"))
}

fn json_type() -> Header {
    Header::new("Content-Type", "application/json")
}

/// The password that a request gives to an account if the target accepts it: `(username, password)`.
///
/// Read leniently: a faulty target may take what a good one would not.
pub fn password_given(request: &Request, base: &str) -> Option<(String, String)> {
    let Request::Http(request) = request else { return None };
    let path = request.target.strip_prefix(base)?;
    let body: serde_json::Value = serde_json::from_slice(request.body.as_deref()?).ok()?;
    let (username, member) = match path {
        "/v1/users/login" => {
            let header = request.header("Authorization")?;
            let credentials = crate::documented::basic::parse(header).ok()?;
            (credentials.username, "new_password")
        }
        _ if request.method == "PUT" => (path.strip_prefix("/v1/users/")?.to_owned(), "password"),
        _ => return None,
    };
    Some((username, body.get(member)?.as_str()?.to_owned()))
}
