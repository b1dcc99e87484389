//! The suite as `cargo test` cases of an implementer's own crate, by libtest-mimic: `cargo nextest run` lists, filters and
//! runs them.
//!
//! The planner does not rule here: nextest runs a process per trial and `cargo test` runs threads. So each trial gets an
//! instance of its own from a factory, or all trials share one address and run one at a time. A case that cannot be
//! judged is a failed trial, never a passed one; what is known beforehand not to apply is shown as ignored.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::judge::Verdict;
use crate::plan::{Capabilities, Case, WRONG_LOGINS, cases, plan};
use crate::report::tell_case;
use crate::run::{CaseReport, Event, RequirementInfo, Settings, collect};
use crate::scenario::{Change, Registration, Suite};
use crate::target::origin::Origin;
use crate::target::wire::Wire;
use crate::target::{Client, Controls, Hooks, Instance, Limits, Target, tls::Trust};

/// Makes an instance, just installed.
type Factory = Arc<dyn Fn() -> Result<Box<dyn Instance>, String> + Send + Sync>;

/// Where the trials find what they judge.
#[derive(Clone)]
enum Source {
    Factory(Factory),
    Url {
        url: String,
        password: Option<String>,
        allow: BTreeSet<Change>,
    },
}

/// The suite, ready to be run as trials.
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
pub struct Trials {
    source: Source,
    registration: Registration,
    moves_clock: bool,
    tells_code: bool,
}

impl Trials {
    /// Each trial judges an instance of its own, which the factory makes just installed.
    pub fn of<I, E>(factory: impl Fn() -> Result<I, E> + Send + Sync + 'static) -> Trials
    where
        I: Instance + 'static,
        E: std::fmt::Display,
    {
        let boxed = move || match factory() {
            Ok(instance) => Ok(Box::new(instance) as Box<dyn Instance>),
            Err(error) => Err(error.to_string()),
        };
        Trials {
            source: Source::Factory(Arc::new(boxed)),
            registration: Registration::Open,
            moves_clock: false,
            tells_code: false,
        }
    }

    /// All trials judge what is at that address, one at a time. Without more, only those run that change nothing and
    /// need no login; `password` is the admin's, `allow` what may be changed.
    ///
    /// nextest runs trials at the same time, each in a process of its own: put them into a test group with
    /// `max-threads = 1` there.
    pub fn at(url: impl Into<String>, password: Option<String>, allow: impl IntoIterator<Item = Change>) -> Trials {
        Trials {
            source: Source::Url {
                url: url.into(),
                password,
                allow: allow.into_iter().collect(),
            },
            registration: Registration::Open,
            moves_clock: false,
            tells_code: false,
        }
    }

    /// The implementation's registration state; open unless said otherwise.
    pub fn registration(mut self, registration: Registration) -> Trials {
        self.registration = registration;
        self
    }

    /// Its instances have a clock that can be moved ([`Instance::advance`]).
    pub fn moves_clock(mut self) -> Trials {
        self.moves_clock = true;
        self
    }

    /// Its instances tell the registration code that they sent ([`Instance::code`]).
    pub fn tells_code(mut self) -> Trials {
        self.tells_code = true;
        self
    }

    /// Runs the trials that the command line asks for, as a test binary does.
    pub fn main(self) -> ExitCode {
        let mut arguments = Arguments::from_args();
        if matches!(self.source, Source::Url { .. }) {
            arguments.test_threads = Some(1);
        }
        let suite = match Suite::embedded() {
            Ok(suite) => suite,
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        };
        libtest_mimic::run(&arguments, self.trials(suite)).exit_code()
    }

    /// The trials of a suite, one a case, for a test binary that has others as well.
    pub fn trials(&self, suite: Suite) -> Vec<Trial> {
        let suite = Arc::new(suite);
        cases(&suite).into_iter().map(|case| self.trial(&suite, case)).collect()
    }

    fn capabilities(&self) -> Capabilities {
        let (disposable, allow, credentials) = match &self.source {
            Source::Factory(_) => (true, Change::ALL.into(), false),
            Source::Url { allow, password, .. } => (false, allow.clone(), password.is_some()),
        };
        Capabilities {
            disposable,
            reset: false,
            fresh: disposable,
            allow,
            credentials,
            advance: self.moves_clock,
            code: self.tells_code,
            registration: Some(self.registration),
            raw: true,
            wrong_logins: (!disposable).then_some(WRONG_LOGINS),
        }
    }

    fn trial(&self, suite: &Arc<Suite>, case: Case) -> Trial {
        let capabilities = self.capabilities();
        let applies = plan(vec![case.clone()], &capabilities).skipped.is_empty();
        let (suite, source) = (Arc::clone(suite), self.source.clone());
        let name = case.id.clone();
        Trial::test(name, move || try_one(&suite, &source, &capabilities, case)).with_ignored_flag(!applies)
    }
}

/// Runs one case as a plan of its own.
fn try_one(suite: &Suite, source: &Source, capabilities: &Capabilities, case: Case) -> Result<(), Failed> {
    let (target, password) = target(source)?;
    let settings = Settings {
        admin_password: password,
        fresh: capabilities.fresh,
        ..Settings::disposable(1)
    };
    let plan = plan(vec![case], capabilities);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let events = runtime.block_on(collect(
        &suite.register,
        plan,
        target,
        capabilities.registration,
        &settings,
    ));
    let mut reports: Vec<CaseReport> = Vec::new();
    let mut infos: Vec<RequirementInfo> = Vec::new();
    for event in events {
        match event {
            Event::Started(started) => infos = started.requirements,
            Event::Case(report) => reports.push(*report),
            _ => {}
        }
    }
    match reports.as_slice() {
        [report] if report.verdict == Verdict::Pass => Ok(()),
        [report] => {
            let mut text = Vec::new();
            tell_case(&mut text, report, &infos, true)?;
            let plain = anstream::adapter::strip_bytes(&text).into_vec();
            Err(String::from_utf8_lossy(&plain).into_owned().into())
        }
        reports => Err(format!("a defect of wabizspec: {} verdicts on one case", reports.len()).into()),
    }
}

fn target(source: &Source) -> Result<(Target, Option<String>), Failed> {
    let (url, controls, password) = match source {
        Source::Factory(factory) => {
            let instance = factory().map_err(|why| format!("the factory made no instance: {why}"))?;
            (instance.url(), Controls::Instance(instance), None)
        }
        Source::Url { url, password, .. } => {
            let hooks = Hooks {
                reset: None,
                advance: None,
                code: None,
                trust: Trust::WebRoots,
            };
            (url.clone(), Controls::Hooks(Box::new(hooks)), password.clone())
        }
    };
    let origin: Origin = url.parse().map_err(|error| format!("{url}: {error}"))?;
    let tls = match origin.tls() {
        true => Some(crate::target::tls::configuration(&Trust::WebRoots)?),
        false => None,
    };
    let client = Client::Wire(Wire::new(origin.clone(), tls, Limits::default()));
    Ok((Target::new(client, origin, Vec::new(), controls), password))
}
