//! The lines of a journal, and what they add up to.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

const SCHEMA: &str = "wabizspec/journal/1";

/// What the first line of every journal begins with.
const BEGINNING: &[u8] = br#"{"opened":{"schema":"wabizspec/journal/1","target":""#;

/// An account and a password that it may have.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The user name.
    #[serde(rename = "account")]
    pub username: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Account {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({}, …)", self.username)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Entry {
    /// A run begins to write to the journal of that target, with the name of its admin account.
    Opened { schema: String, target: String, admin: String },
    /// The account may have that password from the next request on.
    Password(Account),
    /// The account has logged in with it.
    Works(Account),
    /// The target refused that password, and the account does not log in with it.
    Refused(Account),
    /// The account may be there from the next request on, and is the run's to remove.
    Made { account: String },
    /// The account is gone.
    Gone { account: String },
}

impl Entry {
    pub fn opened(target: &str, admin: &str) -> Entry {
        Entry::Opened { schema: SCHEMA.to_owned(), target: target.to_owned(), admin: admin.to_owned() }
    }

    pub fn line(&self) -> Vec<u8> {
        // Strings alone always become JSON.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Something that was not known.
    New,
    /// Only that it is the newest now.
    Order,
    Nothing,
}

/// All that a journal says.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub(super) target: Option<String>,
    admin: Option<String>,
    /// Oldest first, each once, where it was named last.
    passwords: Vec<Account>,
    /// Accounts that runs made and did not remove.
    made: BTreeSet<String>,
}

impl Known {
    /// Skips lines that were cut off or that this version does not know. `None` if the first line is not a journal's.
    pub(super) fn read(bytes: &[u8]) -> Option<Known> {
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

    pub(super) fn after(self, mut older: Known) -> Known {
        for entry in self.entries() {
            older.take(entry);
        }
        Known { target: self.target.or(older.target), admin: self.admin.or(older.admin), ..older }
    }

    pub(super) fn take(&mut self, entry: Entry) -> News {
        let order_if = |changed| if changed { News::Order } else { News::Nothing };
        match entry {
            Entry::Opened { target, admin, .. } => {
                (self.target, self.admin) = (Some(target), Some(admin));
                News::New
            }
            Entry::Refused(refused) => order_if(self.forget(|known| *known == refused)),
            Entry::Password(newest) | Entry::Works(newest) => {
                if self.passwords.last() == Some(&newest) {
                    return News::Nothing;
                }
                let was_known = self.forget(|known| *known == newest);
                self.passwords.push(newest);
                if was_known { News::Order } else { News::New }
            }
            // A name that a power failure takes leaves an account behind, and costs no password.
            Entry::Made { account } => order_if(self.made.insert(account)),
            Entry::Gone { account } => {
                let had_password = self.forget(|known| known.username == account);
                order_if(self.made.remove(&account) || had_password)
            }
        }
    }

    fn forget(&mut self, is_it: impl Fn(&Account) -> bool) -> bool {
        let before = self.passwords.len();
        self.passwords.retain(|known| !is_it(known));
        self.passwords.len() != before
    }

    /// Lines that say the same, without those that no longer count.
    pub(super) fn lines(&self) -> Vec<u8> {
        self.entries().flat_map(|entry| entry.line()).collect()
    }

    fn entries(&self) -> impl Iterator<Item = Entry> {
        self.passwords.iter().cloned().map(Entry::Password).chain(self.made())
    }

    pub(super) fn made(&self) -> impl Iterator<Item = Entry> {
        self.made.iter().map(|account| Entry::Made { account: account.clone() })
    }

    /// The passwords that an account may have, the newest first.
    pub fn passwords_of(&self, account: &str) -> Vec<String> {
        let of = self.passwords.iter().rev().filter(|known| known.username == account);
        of.map(|known| known.password.clone()).collect()
    }

    pub(crate) fn all(&self) -> &[Account] {
        &self.passwords
    }

    /// Every account that it names and does not call gone, the admin aside, by name.
    pub fn other_accounts(&self) -> BTreeSet<&str> {
        let with_password = self.passwords.iter().map(|known| known.username.as_str());
        let names = with_password.chain(self.made.iter().map(String::as_str));
        names.filter(|name| Some(*name) != self.admin.as_deref()).collect()
    }
}

/// The lines of a journal; nothing for one that cannot be read.
fn entries(bytes: &[u8]) -> impl Iterator<Item = Option<Entry>> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.map(|line| serde_json::from_slice(line).ok())
}

/// Whether a kill cut the first line short, and so before anything was sent: the file holds nothing else.
fn is_cut_opening(bytes: &[u8]) -> bool {
    let cut = |bytes| serde_json::from_slice::<Entry>(bytes).is_err_and(|error| error.is_eof());
    BEGINNING.starts_with(bytes) || bytes.starts_with(BEGINNING) && !bytes.contains(&b'\n') && cut(bytes)
}

/// The journal without what is of no use any more: repetitions, what was refused, and passwords of an account that a run
/// gave it before a later run logged in to it. That login shows that the later run found the password that was in place
/// then, and all that may be in place since is in the lines of that run and of those after it.
///
/// Only a login in a run that had recorded a password of the account counts: settling used to write `works` untried.
pub(super) fn compacted(bytes: &[u8]) -> Option<Vec<u8>> {
    let Known { target, admin, .. } = Known::read(bytes)?;
    let opening = Entry::opened(&target?, &admin?).line();
    let mut known = Known::default();
    // What the lines of one run say: which passwords there are, and whose were recorded.
    let (mut named, mut recorded) = (HashSet::new(), HashSet::new());
    for entry in entries(bytes).flatten() {
        match &entry {
            Entry::Opened { .. } => (named, recorded) = (HashSet::new(), HashSet::new()),
            Entry::Password(given) => {
                named.insert(given.clone());
                recorded.insert(given.username.clone());
            }
            Entry::Works(given) => {
                named.insert(given.clone());
                if recorded.contains(&given.username) {
                    known.forget(|other| other.username == given.username && !named.contains(other));
                }
            }
            Entry::Refused(_) | Entry::Made { .. } | Entry::Gone { .. } => {}
        }
        known.take(entry);
    }
    Some([opening, known.lines()].concat())
}
