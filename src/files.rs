//! Every file that the program opens, creates, replaces or removes.
//!
//! A path may lead anywhere: a cloned repository can contain links and named pipes, and anybody can write to the folder
//! for temporary files. So only regular files are read, and only up to a limit; nothing is written through a symbolic
//! link; and a file with a secret is readable by its owner alone, in a folder that no other user can change.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// The limit for files that people write and for inputs of the fuzzer, in bytes.
pub(crate) const TEXT: u64 = 16 << 20;

/// The limit for reports, in bytes.
pub(crate) const REPORT: u64 = 1 << 30;

const OWNER_ONLY: u32 = 0o600;
/// Set whatever the umask: a file that others can write is not trusted when it is read again.
const SHARED: u32 = 0o644;
const OWNER_ONLY_FOLDER: u32 = 0o700;

/// Opening a pipe does not wait for its other end, and a terminal does not become ours.
const AT_ONCE: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

/// A regular file, opened for reading. Reading more than the limit is an error.
#[derive(Debug)]
pub(crate) struct Bounded {
    file: io::Take<File>,
    limit: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        match self.file.limit() {
            0 => Err(too_large(self.limit)),
            _ => Ok(read),
        }
    }
}

/// Opens a regular file for reading. Links are followed: configuration and passwords are often mounted as links.
pub(crate) fn open(path: &Path, limit: u64) -> io::Result<Bounded> {
    bounded(path, AT_ONCE, limit)
}

/// Reads a whole regular file; links are followed.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, limit)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a whole file that the program itself has written, which is never a link.
pub(crate) fn read_own(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bounded(path, AT_ONCE | OFlags::NOFOLLOW, limit)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn bounded(path: &Path, flags: OFlags, limit: u64) -> io::Result<Bounded> {
    let file = opened(path, OpenOptions::new().read(true), flags)?;
    if regular(&file)?.len() > limit {
        return Err(too_large(limit));
    }
    // One byte more than allowed: a file that grows meanwhile is an error and not silently cut.
    let file = file.take(limit.saturating_add(1));
    Ok(Bounded { file, limit })
}

/// Opens a file of this user for reading and appending, and creates it if it is missing. Nobody else can read it.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(OWNER_ONLY);
    let file = opened(path, &mut options, AT_ONCE | OFlags::NOFOLLOW)?;
    let metadata = regular(&file)?;
    if metadata.uid() != user() {
        return Err(foreign("the file", &metadata));
    }
    // An earlier version or another program may have left it readable to others.
    if metadata.mode() & 0o777 != OWNER_ONLY {
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    }
    Ok(file)
}

/// Opens a file that the program itself has written for reading.
pub(crate) fn open_own(path: &Path) -> io::Result<File> {
    Ok(bounded(path, AT_ONCE | OFlags::NOFOLLOW, u64::MAX)?.file.into_inner())
}

/// Opens what a report is written to, and empties it. A pipe, a terminal or a device will do, and so do the links in
/// `/dev` by which a program names its own streams; any other link is refused.
pub(crate) fn open_report(path: &Path) -> io::Result<File> {
    const STREAMS: [&str; 3] = ["/dev", "/dev/fd", "/proc/self/fd"];
    let is_stream = path.parent().is_some_and(|folder| STREAMS.iter().any(|streams| folder == Path::new(streams)));
    let links = if is_stream { OFlags::empty() } else { OFlags::NOFOLLOW };
    let mut options = OpenOptions::new();
    // This waits for the reader of a pipe, which may not have started yet.
    opened(path, options.write(true).create(true).truncate(true), links | OFlags::NOCTTY)
}

/// Creates a file. Nothing of that name may exist, not even a link.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(SHARED).open(path)
}

/// The same for a file with a secret.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(OWNER_ONLY).open(path)
}

/// The same for one without a name, which is gone once it is closed. It can be read too.
pub(crate) fn create_unnamed(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
    fs::remove_file(path)?;
    Ok(file)
}

/// Replaces a file atomically: a killed run leaves the old or the new one. A link is replaced, not the file behind it.
pub(crate) fn replace(path: &Path, whole: &[u8]) -> io::Result<()> {
    let half = half(path)?;
    create_new(&half)?.write_all(whole)?;
    fs::rename(&half, path)
}

/// The same for a file with a secret, which is on disk when this returns.
pub(crate) fn replace_private(path: &Path, whole: &[u8]) -> io::Result<()> {
    folder_for_private(path)?;
    let half = half(path)?;
    let mut file = create_private(&half)?;
    file.write_all(whole)?;
    file.sync_all()?;
    fs::rename(&half, path)?;
    sync_name(path)
}

/// The temporary name for writing a file; what a killed run left there is removed.
fn half(path: &Path) -> io::Result<PathBuf> {
    let half = path.with_added_extension("half");
    remove(&half)?;
    Ok(half)
}

/// Removes a file if it exists. Of a link, only the link is removed.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder and its parents if they are missing. It must not be a link.
pub(crate) fn folder(path: &Path) -> io::Result<()> {
    // Drops a trailing slash, which would follow a link.
    let path: PathBuf = path.components().collect();
    fs::create_dir_all(&path)?;
    no_link(&path).map(drop)
}

/// Makes a folder with these files, whose paths are relative to it. One of that name must be empty and is replaced. A killed
/// program leaves the whole of it, or a folder of another name.
pub(crate) fn new_folder<Text: AsRef<str>>(
    path: &Path,
    contents: impl IntoIterator<Item = (PathBuf, Text)>,
) -> io::Result<()> {
    path.file_name().ok_or_else(|| refused("the folder needs a name of its own"))?;
    // Drops a trailing slash, which would follow a link.
    let path: PathBuf = path.components().collect();
    match fs::read_dir(&path).map(Iterator::count) {
        Ok(1..) => return Err(refused("the folder is not empty")),
        Ok(_) => no_link(&path).map(drop)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::create_dir_all(folder_of(&path))?;
    let half = path.with_added_extension("half");
    fs::create_dir(&half).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", half.display())))?;
    let write = |(name, text): (PathBuf, Text)| {
        let file = half.join(name);
        fs::create_dir_all(folder_of(&file))?;
        create_new(&file)?.write_all(text.as_ref().as_bytes())
    };
    let written = contents.into_iter().try_for_each(write).and_then(|()| fs::rename(&half, &path));
    written.inspect_err(|_| drop(fs::remove_dir_all(&half)))
}

/// Makes nested folders, none of which may be a link, and returns the innermost.
pub(crate) fn folders<'n>(outermost: &Path, names: impl IntoIterator<Item = &'n str>) -> io::Result<PathBuf> {
    folder(outermost)?;
    let mut inner = outermost.to_owned();
    for name in names {
        inner.push(name);
        folder(&inner)?;
    }
    Ok(inner)
}

/// Makes a folder for secrets of this user if it is missing. Nobody else can read it.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    make_private(path)?;
    let metadata = no_link(path)?;
    if metadata.uid() != user() {
        return Err(foreign("the folder", &metadata));
    }
    match metadata.mode() & 0o077 {
        0 => Ok(()),
        _ => fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY_FOLDER)),
    }
}

/// Makes the folder of a file with secrets if it is missing. An existing one keeps its permissions and may be root's.
pub(crate) fn folder_for_private(path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    make_private(folder)?;
    let metadata = fs::metadata(folder)?;
    if metadata.uid() == user() || metadata.uid() == 0 { Ok(()) } else { Err(foreign("the folder", &metadata)) }
}

fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(OWNER_ONLY_FOLDER).create(folder)
}

/// Syncs the folder of a file that was just created or renamed.
pub(crate) fn sync_name(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Whether two paths lead to the same regular file, or would once it is created.
pub(crate) fn are_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino()),
        (Err(_), Err(_)) => to_be(one) == to_be(other),
        _ => false,
    }
}

/// The absolute path of a file that does not exist yet.
fn to_be(path: &Path) -> PathBuf {
    let folder = folder_of(path);
    let folder = fs::canonicalize(folder).or_else(|_| std::path::absolute(folder));
    folder.unwrap_or_default().join(path.file_name().unwrap_or_default())
}

/// The effective user id of the program.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn no_link(folder: &Path) -> io::Result<Metadata> {
    let metadata = fs::symlink_metadata(folder)?;
    let refusal = || refused(format!("the folder {} is a symbolic link, which is not followed", folder.display()));
    if metadata.is_symlink() { Err(refusal()) } else { Ok(metadata) }
}

fn opened(path: &Path, options: &mut OpenOptions, flags: OFlags) -> io::Result<File> {
    let file = options.custom_flags(flags.bits().cast_signed()).open(path);
    file.map_err(|error| match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() && flags.contains(OFlags::NOFOLLOW) => {
            refused("it is a symbolic link, which is not followed")
        }
        Ok(found) if found.file_type().is_socket() => refused("it is a socket, not a regular file"),
        _ => error,
    })
}

fn regular(file: &File) -> io::Result<Metadata> {
    let metadata = file.metadata()?;
    match metadata.file_type() {
        kind if kind.is_file() => Ok(metadata),
        kind if kind.is_dir() => Err(refused("it is a folder, not a regular file")),
        kind if kind.is_fifo() => Err(refused("it is a pipe, not a regular file")),
        _ => Err(refused("it is a device, not a regular file")),
    }
}

fn foreign(what: &str, metadata: &Metadata) -> io::Error {
    let why = format!("{what} belongs to another user (number {})", metadata.uid());
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

fn refused(why: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.to_string())
}

fn too_large(limit: u64) -> io::Error {
    let why = format!("it is larger than {} MiB, the most that is read", limit >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, why)
}
