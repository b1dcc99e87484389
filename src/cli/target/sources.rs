//! Which settings count, and where each comes from. None of the values is secret.

use std::path::PathBuf;

use super::{JOBS, TargetArgs, without_mark};
use crate::custody::config::{ClientChoice, Config, Span};

/// A setting as it counts: its name, its value, and where that comes from (`flag`, `environment`, `file` or `default`).
type Setting = (&'static str, String, &'static str);

type Value = Option<String>;

/// The first of these that has a value wins.
fn setting(name: &'static str, flag: Value, environment: Value, file: Value, default: &str) -> Setting {
    let sources = [(flag, "flag"), (environment, "environment"), (file, "file")];
    let given = sources.into_iter().find_map(|(value, source)| Some((value?, source)));
    let (value, source) = given.unwrap_or((default.to_owned(), "default"));
    (name, value, source)
}

fn text(value: Option<impl ToString>) -> Value {
    value.map(|value| value.to_string())
}

fn path(path: &Option<PathBuf>) -> Value {
    text(path.as_ref().map(|path| path.display()))
}

fn span(span: Option<Span>) -> Value {
    span.map(|span| format!("{:?}", span.0))
}

fn list(items: impl IntoIterator<Item = impl ToString>) -> Value {
    let names: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// The value without showing it.
fn given(hook: Option<&String>) -> Value {
    hook.map(|_| "given".to_owned())
}

impl TargetArgs {
    /// Every setting of a target as it counts, with where it comes from.
    pub(in crate::cli) fn settings(&self, config: &Config) -> Vec<Setting> {
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let Config { target: file, credentials, state: file_state, registration: file_registration, .. } = config;
        // The parser has filled in the environment's; a flag with the same value cannot be told from it, and need not be.
        let target = self.target.as_deref().map(|url| without_mark(url).to_owned());
        let from_environment = environment("WABIZSPEC_TARGET").map(|url| without_mark(&url).to_owned());
        let from_environment = from_environment.filter(|url| Some(url) == target.as_ref());
        let from_flag = target.filter(|_| from_environment.is_none());
        let any = |how: &str| Some(format!("any certificate ({how})"));
        let (flag_trust, file_trust) = match (self.insecure, &self.cacert, file.insecure) {
            (true, ..) => (any("--insecure"), None),
            (_, Some(_), _) => (path(&self.cacert), None),
            (_, _, true) => (None, any("insecure")),
            _ => (None, path(&file.cacert)),
        };
        let registration = self.registration.and_then(|choice| text(choice.known()));
        let hook = |hook: &Option<String>| given(hook.as_ref().filter(|_| !self.no_hooks));
        let password = environment("WABIZSPEC_ADMIN_PASSWORD").map(|_| "set".to_owned());
        let token = environment("WABIZSPEC_ADMIN_TOKEN").map(|_| "set".to_owned());
        let username = environment("WABIZSPEC_ADMIN_USERNAME");
        let reqwest = (file.client == ClientChoice::Reqwest).then_some("reqwest");
        let yes = |fresh: bool| text(fresh.then_some("yes"));
        let many = "20, where the target has no reset";
        vec![
            setting("url", from_flag, from_environment, file.url.clone(), "none"),
            setting("registration", registration, None, text(file.registration.known()), "auto"),
            setting("client", None, None, text(reqwest), "wire"),
            setting("trust", flag_trust, None, file_trust, "the public certificate authorities"),
            setting("cert", None, None, path(&file.cert), "none"),
            setting("timeout", span(self.timeout), None, span(file.timeout), "10s"),
            setting("jobs", text(self.jobs), None, text(file.jobs), &JOBS.to_string()),
            setting("rate", text(self.rate), None, text(file.rate), "no limit"),
            setting("min cases", None, None, text(file.min_cases), "none"),
            setting("wrong logins", text(self.wrong_logins), None, text(file.wrong_logins), many),
            setting("proxy", None, None, given(file.proxy.as_ref()), "none"),
            setting("headers", None, None, list(file.headers.keys()), "none"),
            setting("username", None, username, credentials.username.clone(), "admin"),
            setting("password", None, password, path(&credentials.password_file), "none"),
            setting("token", None, token, hook(&credentials.login_command), "none"),
            setting("reset", given(self.reset.as_ref()), None, hook(&file_state.reset), "none"),
            setting("advance", None, None, hook(&file_state.advance), "none"),
            setting("code_command", None, None, hook(&file_registration.code_command), "none"),
            setting("fresh", yes(self.fresh), None, yes(file_state.fresh), "no"),
            setting("allow", list(&self.allow), None, list(&file_state.allow), "nothing"),
            setting("journal", path(&self.journal), None, None, "in the user's state folder"),
        ]
    }
}
