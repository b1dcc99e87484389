//! `wabizspec list`: what there is, for people or as JSON.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{Failure, SuiteArgs, print};
use crate::fuzz::catalogue::{Catalogue, Row};
use crate::plan::{Case, cases};
use crate::reference::Fault;
use crate::requirement::Requirement;
use crate::scenario::{Scenario, Suite};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// What to list
    what: What,
    /// Print a JSON array of objects
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    suite: SuiteArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Scenarios,
    Cases,
    Requirements,
    Faults,
    Rows,
}

pub(super) fn list(args: &ListArgs) -> Result<u8, Failure> {
    let suite = args.suite.suite()?;
    let items: Vec<Value> = match args.what {
        What::Scenarios => suite.scenarios.chunk_by(|one, next| one.id == next.id).map(scenario).collect(),
        What::Cases => cases(&suite).iter().map(case).collect(),
        What::Requirements => requirements(&suite),
        What::Rows => Catalogue::embedded().map_err(Failure::defect)?.rows.iter().map(row).collect(),
        What::Faults => Fault::all().map(|planted| fault(planted, &suite)).collect(),
    };
    if args.json {
        return print(&format!("{:#}\n", Value::from(items)));
    }
    let width = items.iter().map(|item| text(item, &["id"]).len()).max().unwrap_or(0);
    let line = |item: &Value| {
        let (id, kind) = (text(item, &["id"]), text(item, &["level", "given"]));
        format!("{id:width$}  {kind:10}  {}\n", text(item, &["statement", "description", "title"]))
    };
    print(&items.iter().map(line).collect::<String>())
}

/// The text of the first of the members that the item has.
fn text<'v>(item: &'v Value, members: &[&str]) -> &'v str {
    members.iter().find_map(|member| item[*member].as_str()).unwrap_or_default()
}

/// The scenarios of a file, which differ in the operation that they are expanded for.
fn scenario(expanded: &[Arc<Scenario>]) -> Value {
    let scenario = &expanded[0];
    let requirements: BTreeSet<&str> = expanded.iter().flat_map(|scenario| scenario.requirements()).collect();
    let cases: usize = expanded.iter().map(|scenario| scenario.rows.len()).sum();
    json!({
        "id": scenario.id, "title": scenario.title, "file": scenario.file, "given": scenario.given,
        "changes": scenario.changes, "control": scenario.control, "positive": scenario.positive,
        "registration": scenario.registration, "cases": cases,
        "requirements": requirements,
    })
}

fn case(case: &Case) -> Value {
    let scenario = &case.scenario;
    json!({
        "id": case.id, "title": scenario.title, "file": scenario.file, "line": case.row().line,
        "given": scenario.given, "changes": scenario.changes, "requirements": scenario.requirements(),
    })
}

fn fault(fault: &Fault, suite: &Suite) -> Value {
    json!({
        "id": fault.id, "requirement": fault.requirement,
        "level": suite.register.find(&fault.requirement).map(|requirement| requirement.level),
        "registration": fault.registration, "kind": fault.kind, "description": fault.description,
    })
}

/// A row of the fuzzer's catalogue.
fn row((id, row): (&String, &Row)) -> Value {
    json!({ "id": id, "description": row.what, "source": row.source, "tried": row.tried })
}

fn requirements(suite: &Suite) -> Vec<Value> {
    let cited = suite.cited();
    let entry = |requirement: &Requirement| {
        let mut entry = json!(requirement);
        entry["checked"] = cited.contains(requirement.id.as_str()).into();
        entry
    };
    suite.register.iter().map(entry).collect()
}
