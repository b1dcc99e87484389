//! Which settings count, and where each of them comes from. No value that may be secret is among them.

use std::fmt;

use super::{JOBS, TargetArgs, without_mark};
use crate::custody::config::{ClientChoice, Config, RegistrationChoice};

/// Where a setting comes from; what stands higher wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Source {
    Flag,
    Environment,
    File,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Source::Flag => "flag",
            Source::Environment => "environment",
            Source::File => "file",
            Source::Default => "default",
        })
    }
}

/// One setting as it counts.
pub(in crate::cli) struct Setting {
    pub name: &'static str,
    pub value: String,
    pub source: Source,
}

impl TargetArgs {
    /// Every setting of a target as it counts, with where it comes from.
    pub(in crate::cli) fn settings(&self, config: &Config) -> Vec<Setting> {
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let setting = |name, levels: [Option<String>; 3], default: &str| {
            let sources = [Source::Flag, Source::Environment, Source::File];
            let given = levels.into_iter().zip(sources).find_map(|(value, source)| Some((value?, source)));
            let (value, source) = given.unwrap_or((default.to_owned(), Source::Default));
            Setting { name, value, source }
        };
        let shown = |path: &std::path::PathBuf| path.display().to_string();
        let file = &config.target;
        // The parser has filled in the environment's; a flag that says the same cannot be told from it, and need not be.
        let target = self.target.as_deref().map(|url| without_mark(url).to_owned());
        let from_environment = environment("WABIZSPEC_TARGET")
            .map(|url| without_mark(&url).to_owned())
            .filter(|value| Some(value) == target.as_ref());
        let from_flag = target.filter(|_| from_environment.is_none());
        let listed = |names: Vec<String>| (!names.is_empty()).then(|| names.join(","));
        let registration = |choice: RegistrationChoice| match choice {
            RegistrationChoice::Auto => None,
            RegistrationChoice::Open => Some("open".to_owned()),
            RegistrationChoice::Sunset => Some("sunset".to_owned()),
        };
        let trust = match (self.insecure, &self.cacert, file.insecure, &file.cacert) {
            (true, ..) => [Some("any certificate (--insecure)".to_owned()), None, None],
            (_, Some(path), ..) => [Some(shown(path)), None, None],
            (_, _, true, _) => [None, None, Some("any certificate (insecure)".to_owned())],
            (_, _, _, path) => [None, None, path.as_ref().map(shown)],
        };
        let hook = |hook: &Option<String>| match self.no_hooks {
            true => None,
            false => hook.as_ref().map(|_| "given".to_owned()),
        };
        let password = match (environment("WABIZSPEC_ADMIN_PASSWORD"), &config.credentials.password_file) {
            (Some(_), _) => [None, Some("set".to_owned()), None],
            (None, path) => [None, None, path.as_ref().map(shown)],
        };
        vec![
            setting("url", [from_flag, from_environment, file.url.clone()], "none"),
            setting(
                "registration",
                [self.registration.and_then(registration), None, registration(file.registration)],
                "auto",
            ),
            setting(
                "client",
                [None, None, (file.client == ClientChoice::Reqwest).then(|| "reqwest".to_owned())],
                "wire",
            ),
            setting("trust", trust, "the public certificate authorities"),
            setting(
                "timeout",
                [
                    self.timeout.map(|span| format!("{:?}", span.0)),
                    None,
                    file.timeout.map(|span| format!("{:?}", span.0)),
                ],
                "10s",
            ),
            setting(
                "jobs",
                [self.jobs.map(|jobs| jobs.to_string()), None, file.jobs.map(|jobs| jobs.to_string())],
                &JOBS.to_string(),
            ),
            setting(
                "rate",
                [self.rate.map(|rate| rate.to_string()), None, file.rate.map(|rate| rate.to_string())],
                "no limit",
            ),
            setting("min cases", [None, None, file.min_cases.map(|count| count.to_string())], "none"),
            setting(
                "wrong logins",
                [
                    self.wrong_logins.map(|count| count.to_string()),
                    None,
                    file.wrong_logins.map(|count| count.to_string()),
                ],
                "20, where the target has no reset",
            ),
            setting("proxy", [None, None, file.proxy.as_ref().map(|_| "given".to_owned())], "none"),
            setting("headers", [None, None, listed(file.headers.keys().map(ToString::to_string).collect())], "none"),
            setting(
                "username",
                [None, environment("WABIZSPEC_ADMIN_USERNAME"), config.credentials.username.clone()],
                "admin",
            ),
            setting("password", password, "none"),
            setting(
                "reset",
                [self.reset.as_ref().map(|_| "given".to_owned()), None, hook(&config.state.reset)],
                "none",
            ),
            setting("advance", [None, None, hook(&config.state.advance)], "none"),
            setting("code_command", [None, None, hook(&config.registration.code_command)], "none"),
            setting(
                "fresh",
                [self.fresh.then(|| "yes".to_owned()), None, config.state.fresh.then(|| "yes".to_owned())],
                "no",
            ),
            setting(
                "allow",
                [
                    listed(self.allow.iter().map(ToString::to_string).collect()),
                    None,
                    listed(config.state.allow.iter().map(ToString::to_string).collect()),
                ],
                "nothing",
            ),
            setting("journal", [self.journal.as_ref().map(shown), None, None], "in the user's state folder"),
        ]
    }
}
