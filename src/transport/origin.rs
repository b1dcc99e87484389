//! Where the target is: a URL taken apart once, so that nobody builds a `Host` header or a path by hand.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use thiserror::Error;

/// The scheme, host, port and base path of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    tls: bool,
    /// As in a URL: lower case, an IPv6 address in brackets.
    host: String,
    port: u16,
    host_header: String,
    base_path: String,
}

/// Why a text is not the URL of a target. No message repeats a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OriginError {
    /// Nothing was given.
    #[error("the target's URL is empty; write for example http://127.0.0.1:8080")]
    Empty,
    /// `localhost:8080` and the like.
    #[error("the target's URL has no scheme; write http:// or https:// in front, for example http://127.0.0.1:8080")]
    NoScheme,
    /// A scheme that is not HTTP.
    #[error("`{0}` is not a supported scheme; write http:// or https://")]
    Scheme(String),
    /// A name or password in the URL.
    #[error(
        "the target's URL holds credentials, and URLs end up in reports; \
         leave out what stands before the `@` and set WABIZSPEC_ADMIN_USERNAME and WABIZSPEC_ADMIN_PASSWORD"
    )]
    Credentials,
    /// `?…`
    #[error("the target's URL has a query; leave out the `?` and what follows it")]
    Query,
    /// `#…`
    #[error("the target's URL has a fragment; leave out the `#` and what follows it")]
    Fragment,
    /// `http://host:0`
    #[error("no server listens on port 0; write the port that the target listens on")]
    PortZero,
    /// What is wrong with its host, port or path.
    #[error("the target's URL cannot be read ({0}); write it as http://HOST:PORT")]
    Unreadable(&'static str),
}

/// A URL in pieces, none of which has been checked yet.
pub(super) struct Pieces<'u> {
    pub scheme: &'u str,
    /// Name and password, without the `@`.
    pub user: Option<&'u str>,
    /// Host and port.
    pub place: &'u str,
    /// Path, query and fragment.
    pub rest: &'u str,
}

impl<'u> Pieces<'u> {
    pub fn of(url: &'u str) -> Result<Pieces<'u>, OriginError> {
        let (scheme, after) = url.split_once("://").ok_or(OriginError::NoScheme)?;
        let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
        let with_user = authority.rsplit_once('@');
        let (user, place) = with_user.map_or((None, authority), |(user, place)| (Some(user), place));
        Ok(Pieces { scheme, user, place, rest })
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(OriginError::Empty);
        }
        let Pieces { scheme, user, place, rest } = Pieces::of(text)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ if is_scheme(scheme) => return Err(OriginError::Scheme(scheme.to_owned())),
            _ => return Err(OriginError::NoScheme),
        };
        if user.is_some() {
            return Err(OriginError::Credentials);
        }
        match rest.chars().find(|c| matches!(c, '?' | '#')) {
            Some('?') => return Err(OriginError::Query),
            Some(_) => return Err(OriginError::Fragment),
            None => {}
        }
        // The colons of an IPv6 address come before its bracket.
        let after_host = place.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match place[after_host..].split_once(':') {
            Some((end, port)) => (&place[..after_host + end.len()], port),
            None => (place, ""),
        };
        let host = read_host(host).map_err(OriginError::Unreadable)?;
        let usual_port = if tls { 443 } else { 80 };
        // A number may begin with `+`, a port may not.
        let number: Option<u16> = port.parse().ok().filter(|_| !port.starts_with('+'));
        let port = match number {
            _ if port.is_empty() => usual_port,
            Some(0) => return Err(OriginError::PortZero),
            Some(number) => number,
            None => return Err(OriginError::Unreadable("invalid port number")),
        };
        let host_header = if port == usual_port { host.clone() } else { format!("{host}:{port}") };
        Ok(Origin { tls, host, port, host_header, base_path: read_path(rest) })
    }
}

/// A host in its normal form, or why it is invalid.
fn read_host(text: &str) -> Result<String, &'static str> {
    if let Some(address) = text.strip_prefix('[') {
        let address = address.strip_suffix(']').and_then(|address| address.parse::<Ipv6Addr>().ok());
        return address.map(|address| format!("[{address}]")).ok_or("invalid IPv6 address");
    }
    let name = text.to_ascii_lowercase();
    let full = name.strip_suffix('.').unwrap_or(&name);
    let last = full.rsplit('.').next().unwrap_or_default();
    if full.is_empty() {
        return Err("empty host");
    }
    // The operating system reads `127.1` and `0x7f000001` as addresses too; here one address has one name.
    if last.starts_with(|c: char| c.is_ascii_digit())
        && last.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'x')
    {
        return full.parse().map(|address: Ipv4Addr| address.to_string()).map_err(|_| "invalid IPv4 address");
    }
    match full.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        true => Ok(name),
        false if name.is_ascii() => Err("invalid domain character"),
        false => Err("a name outside ASCII: write it as xn--…"),
    }
}

/// A path as it is sent (RFC 3986 §3.3, §5.2.4), without a slash at its end and percent-encoded as browsers do.
fn read_path(text: &str) -> String {
    const ENCODED: AsciiSet =
        CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'^').add(b'`').add(b'{').add(b'}');
    let mut segments = Vec::new();
    for segment in text.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let path: String = segments.into_iter().flat_map(|segment| ["/", segment]).collect();
    utf8_percent_encode(path.trim_end_matches('/'), &ENCODED).to_string()
}

fn is_scheme(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain)
}

impl Origin {
    /// Whether the target is reached over TLS.
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// The name or address to connect to; an IPv6 address without brackets.
    pub fn connect_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port to connect to, 1 to 65535.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of the `Host` header (RFC 9110 §7.2): the port is left out where it is the scheme's own.
    pub fn host_header(&self) -> &str {
        &self.host_header
    }

    /// What every request target begins with: empty, or a path without a slash at its end.
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Whether scheme, host, port and base path are equal. The usual names of this machine count as one.
    pub fn is_the_same_as(&self, other: &Origin) -> bool {
        let [host, other_host] = [self, other].map(|origin| match origin.connect_host() {
            "127.0.0.1" | "::1" => "localhost",
            host => host,
        });
        host == other_host && (self.tls, self.port, &self.base_path) == (other.tls, other.port, &other.base_path)
    }

    /// Whether the target is on this machine: `localhost`, 127.0.0.0/8 or ::1. A name is not resolved.
    pub fn is_loopback(&self) -> bool {
        self.full_name().ends_with(".localhost") || self.is_this_machine()
    }

    /// The same text however host, port and base path are written. All names of this machine are `localhost`.
    pub(crate) fn place(&self) -> String {
        let host = if self.is_this_machine() { "localhost" } else { self.full_name() };
        format!("{host}:{}{}", self.port, self.base_path)
    }

    fn full_name(&self) -> &str {
        self.connect_host().trim_end_matches('.')
    }

    fn is_this_machine(&self) -> bool {
        match self.full_name().parse::<IpAddr>().map(|address| address.to_canonical()) {
            // The unspecified address is connected to as this machine.
            Ok(address) => address.is_loopback() || address.is_unspecified(),
            Err(_) => self.full_name() == "localhost",
        }
    }
}

impl fmt::Display for Origin {
    /// The URL, without a slash at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.host_header(), self.base_path)
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;
    use crate::vectors::vectors;

    /// A URL; whether over TLS, host and port; `Host` header, base path, and the URL as it is shown.
    type Vector = (String, bool, String, u16, String, String, String);

    #[test]
    fn a_url_is_split_into_its_parts() {
        for (url, tls, host, port, header, base, display) in vectors::<Vector>("origins") {
            let origin: Origin = url.parse().expect(&url);
            assert_eq!((origin.tls(), origin.connect_host(), origin.port()), (tls, &*host, port), "{url}");
            assert_eq!((origin.host_header(), origin.base_path()), (&*header, &*base), "{url}");
            assert_eq!(origin.to_string(), display, "{url}");
            assert_eq!(display.parse::<Origin>().expect(&display), origin, "{url}");
        }
    }

    #[test]
    fn an_invalid_url_is_refused_with_advice() {
        for (url, why) in vectors::<(String, String)>("not_origins") {
            let error = url.parse::<Origin>().expect_err(&url);
            assert_eq!(format!("{error:?}"), why, "{url}");
        }
        let message = "http://u:hush@a".parse::<Origin>().expect_err("credentials").to_string();
        assert!(!message.contains("hush"), "{message}");
    }

    #[test]
    fn scheme_host_port_and_base_path_make_a_server() {
        let same = |a: &str, b: &str| {
            let [a, b] = [a, b].map(|url| url.parse::<Origin>().expect(url));
            a.is_the_same_as(&b)
        };
        assert!(same("http://127.0.0.1:9", "http://localhost:9/"));
        assert!(same("http://[::1]:9/x", "http://LOCALHOST:9/x"));
        assert!(same("https://a.example", "https://A.example:443"));
        for other in ["https://a", "http://a:81", "http://b", "http://a/x", "http://127.0.0.2"] {
            assert!(!same("http://a", other), "{other}");
        }
        assert!(!same("http://localhost", "http://127.0.0.2"));
    }

    #[test]
    fn a_target_has_one_place_however_it_is_written_and_only_this_machine_is_loopback() {
        for (url, place, is_loopback) in vectors::<(String, String, bool)>("places") {
            let origin: Origin = url.parse().expect(&url);
            assert_eq!((origin.place(), origin.is_loopback()), (place, is_loopback), "{url}");
        }
    }
}
