//! Broken files: each kind is one error with file, line, column and advice, and exit code 2, with the program itself.
//!
//! `mistakes.toml` has the kinds: a whole suite's files edited in one place, with `▶` where the error has to point.

use std::collections::BTreeMap;

use crate::harness::{Ended, Place, Program, none};
use serde::Deserialize;

const REGISTER: &str = include_str!("requirements.toml");
const GOOD: &str = include_str!("good.toml");
const BASE: &str = include_str!("base.toml");

/// Where an error has to point.
const MARK: char = '▶';

/// By the names of their kinds.
#[derive(Deserialize)]
struct Mistakes {
    scenarios: BTreeMap<String, Mistake>,
    registers: BTreeMap<String, Mistake>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    #[serde(default)]
    old: String,
    new: String,
    #[serde(default)]
    says: String,
    advice: String,
}

impl Mistake {
    /// The text with the edit made, without the mark; and the 1-based line and column of the mark.
    fn made_in(&self, base: &str, kind: &str) -> (String, usize, usize) {
        let Mistake { old, new, .. } = self;
        assert!(old.is_empty() || base.matches(old).count() == 1, "{kind}: `{old}` is there once");
        let text = if old.is_empty() { new.clone() } else { base.replace(old, new) };
        let (before, after) = text.split_once(MARK).unwrap_or_else(|| panic!("{kind}: no mark"));
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (format!("{before}{after}"), line, column)
    }
}

fn suite(register: &str, scenario: &str) -> Place {
    Place::with(&[("requirements.toml", register), ("login/good.toml", GOOD), ("login/broken.toml", scenario)])
}

fn wabizspec(line: &str, place: &Place) -> Ended {
    place.program(line).list(["--scenarios", &place.path().display().to_string()]).end()
}

/// What is wrong where the program does not report one error at that place with those words.
fn not_one_error(suite: &Place, place: &str, what: &str, advice: &str) -> Option<String> {
    ["check", "run", "list cases"].into_iter().find_map(|line| {
        let ended = wabizspec(line, suite);
        let full = format!("error: {}/{place}: ", suite.path().display());
        let said = ended.stderr.strip_prefix(&full).and_then(|rest| rest.split_once("\n  help: "));
        let why = match said {
            _ if ended.code != Some(2) => format!("the exit code is {:?}", ended.code),
            _ if !ended.stdout.is_empty() => "something was printed to standard output".to_owned(),
            None => format!("expected the error at {place}"),
            Some((_, help)) if help.contains("help: ") || help.trim_end().contains('\n') => {
                "expected one error only".to_owned()
            }
            Some((said, help)) if said.contains(what) && help.contains(advice) => return None,
            Some(_) => format!("expected `{what}` and the advice `{advice}`"),
        };
        Some(format!("{why}; `{line}` said:\n{}", ended.stderr))
    })
}

/// Holds the program to each of the mistakes.
fn each_is_one_error(mistakes: &BTreeMap<String, Mistake>, base: &str, file: &str, suite_of: impl Fn(&str) -> Place) {
    none(mistakes.iter().filter_map(|(kind, mistake)| {
        let (text, line, column) = mistake.made_in(base, kind);
        let place = format!("{file}:{line}:{column}");
        let why = not_one_error(&suite_of(&text), &place, &mistake.says, &mistake.advice)?;
        Some(format!("{kind}: {why}"))
    }));
}

#[test]
fn every_kind_of_broken_file_is_one_error_with_its_place_and_advice() {
    let Mistakes { scenarios, registers } = toml::from_str(include_str!("mistakes.toml")).expect("mistakes");
    assert!(scenarios.len() > 75 && registers.len() > 10, "{} and {}", scenarios.len(), registers.len());
    wabizspec("check", &suite(REGISTER, BASE)).exited(0);
    each_is_one_error(&scenarios, BASE, "login/broken.toml", |text| suite(REGISTER, text));
    each_is_one_error(&registers, REGISTER, "requirements.toml", |text| suite(text, BASE));
}

#[test]
fn a_file_that_is_no_text_or_in_the_wrong_place_is_an_error_with_its_place_too() {
    let latin1 = [BASE.as_bytes(), b"# caf\xe9\n"].concat();
    let in_latin1 = format!("login/broken.toml:{}:6", BASE.lines().count() + 1);
    const NO_ID: &str = "`login/New One` is not a valid scenario id";
    let base = BASE.as_bytes();
    let rows = [
        ("login/broken.toml", &*latin1, &*in_latin1, "not valid UTF-8", "save it as UTF-8"),
        ("requirements.toml", b"\xff\xfe", "requirements.toml:1:1", "not valid UTF-8", "save it as UTF-8"),
        ("user/new.toml", base, "user/new.toml:1:1", "`user` is not a valid area", "did you mean `users`?"),
        ("login/New One.toml", base, "login/New One.toml:1:1", NO_ID, "lower case, digits and hyphens"),
    ];
    none(rows.into_iter().filter_map(|(file, bytes, place, what, advice)| {
        let suite = suite(REGISTER, BASE);
        suite.write(file, bytes);
        not_one_error(&suite, place, what, advice)
    }));
}

#[test]
fn what_cannot_be_read_at_all_says_what_a_suite_is() {
    let register_missing = suite(REGISTER, BASE);
    std::fs::remove_file(register_missing.join("requirements.toml")).expect("file");
    let file_is_folder = suite(REGISTER, BASE);
    file_is_folder.folder("login/folder.toml");
    let nowhere = Place::new();
    let missing = nowhere.join("missing");
    for folder in [register_missing.path(), file_is_folder.path(), nowhere.path(), &missing] {
        let ended = Program::new("check --scenarios").list([folder.display().to_string()]).end().exited(2);
        ended.says("cannot read ").says("help: a suite is a folder");
    }
}

#[test]
fn every_broken_file_of_a_suite_is_named_at_once() {
    let folder = suite(REGISTER, "title = 1\n");
    folder.write("login/another.toml", "titel = 1\n");
    let text = wabizspec("check", &folder).stderr;
    assert_eq!(text.matches("help: ").count(), 2, "{text}");
    assert!(text.contains("another.toml:1:1") && text.contains("broken.toml:1:9"), "{text}");
}

#[test]
fn no_text_makes_the_reader_panic() {
    // The base cut off at every character, and with every character left out.
    use wabizspec::located::SourceText;
    use wabizspec::requirement::Register;
    use wabizspec::scenario::Scenario;
    fn source(text: &str) -> SourceText<'_> {
        SourceText { file: "f", text }
    }
    let register = Register::parse(source(REGISTER)).expect("register");
    for (at, c) in BASE.char_indices() {
        let cut = &BASE[..at];
        let without = format!("{cut}{}", &BASE[at + c.len_utf8()..]);
        for text in [cut, without.as_str()] {
            let _ = Scenario::parse("login/broken", source(text), &register);
            let _ = Register::parse(source(text));
        }
    }
    let deep = format!("title = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Scenario::parse("login/broken", source(&deep), &register).is_err());
}
