//! `wabizspec compare`: one plan on two targets, and what they differ in.

use std::path::PathBuf;

use clap::Args;

use super::report::JsonArgs;
use super::run::{drive, make_safe};
use super::signal::stops_on_signals;
use super::target::{PairArgs, Resolved};
use super::{Failure, SuiteArgs, plan_view, runtime};
use crate::answers::Answers;
use crate::custody::lock::RunLock;
use crate::plan::{Plan, Selection, cases, plan};
use crate::report::{Compared, Ran};
use crate::run::{Event, Settings};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec compare --target https://old.internal:9090 --target https://new.internal:9090
  wabizspec compare --config old.toml --config new.toml --allow users 'login/*'
  wabizspec compare --target http://127.0.0.1:8080 --target http://127.0.0.1:8081 \\
      --reset 'POST http://127.0.0.1:8080/reset' --reset 'POST http://127.0.0.1:8081/reset'

Runs the same cases on A and then on B, and shows what they differ in: rules that only one breaks, and where the documents allow \
both, another status class, error code or shape of the body. What both do wrong in the same way does not count. The exchanges of \
a difference: `wabizspec run CASE --target URL -v`.

--target, --config, --reset and --journal are about one target: give each once for A and once for B, in this order. All other flags \
are for both. WABIZSPEC_ADMIN_PASSWORD is for both too; if the passwords differ, unset it and give each target a configuration with \
its password_file.

Exit codes: 0 no difference · 1 the targets differ · 2 usage error, nothing was sent · 3 no difference was seen, but not everything \
was judged on both · 130 interrupted")]
pub(super) struct CompareArgs {
    /// Case ids, requirement ids or areas, with * and ? [default: all cases]
    #[arg(value_name = "FILTER", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    filters: Vec<String>,
    /// Leave out these case ids, requirement ids or areas, with * and ?
    #[arg(long, value_name = "GLOB", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    exclude: Vec<String>,
    #[command(flatten)]
    targets: PairArgs,
    #[command(flatten, next_help_heading = "Report")]
    report: JsonArgs,
    #[command(flatten, next_help_heading = "Plan")]
    suite: SuiteArgs,
}

pub(super) fn compare(args: &CompareArgs) -> Result<u8, Failure> {
    let suite = args.suite.suite()?;
    let selection = Selection { filters: args.filters.clone(), exclude: args.exclude.clone(), only: None, shard: None };
    let (selected, _) = selection.apply(cases(&suite)).map_err(Failure::usage)?;
    let targets = args.targets.resolve()?;
    let inputs: Vec<PathBuf> =
        targets.iter().flat_map(|target| target.inputs.clone()).chain(args.suite.inputs()).collect();
    let write = args.report.open(&inputs)?;
    // Both are ready before anything is sent, and held until both runs have ended.
    let mut locks = Vec::new();
    let mut plans = Vec::new();
    for target in &targets {
        let plan = plan(selected.clone(), &target.capabilities);
        locks.push(RunLock::take(&target.locks()).map_err(Failure::usage)?);
        announce(target, &plan)?;
        plans.push(plan);
    }
    let stops = stops_on_signals();
    let mut ran: Vec<Ran> = Vec::new();
    for (target, plan) in targets.iter().zip(plans) {
        let answers = Answers::default();
        let settings = Settings {
            witness: Some(answers.witness()),
            flags: target.settings.flags.clone() + &args.suite.flag(),
            ..target.settings.clone()
        };
        let mut one = Ran::new(answers);
        // After an interruption nothing more is sent.
        if !*stops.tidily.borrow() {
            runtime()?.block_on(drive(&suite, plan, target, &settings, &stops, &mut |event: Event| one.take(&event)));
        }
        ran.push(one);
    }
    let [a, b] = ran.as_slice() else { return Err(Failure::defect("two targets make two runs")) };
    let compared = Compared::of(a, b);
    let mut text = Vec::new();
    compared.write(&mut text).map_err(Failure::defect)?;
    write(&text, &compared.to_json())?;
    Ok(compared.conclusion().exit_code())
}

/// Says what the run may do to a target, and makes sure that the passwords which it gives can be kept.
fn announce(target: &Resolved, plan: &Plan) -> Result<(), Failure> {
    let say = |text: &str| super::report::say(text);
    target.hooks.iter().for_each(|hook| say(&format!("this run may execute {hook}")));
    say(&format!("{}: {}", target.info.url, plan_view::changes(plan, &target.capabilities)));
    make_safe(&say, target, plan)
}
