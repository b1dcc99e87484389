//! Every file that the program opens, creates, replaces or removes.
//!
//! A path may lead anywhere: a repository from a stranger holds links and named pipes, and a folder for temporary files
//! belongs to everybody. So only regular files are read, and only up to a limit; nothing is written through a symbolic
//! link; and what holds a secret is readable by its owner alone, in a folder that no other user can change.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// The most that is read of a file that people write, and of an input of the fuzzer.
pub const TEXT: u64 = 16 << 20;

/// The most that is read of a report.
pub const REPORT: u64 = 1 << 30;

const OWNER_ONLY: u32 = 0o600;
/// Whatever the umask: what others can write is not trusted when it is read again.
const SHARED: u32 = 0o644;
const OWNER_ONLY_FOLDER: u32 = 0o700;

/// Opening a pipe or a terminal neither waits for its other end nor makes it ours.
const AT_ONCE: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

/// A regular file, opened for reading. Reading more than the limit is an error.
#[derive(Debug)]
pub struct Bounded {
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
///
/// # Errors
/// It cannot be opened, is no regular file, or is larger than the limit.
pub fn open(path: &Path, limit: u64) -> io::Result<Bounded> {
    bounded(path, AT_ONCE, limit)
}

/// Reads a whole regular file; links are followed.
///
/// # Errors
/// It cannot be read, is no regular file, or is larger than the limit.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, limit)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a whole file that the program itself has written, which is never a link.
///
/// # Errors
/// It cannot be read, is no regular file, or is larger than the limit.
pub fn read_own(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bounded(path, AT_ONCE | OFlags::NOFOLLOW, limit)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn bounded(path: &Path, flags: OFlags, limit: u64) -> io::Result<Bounded> {
    let file = opened(path, OpenOptions::new().read(true), flags)?;
    if regular(&file)?.len() > limit {
        return Err(too_large(limit));
    }
    // One more than is allowed, so that a file which grows meanwhile is not cut short in silence.
    let file = file.take(limit.saturating_add(1));
    Ok(Bounded { file, limit })
}

/// Opens a file of this user for reading and for writing at its end, and creates it where there is none; nobody else can
/// read it.
///
/// # Errors
/// It cannot be opened, is a link or no regular file, or belongs to another user.
pub fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(OWNER_ONLY);
    let file = opened(path, &mut options, AT_ONCE | OFlags::NOFOLLOW)?;
    let metadata = regular(&file)?;
    if metadata.uid() != user() {
        return Err(anothers("the file", &metadata));
    }
    // It may have been left readable to others.
    if metadata.mode() & 0o777 != OWNER_ONLY {
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    }
    Ok(file)
}

/// Opens a file of this user for reading, if there is one; it is never a link.
///
/// # Errors
/// It cannot be opened, is a link or no regular file.
pub fn open_own(path: &Path) -> io::Result<File> {
    let file = opened(path, OpenOptions::new().read(true), AT_ONCE | OFlags::NOFOLLOW)?;
    regular(&file)?;
    Ok(file)
}

/// Opens what a report is written to, and empties it. A pipe, a terminal or a device will do, and so do the links in
/// `/dev` by which a program names its own streams; any other link is refused.
///
/// # Errors
/// It cannot be opened, or is a link.
pub fn open_report(path: &Path) -> io::Result<File> {
    const STREAMS: [&str; 3] = ["/dev", "/dev/fd", "/proc/self/fd"];
    let is_stream = path.parent().is_some_and(|folder| STREAMS.iter().any(|streams| folder == Path::new(streams)));
    let links = if is_stream { OFlags::empty() } else { OFlags::NOFOLLOW };
    let mut options = OpenOptions::new();
    // A pipe is waited for: its reader may only just begin.
    opened(path, options.write(true).create(true).truncate(true), links | OFlags::NOCTTY)
}

/// Creates a file that must not exist; not even a link of that name.
///
/// # Errors
/// It exists or cannot be created.
pub fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(SHARED).open(path)
}

/// Creates a file for a secret, which must not exist.
///
/// # Errors
/// It exists or cannot be created.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(OWNER_ONLY).open(path)
}

/// Writes the file whole or not at all: a killed run leaves no half of it. What had the name is replaced, a link itself
/// and not the file that it leads to.
///
/// # Errors
/// It cannot be written.
pub fn replace(path: &Path, whole: &[u8]) -> io::Result<()> {
    let half = half(path)?;
    create_new(&half)?.write_all(whole)?;
    fs::rename(&half, path)
}

/// The same for a secret, which is on disk when this returns.
///
/// # Errors
/// It cannot be written, or another user may change its folder.
pub fn replace_private(path: &Path, whole: &[u8]) -> io::Result<()> {
    folder_for_private(path)?;
    let half = half(path)?;
    let mut file = create_private(&half)?;
    file.write_all(whole)?;
    file.sync_all()?;
    fs::rename(&half, path)?;
    sync_name(path)
}

/// The name under which a file is written before it gets its own; what a killed run left there is removed.
fn half(path: &Path) -> io::Result<PathBuf> {
    let mut half = path.to_owned().into_os_string();
    half.push(".half");
    let half = PathBuf::from(half);
    remove(&half)?;
    Ok(half)
}

/// Removes a file, if it is there; of a link only the link.
///
/// # Errors
/// It is there and cannot be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder, with those above it, unless it is there. It must not be a link.
///
/// # Errors
/// It cannot be made, or is a link.
pub fn folder(path: &Path) -> io::Result<()> {
    // Without a slash at its end, which would lead through a link.
    let path: PathBuf = path.components().collect();
    fs::create_dir_all(&path)?;
    no_link(&path).map(drop)
}

/// Makes folders below one another, none of which may be a link, and returns the innermost.
///
/// # Errors
/// One of them cannot be made, or is a link.
pub fn folders<'n>(outermost: &Path, names: impl IntoIterator<Item = &'n str>) -> io::Result<PathBuf> {
    folder(outermost)?;
    let mut inner = outermost.to_owned();
    for name in names {
        inner.push(name);
        folder(&inner)?;
    }
    Ok(inner)
}

/// Makes a folder for secrets of this user unless it is there: nobody else can look into it.
///
/// # Errors
/// It cannot be made, is a link, or belongs to another user.
pub fn private_folder(path: &Path) -> io::Result<()> {
    make_private(path)?;
    let metadata = no_link(path)?;
    if metadata.uid() != user() {
        return Err(anothers("the folder", &metadata));
    }
    match metadata.mode() & 0o077 {
        0 => Ok(()),
        _ => fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY_FOLDER)),
    }
}

/// Makes the folder of a file that holds secrets, unless it is there; it may be the user's own, which is left as it is.
///
/// # Errors
/// It cannot be made, or belongs to another user.
pub fn folder_for_private(path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    make_private(&folder)?;
    refuse_folder_of_another(&folder)
}

fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(OWNER_ONLY_FOLDER).create(folder)
}

/// Puts a name on disk that was just made in the folder of that file.
///
/// # Errors
/// The operating system's.
pub fn sync_name(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Whether two paths lead to one regular file, or would if it were made.
pub fn are_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino()),
        (Err(_), Err(_)) => to_be(one) == to_be(other),
        _ => false,
    }
}

/// The path of a file that is not there yet.
fn to_be(path: &Path) -> PathBuf {
    let folder = folder_of(path);
    let folder = fs::canonicalize(&folder).or_else(|_| std::path::absolute(&folder));
    folder.unwrap_or_default().join(path.file_name().unwrap_or_default())
}

/// The number of the user that the program runs for.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The folder that the file's name stands in.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A folder of the administrator's is as safe as the machine.
fn refuse_folder_of_another(folder: &Path) -> io::Result<()> {
    let metadata = fs::metadata(folder)?;
    match metadata.uid() == user() || metadata.uid() == 0 {
        true => Ok(()),
        false => Err(anothers("the folder", &metadata)),
    }
}

fn no_link(folder: &Path) -> io::Result<Metadata> {
    let metadata = fs::symlink_metadata(folder)?;
    match metadata.is_symlink() {
        true => Err(refused(format!("the folder {} is a symbolic link, which is not followed", folder.display()))),
        false => Ok(metadata),
    }
}

fn opened(path: &Path, options: &mut OpenOptions, flags: OFlags) -> io::Result<File> {
    let file = options.custom_flags(flags.bits().cast_signed()).open(path);
    file.map_err(|error| match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() && flags.contains(OFlags::NOFOLLOW) => {
            refused("it is a symbolic link, which is not followed".to_owned())
        }
        Ok(found) if found.file_type().is_socket() => refused("it is a socket, not a regular file".to_owned()),
        _ => error,
    })
}

fn regular(file: &File) -> io::Result<Metadata> {
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(metadata),
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () => "a device",
    };
    Err(refused(format!("it is {what}, not a regular file")))
}

fn anothers(what: &str, metadata: &Metadata) -> io::Error {
    let why = format!("{what} belongs to another user (number {})", metadata.uid());
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn too_large(limit: u64) -> io::Error {
    let why = format!("it is larger than {} MiB, the most that is read", limit >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, why)
}
