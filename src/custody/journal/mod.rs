//! The credential journal: no password that a run gives to an account is ever lost.
//!
//! Before a request that may change a password is sent, the new one is on disk and synced, in a file that only its owner
//! can read. The file is lines of JSON that are only ever added to while a run lasts, so that a kill at any instant
//! leaves every earlier line whole. This module writes and reads it; it does not try whether a password works.
//!
//! A run whose outcome is known settles the journal, which leaves only what works. Where runs are killed again and again
//! nothing is settled; so a run that finds many lines first removes those that are no longer needed, and a journal that
//! still grows beyond a limit takes no further entry, so that no password is sent that might be lost.

mod entry;
mod disk;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use thiserror::Error;

pub use entry::{Account, Known};

use disk::{Disk, JournalFile};
use entry::{Entry, News};

use crate::parallel::locked;
use crate::transport::origin::Origin;

/// Why a journal cannot be used.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("the credential journal {0} cannot be used: {1}\n  help: name another place with --journal PATH")]
    Unusable(PathBuf, #[source] io::Error),
    /// The file is something else.
    #[error("{0} is not a credential journal, so it is not changed\n  help: name another place with --journal PATH")]
    Foreign(PathBuf),
    /// It belongs to another target, whose URL it says.
    #[error("{0} is the credential journal of {1}\n  help: name another place with --journal PATH")]
    OtherTarget(PathBuf, String),
}

/// An entry is not on disk, so the request that it is about must not be sent.
#[derive(Debug, Clone, Error)]
#[error("the credential journal {path} cannot be written ({why}); nothing was sent")]
pub struct NotRecorded {
    path: PathBuf,
    why: Arc<io::Error>,
}

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    earlier: Known,
    shared: Arc<Shared>,
}

/// What the threads share that write.
#[derive(Debug)]
struct Shared {
    opening: Vec<u8>,
    waiting: Mutex<Waiting>,
    disk: Mutex<Box<dyn Disk>>,
}

/// Entries on their way to the disk.
#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    /// One of them names a password that the disk may not hold yet.
    is_new: bool,
    /// Everything that the file says or will say, so that nothing is written twice.
    known: Known,
    /// Whether this run has recorded anything.
    is_begun: bool,
    /// How much was written since the file was written whole.
    added: usize,
    /// Why the disk stopped taking entries. From then on nothing is recorded, and so nothing may be sent.
    broken: Option<Arc<io::Error>>,
    works: Option<Account>,
}

impl Journal {
    /// The journal at that path for that target. Nothing is written before there is something to record. `former` are
    /// journals of this target under former names, which are removed when this one is settled.
    pub fn open(path: &Path, former: Vec<PathBuf>, target: &str, admin: &str) -> Result<Journal, JournalError> {
        let (mut taken, mut older) = (Vec::new(), Known::default());
        for path in former {
            match Journal::read(&path) {
                Ok(Some(known)) if known.target.as_deref().is_some_and(|other| place(other) == place(target)) => {
                    older = known.after(older);
                    taken.push(path);
                }
                Ok(_) | Err(JournalError::Foreign(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Journal::on(path, older, target, admin, Box::new(JournalFile::at(path, taken)))
    }

    fn on(path: &Path, older: Known, target: &str, admin: &str, disk: Box<dyn Disk>) -> Result<Journal, JournalError> {
        let earlier = Journal::read(path)?.unwrap_or_default();
        if let Some(other) = earlier.target.as_ref().filter(|other| place(other) != place(target)) {
            return Err(JournalError::OtherTarget(path.to_owned(), other.clone()));
        }
        let earlier = earlier.after(older);
        let waiting = Mutex::new(Waiting { known: earlier.clone(), ..Waiting::default() });
        let opening = Entry::opened(target, admin).line();
        let shared = Arc::new(Shared { opening, waiting, disk: Mutex::new(disk) });
        Ok(Journal { path: path.to_owned(), earlier, shared })
    }

    /// What the journal at that path says, if there is one.
    pub fn read(path: &Path) -> Result<Option<Known>, JournalError> {
        match disk::read(path) {
            Ok(found) => Ok(found.map(|(_, known)| known)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(JournalError::Foreign(path.to_owned())),
            Err(error) => Err(JournalError::Unusable(path.to_owned(), error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What earlier runs left in it.
    pub fn earlier(&self) -> &Known {
        &self.earlier
    }

    /// Makes the file now, so that a run which will need it does not find out half-way that it cannot be made.
    pub(crate) async fn prepare(&self) -> Result<(), JournalError> {
        let unusable = |error| JournalError::Unusable(self.path.clone(), io::Error::other(error));
        self.record(&[]).await.map_err(unusable)
    }

    /// Puts passwords on disk, synced, each with the account that may get it. What was recorded before becomes the newest
    /// again, without a sync: should that line be lost, the password is still there. Entries that come together share one
    /// sync. On an error the request must not be sent.
    pub async fn record(&self, accounts: &[Account]) -> Result<(), NotRecorded> {
        let entries: Vec<Entry> = accounts.iter().cloned().map(Entry::Password).collect();
        self.write(&entries).await
    }

    /// Notes that an account logs in with that password. It need not reach the disk: it only saves wrong tries.
    pub(super) async fn works(&self, account: Account) -> Result<(), NotRecorded> {
        self.write(&[Entry::Works(account)]).await
    }

    /// Notes that the target refused a recorded password, so that it is not tried again.
    pub(super) async fn refused(&self, account: Account) -> Result<(), NotRecorded> {
        self.write(&[Entry::Refused(account)]).await
    }

    /// Notes that the run is about to make an account of that name, so that it can be removed however the run ends.
    pub(crate) async fn made(&self, account: &str) -> Result<(), NotRecorded> {
        self.write(&[Entry::Made { account: account.to_owned() }]).await
    }

    /// Notes that an account is gone; written with the next entry, as losing it only costs a look for the account.
    pub(crate) fn gone(&self, account: &str) {
        self.take(&[Entry::Gone { account: account.to_owned() }]);
    }

    /// Notes that every account but the admin's is gone: the target was reset.
    pub(super) fn all_gone(&self) {
        let known = locked(&self.shared.waiting).known.clone();
        known.other_accounts().into_iter().for_each(|account| self.gone(account));
    }

    fn take(&self, entries: &[Entry]) {
        let waiting = &mut *locked(&self.shared.waiting);
        for entry in entries {
            let news = waiting.known.take(entry.clone());
            // That it works says more than that it may.
            let proven = match entry {
                Entry::Works(account) => waiting.works.replace(account.clone()).as_ref() != Some(account),
                _ => false,
            };
            if proven || news != News::Nothing {
                waiting.lines.extend(entry.line());
                waiting.is_begun = true;
            }
            waiting.is_new |= news == News::New;
        }
    }

    async fn write(&self, entries: &[Entry]) -> Result<(), NotRecorded> {
        self.take(entries);
        let written = match self.shared.write_at_once() {
            Some(written) => written,
            None => {
                // In a thread of its own, which finishes even if the caller no longer waits.
                let shared = Arc::clone(&self.shared);
                let written = tokio::task::spawn_blocking(move || shared.write_what_waits()).await;
                written.unwrap_or_else(|error| Err(Arc::new(io::Error::other(error))))
            }
        };
        written.map_err(|why| NotRecorded { path: self.path.clone(), why })
    }

    pub(super) fn is_begun(&self) -> bool {
        locked(&self.shared.waiting).is_begun
    }

    /// After a run whose outcome is known: leaves only the passwords that work, none where nothing is to be remembered, and
    /// the accounts that are still to be removed. Until the new file is whole and synced, the old one stays.
    pub async fn settle(&self, works: &[Account]) -> io::Result<()> {
        let whole = {
            let waiting = &mut *locked(&self.shared.waiting);
            // Not all of them were tried, so no entry says that one works.
            let works = works.iter().cloned().map(Entry::Password);
            let entries: Vec<Entry> = works.chain(waiting.known.made()).collect();
            let lines: Vec<u8> = entries.iter().flat_map(Entry::line).collect();
            let whole = (!lines.is_empty()).then(|| [self.shared.opening.clone(), lines].concat());
            // What the file does not hold any more would be new to it.
            let (broken, is_begun) = (waiting.broken.take(), waiting.is_begun);
            *waiting = Waiting { broken, is_begun, ..Waiting::default() };
            for entry in entries {
                waiting.known.take(entry);
            }
            whole
        };
        let shared = Arc::clone(&self.shared);
        let settled = tokio::task::spawn_blocking(move || locked(&shared.disk).replace(whole.as_deref()));
        settled.await.map_err(io::Error::other)?
    }
}

/// A journal that has grown by so much is rewritten without accounts that are gone: a fuzzer makes thousands a second.
const GROWN: usize = 1 << 20;

impl Shared {
    /// Writes what waits if that is a few bytes without a sync, which take less time than the way to another thread.
    fn write_at_once(&self) -> Option<Result<(), Arc<io::Error>>> {
        let disk = self.disk.try_lock().ok()?;
        let is_quick = {
            let waiting = locked(&self.waiting);
            // The first write also makes the file.
            waiting.added > 0 && !waiting.is_new && waiting.added + waiting.lines.len() <= GROWN
        };
        is_quick.then(|| self.write_to(disk))
    }

    /// The caller that gets the disk writes for all that wait: they find their entries on disk when it is their turn.
    fn write_what_waits(&self) -> Result<(), Arc<io::Error>> {
        self.write_to(locked(&self.disk))
    }

    /// After an error nothing is written any more.
    fn write_to(&self, mut disk: MutexGuard<'_, Box<dyn Disk>>) -> Result<(), Arc<io::Error>> {
        let (lines, is_new, whole) = {
            let waiting = &mut *locked(&self.waiting);
            if let Some(why) = &waiting.broken {
                return Err(Arc::clone(why));
            }
            waiting.added += waiting.lines.len();
            let whole = (waiting.added > GROWN).then(|| {
                waiting.added = 0;
                [self.opening.clone(), waiting.known.lines()].concat()
            });
            (std::mem::take(&mut waiting.lines), std::mem::take(&mut waiting.is_new), whole)
        };
        let written = match whole {
            Some(whole) => disk.replace(Some(&whole)),
            None => disk.append(&self.opening, &lines, is_new),
        };
        written.map_err(|error| Arc::clone(locked(&self.waiting).broken.insert(Arc::new(error))))
    }
}

/// Where a URL leads, in normal form: the accounts are the same with TLS and without.
fn place(url: &str) -> String {
    url.parse::<Origin>().map_or_else(|_| url.to_owned(), |origin| origin.place())
}

#[cfg(test)]
mod tests;
