//! An exchange as text for people: the transcript, and a curl line that repeats it.
//!
//! Nothing here hides secrets; [`Redaction`](super::Redaction) does, over the text.

use super::{Exchange, HttpRequest, Outcome, Request, Response};

/// The longest body that a transcript shows, in bytes.
const SHOWN: usize = 4096;

/// The request as sent and the answer as it came, each line marked `>` or `<`.
pub fn transcript(exchange: &Exchange) -> String {
    let mut text = String::new();
    mark(&mut text, '>', &exchange.request.to_bytes());
    if exchange.resent {
        text.push_str("* sent once more: the reused connection had died\n");
    }
    match &exchange.outcome {
        Outcome::Answered(response) => mark(&mut text, '<', &response_bytes(response)),
        Outcome::Unanswered(unanswered) => {
            mark(&mut text, '<', &unanswered.partial);
            text.push_str(&format!("* {unanswered}\n"));
        }
    }
    text
}

/// A shell line that sends the same request; the address comes from `$WABIZSPEC_TARGET`.
pub fn curl(request: &Request) -> String {
    match request {
        Request::Http(request) => curl_http(request),
        Request::Raw(bytes) => format!(
            "printf '{}' | nc HOST PORT   # raw bytes: no HTTP client sends them",
            printf_escaped(bytes)
        ),
    }
}

fn curl_http(request: &HttpRequest) -> String {
    let mut line = format!("curl -sk -i -X {}", shell_quoted(request.method.as_bytes()));
    for header in &request.headers {
        let computed = ["host", "content-length"];
        if computed.contains(&header.name.to_ascii_lowercase().as_str()) {
            continue;
        }
        let mut text = header.name.clone().into_bytes();
        text.extend_from_slice(b": ");
        text.extend_from_slice(&header.value);
        line.push_str(&format!(" -H {}", shell_quoted(&text)));
    }
    if let Some(body) = &request.body {
        if request.header("Content-Type").is_none() {
            line.push_str(" -H 'Content-Type:'");
        }
        line.push_str(&format!(" --data-binary {}", shell_quoted(body)));
    }
    line.push_str(&format!(
        " \"$WABIZSPEC_TARGET\"{}",
        shell_quoted(request.target.as_bytes())
    ));
    line
}

fn response_bytes(response: &Response) -> Vec<u8> {
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
    let shown = response.body.len().min(SHOWN);
    bytes.extend_from_slice(&response.body[..shown]);
    if shown < response.body.len() {
        let more = response.body.len() - shown;
        bytes.extend_from_slice(format!("\n… {more} more bytes").as_bytes());
    }
    if !response.surplus.is_empty() {
        bytes.extend_from_slice(b"\n[and, unasked:]\n");
        bytes.extend_from_slice(&response.surplus);
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

fn shell_quoted(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => format!("$'{}'", ansi_c_escaped(bytes)),
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
        b'\'' => r"'\''".to_owned(),
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
            curl(&request),
            "curl -sk -i -X 'POST' -H 'Authorization: Basic eA==' -H 'Content-Type:' \
             --data-binary $'{\\'a\\'}\\x0a' \"$WABIZSPEC_TARGET\"'/v1/users/login'"
        );
    }

    #[test]
    fn a_hostile_answer_cannot_drive_the_terminal() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
    }
}
