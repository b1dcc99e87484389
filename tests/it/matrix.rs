//! Which cases go red for which fault, as approved in `snapshots/matrix.txt`.
//!
//! A whole proof takes long without optimisation, so it is not made here: `.ci/run` makes it with the released program
//! and names its report in `WABIZSPEC_PROOF`; then the matrix is compared to the letter. Without a report the kept
//! matrix is held to the faults and cases there are, and each fault to a case that is said to kill it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::harness::suite::embedded as suite;
use crate::harness::*;
use serde_json::Value;
use wabizspec::plan::cases;
use wabizspec::prove::{FaultVerdict, try_on};
use wabizspec::reference::{Fault, Kind};
use wabizspec::requirement::Level;
use wabizspec::scenario::{Given, Suite};

const KEPT: &str = "snapshots/matrix.txt";

struct Row {
    id: String,
    requirement: String,
    verdict: String,
    red: BTreeSet<String>,
    killers: BTreeSet<String>,
}

/// The rows of each file, for those that have any.
fn rows_of_files(suite: &Suite) -> BTreeMap<String, BTreeSet<String>> {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for case in cases(suite) {
        let (file, row) = case.id.split_once("::").unwrap_or((&case.id, ""));
        files.entry(file.to_owned()).or_default().insert(row.to_owned());
    }
    files
}

/// Cases in few words: `file`, `file::*` for all of its rows, or `file::row,row`.
fn folded(ids: &BTreeSet<String>, all: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for id in ids {
        let (file, row) = id.split_once("::").unwrap_or((id, ""));
        files.entry(file).or_default().insert(row);
    }
    let fold = |(file, rows): (&str, BTreeSet<&str>)| match all.get(file) {
        _ if rows.contains("") => file.to_owned(),
        Some(known) if known.len() == rows.len() => format!("{file}::*"),
        _ => format!("{file}::{}", rows.into_iter().collect::<Vec<&str>>().join(",")),
    };
    files.into_iter().map(fold).collect()
}

fn unfolded(entry: &str, all: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    match entry.split_once("::") {
        None => vec![entry.to_owned()],
        Some((file, "*")) => {
            let rows = all.get(file).into_iter().flatten();
            rows.map(|row| format!("{file}::{row}")).collect()
        }
        Some((file, rows)) => rows.split(',').map(|row| format!("{file}::{row}")).collect(),
    }
}

/// The matrix as it is kept: a line for each fault; below it, a line for each file with cases that went red, marked by
/// `!` where they find the fault's own requirement broken.
fn rendered(proof: &Value, all: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut text = String::new();
    let planted = |fault: &&Value| fault["origin"] == "planted";
    for fault in proof["faults"].as_array().expect("faults").iter().filter(planted) {
        let word = |member: &str| fault[member].as_str().unwrap_or_default();
        let ids = |member: &str| -> BTreeSet<String> {
            let ids = fault[member].as_array().expect("ids").iter();
            ids.map(|id| id.as_str().expect("an id").to_owned()).collect()
        };
        let (killers, red) = (ids("killers"), ids("cases"));
        let others: BTreeSet<String> = red.difference(&killers).cloned().collect();
        let _ = writeln!(text, "{}", ["id", "requirement", "registration", "verdict"].map(word).join(" | "));
        for (sign, cases) in [('!', &killers), (' ', &others)] {
            for entry in folded(cases, all) {
                let _ = writeln!(text, "  {sign} {entry}");
            }
        }
    }
    text
}

fn kept(all: &BTreeMap<String, BTreeSet<String>>) -> Vec<Row> {
    let text = std::fs::read_to_string(repository(KEPT)).unwrap_or_else(|error| panic!("{KEPT}: {error}"));
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines() {
        if let Some(entry) = line.strip_prefix("  ") {
            let row = rows.last_mut().expect("a fault stands above its cases");
            let (sign, entry) = entry.split_at(2);
            let cases = unfolded(entry, all);
            if sign == "! " {
                row.killers.extend(cases.iter().cloned());
            }
            row.red.extend(cases);
            continue;
        }
        let words: Vec<String> = line.split(" | ").map(str::to_owned).collect();
        let Ok([id, requirement, _, verdict]) = <[String; 4]>::try_from(words) else {
            panic!("{KEPT}: {line}");
        };
        rows.push(Row { id, requirement, verdict, red: BTreeSet::new(), killers: BTreeSet::new() });
    }
    rows
}

#[test]
fn the_matrix_is_as_approved() {
    let Some(path) = std::env::var_os("WABIZSPEC_PROOF") else {
        return;
    };
    let text = std::fs::read_to_string(&path).expect("the report of a proof");
    let proof: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(proof["complete"], true, "the proof was not made to its end");
    assert_current(KEPT, "matrix", &rendered(&proof, &rows_of_files(&suite())));
}

#[test]
fn the_matrix_is_of_the_faults_and_cases_there_are() {
    let suite = suite();
    let all = rows_of_files(&suite);
    let rows = kept(&all);
    let told: Vec<[&str; 2]> = rows.iter().map(|row| [row.id.as_str(), &row.requirement]).collect();
    let planted: Vec<[&str; 2]> = Fault::all().map(|fault| [fault.id.as_str(), &fault.requirement]).collect();
    assert_eq!(told, planted, "prove again: see the head of this file");
    let cases = cases(&suite);
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    for row in &rows {
        let gone: Vec<&String> = row.red.iter().filter(|case| !ids.contains(case.as_str())).collect();
        assert!(gone.is_empty(), "{} was seen by cases that are gone: {gone:?}", row.id);
        assert_eq!(row.verdict, "killed", "{}", row.id);
    }
    let of_rules = rows.iter().filter(|row| Fault::find(&row.id).is_some_and(|fault| fault.kind != Kind::Degenerate));
    let needed: BTreeSet<&String> = of_rules.flat_map(|row| &row.killers).collect();
    let idle = cases.iter().filter(|case| case.scenario.keep.is_none() && !needed.contains(&case.id));
    none(idle.map(|case| format!("{} kills no fault in {KEPT} and gives no reason: see scenarios/README.md", case.id)));
}

#[test]
fn each_fault_is_killed_by_a_case_that_is_said_to_kill_it() {
    let suite = suite();
    let rows = kept(&rows_of_files(&suite));
    // An account that is kept until the end shows what the whole run before did to it.
    let all = cases(&suite);
    let kept_until_the_end = |id: &str| all.iter().any(|case| case.id == id && case.scenario.given == Given::Kept);
    let survives = |row: &Row| {
        let fault = Fault::find(&row.id).filter(|fault| fault.kind != Kind::Degenerate)?;
        let killer = row.killers.first().expect("a killer").as_str();
        let killer = BTreeSet::from([Some(killer).filter(|id| !kept_until_the_end(id))?]);
        let tried = try_on(&suite, fault, &killer).expect("the reference client starts");
        (tried.verdict != FaultVerdict::Killed).then(|| format!("{} is not killed by {killer:?}", row.id))
    };
    none(parallel(2, &rows, survives).into_iter().flatten());
}

/// Without a file that checks a must, `prove` fails: a fault survives that no other file kills, or a requirement is left
/// without a case. Two kinds of files are missed in another way. Where a file is named as the `positive` of others, the
/// suite is incomplete without it, and nothing is tried (`tests/it/prove.rs`). Where it is a `control`, the requirements of
/// its area are no longer proven, so that the faultless client is not all proven (exit 1).
#[test]
fn a_scenario_that_checks_a_must_is_missed() {
    let suite = suite();
    let rows = kept(&rows_of_files(&suite));
    let file = |case: &str| case.split("::").next().unwrap_or_default().to_owned();
    // The only file whose cases kill a fault.
    let alone = |row: &Row| {
        let files: BTreeSet<String> = row.killers.iter().map(|case| file(case)).collect();
        files.first().filter(|_| files.len() == 1).cloned()
    };
    let alone: BTreeSet<String> = rows.iter().filter_map(alone).collect();
    let twins: BTreeSet<&str> = suite.scenarios.iter().filter_map(|one| one.positive.as_deref()).collect();
    let is_must = |id: &str| suite.register.find(id).is_some_and(|found| found.level == Level::Must);
    let cited_elsewhere =
        |id: &str, me: &str| suite.scenarios.iter().any(|other| other.id != me && other.requirements().contains(&id));
    let removable = suite.scenarios.iter().filter(|scenario| {
        let (id, rules) = (scenario.id.as_str(), scenario.requirements());
        let missed = alone.contains(id) || twins.contains(id) || rules.iter().any(|rule| !cited_elsewhere(rule, id));
        rules.iter().any(|rule| is_must(rule)) && !scenario.control && !missed
    });
    none(removable.map(|found| format!("{}: no proof would miss it; plant a fault that it alone sees", found.id)));
}

/// The short matrix of `docs/proof.md`, between its two marks.
fn in_short(rows: &[Row]) -> String {
    let mut areas: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for row in rows {
        let area = row.id.split('.').next().unwrap_or_default();
        let verdict = ["killed", "silent", "dead"].iter().position(|verdict| *verdict == row.verdict);
        for area in [area, "**all**"] {
            let counts = areas.entry(area).or_default();
            counts[0] += 1;
            counts[1 + verdict.expect("a verdict")] += 1;
        }
    }
    let mut text = "| area | faults | killed | silent | dead |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for (area, [faults, killed, silent, dead]) in areas {
        let _ = writeln!(text, "| {area} | {faults} | {killed} | {silent} | {dead} |");
    }
    text
}

#[test]
fn the_documents_show_the_matrix_in_short() {
    const MARKS: [&str; 2] = ["<!-- matrix: tests/it/matrix.rs -->\n", "<!-- end of matrix -->\n"];
    const DOCUMENT: &str = "docs/proof.md";
    let text = std::fs::read_to_string(repository(DOCUMENT)).expect(DOCUMENT);
    let (before, rest) = text.split_once(MARKS[0]).expect("the mark");
    let (_, after) = rest.split_once(MARKS[1]).expect("the end mark");
    let table = in_short(&kept(&rows_of_files(&suite())));
    let now = format!("{before}{}{table}{}{after}", MARKS[0], MARKS[1]);
    assert_current(DOCUMENT, "matrix", &now);
}
