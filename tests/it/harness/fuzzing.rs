//! A reference client to be fuzzed, with or without faults, and short ways to fuzz it.
//!
//! The number of requests is bounded; time is not measured.

use std::sync::Arc;

use super::suite;
use tokio::sync::watch;
use wabizspec::custody::Custody;
use wabizspec::custody::Target;
use wabizspec::custody::accounts::Accounts;
use wabizspec::custody::givens::Givens;
use wabizspec::fuzz::Surface;
use wabizspec::fuzz::drive::{News, Settings, drive};
use wabizspec::fuzz::finding;
use wabizspec::fuzz::session::FuzzSession;
use wabizspec::fuzz::summary::Summary;
use wabizspec::fuzz::timetable::Timetable;
use wabizspec::reference::{Behaviour, Registration};
use wabizspec::requirement::Register;

pub fn register() -> Register {
    suite::embedded().register
}

pub fn target(behaviour: Behaviour) -> Arc<Target> {
    Arc::new(suite::target(Registration::Open, behaviour))
}

pub async fn ground(target: &Arc<Target>, register: &Register) -> (Givens, FuzzSession) {
    let given = |fresh| {
        let password = Some("Fuzz-Admin-1x".to_owned());
        let accounts = Accounts::new(Arc::clone(target), "admin".to_owned(), password, Custody::Disposable);
        Givens::new(Arc::clone(target), Arc::new(accounts), fresh)
    };
    let mut givens = given(true);
    let mut admin = givens.admin().await;
    if admin.is_err() {
        // A faulty client may refuse the first login and take the password all the same.
        givens = given(false);
        admin = givens.admin().await;
    }
    let admin = admin.expect("a login");
    let mut ground = FuzzSession::new(Arc::clone(target), admin, givens.accounts(), register);
    ground.registers = true;
    ground.disposable = true;
    (givens, ground)
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    suite::runtime().block_on(future)
}

pub fn settings(surfaces: &[Surface], requests: u64) -> Settings {
    Settings {
        surfaces: surfaces.to_vec(),
        seed: 1,
        jobs: 4,
        timetable: Timetable::begins(None),
        requests: Some(requests),
        out: None,
        url: "http://127.0.0.1".to_owned(),
    }
}

pub fn fuzz(behaviour: Behaviour, settings: &Settings) -> (Summary, Vec<String>) {
    fuzz_until(behaviour, settings, None)
}

/// The same, and no longer than until such a finding is there.
pub fn fuzz_until(
    behaviour: Behaviour,
    settings: &Settings,
    until: Option<&(dyn Fn(&str) -> bool + Sync)>,
) -> (Summary, Vec<String>) {
    block_on(fuzzed(behaviour, settings, until))
}

/// The same, for a runtime of the caller's.
pub async fn fuzzed(
    behaviour: Behaviour,
    settings: &Settings,
    until: Option<&(dyn Fn(&str) -> bool + Sync)>,
) -> (Summary, Vec<String>) {
    let (register, target) = (register(), target(behaviour));
    let (mut givens, ground) = ground(&target, &register).await;
    let (stop, stopped) = watch::channel(false);
    let enough = |found: &Summary| until.is_some_and(|until| self::found(found).iter().any(|found| until(found)));
    let mut look = |news: News<'_>| match news {
        News::Progress { summary, .. } if enough(summary) => stop.send(true).expect("the run listens"),
        _ => {}
    };
    let summary = drive(Arc::new(ground), settings, stopped, &mut look).await;
    let left = givens.clean_up().await;
    (summary, left)
}

/// What was found, as `oracle requirement`.
pub fn found(summary: &Summary) -> Vec<String> {
    let line = |found: &finding::Found| format!("{} {}", found.signature.check, found.signature.requirement);
    summary.findings().map(line).collect()
}
