//! `wabizspec explain`: a requirement, a case or an error code in plain words.

use std::fmt::Write;

use clap::Args;

use super::{Failure, SuiteArgs, print, suite};
use crate::documented::errors::ErrorCode;
use crate::plan::{Case, cases};
use crate::requirement::Requirement;
use crate::scenario::Suite;

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
        return print(&about_requirement(requirement, &cases));
    }
    let named: Vec<&Case> = cases
        .iter()
        .filter(|case| case.id == args.id || case.scenario.id == args.id)
        .collect();
    if !named.is_empty() {
        return print(&about_case(&named, &suite));
    }
    let number = args.id.parse::<i64>().ok();
    if let Some(code) = number.and_then(|number| ErrorCode::try_from(number).ok()) {
        return print(&about_code(code));
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

fn about_requirement(requirement: &Requirement, cases: &[Case]) -> String {
    let mut text = String::new();
    let Requirement { id, level, says, .. } = requirement;
    let _ = writeln!(text, "{id} ({level})\n\n  {says}\n\n  source: {}", requirement.source());
    if let Some(because) = &requirement.because {
        let _ = writeln!(text, "  lowered to should because {because}");
    }
    if let Some(excuse) = &requirement.excuse {
        let _ = writeln!(text, "  not checked: {excuse}");
    }
    let citing: Vec<&Case> = cases
        .iter()
        .filter(|case| case.scenario.requirements().contains(&id.as_str()))
        .collect();
    if !citing.is_empty() {
        let _ = writeln!(text, "\n  checked by:");
    }
    for case in citing {
        let _ = writeln!(text, "    {}  {}", case.id, case.scenario.title);
    }
    text
}

fn about_case(named: &[&Case], suite: &Suite) -> String {
    let mut text = String::new();
    let scenario = &named[0].scenario;
    let _ = writeln!(text, "{}\n\n  {}\n  {}", scenario.id, scenario.title, scenario.file);
    let _ = writeln!(text, "  given: {}", scenario.given);
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
    text
}

fn about_code(code: ErrorCode) -> String {
    let statuses: Vec<String> = code.statuses().iter().map(ToString::to_string).collect();
    format!(
        "{} {}\n\n  comes with status {}\n",
        code.number(),
        code.title(),
        statuses.join(" or ")
    )
}
