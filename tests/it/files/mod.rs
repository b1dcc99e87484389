//! What the program does with paths that lead elsewhere: links, pipes, devices, files of other users, and reports that
//! would overwrite what a run reads.

mod reading;
mod reports;
mod secrets;
mod writing;

use std::fs;
use std::process::Command;

use crate::harness::{Ended, Place, Program, files_of, none, repository};
use wabizspec::reference::Server;

/// A file that belongs to somebody else, and must stay as it is.
const VICTIM: &str = "alias ll='ls -l'\n";

fn place() -> Place {
    let place = Place::with(&[("victim", VICTIM)]);
    place.folder("elsewhere");
    place
}

fn pipe(place: &Place, name: &str) {
    let path = place.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

/// The program with everything that it may write in this place.
fn program(place: &Place, args: &str) -> Program {
    place.program(args).env("TMPDIR", place.path())
}

/// A name, the set-up, the command line (`URL` is a target whose password is given), the exit code, a part of what is said.
type Row = (&'static str, fn(&Place), &'static str, i32, &'static str);

/// Tries the rows, and holds each to what it says and to `judge`, which gives what is wrong besides.
fn each(rows: &[Row], server: &Server, judge: impl Fn(&Place) -> Option<&'static str>) {
    let mut wrong = Vec::new();
    for (what, set_up, line, code, part) in rows {
        let place = place();
        set_up(&place);
        let program = program(&place, &line.replace("URL", &server.url()));
        let ended = if line.contains("URL") { program.password().end() } else { program.end() };
        wrong.extend(differs(&ended, *code, part).map(|differs| format!("{what} {differs}")));
        wrong.extend(judge(&place).map(|why| format!("{what} {why}")));
    }
    none(wrong);
}

/// The calls that open, create, rename or remove files.
const CALLS: &str = "File::open File::create OpenOptions fs::read( fs::read_to_string fs::write fs::copy fs::rename \
    fs::remove_ fs::create_dir DirBuilder";

#[test]
fn one_module_opens_files() {
    let src = repository("src");
    let mut found = Vec::new();
    for path in files_of(&src, "rs") {
        let text = fs::read_to_string(&path).expect("source");
        // The limit of open files is measured with the one that is always there.
        let text = text.replace("File::open(\"/dev/null\")", "");
        let program = text.split("#[cfg(test)]").next().expect("text");
        let name = path.strip_prefix(&src).expect("below").display().to_string();
        let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
        if !is_test && CALLS.split_whitespace().any(|call| program.contains(call)) {
            found.push(name);
        }
    }
    assert_eq!(found, ["files.rs"]);
}

/// What is wrong, if it did not end with that code or does not say that.
fn differs(ended: &Ended, code: i32, part: &str) -> Option<String> {
    let right = ended.code == Some(code) && ended.said().contains(part);
    (!right).then(|| format!("ended with {:?} instead of {code} and \"{part}\": {}", ended.code, ended.said()))
}
