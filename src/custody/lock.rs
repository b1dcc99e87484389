//! One run at a time against one target, as far as this user and machine go.
//!
//! The lock is the operating system's (`flock`), so it ends with its process however that ends: there is no stale lock,
//! and what the file says only serves the message.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::files;

/// Held while it lives.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error(
        "another run is at work on this target ({holder}), and the two would judge each other's changes\n  help: wait \
         until it ends, or end it; its lock is {path}",
        path = path.display()
    )]
    Held {
        /// Which process, as far as it says.
        holder: String,
        /// The file.
        path: PathBuf,
    },
    /// No file can be had to lock.
    #[error("the lock {path} cannot be made: {source}\n  help: set XDG_STATE_HOME to a folder that can be written", path = path.display())]
    Unusable {
        /// The last file that was tried.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
}

impl RunLock {
    /// Takes the lock in the first of these files that can be used.
    ///
    /// # Errors
    /// Another process has it, or none of the files can be used.
    pub fn take(paths: &[PathBuf]) -> Result<RunLock, LockError> {
        let mut unusable = (PathBuf::new(), io::Error::from(io::ErrorKind::NotFound));
        for path in paths {
            let mut file = match open(path) {
                Ok(file) => file,
                Err(error) => {
                    unusable = (path.clone(), error);
                    continue;
                }
            };
            match file.try_lock() {
                Ok(()) => {
                    // Without its note the lock still holds; only the message is poorer.
                    let _ = note(&mut file);
                    return Ok(RunLock { _file: file });
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held { holder: holder(&mut file), path: path.clone() });
                }
                Err(TryLockError::Error(error)) => unusable = (path.clone(), error),
            }
        }
        let (path, source) = unusable;
        Err(LockError::Unusable { path, source })
    }

    /// Who has the lock in one of these files, if anybody has. Nothing is made.
    pub fn holder(paths: &[PathBuf]) -> Option<String> {
        let held = |path: &PathBuf| {
            let mut file = files::open_own(path).ok()?;
            match file.try_lock_shared() {
                Err(TryLockError::WouldBlock) => Some(holder(&mut file)),
                _ => None,
            }
        };
        paths.iter().find_map(held)
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        files::private_folder(folder)?;
    }
    files::open_private(path)
}

fn note(file: &mut File) -> io::Result<()> {
    let host = files::read(Path::new("/proc/sys/kernel/hostname"), files::TEXT).unwrap_or_default();
    let host = match String::from_utf8_lossy(&host).trim() {
        "" => String::new(),
        host => format!(" on {host}"),
    };
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "process {}{host}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(200).read_to_string(&mut text);
    match read {
        Ok(_) if !text.trim().is_empty() => text.trim().chars().filter(|c| !c.is_control()).collect(),
        _ => "it does not say which".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_second_is_refused_until_the_first_ends() {
        let folder = tempfile::tempdir().expect("folder");
        let paths = [folder.path().join("deep/a.lock")];
        // What a process that was killed left behind is no obstacle.
        fs::create_dir_all(folder.path().join("deep")).expect("folder");
        fs::write(&paths[0], "process 4294967295 on elsewhere").expect("stale");
        let first = RunLock::take(&paths).expect("first");
        let error = RunLock::take(&paths).expect_err("second").to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        assert!(RunLock::holder(&paths).is_some());
        drop(first);
        assert_eq!(RunLock::holder(&paths), None);
        RunLock::take(&paths).expect("third");
    }

    #[test]
    fn the_next_file_serves_where_the_first_cannot() {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("file"), "").expect("file");
        let blocked = folder.path().join("file/a.lock");
        RunLock::take(&[blocked.clone(), folder.path().join("b.lock")]).expect("second file");
        assert!(matches!(RunLock::take(&[blocked]), Err(LockError::Unusable { .. })));
    }
}
