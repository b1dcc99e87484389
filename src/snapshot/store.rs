//! A folder of snapshots, one file for each case.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::diff::diff;
use crate::files;

/// A folder of snapshots.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    accept: bool,
    pending: AtomicUsize,
}

impl Store {
    /// The snapshots of that folder, which is made if missing. With `accept`, new and changed transcripts replace them.
    pub fn open(folder: &Path, accept: bool) -> io::Result<Store> {
        files::folder(folder)?;
        Ok(Store { folder: folder.to_owned(), accept, pending: AtomicUsize::new(0) })
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    /// What has changed since the transcript was accepted, if it was. A new or changed one is pending, or accepted now.
    pub(crate) fn compare(&self, case: &str, transcript: &str) -> io::Result<Option<String>> {
        let path = self.path(case);
        let pending = path.with_extension("snap.new");
        let known = read(&path)?;
        let transcript = transcript.trim_end();
        let is_known = known.as_deref() == Some(transcript);
        if self.accept && !is_known {
            self.write(&path, case, transcript)?;
        }
        if self.accept || is_known {
            files::remove(&pending)?;
            return Ok(None);
        }
        self.write(&pending, case, transcript)?;
        self.pending.fetch_add(1, Ordering::Relaxed);
        Ok(known.map(|known| diff(&known, transcript)))
    }

    fn write(&self, path: &Path, case: &str, transcript: &str) -> io::Result<()> {
        let area = case.split_once('/').map(|(area, _)| area);
        files::folders(&self.folder, area)?;
        let expression = serde_json::Value::from(case);
        let text = format!("---\nsource: wabizspec\nexpression: {expression}\n---\n{transcript}\n");
        files::replace(path, text.as_bytes())
    }

    /// `area/file::row` is in `area/file__row.snap`.
    fn path(&self, case: &str) -> PathBuf {
        self.folder.join(format!("{}.snap", case.replace("::", "__")))
    }
}

/// The accepted transcript, if there is one.
fn read(path: &Path) -> io::Result<Option<String>> {
    let unreadable = |why: String| {
        let advice = "repair it, or delete it and accept again";
        io::Error::new(io::ErrorKind::InvalidData, format!("{} is not a snapshot: {why}; {advice}", path.display()))
    };
    let text = match files::read_own(path, files::TEXT) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let parts = text.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n"));
    let (_, transcript) = parts.ok_or_else(|| unreadable("it has no head between two lines of `---`".to_owned()))?;
    Ok(Some(transcript.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use insta::Snapshot;

    use super::*;

    const CASE: &str = "login/x::row";

    fn compare(folder: &Path, accept: bool, text: &str) -> Option<String> {
        Store::open(folder, accept).expect("store").compare(CASE, text).expect("compared")
    }

    #[test]
    fn new_is_pending_accepted_is_same_and_changed_has_a_diff() {
        let folder = tempfile::tempdir().expect("folder");
        let pending = folder.path().join("login/x__row.snap.new");
        assert_eq!(compare(folder.path(), false, "one\ntwo\n"), None);
        assert!(pending.exists(), "it is new");
        assert_eq!(compare(folder.path(), true, "one\ntwo\n"), None);
        assert!(!pending.exists(), "accepting removes what was pending");
        assert_eq!(compare(folder.path(), false, "one\ntwo\n"), None);
        assert!(!pending.exists(), "it is the same");
        let diff = compare(folder.path(), false, "one\n2\n").expect("a change");
        assert!(diff.contains("-two") && diff.contains("+2"), "{diff}");
        assert!(pending.exists());
    }

    #[test]
    fn insta_reads_what_is_written_and_a_broken_file_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        compare(folder.path(), true, "# step\n> POST /\n---\n< 200\n");
        let path = folder.path().join("login/x__row.snap");
        let snapshot = Snapshot::from_file(&path).expect("insta reads it");
        assert_eq!(snapshot.metadata().expression(), Some(CASE));
        assert_eq!(read(&path).expect("text").as_deref(), Some("# step\n> POST /\n---\n< 200"));
        std::fs::write(&path, b"\xff\xfe").expect("written");
        let error = Store::open(folder.path(), false).expect("store").compare(CASE, "x").expect_err("broken");
        assert!(error.to_string().contains("x__row.snap"), "{error}");
    }
}
