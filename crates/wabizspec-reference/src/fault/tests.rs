//! The embedded files, and mistakes in others.

use std::collections::BTreeSet;

use super::*;
use crate::vectors::vectors;

#[test]
fn ids_are_unique_and_legible() {
    let mut seen = BTreeSet::new();
    for fault in Fault::all().chain(Fault::traits()) {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        assert!(fault.id.bytes().all(legal) && fault.id.split('.').count() >= 2, "{}", fault.id);
        assert!(seen.insert(&fault.id), "{} appears twice", fault.id);
        assert!(!fault.description.is_empty() && !fault.description.contains('\n'), "{}", fault.id);
    }
}

#[test]
fn every_coded_edit_is_of_a_fault() {
    for (id, _) in coded::all() {
        let fault = Fault::find(id);
        assert!(fault.is_some_and(|fault| fault.coded), "{id} is coded, but no file has it with `coded = true`");
    }
}

#[test]
fn mistakes_are_reported_with_file_and_line() {
    let row = |edit: &str| {
        let text =
            format!("# A comment.\n\n[[fault]]\nid = \"a.b\"\nrequirement = \"a\"\ndescription = \"c\"\n{edit}\n");
        Fault::read("x.toml", &text).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(row("edit.login.any_method = true"), Ok(()));
    for (edit, line, expected) in vectors::<(String, u32, String)>("mistakes") {
        let reported = row(&edit).expect_err(&edit);
        assert!(reported.starts_with(&format!("x.toml:{line}: {expected}")), "{edit}: {reported}");
    }
}

#[test]
fn edits_add_up() {
    let mut behaviour = Behaviour::default();
    behaviour.dialect.charset = true;
    for id in ["login.password.digit-not-needed", "users.delete.no-content", "tokens.logout.no-content"] {
        Fault::find(id).expect(id).plant(&mut behaviour);
    }
    assert!(behaviour.dialect.charset && !behaviour.passwords.on_login.digit && behaviour.passwords.on_login.upper);
    assert_eq!(behaviour.answers.len(), 2);
}
