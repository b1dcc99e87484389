//! `wabizspec list`: what there is, for people or as JSON.

mod entry;

use clap::{Args, ValueEnum};
pub(super) use entry::*;
use serde_json::{Value, json};

use super::{Failure, SuiteArgs, print};
use crate::fuzz::catalogue::Catalogue;
use crate::plan::cases;
use crate::reference::Fault;

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
    let (cases, cited) = (cases(&suite), suite.cited());
    let items: Vec<Value> = match args.what {
        What::Scenarios => {
            let files = suite.scenarios.chunk_by(|one, next| one.id == next.id);
            files.map(|expanded| json!(ScenarioEntry::of(expanded))).collect()
        }
        What::Cases => cases.iter().map(|case| json!(CaseEntry::of(case))).collect(),
        What::Requirements => suite.register.iter().map(|it| json!(RequirementEntry::of(it, &cited))).collect(),
        What::Rows => {
            let catalogue = Catalogue::embedded().map_err(Failure::defect)?;
            catalogue.rows.iter().map(|row| json!(RowEntry::of(row))).collect()
        }
        What::Faults => Fault::all().map(|fault| json!(FaultEntry::of(fault, &suite))).collect(),
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
