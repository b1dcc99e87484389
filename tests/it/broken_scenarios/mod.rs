//! Broken files: each kind is one error with file, line, column and advice, and exit code 2, through the program itself.
//!
//! The tables hold a whole suite's files edited in one place; `▶` in an edit marks where the error has to point.

mod table;

use crate::harness::{Ended, Place, Program};
use table::{BASE, Broken, GOOD, REGISTER, REGISTERS, SCENARIOS};

/// Where an error has to point.
const MARK: char = '▶';

/// The text with the edit made, without the mark; and the 1-based line and column of the mark.
fn edited(base: &str, broken: &Broken) -> (String, usize, usize) {
    let text = match broken.old {
        "" => broken.new.to_owned(),
        old => {
            assert_eq!(base.matches(old).count(), 1, "{}: `{old}` stands once", broken.kind);
            base.replace(old, broken.new)
        }
    };
    let (before, after) = text.split_once(MARK).unwrap_or_else(|| panic!("{}: no mark", broken.kind));
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (format!("{before}{after}"), line, column)
}

fn suite(register: &str, scenario: &str) -> Place {
    let place = Place::new();
    place.write("requirements.toml", register);
    place.write("login/good.toml", GOOD);
    place.write("login/broken.toml", scenario);
    place
}

fn wabizspec(arguments: &[&str], place: &Place) -> Ended {
    place.program(arguments).arg("--scenarios").arg(place.path()).end()
}

/// Holds the program to one error at that place with those words.
fn one_error(suite: &Place, place: &str, what: &str, advice: &str) -> Result<(), String> {
    for arguments in [&["check"][..], &["run"], &["list", "cases"]] {
        let ended = wabizspec(arguments, suite);
        let text = &ended.stderr;
        let wrong = |why: &str| Err(format!("{why}; {arguments:?} said:\n{text}"));
        if ended.code != Some(2) {
            return wrong(&format!("the exit code is {:?}", ended.code));
        }
        if !ended.stdout.is_empty() {
            return wrong("something was printed to standard output");
        }
        let full = format!("error: {}/{place}: ", suite.path().display());
        let Some((said, help)) = text.strip_prefix(&full).and_then(|rest| rest.split_once("\n  help: ")) else {
            return wrong(&format!("expected the error at {place}"));
        };
        if help.contains("help: ") || help.trim_end().contains('\n') {
            return wrong("expected one error only");
        }
        if !said.contains(what) || !help.contains(advice) {
            return wrong(&format!("expected `{what}` and the advice `{advice}`"));
        }
    }
    Ok(())
}

/// Holds the program to all of the table, and tells of everything in it that does not hold.
fn each_is_one_error(table: &[Broken], base: &str, file: &str, suite_of: impl Fn(&str) -> Place) {
    let failed = table.iter().filter_map(|broken| {
        let (text, line, column) = edited(base, broken);
        let place = format!("{file}:{line}:{column}");
        let held = one_error(&suite_of(&text), &place, broken.what, broken.advice);
        held.err().map(|why| format!("{}: {why}", broken.kind))
    });
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{} kinds:\n\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn the_files_are_good_before_they_are_edited() {
    wabizspec(&["check"], &suite(REGISTER, BASE)).exited(0);
}

#[test]
fn every_kind_of_broken_scenario_is_one_error_with_its_place_and_advice() {
    each_is_one_error(SCENARIOS, BASE, "login/broken.toml", |text| suite(REGISTER, text));
}

#[test]
fn every_kind_of_broken_register_is_one_error_with_its_place_and_advice() {
    each_is_one_error(REGISTERS, REGISTER, "requirements.toml", |text| suite(text, BASE));
}

#[test]
fn the_kinds_are_many_and_each_is_there_once() {
    let mut kinds: Vec<&str> = SCENARIOS.iter().chain(REGISTERS).map(|broken| broken.kind).collect();
    let all = kinds.len();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), all);
    assert!(all >= 30, "{all}");
}

#[test]
fn bytes_that_are_no_text_have_a_place_too() {
    let advice = "save it as UTF-8";
    let folder = suite(REGISTER, BASE);
    let bytes = [BASE.as_bytes(), b"# caf\xe9\n"].concat();
    folder.write("login/broken.toml", bytes);
    let place = format!("login/broken.toml:{}:6", BASE.lines().count() + 1);
    one_error(&folder, &place, "not valid UTF-8", advice).unwrap();

    let folder = suite(REGISTER, BASE);
    folder.write("requirements.toml", b"\xff\xfe");
    one_error(&folder, "requirements.toml:1:1", "not valid UTF-8", advice).unwrap();
}

#[test]
fn a_folder_that_is_no_area_is_not_passed_over() {
    let folder = suite(REGISTER, BASE);
    folder.write("user/new.toml", BASE);
    let place = "user/new.toml:1:1";
    one_error(&folder, place, "`user` is not a valid area", "did you mean `users`?").unwrap();
}

#[test]
fn a_file_whose_name_cannot_be_part_of_an_id_is_refused() {
    let folder = suite(REGISTER, BASE);
    folder.write("login/New One.toml", BASE);
    let advice = "lower case, digits and hyphens";
    let place = "login/New One.toml:1:1";
    one_error(&folder, place, "`login/New One` is not a valid scenario id", advice).unwrap();
}

#[test]
fn what_cannot_be_read_at_all_says_what_a_suite_is() {
    let register_missing = suite(REGISTER, BASE);
    std::fs::remove_file(register_missing.path().join("requirements.toml")).expect("file");
    let file_is_folder = suite(REGISTER, BASE);
    std::fs::create_dir(file_is_folder.path().join("login/folder.toml")).expect("folder");
    let nowhere = Place::new();
    let missing = nowhere.path().join("missing");
    for folder in [register_missing.path(), file_is_folder.path(), nowhere.path(), &missing] {
        let ended = Program::new(["check", "--scenarios"]).arg(folder).end().exited(2);
        ended.says("cannot read ").says("help: a suite is a folder");
    }
}

#[test]
fn every_broken_file_of_a_suite_is_named_at_once() {
    let folder = suite(REGISTER, "title = 1\n");
    folder.write("login/another.toml", "titel = 1\n");
    let text = wabizspec(&["check"], &folder).stderr;
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
