//! The journal's file: appended to and synced, replaced whole, or removed.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where entries go. Tests bring one that keeps count.
pub(super) trait Disk: fmt::Debug + Send {
    /// Adds the lines; with `sync` they, and all before them, are on disk when this returns. A journal that this run has
    /// not written to gets the opening line first, which is on disk in any case.
    fn append(&mut self, opening: &[u8], lines: &[u8], sync: bool) -> io::Result<()>;

    /// Puts this in the place of everything.
    fn replace(&mut self, whole: &[u8]) -> io::Result<()>;

    /// Leaves no file.
    fn remove(&mut self) -> io::Result<()>;
}

/// Only for its owner.
const OWNER_ONLY: u32 = 0o600;

#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    open: Option<File>,
}

impl JournalFile {
    pub fn at(path: &Path) -> JournalFile {
        JournalFile {
            path: path.to_owned(),
            open: None,
        }
    }

    /// The folder that the file's name stands in.
    fn folder(&self) -> PathBuf {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        }
    }

    /// A new name is on disk only when its folder is.
    fn sync_folder(&self) -> io::Result<()> {
        File::open(self.folder())?.sync_all()
    }

    fn opened(&self, opening: &[u8]) -> io::Result<File> {
        fs::create_dir_all(self.folder())?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(OWNER_ONLY)
            .open(&self.path)?;
        // One that was there already may have been left readable to others.
        file.set_permissions(fs::Permissions::from_mode(OWNER_ONLY))?;
        if !ends_in_a_line_end(&mut file)? {
            file.write_all(b"\n")?;
        }
        file.write_all(opening)?;
        file.sync_all()?;
        self.sync_folder()?;
        Ok(file)
    }
}

/// A line that was cut off by a kill must not swallow the next one.
fn ends_in_a_line_end(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

impl Disk for JournalFile {
    fn append(&mut self, opening: &[u8], lines: &[u8], sync: bool) -> io::Result<()> {
        let file = match &mut self.open {
            Some(file) => file,
            None => {
                let file = self.opened(opening)?;
                self.open.insert(file)
            }
        };
        if lines.is_empty() {
            return Ok(());
        }
        file.write_all(lines)?;
        match sync {
            true => file.sync_data(),
            false => Ok(()),
        }
    }

    fn replace(&mut self, whole: &[u8]) -> io::Result<()> {
        self.open = None;
        let mut half = self.path.clone().into_os_string();
        half.push(".half");
        let half = PathBuf::from(half);
        remove_if_there(&half)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(OWNER_ONLY)
            .open(&half)?;
        file.write_all(whole)?;
        file.sync_all()?;
        fs::rename(&half, &self.path)?;
        self.sync_folder()
    }

    fn remove(&mut self) -> io::Result<()> {
        self.open = None;
        remove_if_there(&self.path)
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
