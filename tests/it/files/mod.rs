//! What the program does with paths that lead elsewhere: links, pipes, devices, files of other users, and reports that
//! would overwrite what a run reads.

mod reading;
mod reports;
mod secrets;
mod writing;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::program::files_below;
use crate::harness::{Ended, Place, Program};

/// What is somebody else's, and must stay as it is.
const VICTIM: &str = "alias ll='ls -l'
";

/// A place with the file `victim`.
fn place() -> Place {
    let place = Place::new();
    place.write("victim", VICTIM);
    place
}

fn pipe(place: &Place, name: &str) {
    let path = place.path().join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

/// The program with everything that it may write in this place.
fn program(place: &Place, args: &[&str]) -> Program {
    place.program(args).env("TMPDIR", place.path())
}

fn run(place: &Place, args: &[&str]) -> Ended {
    program(place, args).end()
}

/// Runs a command line with the address of a target in the place of `URL`, and with its password.
fn run_at(place: &Place, url: &str, line: &str) -> Ended {
    let given: Vec<&str> = line.split(' ').map(|arg| if arg == "URL" { url } else { arg }).collect();
    let program = program(place, &given);
    if given.contains(&url) { program.password().end() } else { program.end() }
}

/// The calls that open, create, rename or remove files.
const CALLS: [&str; 11] = [
    "File::open",
    "File::create",
    "OpenOptions",
    "fs::read(",
    "fs::read_to_string",
    "fs::write",
    "fs::copy",
    "fs::rename",
    "fs::remove_",
    "fs::create_dir",
    "DirBuilder",
];

#[test]
fn one_module_opens_files() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for path in files_below(&src) {
        let text = fs::read_to_string(&path).expect("source");
        // How many files may be open is found out with the one that is always there.
        let text = text.replace("File::open(\"/dev/null\")", "");
        let program = text.split("#[cfg(test)]").next().expect("text");
        let name = path.strip_prefix(&src).expect("below").display().to_string();
        let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
        if !is_test && CALLS.iter().any(|call| program.contains(call)) {
            found.push(name);
        }
    }
    assert_eq!(found, ["files.rs"]);
}

/// What is wrong, where it did not end with that code or does not say that.
fn differs(ended: &Ended, code: i32, part: &str) -> Option<String> {
    let right = ended.code == Some(code) && ended.said().contains(part);
    (!right).then(|| format!("ended with {:?} instead of {code} and \"{part}\": {}", ended.code, ended.said()))
}
