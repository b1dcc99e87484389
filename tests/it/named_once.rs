//! The API is named once: outside of `documented::api`, tests and data, no source spells a path of the API.
//!
//! The sources are read as tokens, so that comments say nothing and macros hide nothing.

use std::fs;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::harness::{files_of, none, repository, rows};

const NAMES_THEM: &str = "crates/wabizspec-reference/src/documented/api.rs";

/// The literals of a source with a path of the API in them. Attributes (doc comments are some) and test modules do not count.
fn spelled(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let mut skip_next_brace = false;
    let mut after_hash = false;
    for tree in tokens {
        match tree {
            TokenTree::Group(group) if after_hash && group.delimiter() == Delimiter::Bracket => {
                skip_next_brace |= group.stream().to_string().replace(' ', "") == "cfg(test)";
            }
            TokenTree::Group(group) if skip_next_brace && group.delimiter() == Delimiter::Brace => {
                skip_next_brace = false;
            }
            TokenTree::Group(group) => found.extend(spelled(group.stream())),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let rest = text.split("/v1/").skip(1);
                let parts = ["users", "account", "settings"];
                if rest.into_iter().any(|after| parts.iter().any(|part| after.starts_with(part))) {
                    found.push(text);
                }
            }
            TokenTree::Punct(mark) if mark.as_char() == ';' => skip_next_brace = false,
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                after_hash = true;
                continue;
            }
            // `#![…]`
            TokenTree::Punct(mark) if mark.as_char() == '!' && after_hash => continue,
            _ => {}
        }
        after_hash = false;
    }
    found
}

#[test]
fn no_other_source_spells_a_path_of_the_api() {
    let folders = ["src", "crates/wabizspec-reference/src"].map(repository);
    let mut files: Vec<_> = folders.iter().flat_map(|folder| files_of(folder, "rs")).collect();
    files.retain(|path| !path.iter().any(|part| part == "tests" || part == "tests.rs"));
    assert!(files.len() > 100, "{} files", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let tokens = fs::read_to_string(&path).expect("a source").parse().expect("the source is Rust");
        let spelled = spelled(tokens);
        match path == repository(NAMES_THEM) {
            true => assert!(!spelled.is_empty(), "{NAMES_THEM} names the paths"),
            false => wrong.extend(spelled.iter().map(|literal| format!("{} spells {literal}", path.display()))),
        }
    }
    none(wrong);
}

#[test]
fn a_path_is_noticed_wherever_it_hides() {
    for (table, count) in [("spelled", 1), ("not_spelled", 0)] {
        for source in rows::<String>(include_str!("named_once.toml"), table) {
            assert_eq!(spelled(source.parse().expect("Rust")).len(), count, "{source}");
        }
    }
}
