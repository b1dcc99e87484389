//! `wabizspec schema`: the JSON Schemas of what this program writes and reads, made of the types that it writes and reads.

mod strict;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::list::{CaseEntry, FaultEntry, RequirementEntry, RowEntry, ScenarioEntry};
use super::prove::{PairsReport, ProofReport};
use super::{Failure, print, suite};
use crate::custody::config::Config;
use crate::fuzz::FuzzReport;
use crate::fuzz::saved::Saved;
use crate::report::{Claim, ComparedReport, DiffReport, RunReport};
use crate::run::Event;
use crate::scenario;
use strict::Strict;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec schema                          the names
  wabizspec schema report > report.schema.json

What is written has exactly the members that its schema names. A later version may add some.")]
pub(super) struct SchemaArgs {
    /// What to print the schema of [default: list the names]
    #[arg(value_name = "NAME")]
    shape: Option<Shape>,
}

/// What has a schema. The descriptions are in the schemas too.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    /// The report of run, merge and judge: --report json
    Report,
    /// One line of the stream of run, merge and judge: --report ndjson
    Events,
    /// The report of fuzz: --report json
    Fuzz,
    /// What claim writes of a report
    Claim,
    /// A finding that fuzz saved: the .json file next to the input
    Findings,
    /// The report of prove: --report json
    Prove,
    /// The report of prove --pairs: --report json
    ProvePairs,
    /// The report of diff: --report json
    Diff,
    /// The report of compare: --report json
    Compare,
    /// list scenarios --json
    ListScenarios,
    /// list cases --json
    ListCases,
    /// list requirements --json
    ListRequirements,
    /// list faults --json
    ListFaults,
    /// list rows --json
    ListRows,
    /// A scenario file, once its TOML is read
    Scenario,
    /// wabizspec.toml, once its TOML is read
    Configuration,
}

impl Shape {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn description(self) -> String {
        let value = self.to_possible_value();
        value.as_ref().and_then(|value| value.get_help()).map_or_else(String::new, ToString::to_string)
    }

    fn schema(self) -> Result<Value, Failure> {
        Ok(match self {
            Shape::Report => self.written::<RunReport<'_>>(),
            Shape::Events => self.written::<Event>(),
            Shape::Fuzz => self.written::<FuzzReport<'_>>(),
            Shape::Claim => self.written::<Claim>(),
            Shape::Findings => self.written::<Saved>(),
            Shape::Prove => self.written::<ProofReport<'_>>(),
            Shape::ProvePairs => self.written::<PairsReport<'_>>(),
            Shape::Diff => self.written::<DiffReport<'_>>(),
            Shape::Compare => self.written::<ComparedReport<'_>>(),
            Shape::ListScenarios => self.written::<Vec<ScenarioEntry<'_>>>(),
            Shape::ListCases => self.written::<Vec<CaseEntry<'_>>>(),
            Shape::ListRequirements => self.written::<Vec<RequirementEntry<'_>>>(),
            Shape::ListFaults => self.written::<Vec<FaultEntry<'_>>>(),
            Shape::ListRows => self.written::<Vec<RowEntry<'_>>>(),
            Shape::Scenario => scenario::schema(&suite(None)?.register),
            Shape::Configuration => schemars::schema_for!(Config).to_value(),
        })
    }

    /// The schema of what is written of a type.
    fn written<T: JsonSchema>(self) -> Value {
        let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(Strict);
        let mut schema = settings.into_generator().into_root_schema_for::<T>();
        schema.insert("title".to_owned(), format!("wabizspec {}", self.name()).into());
        schema.insert("description".to_owned(), self.description().into());
        schema.to_value()
    }
}

pub(super) fn schema(args: &SchemaArgs) -> Result<u8, Failure> {
    let text = match args.shape {
        Some(shape) => format!("{:#}\n", shape.schema()?),
        None => {
            let shapes = Shape::value_variants();
            let width = shapes.iter().map(|shape| shape.name().len()).max().unwrap_or(0);
            shapes.iter().map(|shape| format!("{:width$}  {}\n", shape.name(), shape.description())).collect()
        }
    };
    print(&text)
}
