//! The suite as `cargo test` cases of an implementer's crate, by libtest-mimic; `cargo nextest run` works too.
//!
//! There is no plan over all cases: nextest runs a process for each trial and `cargo test` runs threads. So each trial
//! gets its own instance from a factory, or all trials share one address and run one at a time. A case that cannot be
//! judged is a failed trial, never a passed one; one that does not apply is shown as ignored.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::custody::Custody;
use crate::custody::journal::Journal;
use crate::custody::lock::RunLock;
use crate::custody::state_folder::{self, Environment};
use crate::custody::{Controls, Instance, InstanceError, Target};
use crate::judge::Verdict;
use crate::plan::{Capabilities, Case, WRONG_LOGINS, cases, plan};
use crate::report::case_text;
use crate::run::{Event, Settings, collect};
use crate::scenario::{Change, Registration, Suite};
use crate::transport::origin::Origin;
use crate::transport::wire::Wire;
use crate::transport::{Client, Limits, Transport, tls::Trust};

#[derive(Clone)]
enum Source {
    /// Makes a just installed instance.
    Factory(Arc<dyn Fn() -> Result<Arc<dyn Instance>, InstanceError> + Send + Sync>),
    Shared(Arc<Address>),
}

/// A target that all trials share, and that outlives them.
struct Address {
    url: String,
    password: Option<String>,
    /// Held by the running trial.
    turn: Mutex<()>,
}

/// The suite as trials.
///
/// ```no_run
/// // tests/conformance.rs, with `harness = false` for it in Cargo.toml
/// use std::net::Ipv4Addr;
/// use wabizspec::reference::{Server, Settings}; // your own server in their place
///
/// fn main() -> std::process::ExitCode {
///     wabizspec::trials::Trials::of(|| Server::start((Ipv4Addr::LOCALHOST, 0).into(), Settings::default())).main()
/// }
/// ```
#[derive(Clone)]
pub struct Trials {
    source: Source,
    capabilities: Capabilities,
}

impl Trials {
    /// Each trial judges its own instance, which the factory makes just installed.
    pub fn of<I, E>(factory: impl Fn() -> Result<I, E> + Send + Sync + 'static) -> Trials
    where
        I: Instance + 'static,
        E: std::fmt::Display,
    {
        let shared = |instance| Arc::new(instance) as Arc<dyn Instance>;
        let make = move || factory().map(shared).map_err(|error| error.to_string().into());
        let embedded = Capabilities::embedded(Registration::Open);
        Trials {
            source: Source::Factory(Arc::new(make)),
            capabilities: Capabilities { reset: false, advance: false, code: false, ..embedded },
        }
    }

    /// All trials judge the target at that address, one at a time. By default only those run that change nothing and need
    /// no login; `password` is the admin's, `allow` what may change.
    ///
    /// Each trial works as `wabizspec run` does: it takes the lock of the target, keeps the passwords it sends in a journal
    /// in the user's state folder, removes the accounts it made and sets the admin's password back. If it is interrupted,
    /// `wabizspec recover` finds the password that works.
    ///
    /// nextest runs trials at the same time, each in its own process, and a trial that does not get the lock fails: put
    /// them into a test group with `max-threads = 1` there.
    pub fn at(url: impl Into<String>, password: Option<String>, allow: impl IntoIterator<Item = Change>) -> Trials {
        let capabilities = Capabilities {
            allow: allow.into_iter().collect(),
            credentials: password.is_some(),
            registration: Some(Registration::Open),
            raw: true,
            wrong_logins: Some(WRONG_LOGINS),
            ..Capabilities::default()
        };
        let address = Address { url: url.into(), password, turn: Mutex::new(()) };
        Trials { source: Source::Shared(Arc::new(address)), capabilities }
    }

    /// The implementation's registration state; open by default.
    pub fn registration(mut self, registration: Registration) -> Trials {
        self.capabilities.registration = Some(registration);
        self
    }

    /// Its instances have a clock that can be moved ([`Instance::advance`]).
    pub fn moves_clock(mut self) -> Trials {
        self.capabilities.advance = true;
        self
    }

    /// Its instances tell the registration code that they sent ([`Instance::code`]).
    pub fn tells_code(mut self) -> Trials {
        self.capabilities.code = true;
        self
    }

    /// Runs the trials that the command line asks for, as a test binary does.
    pub fn main(self) -> ExitCode {
        match Suite::embedded() {
            Ok(suite) => libtest_mimic::run(&Arguments::from_args(), self.trials(suite)).exit_code(),
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }

    /// The trials of a suite, one for each case, for a test binary that has others as well.
    pub fn trials(&self, suite: Suite) -> Vec<Trial> {
        let all = cases(&suite);
        let suite = Arc::new(suite);
        let skipped = plan(all.clone(), &self.capabilities).skipped;
        let skipped: BTreeSet<String> = skipped.into_iter().map(|(case, _)| case.id).collect();
        let trial = |case: Case| {
            let (suite, trials) = (Arc::clone(&suite), self.clone());
            let (name, ignored) = (case.id.clone(), skipped.contains(&case.id));
            Trial::test(name, move || trials.judge(&suite, case)).with_ignored_flag(ignored)
        };
        all.into_iter().map(trial).collect()
    }

    fn judge(&self, suite: &Suite, case: Case) -> Result<(), Failed> {
        match &self.source {
            Source::Factory(factory) => {
                // Kept until the trial's runtime is gone: an instance that owns a runtime cannot be dropped in one.
                let instance = factory().map_err(|why| format!("the factory made no instance: {why}"))?;
                let origin = origin(&instance.url())?;
                let target = target(origin, Controls::Instance(Arc::clone(&instance)))?;
                self.judge_at(target, suite, case, &Settings::disposable(1))
            }
            Source::Shared(address) => {
                let _turn = address.turn.lock().unwrap_or_else(PoisonError::into_inner);
                let environment: Environment<'_> = &|name| std::env::var_os(name);
                let origin = origin(&address.url)?;
                let _lock = RunLock::take(&state_folder::locks(&origin, environment))?;
                let mut settings = Settings {
                    admin_password: address.password.clone(),
                    fresh: false,
                    wrong_logins: self.capabilities.wrong_logins,
                    ..Settings::disposable(1)
                };
                let journal = state_folder::journal(&origin, environment);
                let journal = Journal::open(&journal, Vec::new(), &origin.to_string(), &settings.admin_name)?;
                settings.custody = Custody::Shared { journal: Arc::new(journal) };
                let target = target(origin, Controls::Hooks(Box::default()))?;
                self.judge_at(target, suite, case, &settings)
            }
        }
    }

    /// Runs one case as its own plan, on its own runtime.
    fn judge_at(&self, target: Target, suite: &Suite, case: Case, settings: &Settings) -> Result<(), Failed> {
        let id = case.id.clone();
        let plan = plan(vec![case], &self.capabilities);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let registration = self.capabilities.registration;
        let events = runtime.block_on(collect(&suite.register, plan, target, registration, settings));
        let (mut infos, mut judged) = (Vec::new(), None);
        for event in events {
            match event {
                Event::Started(started) => infos = started.requirements,
                Event::Case(report) => judged = Some(report),
                // The owner needs to know what is left on the target, whatever the verdict.
                Event::Note(note) if !settings.custody.is_disposable() => eprintln!("{id}: {note}"),
                _ => {}
            }
        }
        match judged {
            Some(report) if report.verdict == Verdict::Pass => Ok(()),
            Some(report) => Err(case_text(&report, &infos, &report.exchanges).into()),
            None => Err("a defect of wabizspec: no verdict on the case".into()),
        }
    }
}

fn origin(url: &str) -> Result<Origin, Failed> {
    Ok(url.parse().map_err(|error| format!("{url}: {error}"))?)
}

fn target(origin: Origin, controls: Controls) -> Result<Target, Failed> {
    let tls = if origin.tls() { Some(crate::transport::tls::configuration(&Trust::WebRoots, None)?) } else { None };
    let client = Client::Wire(Wire::new(origin.clone(), tls, Limits::default()));
    Ok(Target::new(Transport::new(client, origin, Vec::new()), controls))
}
