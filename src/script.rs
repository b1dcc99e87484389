//! A shell script that repeats one case by hand, with curl, or with bytes as they are where curl would send others.
//!
//! It sends what a run sends: it logs in, makes the account that the case needs, and takes tokens from the answers. Nothing
//! is judged: comments say what each request expects.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::custody::Target;
use crate::custody::names::password;
use crate::exchange::{Redaction, Request, curl, shell_quoted, shell_word};
use crate::judge::{Check, Expectation, copy_name};
use crate::plan::Case;
use crate::scenario::{Action, COPY, Copies, Given, Step};
use crate::standalone::{Call, Standalone};
use crate::template::Unbound;

/// The functions of a script, each with its name. `as_upper` is what the filter `upper` of a scenario is in a shell.
fn functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("script.sh").split("\n\n").filter_map(|text| {
        let (before, _) = text.split_once("() {")?;
        Some((before.lines().last()?, text.trim_end()))
    })
}

/// Where a script sends its requests.
#[derive(Clone, Copy)]
pub(crate) struct Destination<'a> {
    pub target: &'a Target,
    /// `None` for a target that is gone when the script runs.
    pub url: Option<&'a str>,
    /// What curl needs to accept the target's certificate.
    pub tls: &'a str,
    /// The name of the admin.
    pub admin: &'a str,
}

/// The script of a case; `account` is what it registers.
pub(crate) fn script<'v>(
    case: &Case,
    destination: Destination<'_>,
    account: impl IntoIterator<Item = (&'static str, &'v str)>,
) -> Result<String, Unbound> {
    let mut script = Script::new(case, destination);
    account.into_iter().for_each(|(name, value)| script.standalone.bindings.bind(name, value));
    script.finished()
}

struct Script<'a> {
    standalone: Standalone<'a>,
    destination: Destination<'a>,
    /// Stands for what only the script will know: each value is shown as a variable.
    variables: Redaction,
    /// The variable of each of these names.
    names: BTreeMap<String, String>,
    steps: String,
}

// Writing to a String does not fail, so the results of `writeln!` are ignored.
impl<'a> Script<'a> {
    fn new(case: &'a Case, destination: Destination<'a>) -> Script<'a> {
        let mut script = Script {
            standalone: Standalone::new(case, destination.target, destination.admin),
            destination,
            variables: Redaction::new(),
            names: BTreeMap::new(),
            steps: String::new(),
        };
        script.variables.absorb(destination.target.transport.secrets());
        for (name, shown) in [
            ("admin_password", "$WABIZSPEC_ADMIN_PASSWORD"),
            ("admin_token", "$ADMIN_TOKEN"),
            ("user_token", "$USER_TOKEN"),
            ("code", "$CODE"),
        ] {
            script.variable(name, shown);
        }
        script
    }

    /// Binds a name to a value that is shown as a variable of the shell.
    fn variable(&mut self, name: &str, shown: &str) {
        // With a character that JSON escapes: only then do the escaped and the plain form differ.
        let value = password() + "\"";
        self.variables.add_exact(&value, shown);
        self.names.insert(name.to_owned(), shown.to_owned());
        self.standalone.bindings.bind(name, value);
    }

    fn finished(mut self) -> Result<String, Unbound> {
        let (case, destination) = (self.standalone.case, self.destination);
        let scenario = &case.scenario;
        self.reach_state();
        for step in &scenario.steps {
            self.step(step)?;
        }
        let mut text = format!("#!/usr/bin/env bash\n# {}: {}\n", case.id, scenario.title);
        if !case.changes().is_empty() {
            let changes: Vec<String> = case.changes().iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "# It changes on the target: {}.", changes.join(", "));
        }
        match case.given() {
            Given::Fresh => text.push_str(
                "# The target must be just installed: the administrator still has the documented default password.\n",
            ),
            Given::Registered => text.push_str("# The account must be registered already.\n"),
            Given::Any | Given::Admin | Given::User | Given::Kept => {}
        }
        text.push_str("set -u\n");
        let _ = match destination.url {
            None => writeln!(text, ": \"${{WABIZSPEC_TARGET:?the URL of the target}}\""),
            Some(url) => writeln!(text, ": \"${{WABIZSPEC_TARGET:={}}}\"", shell_word(url)),
        };
        let clean_up = self.clean_up();
        if self.steps.contains("$WABIZSPEC_ADMIN_PASSWORD") || !clean_up.is_empty() {
            text.push_str(": \"${WABIZSPEC_ADMIN_PASSWORD:?the password of the administrator}\"\n");
        }
        let _ = write!(text, "answer=$(mktemp)\nclean_up() {{\n{clean_up}    rm -f \"$answer\"\n}}\n");
        text.push_str("trap clean_up EXIT\ntrap 'exit 130' INT TERM\n");
        for (name, function) in functions() {
            if matches!(name, "say" | "member") || self.steps.contains(&format!("| {name}")) {
                text.push_str(&format!("{function}\n"));
            }
        }
        Ok(text + &self.steps)
    }

    fn line(&self, request: &Request) -> String {
        let Destination { target, tls, .. } = self.destination;
        let line = curl(request, target.transport.origin().base_path(), tls, &self.variables);
        let (line, sent) = match line.split_once(" | nc HOST PORT ") {
            Some((bytes, _)) if target.transport.origin().tls() => (bytes, " | raw_tls"),
            Some((bytes, _)) => (bytes, " | raw"),
            None => (&*line, ""),
        };
        format!("{line}{sent}")
    }

    /// Logs in and makes the account, as a run does before the case.
    fn reach_state(&mut self) {
        for Call { what, request, takes } in self.standalone.set_up() {
            let line = self.line(&request);
            let _ = writeln!(self.steps, "\nsay {}\n{line} | tee \"$answer\"", shell_quoted(what));
            if let Some(name) = takes {
                let _ = writeln!(self.steps, "{}=$(member token)", name.to_ascii_uppercase());
            }
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Unbound> {
        let _ = writeln!(self.steps, "\nsay {}", shell_quoted(&step.name));
        for Expectation { requirement, level, checks } in &step.expectations {
            let status = checks.iter().find_map(|check| match check {
                Check::Status(set) => Some(format!(": status {set}")),
                _ => None,
            });
            let _ = writeln!(self.steps, "# {level}, {requirement}{}", status.unwrap_or_default());
        }
        if let Action::Advance(seconds) = step.action {
            let _ = writeln!(
                self.steps,
                "printf 'move the clock of the target on by {seconds} s, and press return '; read -r _"
            );
            return Ok(());
        }
        if step.action.templates().iter().any(|template| template.uses("code")) {
            self.steps.push_str("printf 'the registration code that the target has sent: '; read -r CODE\n");
        }
        self.derive(&step.action);
        if let Some(copies) = step.copies {
            return self.copies(step, copies);
        }
        let Some(request) = self.standalone.request(&step.action)? else { return Ok(()) };
        let line = self.line(&request);
        let _ = writeln!(self.steps, "{line} | tee \"$answer\"");
        for capture in &step.captures {
            let variable = capture.name.to_ascii_uppercase();
            let member = capture.at.as_str().rsplit('/').next().unwrap_or_default();
            let _ = writeln!(self.steps, "{variable}=$(member {})", shell_word(member));
            self.variable(&capture.name, &format!("${variable}"));
        }
        Ok(())
    }

    /// A loop over the copies.
    fn copies(&mut self, step: &Step, copies: Copies) -> Result<(), Unbound> {
        let names: Vec<String> = (1..=self.standalone.case.row().copies).map(copy_name).collect();
        for name in &names {
            self.standalone.bindings.bind(COPY, name);
            // Notes the account that it creates.
            self.standalone.request(&step.action)?;
        }
        self.variable(COPY, "$copy");
        let request = self.standalone.composed(&step.action)?;
        let line = request.map(|request| self.line(&request)).unwrap_or_default();
        let (end, after) = match copies {
            Copies::Together => (" &", "wait\n"),
            Copies::InTurn => ("", ""),
        };
        let names = names.join(" ");
        let _ = write!(self.steps, "for copy in {names}; do\n    {{ {line}; echo; }}{end}\ndone\n{after}");
        Ok(())
    }

    /// The variables that are filtered forms of others.
    fn derive(&mut self, action: &Action) {
        let places: BTreeSet<(String, String)> =
            action.templates().iter().flat_map(|template| template.values(&self.standalone.bindings)).collect();
        for (place, value) in places {
            let Some((name, filters)) = place.split_once('|') else { continue };
            let Some(base) = self.names.get(name) else { continue };
            let variable = place.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            if value == self.standalone.value(name) {
                continue;
            }
            let pipe = filters.replace('|', " | as_");
            let _ = writeln!(self.steps, "{variable}=$(printf %s \"{base}\" | as_{pipe})");
            self.variables.add_exact(&value, &format!("${variable}"));
        }
    }

    /// Removes the accounts that were created.
    fn clean_up(&self) -> String {
        let mut text = String::new();
        for Call { request, takes, .. } in self.standalone.clean_up() {
            let line = self.line(&request);
            let _ = match takes {
                Some(name) => {
                    writeln!(text, "    {line} >\"$answer\"\n    {}=$(member token)", name.to_ascii_uppercase())
                }
                None => writeln!(text, "    {line} >/dev/null"),
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::template::{Bindings, Template};

    #[test]
    fn a_filter_does_the_same_in_a_shell() {
        assert_eq!(functions().filter(|(name, _)| name.starts_with("as_")).count(), 13);
        for value in ["aZ9-x.Y", "Token0", "a\"b\\z", "endsinZ", "endsin!", "endsin-", "48-0"] {
            for (function, text) in functions() {
                let Some(filter) = function.strip_prefix("as_") else { continue };
                let mut bindings = Bindings::default();
                bindings.bind("value", value);
                let template = Template::parse(&format!("${{value|{filter}}}")).expect("a template");
                let script = format!("{text}\nprintf '%s' \"$(printf %s {} | {function})\"", shell_quoted(value));
                let output = Command::new("sh").args(["-c", &script]).output().expect("a shell");
                let expected = template.render(&bindings).expect("bound");
                assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{filter} of {value}");
            }
        }
    }
}
