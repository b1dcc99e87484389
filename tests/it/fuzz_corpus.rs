//! Every seed and regression of `fuzz/`, and every aimed input of the wire fuzzer, through the functions that the
//! targets of cargo-fuzz call: on stable, without libFuzzer.

use std::fs;

use crate::harness::{files_below, none, repository};
use wabizspec::fuzz::Surface;
use wabizspec::fuzz::aimed;
use wabizspec::fuzz::catalogue::Catalogue;
use wabizspec::fuzz::in_process::{self, TARGETS};
use wabizspec::fuzz::random::Random;

#[test]
fn the_committed_corpora_hold() {
    for (target, check) in TARGETS {
        let seeds = files_below(&repository("fuzz/corpus").join(target));
        assert!(!seeds.is_empty(), "{target} has no seeds");
        let regressions = repository("fuzz/regressions").join(target);
        let regressions = if regressions.exists() { files_below(&regressions) } else { Vec::new() };
        for path in seeds.iter().chain(&regressions) {
            let input = fs::read(path).expect("readable");
            assert!(input.len() <= 4096, "{}: a seed is small", path.display());
            eprintln!("{}", path.display());
            check(&input);
        }
    }
}

#[test]
fn every_corpus_belongs_to_a_target_and_every_target_is_built() {
    for folder in ["corpus", "regressions"] {
        for entry in fs::read_dir(repository("fuzz").join(folder)).expect("the folder").flatten() {
            let name = entry.file_name().into_string().expect("text");
            assert!(entry.path().is_file() || TARGETS.iter().any(|(target, _)| *target == name), "{folder}/{name}");
        }
    }
    let manifest = fs::read_to_string(repository("fuzz/Cargo.toml")).expect("manifest");
    for (target, _) in TARGETS {
        assert!(repository(&format!("fuzz/fuzz_targets/{target}.rs")).exists(), "{target} has no source");
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is not built");
    }
}

#[test]
fn every_row_of_the_catalogue_is_explained_and_reached_or_says_how_else_it_is_tried() {
    let catalogue = Catalogue::embedded().expect("the catalogue");
    let inputs = aimed::all(&Surface::ALL);
    none(aimed::rows(&Surface::ALL).into_iter().filter(|row| !catalogue.rows.contains_key(*row)).map(str::to_owned));
    for (letter, count) in [("A", 35), ("J", 19), ("P", 15), ("S", 12), ("H", 19)] {
        assert_eq!(catalogue.rows.keys().filter(|id| id.starts_with(letter)).count(), count, "{letter}");
    }
    for (id, row) in &catalogue.rows {
        let text = catalogue.explained(id).expect("a text");
        let first = inputs.iter().position(|aimed| aimed.row == id);
        assert_ne!(first.is_some_and(|first| first < 200), row.tried.is_some(), "{id} is tried in one way, and early");
        assert!([&row.what, &row.source].iter().all(|part| part.len() > 8 && text.contains(*part)), "{text}");
        assert!(!text.ends_with("  \n") && text.contains("aimed inputs") == first.is_some(), "{text}");
    }
}

/// libFuzzer writes what is new into the first folder.
#[test]
fn the_documented_command_keeps_new_inputs_out_of_the_committed_corpus() {
    let text = fs::read_to_string(repository("docs/fuzzing.md")).expect("the document");
    let ignored = fs::read_to_string(repository(".gitignore")).expect("what git ignores");
    let command = text.lines().find(|line| line.starts_with("cargo +stable fuzz run ")).expect("a command");
    let words: Vec<&str> = command.split(' ').take_while(|word| *word != "--").collect();
    let [.., target, new, kept] = words[..] else { panic!("{command}") };
    assert!(TARGETS.iter().any(|(name, _)| *name == target) && repository(kept).is_dir(), "{command}");
    assert!(ignored.contains("\n/fuzz/corpus-new\n") && new.starts_with("fuzz/corpus-new/"), "{new} is tracked");
    assert!(text.contains(&format!("mkdir -p {new} ")), "{new} has to be there");
}

#[test]
fn the_aimed_inputs_hold_in_process() {
    for input in aimed::all(&Surface::ALL) {
        if let Some(check) = in_process::of(input.surface) {
            eprintln!("{} {} {}", input.row, input.surface, input.input.escape_ascii());
            check(&input.input);
        }
    }
}

#[test]
fn random_inputs_hold_in_process() {
    for (target, check) in TARGETS {
        eprintln!("{target}");
        for index in 0..300 {
            let mut random = Random::new(11, index);
            let input: Vec<u8> = (0..random.below(60)).map(|_| random.byte()).collect();
            check(&input);
        }
    }
}
