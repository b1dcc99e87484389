//! `wabizspec.toml`: what an owner writes down about a target once. It holds no secrets, only where they are.

mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::plan::Without;
use crate::scenario::{Change, Registration};
use crate::transport::throttle::Rate;

pub(crate) use value::{HeaderName, HeaderSource, JOBS, LongSpan, Span};

/// A file of this name in the current folder is read by itself.
pub(crate) const FILE_NAME: &str = "wabizspec.toml";

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "wabizspec.toml")]
pub struct Config {
    /// Where the target is and how it is talked to.
    pub(crate) target: TargetConfig,
    /// How the harness logs in as admin.
    pub(crate) credentials: CredentialsConfig,
    /// What may be changed, and how it is brought back.
    pub(crate) state: StateConfig,
    /// What is registered, and how the code reaches the harness.
    pub(crate) registration: RegistrationConfig,
    /// What the fuzzer may be pointed at.
    pub(crate) fuzz: FuzzConfig,
}

/// `[target]`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TargetConfig {
    /// Its address, base path included.
    pub url: Option<String>,
    /// `auto`, `open` or `sunset`.
    pub registration: RegistrationChoice,
    /// `wire` (exact bytes) or `reqwest` (HTTP/2, proxies).
    pub client: ClientChoice,
    /// Accept any certificate.
    pub insecure: bool,
    /// A PEM file with the authority, or the target's own certificate.
    pub cacert: Option<PathBuf>,
    /// A PEM file with the certificate that the target asks for, and its chain.
    pub cert: Option<PathBuf>,
    /// A PEM file with its private key, where `cert` does not hold it.
    pub key: Option<PathBuf>,
    /// `http://`, `https://` or `socks5://`; with the reqwest client.
    pub proxy: Option<String>,
    /// The limit for a whole answer, such as `10s`.
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Span>,
    /// How long the target may take to get ready, at the start and after each reset, such as `60s`.
    #[schemars(with = "Option<String>")]
    pub ready_timeout: Option<LongSpan>,
    /// Parts of the API that are left out on purpose.
    pub without: BTreeSet<Without>,
    /// Requests per second at most.
    pub rate: Option<Rate>,
    /// Wrong logins at most in one run. Unless given, 20 where the target has no reset.
    pub wrong_logins: Option<u32>,
    /// Requests in flight at most.
    #[serde(deserialize_with = "value::jobs")]
    #[schemars(range(min = 1, max = 1024))]
    pub jobs: Option<u16>,
    /// Cases that a run of the whole suite has to judge at least; with fewer it is inconclusive.
    pub min_cases: Option<u32>,
    /// Sent with every request: a value, or `env:NAME`.
    #[schemars(with = "BTreeMap<String, String>")]
    pub headers: BTreeMap<HeaderName, HeaderSource>,
}

/// `[credentials]`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CredentialsConfig {
    /// The admin's name; `admin` unless given.
    pub username: Option<String>,
    /// A file that holds the admin's password and nothing else.
    pub password_file: Option<PathBuf>,
    /// A command that logs in as admin some other way and prints the token, where there is no password.
    pub login_command: Option<String>,
}

/// `[state]`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StateConfig {
    /// A command or `METHOD URL` that brings the target back to just installed.
    pub reset: Option<String>,
    /// The same for moving its clock on by `WABIZSPEC_SECONDS`.
    pub advance: Option<String>,
    /// The target is just installed now.
    pub fresh: bool,
    /// What may be changed: `passwords`, `users`, `registration`, `clock`.
    pub allow: BTreeSet<Change>,
}

/// `[registration]`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RegistrationConfig {
    /// A command that prints the code that the target sent last.
    pub code_command: Option<String>,
    /// A file that holds the base64 of a certificate.
    pub certificate_file: Option<PathBuf>,
    /// The verified name in that certificate.
    pub vname: Option<String>,
    /// Country code, digits only.
    pub cc: Option<String>,
    /// Without the country code.
    pub phone_number: Option<String>,
}

/// `[fuzz]`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FuzzConfig {
    /// Hosts other than loopback that may be fuzzed.
    pub allow_hosts: Vec<String>,
}

/// Whether the target still registers numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RegistrationChoice {
    /// Find out.
    #[default]
    Auto,
    /// It does.
    Open,
    /// It does not.
    Sunset,
}

impl RegistrationChoice {
    /// The state, where it is given.
    pub fn known(self) -> Option<Registration> {
        match self {
            RegistrationChoice::Auto => None,
            RegistrationChoice::Open => Some(Registration::Open),
            RegistrationChoice::Sunset => Some(Registration::Sunset),
        }
    }
}

/// The way onto the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClientChoice {
    /// Our own.
    #[default]
    Wire,
    /// The second opinion.
    Reqwest,
}

impl Config {
    /// What holds for another target: what neither acts on one nor is secret nor describes it. Then the keys left out.
    pub(crate) fn for_another_target(self) -> (Config, Vec<&'static str>) {
        // Without `..`, so that a new key has to be put on one of the two sides.
        let Config {
            target,
            credentials: CredentialsConfig { username, password_file, login_command },
            state: StateConfig { reset, advance, fresh, allow },
            registration: RegistrationConfig { code_command, certificate_file, vname, cc, phone_number },
            fuzz,
        } = self;
        let TargetConfig {
            url,
            registration,
            client,
            insecure,
            cacert,
            cert,
            key,
            proxy,
            timeout,
            ready_timeout,
            without,
            rate,
            wrong_logins,
            jobs,
            min_cases,
            headers,
        } = target;
        let set = [
            ("reset", reset.is_some()),
            ("advance", advance.is_some()),
            ("fresh", fresh),
            ("allow", !allow.is_empty()),
            ("headers", !headers.is_empty()),
            ("username", username.is_some()),
            ("password_file", password_file.is_some()),
            ("login_command", login_command.is_some()),
            ("code_command", code_command.is_some()),
            ("certificate_file", certificate_file.is_some()),
            ("vname", vname.is_some()),
            ("cc", cc.is_some()),
            ("phone_number", phone_number.is_some()),
            ("registration", registration != RegistrationChoice::Auto),
            ("insecure", insecure),
            ("cacert", cacert.is_some()),
            ("cert", cert.is_some()),
            ("key", key.is_some()),
            ("proxy", proxy.is_some()),
            ("without", !without.is_empty()),
            ("wrong_logins", wrong_logins.is_some()),
            ("min_cases", min_cases.is_some()),
        ];
        let left_out = set.into_iter().filter_map(|(key, is_set)| is_set.then_some(key)).collect();
        let target = TargetConfig { url, client, timeout, ready_timeout, rate, jobs, ..TargetConfig::default() };
        (Config { target, fuzz, ..Config::default() }, left_out)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::located::{LocatedError, SourceText};
    use crate::vectors::vectors;

    fn parse(text: &str) -> Result<Config, LocatedError> {
        crate::located::parse(SourceText { file: FILE_NAME, text })
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_refused_with_their_place() {
        for (text, line, column, advice) in vectors::<(String, usize, usize, String)>("wrong_configurations") {
            let error = parse(&text).expect_err(&text);
            assert_eq!((error.line, error.column), (line, column), "{error}");
            assert!(error.advice.starts_with(&advice), "{error}");
        }
    }

    #[test]
    fn what_acts_is_secret_or_describes_a_target_does_not_count_for_another() {
        let config = parse(
            "[target]\nurl = \"http://a\"\njobs = 2\nrate = \"10/s\"\ntimeout = \"5s\"\nclient = \"reqwest\"\ninsecure = true\n\
             headers = { X-Key = \"k\" }\n[credentials]\npassword_file = \"p\"\n[state]\nreset = \"true\"\nfresh = true\n\
             allow = [\"users\", \"clock\"]\n[fuzz]\nallow_hosts = [\"b\"]\n",
        );
        let config = config.expect("config");
        assert_eq!(config.state.allow.len(), 2);
        let (kept, left_out) = config.for_another_target();
        assert_eq!(left_out, ["reset", "fresh", "allow", "headers", "password_file", "insecure"]);
        assert_eq!((kept.target.jobs, kept.fuzz.allow_hosts.len()), (Some(2), 1));
        assert_eq!((kept.target.client, kept.target.rate), (ClientChoice::Reqwest, "10".parse().ok()));
        assert_eq!(kept.target.timeout, Some(Span(Duration::from_secs(5))));
        assert!(kept.state.reset.is_none() && kept.target.headers.is_empty());
    }
}
