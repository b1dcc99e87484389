//! What the admin's password may be, for everything that logs in as admin. It sends nothing and writes nothing.

use crate::documented::api::DEFAULT_PASSWORD;
use crate::documented::password::PasswordRule;

#[derive(Debug, Default)]
pub struct AdminPasswords {
    pub configured: Option<String>,
    /// The one that logged in last, or that the owner gave.
    pub known: Option<String>,
    /// Those that a request may have given to the admin since then, oldest first.
    candidates: Vec<String>,
    /// How many of the last candidates came with a request that was accepted.
    accepted: usize,
}

impl AdminPasswords {
    pub fn new(configured: Option<String>) -> AdminPasswords {
        AdminPasswords { known: configured.clone(), configured, ..AdminPasswords::default() }
    }

    /// Whether no request may have changed the password since the last login.
    pub fn is_certain(&self) -> bool {
        self.candidates.is_empty()
    }

    /// A request that is about to be sent may give the admin these passwords.
    pub fn may_become(&mut self, passwords: &[String]) {
        self.candidates.extend_from_slice(passwords);
        self.accepted = 0;
    }

    /// The request with these passwords was accepted. One without any says nothing about the others.
    pub fn were_accepted(&mut self, passwords: &[String]) {
        if !passwords.is_empty() && self.candidates.ends_with(passwords) {
            self.accepted = passwords.len();
        }
    }

    /// The target refused this password, and does not log in with it.
    pub fn was_refused(&mut self, password: &str) {
        self.candidates.retain(|candidate| candidate != password);
    }

    pub fn works(&mut self, password: &str) {
        *self = AdminPasswords { known: Some(password.to_owned()), ..AdminPasswords::new(self.configured.take()) };
    }

    /// The target was reset: none of these works any more.
    pub fn were_reset(&mut self) {
        *self = AdminPasswords { known: None, ..AdminPasswords::new(self.configured.take()) };
    }

    /// The newest that meets the documented rule, as a first login must; cases send others too.
    pub fn newest_candidate(&self) -> Option<&str> {
        let rule = PasswordRule::documented();
        self.candidates.iter().rev().map(String::as_str).find(|password| rule.check(password).is_ok())
    }

    /// All of them, each once, the likeliest first: a deployed target counts wrong logins.
    pub fn likeliest(&self) -> Vec<String> {
        let (doubtful, accepted) = self.candidates.split_at(self.candidates.len() - self.accepted);
        let all = accepted.iter().rev().chain(&self.known).chain(&self.configured).chain(doubtful.iter().rev());
        let mut seen = std::collections::HashSet::new();
        all.filter(|password| seen.insert(password.as_str())).cloned().collect()
    }

    /// Those that logged the admin in before a reset, as far as is known, or that the owner says do.
    pub fn before_a_reset(&self) -> Vec<String> {
        let accepted = self.candidates[self.candidates.len() - self.accepted..].last();
        let all = accepted.into_iter().chain(&self.known).chain(&self.configured);
        let mut before: Vec<String> = all.filter(|password| *password != DEFAULT_PASSWORD).cloned().collect();
        before.dedup();
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_first() {
        let mut passwords = AdminPasswords::new(Some("owner".into()));
        assert_eq!(passwords.likeliest(), ["owner"]);
        passwords.may_become(&["a".into(), "b".into()]);
        assert_eq!(passwords.likeliest(), ["owner", "b", "a"]);
        passwords.were_accepted(&["a".into(), "b".into()]);
        assert_eq!(passwords.likeliest(), ["b", "a", "owner"]);
        assert_eq!(passwords.before_a_reset(), ["b", "owner"]);
        // An accepted request without a password says nothing about them.
        passwords.were_accepted(&[]);
        assert_eq!(passwords.before_a_reset(), ["b", "owner"]);
        // What comes after it makes it doubtful again.
        passwords.may_become(&["c".into()]);
        assert_eq!(passwords.likeliest(), ["owner", "c", "b", "a"]);
        passwords.works("c");
        assert_eq!((passwords.likeliest(), passwords.is_certain()), (vec!["c".into(), "owner".into()], true));
        passwords.were_reset();
        assert_eq!(passwords.likeliest(), ["owner"]);
    }

    #[test]
    fn a_first_login_brings_no_password_that_breaks_the_rule() {
        let mut passwords = AdminPasswords::new(None);
        assert_eq!(passwords.newest_candidate(), None);
        passwords.may_become(&["G00d-enough!".into(), "short".into()]);
        assert_eq!(passwords.newest_candidate(), Some("G00d-enough!"));
    }
}
