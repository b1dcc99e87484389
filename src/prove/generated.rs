//! Generated faults: each lets through what one step of one case sees refused, and nothing else.
//!
//! They show that every refusal that the suite asks for is checked. Each is tried with its own case alone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::bench::Bench;
use super::{Progress, Row};
use crate::judge::Check;
use crate::plan::Case;
use crate::reference::{Fault, Registration, Settings as ServerSettings};
use crate::run::Witness;
use crate::scenario::Step;
use crate::transport::Limits;

/// The rows of the faults of each case, in the order of the cases.
pub(super) fn try_all(bench: &Bench<'_>, progress: &dyn Progress) -> std::io::Result<Vec<Vec<Row>>> {
    let done = |rows: &Vec<Row>| {
        rows.iter().for_each(|row| progress.tried(row));
        progress.case_done();
    };
    bench.each(&bench.cases, |case| try_case(bench, case), done)
}

fn try_case(bench: &Bench<'_>, case: &Case) -> std::io::Result<Vec<Row>> {
    if !case.scenario.steps.iter().any(|step| refused_for(step).is_some()) {
        return Ok(Vec::new());
    }
    let registration = case.scenario.registration.unwrap_or(Registration::Open);
    // What counts requests must not meet others.
    let alone = Bench { suite: bench.suite, cases: vec![case.clone()], looks: false, stop: bench.stop };
    // One for each request that the faultless client refuses, as the case expects.
    let faults: Arc<Mutex<Vec<Fault>>> = Arc::default();
    let client = ServerSettings { registration, ..ServerSettings::default() };
    let usual = alone.run(client, Limits::default(), |requests: Arc<AtomicU64>| {
        let (case, faults, last) = (case.id.clone(), Arc::clone(&faults), AtomicU64::new(0));
        Some(Witness::new(move |witnessed| {
            let number = requests.load(Ordering::Relaxed);
            // What is not HTTP, or is too large, is refused before it reaches the client.
            let asked = last.swap(number, Ordering::Relaxed) < number;
            let status = witnessed.exchange.response().map_or(0, |response| response.status);
            let refused = asked && status >= 400;
            if let Some(requirement) = refused_for(witnessed.step).filter(|_| refused) {
                let mut faults = faults.lock().unwrap_or_else(PoisonError::into_inner);
                let id = format!("generated:{case}:{}", faults.len() + 1);
                let what = format!("what the case is refused at its step `{}` is let through", witnessed.step.name);
                faults.push(Fault::letting_through(number, id, requirement.to_owned(), registration, what));
            }
        }))
    })?;
    let faults = std::mem::take(&mut *faults.lock().unwrap_or_else(PoisonError::into_inner));
    faults.iter().map(|fault| alone.try_one(fault, &usual)).collect()
}

/// The requirement that asks for the step to be refused.
fn refused_for(step: &Step) -> Option<&str> {
    let refuses = |check: &Check| matches!(check, Check::Status(set) if set.refuses());
    let refusing = step.expectations.iter().find(|expectation| expectation.checks.iter().any(refuses));
    refusing.map(|expectation| expectation.requirement.as_str())
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::plan::cases;
    use crate::prove::FaultVerdict;
    use crate::scenario::Suite;

    #[test]
    fn each_refusal_of_a_case_is_let_through_once() {
        let suite = Suite::embedded().unwrap();
        let (_keep, stop) = watch::channel(false);
        let bench = Bench { suite: &suite, cases: cases(&suite), looks: true, stop: &stop };
        for (file, refusals) in [("login/default-password-alone", 2), ("users/read", 0)] {
            let case = bench.cases.iter().find(|case| case.scenario.id == file).unwrap();
            let rows = try_case(&bench, case).unwrap();
            let found = rows.into_iter().map(|row| (row.fault.id, row.fault.requirement, row.verdict));
            let id = |number| format!("generated:{file}:{number}");
            let expected = (1..=refusals).map(|n| (id(n), "login.first.refused".to_owned(), FaultVerdict::Killed));
            assert!(found.eq(expected), "{file}");
        }
    }
}
