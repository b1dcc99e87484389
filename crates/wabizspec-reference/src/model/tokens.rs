//! Tokens: given, found, taken back; and who may do what with one.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::json;

use super::Model;
use super::sessions::Session;
use super::state::{ADMIN, Role};
use crate::behaviour::{Mint, Revokes, Who};
use crate::call::Call;
use crate::dialect::TokenForm;
use crate::outcome::{Done, Refusal, Refused, Success};

/// Who sent a request.
pub(super) struct Caller {
    /// Of a caller without a token: nothing.
    pub username: Option<String>,
    token: Option<String>,
    role: Role,
}

impl Model {
    /// `POST /v1/users/logout`: takes back the token that was sent and no other (users/logout).
    pub(super) fn logout(&mut self, call: &Call<'_>, now: Timestamp) -> Result<Done, Refused> {
        let caller = match self.permitted(call, self.behaviour.permissions.logout, "", now) {
            Ok(caller) => caller,
            Err(refused) => {
                self.revoke(self.behaviour.tokens.on_refused_logout, None, None);
                return Err(refused);
            }
        };
        self.revoke(self.behaviour.tokens.on_logout, caller.username.as_deref(), caller.token.as_deref());
        if self.behaviour.tokens.logout_locks_out
            && let Some(user) = caller.username.and_then(|name| self.state.users_mut().get_mut(&name))
        {
            user.passwords.clear();
        }
        Ok(Success::LoggedOut.into())
    }

    /// The caller, who must have a valid token and permission to do something with this user.
    ///
    /// Authentication comes before permission: 401 without a valid token, 403 without permission.
    pub(super) fn permitted(&self, call: &Call<'_>, who: Who, about: &str, now: Timestamp) -> Result<Caller, Refused> {
        let caller = match self.caller(call, now) {
            Ok(caller) => caller,
            Err(_) if who == Who::Anyone => Caller { username: None, token: None, role: Role::User },
            Err(refused) => return Err(refused),
        };
        let begins = |name: &str| self.behaviour.users.itself_begins && about.starts_with(name);
        let permitted = match who {
            Who::SelfOrAdmin if caller.username.as_deref().is_some_and(begins) => true,
            Who::Anyone | Who::User => true,
            Who::SelfOrAdmin => caller.role == Role::Admin || caller.username.as_deref() == Some(about),
            Who::OthersOrAdmin => caller.role == Role::Admin || caller.username.as_deref() != Some(about),
            Who::Admin => caller.role == Role::Admin,
        };
        if permitted { Ok(caller) } else { Err(Refusal::Forbidden.into()) }
    }

    fn caller(&self, call: &Call<'_>, now: Timestamp) -> Result<Caller, Refused> {
        let rules = &self.behaviour.tokens;
        let header = self.authorization(call)?;
        let sent = header.and_then(self.behaviour.functions.token).ok_or(Refusal::NoToken)?;
        let found = match self.behaviour.functions.token_matches {
            None => self.state.tokens.find(sent),
            Some(matches) => self.state.tokens.iter().find(|(given, _)| matches(given, sent)),
        };
        let (token, username) = match found {
            Some((token, session)) => {
                // A token that lives 7 days works before the last second of them is over, not after.
                if session.expires.is_some_and(|expires| now >= expires) {
                    return Err(Refusal::ExpiredToken.into());
                }
                (Some(token.to_owned()), session.username.clone())
            }
            None if rules.unknown_accepted => (None, ADMIN.to_owned()),
            None => return Err(Refusal::UnknownToken.into()),
        };
        let user = self.state.users.get(&username);
        if user.is_none() && rules.orphans_refused {
            return Err(Refusal::UnknownToken.into());
        }
        let users = &self.behaviour.users;
        let is_like_the_admin = users.admins_end.as_ref().is_some_and(|ending| username.ends_with(&**ending))
            || users.admins_begin.as_ref().is_some_and(|beginning| username.starts_with(&**beginning))
            || users.admins.contains(&username);
        let role = if is_like_the_admin { Role::Admin } else { user.map_or(Role::User, |user| user.role) };
        Ok(Caller { role, username: Some(username), token })
    }

    /// A new token of this user, not yet in use: this may fail, and must change nothing then.
    pub(super) fn mint(&mut self, username: &str, now: Timestamp) -> Result<String, Refused> {
        let last = || self.state.tokens.iter().map(|(_, session)| session.number).max();
        let living = |session: &Session| session.expires.is_none_or(|expires| now < expires);
        let find = |reusable: &dyn Fn(&Session) -> bool| {
            let mut sessions = self.state.tokens.iter();
            sessions.find(|(_, session)| reusable(session))
        };
        let reused = match self.behaviour.tokens.mint {
            // As documented every login gets a new token, without a search through the others.
            Mint::Random => None,
            Mint::Counter => return Ok(format!("token-{:08}", self.state.given)),
            Mint::Shared => find(&|session| session.username == username && living(session)),
            Mint::Kept => find(&|session| session.username == username),
            Mint::OneForAll => find(&|_| true),
            Mint::OfTheAdmin if username == ADMIN => None,
            Mint::OfTheAdmin => find(&|session| session.username == ADMIN && Some(session.number) == last()),
        };
        if let Some((token, _)) = reused {
            return Ok(token.to_owned());
        }
        let bytes = (self.entropy)().ok_or(Refusal::NotReady)?;
        Ok(match self.behaviour.dialect.token {
            TokenForm::Opaque => URL_SAFE_NO_PAD.encode(bytes),
            TokenForm::Jwt => {
                let claims = json!({"user": username, "iat": now.as_second()});
                let [header, claims] = [json!({"alg": "HS256", "typ": "JWT"}), claims]
                    .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
                format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(bytes))
            }
        })
    }

    /// Puts a token to use.
    pub(super) fn give(&mut self, token: &str, username: &str, now: Timestamp) {
        let lifetime = self.behaviour.tokens.lifetime;
        // No token lives beyond the end of the calendar.
        let expires = lifetime.map(|lifetime| now.checked_add(lifetime).unwrap_or(Timestamp::MAX));
        let kept = matches!(self.behaviour.tokens.mint, Mint::Kept | Mint::OneForAll | Mint::OfTheAdmin);
        if !kept || self.state.tokens.find(token).is_none() {
            let session = Session { username: username.to_owned(), given: now, number: self.state.given, expires };
            self.state.tokens_mut().insert(token, session);
        }
        self.state.given += 1;
        self.end_the_oldest(self.behaviour.tokens.most, |_| true);
        self.end_the_oldest(self.behaviour.tokens.most_of_user, |session| session.username == username);
    }

    /// Ends the oldest of these tokens, if there are more than allowed.
    fn end_the_oldest(&mut self, most: Option<usize>, counts: impl Fn(&Session) -> bool) {
        let Some(most) = most else { return };
        let numbers =
            self.state.tokens.iter().filter(|(_, session)| counts(session)).map(|(_, session)| session.number);
        let numbers: Vec<u64> = numbers.collect();
        if numbers.len() > most {
            let oldest = numbers.into_iter().min();
            self.state.tokens_mut().retain(|session| Some(session.number) != oldest);
        }
    }

    /// Lets the token of a request live on as if it had just been given.
    pub(super) fn prolong(&mut self, call: &Call<'_>, now: Timestamp) {
        let rules = &self.behaviour.tokens;
        let sent = call.authorization.first().and_then(|value| (self.behaviour.functions.token)(value));
        let expires = rules.lifetime.and_then(|lifetime| now.checked_add(lifetime).ok());
        if let Some(token) = sent {
            self.state.tokens_mut().set_expiry(token, expires);
        }
    }

    /// Takes back the old tokens of a user, if the behaviour says so.
    pub(super) fn sweep(&mut self, username: &str, now: Timestamp) {
        if let Some(age) = self.behaviour.tokens.swept_at_login {
            let stays = |session: &Session| session.username != username || now.duration_since(session.given) <= age;
            self.state.tokens_mut().retain(stays);
        }
    }

    /// Takes tokens back: of this user, or the one that was sent.
    pub(super) fn revoke(&mut self, which: Revokes, username: Option<&str>, sent: Option<&str>) {
        match which {
            Revokes::Nothing => {}
            Revokes::Sent => sent.into_iter().for_each(|token| self.state.tokens_mut().remove(token)),
            Revokes::OfUser => username.into_iter().for_each(|username| self.state.tokens_mut().remove_user(username)),
            Revokes::OfAllThatBeginSo => {
                let stays = |session: &Session| username.is_none_or(|begin| !session.username.starts_with(begin));
                self.state.tokens_mut().retain(stays);
            }
            Revokes::LastOfUser => {
                let of_user =
                    self.state.tokens.iter().filter(|(_, session)| Some(session.username.as_str()) == username);
                let last = of_user.map(|(_, session)| session.number).max();
                self.state.tokens_mut().retain(|session| Some(session.number) != last);
            }
            Revokes::All => self.state.tokens = Arc::default(),
        }
    }
}
