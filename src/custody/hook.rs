//! What the owner of a target lets us do to it from outside: a command, or a request to a URL.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio::process::Command;

use crate::exchange::Redaction;
use crate::transport::call::Call;
use crate::transport::tls::Trust;

/// The longest that a hook may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of the last line is shown that a failing command wrote, in characters.
const LINE_SHOWN: usize = 300;

/// A hook as it is configured: `docker restart wabiz`, or `POST http://127.0.0.1:8081/reset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// A line for the shell.
    Command(String),
    /// A request without a body; a 2xx answer means done.
    Call(Call),
}

impl FromStr for Hook {
    type Err = String;

    fn from_str(text: &str) -> Result<Hook, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("a hook is a command or \"METHOD URL\"; this one is empty".to_owned());
        }
        if let Some((method, rest)) = text.split_once(' ')
            && method.bytes().all(|byte| byte.is_ascii_uppercase())
            && (rest.starts_with("http://") || rest.starts_with("https://"))
        {
            let call = Call::new(method, rest);
            return call.map(Hook::Call).map_err(|why| format!("`{method} URL` cannot be called: {why}"));
        }
        Ok(Hook::Command(text.to_owned()))
    }
}

impl Hook {
    /// Runs the hook and returns what it printed or answered.
    ///
    /// `environment` goes to a command, in place of all our own variables; a call gets none of it.
    ///
    /// # Errors
    /// A command that cannot be started, fails or takes more than a minute; an answer other than 2xx.
    pub async fn run(&self, environment: &[(&str, &str)], trust: &Trust) -> Result<String, String> {
        match self {
            Hook::Command(line) => run_command(self, line, environment).await,
            Hook::Call(call) => match call.send(trust, PATIENCE).await {
                Err(error) => Err(format!("{self} failed: {error}")),
                Ok(status) if (200..300).contains(&status) => Ok(String::new()),
                Ok(status) => Err(format!("{self} was answered {status}, not 2xx")),
            },
        }
    }
}

impl Hook {
    /// The hook on one line, for the person who is about to let it run. Neither `secrets` nor words that look like one
    /// are shown, and nothing that a terminal or a CI log would act on.
    pub fn shown(&self, secrets: &Redaction) -> String {
        let Hook::Command(line) = self else {
            return self.to_string();
        };
        let line = secrets.apply(line);
        let words = line.split(' ').map(|word| match is_telling(word) {
            true => visible(word),
            false => "…".to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Whether a word of a command may be shown: what mixes cases and digits may be a key, a URL may hold one.
fn is_telling(word: &str) -> bool {
    let url_with_more = word.contains("://") && word.contains(['@', '?']);
    let mut runs = word.split(|c: char| !c.is_alphanumeric());
    let random = |run: &str| {
        let has = |class: fn(&char) -> bool| run.chars().any(|c| class(&c));
        let kinds = [has(|c| c.is_lowercase()), run.chars().skip(1).any(char::is_uppercase), has(|c| c.is_numeric())];
        let mixed = kinds.into_iter().filter(|kind| *kind).count() > 1;
        run.chars().count() > 32 || (mixed && run.chars().count() > 7)
    };
    !url_with_more && !runs.any(random)
}

/// Without control characters and whatever else changes how the rest looks.
fn visible(word: &str) -> String {
    let shown = |c: char| match c {
        '"' | '\'' | '\\' => c.to_string(),
        other => other.escape_debug().to_string(),
    };
    word.chars().map(shown).collect()
}

impl fmt::Display for Hook {
    /// As much as tells it from others. The rest may hold secrets: `-H "X-Key: …"`, `http://name:word@host`, `?key=…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hook::Command(line) => {
                let mut words = line.split_whitespace();
                let first = words.next().unwrap_or_default();
                let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
                match (first.chars().all(plain), words.next()) {
                    (true, None) => write!(f, "`{first}`"),
                    (true, Some(_)) => write!(f, "`{first} …`"),
                    (false, _) => f.write_str("the command"),
                }
            }
            Hook::Call(call) => write!(f, "`{call}`"),
        }
    }
}

async fn run_command(hook: &Hook, line: &str, environment: &[(&str, &str)]) -> Result<String, String> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).kill_on_drop(true).stdin(std::process::Stdio::null());
    // Our own variables hold the admin's password, and a hook needs none of them but those that it is given.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WABIZSPEC_") {
            command.env_remove(name);
        }
    }
    command.envs(environment.iter().copied());
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = match output {
        Err(_) => return Err(format!("{hook} did not end within {PATIENCE:?}")),
        Ok(Err(error)) => return Err(format!("{hook} could not be started: {error}")),
        Ok(Ok(output)) => output,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        let last = match last.char_indices().nth(LINE_SHOWN) {
            None => visible(last),
            Some((end, _)) => visible(&last[..end]) + "…",
        };
        return Err(format!("{hook} failed ({}): {last}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_and_url_is_a_call_and_all_else_a_command() {
        let call: Hook = "POST http://127.0.0.1:1/reset".parse().expect("call");
        assert!(matches!(call, Hook::Call(_)));
        for line in ["docker restart wabiz", "curl http://127.0.0.1:1", "POST"] {
            assert_eq!(line.parse(), Ok(Hook::Command(line.to_owned())));
        }
        assert!("  ".parse::<Hook>().is_err());
        assert!("POST http://[bad".parse::<Hook>().is_err());
    }

    #[test]
    fn a_command_is_shown_without_secrets_on_one_line() {
        let mut secrets = Redaction::new();
        secrets.add("hush", "$KEY");
        let shown = |line: &str| Hook::Command(line.to_owned()).shown(&secrets);
        for whole in [
            "docker compose up -d --force-recreate --wait wabiz",
            "echo +$WABIZSPEC_SECONDS > /run/faketime",
            "curl -fsS 'http://127.0.0.1:8080/reset'",
        ] {
            assert_eq!(shown(whole), whole);
        }
        assert_eq!(shown("reset --key hush"), "reset --key $KEY");
        assert_eq!(shown("a\n::error::b\u{1b}[2J\u{202e}"), "a\\n::error::b\\u{1b}[2J\\u{202e}");
        assert_eq!(shown("reset k3y-secretValue27 x"), "reset … x");
        assert_eq!(shown("curl http://a:b@c/ http://c/?d=e"), "curl … …");
    }

    #[tokio::test]
    async fn a_command_sees_its_environment_and_its_failure_is_told() {
        let echo: Hook = "echo $WABIZSPEC_TARGET".parse().expect("hook");
        let said = echo.run(&[("WABIZSPEC_TARGET", "http://x")], &Trust::WebRoots).await;
        assert_eq!(said.as_deref(), Ok("http://x"));
        let fail: Hook = "echo no such container >&2; exit 3".parse().expect("hook");
        let error = fail.run(&[], &Trust::WebRoots).await.expect_err("failure");
        assert!(error.contains("no such container") && error.contains('3'), "{error}");
        let long: Hook = "printf '\\033[2J%01000d' 0 >&2; exit 1".parse().expect("hook");
        let error = long.run(&[], &Trust::WebRoots).await.expect_err("failure");
        assert!(error.contains("\\u{1b}[2J00") && error.ends_with("0…") && error.len() < 400, "{error}");
    }
}
