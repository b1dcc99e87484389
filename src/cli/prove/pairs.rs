//! `wabizspec prove --pairs`: shows that a trait which many servers share hides no fault.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use indicatif::ProgressBar;
use serde_json::json;
use tokio::sync::watch;

use super::{PairsReport, Shown, begin, lines, made};
use crate::cli::Failure;
use crate::plan::Shard;
use crate::prove::pairs::{Pair, PairProof, PairVerdict, Problem, Request, Trouble, prove as make_proof};
use crate::reference::Fault;
use crate::scenario::Suite;

pub(super) fn prove(
    suite: &Suite,
    faults: &[&Fault],
    shard: Option<Shard>,
    all: bool,
    stop: &watch::Receiver<bool>,
    bar: &ProgressBar,
) -> Result<PairProof, Failure> {
    let traits: Vec<&Fault> = Fault::traits().collect();
    let begins = |pairs: usize| begin(bar, pairs, &format!("{pairs} pairs"));
    let tried = |pair: &Pair| {
        unexplained(pair).for_each(|problem| bar.println(line(pair, problem)));
        bar.inc(1);
    };
    let request = Request { faults, traits: &traits, shard, all, stop, begins: &begins, tried: &tried };
    made(bar, || make_proof(suite, &request))
}

fn unexplained(pair: &Pair) -> impl Iterator<Item = &Problem> {
    pair.problems.iter().filter(|problem| problem.why.is_none())
}

fn line(pair: &Pair, problem: &Problem) -> String {
    format!("{}  {}  behind {}  ({})", problem.trouble, pair.fault.id, pair.behind, problem.requirement)
}

pub(super) fn shown(proof: &PairProof) -> Shown {
    let json = json!(PairsReport::of(proof));
    let title = "Proof that no trait hides a fault";
    let shown = Shown { title, json, markdown: as_markdown(proof), text: as_text(proof), holds: proof.holds() };
    shown.or_untried(&proof.baseline)
}

fn as_markdown(proof: &PairProof) -> String {
    let verdicts = PairVerdict::ALL.map(|it| it.to_string()).join(" | ");
    let mut text = format!("{}\n\n| trait | {verdicts} |\n", counted(proof));
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
    let unexplained = || proof.problems().filter(|(_, problem)| problem.why.is_none());
    let has = |trouble| unexplained().any(|(_, problem)| problem.trouble == trouble);
    let idle = proof.idle.iter().map(|why| format!("not needed  an explanation: {why}"));
    let silent = "  a silent fault: no case sees it behind that trait; at least 99 % must be killed";
    let green = "  green: the verdict on a must is pass, though the fault or the trait alone breaks it";
    let accused = "  accused: a requirement is broken that neither the fault nor the trait breaks alone";
    let advice = [
        (has(Trouble::Silent), silent),
        (has(Trouble::Green), green),
        (has(Trouble::Accused), accused),
        (!proof.complete, "interrupted: not every pair was tried"),
    ];
    let problems = unexplained().map(|(pair, problem)| line(pair, problem));
    lines(problems.chain(idle).chain([counted(proof)]), &advice)
}
