//! The whole suite against a reference client, for tests that ask what comes of it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use wabizspec::custody::Target;
use wabizspec::plan::{Capabilities, Case, plan};
use wabizspec::reference::{Behaviour, Registration, Server, Settings as ServerSettings};
use wabizspec::run::{CaseReport, Event, Settings, Summary, run};
use wabizspec::scenario::Suite;
use wabizspec::transport::Limits;

pub fn embedded() -> Suite {
    Suite::embedded().unwrap_or_else(|error| panic!("\n{error}"))
}

/// A reference client that behaves like this, on a port of its own.
pub fn target(registration: Registration, behaviour: Behaviour) -> Target {
    let settings = ServerSettings { registration, behaviour, ..ServerSettings::default() };
    let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings).expect("server");
    Target::embedded(server, Limits::default()).expect("target")
}

/// What becomes of cases of a suite, run to the end against a reference client that behaves like this.
pub fn judged(
    suite: &Suite,
    cases: Vec<Case>,
    registration: Registration,
    behaviour: Behaviour,
    settings: &Settings,
) -> Vec<CaseReport> {
    let target = target(registration, behaviour);
    let plan = plan(cases, &Capabilities::embedded(registration));
    let (_never, stop) = tokio::sync::watch::channel(false);
    let (mut reports, mut summary) = (Vec::new(), Summary::default());
    let mut listen = |event: Event| {
        summary.take(&event);
        if let Event::Case(report) = event {
            reports.push(*report);
        }
    };
    runtime().block_on(run(&suite.register, plan, Arc::new(target), Some(registration), settings, stop, &mut listen));
    assert!(summary.is_complete() && summary.judged() > 0, "a whole run");
    reports
}

pub fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("runtime")
}
