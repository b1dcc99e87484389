//! What can be seen of a target's state without changing it: an account is read, or logged in to.
//!
//! A refused request must leave all of that as it was. Which requests show it follows from what the refused one asked for,
//! and from what is known to work. Nothing is sent here.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::effect::Asked;
use super::names::Names;
use super::reading::{basic, bearer, is_done, token_in};
use crate::documented::api::{self, Effect, Operation};
use crate::documented::basic::{self as credentials, Credentials};
use crate::exchange::{Exchange, Header, Json, Request};
use crate::judge::Mismatch;
use crate::judge::facts::{Expected, Kept, Observed, Place};

/// One thing to look at, and the request that shows it.
#[derive(Debug, Clone)]
pub struct Sight {
    kept: Kept,
    pub(super) operation: Operation,
    pub(super) path: String,
    pub(super) header: Header,
    pub(super) body: Option<Value>,
    /// The role that an account which is read must not have.
    other_role: &'static str,
    /// A login has shown it already. Where a user has one token only, one more would end the token in use.
    pub is_proven: bool,
}

/// What the answer shows. A target that is throttled, broken or silent shows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    AsBefore,
    Otherwise(Mismatch),
    Nothing,
}

impl Sight {
    fn read(kept: Kept, token: &str, name: &str, is_ordinary: bool) -> Sight {
        let other_role = if is_ordinary { api::ROLE_ADMIN } else { api::ROLE_USER };
        let (operation, path) = (Operation::ReadUser, api::user(name));
        Sight { kept, operation, path, header: bearer(token), body: None, other_role, is_proven: false }
    }

    fn log_in(kept: Kept, name: &str, password: &str, is_proven: bool) -> Sight {
        let (operation, header) = (Operation::LogIn, basic(name, password));
        let path = operation.path().to_owned();
        Sight { kept, operation, path, header, body: Some(json!({})), other_role: "", is_proven }
    }

    pub fn shown_by(&self, exchange: &Exchange) -> Seen {
        let Some(status) = exchange.response().map(|response| response.status) else { return Seen::Nothing };
        let has_token = token_in(exchange).is_some();
        let is_as_before = match (self.kept, status) {
            (_, 429) => return Seen::Nothing,
            (Kept::Token | Kept::Account, 200) => true,
            (Kept::Token, 401 | 404) | (Kept::Account, 404) | (Kept::FreeName, 200) => false,
            (Kept::FreeName, 404) => true,
            (Kept::Password, 200..300) if has_token => true,
            (Kept::RefusedPassword, 200..300) if has_token => false,
            (Kept::Password, 400..500) => false,
            (Kept::RefusedPassword, 400..500) | (Kept::Registration, 201) => true,
            (Kept::Registration, 202) => false,
            _ => return Seen::Nothing,
        };
        let otherwise =
            |at, kept, observed| Seen::Otherwise(Mismatch { at, expected: Expected::Unchanged(kept), observed });
        match role(exchange).filter(|(_, role)| role.as_str() == Some(self.other_role)) {
            Some((name, role)) if is_as_before => {
                otherwise(Place::Pointer(format!("/users/0/{name}")), Kept::Role, Observed::Value((&role).into()))
            }
            _ if is_as_before => Seen::AsBefore,
            _ => otherwise(Place::Status, self.kept, Observed::Status(status)),
        }
    }
}

/// The member with the role of the account that is shown: its name is written in more than one way.
fn role(exchange: &Exchange) -> Option<(String, Json)> {
    let mut members = exchange.response()?.json()?.at("/users/0")?.as_object()?.iter();
    members.find(|(name, _)| name.eq_ignore_ascii_case("roles")).cloned()
}

/// The accounts that are known to be there, with what is known to log in and to work.
#[derive(Debug, Default)]
pub struct Known {
    accounts: BTreeMap<String, Holder>,
    admin: String,
    /// The request for the code of the number that is registered, if one is.
    pub registered: Option<Value>,
}

#[derive(Debug, Default)]
struct Holder {
    password: Option<String>,
    /// It has logged in with that password.
    has_logged_in: bool,
    tokens: Vec<String>,
}

/// How the refused request was made, and what may follow it.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    pub names: &'a Names,
    /// A login disturbs nothing that follows.
    pub may_log_in: bool,
    /// So may a login that should be refused.
    pub may_guess: bool,
}

impl Known {
    pub fn of(admin: &str) -> Known {
        Known { admin: admin.to_owned(), ..Known::default() }
    }

    /// An account with its password and a token that a login with it gave.
    pub fn add(&mut self, name: &str, password: Option<&str>, token: Option<&str>) {
        let holder = self.accounts.entry(name.to_owned()).or_default();
        holder.password = password.map(str::to_owned);
        holder.tokens.extend(token.map(str::to_owned));
        holder.has_logged_in = token.is_some();
    }

    /// Tokens may have expired.
    pub fn forget_tokens(&mut self) {
        self.accounts.values_mut().for_each(|holder| holder.tokens.clear());
    }

    /// Takes in what an accepted request has changed.
    pub fn take(&mut self, exchange: &Exchange, base: &str) {
        if !is_done(exchange) {
            return;
        }
        let Asked { operation, account, mut passwords, .. } = Asked::of(&exchange.request, base);
        let changes = !passwords.is_empty();
        // Of several passwords it is open which one was taken.
        let password = if passwords.len() == 1 { passwords.pop() } else { None };
        match (operation, account) {
            (Some(Operation::CreateUser), Some(name)) => self.add(&name, password.as_deref(), None),
            (Some(Operation::UpdateUser), Some(name)) => {
                if let Some(holder) = self.accounts.get_mut(&name) {
                    (holder.password, holder.has_logged_in) = (password, false);
                }
            }
            (Some(Operation::DeleteUser), Some(name)) => drop(self.accounts.remove(&name)),
            (Some(Operation::LogIn), Some(name)) => self.logged_in(&name, exchange, changes),
            (Some(Operation::LogOut), _) => {
                let sent = bearer_token(&exchange.request).unwrap_or_default();
                self.accounts.values_mut().for_each(|holder| holder.tokens.retain(|token| *token != sent));
            }
            _ => {}
        }
    }

    fn logged_in(&mut self, name: &str, exchange: &Exchange, changes: bool) {
        let (Some(token), Some(sent)) = (token_in(exchange), basic_credentials(&exchange.request)) else { return };
        let holder = self.accounts.entry(name.to_owned()).or_default();
        holder.has_logged_in = !changes;
        holder.password = (!changes).then_some(sent.password);
        if changes {
            // A later login may leave the new password out of account, and a change may end tokens.
            holder.tokens.clear();
        }
        holder.tokens.push(token);
    }

    /// All that is known to log in and to work, reads before logins.
    #[cfg(feature = "fuzz")]
    pub fn all(&self) -> Vec<Sight> {
        let mut sights = Vec::new();
        for (name, holder) in &self.accounts {
            let tokens = holder.tokens.iter();
            sights.extend(tokens.map(|token| Sight::read(Kept::Token, token, name, *name != self.admin)));
        }
        for (name, holder) in &self.accounts {
            let password = holder.password.iter();
            sights.extend(password.map(|it| Sight::log_in(Kept::Password, name, it, holder.has_logged_in)));
        }
        sights
    }

    /// What to look at around a request that should be refused, reads before logins.
    pub fn sights(&self, request: &Request, base: &str, around: Around<'_>) -> Vec<Sight> {
        let asked = Asked::of(request, base);
        let is_ordinary = |name: &str| name != self.admin;
        let by_token = |name: &str, token: &str| Sight::read(Kept::Token, token, name, is_ordinary(name));
        let sent = bearer_token(request);
        let holds = |holder: &Holder| sent.as_ref().is_some_and(|sent| holder.tokens.contains(sent));
        let caller = self.accounts.iter().find(|(_, holder)| holds(holder)).map(|(name, _)| name.as_str());
        let mut sights: Vec<Sight> =
            caller.zip(sent.as_deref()).map(|(name, sent)| by_token(name, sent)).into_iter().collect();
        let admin = self.accounts.get(&self.admin).and_then(|holder| holder.tokens.last());
        let as_admin = |kept, name: &str| Some(Sight::read(kept, admin?, name, is_ordinary(name)));
        let name = asked.account.as_deref().unwrap_or_default();
        match self.accounts.get(name) {
            Some(holder) => {
                let by_its_token = holder.tokens.last().map(|token| by_token(name, token));
                let other = by_its_token.or_else(|| as_admin(Kept::Account, name));
                sights.extend(other.filter(|_| caller != Some(name)));
                let is_certain = holder.has_logged_in || holder.tokens.is_empty();
                let is_safe = matches!(asked.effect, Some(Effect::Nothing | Effect::Logout | Effect::Registration));
                // The administrator's tokens are everybody's, and wrong logins of the whole run may have locked its account.
                let is_at_risk = !is_safe && is_ordinary(name);
                let password = holder.password.as_ref().filter(|_| is_certain && is_at_risk && around.may_log_in);
                sights.extend(
                    password.map(|password| Sight::log_in(Kept::Password, name, password, holder.has_logged_in)),
                );
            }
            None if around.names.made(name) && admin.is_some() => sights.extend(as_admin(Kept::FreeName, name)),
            None => {
                let refused =
                    asked.passwords.first().filter(|_| !name.is_empty() && around.may_log_in && around.may_guess);
                sights.extend(refused.map(|refused| Sight::log_in(Kept::RefusedPassword, name, refused, false)));
            }
        }
        if !sights.iter().any(|sight| sight.kept == Kept::Token) {
            // A user's rather than the administrator's, which others use too.
            let holders = self.accounts.iter().filter(|(_, holder)| !holder.tokens.is_empty());
            let other = holders.max_by_key(|(name, _)| is_ordinary(name));
            let other = other.and_then(|(name, holder)| Some(by_token(name, holder.tokens.last()?)));
            sights.splice(0..0, other);
        }
        if let (Some(Effect::Registration), Some(request), Some(token)) = (asked.effect, &self.registered, admin) {
            let (operation, header) = (Operation::Register, bearer(token));
            let (path, body) = (operation.path().to_owned(), Some(request.clone()));
            let kept = Kept::Registration;
            sights.push(Sight { kept, operation, path, header, body, other_role: "", is_proven: false });
        }
        sights
    }
}

fn bearer_token(request: &Request) -> Option<String> {
    let Request::Http(request) = request else { return None };
    let value = String::from_utf8_lossy(request.header("Authorization")?);
    value.strip_prefix("Bearer ").map(str::to_owned)
}

fn basic_credentials(request: &Request) -> Option<Credentials> {
    let Request::Http(request) = request else { return None };
    credentials::parse(request.header("Authorization")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Breakage, HttpRequest, Response};

    /// As before, otherwise, or not said.
    fn seen(sight: &Sight, status: u16, body: &str) -> Option<bool> {
        let exchange = Exchange::answered(HttpRequest::of("GET", "/", &[], ""), Response::of(status, &[], body));
        match sight.shown_by(&exchange) {
            Seen::AsBefore => Some(true),
            Seen::Otherwise(_) => Some(false),
            Seen::Nothing => None,
        }
    }

    #[test]
    fn an_answer_says_yes_or_no_or_nothing() {
        let sight = Sight::read(Kept::Token, "t", "anna", true);
        let shown = |role: &str| format!(r#"{{"users":[{{"username":"anna","Roles":"{role}"}}]}}"#);
        assert_eq!(seen(&sight, 200, &shown(api::ROLE_USER)), Some(true));
        assert_eq!(seen(&sight, 200, &shown(api::ROLE_ADMIN)), Some(false));
        assert_eq!(seen(&sight, 200, "{}"), Some(true));
        for (status, expected) in [(401, Some(false)), (404, Some(false)), (403, None), (429, None), (503, None)] {
            assert_eq!(seen(&sight, status, "{}"), expected, "{status}");
        }
        let token = r#"{"users":[{"token":"t"}]}"#;
        for (kept, with_a_token, refused) in [(Kept::Password, true, false), (Kept::RefusedPassword, false, true)] {
            let sight = Sight::log_in(kept, "anna", "p", false);
            assert_eq!((seen(&sight, 200, token), seen(&sight, 401, "")), (Some(with_a_token), Some(refused)));
            let others = [(200, "{}"), (429, ""), (500, ""), (302, "")];
            assert!(others.iter().all(|(status, body)| seen(&sight, *status, body).is_none()));
        }
        let request = Request::Http(HttpRequest::of("GET", "/", &[], ""));
        assert_eq!(sight.shown_by(&Exchange::broken_off(request, Breakage::Closed, b"")), Seen::Nothing);
    }

    #[test]
    fn of_two_new_passwords_it_is_open_which_one_logs_in() {
        let token = r#"{"users":[{"token":"new-token"}]}"#;
        let known_after = |body: &str| {
            let mut known = Known::of("admin");
            known.add("anna", Some("old"), Some("old-token"));
            let login = HttpRequest::of("POST", "/v1/users/login", &[("Authorization", "Basic YW5uYTpvbGQ=")], body);
            known.take(&Exchange::answered(login, Response::of(200, &[], token)), "");
            let holder = &known.accounts["anna"];
            (holder.password.clone(), holder.tokens.join(" "))
        };
        let old = || Some("old".to_owned());
        assert_eq!(known_after("{}"), (old(), "old-token new-token".to_owned()));
        let one = r#"{"new_password":"New-one-1"}"#;
        let two = r#"{"new_password":"New-one-1","new_password":"New-two-2"}"#;
        assert_eq!([one, two].map(known_after), [(None, "new-token".to_owned()), (None, "new-token".to_owned())]);
    }
}
