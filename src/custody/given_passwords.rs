//! Which passwords a request may give to an account: read as leniently as the worst target might.
//!
//! A password that is found without need costs a line in the journal; one that is missed can be lost.

use crate::exchange::{HttpRequest, Json, Request};

/// All passwords that the target may take from this request, each once.
pub(super) fn passwords_in(request: &Request) -> Vec<String> {
    let mut found = match request {
        Request::Raw(bytes) => in_text(&String::from_utf8_lossy(bytes)),
        Request::Http(request) => in_request(request),
    };
    found.retain(|password| !password.is_empty());
    found.sort();
    found.dedup();
    found
}

fn in_request(request: &HttpRequest) -> Vec<String> {
    let headers = request.headers.iter().filter(|header| is_password(&header.name));
    let mut found: Vec<String> = headers.map(|header| String::from_utf8_lossy(&header.value).into_owned()).collect();
    if let Some((_, query)) = request.target.split_once('?') {
        found.extend(in_form(query));
    }
    let Some(body) = &request.body else { return found };
    match Json::parse(body) {
        Ok(json) => in_json(&json, false, &mut found),
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            found.extend(in_text(&text));
            found.extend(in_form(&text));
        }
    }
    found
}

fn is_password(name: &str) -> bool {
    name.to_ascii_lowercase().contains("password")
}

/// Every text and number under a member of such a name, at any depth and as often as it occurs.
fn in_json(json: &Json, named: bool, found: &mut Vec<String>) {
    match json {
        Json::Object(members) => {
            members.iter().for_each(|(name, value)| in_json(value, named || is_password(name), found))
        }
        Json::Array(items) => items.iter().for_each(|item| in_json(item, named, found)),
        Json::String(text) if named => found.push(text.clone()),
        scalar if named => found.push(scalar.to_string()),
        _ => {}
    }
}

/// The values of `…password=` in a query or a form.
fn in_form(text: &str) -> Vec<String> {
    let named = form_urlencoded::parse(text.trim().as_bytes()).filter(|(name, _)| is_password(name));
    named.map(|(_, value)| value.into_owned()).collect()
}

/// In what is not JSON: the quoted text that follows the word, with its escapes and without.
fn in_text(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    // Positions in a text and in its ASCII lower case are the same.
    for (start, word) in text.to_ascii_lowercase().match_indices("password") {
        let rest = text.get(start + word.len()..).unwrap_or_default();
        let Some((_, value)) = rest.split_once(':').filter(|(before, _)| before.len() < 16) else { continue };
        let value = value.trim_start();
        let quoted = value.strip_prefix(['"', '\'']).unwrap_or(value);
        let end = quoted.find(['"', '\'', '\n', '\r', '}']).unwrap_or(quoted.len());
        let raw = &quoted[..end];
        found.push(raw.to_owned());
        found.extend(serde_json::from_str::<String>(&format!("\"{raw}\"")).ok());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn what_a_lenient_target_might_take_is_found_too() {
        for (target, header, body, expected) in vectors::<(String, String, String, Vec<String>)>("given_passwords") {
            let headers = [("X-New-Password", &*header)];
            let headers = if header.is_empty() { &[][..] } else { &headers };
            let request = Request::Http(HttpRequest::of("POST", &target, headers, &body));
            assert_eq!(passwords_in(&request), expected, "{target} {body}");
        }
        let raw = Request::Raw(b"POST / HTTP/1.1\r\n\r\n{\"new_password\":\"a1\"}".to_vec());
        assert_eq!(passwords_in(&raw), ["a1"]);
    }
}
