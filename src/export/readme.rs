//! The README of what is exported: how to run it, and which cases are not in it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Exported, Form, Group, LeftOut, OF_ACCOUNT, OF_TARGET, PASSWORD, hurl, postman};
use crate::requirement::Level;

// Writing to a String does not fail, so the results of `writeln!` are ignored.
pub(super) fn text(form: Form, cases: &[Exported<'_>], left_out: &BTreeMap<LeftOut, usize>, level: Level) -> String {
    let missing: usize = left_out.values().sum();
    let mut text = format!(
        "# Cases of wabizspec {}\n\n\
         {} of {} cases. They assert what a {level} requires{}. Each logs in, makes the account that it needs, and leaves the\n\
         target as it was. `wabizspec run` also judges what these files cannot express.\n\n",
        env!("CARGO_PKG_VERSION"),
        cases.len(),
        cases.len() + missing,
        if level == Level::Must { "" } else { ", and all above it" },
    );
    let count = |group: &Group| cases.iter().filter(|case| case.group == *group).count();
    let groups: Vec<_> = Group::ALL.iter().filter(|(group, ..)| count(group) > 0).collect();
    let (before, command, after) = match form {
        Form::Hurl => hurl_commands(),
        Form::Postman => postman_commands(),
    };
    let _ = writeln!(text, "{before}");
    for (group, folder, _) in &groups {
        let _ = writeln!(text, "{}", command(*group, folder));
    }
    let _ = writeln!(text, "```\n\n{after}\n\n| folder | cases | what they are for |\n| --- | --- | --- |");
    for (group, folder, what) in &groups {
        let _ = writeln!(text, "| `{folder}` | {} | {what} |", count(group));
    }
    text.push_str("\n| variable | what it is |\n| --- | --- |\n");
    for (name, what) in OF_TARGET.iter().chain(&OF_ACCOUNT) {
        let _ = writeln!(text, "| `{name}` | {what} |");
    }
    if missing > 0 {
        let _ = writeln!(text, "\nLeft out: {missing} of {} cases. They\n", cases.len() + missing);
    }
    for (reason, count) in left_out {
        let _ = writeln!(text, "* {reason}: {count}");
    }
    text
}

/// What is said before the commands, the command for a folder, and what is said after them.
type Commands = (String, fn(Group, &str) -> String, String);

fn hurl_commands() -> Commands {
    let before = format!(
        "Run them with [Hurl](https://hurl.dev) 8 or later. Cases that reset the target run one at a time. With `--continue-on-error` a\n\
         case also cleans up when it has failed.\n\n\
         ```sh\n\
         read -rs HURL_SECRET_{PASSWORD} && export HURL_SECRET_{PASSWORD}\n\
         export HURL_VARIABLE_target=http://127.0.0.1:9090\n\
         export HURL_VARIABLE_reset=$HURL_VARIABLE_target/__control/reset"
    );
    let command = |group, folder: &str| {
        let alone = if group == Group::Live { "" } else { " --jobs 1" };
        format!("hurl --test --continue-on-error{alone} --variables-file {} {folder}", hurl::VARIABLES_FILE)
    };
    let after = format!(
        "`{}` has the phone number and the certificate that the cases register: a number reserved for fiction, unless you\n\
         change it.",
        hurl::VARIABLES_FILE
    );
    (before, command, after)
}

fn postman_commands() -> Commands {
    let before = format!(
        "Import the collection and the environment into Postman and fill in the environment, or fill in the file and run a folder with\n\
         [newman](https://www.npmjs.com/package/newman). Keep a file with a password out of version control.\n\n\
         ```sh\n\
         chmod 600 {}",
        postman::ENVIRONMENT
    );
    let command = |_, folder: &str| {
        format!("newman run {} --environment {} --folder {folder}", postman::COLLECTION, postman::ENVIRONMENT)
    };
    let after = "The collection has the phone number and the certificate that the cases register: a number reserved for fiction, unless\n\
                 you change it.";
    (before, command, after.to_owned())
}
