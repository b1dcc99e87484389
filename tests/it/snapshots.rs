//! What the reference client answers, case by case, as approved under `snapshots/transcripts/`.
//!
//! A change shows here and in review. Look at the `.snap.new` files (`cargo insta review` reads them too), then run
//! `WABIZSPEC_ACCEPT=1 cargo test --test it snapshots::`.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wabizspec::custody::Target;
use wabizspec::judge::Verdict;
use wabizspec::plan::{Capabilities, cases, plan};
use wabizspec::reference::{Registration, Server, Settings as ServerSettings};
use wabizspec::run::{CaseReport, Event, Settings, collect};
use wabizspec::scenario::Suite;
use wabizspec::snapshot::Store;
use wabizspec::transport::Limits;

/// Runs the whole suite against the reference client and returns what became of the cases.
fn judged(registration: Registration, store: Store) -> Vec<CaseReport> {
    let suite = Suite::embedded().expect("suite");
    let settings = ServerSettings { registration, ..ServerSettings::default() };
    let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings).expect("server");
    let target = Target::embedded(server, Limits::default()).expect("target");
    let settings = Settings { snapshots: Some(Arc::new(store)), ..Settings::disposable(8) };
    let plan = plan(cases(&suite), &Capabilities::embedded(registration));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let events = runtime.block_on(collect(&suite.register, plan, target, Some(registration), &settings));
    let report = |event| match event {
        Event::Case(report) => Some(*report),
        _ => None,
    };
    events.into_iter().filter_map(report).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/transcripts")
}

#[test]
fn the_reference_client_answers_as_approved() {
    let accept = std::env::var_os("WABIZSPEC_ACCEPT").is_some();
    let mut seen = BTreeSet::new();
    for registration in [Registration::Open, Registration::Sunset] {
        let store = Store::open(&folder(), accept).expect("store");
        for report in judged(registration, store) {
            if report.verdict == Verdict::Skipped {
                continue;
            }
            assert_eq!(report.verdict, Verdict::Pass, "{}: {:#?}", report.id, report.findings);
            seen.insert(format!("{}.snap", report.id.replace("::", "__")));
        }
    }
    assert_eq!(seen, files(&folder(), "snap"), "a file for each case that is tried, and none for others");
    assert_eq!(files(&folder(), "new"), BTreeSet::new(), "no transcript is pending");
}

/// The files with that extension, as `area/name.extension`.
fn files(folder: &Path, extension: &str) -> BTreeSet<String> {
    let areas = std::fs::read_dir(folder).expect("folder").map(|area| area.expect("area").path());
    let files = areas.filter(|area| area.is_dir()).flat_map(|area| {
        let files = std::fs::read_dir(&area).expect("area").map(|file| file.expect("file").path());
        files.collect::<Vec<_>>()
    });
    let wanted = files.filter(|file| file.extension().is_some_and(|found| found == extension));
    let relative = |file: PathBuf| file.strip_prefix(folder).expect("inside").display().to_string();
    wanted.map(relative).collect()
}
