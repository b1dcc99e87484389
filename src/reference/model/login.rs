//! `POST /v1/users/login`: credentials in, a token out; the default password has to go first.

use jiff::Timestamp;
use serde_json::json;

use super::Model;
use super::state::User;
use crate::documented::password::{PasswordRule, Shortfall};
use crate::reference::call::Call;
use crate::reference::outcome::{Done, Refusal, Refused, Success};

impl Model {
    /// Credentials are checked before the body is looked at: a stranger learns nothing, and changes nothing.
    pub(super) fn login(&mut self, call: &Call<'_>, now: Timestamp) -> Result<Done, Refused> {
        let rules = self.behaviour.login.clone();
        if rules.body_first {
            (rules.body)(call)?;
        }
        // Why a field could not be read is not told: it may hold the password.
        let header = self.authorization(call)?.ok_or(Refusal::NoCredentials)?;
        let credentials = (rules.credentials)(header).map_err(|_| Refusal::NoCredentials)?;
        let username = (self.behaviour.users.key)(&credentials.username).into_owned();
        if rules.change_first
            && let Some(new) = (rules.body)(call)?.new_password
            && self.behaviour.passwords.on_login.check(&new).is_ok()
        {
            self.set_password(&username, &new, rules.old_password_stays);
        }

        let matches = self.behaviour.passwords.matches;
        let known = |user: &&User| user.passwords.iter().any(|kept| matches(kept, &credentials.password));
        let user = self.state.users.get(&username).filter(known);
        let first = user.ok_or(Refusal::WrongCredentials)?.must_change;

        let new_password = (rules.body)(call)?.new_password.filter(|_| first || rules.later_change);
        if let Some(new) = &new_password {
            let checked = follow(&self.behaviour.passwords.on_login, new, Refusal::WeakNewPassword);
            if checked.is_err() && rules.refused_change_sticks {
                self.set_password(&username, new, rules.old_password_stays);
            }
            checked?;
        } else if first && rules.default_needs_change {
            return Err(Refusal::PasswordChangeRequired.into());
        }

        let token = self.mint(&username, now)?;
        if let Some(new) = new_password {
            self.set_password(&username, &new, rules.old_password_stays);
            self.revoke(self.behaviour.tokens.on_change, Some(&username), None);
        }
        self.revoke(self.behaviour.tokens.on_login, Some(&username), None);
        self.give(&token, &username, now);

        let tokens = &self.behaviour.tokens;
        let stated = now.checked_add(tokens.stated_lifetime).unwrap_or(Timestamp::MAX);
        let expires_after = (tokens.expires_after)(stated);
        let shown = json!({"token": token, "expires_after": expires_after});
        Ok(Done::with(Success::LoggedIn, "users", shown))
    }

    /// Sets a password that was found good. A user that is not there has none.
    pub(super) fn set_password(&mut self, username: &str, password: &str, old_stays: bool) {
        let kept = (self.behaviour.passwords.kept)(password).into_owned();
        if let Some(user) = self.state.users.get_mut(username) {
            if !old_stays {
                user.passwords.clear();
            }
            user.passwords.push(kept);
            user.must_change = false;
        }
    }
}

/// A password that follows the rule, or a refusal that says what it lacks.
pub(super) fn follow(rule: &PasswordRule, password: &str, refusal: Refusal) -> Result<(), Refused> {
    rule.check(password).map_err(|shortfalls| {
        let shortfalls: Vec<String> = shortfalls.iter().map(Shortfall::to_string).collect();
        Refused::because(refusal, format!("password: {}", shortfalls.join(", ")))
    })
}
