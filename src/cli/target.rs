//! Which target is judged and what may be done to it: flags over environment over `wabizspec.toml`.

mod configured;
mod sources;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::{Failure, read};
use crate::located::SourceText;
use crate::plan::Capabilities;
use crate::reference::{Server, Settings as ServerSettings};
use crate::run::TargetInfo;
use crate::scenario::Change;
use crate::target::config::{Config, FILE_NAME, RegistrationChoice, Span};
use crate::target::givens::Registrable;
use crate::target::hook::Hook;
use crate::target::journal::Journal;
use crate::target::origin::Origin;
use crate::target::state_folder;
use crate::target::throttle::Rate;
use crate::target::tls::Trust;
use crate::target::{Client, Controls, Hooks, Limits, Target};
use configured::{account, admin_password, client, headers, wrong_logins};

/// How long opening a connection may take; `--timeout` shortens it but does not lengthen it.
const CONNECT: Duration = Duration::from_secs(3);

/// Cases in flight unless something else is asked for.
pub(super) const JOBS: usize = 12;

/// The flags that say whom to judge.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub(super) struct TargetArgs {
    /// Address of the target, base path included; without it the embedded reference client is judged
    #[arg(long, value_name = "URL", env = "WABIZSPEC_TARGET", hide_env_values = true)]
    target: Option<String>,
    /// Configuration file [default: wabizspec.toml in the current folder, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Whether the target still registers phone numbers: auto, open or sunset
    #[arg(long, value_name = "STATE", value_parser = registration)]
    registration: Option<RegistrationChoice>,
    /// How to bring the target back to just installed: a shell command, or "METHOD URL"
    #[arg(long, value_name = "CMD|\"METHOD URL\"")]
    reset: Option<String>,
    /// The target is just installed now: the default password is still to be changed, and may be
    #[arg(long)]
    fresh: bool,
    /// What the run may change: passwords, users, registration, clock
    #[arg(long, value_name = "CHANGE", value_delimiter = ',', value_parser = change)]
    allow: Vec<Change>,
    /// Wrong logins at most, cases and set-up together [default: 20, where the target has no reset]
    #[arg(long, value_name = "N")]
    wrong_logins: Option<u32>,
    /// Limit for a whole answer, such as 10s or 500ms [default: 10s]
    #[arg(long, value_name = "DUR")]
    pub(super) timeout: Option<Span>,
    /// Requests per second at most, such as 10/s; set-up and clean-up included [default: no limit]
    #[arg(long, value_name = "N/s")]
    rate: Option<Rate>,
    /// Cases in flight at most [default: 12]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Accept any certificate, also expired or for another name
    #[arg(long, conflicts_with = "cacert")]
    insecure: bool,
    /// PEM file with the authority to trust, or with the target's own certificate
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Where passwords are kept that the run gives to accounts [default: a file a target in the user's state folder]
    #[arg(long, value_name = "PATH")]
    journal: Option<PathBuf>,
}

fn registration(text: &str) -> Result<RegistrationChoice, String> {
    match text {
        "auto" => Ok(RegistrationChoice::Auto),
        "open" => Ok(RegistrationChoice::Open),
        "sunset" => Ok(RegistrationChoice::Sunset),
        _ => Err("use auto, open or sunset".to_owned()),
    }
}

fn change(text: &str) -> Result<Change, String> {
    let known = Change::ALL.into_iter().find(|change| change.to_string() == text);
    known.ok_or_else(|| "use passwords, users, registration or clock".to_owned())
}

/// A target and all that was said about it.
pub(super) struct Resolved {
    pub target: Arc<Target>,
    pub info: TargetInfo,
    pub capabilities: Capabilities,
    pub admin_name: String,
    pub admin_password: Option<String>,
    pub jobs: usize,
    pub account: Registrable,
    /// The configuration file that was read, if one was.
    pub config_file: Option<PathBuf>,
    /// Where passwords are kept; none for the embedded client.
    pub journal: Option<Arc<Journal>>,
}

impl Resolved {
    /// The files by which one run at a time is held to this target.
    pub fn locks(&self) -> Vec<PathBuf> {
        state_folder::locks(self.target.origin(), &|name| std::env::var_os(name))
    }

    /// Why the journal may be gone when it is needed, and what to do about it; nothing where all is well.
    pub fn journal_warning(&self) -> Option<String> {
        let path = self.journal.as_ref()?.path();
        let why = state_folder::vanishing(path, &|name| std::env::var_os(name))?;
        let advice = match &self.admin_password {
            Some(_) => "keep it on a disk that stays, with --journal PATH",
            None => {
                "set WABIZSPEC_ADMIN_PASSWORD, so that the run gives the admin no password of its own, or keep the \
                 journal on a disk that stays, with --journal PATH"
            }
        };
        Some(format!(
            "the credential journal is {}, and {why}: {advice}",
            path.display()
        ))
    }
}

impl TargetArgs {
    /// The configuration file that was named, if one was.
    pub fn config_file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Settles on a target. Nothing is sent yet; the embedded one is started. `others` are the flags of the command that
    /// speak of a target too, each with whether it was given.
    pub fn resolve(&self, others: &[(&str, bool)]) -> Result<Resolved, Failure> {
        let (config, config_file) = self.config()?;
        let url = match &self.target {
            Some(url) if url.trim().is_empty() => {
                return Err(Failure::usage(
                    "the target is empty\n  help: give --target URL or set WABIZSPEC_TARGET to one; leave both out to \
                     judge the embedded reference client",
                ));
            }
            Some(url) => Some(url.clone()),
            None => config.target.url.clone(),
        };
        match url {
            Some(url) => self.at_url(&url, config, config_file),
            None => {
                self.refuse_target_flags(config_file.as_deref(), others)?;
                self.embedded()
            }
        }
    }

    /// The configuration and its file, if there is one.
    pub fn config(&self) -> Result<(Config, Option<PathBuf>), Failure> {
        let path = match &self.config {
            Some(path) => path.clone(),
            None if Path::new(FILE_NAME).exists() => PathBuf::from(FILE_NAME),
            None => return Ok((Config::default(), None)),
        };
        let text = read(&path)?;
        let file = path.display().to_string();
        let source = SourceText {
            file: &file,
            text: &text,
        };
        let config = Config::parse(source).map_err(Failure::usage)?;
        Ok((config, Some(path)))
    }

    /// Flags that speak of a target where none is named would be passed over in silence, and the reference client
    /// judged instead of the server that was meant.
    fn refuse_target_flags(&self, config_file: Option<&Path>, others: &[(&str, bool)]) -> Result<(), Failure> {
        if let Some(path) = config_file {
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
            None => Ok(()),
        }
    }

    fn embedded(&self) -> Result<Resolved, Failure> {
        let registration = self
            .registration
            .and_then(RegistrationChoice::known)
            .unwrap_or_default();
        let settings = ServerSettings {
            registration,
            ..ServerSettings::default()
        };
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(listen, settings)
            .map_err(|error| Failure::inconclusive(format!("the reference client cannot be started: {error}")))?;
        let target = Target::embedded(server, self.limits(None)).map_err(Failure::defect)?;
        let target = target.at_rate(self.rate);
        Ok(Resolved {
            info: TargetInfo {
                url: target.origin().to_string(),
                embedded: true,
                registration: Some(registration),
            },
            target: Arc::new(target),
            capabilities: Capabilities::embedded(registration),
            admin_name: "admin".to_owned(),
            admin_password: None,
            jobs: self.jobs(None),
            account: Registrable::default(),
            config_file: None,
            journal: None,
        })
    }

    fn at_url(&self, url: &str, config: Config, config_file: Option<PathBuf>) -> Result<Resolved, Failure> {
        let origin: Origin = url.parse().map_err(Failure::usage)?;
        let trust = self.trust(&config);
        let limits = self.limits(config.target.timeout);
        let client = client(&origin, &trust, limits, &config)?;
        let hooks = self.hooks(&config, trust)?;
        let (headers, mut secrets) = headers(&config)?;
        let admin_name = std::env::var("WABIZSPEC_ADMIN_USERNAME")
            .ok()
            .filter(|name| !name.is_empty());
        let admin_name = admin_name
            .or(config.credentials.username.clone())
            .unwrap_or_else(|| "admin".to_owned());
        let admin_password = admin_password(&config)?;
        if let Some(password) = &admin_password {
            secrets.add_credentials(&admin_name, password, "$WABIZSPEC_ADMIN_PASSWORD");
        }
        let journal = self.journal.clone();
        let journal = journal.unwrap_or_else(|| state_folder::journal(&origin, &|name| std::env::var_os(name)));
        let journal = Journal::open(&journal, &origin.to_string(), &admin_name).map_err(Failure::usage)?;
        let known = !journal.earlier().passwords_of(&admin_name).is_empty();
        let registration = self.registration.unwrap_or(config.target.registration).known();
        let capabilities = Capabilities {
            disposable: false,
            reset: hooks.reset.is_some(),
            fresh: self.fresh || config.state.fresh,
            allow: self
                .allow
                .iter()
                .chain(&config.state.allow)
                .copied()
                .collect::<BTreeSet<Change>>(),
            credentials: admin_password.is_some() || known,
            advance: hooks.advance.is_some(),
            code: hooks.code.is_some(),
            registration,
            raw: matches!(client, Client::Wire(_)),
            wrong_logins: self.wrong_logins.or(wrong_logins(&config, hooks.reset.is_some())),
        };
        Ok(Resolved {
            info: TargetInfo {
                url: origin.to_string(),
                embedded: false,
                registration,
            },
            jobs: self.jobs(config.target.jobs),
            account: account(&config)?,
            target: Arc::new(
                Target::new(client, origin, headers, Controls::Hooks(Box::new(hooks)))
                    .with_secrets(secrets)
                    .at_rate(self.rate.or(config.target.rate)),
            ),
            capabilities,
            admin_name,
            admin_password,
            config_file,
            journal: Some(Arc::new(journal)),
        })
    }

    fn jobs(&self, configured: Option<usize>) -> usize {
        self.jobs.map(usize::from).or(configured).unwrap_or(JOBS).max(1)
    }

    fn limits(&self, configured: Option<Span>) -> Limits {
        let mut limits = Limits::default();
        if let Some(Span(whole)) = self.timeout.or(configured) {
            limits.whole = whole;
            limits.first_byte = whole;
            limits.connect = whole.min(CONNECT);
        }
        limits
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

    fn hooks(&self, config: &Config, trust: Trust) -> Result<Hooks, Failure> {
        let hook = |name: &str, text: Option<&String>| {
            let parsed = text.map(|text| text.parse::<Hook>()).transpose();
            parsed.map_err(|error| Failure::usage(format!("{name}: {error}")))
        };
        Ok(Hooks {
            reset: hook("reset", self.reset.as_ref().or(config.state.reset.as_ref()))?,
            advance: hook("advance", config.state.advance.as_ref())?,
            code: hook("code_command", config.registration.code_command.as_ref())?,
            trust,
        })
    }
}
