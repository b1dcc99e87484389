//! `wabizspec reproduce`: a shell script that repeats one case by hand.

use clap::Args;

use super::target::TargetArgs;
use super::{Failure, SuiteArgs, print};
use crate::located::nearest;
use crate::plan::cases;
use crate::script::{Destination, script};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec reproduce login/default-password-alone --target http://127.0.0.1:8080 | bash
  wabizspec reproduce users/update-with-a-weak-password::of-65 > case.sh

The script needs bash and curl. It reads WABIZSPEC_TARGET and WABIZSPEC_ADMIN_PASSWORD, and removes the accounts that it \
creates.")]
pub(super) struct ReproduceArgs {
    /// A case id, as in a report
    #[arg(value_name = "CASE")]
    case: String,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    suite: SuiteArgs,
}

pub(super) fn reproduce(args: &ReproduceArgs) -> Result<u8, Failure> {
    let all = cases(&args.suite.suite()?);
    let Some(case) = all.iter().find(|case| case.id == args.case) else {
        let rows = all.iter().filter(|case| case.scenario.id == args.case).map(|case| case.id.as_str());
        let near = nearest(&args.case, all.iter().map(|case| case.id.as_str()));
        let advice = match (rows.collect::<Vec<&str>>(), near) {
            (rows, _) if !rows.is_empty() => format!("it has several cases: {}", rows.join(", ")),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            (_, None) => "`wabizspec list cases` shows the ids".to_owned(),
        };
        return Err(Failure::usage(format!("`{}` is not a case\n  help: {advice}", args.case)));
    };
    let resolved = args.target.resolve(&[])?;
    let destination = Destination {
        target: &resolved.target,
        url: (!resolved.info.embedded).then_some(&*resolved.info.url),
        tls: &resolved.settings.tls,
        admin: &resolved.settings.admin_name,
    };
    let script = script(case, destination, resolved.settings.account.bindings());
    print(&script.map_err(Failure::defect)?)
}
