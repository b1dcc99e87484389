//! A reference client to fuzz, with or without faults, and short ways to fuzz it.
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
use wabizspec::fuzz::session::{FuzzAdmin, FuzzSession};
use wabizspec::fuzz::summary::Summary;
use wabizspec::fuzz::timetable::Timetable;
use wabizspec::reference::{Answer, Behaviour, Handled, Registration};
use wabizspec::requirement::Register;

/// A reference client that differs from the documents like this.
pub fn faulty(edit: impl FnOnce(&mut Behaviour)) -> Behaviour {
    let mut behaviour = Behaviour::default();
    edit(&mut behaviour);
    behaviour
}

/// One whose answers are changed like this.
pub fn rewritten(rewrite: fn(&Handled<'_>, &mut Answer)) -> Behaviour {
    faulty(|behaviour| behaviour.rewrites.push(rewrite))
}

pub fn all_but_http() -> Vec<Surface> {
    Surface::ALL.into_iter().filter(|surface| *surface != Surface::Http).collect()
}

/// Does something with a session on a reference client that behaves like this, and with what it has to clean up.
pub fn in_session<T>(behaviour: Behaviour, work: impl AsyncFnOnce(&mut Givens, FuzzSession) -> T) -> T {
    block_on(in_session_of(behaviour, work))
}

async fn in_session_of<T>(behaviour: Behaviour, work: impl AsyncFnOnce(&mut Givens, FuzzSession) -> T) -> T {
    let (register, target) = (suite::embedded().register, target(behaviour));
    let (mut givens, session) = ground(&target, &register).await;
    work(&mut givens, session).await
}

fn target(behaviour: Behaviour) -> Arc<Target> {
    Arc::new(suite::target(Registration::Open, behaviour))
}

async fn ground(target: &Arc<Target>, register: &Register) -> (Givens, FuzzSession) {
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
    let admin = FuzzAdmin::of(admin.expect("a login")).expect("its password");
    let mut session = FuzzSession::new(Arc::clone(target), admin, givens.accounts(), register);
    session.registers = true;
    session.disposable = true;
    (givens, session)
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
        tls: String::new(),
    }
}

/// What a run finds and what it leaves behind. With `until` it stops at the first such finding.
pub fn fuzz(behaviour: Behaviour, settings: &Settings, until: Until<'_>) -> (Summary, Vec<String>) {
    block_on(fuzzed(behaviour, settings, until))
}

type Until<'u> = Option<&'u (dyn Fn(&str) -> bool + Sync)>;

/// The same, for a runtime of the caller's.
pub async fn fuzzed(behaviour: Behaviour, settings: &Settings, until: Until<'_>) -> (Summary, Vec<String>) {
    in_session_of(behaviour, async |givens, session| {
        let (stop, stopped) = watch::channel(false);
        let enough = |found: &Summary| until.is_some_and(|until| self::found(found).iter().any(|found| until(found)));
        let mut look = |news: News<'_>| match news {
            News::Progress(summary) if enough(summary) => stop.send(true).expect("the run listens"),
            _ => {}
        };
        let summary = drive(Arc::new(session), settings, stopped, &mut look).await;
        (summary, givens.clean_up().await)
    })
    .await
}

pub fn found(summary: &Summary) -> Vec<String> {
    let line = |found: &finding::Found| format!("{} {}", found.signature.check, found.signature.requirement);
    summary.findings().map(line).collect()
}
