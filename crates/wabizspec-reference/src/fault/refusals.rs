//! What a login without right credentials is answered (users/login).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::witness::{GOOD, OTHER};
use super::writing::{as_success, refused};
use super::{Fault, fault};
use crate::behaviour::Beside;
use crate::documented::basic::{self, BasicError, Credentials};
use crate::documented::errors::ErrorCode;
use crate::outcome::Refusal;

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.refused.any-password",
        "login.refused.wrong-password",
        "a user who exists logs in with any password",
        |b| {
            b.login.credentials = lenient;
            b.passwords.matches = |_, _| true;
        },
        |w| drop((w.admin(), w.login("admin", OTHER))),
    ),
    fault(
        "login.refused.wrong-password-forbidden",
        "login.refused.wrong-password",
        "a wrong password is answered 403",
        |b| b.refusals[Refusal::WrongPassword].status = 403,
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "login.refused.wrong-password-bad-request",
        "login.refused.wrong-password",
        "a wrong password is answered 400",
        |b| b.refusals[Refusal::WrongPassword].status = 400,
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "login.refused.wrong-password-status-ok",
        "login.refused.wrong-password",
        "a wrong password is answered 200 with an error in the body",
        |b| b.refusals[Refusal::WrongPassword].status = 200,
        |w| drop(w.login("admin", "wrong")),
    ),
    fault(
        "login.refused.unknown-user-not-found",
        "login.refused.unknown-user",
        "an unknown user name is answered 404, which tells who exists",
        |b| {
            b.refusals[Refusal::UnknownUsername].status = 404;
            b.refusals[Refusal::UnknownUsername].code = ErrorCode::NotFound;
        },
        |w| drop(w.login("nobody", "wrong")),
    ),
    fault(
        "login.refused.unknown-user-bad-request",
        "login.refused.unknown-user",
        "an unknown user name is answered 400",
        |b| b.refusals[Refusal::UnknownUsername].status = 400,
        |w| drop(w.login("nobody", "wrong")),
    ),
    fault(
        "login.refused.control-characters-bad-request",
        "login.refused.unknown-user",
        "a user name or password with a control character is a bad request",
        |b| {
            b.rewrites.push(|handled, answer| {
                let read = handled.call.authorization.first().map(|value| basic::parse(value));
                if super::writing::login(handled) && matches!(read, Some(Err(BasicError::Control { .. }))) {
                    answer.status = 400;
                }
            });
        },
        |w| drop(w.login("nobody\u{7}", "wrong")),
    ),
    fault(
        "login.refused.no-credentials-bad-request",
        "login.refused.no-credentials",
        "a login without credentials is answered 400",
        |b| {
            b.refusals[Refusal::NoCredentials].status = 400;
            b.refusals[Refusal::UnreadableCredentials].status = 400;
        },
        |w| drop(w.login_as("", "")),
    ),
    fault(
        "login.refused.no-credentials-anonymous",
        "login.refused.no-credentials",
        "a login without credentials gets a token for guests",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::NoCredentials) {
                    as_success(answer, 200);
                    let expires_after = "2099-01-01 00:00:00+00:00";
                    let guest = serde_json::json!([{"token": "guest", "expires_after": expires_after}]);
                    super::writing::put(answer, "users", guest);
                }
            });
        },
        |w| drop(w.login_as("", "")),
    ),
    fault(
        "login.refused.empty-password-matches",
        "login.refused.empty-parts",
        "an empty password passes for an absent one and is not compared",
        |b| b.passwords.matches = |kept, sent| sent.is_empty() || kept == sent,
        |w| drop((w.admin(), w.login("admin", ""))),
    ),
    fault(
        "login.refused.empty-name-is-the-admin",
        "login.refused.empty-parts",
        "an empty user name stands for the administrator",
        |b| {
            b.login.credentials = |value| {
                let mut read = basic::parse(value)?;
                if read.username.is_empty() {
                    read.username = "admin".to_owned();
                }
                Ok(read)
            };
        },
        |w| drop((w.admin(), w.login("", GOOD))),
    ),
    fault(
        "login.refused.empty-parts-bad-request",
        "login.refused.empty-parts",
        "an empty user name or password is answered 400",
        |b| {
            b.rewrites.push(|handled, answer| {
                let read = handled.call.authorization.first().and_then(|value| basic::parse(value).ok());
                if super::writing::login(handled)
                    && read.is_some_and(|read| read.username.is_empty() || read.password.is_empty())
                {
                    answer.status = 400;
                }
            });
        },
        |w| drop(w.login("", "")),
    ),
    fault(
        "login.refused.scheme-unchecked",
        "login.refused.other-scheme",
        "whatever the scheme is, what follows it is decoded",
        |b| b.login.credentials = |value| decoded(value.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or(value)),
        |w| drop((w.admin(), w.login_as("Digest YWRtaW46U2VzYW1lOjEh", ""))),
    ),
    fault(
        "login.refused.other-scheme-bad-request",
        "login.refused.other-scheme",
        "another scheme than Basic is answered 400",
        |b| {
            b.rewrites.push(|handled, answer| {
                let read = handled.call.authorization.first().map(|value| basic::parse(value));
                if super::writing::login(handled) && matches!(read, Some(Err(BasicError::OtherScheme(_)))) {
                    answer.status = 400;
                }
            });
        },
        |w| drop(w.login_as("Bearer abc", "")),
    ),
    fault(
        "login.refused.scheme-left-out",
        "login.refused.no-scheme",
        "credentials without a scheme are decoded as well",
        |b| {
            b.login.credentials = |value| {
                let text = String::from_utf8_lossy(value).replace("Basic", "");
                basic::parse(value).or_else(|_| decoded(text.trim().as_bytes()))
            };
        },
        |w| drop((w.admin(), w.login_as("YWRtaW46U2VzYW1lOjEh", ""))),
    ),
    fault(
        "login.refused.plain-text-credentials",
        "login.refused.other-encoding",
        "credentials that are no base64 are taken as plain text",
        |b| {
            b.login.credentials = |value| {
                basic::parse(value).or_else(|error| {
                    let value = String::from_utf8_lossy(value).into_owned();
                    let plain = value.strip_prefix("Basic ").unwrap_or_default().replace("%3A", ":");
                    let (username, password) = plain.split_once(':').ok_or(error)?;
                    Ok(Credentials::new(username, password))
                })
            };
        },
        |w| drop((w.admin(), w.login_as("Basic admin:Sesame:1!", ""))),
    ),
    fault(
        "login.refused.encoded-twice",
        "login.refused.other-encoding",
        "base64 is undone as often as it can be",
        |b| {
            b.login.credentials = |value| {
                basic::parse(value).or_else(|error| {
                    let once = joined(value)?;
                    if once.contains(':') { Err(error) } else { decoded(once.as_bytes()) }
                })
            };
        },
        |w| drop((w.admin(), w.login_as("Basic WVdSdGFXNDZVMlZ6WVcxbE9qRWg=", ""))),
    ),
    fault(
        "login.refused.hexadecimal-credentials",
        "login.refused.other-encoding",
        "credentials in hexadecimal are decoded as well",
        |b| {
            b.login.credentials = |value| {
                basic::parse(value).or_else(|error| {
                    let digits = value.strip_prefix(b"Basic ").unwrap_or_default();
                    let pairs =
                        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
                    let bytes: Option<Vec<u8>> = pairs.collect();
                    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                    let (username, password) = text.as_deref().and_then(|text| text.split_once(':')).ok_or(error)?;
                    Ok(Credentials::new(username, password))
                })
            };
        },
        |w| drop((w.admin(), w.login_as("Basic 61646d696e3a536573616d653a3121", ""))),
    ),
    fault(
        "login.refused.quoted-credentials",
        "login.refused.other-encoding",
        "quotation marks around the credentials are disregarded",
        |b| b.login.credentials = |value| basic::parse(String::from_utf8_lossy(value).replace('"', "").as_bytes()),
        |w| drop((w.admin(), w.login_as("Basic \"YWRtaW46U2VzYW1lOjEh\"", ""))),
    ),
    fault(
        "login.refused.credentials-in-the-body",
        "login.refused.other-place",
        "without a header, `username` and `password` of the body count",
        |b| {
            b.elsewhere = Some(|beside| {
                let member = |name| super::bodies::text(beside.body, name);
                rendered(&member("username")?, &member("password")?)
            });
        },
        |w| {
            let body = r#"{"username":"admin","password":"secret","new_password":"Rk4$hTzm9Wq"}"#;
            w.elsewhere("POST", "/v1/users/login", ("", ""), "", body);
        },
    ),
    fault(
        "login.refused.credentials-in-the-query",
        "login.refused.other-place",
        "without a header, `username` and `password` of the query count",
        |b| {
            b.elsewhere = Some(|beside| {
                let parameter = |name| parameter(beside, name);
                rendered(&parameter("username")?, &parameter("password")?)
            });
        },
        |w| w.elsewhere("POST", "/v1/users/login", ("", ""), "username=admin&password=secret", ""),
    ),
    fault(
        "login.refused.header-in-the-query",
        "login.refused.other-place",
        "without a header, `authorization` of the query counts, for links that log in",
        |b| b.elsewhere = Some(|beside| Some(parameter(beside, "authorization")?.into_bytes())),
        |w| w.elsewhere("POST", "/v1/users/login", ("", ""), "authorization=Basic%20YWRtaW46c2VjcmV0", ""),
    ),
    fault(
        "login.refused.credentials-in-another-header",
        "login.refused.other-place",
        "without `Authorization`, the `X-Authorization` of a proxy in front counts",
        |b| b.elsewhere = Some(|beside| (beside.field)("x-authorization").map(<[u8]>::to_vec)),
        |w| {
            let field = ("x-authorization", "Basic YWRtaW46c2VjcmV0");
            w.elsewhere("POST", "/v1/users/login", field, "", "");
        },
    ),
    fault(
        "login.refused.undecodable-gets-a-token",
        "login.refused.undecodable",
        "an error while decoding leaves the login as if it had succeeded",
        |b| {
            b.rewrites.push(|handled, answer| {
                if refused(handled, Refusal::UnreadableCredentials) {
                    as_success(answer, 200);
                    let user = serde_json::json!([{"token": "null", "expires_after": "1970-01-08 00:00:00+00:00"}]);
                    super::writing::put(answer, "users", user);
                }
            });
        },
        |w| drop(w.login_as("Basic !!!!", "")),
    ),
    fault(
        "login.refused.name-alone-will-do",
        "login.refused.undecodable",
        "credentials without a colon are a user name, and no password is asked for",
        |b| {
            b.login.credentials = |value| match basic::parse(value) {
                Err(BasicError::NoColon) => Ok(Credentials::new(joined(value)?, "")),
                read => read,
            };
            b.passwords.matches = |kept, sent| sent.is_empty() || kept == sent;
        },
        |w| drop((w.admin(), w.login_as("Basic YWRtaW4=", ""))),
    ),
    fault(
        "login.refused.undecodable-bad-request",
        "login.refused.undecodable-status",
        "credentials that cannot be decoded are answered 400",
        |b| b.refusals[Refusal::UnreadableCredentials].status = 400,
        |w| drop(w.login_as("Basic !!!!", "")),
    ),
    fault(
        "login.refused.takeover",
        "login.refused.nothing-taken-over",
        "the new password is set before the old one is checked: anybody takes the account over",
        |b| b.login.change_first = true,
        |w| {
            w.admin();
            w.change("admin", "wrong", OTHER);
            w.login("admin", OTHER);
        },
    ),
    fault(
        "login.refused.unknown-user-comes-to-be",
        "login.refused.nothing-taken-over",
        "a login under an unknown name logs in with the password it was refused with before",
        |b| {
            b.rewrites.push(|handled, answer| {
                let read = handled.call.authorization.first().and_then(|value| basic::parse(value).ok());
                let follows = read.is_some_and(|read| {
                    crate::documented::password::PasswordRule::documented().check(&read.password).is_ok()
                });
                if refused(handled, Refusal::UnknownUsername) && follows && handled.call.body == b"{}" {
                    as_success(answer, 200);
                    let user = serde_json::json!([{"token": "new", "expires_after": "1970-01-08 00:00:00+00:00"}]);
                    super::writing::put(answer, "users", user);
                }
            });
        },
        |w| drop(w.login_with("nobody", GOOD, "{}")),
    ),
    fault(
        "login.refused.rule-before-credentials",
        "login.refused.before-the-body",
        "a new password is judged before the credentials: strangers are told that it is weak",
        |b| {
            b.rewrites.push(|handled, answer| {
                let new = super::bodies::text(handled.call.body, "new_password");
                let rule = crate::documented::password::PasswordRule::documented();
                let weak = new.is_some_and(|new| rule.check(&new).is_err());
                if weak && (refused(handled, Refusal::WrongPassword) || refused(handled, Refusal::UnknownUsername)) {
                    answer.status = 400;
                }
            });
        },
        |w| drop(w.change("admin", "wrong", "weak")),
    ),
    fault(
        "login.refused.body-before-credentials",
        "login.refused.before-the-body",
        "the body is judged before the credentials: strangers are told what is wrong with it",
        |b| b.login.body_first = true,
        |w| drop(w.login_with("admin", "wrong", "{")),
    ),
];

/// User name and password as they stand in a Basic field, with any character.
fn joined(value: &[u8]) -> Result<String, BasicError> {
    let encoded = value.strip_prefix(b"Basic ").ok_or(BasicError::NoScheme)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| BasicError::NoCredentials)?;
    String::from_utf8(bytes).map_err(|_| BasicError::NotUtf8 { at: 0 })
}

/// Credentials with control characters in them.
fn lenient(value: &[u8]) -> Result<Credentials, BasicError> {
    let joined = joined(value)?;
    let (username, password) = joined.split_once(':').ok_or(BasicError::NoColon)?;
    Ok(Credentials::new(username, password))
}

/// Credentials from their base64 alone.
fn decoded(encoded: &[u8]) -> Result<Credentials, BasicError> {
    basic::parse(&[b"Basic ", encoded].concat())
}

/// A Basic field of these two.
fn rendered(username: &str, password: &str) -> Option<Vec<u8>> {
    Some(basic::render(&Credentials::new(username, password)).into_bytes())
}

/// A parameter of the query, decoded.
pub(super) fn parameter(beside: &Beside<'_>, name: &str) -> Option<String> {
    let mut parameters = form_urlencoded::parse(beside.query?.as_bytes());
    parameters.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}
