//! Where the body of an answer ends (RFC 9112 §6.3) and whether the connection outlives it (§9.3).

use super::Broken;
use crate::exchange::Response;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none, whatever the headers say.
    Nothing,
    Length(u64),
    Chunked,
    UntilClose,
}

/// How the body of the answer to a `method` request ends. Other codings stay; a longer length counts as `u64::MAX`.
pub(super) fn framing(head: &Response, method: &str) -> Result<Framing, Broken> {
    let is_tunnel = method == "CONNECT" && (200..300).contains(&head.status);
    if is_tunnel || method == "HEAD" || matches!(head.status, 100..=199 | 204 | 304) {
        return Ok(Framing::Nothing);
    }
    let codings: Vec<&[u8]> = items(head, "Transfer-Encoding").filter(|coding| !coding.is_empty()).collect();
    if let Some((last, others)) = codings.split_last() {
        let chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
        if others.iter().any(|coding| chunked(coding)) {
            return Err(Broken::malformed("Transfer-Encoding: chunked is not the last coding or appears twice"));
        }
        return Ok(if chunked(last) { Framing::Chunked } else { Framing::UntilClose });
    }
    if head.header("Transfer-Encoding").is_some() {
        return Err(Broken::malformed("an empty Transfer-Encoding"));
    }
    length(head)
}

fn length(head: &Response) -> Result<Framing, Broken> {
    let mut found = None;
    for item in items(head, "Content-Length") {
        if item.is_empty() || !item.iter().all(u8::is_ascii_digit) {
            return Err(Broken::malformed(format!("Content-Length: `{}` is not a number", item.escape_ascii())));
        }
        let length =
            item.iter().fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        match found {
            Some(before) if before != length => {
                return Err(Broken::malformed(format!("Content-Length: both {before} and {length}")));
            }
            _ => found = Some(length),
        }
    }
    Ok(found.map_or(Framing::UntilClose, Framing::Length))
}

/// Whether the target keeps the connection open after this answer, and both sides agree where it ends.
pub(super) fn persists(head: &Response, method: &str, framing: &Framing) -> bool {
    let connection = |token: &str| items(head, "Connection").any(|item| item.eq_ignore_ascii_case(token.as_bytes()));
    let has = |name: &str| head.header(name).is_some();
    // RFC 9112 §6.1: with both headers, or with a transfer coding under HTTP/1.0, the framing cannot be trusted.
    let doubtful = has("Transfer-Encoding") && (head.version == 0 || has("Content-Length"));
    (head.version > 0 || connection("keep-alive"))
        && !connection("close")
        && !doubtful
        && *framing != Framing::UntilClose
        && head.status != 101
        && method != "CONNECT"
}

/// The items of a list header (RFC 9110 §5.6.1), empty ones included.
fn items<'h>(head: &'h Response, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    let named = head.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    named.flat_map(|header| header.value.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::super::head::parse;
    use super::*;
    use crate::vectors::vectors;

    fn of(method: &str, text: &str) -> Result<(Framing, bool), Broken> {
        let bytes = format!("HTTP/{}\r\n\r\n", text.replace('|', "\r\n"));
        let (head, _) = parse(bytes.as_bytes()).unwrap().unwrap();
        let framing = framing(&head, method)?;
        let persists = persists(&head, method, &framing);
        Ok((framing, persists))
    }

    #[test]
    fn the_rules_of_rfc_9112() {
        for (method, head, expected, kept) in vectors::<(String, String, String, bool)>("framings") {
            let (framing, persists) = of(&method, &head).expect(&head);
            assert_eq!((format!("{framing:?}"), persists), (expected, kept), "{method} {head}");
        }
    }

    #[test]
    fn contradictions_are_malformed() {
        for head in vectors::<String>("no_framings") {
            assert!(of("GET", &head).is_err(), "{head}");
        }
    }
}
