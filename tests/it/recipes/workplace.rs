//! A machine on which a recipe is tried: a workspace, a search path with the program on it or not, and a `cargo` that
//! installs nothing but the program under test, and counts how often.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Place, under_test};

pub type Environment = BTreeMap<String, String>;

/// Whether `wabizspec` is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Install {
    OnThePath,
    Missing,
}

pub struct Workplace(Place);

pub struct Ran {
    pub code: Option<i32>,
    pub is_green: bool,
    pub log: String,
}

/// Stands in for `cargo install`: what it would build is the program under test. It knows the flags that the recipes use.
const CARGO: &str = include_str!("cargo.sh");

impl Workplace {
    pub fn new(install: Install) -> Workplace {
        let place = Place::new();
        for name in ["home", "workspace", "temp"] {
            place.folder(name);
        }
        place.executable("bin/cargo", CARGO);
        if install == Install::OnThePath {
            symlink(under_test(), place.join("bin/wabizspec")).expect("a link");
        }
        Workplace(place)
    }

    pub fn workspace(&self) -> PathBuf {
        self.0.join("workspace")
    }

    /// A new, empty file outside the workspace.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.0.write(&format!("temp/{name}"), "");
        self.0.join("temp").join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        self.0.write(&format!("workspace/{name}"), text);
    }

    /// A file of the workspace; empty where there is none.
    pub fn read(&self, name: &str) -> String {
        read(&self.workspace().join(name))
    }

    pub fn installations(&self) -> usize {
        read(&self.0.join("home/installations")).lines().count()
    }

    /// Runs a script in the workspace. Of the environment it sees the search path only, without any `wabizspec` there.
    pub fn bash(&self, options: &str, script: &str, environment: &Environment) -> Ran {
        let added = environment.get("ADDED_TO_PATH").map(String::as_str).unwrap_or_default();
        let path = format!("{added}{}:/usr/local/bin:/usr/bin:/bin", self.0.join("bin").display());
        let file = self.scratch("script.sh");
        std::fs::write(&file, script).expect("a script");
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc"]).args(options.split(' ')).arg(&file).current_dir(self.workspace());
        bash.env_clear().envs(environment).env("PATH", path).env("HOME", self.0.join("home"));
        let output = bash.env("PROGRAM_UNDER_TEST", under_test()).output().expect("bash runs");
        let log = [output.stdout, output.stderr].concat();
        let status = output.status;
        Ran { code: status.code(), is_green: status.success(), log: String::from_utf8_lossy(&log).into_owned() }
    }
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
