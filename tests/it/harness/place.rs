//! Folders that programs are started in, and the files below a folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use super::program::{Program, REPORT};

/// A folder that programs are started in. It is removed with the last clone.
#[derive(Clone)]
pub struct Place(Arc<TempDir>);

/// The program under test: the one that cargo built for the tests, unless `WABIZSPEC_BIN` names another.
pub fn under_test() -> PathBuf {
    std::env::var_os("WABIZSPEC_BIN").map_or_else(|| env!("CARGO_BIN_EXE_wabizspec").into(), PathBuf::from)
}

impl Place {
    pub fn new() -> Place {
        Place(Arc::new(tempfile::tempdir().expect("a folder")))
    }

    pub fn with(files: &[(&str, &str)]) -> Place {
        let place = Place::new();
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.join(name).exists()
    }

    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    #[track_caller]
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a file, and creates its folder.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.new_path(name), text).expect("a file");
    }

    pub fn executable(&self, name: &str, script: &str) {
        self.write(name, script);
        fs::set_permissions(self.join(name), fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    pub fn link(&self, name: &str, to: &str) {
        std::os::unix::fs::symlink(self.join(to), self.new_path(name)).expect("a link");
    }

    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(&path).expect("a folder");
        path
    }

    fn new_path(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        path
    }

    pub fn files(&self) -> Vec<PathBuf> {
        files_below(self.path())
    }

    /// The program with these arguments, started here, with its state here and a clean environment.
    pub fn program(&self, line: &str) -> Program {
        let mut command = Command::new(under_test());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["WABIZSPEC_", "GITHUB_", "CI"].iter().any(|start| text.starts_with(start)) {
                command.env_remove(&name);
            }
        }
        command.current_dir(self.path()).env("XDG_STATE_HOME", self.join("state")).env("HOME", self.path());
        command.stdin(Stdio::null());
        Program { place: self.clone(), command }.args(line)
    }

    /// `run` with a JSON report, which [`Ended`](super::Ended) reads.
    pub fn judge(&self, line: &str) -> Program {
        self.program(&format!("run --report=json={REPORT} {line}"))
    }
}

/// Every file in a folder and in its folders.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a folder").flatten() {
            match entry.path() {
                folder if folder.is_dir() => folders.push(folder),
                file => files.push(file),
            }
        }
    }
    files
}

pub fn files_of(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = files_below(folder);
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files
}

pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
