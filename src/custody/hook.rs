//! What the owner of a target lets us do to it from outside: run a command, or send a request to a URL.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::process::{ExitStatus, Stdio};
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;
use tokio::process::Command;

use super::names;
use crate::exchange::Redaction;
use crate::files;
use crate::transport::call::{Call, CallError};
use crate::transport::tls::Trust;

const PATIENCE: Duration = Duration::from_secs(60);

/// How much of the last line is shown that a failing command wrote, in characters.
const LINE_SHOWN: usize = 300;

/// How much is read of what a command printed, in bytes.
const KEPT: u64 = 64 * 1024;

/// A hook as it is configured: `docker restart wabiz`, or `POST http://127.0.0.1:8081/reset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// A line for the shell.
    Command(String),
    /// A request without a body; a 2xx answer means done.
    Call(Call),
}

/// Why a text is no hook.
#[derive(Debug, Error)]
pub enum NotAHook {
    #[error("a hook is a command or \"METHOD URL\"; this one is empty")]
    Empty,
    #[error("`METHOD URL` cannot be called: {0}")]
    Call(#[from] CallError),
}

/// What a hook did instead of its work.
#[derive(Debug, Error)]
pub(super) enum HookError {
    #[error("failed: {0}")]
    NoAnswer(#[from] CallError),
    #[error("was answered {0}, not 2xx")]
    Status(u16),
    #[error("did not end within {PATIENCE:?}")]
    TimedOut,
    #[error("could not be started: {0}")]
    NotStarted(io::Error),
    #[error("what it prints cannot be kept in a temporary file: {0}")]
    NoFile(io::Error),
    #[error("failed ({0}): {1}")]
    Failed(ExitStatus, String),
}

impl FromStr for Hook {
    type Err = NotAHook;

    fn from_str(text: &str) -> Result<Hook, NotAHook> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NotAHook::Empty);
        }
        match text.split_once(' ') {
            Some((method, url))
                if method.bytes().all(|byte| byte.is_ascii_uppercase())
                    && (url.starts_with("http://") || url.starts_with("https://")) =>
            {
                Ok(Hook::Call(Call::new(method, url)?))
            }
            _ => Ok(Hook::Command(text.to_owned())),
        }
    }
}

impl Hook {
    /// Runs the hook and returns what it printed. `environment` is set for a command, in place of all our own variables.
    pub(super) async fn run(&self, environment: &[(&str, &str)], trust: &Trust) -> Result<String, HookError> {
        match self {
            Hook::Command(line) => run_command(line, environment).await,
            Hook::Call(call) => match call.send(trust, PATIENCE).await? {
                200..300 => Ok(String::new()),
                status => Err(HookError::Status(status)),
            },
        }
    }

    /// The hook on one line, for the person who is about to let it run, without secrets and control characters.
    pub fn shown(&self, secrets: &Redaction) -> String {
        let Hook::Command(line) = self else { return self.to_string() };
        let line = secrets.apply(line);
        let words = line.split(' ').map(|word| if may_be_shown(word) { visible(word) } else { "…".to_owned() });
        words.collect::<Vec<_>>().join(" ")
    }
}

async fn run_command(line: &str, environment: &[(&str, &str)]) -> Result<String, HookError> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).kill_on_drop(true).stdin(Stdio::null());
    // Our own variables hold the admin's password, and a hook needs none of them but those that it is given.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WABIZSPEC_") {
            command.env_remove(name);
        }
    }
    // Files and no pipes: what the command leaves running, as in `./server &`, would keep a pipe open, and die by its end.
    let (printed, complained) = (unnamed_file()?, unnamed_file()?);
    let hand_over = |file: &File| file.try_clone().map_err(HookError::NotStarted);
    command.envs(environment.iter().copied()).stdout(hand_over(&printed)?).stderr(hand_over(&complained)?);
    let status = tokio::time::timeout(PATIENCE, command.status()).await.map_err(|_| HookError::TimedOut)?;
    let status = status.map_err(HookError::NotStarted)?;
    if !status.success() {
        let said = end_of(&complained)?;
        let last = said.lines().last().unwrap_or_default();
        let last = match last.char_indices().nth(LINE_SHOWN) {
            None => visible(last),
            Some((end, _)) => visible(&last[..end]) + "…",
        };
        return Err(HookError::Failed(status, last));
    }
    Ok(end_of(&printed)?.trim().to_owned())
}

/// A file without a name, gone when the last one has closed it.
fn unnamed_file() -> Result<File, HookError> {
    let path = std::env::temp_dir().join(format!("wabizspec-hook-{}", names::password()));
    files::create_unnamed(&path).map_err(HookError::NoFile)
}

/// The last of what was written to it, as text.
fn end_of(file: &File) -> Result<String, HookError> {
    let read = || {
        let length = file.metadata()?.len();
        let mut bytes = vec![0; usize::try_from(length.min(KEPT)).unwrap_or_default()];
        // Not by the position of the file, which it shares with the command.
        file.read_exact_at(&mut bytes, length.saturating_sub(KEPT))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().map_err(HookError::NoFile)
}

/// Whether a word of a command may be shown: what mixes cases and digits may be a key, a URL may hold one.
fn may_be_shown(word: &str) -> bool {
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
    /// Enough to tell it from others. The rest may hold secrets: `-H "X-Key: …"`, `http://name:word@host`, `?key=…`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_and_url_is_a_call_and_all_else_a_command() {
        let call: Hook = "POST http://127.0.0.1:1/reset".parse().expect("call");
        assert!(matches!(call, Hook::Call(_)));
        for line in ["docker restart wabiz", "curl http://127.0.0.1:1", "POST"] {
            assert_eq!(line.parse::<Hook>().expect("command"), Hook::Command(line.to_owned()));
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
    async fn a_command_sees_its_environment_and_its_failure_is_reported() {
        let run = async |line: &str| {
            let hook: Hook = line.parse().expect("hook");
            hook.run(&[("WABIZSPEC_TARGET", "http://x")], &Trust::WebRoots).await.map_err(|error| error.to_string())
        };
        assert_eq!(run("echo $WABIZSPEC_TARGET").await.as_deref(), Ok("http://x"));
        // What is left running holds what it was given. The hook does not wait for it, which would take too long.
        let id = run("sleep 100 & echo $!").await.expect("an end");
        assert_eq!(run(&format!("kill {id}")).await.as_deref(), Ok(""));
        let error = run("echo no such container >&2; exit 3").await.expect_err("failure");
        assert!(error.contains("no such container") && error.contains('3'), "{error}");
        let error = run("printf '\\033[2J%01000d' 0 >&2; exit 1").await.expect_err("failure");
        assert!(error.contains("\\u{1b}[2J00") && error.ends_with("0…") && error.len() < 400, "{error}");
    }
}
