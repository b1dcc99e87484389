//! `wabizspec doctor`: what prevents a good run with this configuration, and what to do about it. It changes nothing.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::Arc;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::Args;
use jiff::Timestamp;

use super::signal::{stop_on_signal, unless_stopped};
use super::target::{LeftOut, Resolved, TargetArgs};
use super::{CONFORMS, Failure, INCONCLUSIVE, INTERRUPTED, plan_view, print, runtime, suite};
use crate::custody::Custody;
use crate::custody::config::Span;
use crate::custody::givens::{DEFAULT_PASSWORD, EARLIER_TRIES, Givens};
use crate::custody::lock::RunLock;
use crate::custody::reading::{NotTheApi, not_the_api};
use crate::custody::recovery::{Probe, probe};
use crate::documented::api::Resource;
use crate::exchange::{Breakage, Exchange, Obstacle};
use crate::plan::{Capabilities, cases, plan};
use crate::run::Settings;
use crate::scenario::Registration;
use crate::words;

/// A target that takes longer than this for one answer is reported, not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// With clocks further apart, in seconds, cases about expiry fail: a token's life is judged by the answer's `Date`.
const SKEW: i64 = 5;

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 ready to run · 2 usage error · 3 a problem to fix first · 130 interrupted")]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Default)]
struct Findings {
    text: String,
    bad: bool,
}

/// Each of the findings returns whether it lets the checks go on.
impl Findings {
    fn line(&mut self, colour: AnsiColor, mark: &str, name: &str, what: impl Display) -> bool {
        let style = Style::new().fg_color(Some(colour.into()));
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "{style}{mark:4}{style:#}  {name:13} {what}");
        true
    }

    fn good(&mut self, name: &str, what: impl Display) -> bool {
        self.line(AnsiColor::Green, "ok", name, what)
    }

    fn note(&mut self, name: &str, what: impl Display) -> bool {
        self.line(AnsiColor::Yellow, "note", name, what)
    }

    fn bad(&mut self, name: &str, what: impl Display, advice: &str) -> bool {
        self.line(AnsiColor::Red, "bad", name, what);
        self.more(format_args!("help: {advice}"));
        self.bad = true;
        false
    }

    /// Belongs to the line before.
    fn more(&mut self, what: impl Display) {
        let _ = writeln!(self.text, "      {:13} {what}", "");
    }
}

pub(super) fn doctor(args: &DoctorArgs) -> Result<u8, Failure> {
    let configuration = args.target.configuration()?;
    let mut found = Findings::default();
    match (&configuration.file, &configuration.left_out) {
        (_, Some(LeftOut { what, .. })) => found.note("file", what),
        (Some(path), None) => found.good("file", path.display()),
        (None, None) => found.note("file", "there is no wabizspec.toml here; `wabizspec init` writes one"),
    };
    if let Some(LeftOut { help, .. }) = &configuration.left_out {
        found.more(format_args!("help: {help}"));
    }
    for (name, value, source) in args.target.settings(&configuration.config) {
        let _ = writeln!(found.text, "      {name:13} {value}  ({source})");
    }
    let mut patient = args.target.clone();
    patient.timeout.get_or_insert(Span(PATIENCE));
    // Shown even if the target cannot be used.
    print(&std::mem::take(&mut found.text))?;
    let resolved = patient.resolve_with(configuration, &[])?;
    if resolved.info.embedded {
        return Err(Failure::usage(
            "no target is named, so `wabizspec run` would judge the embedded reference client\n  help: give --target \
             URL, set WABIZSPEC_TARGET, or write url under [target] in wabizspec.toml",
        ));
    }
    for hook in &resolved.hooks {
        found.note("command", hook);
    }
    if resolved.configuration.is_found {
        who_gets_what(&mut found, &resolved);
    }
    // Shown before anything is sent.
    print(&std::mem::take(&mut found.text))?;
    let stop = stop_on_signal();
    let looked = runtime()?.block_on(unless_stopped(&stop, look(&mut found, &resolved)));
    let Some(registration) = looked else {
        print(&format!("{}\ninterrupted; there was more to check\n", found.text))?;
        return Ok(INTERRUPTED);
    };
    permissions(&mut found, &resolved, registration)?;
    safe_keeping(&mut found, &resolved);
    print(&found.text)?;
    Ok(if found.bad { INCONCLUSIVE } else { CONFORMS })
}

/// What is sent to an address that only a file in the current folder names: the author of the file gets it.
fn who_gets_what(found: &mut Findings, resolved: &Resolved) {
    let password = resolved.settings.admin_password.as_ref().map(|_| "the admin's password".to_owned());
    let headers = resolved.configuration.config.target.headers.keys().map(|name| format!("the header {name}"));
    let sent: Vec<String> = password.into_iter().chain(headers).collect();
    if !sent.is_empty() {
        let (url, sent) = (resolved.origin(), sent.join(", "));
        found.note("secrets", format_args!("{url}, which only the file in this folder names, is sent {sent}"));
    }
}

/// Everything that needs the target itself. Returns what is known of its registration afterwards; a run will know it too.
async fn look(found: &mut Findings, resolved: &Resolved) -> Option<Registration> {
    let [login, read] = resolved.target.transport.harmless();
    let read = resolved.target.transport.send_once(read).await;
    if !address(found, resolved, &read) {
        return resolved.info.registration;
    }
    // Without credentials, so nothing is logged in and nothing is counted as a wrong login.
    let looked = [resolved.target.transport.send(login).await, read];
    if is_the_api(found, resolved, &looked) && clock(found, &looked[1]) && credentials(found, resolved).await {
        return registration(found, resolved).await;
    }
    resolved.info.registration
}

/// Whether it answers; if not, why, and what would help.
fn address(found: &mut Findings, resolved: &Resolved, exchange: &Exchange) -> bool {
    let url = resolved.origin();
    let none = match &exchange.outcome {
        Ok(response) => {
            let (status, elapsed) = (response.status, exchange.elapsed.as_millis());
            return found.good("address", format_args!("{url} answers (status {status}, {elapsed} ms)"));
        }
        Err(none) => none,
    };
    let detail = resolved.target.transport.secrets().apply(&none.to_string());
    let timed_out = (none.breakage == Breakage::TimedOut).then_some(Obstacle::TimedOut);
    let advice = match none.obstacle.or(timed_out) {
        Some(Obstacle::NotResolved) => "the name is unknown here: check its spelling, and the DNS of this machine",
        Some(Obstacle::UntrustedCertificate) => {
            "nobody here knows who signed its certificate: give --cacert FILE (cacert under [target]) with the authority, \
             or with the server's own certificate; --insecure would accept any"
        }
        Some(Obstacle::NamelessCertificate) => {
            "its certificate names no host at all (a subjectAltName; the CN does not count): make it anew with one, for \
             example with `openssl req … -addext subjectAltName=DNS:HOST`; --insecure would accept it, --cacert would not \
             help"
        }
        Some(Obstacle::MisnamedCertificate) => {
            "its certificate is for another name: use that name in the url; --insecure would accept it, --cacert would \
             not help"
        }
        Some(Obstacle::OutdatedCertificate) => {
            "check the clock of this machine, or renew the certificate; --insecure would accept it, --cacert would not help"
        }
        Some(Obstacle::ClientCertificate) => {
            "it ends the TLS handshake, as targets do that ask for a client certificate: name one that it accepts with cert \
             and key under [target]"
        }
        Some(Obstacle::NotTls) => "it does not speak TLS on that port: write http:// or another port",
        Some(Obstacle::Refused) => "nothing listens there: start the target, or check host and port",
        Some(Obstacle::TimedOut) => {
            "it does not answer within a second: look for a firewall in between; a slow target needs --timeout"
        }
        None => "check host, port and scheme; an https target called with http:// hangs up like this too",
    };
    found.bad("address", format_args!("{url}: {detail}"), advice)
}

/// Whether the login path exists. A wrong base path or port would otherwise look like a target that refuses everything.
fn is_the_api(found: &mut Findings, resolved: &Resolved, looked: &[Exchange; 2]) -> bool {
    let url = resolved.origin();
    let https = "status 400 is what an https port answers when it is called with http://: check the scheme";
    let gateway = "a gateway answers in place of the target";
    let start = "start the target behind it, and look into the gateway's log";
    let [login, read] = looked.each_ref().map(|exchange| exchange.response().map(|response| response.status));
    match (read, login) {
        (Some(502..=504), _) => return found.bad("address", gateway, start),
        (Some(400), _) if !url.tls() => return found.note("address", https),
        (Some(404), Some(404)) => {}
        _ => {
            return match not_the_api(looked) {
                None => true,
                Some(what @ NotTheApi::Html { .. }) => found.note("address", what),
                Some(what) => found.bad("address", what, "a run would judge nothing there"),
            };
        }
    }
    let advice = match url.base_path().ends_with("/v1") {
        true => "leave /v1 out of the url: the paths of the API begin with it",
        false => "check host and port, and the base path where a gateway puts the API below one; /v1 is no part of it",
    };
    let what = format!("there is no {} and no {}", Resource::Users.path(), Resource::Login.path());
    found.bad("address", what, advice)
}

fn clock(found: &mut Findings, exchange: &Exchange) -> bool {
    let Some(date) = exchange.response().and_then(|response| response.date()) else {
        return found.note("clock", "the target sends no Date, so tokens are judged by the clock of this machine");
    };
    let ahead = date.as_second() - Timestamp::now().as_second();
    if ahead.abs() <= SKEW {
        return found.good("clock", "the same as this machine's");
    }
    found.note("clock", format!("the target's clock differs from this machine's by {ahead} s: set both by NTP"))
}

/// Whether the harness can log in: tries what a run would try, but for the first login, and says what was seen.
async fn credentials(found: &mut Findings, resolved: &Resolved) -> bool {
    let Capabilities { fresh, reset, .. } = resolved.capabilities;
    let Settings { admin_name, admin_password, other_login, .. } = &resolved.settings;
    if other_login.is_some() {
        return token(found, resolved).await;
    }
    // They keep nothing, because nothing is changed.
    let accounts = resolved.accounts(Custody::Disposable);
    let log_in = async |password: &str| {
        let probed = probe(&resolved.target, &accounts.admin_account(password)).await;
        if let Probe::LoggedIn(token) = &probed {
            accounts.log_out(token).await;
        }
        probed
    };
    let mut refusal = None;
    if let Some(password) = admin_password {
        match log_in(password).await {
            Probe::LoggedIn(_) => return found.good("credentials", format_args!("logs in as {admin_name}")),
            Probe::Throttled(wait) => {
                let what = format!("the target asks to wait {} s before the next login", wait.as_secs());
                return found.bad("credentials", what, "wait, then run this again");
            }
            Probe::Unreachable(why) => return found.bad("credentials", why, "look into the target's own log"),
            Probe::ChangeRequired => refusal = Some("a change of the password is asked for".to_owned()),
            Probe::Refused(said) => refusal = Some(said),
        }
    }
    let afterwards = if reset { "; a run resets it first" } else { "" };
    match log_in(DEFAULT_PASSWORD).await {
        Probe::ChangeRequired => {
            match (fresh, reset, refusal) {
                (true, ..) => found.good("state", "just installed: the first login gives the admin its password"),
                (_, true, _) => found.note("state", "just installed; a run resets it first"),
                (.., Some(_)) => {
                    let what = "just installed, so the password that was given does not log in yet";
                    found.bad("state", what, "give --fresh: the run's first login sets it")
                }
                (.., None) => found.note("state", "just installed: give --fresh to let a run do the first login"),
            };
            return false;
        }
        Probe::LoggedIn(_) => {
            found.note("state", format_args!("the documented default password logs in, which is unsafe{afterwards}"))
        }
        Probe::Refused(said) => {
            found.note("state", format_args!("the documented default password is refused ({said}){afterwards}"))
        }
        Probe::Throttled(_) => found.note("state", "not known: the target throttles logins"),
        Probe::Unreachable(why) => found.note("state", format_args!("not known: {why}")),
    };
    let earlier = resolved.journal().map(|journal| journal.earlier().passwords_of(admin_name)).unwrap_or_default();
    for password in earlier.iter().take(EARLIER_TRIES) {
        if let Probe::LoggedIn(_) = log_in(password).await {
            let what = "a password that an earlier run left in the journal logs in; `wabizspec recover` shows it";
            found.note("credentials", what);
            return false;
        }
    }
    match refusal {
        None if reset => found.note("credentials", "none; after a reset the first login makes one up"),
        None => found.note("credentials", "none, so only cases run that need no login: set WABIZSPEC_ADMIN_PASSWORD"),
        // After a reset the default password is valid, and the first login sets the one that was given.
        Some(said) if reset => found.note("credentials", format_args!("not yet: {said}; the first login sets it")),
        Some(said) => {
            let what = format!("{admin_name} is refused with the password that was given ({said})");
            let advice = "set WABIZSPEC_ADMIN_PASSWORD (it wins over password_file) to the one that works; where the target is \
                          just installed, give --fresh";
            found.bad("credentials", what, advice)
        }
    };
    false
}

/// Whether the token that the owner gave, or the command printed, is the admin's.
async fn token(found: &mut Findings, resolved: &Resolved) -> bool {
    let mut givens = givens(resolved);
    let tried = givens.admin().await;
    givens.clean_up().await;
    let advice = "set WABIZSPEC_ADMIN_TOKEN to a token of the admin that is valid now, or correct login_command";
    match tried {
        Ok(_) => found.good("credentials", "the token is accepted; cases that need the admin's password do not run"),
        Err(why) => found.bad("credentials", why, advice),
    }
}

/// They keep nothing, because nothing is changed.
fn givens(resolved: &Resolved) -> Givens {
    let accounts = Arc::new(resolved.accounts(Custody::Disposable));
    let givens = Givens::new(Arc::clone(&resolved.target), accounts, false);
    givens.with_other_login(resolved.settings.other_login.clone())
}

async fn registration(found: &mut Findings, resolved: &Resolved) -> Option<Registration> {
    if let Some(state) = resolved.info.registration {
        found.good("registration", format_args!("{state}, as given"));
        return Some(state);
    }
    let mut givens = givens(resolved);
    let probed = givens.probe_registration().await;
    givens.clean_up().await;
    match &probed {
        Ok(state) => found.good("registration", format_args!("{state}, found out with an empty request")),
        Err(why) => found.note("registration", why),
    };
    probed.ok()
}

fn permissions(found: &mut Findings, resolved: &Resolved, registration: Option<Registration>) -> Result<(), Failure> {
    let all = cases(&suite(None)?);
    let count = all.len();
    let capabilities = Capabilities { registration, ..resolved.capabilities.clone() };
    let plan = plan(all, &capabilities);
    let changes = plan_view::named_changes(&plan, &capabilities);
    let run = plan.cases().count();
    let verb = if found.bad { "would run" } else { "run" };
    let changed = if changes.is_empty() { " nothing".to_owned() } else { format!(": {}", changes.join(", ")) };
    let what = format!("{run} of {count} cases {verb}, and change{changed}");
    match resolved.configuration.config.target.min_cases {
        Some(least) if run < least as usize => {
            let what = format!("{what}; min_cases asks for {least}");
            found.bad("permissions", what, "allow more, or correct min_cases under [target]")
        }
        _ => found.good("permissions", what),
    };
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    for (_, why) in &plan.skipped {
        *left_out.entry(words::skip(why)).or_default() += 1;
    }
    for (why, count) in left_out {
        found.more(format_args!("{count} do not: {why}"));
    }
    Ok(())
}

fn safe_keeping(found: &mut Findings, resolved: &Resolved) {
    if let Some(journal) = resolved.journal() {
        match resolved.journal_warning() {
            Some(warning) => found.note("journal", warning),
            None => found.good("journal", journal.path().display()),
        };
    }
    match RunLock::holder(&resolved.locks()) {
        Some(holder) => {
            found.bad("lock", format_args!("a run is at work on this target: {holder}"), "wait until it ends")
        }
        None => found.good("lock", "no other run is at work on this target"),
    };
}
