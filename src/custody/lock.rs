//! One run at a time against one target, as far as this user and machine go.
//!
//! The lock is the operating system's (`flock`) and ends with its process. What the file says only serves the message.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::files;

/// Held while it lives.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another run has it: which process, as far as it says, and the file.
    #[error(
        "another run is at work on this target ({0}), and the two would judge each other's changes\n  help: wait until it \
         ends, or end it; its lock is {1}"
    )]
    Held(String, PathBuf),
    /// None of the files can be locked; this is the last that was tried.
    #[error("the lock {0} cannot be made: {1}\n  help: set XDG_STATE_HOME to a folder that can be written")]
    Unusable(PathBuf, #[source] io::Error),
}

impl RunLock {
    /// Takes the lock in the first of these files that can be used.
    pub fn take(paths: &[PathBuf]) -> Result<RunLock, LockError> {
        let mut unusable = (PathBuf::new(), io::Error::from(io::ErrorKind::NotFound));
        for path in paths {
            match open(path).map(|file| (file.try_lock(), file)) {
                Ok((Ok(()), mut file)) => {
                    // Without its note the lock still holds; only the message is poorer.
                    let _ = note(&mut file);
                    return Ok(RunLock { _file: file });
                }
                Ok((Err(TryLockError::WouldBlock), mut file)) => {
                    return Err(LockError::Held(holder(&mut file), path.clone()));
                }
                Ok((Err(TryLockError::Error(error)), _)) | Err(error) => unusable = (path.clone(), error),
            }
        }
        Err(LockError::Unusable(unusable.0, unusable.1))
    }

    /// Who has the lock in one of these files, if anybody has. No file is made.
    pub fn holder(paths: &[PathBuf]) -> Option<String> {
        let held = |path: &PathBuf| {
            let mut file = files::open_own(path).ok()?;
            let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
            is_held.then(|| holder(&mut file))
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
    match file.take(200).read_to_string(&mut text) {
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
        // A file that a killed process left behind does not matter.
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
        assert!(matches!(RunLock::take(&[blocked]), Err(LockError::Unusable(..))));
    }
}
