//! The journal's file: appended to and synced, replaced whole, or removed.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::entry::{Known, compacted};
use crate::files;

/// A journal never grows beyond this, and so can always be read.
const LARGEST: u64 = 8 << 20;

/// A run that finds more lines than this leaves out those that are of no use any more.
const MANY_LINES: usize = 1_000;

/// Where entries go. Tests bring one that keeps count.
pub(super) trait Disk: fmt::Debug + Send {
    /// Adds the lines; with `sync` they, and all before them, are on disk when this returns. A journal that this run has
    /// not written to gets the opening line first, which is on disk in any case.
    fn append(&mut self, opening: &[u8], lines: &[u8], sync: bool) -> io::Result<()>;

    /// Replaces everything; without anything to put in its place no file is left.
    fn replace(&mut self, whole: Option<&[u8]>) -> io::Result<()>;
}

#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    /// Journals under names of earlier versions, whose passwords are in this one once it is replaced or removed.
    former: Vec<PathBuf>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    length: u64,
}

/// The journal at that path with its bytes, if there is one. A file that is no journal is never written to.
pub(super) fn read(path: &Path) -> io::Result<Option<(Vec<u8>, Known)>> {
    let bytes = match files::read_own(path, LARGEST) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let foreign = || io::Error::new(io::ErrorKind::InvalidData, "another program has written to it");
    let known = Known::read(&bytes).ok_or_else(foreign)?;
    Ok(Some((bytes, known)))
}

impl JournalFile {
    pub fn at(path: &Path, former: Vec<PathBuf>) -> JournalFile {
        JournalFile { path: path.to_owned(), former, open: None }
    }

    fn opened(&self, opening: &[u8]) -> io::Result<Open> {
        files::folder_for_private(&self.path)?;
        let mut before = read(&self.path)?.map_or(Vec::new(), |(bytes, _)| bytes);
        if before.split(|byte| *byte == b'\n').count() > MANY_LINES
            && let Some(compact) = compacted(&before)
        {
            files::replace_private(&self.path, &compact)?;
            before = compact;
        }
        let mut file = files::open_private(&self.path)?;
        if !before.contains(&b'\n') {
            // At most a part of the opening line: nothing was sent.
            file.set_len(0)?;
        } else if !before.ends_with(b"\n") {
            // A line that was cut off by a kill must not swallow the next one.
            file.write_all(b"\n")?;
        }
        let length = file.metadata()?.len();
        let mut open = Open { file, length };
        open.write(opening)?;
        open.file.sync_all()?;
        files::sync_name(&self.path)?;
        Ok(open)
    }
}

fn too_large() -> io::Error {
    let why = "it has grown too large; `wabizspec recover` says which of its passwords works";
    io::Error::new(io::ErrorKind::FileTooLarge, why)
}

impl Open {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        self.length += lines.len() as u64;
        if self.length > LARGEST { Err(too_large()) } else { self.file.write_all(lines) }
    }
}

impl Disk for JournalFile {
    fn append(&mut self, opening: &[u8], lines: &[u8], sync: bool) -> io::Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                let open = self.opened(opening)?;
                self.open.insert(open)
            }
        };
        if lines.is_empty() {
            return Ok(());
        }
        open.write(lines)?;
        if sync { open.file.sync_data() } else { Ok(()) }
    }

    fn replace(&mut self, whole: Option<&[u8]>) -> io::Result<()> {
        self.open = None;
        let length = whole.map_or(0, <[u8]>::len) as u64;
        if length > LARGEST {
            return Err(too_large());
        }
        read(&self.path)?;
        match whole {
            Some(whole) => {
                files::replace_private(&self.path, whole)?;
                // It begins with the opening of this run, which goes on in it.
                self.open = Some(Open { file: files::open_private(&self.path)?, length });
            }
            None => files::remove(&self.path)?,
        }
        self.former.drain(..).try_for_each(|path| files::remove(&path))
    }
}
