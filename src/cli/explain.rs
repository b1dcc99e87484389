//! `wabizspec explain`: a requirement, a case or an error code in plain words, with an exchange that satisfies it.
//!
//! The exchange is a real one: the case is run against the reference client in this process.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use clap::Args;

use super::{Failure, SuiteArgs, print, runtime, suite};
use crate::documented::errors::ErrorCode;
use crate::judge::{Check, Verdict};
use crate::plan::{Capabilities, Case, cases, plan};
use crate::reference::{Fault, Server, Settings as ServerSettings};
use crate::requirement::Requirement;
use crate::run::{Event, Settings, collect};
use crate::scenario::{Scenario, Suite};
use crate::target::{Limits, Target};

/// How many scenarios are named.
const SCENARIOS_SHOWN: usize = 20;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec explain login.first.refused
  wabizspec explain login/default-password-alone
  wabizspec explain 1024")]
pub(super) struct ExplainArgs {
    /// A requirement id, a case or scenario id, or an error code
    id: String,
    #[command(flatten)]
    suite: SuiteArgs,
}

pub(super) fn explain(args: &ExplainArgs) -> Result<u8, Failure> {
    let suite = suite(args.suite.scenarios.as_deref())?;
    let cases = cases(&suite);
    if let Some(requirement) = suite.register.find(&args.id) {
        return print(&about_requirement(requirement, &cases, &suite)?);
    }
    let named: Vec<&Case> = cases
        .iter()
        .filter(|case| case.id == args.id || case.scenario.id == args.id)
        .collect();
    if !named.is_empty() {
        return print(&about_case(&named, &suite)?);
    }
    let number = args.id.parse::<i64>().ok();
    if let Some(code) = number.and_then(|number| ErrorCode::try_from(number).ok()) {
        return print(&about_code(code, &cases, &suite)?);
    }
    let ids = cases.iter().map(|case| case.id.as_str());
    let near = suite
        .register
        .nearest(&args.id)
        .or(crate::located::nearest(&args.id, ids));
    let advice = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`wabizspec list cases` and `wabizspec list requirements` show the ids".to_owned(),
    };
    Err(Failure::usage(format!(
        "`{}` is no requirement, case or error code\n  help: {advice}",
        args.id
    )))
}

// Writing to a String does not fail, so the results of `writeln!` are not looked at below.

fn about_requirement(requirement: &Requirement, cases: &[Case], suite: &Suite) -> Result<String, Failure> {
    let mut text = String::new();
    let Requirement { id, level, says, .. } = requirement;
    let _ = writeln!(text, "{id} ({level})\n\n  {says}\n\n  source: {}", requirement.source());
    if let Some(because) = &requirement.because {
        let _ = writeln!(text, "  lowered to should because {because}");
    }
    if let Some(excuse) = &requirement.excuse {
        let _ = writeln!(text, "  not checked: {excuse}");
    }
    let cites = |case: &&Case| case.scenario.requirements().contains(&id.as_str());
    let citing: Vec<&Case> = cases.iter().filter(cites).collect();
    list_cases(&mut text, "checked by", &citing);
    let mut wrong = Fault::all().filter(|fault| fault.requirement == *id).peekable();
    if wrong.peek().is_some() {
        let _ = writeln!(
            text,
            "\n  how it usually goes wrong (`wabizspec serve --fault ID` shows each):"
        );
    }
    for fault in wrong {
        let _ = writeln!(text, "    {}  {}", fault.id, fault.description);
    }
    if let Some(case) = plainest(&citing) {
        show_exchange(&mut text, case, suite)?;
    }
    Ok(text)
}

fn about_case(named: &[&Case], suite: &Suite) -> Result<String, Failure> {
    let mut text = String::new();
    let scenario: &Arc<Scenario> = &named[0].scenario;
    let _ = writeln!(text, "{}\n\n  {}\n  {}", scenario.id, scenario.title, scenario.file);
    let _ = writeln!(text, "  given: {}", scenario.given);
    if let Some(twin) = &scenario.twin {
        let _ = writeln!(text, "  accepted twin: {twin}");
    }
    for case in named.iter().filter(|case| case.id != scenario.id) {
        let _ = writeln!(text, "  row: {} (line {})", case.id, case.row().line);
    }
    for step in &scenario.steps {
        let _ = writeln!(text, "\n  step `{}` (line {})", step.name, step.line);
        for expectation in &step.expectations {
            let says = suite
                .register
                .find(&expectation.requirement)
                .map_or("", |requirement| &requirement.says);
            let _ = writeln!(text, "    {} ({}): {says}", expectation.requirement, expectation.level);
        }
    }
    show_exchange(&mut text, named[0], suite)?;
    Ok(text)
}

fn about_code(code: ErrorCode, cases: &[Case], suite: &Suite) -> Result<String, Failure> {
    let statuses: Vec<String> = code.statuses().iter().map(ToString::to_string).collect();
    let mut text = format!(
        "{} {}\n\n  comes with status {}\n",
        code.number(),
        code.title(),
        statuses.join(" or ")
    );
    let expects = |case: &&Case| {
        let checks = case.scenario.steps.iter().flat_map(|step| &step.expectations);
        let mut checks = checks.flat_map(|expectation| &expectation.checks);
        checks.any(|check| matches!(check, Check::Error(codes) if codes.contains(&code.number())))
    };
    let expecting: Vec<&Case> = cases.iter().filter(expects).collect();
    list_cases(&mut text, "expected by", &expecting);
    if let Some(case) = plainest(&expecting) {
        show_exchange(&mut text, case, suite)?;
    }
    Ok(text)
}

/// Names the scenarios that the cases come from, each with the number of its cases.
fn list_cases(text: &mut String, title: &str, cases: &[&Case]) {
    let mut scenarios: Vec<(&Scenario, usize)> = Vec::new();
    for case in cases {
        match scenarios
            .iter_mut()
            .find(|(scenario, _)| scenario.id == case.scenario.id)
        {
            Some((_, count)) => *count += 1,
            None => scenarios.push((&case.scenario, 1)),
        }
    }
    if !scenarios.is_empty() {
        let _ = writeln!(text, "\n  {title}:");
    }
    for (scenario, count) in scenarios.iter().take(SCENARIOS_SHOWN) {
        let count = if *count > 1 {
            format!(" ({count} cases)")
        } else {
            String::new()
        };
        let _ = writeln!(text, "    {}{count}  {}", scenario.id, scenario.title);
    }
    if let Some(more) = scenarios.len().checked_sub(SCENARIOS_SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "    and {more} more");
    }
}

/// The case that shows a thing with the fewest requests.
fn plainest<'c>(cases: &[&'c Case]) -> Option<&'c Case> {
    cases.iter().min_by_key(|case| case.scenario.steps.len()).copied()
}

/// Runs the case against the reference client and shows what went over the wire.
fn show_exchange(text: &mut String, case: &Case, suite: &Suite) -> Result<(), Failure> {
    let registration = case.scenario.registration.unwrap_or_default();
    let settings = ServerSettings {
        registration,
        ..ServerSettings::default()
    };
    let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings).map_err(Failure::inconclusive)?;
    let target = Target::embedded(server, Limits::default()).map_err(Failure::defect)?;
    let settings = Settings {
        keep_exchanges: true,
        ..Settings::disposable(1)
    };
    let plan = plan(vec![case.clone()], &Capabilities::embedded(registration));
    let events = runtime()?.block_on(collect(&suite.register, plan, target, Some(registration), &settings));
    let passed = events.into_iter().find_map(|event| match event {
        Event::Case(report) if report.verdict == Verdict::Pass => Some(report.exchanges),
        _ => None,
    });
    let shown = passed.unwrap_or_default();
    if !shown.is_empty() {
        let _ = writeln!(text, "\n  {} as the reference client answers it:", case.id);
    }
    for exchange in shown {
        text.push('\n');
        for line in exchange.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    Ok(())
}
