//! `wabizspec prove`: shows that the suite bites, fault by fault.

mod document;
mod pairs;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use clap::Args;
pub(super) use document::{PairsReport, ProofReport};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use wildmatch::WildMatch;

use super::signal::stop_on_signal;
use super::{
    CONFORMS, FILES_WITH_A_SERVER, FINDINGS, Failure, INTERRUPTED, SuiteArgs, enough_files, fault_help, print, suite,
};
use crate::files;
use crate::plan::Shard;
use crate::prove::pairs::PairProof;
use crate::prove::{Broken, FaultVerdict, Progress, Proof, Row, prove as make_proof};
use crate::reference::{Fault, Origin};
use crate::report::{Format, Wanted, check_places};
use crate::scenario::{Suite, SuiteError};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec prove                                 every fault; also finds cases that no fault needs
  wabizspec prove 'login.password.*'              some faults
  wabizspec prove --report markdown=proof.md      the matrix of faults and cases
  wabizspec prove --pairs                         every fault behind each of the traits that many real servers share
  wabizspec prove --pairs --shard 1/20            a twentieth of these pairs

Exit code 0: the suite passes against the reference client without faults, every fault is killed by a case, and every case \
is needed. Exit code 1: one of these does not hold, or a scenario is missing that others name as their positive; then the \
reports say that the proof is incomplete.

With --pairs, a target has a fault and, all over, a trait: its own error bodies, 400 for 401, pages as errors. Exit code 0: at \
least 99 % of the faults are still killed, no must is green that the fault or the trait breaks, and no requirement is broken that \
neither breaks alone; or src/prove/pairs.toml says why. `wabizspec serve --fault FAULT --fault TRAIT` serves a pair.")]
pub(super) struct ProveArgs {
    /// Fault ids, with * and ? [default: all faults]
    #[arg(value_name = "FAULT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    faults: Vec<String>,
    /// Write the matrix as json or markdown, to PATH or to standard output
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = wanted)]
    report: Vec<Wanted>,
    /// Plant each fault behind each trait that many real servers share
    #[arg(long)]
    pairs: bool,
    /// Try a part of the pairs, such as 2/4
    #[arg(long, value_name = "K/N", requires = "pairs")]
    shard: Option<Shard>,
    #[command(flatten)]
    suite: SuiteArgs,
}

/// The formats that `prove` writes are two of those of a run.
fn wanted(text: &str) -> Result<Wanted, String> {
    let name = match text.split_once('=') {
        Some((_, "")) => return Err(format!("`{text}` names no file")),
        Some((name, _)) => name,
        None => text,
    };
    let wanted = text.parse().ok().filter(|wanted: &Wanted| matches!(wanted.format, Format::Json | Format::Markdown));
    wanted.ok_or_else(|| format!("`{name}` is not a report format of prove; use json or markdown"))
}

pub(super) fn prove(args: &ProveArgs) -> Result<u8, Failure> {
    check_places(&args.report, &args.suite.inputs()).map_err(Failure::usage)?;
    let faults = selected(&args.faults)?;
    let suite = match args.suite.scenarios.as_deref().map(Suite::from_folder) {
        Some(Ok(suite)) => suite,
        Some(Err(ref error @ SuiteError::Incomplete(ref missing))) => {
            let proof = Proof::of_incomplete(missing);
            let pairs = PairProof { baseline: proof.baseline.clone(), ..PairProof::default() };
            let shown = if args.pairs { pairs::shown(&pairs) } else { shown(&proof) };
            shown.write(&args.report)?;
            let why = "refusals without their accepted positive prove nothing; no fault was tried";
            return Err(Failure { code: FINDINGS, what: format!("{error}\n{why}") });
        }
        Some(Err(error)) => return Err(Failure::usage(error)),
        None => suite(None)?,
    };
    enough_files(FILES_WITH_A_SERVER)?;
    let stop = stop_on_signal();
    let bar = progress_bar(if args.pairs { "pairs" } else { "faults" });
    let all = args.faults.is_empty();
    let shown = match args.pairs {
        true => pairs::shown(&pairs::prove(&suite, &faults, args.shard, all, &stop, &bar)?),
        false => shown(&made(&bar, || make_proof(&suite, &faults, all, &stop, &bar))?),
    };
    shown.write(&args.report)?;
    if args.report.iter().any(|wanted| wanted.path.is_none()) {
        drop(write!(anstream::stderr(), "{}", shown.text));
    } else {
        print(&shown.text)?;
    }
    Ok(match (*stop.borrow(), shown.holds) {
        (true, _) => INTERRUPTED,
        (false, true) => CONFORMS,
        (false, false) => FINDINGS,
    })
}

/// Makes a proof on a thread of its own, so that a panic is reported.
fn made<P: Send>(bar: &ProgressBar, make: impl FnOnce() -> io::Result<P> + Send) -> Result<P, Failure> {
    let made = std::thread::scope(|scope| scope.spawn(make).join());
    bar.finish_and_clear();
    made.map_err(|_| Failure::defect("the proof panicked"))?
        .map_err(|error| Failure::inconclusive(format!("the reference client cannot be started: {error}")))
}

/// A proof as the reports and the terminal show it.
struct Shown {
    title: &'static str,
    json: Value,
    markdown: String,
    text: String,
    holds: bool,
}

impl Shown {
    /// Of what is wrong without a fault, nothing else is shown.
    fn or_untried(mut self, baseline: &[Broken]) -> Shown {
        if baseline.is_empty() {
            return self;
        }
        let summary = "the suite does not pass, or proves too little, against the faultless reference client";
        (self.markdown, self.text) = ("No fault was tried:\n\n".to_owned(), String::new());
        for Broken { id, what, registration } in baseline {
            let client = format!("(faultless client, registration {registration})");
            self.markdown += &format!("* `{id}`: {what} {client}\n");
            self.text += &format!("{what}  {id}  {client}\n");
        }
        self.text += &format!("{summary}; no fault was tried\n");
        self
    }

    fn write(&self, reports: &[Wanted]) -> Result<(), Failure> {
        for wanted in reports {
            let text = match wanted.format {
                Format::Markdown => format!("# {}\n\n{}", self.title, self.markdown),
                _ => format!("{:#}\n", self.json),
            };
            match &wanted.path {
                None => drop(print(&text)?),
                Some(path) => files::open_report(path)
                    .and_then(|mut file| file.write_all(text.as_bytes()))
                    .map_err(|error| Failure::inconclusive(format!("cannot write {}: {error}", path.display())))?,
            }
        }
        Ok(())
    }
}

fn selected(globs: &[String]) -> Result<Vec<&'static Fault>, Failure> {
    let matches = |glob: &String, fault: &Fault| WildMatch::new(glob).matches(&fault.id);
    if let Some(glob) = globs.iter().find(|glob| !Fault::all().any(|fault| matches(glob, fault))) {
        return Err(Failure::usage(format!("`{glob}` matches no fault\n  {}", fault_help(glob))));
    }
    let wanted = |fault: &&Fault| globs.is_empty() || globs.iter().any(|glob| matches(glob, fault));
    Ok(Fault::all().filter(wanted).collect())
}

/// Shown on a terminal, hidden elsewhere.
fn progress_bar(of: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template(&format!("{{pos}}/{{len}} {of} {{wide_bar}} {{msg}} {{eta}}"));
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

impl Progress for ProgressBar {
    fn begins(&self, faults: usize, cases: usize) {
        let generated = if cases > 0 { ", and those generated from the cases" } else { "" };
        begin(self, faults + cases, &format!("{faults} faults{generated}"));
    }

    fn tried(&self, row: &Row) {
        if row.verdict != FaultVerdict::Killed {
            self.println(line(row));
        }
        if row.fault.origin == Origin::Planted {
            self.inc(1);
        }
    }

    fn case_done(&self) {
        self.inc(1);
    }
}

fn begin(bar: &ProgressBar, length: usize, what: &str) {
    bar.set_length(length as u64);
    if bar.is_hidden() {
        // If standard error cannot be written to, there is no other place to say it.
        let _ = writeln!(io::stderr(), "trying {what}");
    }
}

fn shown(proof: &Proof) -> Shown {
    let json = json!(ProofReport::of(proof));
    let title = "Proof that the suite bites";
    let shown = Shown { title, json, markdown: as_markdown(proof), text: as_text(proof), holds: proof.holds() };
    shown.or_untried(&proof.baseline)
}

fn as_markdown(proof: &Proof) -> String {
    let mut text = format!("{}\n\n", counted(proof));
    text.push_str("| fault | what is wrong | requirement | level | state | verdict | cases red | of them for this requirement |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for row in proof.of(Origin::Planted) {
        let Fault { id, requirement, registration, description, .. } = &row.fault;
        let what = description.replace('|', "\\|");
        let level = row.level.map_or("unknown".to_owned(), |level| level.to_string());
        let (verdict, red, cases) = (row.verdict, row.cases.len(), by_file(&row.killers));
        let state = format!("{level} | {registration} | {verdict}");
        let _ = writeln!(text, "| `{id}` | {what} | `{requirement}` | {state} | {red} | {cases} |");
    }
    let others = proof.of(Origin::Generated).filter(|row| row.verdict != FaultVerdict::Killed).map(line);
    let unneeded = proof.unneeded.iter().map(|case| format!("`{case}` kills no fault"));
    text.extend(others.chain(unneeded).map(|line| format!("\n{line}\n")));
    text
}

/// Cases by their files; of more than 6 files, only their number.
fn by_file(cases: &[String]) -> String {
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        *files.entry(case.split("::").next().unwrap_or_default()).or_default() += 1;
    }
    if files.len() > 6 {
        return format!("{} in {} files", cases.len(), files.len());
    }
    let shown = files.iter().map(|(file, count)| match count {
        1 => format!("`{file}`"),
        _ => format!("`{file}` ×{count}"),
    });
    shown.collect::<Vec<String>>().join(", ")
}

fn counted(proof: &Proof) -> String {
    let count = |origin: Origin| {
        let of = |verdict| proof.of(origin).filter(|row| row.verdict == verdict).count();
        let [killed, silent, dead] = [FaultVerdict::Killed, FaultVerdict::Silent, FaultVerdict::Dead].map(of);
        format!("{killed} killed, {silent} silent, {dead} dead")
    };
    let planted = format!("{} faults: {}", proof.of(Origin::Planted).count(), count(Origin::Planted));
    match proof.of(Origin::Generated).count() {
        0 => planted,
        generated => format!("{planted}; {generated} generated: {}", count(Origin::Generated)),
    }
}

fn line(row: &Row) -> String {
    let (fault, verdict) = (&row.fault, row.verdict);
    format!("{verdict}  {}  ({}): {}", fault.id, fault.requirement, fault.description)
}

fn as_text(proof: &Proof) -> String {
    let alive = proof.rows.iter().filter(|row| row.verdict != FaultVerdict::Killed).map(line);
    let unneeded = proof.unneeded.iter();
    let unneeded = unneeded.map(|case| format!("not needed  {case}  kills no fault whose requirement it cites"));
    let dead =
        "  under a dead fault no answer to the suite changes: mend it, or add a scenario that asks for what it breaks";
    let keep = "  a case that is not needed needs a fault of its own, or keep = \"why\" in its file";
    let partial = "  some faults only: whether every case is needed shows a proof of all of them";
    let advice = [
        (proof.count(FaultVerdict::Silent) > 0, "  a silent fault needs a scenario that sees it"),
        (proof.count(FaultVerdict::Dead) > 0, dead),
        (!proof.unneeded.is_empty(), keep),
        (!proof.complete, "interrupted: not every fault was tried"),
        (proof.complete && !proof.whole, partial),
    ];
    lines(alive.chain(unneeded).chain([counted(proof)]), &advice)
}

/// The lines, and the advice that applies.
fn lines(lines: impl Iterator<Item = String>, advice: &[(bool, &str)]) -> String {
    let advice = advice.iter().filter(|(applies, _)| *applies).map(|(_, advice)| (*advice).to_owned());
    lines.chain(advice).map(|line| line + "\n").collect()
}
