//! What stands in a journal, line by line, and what it adds up to.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// The first line's `schema`.
const SCHEMA: &str = "wabizspec/journal/1";

/// What the first line of every journal begins with.
const BEGINNING: &[u8] = br#"{"opened":{"schema":"wabizspec/journal/1","target":""#;

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
        Entry::Opened { schema: SCHEMA.to_owned(), target: target.to_owned(), admin: admin.to_owned() }
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
        if is_cut_opening(bytes) {
            return Some(Known::default());
        }
        let mut known = Known::default();
        for (index, entry) in entries(bytes).enumerate() {
            match entry {
                Some(Entry::Opened { schema, .. }) if schema != SCHEMA => return None,
                Some(entry @ Entry::Opened { .. }) => drop(known.take(entry)),
                _ if index == 0 => return None,
                Some(entry) => drop(known.take(entry)),
                None => {}
            }
        }
        Some(known)
    }

    /// Adds what an older journal knows.
    pub(super) fn after(self, mut older: Known) -> Known {
        for entry in self.entries() {
            older.take(entry);
        }
        Known { target: self.target.or(older.target), admin: self.admin.or(older.admin), ..older }
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
        self.entries().flat_map(|entry| entry.line()).collect()
    }

    fn entries(&self) -> impl Iterator<Item = Entry> {
        let passwords = self.passwords.iter().cloned().map(Entry::Password);
        passwords.chain(self.made())
    }

    /// The entries of the accounts that runs made.
    pub(super) fn made(&self) -> impl Iterator<Item = Entry> {
        let named = |account: &String| Entry::Made(Named { account: account.clone() });
        self.made.iter().map(named)
    }

    /// The passwords that an account may have, the newest first.
    pub fn passwords_of(&self, account: &str) -> Vec<String> {
        let of = self.passwords.iter().rev();
        of.filter(|known| known.account == account).map(|known| known.password.clone()).collect()
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

/// The lines of a journal; nothing for one that cannot be read.
fn entries(bytes: &[u8]) -> impl Iterator<Item = Option<Entry>> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.map(|line| serde_json::from_slice(line).ok())
}

/// Whether a kill cut the first line short, and so before anything was sent: the file holds a part of that line and
/// nothing else.
fn is_cut_opening(bytes: &[u8]) -> bool {
    let cut = |bytes| serde_json::from_slice::<Entry>(bytes).is_err_and(|error| error.is_eof());
    BEGINNING.starts_with(bytes) || bytes.starts_with(BEGINNING) && !bytes.contains(&b'\n') && cut(bytes)
}

/// The journal without what is of no use any more: repetitions, what was refused, and passwords of an account that a run gave it before a
/// later run logged in to it. That login shows that the later run found the password that was in place then, and all
/// that may be in place since stands in the lines of that run and of those after it.
///
/// Only a login after the same run had recorded a password of the account counts. Settling used to write down passwords
/// as working which nobody had tried.
pub(super) fn compacted(bytes: &[u8]) -> Option<Vec<u8>> {
    let Known { target, admin, .. } = Known::read(bytes)?;
    let opening = Entry::opened(&target?, &admin?).line();
    let mut run = 0;
    let mut recorded = HashSet::new();
    // The last run that logged in to an account.
    let mut proven = HashMap::new();
    let mut said = Vec::new();
    for entry in entries(bytes).flatten() {
        match &entry {
            Entry::Opened { .. } => {
                run += 1;
                recorded.clear();
            }
            Entry::Password(credentials) => drop(recorded.insert(credentials.account.clone())),
            Entry::Works(credentials) if recorded.contains(&credentials.account) => {
                proven.insert(credentials.account.clone(), run);
            }
            _ => {}
        }
        said.push((run, entry));
    }
    let mut known = Known::default();
    for (run, entry) in said {
        let is_before = match &entry {
            Entry::Password(given) | Entry::Works(given) | Entry::Refused(given) => {
                proven.get(&given.account).is_some_and(|proven| run < *proven)
            }
            Entry::Opened { .. } | Entry::Made(_) | Entry::Gone(_) => false,
        };
        if !is_before {
            known.take(entry);
        }
    }
    Some([opening, known.lines()].concat())
}
