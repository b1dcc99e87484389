//! What the reference client answers, case by case, as approved under `snapshots/transcripts/`.
//!
//! A change shows here and in review. Look at the `.snap.new` files (`cargo insta review` reads them too), then run
//! `WABIZSPEC_ACCEPT=1 cargo test --test it snapshots::`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::harness::suite::{embedded, judged};
use crate::harness::{files_of, repository};
use wabizspec::judge::Verdict;
use wabizspec::plan::cases;
use wabizspec::reference::{Behaviour, Registration};
use wabizspec::run::Settings;
use wabizspec::snapshot::Store;

#[test]
fn the_reference_client_answers_as_approved() {
    let accept = std::env::var_os("WABIZSPEC_ACCEPT").is_some();
    let folder = repository("snapshots/transcripts");
    let (suite, mut seen) = (embedded(), BTreeSet::new());
    for registration in [Registration::Open, Registration::Sunset] {
        let store = Store::open(&folder, accept).expect("store");
        let settings = Settings { snapshots: Some(Arc::new(store)), ..Settings::disposable(8) };
        for report in judged(&suite, cases(&suite), registration, Behaviour::default(), &settings) {
            if report.verdict == Verdict::Skipped {
                continue;
            }
            assert_eq!(report.verdict, Verdict::Pass, "{}: {:#?}", report.id, report.findings);
            seen.insert(format!("{}.snap", report.id.replace("::", "__")));
        }
    }
    assert_eq!(seen, files(&folder, "snap"), "a file for each case that is tried, and none for others");
    assert_eq!(files(&folder, "new"), BTreeSet::new(), "no transcript is pending");
}

fn files(folder: &Path, extension: &str) -> BTreeSet<String> {
    let relative = |file: PathBuf| file.strip_prefix(folder).expect("inside").display().to_string();
    files_of(folder, extension).into_iter().map(relative).collect()
}
