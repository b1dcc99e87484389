//! `wabizspec explain`: an area, a requirement, a case, an error code or a row of the fuzzer's catalogue in plain words; all
//! but the last with an exchange that satisfies them.
//!
//! The exchange is a real one: the case is run against the reference client in this process.

use std::fmt::Write;
use std::net::Ipv4Addr;

use clap::Args;

use super::{FILES_WITH_A_SERVER, Failure, SuiteArgs, enough_files, print, runtime};
use crate::custody::Target;
use crate::documented::errors::ErrorCode;
use crate::fuzz::catalogue::Catalogue;
use crate::judge::{Check, Verdict};
use crate::located::nearest;
use crate::plan::{Capabilities, Case, cases, plan};
use crate::reference::{Fault, Server, Settings as ServerSettings};
use crate::requirement::Requirement;
use crate::run::{Event, Settings, collect};
use crate::scenario::{Scenario, Suite};
use crate::transport::Limits;

/// The requirement that the codes documented with a 5xx status are exempt from.
const NO_CRASH: &str = "envelope.no-crash";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec explain login.first.refused
  wabizspec explain login                            an area: its rules
  wabizspec explain login/default-password-alone
  wabizspec explain 1024
  wabizspec explain A12                              a row of the fuzzer's catalogue")]
pub(super) struct ExplainArgs {
    /// An area, a requirement id, a case or scenario id, an error code, or a row of the fuzzer's catalogue
    id: String,
    #[command(flatten)]
    suite: SuiteArgs,
}

pub(super) fn explain(args: &ExplainArgs) -> Result<u8, Failure> {
    print(&explained(&args.id, &args.suite.suite()?)?)
}

fn explained(id: &str, suite: &Suite) -> Result<String, Failure> {
    let (all, mut text) = (cases(suite), String::new());
    let named: Vec<&Case> = all.iter().filter(|case| case.id == id || case.scenario.id == id).collect();
    let code = id.parse().ok().and_then(|number: i64| ErrorCode::try_from(number).ok());
    let of_area: Vec<&Case> = all.iter().filter(|case| case.scenario.area() == id).collect();
    let shown = match (suite.register.find(id), named.first(), code) {
        (Some(requirement), ..) => about_requirement(&mut text, requirement, &all),
        (_, Some(first), _) => about_case(&mut text, first, &named, suite),
        (.., Some(code)) => about_code(&mut text, code, &all, suite),
        (None, None, None) if !of_area.is_empty() => about_area(&mut text, id, &of_area, suite),
        (None, None, None) => {
            let row = Catalogue::embedded().map_err(Failure::defect)?.explained(id);
            return row.ok_or_else(|| not_found(id, &all, suite));
        }
    };
    if let Some(case) = shown {
        show_exchange(&mut text, case, suite)?;
    }
    Ok(text)
}

fn not_found(id: &str, cases: &[Case], suite: &Suite) -> Failure {
    let near = suite.register.nearest(id).or(nearest(id, cases.iter().map(|case| case.id.as_str())));
    let ids = "`wabizspec list` shows the ids of cases, requirements and rows";
    let advice = near.map_or(ids.to_owned(), |near| format!("did you mean `{near}`?"));
    Failure::usage(format!("`{id}` is not an area, a requirement, a case, an error code or a row\n  help: {advice}"))
}

// Each of these returns the case whose exchange is shown. Writing to a String does not fail, so the results of `writeln!` are
// ignored.

fn about_requirement<'c>(text: &mut String, requirement: &Requirement, cases: &'c [Case]) -> Option<&'c Case> {
    let Requirement { id, level, statement, .. } = requirement;
    let _ = writeln!(text, "{id} ({level})\n\n  {statement}\n\n  source: {}", requirement.source());
    let _ = writeln!(text, "  why {level}: {}", requirement.reason());
    if let Some(open) = &requirement.open {
        let _ = writeln!(text, "  left open: {open}");
    }
    if let Some(untested) = &requirement.untested {
        let _ = writeln!(text, "  not checked: {untested}");
    }
    let cites = |case: &&Case| case.scenario.requirements().contains(&id.as_str());
    let citing: Vec<&Case> = cases.iter().filter(cites).collect();
    list_cases(text, "checked by", &citing);
    for (index, fault) in Fault::all().filter(|fault| fault.requirement == *id).enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n  how it usually goes wrong (`wabizspec serve --fault ID` shows each):");
        }
        let _ = writeln!(text, "    {}  {}", fault.id, fault.description);
    }
    plainest(&citing)
}

/// The rules of an area, the musts first. Its control shows what a good answer looks like.
fn about_area<'c>(text: &mut String, area: &str, cases: &[&'c Case], suite: &Suite) -> Option<&'c Case> {
    let prefix = format!("{area}.");
    let of_area = suite.register.iter().filter(|requirement| requirement.id.starts_with(&prefix));
    let mut rules: Vec<&Requirement> = of_area.collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.level));
    let control = cases.iter().copied().find(|case| case.scenario.control);
    let _ = writeln!(text, "{area}\n\n  {} requirements, {} cases", rules.len(), cases.len());
    if let Some(control) = control {
        let _ = writeln!(text, "  control: {}  {}", control.id, control.scenario.title);
    }
    let _ = writeln!(text);
    for rule in rules {
        let _ = writeln!(text, "  {:6}  {}\n          {}", rule.level.to_string(), rule.id, rule.statement);
    }
    control
}

fn about_case<'c>(text: &mut String, first: &'c Case, named: &[&Case], suite: &Suite) -> Option<&'c Case> {
    let scenario: &Scenario = &first.scenario;
    let _ = writeln!(text, "{}\n\n  {}\n  {}", scenario.id, scenario.title, scenario.file);
    let _ = writeln!(text, "  given: {}", scenario.given);
    if let Some(positive) = &scenario.positive {
        let _ = writeln!(text, "  accepted positive: {positive}");
    }
    for case in named.iter().filter(|case| case.id != scenario.id) {
        let _ = writeln!(text, "  row: {} (line {})", case.id, case.row().line);
    }
    for step in &scenario.steps {
        let _ = writeln!(text, "\n  step `{}` (line {})", step.name, step.line);
        for expectation in &step.expectations {
            let rule = suite.register.find(&expectation.requirement).map_or("", |rule| &rule.statement);
            let _ = writeln!(text, "    {} ({}): {rule}", expectation.requirement, expectation.level);
        }
    }
    Some(first)
}

fn about_code<'c>(text: &mut String, code: ErrorCode, cases: &'c [Case], suite: &Suite) -> Option<&'c Case> {
    let statuses: Vec<String> = code.statuses().iter().map(ToString::to_string).collect();
    let comes = match statuses.is_empty() {
        true => "the documents do not say which status it comes with".to_owned(),
        false => format!("comes with status {}", statuses.join(" or ")),
    };
    let _ = writeln!(text, "{code}\n\n  {comes}");
    if code.is_server_error() && suite.register.find(NO_CRASH).is_some() {
        let _ = writeln!(text, "  an answer 5xx with it is not counted as a crash ({NO_CRASH})");
    }
    let expects = |case: &&Case| {
        let checks = case.scenario.steps.iter().flat_map(|step| &step.expectations);
        let mut checks = checks.flat_map(|expectation| &expectation.checks);
        checks.any(|check| matches!(check, Check::Error(codes) if codes.contains(&code.number())))
    };
    let expecting: Vec<&Case> = cases.iter().filter(expects).collect();
    list_cases(text, "expected by", &expecting);
    if expecting.is_empty() {
        let _ = writeln!(text, "  no case of this suite expects it");
    }
    plainest(&expecting)
}

/// Names the scenarios that the cases come from, each with the number of its cases.
fn list_cases(text: &mut String, title: &str, cases: &[&Case]) {
    // The cases of a scenario follow each other.
    let scenarios: Vec<&[&Case]> = cases.chunk_by(|one, next| one.scenario.id == next.scenario.id).collect();
    if !scenarios.is_empty() {
        let _ = writeln!(text, "\n  {title}:");
    }
    for cases in scenarios.iter().take(20) {
        let Scenario { id, title, .. } = &*cases[0].scenario;
        let count = if cases.len() > 1 { format!(" ({} cases)", cases.len()) } else { String::new() };
        let _ = writeln!(text, "    {id}{count}  {title}");
    }
    if scenarios.len() > 20 {
        let _ = writeln!(text, "    and {} more", scenarios.len() - 20);
    }
}

/// The case with the fewest requests.
fn plainest<'c>(cases: &[&'c Case]) -> Option<&'c Case> {
    cases.iter().min_by_key(|case| case.scenario.steps.len()).copied()
}

/// Runs the case against the reference client and shows what went over the wire.
fn show_exchange(text: &mut String, case: &Case, suite: &Suite) -> Result<(), Failure> {
    let registration = case.scenario.registration.unwrap_or_default();
    let settings = ServerSettings { registration, ..ServerSettings::default() };
    enough_files(FILES_WITH_A_SERVER)?;
    let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings).map_err(Failure::inconclusive)?;
    let target = Target::embedded(server, Limits::default()).map_err(Failure::defect)?;
    let settings = Settings { keep_exchanges: true, ..Settings::disposable(1) };
    let plan = plan(vec![case.clone()], &Capabilities::embedded(registration));
    let events = runtime()?.block_on(collect(&suite.register, plan, target, Some(registration), &settings));
    for event in events {
        let Event::Case(report) = event else { continue };
        if report.verdict == Verdict::Pass {
            let _ = writeln!(text, "\n  {} as the reference client answers it:", case.id);
            for exchange in report.exchanges {
                text.push('\n');
                text.extend(exchange.lines().map(|line| format!("    {line}\n")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn explained(code: ErrorCode) -> String {
        let suite = Suite::embedded().expect("the suite");
        super::explained(&code.number().to_string(), &suite).expect("an explanation")
    }

    #[test]
    fn every_error_code_is_explained() {
        for code in ErrorCode::ALL {
            let text = explained(code);
            assert!(text.starts_with(&format!("{code}\n\n  ")), "{text}");
            for status in code.statuses() {
                assert!(text.contains(&status.to_string()), "{text}");
            }
            assert_eq!(text.contains("not counted as a crash"), code.is_server_error(), "{text}");
            let expected = text.contains("expected by:") && text.contains("as the reference client answers it");
            assert_ne!(expected, text.contains("no case of this suite expects it"), "{text}");
        }
    }

    #[test]
    fn an_area_lists_every_rule_of_it_with_its_control() {
        let suite = Suite::embedded().expect("the suite");
        let areas = cases(&suite).iter().map(|case| case.scenario.area().to_owned()).collect::<BTreeSet<String>>();
        assert!(areas.len() > 3);
        for area in areas {
            let text = super::explained(&area, &suite).expect("an explanation");
            let of_area = |rule: &&Requirement| rule.id.split('.').next() == Some(&*area);
            for Requirement { id, level, statement, .. } in suite.register.iter().filter(of_area) {
                assert!(text.contains(&format!("  {:6}  {id}\n          {statement}\n", level.to_string())), "{id}");
            }
            assert!(text.contains("as the reference client answers it") && text.contains("  control: "), "{text}");
        }
    }

    #[test]
    fn a_must_says_whom_it_does_not_accuse() {
        let suite = Suite::embedded().expect("the suite");
        let text = super::explained("users.delete.gone", &suite).expect("an explanation");
        assert!(text.contains("\n  left open: A server that answers 410 "), "{text}");
    }

    #[test]
    fn what_is_not_known_of_a_code_is_said() {
        let unexpected = "  no case of this suite expects it\n";
        let crash = "  an answer 5xx with it is not counted as a crash (envelope.no-crash)\n";
        let primary = format!("1017 Not primary master\n\n  comes with status 500\n{crash}{unexpected}");
        assert_eq!(explained(ErrorCode::NotPrimaryMaster), primary);
        let unknown = "  the documents do not say which status it comes with\n";
        let locked = format!("1031 Sender account locked\n\n{unknown}{unexpected}");
        assert_eq!(explained(ErrorCode::SenderLocked), locked);
        assert!(explained(ErrorCode::PasswordChangeRequired).contains("expected by:"));
    }
}
