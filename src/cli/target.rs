//! Which target is judged and what may be done to it: flags over environment over `wabizspec.toml`.

mod file;
mod secret;
mod configured;
mod sources;
mod pair;

use std::ffi::OsString;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::de::DeserializeOwned;

use super::{Failure, enough_files, read};
use crate::custody::accounts::Accounts;
use crate::custody::config::{self, Config, RegistrationChoice, Span};
use crate::custody::givens::OtherLogin;
use crate::custody::journal::Journal;
use crate::custody::state_folder;
use crate::custody::{Controls, Custody, Hooks, Target};
use crate::exchange::{Redaction, shell_word};
use crate::located;
use crate::plan::{Capabilities, WRONG_LOGINS};
use crate::reference::{Server, Settings as ServerSettings};
use crate::run::{Settings, TargetInfo};
use crate::scenario::Change;
use crate::transport::origin::Origin;
use crate::transport::throttle::Rate;
use crate::transport::tls::{ClientCertificate, Trust};
use crate::transport::{Client, Limits, Transport};
use configured::{account, admin_name, admin_password, client, client_certificate, headers, hooks, other_login, shown};
pub(super) use file::LeftOut;
use file::{Configuration, without_mark};
pub(super) use pair::PairArgs;

/// How long opening a connection may take; `--timeout` shortens it but does not lengthen it.
const CONNECT: Duration = Duration::from_secs(3);

/// Cases in flight unless configured otherwise.
pub(super) const JOBS: u16 = 12;

/// Files that are open besides a connection for each case: a case that sends copies together has up to 32.
const OTHER_FILES: usize = 16 + 32;

/// The flags that say which target to judge.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub(super) struct TargetArgs {
    /// URL of the target, including any base path; without it, test the embedded reference client
    #[arg(long, value_name = "URL", env = "WABIZSPEC_TARGET", hide_env_values = true)]
    target: Option<String>,
    /// Test the embedded reference client; required in CI when no target is given
    #[arg(long)]
    embedded: bool,
    /// Configuration file [default: wabizspec.toml in the current directory, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Whether the target still accepts registrations: auto, open or sunset
    #[arg(long, value_name = "STATE", value_parser = one_of::<RegistrationChoice>(["auto", "open", "sunset"]), hide_possible_values = true)]
    registration: Option<RegistrationChoice>,
    /// How to reset the target to a fresh install: a shell command, or "METHOD URL"
    #[arg(long, value_name = "CMD|\"METHOD URL\"")]
    reset: Option<String>,
    /// Do not run the configuration's commands: reset, advance, login_command and code_command
    #[arg(long, conflicts_with = "reset")]
    no_hooks: bool,
    /// The target is freshly installed: the run may do the first login, which changes the default password
    #[arg(long)]
    fresh: bool,
    /// What the run may change: passwords, users, registration, clock (comma-separated)
    #[arg(long, value_name = "CHANGE", value_delimiter = ',', value_parser = one_of::<Change>(["passwords", "users", "registration", "clock"]), hide_possible_values = true)]
    allow: Vec<Change>,
    /// Maximum number of wrong logins, including setup [default: 20 if the target has no reset]
    #[arg(long, value_name = "N")]
    wrong_logins: Option<u32>,
    /// Time limit for a complete response, such as 10s or 500ms [default: 10s]
    #[arg(long, value_name = "DUR")]
    pub(super) timeout: Option<Span>,
    /// Maximum requests per second, such as 10/s, including setup and cleanup [default: no limit]
    #[arg(long, value_name = "N/s")]
    rate: Option<Rate>,
    /// Maximum number of cases in flight [default: 12]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(i64::from(*config::JOBS.start())..=i64::from(*config::JOBS.end())))]
    jobs: Option<u16>,
    /// Accept any TLS certificate, even if it is expired or for another name
    #[arg(long, conflicts_with = "cacert")]
    insecure: bool,
    /// PEM file with the CA certificate to trust, or the target's own certificate
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// File that stores the passwords the run sets; a regular file, not a link
    /// [default: one file per target in the user's state directory]
    #[arg(long, value_name = "PATH")]
    journal: Option<PathBuf>,
}

/// A value with one of these names, which shells complete.
fn one_of<T>(names: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| located::named(&name).map_err(|error| error.advice))
}

/// A target and all that was said about it.
pub(super) struct Resolved {
    pub target: Arc<Target>,
    pub info: TargetInfo,
    pub capabilities: Capabilities,
    /// As far as they follow from the target.
    pub settings: Settings,
    pub configuration: Configuration,
    /// The files that are read or written besides, which no report may overwrite.
    pub inputs: Vec<PathBuf>,
    /// What each hook does, ready to be shown.
    pub hooks: Vec<String>,
}

fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

impl Resolved {
    pub fn origin(&self) -> &Origin {
        self.target.transport.origin()
    }

    /// The lock files that allow one run at a time on this target.
    pub fn locks(&self) -> Vec<PathBuf> {
        state_folder::locks(self.origin(), &environment)
    }

    /// Where passwords are kept; none for the embedded client.
    pub fn journal(&self) -> Option<&Arc<Journal>> {
        self.settings.custody.journal()
    }

    pub fn accounts(&self, custody: Custody) -> Accounts {
        let Settings { admin_name, admin_password, .. } = self.settings.clone();
        Accounts::new(Arc::clone(&self.target), admin_name, admin_password, custody)
    }

    /// Why the journal may be gone or exposed when it is needed, and what to do about it.
    pub fn journal_warning(&self) -> Option<String> {
        let path = self.journal()?.path();
        let shown = path.display();
        if let Some(why) = state_folder::vanishing(path, &environment) {
            let own = "set WABIZSPEC_ADMIN_PASSWORD, so that the run gives the admin no password of its own";
            let advice = match &self.settings.admin_password {
                Some(_) => "keep it on a disk that stays, with --journal PATH".to_owned(),
                None => format!("{own}, or keep the journal on a disk that stays, with --journal PATH"),
            };
            return Some(format!("the credential journal is {shown}, and {why}: {advice}"));
        }
        let usual = state_folder::journal(self.origin(), &environment);
        let advice = "it holds passwords, so keep it out of artefacts and commits";
        (path != usual && state_folder::is_below_current(path))
            .then(|| format!("the credential journal {shown} lies below the working directory: {advice}"))
    }
}

impl TargetArgs {
    /// Settles on a target. Nothing is sent yet; the embedded one is started. `others` are flags of the command that need
    /// a target too, each with whether it was given.
    pub fn resolve(&self, others: &[(&str, bool)]) -> Result<Resolved, Failure> {
        let configuration = self.configuration()?;
        if let Some(LeftOut { what, help }) = &configuration.left_out {
            // However quiet the command is. If standard error cannot be written, there is no other place to say it.
            let _ = writeln!(anstream::stderr(), "note: {what}\n  help: {help}");
        }
        self.resolve_with(configuration, others)
    }

    /// The same with a configuration that has been read.
    pub fn resolve_with(&self, configuration: Configuration, others: &[(&str, bool)]) -> Result<Resolved, Failure> {
        match self.target.clone().or(configuration.config.target.url.clone()) {
            Some(_) if self.embedded => {
                let place = match (&self.target, &configuration.file) {
                    (None, Some(path)) => format!("url in {}", path.display()),
                    _ => "--target or WABIZSPEC_TARGET".to_owned(),
                };
                Err(Failure::usage(format!(
                    "--embedded asks for the embedded reference client, but a target is named too, by {place}\n  help: \
                     leave out one of the two"
                )))
            }
            Some(url) => self.at_url(without_mark(&url), configuration),
            None => {
                self.may_be_embedded(&configuration, others)?;
                self.embedded()
            }
        }
    }

    /// No target is named: makes sure that this is meant, as the reference client is judged then, and no server.
    fn may_be_embedded(&self, configuration: &Configuration, others: &[(&str, bool)]) -> Result<(), Failure> {
        if let Some(path) = &configuration.file {
            return Err(Failure::usage(format!(
                "{} names no target\n  help: add url = \"https://…\" under [target], or give --target URL",
                path.display()
            )));
        }
        let given = [
            ("--reset", self.reset.is_some()),
            ("--fresh", self.fresh),
            ("--allow", !self.allow.is_empty()),
            ("--cacert", self.cacert.is_some()),
            ("--insecure", self.insecure),
        ];
        match given.iter().chain(others).find(|(_, given)| *given) {
            Some((flag, _)) => Err(Failure::usage(format!(
                "{flag} is about a target, but none is named\n  help: give --target URL; the embedded reference \
                 client needs no {flag}"
            ))),
            None if self.embedded || !is_ci() => Ok(()),
            None => Err(Failure::usage(
                "no target is named, and CI is set\n  help: give --target URL or set WABIZSPEC_TARGET; a job that is to \
                 judge the embedded reference client says so with --embedded",
            )),
        }
    }

    fn embedded(&self) -> Result<Resolved, Failure> {
        let registration = self.registration.and_then(RegistrationChoice::known).unwrap_or_default();
        let jobs = self.jobs(None);
        // Both ends of each connection are in this process.
        enough_files(2 * jobs + OTHER_FILES)?;
        let settings = ServerSettings { registration, ..ServerSettings::default() };
        let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), settings)
            .map_err(|error| Failure::inconclusive(format!("the reference client cannot be started: {error}")))?;
        let url = server.url();
        let target = Target::embedded(server, self.limits(None)).map_err(Failure::defect)?.at_rate(self.rate);
        Ok(Resolved {
            info: TargetInfo { url, embedded: true, registration: Some(registration), ..TargetInfo::default() },
            target: Arc::new(target),
            capabilities: Capabilities::embedded(registration),
            settings: Settings::disposable(jobs),
            configuration: Configuration::default(),
            inputs: Vec::new(),
            hooks: Vec::new(),
        })
    }

    fn at_url(&self, url: &str, configuration: Configuration) -> Result<Resolved, Failure> {
        let Configuration { config, file, .. } = &configuration;
        let origin: Origin = url.parse().map_err(Failure::usage)?;
        let jobs = self.jobs(config.target.jobs);
        enough_files(jobs + OTHER_FILES)?;
        let trust = self.trust(config);
        let own = client_certificate(config)?;
        let tls_options = curl_options(&trust, own.as_ref());
        let client = client(&origin, &trust, own.as_ref(), self.limits(config.target.timeout), config)?;
        let hooks = if self.no_hooks { Hooks::default() } else { hooks(self.reset.as_deref(), config, trust)? };
        let (headers, mut secrets) = headers(config)?;
        let admin_name = admin_name(config)?;
        let admin_password = admin_password(config)?;
        if let Some(password) = &admin_password {
            secrets.add_credentials(&admin_name, password, "$WABIZSPEC_ADMIN_PASSWORD");
        }
        let fresh = self.fresh || config.state.fresh;
        let resets = hooks.reset.is_some();
        // A password can do more, and the first login of a target that is just installed gives one.
        let other_login = other_login(&hooks)?.filter(|_| admin_password.is_none() && !fresh && !resets);
        if let Some(OtherLogin::Token(token)) = &other_login {
            secrets.add(token, "$WABIZSPEC_ADMIN_TOKEN");
        }
        let journal = self.open_journal(&origin, &admin_name)?;
        let known = !journal.earlier().passwords_of(&admin_name).is_empty();
        let registration = self.registration.unwrap_or(config.target.registration).known();
        let capabilities = Capabilities {
            disposable: false,
            reset: resets,
            fresh,
            allow: self.allow.iter().chain(&config.state.allow).copied().collect(),
            credentials: admin_password.is_some() || known || other_login.is_some(),
            only_token: other_login.is_some(),
            advance: hooks.advance.is_some(),
            code: hooks.code.is_some(),
            registration,
            without: config.target.without.clone(),
            raw: matches!(client, Client::Wire(_)),
            // A wrong login may lock somebody out, even on a forwarded port of this machine; a reset undoes that.
            wrong_logins: self.wrong_logins.or(config.target.wrong_logins).or((!resets).then_some(WRONG_LOGINS)),
        };
        Ok(Resolved {
            info: TargetInfo { url: origin.to_string(), registration, ..TargetInfo::default() },
            hooks: shown(&hooks, &secrets),
            inputs: self.inputs(config, file.as_ref(), journal.path()),
            settings: Settings {
                admin_name,
                admin_password,
                other_login,
                fresh: capabilities.fresh,
                wrong_logins: capabilities.wrong_logins,
                ready_timeout: config.target.ready_timeout.map(|Span(time)| time),
                flags: self.flags(&hooks, &secrets),
                tls: tls_options,
                account: account(config)?,
                custody: Custody::Shared { journal: Arc::new(journal) },
                ..Settings::disposable(jobs)
            },
            target: Arc::new(Target::new(
                Transport::new(client, origin, headers).with_secrets(secrets).at_rate(self.rate.or(config.target.rate)),
                Controls::Hooks(Box::new(hooks)),
            )),
            capabilities,
            configuration,
        })
    }

    /// The flags that say what this command was told of the target, ready for a shell. No secret of a hook is among them.
    fn flags(&self, hooks: &Hooks, secrets: &Redaction) -> String {
        let path = |path: &PathBuf| path.display().to_string();
        let allowed: Vec<String> = self.allow.iter().map(Change::to_string).collect();
        let state = |choice: RegistrationChoice| choice.known().map_or("auto".to_owned(), |state| state.to_string());
        let reset = self.reset.as_ref().and(hooks.reset.as_ref());
        let reset = reset.map(|reset| reset.shown(secrets).trim_matches('`').to_owned());
        let valued = [
            ("--config", self.config.as_ref().map(path)),
            ("--registration", self.registration.map(state)),
            ("--reset", reset),
            ("--allow", (!allowed.is_empty()).then(|| allowed.join(","))),
            ("--cacert", self.cacert.as_ref().map(path)),
        ];
        let set = [("--no-hooks", self.no_hooks), ("--fresh", self.fresh), ("--insecure", self.insecure)];
        let valued = valued.into_iter().filter_map(|(flag, value)| Some(format!(" {flag} {}", shell_word(&value?))));
        let set = set.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| format!(" {flag}"));
        valued.chain(set).collect()
    }

    fn open_journal(&self, origin: &Origin, admin: &str) -> Result<Journal, Failure> {
        let usual =
            || (state_folder::journal(origin, &environment), state_folder::former_journals(origin, &environment));
        let (path, former) = self.journal.clone().map_or_else(usual, |path| (path, Vec::new()));
        Journal::open(&path, former, &origin.to_string(), admin).map_err(Failure::usage)
    }

    fn inputs(&self, config: &Config, config_file: Option<&PathBuf>, journal: &Path) -> Vec<PathBuf> {
        let Config { target, registration, .. } = config;
        let certificates = self.cacert.iter().chain(&target.cacert).chain(&target.cert).chain(&target.key);
        let files = certificates
            .chain(&registration.certificate_file)
            .chain(&config.credentials.password_file)
            .chain(config_file);
        files.cloned().chain([journal.to_owned()]).collect()
    }

    fn jobs(&self, configured: Option<u16>) -> usize {
        self.jobs.or(configured).unwrap_or(JOBS).into()
    }

    fn limits(&self, configured: Option<Span>) -> Limits {
        let usual = Limits::default();
        match self.timeout.or(configured) {
            Some(Span(whole)) => Limits { whole, first_byte: whole, connect: whole.min(CONNECT), ..usual },
            None => usual,
        }
    }

    fn trust(&self, config: &Config) -> Trust {
        match (&self.cacert, &config.target.cacert) {
            _ if self.insecure => Trust::Anything,
            (Some(path), _) => Trust::CaFile(path.clone()),
            _ if config.target.insecure => Trust::Anything,
            (None, Some(path)) => Trust::CaFile(path.clone()),
            (None, None) => Trust::WebRoots,
        }
    }
}

/// What curl needs to do the same, ready for a shell.
fn curl_options(trust: &Trust, own: Option<&ClientCertificate>) -> String {
    let option = |name: &str, path: &Path| format!(" {name} {}", shell_word(&path.display().to_string()));
    let trust = match trust {
        Trust::WebRoots => String::new(),
        Trust::CaFile(path) => option("--cacert", path),
        Trust::Anything => " -k".to_owned(),
    };
    // curl takes what follows a colon for the password of the key.
    let chain = |own: &ClientCertificate| PathBuf::from(own.chain.display().to_string().replace(':', "\\:"));
    let own = own.map(|own| option("--cert", &chain(own)) + &option("--key", &own.key));
    trust + &own.unwrap_or_default()
}

fn is_ci() -> bool {
    let value = std::env::var_os("CI").unwrap_or_default();
    let value = value.to_string_lossy().to_ascii_lowercase();
    !matches!(value.as_str(), "" | "0" | "false")
}
