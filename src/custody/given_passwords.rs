//! Which passwords a request may give to an account: read as leniently as the worst target might.
//!
//! What is named here without need costs a line in the journal; what is missed can lose a password.

use crate::documented::{api, basic};
use crate::exchange::{HttpRequest, Json, Request};

/// A password that an account may have once the request is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordGiven {
    /// The account; nobody knows which where the request does not say.
    pub username: Option<String>,
    /// The password.
    pub password: String,
}

/// All passwords that the target may take from this request.
pub fn passwords_given(request: &Request, base: &str) -> Vec<PasswordGiven> {
    let (username, mut found) = match request {
        Request::Raw(bytes) => (None, in_text(&String::from_utf8_lossy(bytes))),
        Request::Http(request) => (username(request, base), in_request(request)),
    };
    found.sort();
    found.dedup();
    let given = |password| PasswordGiven { username: username.clone(), password };
    found.into_iter().filter(|password| !password.is_empty()).map(given).collect()
}

fn username(request: &HttpRequest, base: &str) -> Option<String> {
    let path = request.target.strip_prefix(base).unwrap_or(&request.target);
    let path = path.split('?').next().unwrap_or_default();
    if api::may_log_in(path) {
        let credentials = basic::parse(request.header("Authorization")?).ok()?;
        return Some(credentials.username);
    }
    if let Some(name) = api::username(path) {
        return Some(percent_decoded(name));
    }
    let body = Json::parse(request.body.as_deref()?).ok()?;
    body.at("/username")?.as_str().map(str::to_owned)
}

fn in_request(request: &HttpRequest) -> Vec<String> {
    let mut found = Vec::new();
    for header in &request.headers {
        if is_password(&header.name) {
            found.push(String::from_utf8_lossy(&header.value).into_owned());
        }
    }
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

/// Every text and number under a member of such a name, at any depth and as often as it is there.
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
    let pairs = form_urlencoded::parse(text.trim().as_bytes());
    let named = pairs.filter(|(name, _)| is_password(name));
    named.map(|(_, value)| value.into_owned()).collect()
}

/// In what is no JSON: the quoted text that follows the word, as it stands and without its escapes.
fn in_text(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    // Positions in a text and in its ASCII lower case are the same.
    for (start, word) in text.to_ascii_lowercase().match_indices("password") {
        let rest = text.get(start + word.len()..).unwrap_or_default();
        let Some((_, value)) = rest.split_once(':').filter(|(before, _)| before.len() < 16) else {
            continue;
        };
        let value = value.trim_start();
        let quoted = value.strip_prefix(['"', '\'']).unwrap_or(value);
        let end = quoted.find(['"', '\'', '\n', '\r', '}']).unwrap_or(quoted.len());
        let raw = &quoted[..end];
        found.push(raw.to_owned());
        found.extend(serde_json::from_str::<String>(&format!("\"{raw}\"")).ok());
    }
    found
}

pub(super) fn percent_decoded(name: &str) -> String {
    percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Header;

    fn given(
        method: &'static str,
        target: &str,
        header: Option<(&'static str, &str)>,
        body: &str,
    ) -> Vec<(Option<String>, String)> {
        let request = Request::Http(HttpRequest {
            method: method.into(),
            target: format!("/base{target}"),
            headers: header.into_iter().map(|(name, value)| Header::new(name, value)).collect(),
            body: Some(body.as_bytes().to_vec()),
        });
        let given = passwords_given(&request, "/base").into_iter();
        given.map(|given| (given.username, given.password)).collect()
    }

    #[test]
    fn documented_requests_name_account_and_password() {
        // base64 of admin:secret
        let basic = Some(("Authorization", "Basic YWRtaW46c2VjcmV0"));
        let admin = |password: &str| vec![(Some("admin".to_owned()), password.to_owned())];
        assert_eq!(given("POST", "/v1/users/login", basic, r#"{"new_password":"N3w!pass"}"#), admin("N3w!pass"));
        assert_eq!(given("PUT", "/v1/users/%61dmin", None, r#"{"password":"N3w!pass"}"#), admin("N3w!pass"));
        let body = r#"{"username":"admin","password":"N3w!pass"}"#;
        assert_eq!(given("POST", "/v1/users", None, body), admin("N3w!pass"));
        assert_eq!(given("POST", "/v1/users/login", basic, "{}"), []);
    }

    #[test]
    fn what_a_lenient_target_might_take_is_found_too() {
        let passwords = |target: &str, header, body: &str| {
            let given = given("POST", target, header, body).into_iter();
            given.map(|(_, password)| password).collect::<Vec<_>>()
        };
        let login = "/v1/users/login";
        assert_eq!(passwords(login, None, r#"{"new_password":"a1","new_password":"b2"}"#), ["a1", "b2"]);
        assert_eq!(passwords(login, None, r#"{"NEW_PASSWORD":["a1",{"x":7}]}"#), ["7", "a1"]);
        assert_eq!(passwords(login, None, r#"{"new_password":"a\u0041""#), ["aA", r"a\u0041"]);
        assert_eq!(passwords(login, None, "{'new_password': 'a1'}"), ["a1"]);
        assert_eq!(passwords(login, None, "new_password=a%21b"), ["a!b"]);
        assert_eq!(passwords("/v1/users/login?new_password=a1", None, "{}"), ["a1"]);
        assert_eq!(passwords(login, Some(("X-New-Password", "a1")), "{}"), ["a1"]);
        let raw = Request::Raw(b"POST / HTTP/1.1\r\n\r\n{\"new_password\":\"a1\"}".to_vec());
        assert_eq!(passwords_given(&raw, "")[0].password, "a1");
    }
}
