//! `wabizspec prove --pairs`: shows that a trait which many servers share hides no fault.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{ProveArgs, conclude, untried_as_markdown, untried_as_text, write_reports};
use crate::cli::Failure;
use crate::prove::pairs::{Pair, PairProof, PairVerdict, Problem, Request, Trouble, prove as make_proof};
use crate::reference::Fault;
use crate::report::{Format, Wanted};
use crate::scenario::Suite;

pub(super) fn prove(
    args: &ProveArgs,
    suite: &Suite,
    faults: &[&Fault],
    stop: &watch::Receiver<bool>,
    bar: &ProgressBar,
) -> Result<u8, Failure> {
    let traits: Vec<&Fault> = Fault::traits().collect();
    let begins = |pairs: usize| {
        bar.set_length(pairs as u64);
        if bar.is_hidden() {
            // If standard error cannot be written to, there is no other place to say it.
            let _ = writeln!(std::io::stderr(), "trying {pairs} pairs");
        }
    };
    let tried = |pair: &Pair| {
        unexplained(pair).for_each(|problem| bar.println(line(pair, problem)));
        bar.inc(1);
    };
    let all = args.faults.is_empty();
    let request = Request { faults, traits: &traits, shard: args.shard, all, stop, begins: &begins, tried: &tried };
    let proof = std::thread::scope(|scope| scope.spawn(|| make_proof(suite, &request)).join());
    bar.finish_and_clear();
    let proof = proof
        .map_err(|_| Failure::defect("the proof panicked"))?
        .map_err(|error| Failure::inconclusive(format!("the reference client cannot be started: {error}")))?;
    write(&args.report, &proof)?;
    conclude(&args.report, &as_text(&proof), *stop.borrow(), proof.holds())
}

pub(super) fn write(reports: &[Wanted], proof: &PairProof) -> Result<(), Failure> {
    write_reports(reports, &|format| match format {
        Format::Markdown => as_markdown(proof),
        _ => as_json(proof),
    })
}

fn unexplained(pair: &Pair) -> impl Iterator<Item = &Problem> {
    pair.problems.iter().filter(|problem| problem.why.is_none())
}

fn line(pair: &Pair, problem: &Problem) -> String {
    format!("{}  {}  behind {}  ({})", problem.trouble, pair.fault.id, pair.behind, problem.requirement)
}

fn as_json(proof: &PairProof) -> String {
    let pair = |pair: &Pair| {
        json!({
            "fault": pair.fault.id, "trait": pair.behind, "requirement": pair.fault.requirement,
            "registration": pair.fault.registration, "verdict": pair.verdict, "problems": pair.problems,
        })
    };
    let pairs: Vec<Value> = proof.pairs.iter().map(pair).collect();
    let proof = json!({
        "schema": "wabizspec/prove-pairs/1", "complete": proof.complete, "baseline": proof.baseline, "pairs": pairs,
        "idle": proof.idle,
    });
    format!("{proof:#}\n")
}

fn as_markdown(proof: &PairProof) -> String {
    let mut text = String::from("# Proof that no trait hides a fault\n\n");
    if !proof.baseline.is_empty() {
        return text + &untried_as_markdown(&proof.baseline);
    }
    let _ =
        writeln!(text, "{}\n\n| trait | {} |", counted(proof), PairVerdict::ALL.map(|it| it.to_string()).join(" | "));
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for behind in Fault::traits() {
        let of =
            |verdict| proof.pairs.iter().filter(|pair| pair.behind == behind.id && pair.verdict == verdict).count();
        let _ = writeln!(text, "| `{}` | {} |", behind.id, PairVerdict::ALL.map(|it| of(it).to_string()).join(" | "));
    }
    let mut kinds: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (pair, problem) in proof.problems() {
        let kind = (problem.why.as_deref(), problem.trouble, &pair.behind, &problem.requirement);
        kinds.entry(kind).or_default().push(format!("`{}`", pair.fault.id));
    }
    for ((why, trouble, behind, requirement), faults) in kinds {
        let why = why.unwrap_or("not explained");
        let _ = writeln!(text, "\n* {trouble}: `{requirement}` behind `{behind}`: {}. {why}", faults.join(", "));
    }
    text
}

fn counted(proof: &PairProof) -> String {
    let count = |verdict: PairVerdict| format!("{} {verdict}", proof.count(verdict));
    let explained = proof.problems().filter(|(_, problem)| problem.why.is_some()).count();
    format!("{} pairs: {}; {explained} explained", proof.pairs.len(), PairVerdict::ALL.map(count).join(", "))
}

fn as_text(proof: &PairProof) -> String {
    if !proof.baseline.is_empty() {
        return untried_as_text(&proof.baseline);
    }
    let mut text = String::new();
    let has = |trouble| move |pair: &Pair| unexplained(pair).any(|problem| problem.trouble == trouble);
    for pair in &proof.pairs {
        for problem in unexplained(pair) {
            let _ = writeln!(text, "{}", line(pair, problem));
        }
    }
    for why in &proof.idle {
        let _ = writeln!(text, "not needed  an explanation: {why}");
    }
    let _ = writeln!(text, "{}", counted(proof));
    let advice = [
        (Trouble::Lost, "  a lost fault: no case tells it behind that trait; at least 99 % must be told"),
        (Trouble::Green, "  green: the verdict on a must is pass, though the fault or the trait alone breaks it"),
        (Trouble::Accused, "  accused: a requirement is broken that neither the fault nor the trait breaks alone"),
    ];
    for (trouble, advice) in advice {
        if proof.pairs.iter().any(has(trouble)) {
            let _ = writeln!(text, "{advice}");
        }
    }
    if !proof.complete {
        text.push_str("interrupted: not every pair was tried\n");
    }
    text
}
