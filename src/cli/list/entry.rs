//! What `wabizspec list --json` says of each thing.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::fuzz::catalogue::Row;
use crate::plan::Case;
use crate::reference::{Fault, Kind, Registration};
use crate::requirement::{Basis, Level, Requirement};
use crate::scenario::{Change, Given, Scenario, Suite};

/// A scenario file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Scenario")]
pub struct ScenarioEntry<'s> {
    /// `area/file`.
    id: &'s str,
    /// What it shows.
    title: &'s str,
    file: &'s str,
    /// What each case needs.
    given: Given,
    /// What each case leaves changed, as declared.
    changes: &'s [Change],
    /// Whether it is its area's control.
    control: bool,
    /// The id of the scenario that makes the refused request good.
    positive: Option<&'s str>,
    /// The only registration state to which it applies.
    registration: Option<Registration>,
    /// How many cases it has.
    cases: usize,
    /// Those that it cites.
    requirements: BTreeSet<&'s str>,
}

/// A row of a scenario, ready to run.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Case")]
pub struct CaseEntry<'s> {
    /// `area/file::row`.
    id: &'s str,
    /// What its scenario shows.
    title: &'s str,
    /// The scenario's file.
    file: &'s str,
    /// The line of its row, 1-based.
    line: usize,
    /// What it needs.
    given: Given,
    /// What it leaves changed, as declared.
    changes: &'s [Change],
    /// Those that it cites.
    requirements: Vec<&'s str>,
}

/// One documented rule.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Requirement")]
pub struct RequirementEntry<'s> {
    /// `area.topic.rule`, stable for ever.
    id: &'s str,
    level: Level,
    /// What it is based on.
    basis: Basis,
    /// The rule in our words.
    statement: &'s str,
    page: &'s str,
    section: &'s str,
    /// Which conforming servers a careless check would accuse, and what the check therefore leaves open.
    open: Option<&'s str>,
    /// Why the level is lower than that of the basis, or why the documents leave the rule open.
    because: Option<&'s str>,
    /// Why no scenario checks it.
    untested: Option<&'s str>,
    /// Whether a scenario or an oracle checks it.
    checked: bool,
}

/// A planted fault of the reference client.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fault")]
pub struct FaultEntry<'s> {
    id: &'s str,
    /// The requirement that it breaks.
    requirement: &'s str,
    /// Null if the suite does not have the requirement.
    level: Option<Level>,
    /// The registration state in which it shows.
    registration: Registration,
    /// How much of the client it spoils.
    kind: Kind,
    /// What an implementer got wrong, in one line.
    description: &'s str,
}

/// A row of the fuzzer's catalogue of mistakes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Row")]
pub struct RowEntry<'s> {
    id: &'s str,
    /// The case, and what is right.
    description: &'s str,
    /// The rule, or who got it wrong.
    source: &'s str,
    /// How it is tried, where that is not by inputs of its own.
    tried: Option<&'s str>,
}

impl<'s> ScenarioEntry<'s> {
    /// Of the scenarios of a file, which differ in the operation that they are expanded for.
    pub fn of(expanded: &'s [Arc<Scenario>]) -> ScenarioEntry<'s> {
        let scenario = &expanded[0];
        ScenarioEntry {
            id: &scenario.id,
            title: &scenario.title,
            file: &scenario.file,
            given: scenario.given,
            changes: &scenario.changes,
            control: scenario.control,
            positive: scenario.positive.as_deref(),
            registration: scenario.registration,
            cases: expanded.iter().map(|scenario| scenario.rows.len()).sum(),
            requirements: expanded.iter().flat_map(|scenario| scenario.requirements()).collect(),
        }
    }
}

impl<'s> CaseEntry<'s> {
    pub fn of(case: &'s Case) -> CaseEntry<'s> {
        let scenario = &case.scenario;
        CaseEntry {
            id: &case.id,
            title: &scenario.title,
            file: &scenario.file,
            line: case.row().line,
            given: scenario.given,
            changes: &scenario.changes,
            requirements: scenario.requirements(),
        }
    }
}

impl<'s> RequirementEntry<'s> {
    pub fn of(requirement: &'s Requirement, cited: &BTreeSet<&str>) -> RequirementEntry<'s> {
        RequirementEntry {
            id: &requirement.id,
            level: requirement.level,
            basis: requirement.basis,
            statement: &requirement.statement,
            page: &requirement.page,
            section: &requirement.section,
            open: requirement.open.as_deref(),
            because: requirement.because.as_deref(),
            untested: requirement.untested.as_deref(),
            checked: cited.contains(requirement.id.as_str()),
        }
    }
}

impl<'s> FaultEntry<'s> {
    pub fn of(fault: &'s Fault, suite: &Suite) -> FaultEntry<'s> {
        FaultEntry {
            id: &fault.id,
            requirement: &fault.requirement,
            level: suite.register.find(&fault.requirement).map(|requirement| requirement.level),
            registration: fault.registration,
            kind: fault.kind,
            description: &fault.description,
        }
    }
}

impl<'s> RowEntry<'s> {
    pub fn of((id, row): (&'s String, &'s Row)) -> RowEntry<'s> {
        RowEntry { id, description: &row.what, source: &row.source, tried: row.tried.as_deref() }
    }
}
