//! What a run needs of the configuration of a target: client, headers, password, hooks, account.

use super::read;
use super::secret::{from_environment, from_file};
use crate::cli::Failure;
use crate::custody::Hooks;
use crate::custody::config::{ClientChoice, Config, HeaderSource};
use crate::custody::givens::{OtherLogin, Registrable, is_token};
use crate::custody::hook::Hook;
use crate::documented::certificate::verified_name;
use crate::exchange::{Header, Redaction};
use crate::transport::origin::Origin;
use crate::transport::second_opinion::SecondOpinion;
use crate::transport::tls::{self, ClientCertificate, Trust};
use crate::transport::wire::Wire;
use crate::transport::{Client, Limits};

pub(super) fn client(
    origin: &Origin,
    trust: &Trust,
    own: Option<&ClientCertificate>,
    limits: Limits,
    config: &Config,
) -> Result<Client, Failure> {
    let proxy = config.target.proxy.as_deref().map(reqwest::Url::parse).transpose();
    let proxy = proxy.map_err(|error| Failure::usage(format!("the proxy is not a URL: {error}")))?;
    let needs_tls = origin.tls() || proxy.as_ref().is_some_and(|proxy| proxy.scheme() == "https");
    let tls = needs_tls.then(|| tls::configuration(trust, own)).transpose().map_err(Failure::usage)?;
    match config.target.client {
        ClientChoice::Wire if proxy.is_some() => Err(Failure::usage(
            "only the reqwest client goes through a proxy\n  help: add client = \"reqwest\" under [target]",
        )),
        ClientChoice::Wire => Ok(Client::Wire(Wire::new(origin.clone(), tls, limits))),
        ClientChoice::Reqwest => {
            SecondOpinion::new(origin.clone(), tls, proxy, limits).map(Client::SecondOpinion).map_err(Failure::usage)
        }
    }
}

/// The certificate that the target is shown, if one is configured. As with curl, its file may hold the key too.
pub(super) fn client_certificate(config: &Config) -> Result<Option<ClientCertificate>, Failure> {
    match (&config.target.cert, &config.target.key) {
        (None, None) => Ok(None),
        (Some(chain), key) => {
            Ok(Some(ClientCertificate { chain: chain.clone(), key: key.as_ref().unwrap_or(chain).clone() }))
        }
        (None, Some(_)) => Err(Failure::usage(
            "key under [target] is the key of a client certificate, but there is none\n  help: add cert = \"FILE\" under \
             [target]",
        )),
    }
}

/// The configured headers, and their secret values: those from the environment, and those whose names say so.
pub(super) fn headers(config: &Config) -> Result<(Vec<Header>, Redaction), Failure> {
    let (mut headers, mut secrets) = (Vec::new(), Redaction::new());
    for (name, source) in &config.target.headers {
        let name = name.to_string();
        let value = match source {
            HeaderSource::Environment(variable) => {
                let value = from_environment(variable)?.ok_or_else(|| {
                    Failure::usage(format!(
                        "the header {name} needs the environment variable {variable}, which is not set\n  help: export \
                         {variable}, or take {name} out of headers under [target]"
                    ))
                })?;
                if HeaderSource::try_from(value.clone()).is_err() {
                    return Err(Failure::usage(format!(
                        "the environment variable {variable} holds a control character, and no header can carry it\n  \
                         help: set {variable} to plain text, on one line"
                    )));
                }
                secrets.add(&value, &format!("${variable}"));
                value
            }
            HeaderSource::Literal(text) => {
                if says_secret(&name) {
                    secrets.add(text, &format!("${}", name.to_ascii_uppercase().replace('-', "_")));
                }
                text.clone()
            }
        };
        headers.push(Header::new(name, value));
    }
    Ok((headers, secrets))
}

fn says_secret(name: &str) -> bool {
    const WORDS: [&str; 7] = ["auth", "cookie", "token", "key", "secret", "password", "credential"];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The admin's name: from the environment, or from the configuration.
pub(super) fn admin_name(config: &Config) -> Result<String, Failure> {
    let given = from_environment("WABIZSPEC_ADMIN_USERNAME")?;
    let name = given.or(config.credentials.username.clone()).unwrap_or_else(|| "admin".to_owned());
    // Basic authentication puts a colon behind the name (RFC 7617 §2).
    match name.is_empty() || name.contains(|c: char| c == ':' || c.is_control()) {
        false => Ok(name),
        true => Err(Failure::usage(
            "the admin's name is empty, or has a colon or a control character in it\n  help: set WABIZSPEC_ADMIN_USERNAME, \
             or username under [credentials], to the name as the target knows it",
        )),
    }
}

/// The admin's password, if the owner gave one: from the environment, or from the configured file.
pub(super) fn admin_password(config: &Config) -> Result<Option<String>, Failure> {
    let given = from_environment("WABIZSPEC_ADMIN_PASSWORD")?;
    let Some(path) = config.credentials.password_file.as_ref().filter(|_| given.is_none()) else { return Ok(given) };
    from_file(path).map(Some).map_err(|what| {
        Failure::usage(format!(
            "the admin's password: {what}\n  help: password_file under [credentials] names a file that holds the password \
             and nothing else; WABIZSPEC_ADMIN_PASSWORD wins over it"
        ))
    })
}

/// How the admin is logged in without a password, if its owner says how: with a token from the environment, or by a command.
pub(super) fn other_login(hooks: &Hooks) -> Result<Option<OtherLogin>, Failure> {
    match from_environment("WABIZSPEC_ADMIN_TOKEN")? {
        Some(token) if !is_token(&token) => Err(Failure::usage(
            "the environment variable WABIZSPEC_ADMIN_TOKEN holds a blank, and no token does\n  help: set it to the token \
             alone, without `Bearer`",
        )),
        Some(token) => Ok(Some(OtherLogin::Token(token))),
        None => Ok(hooks.login.is_some().then_some(OtherLogin::Command)),
    }
}

/// The hooks; `given` is the reset from the command line.
pub(super) fn hooks(given: Option<&str>, config: &Config, trust: Trust) -> Result<Hooks, Failure> {
    let hook = |name: &str, text: Option<&str>| {
        let parsed = text.map(str::parse::<Hook>).transpose();
        parsed.map_err(|error| Failure::usage(format!("{name}: {error}")))
    };
    Ok(Hooks {
        reset: hook("reset", given.or(config.state.reset.as_deref()))?,
        advance: hook("advance", config.state.advance.as_deref())?,
        login: hook("login_command", config.credentials.login_command.as_deref())?,
        code: hook("code_command", config.registration.code_command.as_deref())?,
        trust,
    })
}

/// What each hook does, for people.
pub(super) fn shown(hooks: &Hooks, secrets: &Redaction) -> Vec<String> {
    let named = [
        ("reset", &hooks.reset),
        ("advance", &hooks.advance),
        ("login_command", &hooks.login),
        ("code_command", &hooks.code),
    ];
    let shown = |(name, hook): (&str, &Option<Hook>)| Some(format!("{name}: {}", hook.as_ref()?.shown(secrets)));
    named.into_iter().filter_map(shown).collect()
}

/// What is registered: the configured account, or one of ours.
pub(super) fn account(config: &Config) -> Result<Registrable, Failure> {
    let mut account = Registrable::default();
    let given = &config.registration;
    if let Some(path) = &given.certificate_file {
        account.cert = read(path)?.split_whitespace().collect();
        let advice = "add vname = \"…\" under [registration]";
        let unnamed = |error| Failure::usage(format!("{}: {error}\n  help: {advice}", path.display()));
        account.vname = match &given.vname {
            Some(name) => name.clone(),
            None => verified_name(&account.cert).map_err(unnamed)?.name,
        };
    }
    account.cc = given.cc.clone().unwrap_or(account.cc);
    account.phone_number = given.phone_number.clone().unwrap_or(account.phone_number);
    Ok(account)
}
