//! The whole suite against a reference client, for tests that ask what comes of it.

use std::net::Ipv4Addr;

use wabizspec::custody::Target;
use wabizspec::plan::{Capabilities, Case, plan};
use wabizspec::reference::{Behaviour, Registration, Server, Settings as ServerSettings};
use wabizspec::run::{CaseReport, Event, Settings, Summary, collect};
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
    let plan = plan(cases, &Capabilities::embedded(registration));
    let run = collect(&suite.register, plan, target(registration, behaviour), Some(registration), settings);
    let (mut reports, mut summary) = (Vec::new(), Summary::default());
    for event in runtime().block_on(run) {
        summary.take(&event);
        if let Event::Case(report) = event {
            reports.push(*report);
        }
    }
    assert!(summary.is_complete() && summary.judged() > 0, "a whole run");
    reports
}

pub fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("runtime")
}
