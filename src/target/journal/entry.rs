//! What stands in a journal, line by line, and what it adds up to.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The first line's `schema`.
const SCHEMA: &str = "wabizspec/journal/1";

/// An account and a password of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The user name.
    pub account: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, …)", self.account)
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// A run begins to write.
    Opened {
        /// What this file is.
        schema: String,
        /// The target's URL.
        target: String,
        /// The name of its admin account.
        admin: String,
    },
    /// The account may have that password from the next request on.
    Password(Credentials),
    /// The account has logged in with it.
    Works(Credentials),
    /// The target refused that password, and it does not log in.
    Refused(Credentials),
    /// The account may be there from the next request on, and is the run's to remove.
    Made(Named),
    /// The account is gone.
    Gone(Named),
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The user name.
    pub account: String,
}

impl Entry {
    /// The first line of a run.
    pub fn opened(target: &str, admin: &str) -> Entry {
        Entry::Opened {
            schema: SCHEMA.to_owned(),
            target: target.to_owned(),
            admin: admin.to_owned(),
        }
    }

    /// The entry as its line.
    pub(super) fn line(&self) -> Vec<u8> {
        // Strings and nothing else always become JSON.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// What an entry adds to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Something that was not known.
    New,
    /// Only that it is the newest now.
    Order,
    /// Nothing at all.
    Nothing,
}

/// All that a journal says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The target that it is about.
    pub target: Option<String>,
    /// The name of its admin account.
    pub admin: Option<String>,
    /// Oldest first, each once, where it was named last.
    passwords: Vec<Credentials>,
    /// Accounts that runs made and did not remove.
    made: BTreeSet<String>,
}

impl Known {
    /// Reads a journal. A line that was cut off, and what this version does not know, is passed over; a file whose first
    /// line is not a journal's is none.
    pub fn read(bytes: &[u8]) -> Option<Known> {
        let mut known = Known::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(Entry::Opened { schema, .. }) if schema != SCHEMA => return None,
                Ok(entry) => {
                    known.take(entry);
                }
                Err(_) => {}
            }
        }
        // A kill can cut even the first line short: then nothing was sent yet.
        let beginning = b"{\"opened\":";
        let cut_off = bytes.starts_with(beginning) || beginning.starts_with(bytes);
        (known.target.is_some() || cut_off).then_some(known)
    }

    /// Takes in one entry.
    pub(super) fn take(&mut self, entry: Entry) -> News {
        match entry {
            Entry::Opened { target, admin, .. } => {
                self.target = Some(target);
                self.admin = Some(admin);
                News::New
            }
            Entry::Refused(credentials) => {
                let before = self.passwords.len();
                self.passwords.retain(|known| *known != credentials);
                match self.passwords.len() == before {
                    true => News::Nothing,
                    false => News::Order,
                }
            }
            Entry::Password(credentials) | Entry::Works(credentials) => {
                if self.passwords.last() == Some(&credentials) {
                    return News::Nothing;
                }
                let before = self.passwords.len();
                self.passwords.retain(|known| *known != credentials);
                let news = match self.passwords.len() == before {
                    true => News::New,
                    false => News::Order,
                };
                self.passwords.push(credentials);
                news
            }
            // A name that a power failure takes leaves an account behind, and costs no password.
            Entry::Made(Named { account }) => match self.made.insert(account) {
                true => News::Order,
                false => News::Nothing,
            },
            Entry::Gone(Named { account }) => {
                let before = self.passwords.len();
                self.passwords.retain(|known| known.account != account);
                match self.made.remove(&account) || self.passwords.len() != before {
                    true => News::Order,
                    false => News::Nothing,
                }
            }
        }
    }

    /// Lines that say the same, without those that no longer count.
    pub(super) fn lines(&self) -> Vec<u8> {
        let passwords = self.passwords.iter().cloned().map(Entry::Password);
        passwords.chain(self.made()).flat_map(|entry| entry.line()).collect()
    }

    /// The entries of the accounts that runs made.
    pub(super) fn made(&self) -> impl Iterator<Item = Entry> {
        let named = |account: &String| {
            Entry::Made(Named {
                account: account.clone(),
            })
        };
        self.made.iter().map(named)
    }

    /// The passwords that an account may have, the newest first.
    pub fn passwords_of(&self, account: &str) -> Vec<String> {
        let of = self.passwords.iter().rev();
        of.filter(|known| known.account == account)
            .map(|known| known.password.clone())
            .collect()
    }

    /// Every password that it knows, oldest first.
    pub fn all(&self) -> &[Credentials] {
        &self.passwords
    }

    /// Every account that it names and does not call gone, the admin aside, by name.
    pub fn other_accounts(&self) -> BTreeSet<&str> {
        let with_password = self.passwords.iter().map(|known| known.account.as_str());
        let names = with_password.chain(self.made.iter().map(String::as_str));
        names.filter(|name| Some(*name) != self.admin.as_deref()).collect()
    }
}
