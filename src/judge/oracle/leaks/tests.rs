use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::exchange::escapes::in_json;
use crate::judge::oracle::tests::in_html;

/// An exchange whose request has the secret as a password, and whose answer has this header and this body.
fn exchange(secret: &str, header: &str, body: &str) -> Exchange {
    let sent = serde_json::json!({ "new_password": secret }).to_string();
    let request = HttpRequest::of("POST", "/v1/users/login", &[], &sent);
    Exchange::answered(request, Response::of(400, &[("X-Error", header)], body))
}

/// A generator of numbers that is the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % bound
    }

    /// A password of 8 to 19 characters, most of which some encoding escapes.
    fn secret(&mut self) -> String {
        const CHARACTERS: [char; 34] = [
            'a', 'Z', '7', 'n', 'u', 'x', 'é', 'ß', '€', '😀', '&', '<', '>', '"', '\'', '\\', '/', '%', '+', ' ', '#',
            ';', '=', '?', '-', '_', '~', '`', '{', ']', '\n', '\t', '\u{a0}', '4',
        ];
        let length = 8 + self.below(12);
        (0..length).map(|_| CHARACTERS[self.below(CHARACTERS.len())]).collect()
    }
}

/// Each character that is not alphanumeric as `written` gives it.
fn each(text: &str, written: impl Fn(char) -> String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric();
    text.chars().map(|c| if plain(c) { c.to_string() } else { written(c) }).collect()
}

fn in_utf16(c: char) -> String {
    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// A text as one encoder or another writes it.
fn spellings(text: &str) -> Vec<(&'static str, String)> {
    let go = in_json(text).replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    let python: String =
        in_json(text).chars().map(|c| if c.is_ascii() { c.to_string() } else { in_utf16(c) }).collect();
    let form: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let bytes = |format: fn(u8) -> String| text.bytes().map(format).collect::<String>();
    vec![
        ("plain", text.to_owned()),
        ("JSON", in_json(text)),
        ("JSON of Go", go),
        ("JSON of Python", python.clone()),
        ("JSON of PHP", python.replace('/', "\\/")),
        ("JSON of every sign", each(text, in_utf16)),
        ("HTML", in_html(text)),
        ("HTML in hexadecimal", each(text, |c| format!("&#x{:X};", u32::from(c)))),
        ("HTML in decimal", each(text, |c| format!("&#{};", u32::from(c)))),
        ("percent", percent),
        ("percent of every byte", bytes(|byte| format!("%{byte:02X}"))),
        ("percent in lower case", bytes(|byte| format!("%{byte:02x}"))),
        ("a form", form),
        ("base64", STANDARD.encode(text)),
        ("base64 for URLs", URL_SAFE_NO_PAD.encode(text)),
        // The text begins at each of the three places in a group of four characters.
        ("base64 of credentials", STANDARD.encode(format!("anna:{text}"))),
        ("base64 of more", URL_SAFE_NO_PAD.encode(format!("pin {text} is wrong"))),
    ]
}

/// Where an answer can hold a text: a header, a JSON body, a page, a body in pieces.
fn answers(secret: &str, spelling: &str, text: &str) -> [Exchange; 4] {
    let title = if spelling.starts_with("JSON") { text.to_owned() } else { in_json(text) };
    [
        exchange(secret, &format!("was {text}."), ""),
        exchange(secret, "", &format!("{{\"errors\":[{{\"code\":1009,\"title\":\"was {title}.\"}}]}}")),
        exchange(secret, "", &format!("<p class=\"error\">was {text}</p>")),
        exchange(secret, "", &format!("{{\"errors\":[{{\"title\":\"{text}")),
    ]
}

#[test]
fn a_secret_is_seen_in_every_spelling() {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for _ in 0..100 {
        let secret = numbers.secret();
        let other: String = std::iter::once('Q').chain(secret.chars().skip(1)).collect();
        for ((spelling, text), (_, wrong)) in spellings(&secret).into_iter().zip(spellings(&other)) {
            for (place, answer) in answers(&secret, spelling, &text).iter().enumerate() {
                assert_eq!(echoed(answer), [secret.as_str()], "{secret:?} as {spelling} at {place}: {text}");
            }
            for (place, answer) in answers(&secret, spelling, &wrong).iter().enumerate() {
                assert_eq!(echoed(answer), [""; 0], "{secret:?} is not {other:?} as {spelling} at {place}: {wrong}");
            }
        }
    }
}

#[test]
fn a_secret_is_seen_in_an_encoding_within_another() {
    let mut numbers = Numbers(0xD1B5_4A32_D192_ED03);
    for _ in 0..40 {
        let secret = numbers.secret();
        for (inner, once) in spellings(&secret) {
            for (outer, twice) in spellings(&once).into_iter().filter(|(name, _)| !name.starts_with("base64")) {
                for answer in [exchange(&secret, &twice, ""), exchange(&secret, "", &twice)] {
                    assert_eq!(echoed(&answer), [secret.as_str()], "{secret:?} as {inner} in {outer}: {twice}");
                }
            }
        }
    }
}

#[test]
fn the_syntax_of_an_answer_is_no_echo() {
    for (secret, body) in
        [("\":\"stable", r#"{"meta":{"api_status":"stable"}}"#), ("[{\"code\":", r#"{"errors":[{"code":1009}]}"#)]
    {
        assert_eq!(echoed(&exchange(secret, "", body)), [""; 0], "{body}");
        let text = serde_json::json!({ "title": secret }).to_string();
        assert_eq!(echoed(&exchange(secret, "", &text)), [secret], "{text}");
        // What is not JSON has no syntax.
        assert_eq!(echoed(&exchange(secret, "", &body[1..])), [secret]);
    }
    let number = r#"{"errors":[{"code":12345678}]}"#;
    assert_eq!(echoed(&exchange("12345678", "", number)), ["12345678"]);
    assert_eq!(echoed(&exchange("Secret-1", "", r#"{"Secret-1":"is wrong"}"#)), ["Secret-1"]);
}

#[test]
fn a_secret_is_seen_in_a_string_that_nobody_escaped() {
    for secret in [r"Ab1!\u0041bcd", r"Ab1!\nbcd9", r"\\Sesame-1"] {
        assert_eq!(echoed(&exchange(secret, "", &format!(r#"{{"title":"{secret} is weak"}}"#))), [secret]);
    }
    assert_eq!(echoed(&exchange("Abcdef1!", "", r#"{"title":"\uAbcdef1!"}"#)), ["Abcdef1!"]);
    assert_eq!(echoed(&exchange("[true, false", "", r#"{"title":[true, false]}"#)), [""; 0]);
}

#[test]
fn what_stands_in_the_path_or_names_the_user_is_no_secret() {
    let told = |authorization: &str, target: &str, body: &str| {
        let request = HttpRequest::of("GET", target, &[("Authorization", authorization)], "");
        echoed(&Exchange::answered(request, Response::of(404, &[], body)))
    };
    let page = "no page /v1/a?token=Token-of-1";
    assert_eq!(told("Bearer Token-of-1", "/v1/a?token=Token-of-1", page), [""; 0]);
    assert_eq!(told("Bearer Token-of-1", "/v1/a?token=Token%2dof%2d1", page), [""; 0]);
    assert_eq!(told("Bearer Token-of-1", "/v1/a", page), ["Token-of-1"]);
    let basic = |pair| format!("Basic {}", STANDARD.encode(pair));
    assert_eq!(told(&basic("somebody:somebody"), "/v1/a", "no somebody"), [""; 0]);
    assert_eq!(told(&basic("another:somebody"), "/v1/a", "no somebody"), ["somebody"]);
}

#[test]
fn a_long_secret_is_seen() {
    let secret = "pässword\"".repeat(2000);
    for (spelling, text) in spellings(&secret) {
        assert_eq!(echoed(&exchange(&secret, "", &text)).len(), 1, "{spelling}");
    }
}
