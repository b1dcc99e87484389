//! A machine on which a recipe is tried: a workspace, a search path with the program on it or not, and a `cargo` that
//! installs nothing but the program under test, and counts how often.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use tempfile::TempDir;

/// Variables for a script.
pub type Environment = BTreeMap<String, String>;

/// Whether `wabizspec` is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Install {
    OnThePath,
    Missing,
}

pub struct Workplace {
    folder: TempDir,
}

/// What a script said, and how it ended.
pub struct Ran {
    pub status: ExitStatus,
    pub log: String,
}

/// Stands in for `cargo install`: what it would build is the program under test. It knows the flags that the recipes use.
const CARGO: &str = r#"#!/usr/bin/env bash
set -eu
[ "$1" = install ] || { echo "cargo $1 is not expected here" >&2; exit 1; }
shift
root= source=
while [ "$#" -gt 0 ]; do
  case "$1" in
    --locked) ;;
    --root) root=$2; shift ;;
    --path) [ -e "$2/Cargo.toml" ]; source=$2; shift ;;
    --git) source=$2; shift ;;
    wabizspec) ;;
    *) echo "cargo install $1 is not expected here" >&2; exit 1 ;;
  esac
  shift
done
[ -n "$root" ] && [ -n "$source" ]
mkdir -p "$root/bin"
ln -s "$PROGRAM_UNDER_TEST" "$root/bin/wabizspec"
echo "$source" >>"$HOME/installations"
"#;

impl Workplace {
    pub fn new(install: Install) -> Workplace {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["bin", "home", "workspace", "temp"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let cargo = folder.path().join("bin/cargo");
        std::fs::write(&cargo, CARGO).expect("a file");
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).expect("permissions");
        if install == Install::OnThePath {
            symlink(env!("CARGO_BIN_EXE_wabizspec"), folder.path().join("bin/wabizspec")).expect("a link");
        }
        Workplace { folder }
    }

    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// A new, empty file outside the workspace.
    pub fn scratch(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join("temp").join(name);
        std::fs::write(&path, "").expect("a file");
        path
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.workspace().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// A file of the workspace; empty where there is none.
    pub fn read(&self, name: &str) -> String {
        read(&self.workspace().join(name))
    }

    /// How often something was installed.
    pub fn installations(&self) -> usize {
        read(&self.folder.path().join("home/installations")).lines().count()
    }

    /// Runs a script in the workspace. Of the surroundings it sees the search path only, without any `wabizspec` there.
    pub fn bash(&self, options: &str, script: &str, environment: &Environment) -> Ran {
        let home = self.folder.path().join("home");
        let own = self.folder.path().join("bin");
        let added = environment.get("ADDED_TO_PATH").map(String::as_str).unwrap_or_default();
        let path = format!("{added}{}:/usr/local/bin:/usr/bin:/bin", own.display());
        let file = self.scratch("script.sh");
        std::fs::write(&file, script).expect("a script");
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc"]).args(options.split(' ')).arg(&file);
        bash.env_clear()
            .envs(environment)
            .env("PATH", path)
            .env("HOME", &home)
            .env("PROGRAM_UNDER_TEST", env!("CARGO_BIN_EXE_wabizspec"))
            .current_dir(self.workspace());
        let output = bash.output().expect("bash runs");
        let log = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        Ran { status: output.status, log: String::from_utf8_lossy(&log).into_owned() }
    }
}

/// A file's text; empty where there is none.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
