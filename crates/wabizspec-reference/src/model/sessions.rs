//! The tokens in use: found by their text, and taken back from one user without a search through all the others.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

/// Whose a token is, and how long it lives.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(super) struct Session {
    pub username: String,
    #[serde(skip)]
    pub given: Timestamp,
    /// How many tokens were given before it.
    #[serde(skip)]
    pub number: u64,
    /// The first moment at which it no longer works; `None` for ever.
    pub expires: Option<Timestamp>,
}

/// All tokens in use. A login costs the same however many there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Sessions {
    by_token: HashMap<Arc<str>, Session>,
    of_user: HashMap<String, HashSet<Arc<str>>>,
}

impl Sessions {
    pub fn find(&self, token: &str) -> Option<(&str, &Session)> {
        let (token, session) = self.by_token.get_key_value(token)?;
        Some((token, session))
    }

    /// In no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Session)> {
        self.by_token.iter().map(|(token, session)| (&**token, session))
    }

    pub fn insert(&mut self, token: &str, session: Session) {
        self.remove(token);
        let token: Arc<str> = token.into();
        let of_user = self.of_user.entry(session.username.clone()).or_default();
        of_user.insert(Arc::clone(&token));
        self.by_token.insert(token, session);
    }

    pub fn set_expiry(&mut self, token: &str, expires: Option<Timestamp>) {
        if let Some(session) = self.by_token.get_mut(token) {
            session.expires = expires;
        }
    }

    pub fn remove(&mut self, token: &str) {
        if let Some(session) = self.by_token.remove(token)
            && let Some(of_user) = self.of_user.get_mut(&session.username)
            && of_user.remove(token)
            && of_user.is_empty()
        {
            self.of_user.remove(&session.username);
        }
    }

    pub fn remove_user(&mut self, username: &str) {
        for token in self.of_user.remove(username).unwrap_or_default() {
            self.by_token.remove(&token);
        }
    }

    pub fn retain(&mut self, stays: impl Fn(&Session) -> bool) {
        let gone = |(token, session): (&Arc<str>, &Session)| (!stays(session)).then(|| Arc::clone(token));
        let gone: Vec<Arc<str>> = self.by_token.iter().filter_map(gone).collect();
        for token in gone {
            self.remove(&token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_is_gone_in_both_ways() {
        let mut sessions = Sessions::default();
        for (token, user) in [("1", "a"), ("2", "a"), ("3", "b"), ("3", "a"), ("4", "b")] {
            let session = Session { username: user.into(), given: Timestamp::UNIX_EPOCH, number: 0, expires: None };
            sessions.insert(token, session);
        }
        sessions.remove("1");
        assert!(sessions.find("1").is_none() && sessions.find("2").is_some());
        sessions.remove_user("a");
        let left: Vec<&str> = sessions.iter().map(|(token, _)| token).collect();
        assert_eq!(left, ["4"], "a token that was given again belongs to its new user");
        sessions.retain(|session| session.username != "a");
        assert!(sessions.find("4").is_some());
        sessions.retain(|session| session.username != "b");
        assert!(sessions == Sessions::default());
    }
}
