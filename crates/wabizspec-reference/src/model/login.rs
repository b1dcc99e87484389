//! `POST /v1/users/login`: credentials in, a token out; the default password has to go first.

use jiff::Timestamp;
use serde_json::json;

use super::Model;
use super::state::ADMIN;
use crate::behaviour::{Leftover, RefusedChange, When};
use crate::call::Call;
use crate::documented::bodies::{BodyError, LoginBody};
use crate::documented::password::PasswordRule;
use crate::outcome::{Done, Refusal, Refused, Success};

impl Model {
    /// Credentials are checked before the body is read: a stranger learns nothing, and changes nothing.
    pub(super) fn login(&mut self, call: &Call<'_>, now: Timestamp) -> Result<Done, Refused> {
        let (rules, functions) = (self.behaviour.login.clone(), self.behaviour.functions);
        if rules.body_first {
            self.login_body(call)?;
        }
        // The reason why a field cannot be read is not shown: it may contain the password.
        let header = self.authorization(call)?.ok_or(Refusal::NoCredentials)?;
        let credentials = (functions.credentials)(header).map_err(|_| Refusal::UnreadableCredentials)?;
        let username = (functions.key)(&credentials.username).into_owned();
        if rules.change_first
            && let Some(new) = self.login_body(call)?.new_password
            && self.behaviour.passwords.on_login.check(&new).is_ok()
        {
            self.set_password(&username, &new, rules.old_password_stays);
        }

        let checked = self.check_credentials(call, &username, &credentials.password);
        if rules.remembers_wrong
            && checked.is_err()
            && let Some(user) = self.state.users_mut().get_mut(&username)
        {
            user.wrong.push(credentials.password.clone());
        }
        let first = checked?;

        let new_password = self.login_body(call)?.new_password.filter(|_| first || rules.later_change);
        let asked = (first || rules.later_rule) && !holds(&rules.rule_unasked, call);
        if let Some(new) = new_password.as_ref().filter(|_| asked) {
            let checked = follow(&self.behaviour.passwords.on_login, new, Refusal::WeakNewPassword);
            let change = if first { rules.refused_first_change } else { rules.refused_later_change };
            self.after_refused_change(change, &checked, &username, new);
            checked?;
        } else if new_password.is_none() && first && !holds(&rules.default_accepted, call) {
            return Err(Refusal::PasswordChangeRequired.into());
        }

        let token = self.mint(&username, now)?;
        if let Some(new) = new_password.filter(|_| !rules.change_ignored) {
            self.set_password(&username, &self.reread(call, new), rules.old_password_stays);
            self.revoke(self.behaviour.tokens.on_change, Some(&username), None);
        }
        self.revoke(self.behaviour.tokens.on_login, Some(&username), None);
        self.sweep(&username, now);
        let owner = self.behaviour.tokens.users_alike.as_ref().and_then(|alike| {
            self.state.users.keys().find(|name| **name != username && alike.are(name, &username)).cloned()
        });
        self.give(&token, owner.as_ref().unwrap_or(&username), now);

        let lifetime = self.behaviour.tokens.stated_lifetime;
        let begun = *self.state.begun.get_or_insert(now);
        let from = if self.behaviour.tokens.stated_from_start { begun } else { now };
        let stated = from.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let expires_after = match &self.behaviour.tokens.expires_format {
            Some(format) => stated.strftime(format).to_string().into(),
            None => (functions.expires_after)(stated),
        };
        Ok(Done { success: Success::LoggedIn, element: Some(json!({"token": token, "expires_after": expires_after})) })
    }

    fn login_body(&self, call: &Call<'_>) -> Result<LoginBody, BodyError> {
        self.read(call, LoginBody::parse)
    }

    /// Whether it is the first login of this user, whose credentials must be right.
    fn check_credentials(&self, call: &Call<'_>, username: &str, password: &str) -> Result<bool, Refused> {
        let rules = &self.behaviour.login;
        let search = |is_found: &dyn Fn(&str) -> bool| {
            self.state.users.iter().find(|(name, _)| is_found(name)).map(|(_, user)| user)
        };
        let found = match (self.behaviour.functions.finds, &rules.usernames_alike) {
            (None, None) => self.state.users.get(username),
            (Some(finds), _) => search(&|name| finds(username, name)),
            (None, Some(alike)) => {
                search(&|name| name != username && alike.are(username, name)).or_else(|| self.state.users.get(username))
            }
        };
        let user = found.or_else(|| {
            let deleted = self.state.deleted.get(username);
            deleted.filter(|_| self.behaviour.users.leftover == Leftover::LogsIn)
        });
        let user = user.ok_or(Refusal::UnknownUsername)?;
        if user.wrong.iter().any(|wrong| wrong == password) {
            return Err(Refusal::WrongPassword.into());
        }
        let (matches, alike) = (self.behaviour.functions.password_matches, &rules.passwords_alike);
        let sent = alike.reduced(password);
        if user.passwords.iter().any(|kept| matches(&alike.reduced(kept), &sent)) {
            return Ok(user.must_change);
        }
        let default = username == ADMIN && password == rules.default_password;
        if rules.default_stays_changeable && default && self.login_body(call)?.new_password.is_some() {
            return Ok(true);
        }
        Err(Refusal::WrongPassword.into())
    }

    /// What a refused change does to the password; nothing, unless a behaviour says otherwise.
    pub(super) fn after_refused_change(
        &mut self,
        change: RefusedChange,
        checked: &Result<(), Refused>,
        username: &str,
        refused: &str,
    ) {
        if checked.is_ok() || change == RefusedChange::ChangesNothing {
            return;
        }
        if change == RefusedChange::SetsTheNew {
            self.set_password(username, refused, false);
        } else if let Some(user) = self.state.users_mut().get_mut(username) {
            user.frozen |= change == RefusedChange::BlocksTheNext;
            if change == RefusedChange::LosesTheOld {
                user.passwords.clear();
            }
        }
    }

    /// The password that is set instead of the one that was checked: the same.
    pub(super) fn reread(&self, call: &Call<'_>, judged: String) -> String {
        let reread = self.behaviour.functions.reread;
        reread.and_then(|reread| reread(call)).unwrap_or(judged)
    }

    /// Sets a password that was checked, if there is such a user.
    pub(super) fn set_password(&mut self, username: &str, password: &str, old_stays: bool) {
        let kept = (self.behaviour.functions.kept)(password).into_owned();
        if let Some(user) = self.state.users_mut().get_mut(username).filter(|user| !user.frozen) {
            if !old_stays {
                user.passwords.clear();
            }
            user.passwords.push(kept);
            user.must_change = false;
        }
    }
}

/// Whether a condition holds of a request. Without a condition nothing does.
pub(super) fn holds(when: &Option<When>, call: &Call<'_>) -> bool {
    when.as_ref().is_some_and(|when| when.is_of(call))
}

/// A password that follows the rule, or a refusal that says what it lacks.
pub(super) fn follow(rule: &PasswordRule, password: &str, refusal: Refusal) -> Result<(), Refused> {
    rule.check(password).map_err(|shortfalls| {
        let shortfalls: Vec<String> = shortfalls.iter().map(|shortfall| shortfall.to_string()).collect();
        Refused::because(refusal, format!("password: {}", shortfalls.join(", ")))
    })
}
