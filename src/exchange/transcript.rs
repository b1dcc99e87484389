//! An exchange as text for people: the transcript, and a curl line that repeats it.
//!
//! Both are made without the secrets that they are told of; a curl line names the variables that hold them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Exchange, HttpRequest, Outcome, Piece, Redaction, Request, Response};

/// The longest body that a transcript shows, in bytes.
const SHOWN: usize = 4096;

/// The request as sent and the answer as it came, each line marked `>` or `<`.
pub fn transcript(exchange: &Exchange, secrets: &Redaction) -> String {
    let mut text = String::new();
    mark(&mut text, '>', &exchange.request.to_bytes());
    if exchange.resent {
        text.push_str("* sent once more: the reused connection had died\n");
    }
    match &exchange.outcome {
        Outcome::Answered(response) => mark(&mut text, '<', &response_bytes(response, secrets)),
        Outcome::Unanswered(unanswered) => {
            let partial = String::from_utf8_lossy(&unanswered.partial);
            mark(&mut text, '<', secrets.apply_to_cut(&partial).as_bytes());
            text.push_str(&format!("* {unanswered}\n"));
        }
    }
    secrets.apply(&text)
}

/// A shell line that sends the same request. The address, base path included, comes from `$WABIZSPEC_TARGET` and each
/// secret from the variable that stands in its place.
pub fn curl(request: &Request, base_path: &str, secrets: &Redaction) -> String {
    match request {
        Request::Http(request) => curl_http(request, base_path, secrets),
        Request::Raw(bytes) => {
            let escaped = printf_escaped(bytes);
            let quoted = shell_quoted(escaped.as_bytes(), secrets);
            format!("printf {quoted} | nc HOST PORT   # raw bytes: no HTTP client sends them")
        }
    }
}

fn curl_http(request: &HttpRequest, base_path: &str, secrets: &Redaction) -> String {
    let mut line = format!("curl -sk -i -X {}", request.method);
    for header in &request.headers {
        let name = header.name.to_ascii_lowercase();
        if ["host", "content-length"].contains(&name.as_str()) {
            continue;
        }
        if let Some(credentials) = secret_credentials(&name, &header.value, secrets) {
            line.push_str(&format!(" -u {}", shell_quoted(credentials.as_bytes(), secrets)));
            continue;
        }
        // An empty value is written with a semicolon; with a colon curl would leave the header out.
        let separator: &[u8] = if header.value.is_empty() { b";" } else { b": " };
        let text = [header.name.as_bytes(), separator, &header.value].concat();
        line.push_str(&format!(" -H {}", shell_quoted(&text, secrets)));
    }
    if let Some(body) = &request.body {
        if request.header("Content-Type").is_none() {
            line.push_str(" -H 'Content-Type:'");
        }
        line.push_str(&format!(" --data-binary {}", shell_quoted(body, secrets)));
    }
    let path = request.target.strip_prefix(base_path).unwrap_or(&request.target);
    let target = shell_quoted(path.as_bytes(), secrets);
    line.push_str(&format!(" \"$WABIZSPEC_TARGET\"{target}"));
    line
}

/// The user and password of a Basic header, where they hold a secret: base64 would hide the variable's name.
fn secret_credentials(name: &str, value: &[u8], secrets: &Redaction) -> Option<String> {
    let encoded = std::str::from_utf8(value).ok()?.strip_prefix("Basic ")?;
    let joined = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let is_secret = |piece: &Piece<'_>| matches!(piece, Piece::Secret(_));
    (name == "authorization" && secrets.pieces(&joined).iter().any(is_secret)).then_some(joined)
}

fn response_bytes(response: &Response, secrets: &Redaction) -> Vec<u8> {
    let version = match response.version {
        20 => "HTTP/2".to_owned(),
        minor => format!("HTTP/1.{minor}"),
    };
    let mut bytes = format!("{version} {} {}\r\n", response.status, response.reason).into_bytes();
    for header in &response.headers {
        bytes.extend_from_slice(format!("{}: ", header.name).as_bytes());
        bytes.extend_from_slice(&header.value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    // Before it is cut to length: a secret that is cut in two would not be known again.
    let body = secrets.apply(&String::from_utf8_lossy(&response.body)).into_bytes();
    let shown = body.len().min(SHOWN);
    bytes.extend_from_slice(&body[..shown]);
    if shown < body.len() {
        let more = body.len() - shown;
        bytes.extend_from_slice(format!("\n… {more} more bytes").as_bytes());
    }
    if !response.surplus.is_empty() {
        bytes.extend_from_slice(b"\n[and, unasked:]\n");
        let surplus = String::from_utf8_lossy(&response.surplus);
        bytes.extend_from_slice(secrets.apply_to_cut(&surplus).as_bytes());
    }
    bytes
}

fn mark(text: &mut String, sign: char, bytes: &[u8]) {
    for line in String::from_utf8_lossy(bytes).lines() {
        text.push_str(&format!("{sign} {}\n", visible(line)));
    }
}

/// Control characters made visible, so that a hostile answer cannot drive a terminal.
fn visible(line: &str) -> String {
    line.chars()
        .flat_map(|character| {
            let escaped = character.is_control() && character != '\t';
            let plain = (!escaped).then_some(character);
            let code = escaped.then(|| character.escape_default());
            plain.into_iter().chain(code.into_iter().flatten())
        })
        .collect()
}

/// Quoted for a POSIX shell; for bytes that are no plain text, for bash. The place of a secret is left to the shell.
fn shell_quoted(bytes: &[u8], secrets: &Redaction) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return format!("$'{}'", ansi_c_escaped(bytes));
    };
    let pieces = secrets.pieces(text);
    let quoted = pieces.iter().map(|piece| match piece {
        Piece::Secret(shown) => format!("\"{shown}\""),
        Piece::Plain(text) if text.chars().any(char::is_control) => format!("$'{}'", ansi_c_escaped(text.as_bytes())),
        Piece::Plain(text) => format!("'{}'", text.replace('\'', r"'\''")),
    });
    match pieces.is_empty() {
        true => "''".to_owned(),
        false => quoted.collect(),
    }
}

fn ansi_c_escaped(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'\'' => r"\'".to_owned(),
        b'\\' => r"\\".to_owned(),
        0x20..=0x7e => char::from(*byte).to_string(),
        other => format!("\\x{other:02x}"),
    };
    bytes.iter().map(escape).collect()
}

fn printf_escaped(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'\r' => r"\r".to_owned(),
        b'\n' => r"\n".to_owned(),
        b'%' => "%%".to_owned(),
        b'\\' => r"\\".to_owned(),
        0x20..=0x7e => char::from(*byte).to_string(),
        other => format!("\\{other:03o}"),
    };
    bytes.iter().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Header;

    #[test]
    fn curl_repeats_the_request_with_shell_safe_quoting() {
        let request = Request::Http(HttpRequest {
            method: "POST".into(),
            target: "/v1/users/login".into(),
            headers: vec![
                Header::new("Host", "h"),
                Header::new("Authorization", "Basic eA=="),
                Header::new("Content-Length", "6"),
            ],
            body: Some(b"{'a'}\n".to_vec()),
        });
        assert_eq!(
            curl(&request, "", &Redaction::new()),
            "curl -sk -i -X POST -H 'Authorization: Basic eA==' -H 'Content-Type:' \
             --data-binary $'{\\'a\\'}\\x0a' \"$WABIZSPEC_TARGET\"'/v1/users/login'"
        );
    }

    #[test]
    fn curl_takes_secrets_from_variables() {
        let mut secrets = Redaction::new();
        secrets.add_credentials("admin", "Pa:ss", "$WABIZSPEC_ADMIN_PASSWORD");
        secrets.add("tok.en", "$TOKEN");
        let request = |value: String, body: &str| {
            Request::Http(HttpRequest {
                method: "PUT".into(),
                target: "/v1/x".into(),
                headers: vec![Header::new("Authorization", value)],
                body: Some(body.as_bytes().to_vec()),
            })
        };
        let basic = format!("Basic {}", STANDARD.encode("admin:Pa:ss"));
        assert_eq!(
            curl(&request(basic, "{\"old\":\"Pa:ss\"}"), "", &secrets),
            "curl -sk -i -X PUT -u 'admin:'\"$WABIZSPEC_ADMIN_PASSWORD\" -H 'Content-Type:' \
             --data-binary '{\"old\":\"'\"$WABIZSPEC_ADMIN_PASSWORD\"'\"}' \"$WABIZSPEC_TARGET\"'/v1/x'"
        );
        let bearer = curl(&request("Bearer tok.en".into(), ""), "/v1", &secrets);
        assert!(bearer.contains("-H 'Authorization: Bearer '\"$TOKEN\""), "{bearer}");
        assert!(
            bearer.ends_with("\"$WABIZSPEC_TARGET\"'/x'"),
            "the base path is part of the address: {bearer}"
        );
    }

    #[test]
    fn a_hostile_answer_cannot_drive_the_terminal() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
    }
}
