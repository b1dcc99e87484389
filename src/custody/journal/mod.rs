//! The credential journal: no password that a run gives to an account is ever lost.
//!
//! Before a request that may change a password is sent, the new one is on disk and synced, in a file that only its owner
//! can read. The file is lines of JSON that are only ever added to while a run lasts, so that a kill at any instant
//! leaves every earlier line whole. This module writes and reads it; whether a password works is for others to try.
//!
//! A run whose outcome is known settles the journal, which leaves only what works. Where runs are killed again and again
//! nothing is settled; so a run that finds many lines first leaves out those that are of no use any more, and a journal
//! that grows beyond a limit all the same takes no further entry, so that nothing is sent which might be lost.

mod entry;
mod disk;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use entry::{Credentials, Entry, Known, Named};

use disk::{Content, Disk, JournalFile, content};
use entry::News;

use crate::transport::origin::Origin;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("the credential journal {path} cannot be used: {source}\n  help: name another place with --journal PATH", path = path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The file is something else.
    #[error(
        "{path} is not a credential journal, so it is not changed\n  help: name another place with --journal PATH",
        path = path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It belongs to another target.
    #[error(
        "{path} is the credential journal of {target}\n  help: name another place with --journal PATH",
        path = path.display()
    )]
    OtherTarget {
        /// The file.
        path: PathBuf,
        /// The target that it says.
        target: String,
    },
}

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// What earlier runs left in it.
    earlier: Known,
    /// Whether this run has recorded anything.
    is_begun: AtomicBool,
    shared: Arc<Shared>,
}

/// What the threads share that write.
#[derive(Debug)]
struct Shared {
    /// What the file begins with.
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
    /// How much was written since the file was written whole.
    added: usize,
    /// Why the disk took an entry no more. From then on nothing is recorded, and so nothing may be sent.
    broken: Option<String>,
    /// The last password that was noted as working.
    works: Option<Credentials>,
}

impl Journal {
    /// The journal at that path for that target. What earlier runs left there is read; nothing is written before there is
    /// something to record.
    ///
    /// # Errors
    /// The file is there but cannot be read, or it is not this target's journal.
    pub fn open(path: &Path, target: &str, admin: &str) -> Result<Journal, JournalError> {
        Journal::on(path, target, admin, Box::new(JournalFile::at(path, Vec::new())))
    }

    /// The same, and what earlier versions left under former names is taken in. Those files go when the journal is
    /// settled.
    ///
    /// # Errors
    /// As of [`Journal::open`]. A file that is no journal of this target is passed over where its name is a former one.
    pub fn open_with_former(
        path: &Path,
        former: Vec<PathBuf>,
        target: &str,
        admin: &str,
    ) -> Result<Journal, JournalError> {
        let (mut taken, mut older) = (Vec::new(), Known::default());
        for path in former {
            match Journal::read(&path) {
                Ok(Some(known)) if known.target.as_deref().is_some_and(|other| place(other) == place(target)) => {
                    older = known.after(older);
                    taken.push(path);
                }
                Ok(_) | Err(JournalError::Foreign { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let mut journal = Journal::on(path, target, admin, Box::new(JournalFile::at(path, taken)))?;
        journal.earlier = std::mem::take(&mut journal.earlier).after(older);
        lock(&journal.shared.waiting).known = journal.earlier.clone();
        Ok(journal)
    }

    fn on(path: &Path, target: &str, admin: &str, disk: Box<dyn Disk>) -> Result<Journal, JournalError> {
        let earlier = Journal::read(path)?.unwrap_or_default();
        if let Some(other) = earlier.target.as_ref().filter(|other| place(other) != place(target)) {
            return Err(JournalError::OtherTarget { path: path.to_owned(), target: other.clone() });
        }
        let waiting = Waiting { known: earlier.clone(), ..Waiting::default() };
        Ok(Journal {
            path: path.to_owned(),
            earlier,
            is_begun: AtomicBool::new(false),
            shared: Arc::new(Shared {
                opening: Entry::opened(target, admin).line(),
                waiting: Mutex::new(waiting),
                disk: Mutex::new(disk),
            }),
        })
    }

    /// What the journal at that path says; nothing where there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or is no journal.
    pub fn read(path: &Path) -> Result<Option<Known>, JournalError> {
        match content(path) {
            Ok(Content::Journal(_, known)) => Ok(Some(known)),
            Ok(Content::Absent) => Ok(None),
            Ok(Content::Foreign) => Err(JournalError::Foreign { path: path.to_owned() }),
            Err(source) => Err(JournalError::Unusable { path: path.to_owned(), source }),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What earlier runs left in it.
    pub fn earlier(&self) -> &Known {
        &self.earlier
    }

    /// Makes the file now, so that a run which will need it does not find out half-way that there is none to be had.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn prepare(&self) -> Result<(), JournalError> {
        let unusable = |why: String| JournalError::Unusable { path: self.path.clone(), source: io::Error::other(why) };
        self.record(&[]).await.map_err(unusable)
    }

    /// Puts passwords on disk, synced, each with the account that may get it. What was recorded before becomes the newest
    /// again, without a sync: should that line be lost, the password is still there. Entries that come together share one
    /// sync.
    ///
    /// # Errors
    /// They are not on disk, in words: then the request must not be sent.
    pub async fn record(&self, credentials: &[Credentials]) -> Result<(), String> {
        let entries: Vec<Entry> = credentials.iter().cloned().map(Entry::Password).collect();
        self.write(&entries).await
    }

    /// Notes that an account logs in with that password. It need not reach the disk: it only spares wrong tries.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn works(&self, credentials: Credentials) -> Result<(), String> {
        self.write(&[Entry::Works(credentials)]).await
    }

    /// Notes that a password which was recorded is not an account's: the target refused it. Nobody needs to try it again.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn refused(&self, credentials: Credentials) -> Result<(), String> {
        self.write(&[Entry::Refused(credentials)]).await
    }

    /// Notes that the run is about to make an account of that name, so that it can be removed whatever becomes of the run.
    ///
    /// # Errors
    /// It could not be written; then the request must not be sent.
    pub async fn made(&self, account: &str) -> Result<(), String> {
        let account = account.to_owned();
        self.write(&[Entry::Made(Named { account })]).await
    }

    /// Notes that an account is gone. The note is written with the next one: without it, somebody looks for the account in
    /// vain.
    pub fn gone(&self, account: &str) {
        let account = account.to_owned();
        self.take(&[Entry::Gone(Named { account })]);
    }

    /// Notes that every account but the admin's is gone: the target was reset.
    pub fn all_gone(&self) {
        let named: Vec<String> = {
            let waiting = lock(&self.shared.waiting);
            waiting.known.other_accounts().into_iter().map(str::to_owned).collect()
        };
        named.iter().for_each(|account| self.gone(account));
    }

    fn take(&self, entries: &[Entry]) {
        let waiting = &mut *lock(&self.shared.waiting);
        for entry in entries {
            let news = waiting.known.take(entry.clone());
            // That it works says more than that it may.
            let proven = match entry {
                Entry::Works(credentials) if waiting.works.as_ref() != Some(credentials) => {
                    waiting.works = Some(credentials.clone());
                    true
                }
                _ => false,
            };
            if proven || news != News::Nothing {
                waiting.lines.extend(entry.line());
                self.is_begun.store(true, Ordering::Relaxed);
            }
            waiting.is_new |= news == News::New;
        }
    }

    async fn write(&self, entries: &[Entry]) -> Result<(), String> {
        self.take(entries);
        // In a thread of its own, which goes on to the end although nobody may wait for it any more.
        let shared = Arc::clone(&self.shared);
        let written = tokio::task::spawn_blocking(move || shared.write_what_waits());
        let written = written.await.unwrap_or_else(|error| Err(error.to_string()));
        let path = self.path.display();
        written.map_err(|why| format!("the credential journal {path} cannot be written ({why}); nothing was sent"))
    }

    /// Whether this run has recorded anything.
    pub fn is_begun(&self) -> bool {
        self.is_begun.load(Ordering::Relaxed)
    }

    /// After a run whose outcome is known: leaves only the passwords that work, none where nothing is to be remembered, and
    /// the accounts that are still to be removed. Until the new file is whole and synced, the old one stays.
    ///
    /// # Errors
    /// The file stays as it was.
    pub async fn settle(&self, works: &[Credentials]) -> io::Result<()> {
        let (whole, remembered) = {
            let waiting = &mut *lock(&self.shared.waiting);
            // Nobody has tried them all: no entry says that one works.
            let works = works.iter().cloned().map(Entry::Password);
            let entries: Vec<Entry> = works.chain(waiting.known.made()).collect();
            let lines = entries.iter().flat_map(Entry::line);
            let whole: Vec<u8> = self.shared.opening.iter().copied().chain(lines).collect();
            // What the file does not hold any more would be new to it.
            (waiting.known, waiting.works) = (Known::default(), None);
            waiting.lines.clear();
            (waiting.is_new, waiting.added) = (false, 0);
            let remembered = !entries.is_empty();
            for entry in entries {
                waiting.known.take(entry);
            }
            (whole, remembered)
        };
        let shared = Arc::clone(&self.shared);
        let settled = tokio::task::spawn_blocking(move || match remembered {
            true => lock(&shared.disk).replace(&whole),
            false => lock(&shared.disk).remove(),
        });
        settled.await.map_err(io::Error::other)?
    }
}

/// A journal that has grown by so much is written anew, without the accounts that are gone: a fuzzer makes thousands of
/// them in a second.
const GROWN: usize = 1 << 20;

impl Shared {
    /// Whoever gets the disk writes for all that wait: they find their entries on disk when it is their turn.
    fn write_what_waits(&self) -> Result<(), String> {
        let mut disk = lock(&self.disk);
        let (lines, is_new, whole) = {
            let waiting = &mut *lock(&self.waiting);
            if let Some(why) = &waiting.broken {
                return Err(why.clone());
            }
            waiting.added += waiting.lines.len();
            let whole = (waiting.added > GROWN).then(|| {
                waiting.added = 0;
                [self.opening.clone(), waiting.known.lines()].concat()
            });
            (std::mem::take(&mut waiting.lines), std::mem::take(&mut waiting.is_new), whole)
        };
        let written = match whole {
            Some(whole) => disk.replace(&whole),
            None => disk.append(&self.opening, &lines, is_new),
        };
        written.map_err(|error| {
            let why = error.to_string();
            lock(&self.waiting).broken = Some(why.clone());
            why
        })
    }
}

/// What a URL points at, however it is reached: the accounts are the same with TLS and without.
fn place(url: &str) -> String {
    url.parse::<Origin>().map_or_else(|_| url.to_owned(), |origin| origin.place())
}

/// A writer that panicked leaves at worst a line cut short, which readers pass over.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
