//! An exchange as text for people: the transcript, and a curl line that repeats it. Secrets are replaced in both; the
//! curl line has variables instead of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::harmless::harmless_text;
use super::redaction::Piece;
use super::shell::{printf, quoted, shell_word};
use super::{Exchange, Header, HttpRequest, Manner, Redaction, Request, Response};

/// The longest body that a transcript shows, in bytes.
const SHOWN: usize = 4096;

/// How much of a body is searched for secrets, in bytes: they may be longer than the names that replace them.
const LOOKED_AT: usize = 4 * SHOWN;

/// The longest value of a header that a transcript shows, in bytes.
const VALUE: usize = 1024;

const HEADERS: usize = 64;

/// The longest body that is an argument of curl, in bytes; Linux takes twice as much.
const WORD: usize = 64 << 10;

/// The request as sent and the answer as it came, each line marked `>` or `<`.
pub fn transcript(exchange: &Exchange, secrets: &Redaction) -> String {
    let mut text = String::new();
    mark(&mut text, '>', &String::from_utf8_lossy(&exchange.request.to_bytes()));
    if exchange.resent {
        text.push_str("* sent once more: the reused connection had died\n");
    }
    match &exchange.outcome {
        Ok(response) => mark(&mut text, '<', &answer(response, secrets)),
        Err(unanswered) => {
            let partial = String::from_utf8_lossy(&unanswered.partial);
            mark(&mut text, '<', &secrets.apply_to_cut(&partial));
            text.push_str(&format!("* {unanswered}\n"));
        }
    }
    secrets.apply(&text)
}

/// A shell line that sends the same request, with these options for TLS. The address, base path included, comes from
/// `$WABIZSPEC_TARGET`, and each secret from its variable.
pub fn curl(request: &Request, base_path: &str, tls: &str, secrets: &Redaction) -> String {
    match request {
        Request::Http(request) if is_for_curl(request) => curl_http(request, base_path, tls, secrets),
        _ => {
            format!("{} | nc HOST PORT   # raw bytes: no HTTP client sends them", printf(&request.to_bytes(), secrets))
        }
    }
}

/// Whether curl sends it as it is: it frames some bodies itself, waits for a body after `HEAD`, and tidies paths and values.
fn is_for_curl(request: &HttpRequest) -> bool {
    let own_framing: &[&str] = match request.manner {
        // As curl does.
        Manner::Chunked => &["Expect"],
        _ => &["Transfer-Encoding", "Expect"],
    };
    let is_plain = |header: &Header| {
        !own_framing.iter().any(|name| header.name.eq_ignore_ascii_case(name))
            && header.value.trim_ascii() == header.value
            && !header.value.iter().any(u8::is_ascii_control)
    };
    let target = request.target.to_ascii_lowercase();
    request.method != "HEAD"
        && request.headers.iter().all(is_plain)
        && target.chars().all(|c| c.is_ascii_graphic() && !"{}[]\\#".contains(c))
        && !["/.", "/%2e"].iter().any(|dots| target.contains(dots))
}

fn curl_http(request: &HttpRequest, base_path: &str, tls: &str, secrets: &Redaction) -> String {
    // A word of the shell ends at a NUL and has its limits, and to curl an `@` begins the name of a file.
    let is_no_word = |body: &&Vec<u8>| body.contains(&0) || body.starts_with(b"@") || body.len() > WORD;
    let piped = request.body.as_ref().filter(is_no_word).map(|body| printf(body, secrets) + " | ");
    let mut line =
        format!("{}curl -s{tls} -i -X {}", piped.as_deref().unwrap_or_default(), shell_word(&request.method));
    for header in &request.headers {
        let is_named = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is_named("Host") || is_named("Content-Length") {
            continue;
        }
        let credentials = is_named("Authorization").then(|| secret_credentials(&header.value, secrets));
        if let Some(credentials) = credentials.flatten() {
            line.push_str(&format!(" -u {}", quoted(credentials.as_bytes(), secrets)));
            continue;
        }
        // An empty value is written with a semicolon; with a colon curl would leave the header out.
        let separator: &[u8] = if header.value.is_empty() { b";" } else { b": " };
        let text = [header.name.as_bytes(), separator, &header.value].concat();
        line.push_str(&format!(" -H {}", quoted(&text, secrets)));
    }
    if let Some(body) = &request.body {
        if request.header("Content-Type").is_none() {
            line.push_str(" -H 'Content-Type:'");
        }
        line.push_str(" --data-binary ");
        line.push_str(&if piped.is_some() { "@-".to_owned() } else { quoted(body, secrets) });
    }
    let path = request.target.strip_prefix(base_path).unwrap_or(&request.target);
    let target = quoted(path.as_bytes(), secrets);
    line.push_str(&format!(" \"$WABIZSPEC_TARGET\"{target}"));
    line
}

/// The user and password of a Basic header that has a secret: base64 would hide the variable's name.
pub(crate) fn secret_credentials(value: &[u8], secrets: &Redaction) -> Option<String> {
    let encoded = std::str::from_utf8(value).ok()?.strip_prefix("Basic ")?;
    let joined = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let is_secret = |piece: &Piece<'_>| matches!(piece, Piece::Secret(_));
    secrets.pieces(&joined).iter().any(is_secret).then_some(joined)
}

fn answer(response: &Response, secrets: &Redaction) -> String {
    let version = if response.version == 20 { "HTTP/2".to_owned() } else { format!("HTTP/1.{}", response.version) };
    let reason = cut(response.reason.as_bytes(), VALUE, secrets);
    let mut text = format!("{version} {} {reason}\r\n", response.status);
    for header in response.headers.iter().take(HEADERS) {
        let name = cut(header.name.as_bytes(), VALUE, secrets);
        text.push_str(&format!("{name}: {}\r\n", cut(&header.value, VALUE, secrets)));
    }
    if let Some(more) = response.headers.len().checked_sub(HEADERS).filter(|more| *more > 0) {
        text.push_str(&format!("… {more} more headers\r\n"));
    }
    text.push_str("\r\n");
    // Secrets are replaced before the cut: half a secret might not be recognised.
    let looked_at = response.body.len().min(LOOKED_AT);
    let body = secrets.apply_to_bytes(&response.body[..looked_at], looked_at < response.body.len());
    let shown = body.floor_char_boundary(SHOWN);
    text.push_str(&body[..shown]);
    let more = body.len() - shown + response.body.len() - looked_at;
    if more > 0 {
        text.push_str(&format!("\n… {more} more bytes"));
    }
    if !response.surplus.is_empty() {
        text.push_str("\n[and, unasked:]\n");
        text.push_str(&secrets.apply_to_bytes(&response.surplus, true));
    }
    text
}

/// The start of a value without secrets, and its length if there is more.
fn cut(value: &[u8], shown: usize, secrets: &Redaction) -> String {
    match value.len() <= shown {
        true => secrets.apply_to_bytes(value, false),
        false => format!("{}… ({} bytes in all)", secrets.apply_to_bytes(&value[..shown], true), value.len()),
    }
}

fn mark(text: &mut String, sign: char, marked: &str) {
    for line in marked.lines() {
        text.push_str(&format!("{sign} {}\n", harmless_text(line)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curl_repeats_the_request_with_shell_safe_quoting() {
        let headers = [("Host", "h"), ("Authorization", "Basic eA=="), ("Content-Length", "6")];
        let request = Request::Http(HttpRequest::of("POST", "/v1/users/login", &headers, "{'a'}\n"));
        assert_eq!(
            curl(&request, "", "", &Redaction::new()),
            "curl -s -i -X POST -H 'Authorization: Basic eA==' -H 'Content-Type:' \
             --data-binary $'{\\'a\\'}\\x0a' \"$WABIZSPEC_TARGET\"'/v1/users/login'"
        );
    }

    #[test]
    fn what_curl_would_change_is_printed() {
        let line = |method: &'static str, target, header, body| {
            let request = HttpRequest::of(method, target, &[("X-Odd", "a"), header], body);
            curl(&Request::Http(request), "", "", &Redaction::new())
        };
        let length = ("Content-Length", "2");
        for (method, target, header, body) in [
            ("POST", "/v1", ("Transfer-Encoding", "chunked"), "2\r\n{}\r\n0\r\n\r\n"),
            ("POST", "/v1", ("expect", "100-continue"), "{}"),
            ("HEAD", "/v1", length, ""),
            ("GET", "/v1/a/../b", length, ""),
            ("GET", "/v1/.%2E", length, ""),
            ("GET", "/v1/{a,b}", length, ""),
            ("GET", "/v1", ("X-Folded", "a\r\n b"), ""),
            ("GET", "/v1", ("X-Blank", " a"), ""),
        ] {
            let line = line(method, target, header, body);
            let target = target.replace('%', "%%");
            assert!(line.starts_with(&format!("printf '{method} {target} HTTP/1.1")), "{line}");
        }
        for body in ["a\0b", "@file", &"a".repeat(WORD + 1)] {
            let line = line("POST", "/v1", length, body);
            assert!(line.starts_with("printf '") && line.contains("' | curl ") && line.contains(" @- "), "{line}");
        }
    }

    #[test]
    fn curl_takes_secrets_from_variables() {
        let mut secrets = Redaction::new();
        secrets.add_credentials("admin", "Pa:ss", "$WABIZSPEC_ADMIN_PASSWORD");
        secrets.add("tok.en", "$TOKEN");
        let request =
            |value: &str, body: &str| Request::Http(HttpRequest::of("PUT", "/v1/x", &[("Authorization", value)], body));
        let basic = format!("Basic {}", STANDARD.encode("admin:Pa:ss"));
        assert_eq!(
            curl(&request(&basic, "{\"old\":\"Pa:ss\"}"), "", " -k", &secrets),
            "curl -s -k -i -X PUT -u 'admin:'\"$WABIZSPEC_ADMIN_PASSWORD\" -H 'Content-Type:' \
             --data-binary '{\"old\":\"'\"$WABIZSPEC_ADMIN_PASSWORD\"'\"}' \"$WABIZSPEC_TARGET\"'/v1/x'"
        );
        let bearer = curl(&request("Bearer tok.en", ""), "/v1", "", &secrets);
        assert!(bearer.contains("-H 'Authorization: Bearer '\"$TOKEN\""), "{bearer}");
        assert!(bearer.ends_with("\"$WABIZSPEC_TARGET\"'/x'"), "the base path is part of the address: {bearer}");
    }
}
