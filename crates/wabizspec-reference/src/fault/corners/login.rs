//! Special cases of logins and passwords that slip through (users/login).

use super::super::bodies::text;
use super::super::witness::{GOOD, Typed};
use super::super::writing::{login, refused};
use super::{Fault, decoding, fault, is_first_login, lets_through, new_password, sent};
use crate::behaviour::Reading;
use crate::documented::basic::{self, BasicError};
use crate::outcome::Refusal;

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.refused.no-base64-let-through",
        "login.refused.undecodable",
        "credentials that are no base64 are let through",
        lets_through!(|handled| login(handled)
            && matches!(decoding(handled), Some(BasicError::Alphabet { .. } | BasicError::Padding(_)))
            && handled.call.authorization[0].is_ascii()),
        |w| drop(w.login_as("Basic !!!!", "")),
    ),
    fault(
        "login.refused.no-text-let-through",
        "login.refused.undecodable",
        "credentials that are no text are let through",
        lets_through!(|handled| login(handled) && matches!(decoding(handled), Some(BasicError::NotUtf8 { .. }))),
        |w| drop(w.login_as("Basic //46//4=", "")),
    ),
    fault(
        "login.refused.beyond-ascii-let-through",
        "login.refused.undecodable",
        "a header with bytes beyond ASCII is let through",
        lets_through!(|handled| login(handled) && handled.call.authorization.iter().any(|value| !value.is_ascii())),
        |w| drop(w.login_as("Basic é", "")),
    ),
    fault(
        "login.refused.nothing-with-a-body",
        "login.refused.no-credentials",
        "a login with a body and no credentials is let through",
        lets_through!(|handled| refused(handled, Refusal::NoCredentials) && handled.call.body == b"{}"),
        |w| drop(w.login_as("", "{}")),
    ),
    fault(
        "login.refused.nothing-at-all",
        "login.refused.no-credentials",
        "a login that brings nothing at all is let through",
        lets_through!(|handled| refused(handled, Refusal::NoCredentials) && handled.call.body.is_empty()),
        |w| drop(w.login_as("", "")),
    ),
    fault(
        "login.refused.foreign-scheme",
        "login.refused.no-credentials",
        "a scheme that is not known is left to a layer behind, which is not there",
        lets_through!(|handled| login(handled)
            && matches!(decoding(handled), Some(BasicError::OtherScheme(_)))
            && handled.call.authorization[0].starts_with(b"X-None")),
        |w| drop(w.login_as("X-None abc", "")),
    ),
    fault(
        "login.refused.scheme-behind",
        "login.refused.no-scheme",
        "the scheme may stand behind the credentials",
        lets_through!(|handled| login(handled)
            && handled.call.authorization.first().is_some_and(|value| value.ends_with(b" Basic"))),
        |w| drop(w.login_as("YWRtaW46c2VjcmV0 Basic", "")),
    ),
    fault(
        "login.refused.no-scheme-of-users",
        "login.refused.no-scheme",
        "ordinary users may leave the scheme out",
        |behaviour| {
            behaviour.login.credentials = |value| {
                basic::parse(value).or_else(|error| {
                    let bare = value.strip_prefix(b"Basic").unwrap_or(value);
                    let read = basic::parse(&[b"Basic ", bare].concat())?;
                    if read.username == "admin" { Err(error) } else { Ok(read) }
                })
            };
        },
        |w| drop((w.anna(), w.login_as("YW5uYTpPcGVuZWQ7Mj8=", ""))),
    ),
    fault(
        "login.refused.token-scheme",
        "login.refused.other-scheme",
        "the scheme `Token` is another name of Basic",
        lets_through!(|handled| login(handled)
            && matches!(decoding(handled), Some(BasicError::OtherScheme(_)))
            && handled.call.authorization[0].starts_with(b"Token ")),
        |w| drop(w.login_as("Token YWRtaW46c2VjcmV0", "")),
    ),
    fault(
        "login.refused.other-scheme-of-users",
        "login.refused.other-scheme",
        "ordinary users may log in under any scheme",
        |behaviour| {
            behaviour.login.credentials = |value| {
                basic::parse(value).or_else(|error| {
                    let encoded = value.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
                    let read = basic::parse(&[b"Basic ", encoded].concat()).map_err(|_| error.clone())?;
                    match (&error, read.username.as_str()) {
                        (BasicError::OtherScheme(_), name) if name != "admin" => Ok(read),
                        _ => Err(error),
                    }
                })
            };
        },
        |w| drop((w.anna(), w.login_as("Digest YW5uYTpPcGVuZWQ7Mj8=", ""))),
    ),
    fault(
        "login.refused.token-for-a-token",
        "login.refused.other-scheme",
        "a login with a token is let through",
        lets_through!(|handled| login(handled)
            && matches!(decoding(handled), Some(BasicError::OtherScheme(_)))
            && handled.call.authorization[0].starts_with(b"Bearer ")
            && handled.call.authorization[0].len() == 50),
        |w| drop(w.login_as(&format!("Bearer {}", "x".repeat(43)), "")),
    ),
    fault(
        "login.refused.credentials-in-a-cookie",
        "login.refused.other-place",
        "without a header, the credentials count as a cookie",
        |behaviour| {
            behaviour.elsewhere = Some(|beside| {
                let cookie = std::str::from_utf8((beside.field)("cookie")?).ok()?;
                cookie.strip_prefix("Authorization=").map(|value| value.as_bytes().to_vec())
            });
        },
        |w| w.elsewhere("POST", "/v1/users/login", ("cookie", "Authorization=Basic YWRtaW46c2VjcmV0"), "", ""),
    ),
    fault(
        "login.refused.credentials-of-users-elsewhere",
        "login.refused.other-place",
        "ordinary users may log in by `X-Authorization`",
        |behaviour| {
            behaviour.elsewhere = Some(|beside| {
                let value = (beside.field)("x-authorization")?;
                let read = basic::parse(value).ok()?;
                (read.username != "admin").then(|| value.to_vec())
            });
        },
        |w| {
            w.anna();
            w.elsewhere("POST", "/v1/users/login", ("x-authorization", "Basic YW5uYTpPcGVuZWQ7Mj8="), "", "");
        },
    ),
    fault(
        "login.refused.path-for-a-name",
        "login.refused.unknown-user",
        "a user name is cleaned like a path: `x/../admin` is the administrator",
        lets_through!(|handled| refused(handled, Refusal::UnknownUsername)
            && sent(handled).is_some_and(|sent| sent.username.ends_with("/../admin"))),
        |w| drop(w.login("x/../admin", "secret")),
    ),
    fault(
        "login.refused.unknown-user-with-a-new-password",
        "login.refused.unknown-user",
        "a user who is not there comes to be by bringing a new password",
        lets_through!(
            |handled| refused(handled, Refusal::UnknownUsername) && text(handled.call.body, "new_password").is_some()
        ),
        |w| drop(w.change("nobody", "secret", GOOD)),
    ),
    fault(
        "login.refused.null-for-a-password",
        "login.refused.wrong-password",
        "the word `null` is everybody's password",
        lets_through!(|handled| refused(handled, Refusal::WrongPassword)
            && sent(handled).is_some_and(|sent| sent.password == "null")),
        |w| drop(w.login("admin", "null")),
    ),
    fault(
        "login.refused.name-for-a-password",
        "login.refused.wrong-password",
        "the name of an ordinary user is its password as well",
        lets_through!(|handled| refused(handled, Refusal::WrongPassword)
            && sent(handled).is_some_and(|sent| sent.username != "admin" && sent.password == sent.username)),
        |w| {
            w.anna();
            w.login("anna", "anna");
        },
    ),
    fault(
        "login.refused.takeover-of-the-default",
        "login.refused.wrong-password",
        "the first login does not ask for the default password where a new one is brought",
        lets_through!(|handled| refused(handled, Refusal::WrongPassword)
            && text(handled.call.body, "new_password").is_some()
            && sent(handled).is_some_and(|sent| sent.username == "admin")),
        |w| drop(w.change("admin", "wrong", GOOD)),
    ),
    fault(
        "login.first.broken-body-let-through",
        "login.first.refused",
        "a new password is searched for in whatever the body is",
        lets_through!(|handled| is_first_login(handled)
            && refused(handled, Refusal::Malformed)
            && !handled.call.body.starts_with(b"[")),
        |w| drop(w.login_with("admin", "secret", "new_password=x")),
    ),
    fault(
        "login.first.empty-password-let-through",
        "login.first.refused",
        "an empty new password is a new password",
        lets_through!(|handled| is_first_login(handled)
            && refused(handled, Refusal::WeakNewPassword)
            && new_password(handled).as_deref() == Some("")),
        |w| drop(w.first("")),
    ),
    fault(
        "login.first.rule-for-bodies-with-a-type",
        "login.first.refused",
        "a new password is not judged where the body has no type",
        |behaviour| behaviour.login.judges = |call, _| call.content_type.is_some(),
        |w| {
            w.typed = Typed::Never;
            w.first("weak");
        },
    ),
    fault(
        "login.first.rule-for-known-types",
        "login.first.refused",
        "a new password is not judged where the body has a type other than JSON",
        |behaviour| behaviour.login.judges = |call, _| call.content_type.is_none_or(|name| name == b"application/json"),
        |w| {
            w.typed = Typed::Text;
            w.first("weak");
        },
    ),
    fault(
        "login.first.nine-are-needed",
        "login.password.shortest",
        "off by one: the first login asks for 9 characters",
        |behaviour| behaviour.passwords.on_login.length = 9..=64,
        |w| drop(w.first("Aa1!5678")),
    ),
    fault(
        "login.first.sixty-three-at-most",
        "login.password.longest",
        "off by one: the first login takes 63 characters at most",
        |behaviour| behaviour.passwords.on_login.length = 8..=63,
        |w| drop(w.first(&format!("Aa1!{}", "x".repeat(60)))),
    ),
    fault(
        "login.password.long-ones-need-no-digit",
        "login.password.digit",
        "a new password of 64 characters needs no digit: length makes up for it",
        lets_through!(|handled| refused(handled, Refusal::WeakNewPassword)
            && new_password(handled)
                .is_some_and(|new| new.len() == 64 && !new.bytes().any(|byte| byte.is_ascii_digit()))),
        |w| drop(w.first(&"Aa!".repeat(22)[..64])),
    ),
    fault(
        "login.password.long-ones-need-no-upper",
        "login.password.upper",
        "a new password of 64 characters needs no uppercase letter: length makes up for it",
        lets_through!(|handled| refused(handled, Refusal::WeakNewPassword)
            && new_password(handled)
                .is_some_and(|new| new.len() == 64 && !new.bytes().any(|byte| byte.is_ascii_uppercase()))),
        |w| drop(w.first(&"a1!".repeat(22)[..64])),
    ),
    fault(
        "login.password.long-ones-need-no-lower",
        "login.password.lower",
        "a new password of 64 characters needs no lowercase letter: length makes up for it",
        lets_through!(|handled| refused(handled, Refusal::WeakNewPassword)
            && new_password(handled)
                .is_some_and(|new| new.len() == 64 && !new.bytes().any(|byte| byte.is_ascii_lowercase()))),
        |w| drop(w.first(&"A1!".repeat(22)[..64])),
    ),
    fault(
        "login.password.change-of-seven",
        "login.password.on-change",
        "off by one: a change takes 7 characters",
        |behaviour| behaviour.passwords.on_update.length = 7..=64,
        |w| w.update("Aa1!567"),
    ),
    fault(
        "login.password.change-to-nothing",
        "login.password.on-change",
        "a change to an empty password is answered as if it had been done",
        lets_through!(
            |handled| refused(handled, Refusal::WeakUpdatedPassword) && new_password(handled).as_deref() == Some("")
        ),
        |w| w.update(""),
    ),
    fault(
        "login.password.templates-expanded",
        "login.password.changed-works",
        "an updated password goes through a template engine",
        |behaviour| {
            behaviour.passwords.reread = Some(|call| Some(text(call.body, "password")?.replace("{{7*7}}", "49")));
        },
        |w| {
            w.update("Aa1!{{7*7}}");
            w.login("anna", "Aa1!{{7*7}}");
        },
    ),
    fault(
        "login.credentials.end-will-do",
        "login.credentials.whole",
        "the end of the password is enough",
        |behaviour| behaviour.passwords.matches = |kept, sent| sent.len() > 3 && kept.ends_with(sent),
        |w| drop((w.admin(), w.login("admin", "esame:1!"))),
    ),
    fault(
        "login.credentials.one-letter-in-other-case",
        "login.credentials.case",
        "a single letter in another case is forgiven",
        |behaviour| behaviour.passwords.matches = |kept, sent| kept == sent || in_other_case(kept, sent) == 1,
        |w| drop((w.admin(), w.login("admin", "SEsame:1!"))),
    ),
    fault(
        "login.credentials.cases-exchanged",
        "login.credentials.case",
        "a password with its cases exchanged is forgiven, as with caps lock on",
        |behaviour| behaviour.passwords.matches = |kept, sent| kept == sent || in_other_case(kept, sent) > 1,
        |w| drop((w.admin(), w.login("admin", "sESAME:1!"))),
    ),
    fault(
        "envelope.answered.range-unknown",
        "envelope.answered",
        "a request with a header that is hard to read is met by closing the connection",
        |behaviour| {
            behaviour.reading = Some(|head| match head.windows(8).any(|part| part == b"If-Match") {
                true => Reading::Refused,
                false => Reading::Whole,
            });
        },
        |w| w.head("POST / HTTP/1.1\r\nIf-Match: ,,,\r\n\r\n"),
    ),
];

/// How many letters stand in another case; none where anything else differs.
fn in_other_case(kept: &str, sent: &str) -> usize {
    match kept.eq_ignore_ascii_case(sent) {
        true => kept.bytes().zip(sent.bytes()).filter(|(kept, sent)| kept != sent).count(),
        false => 0,
    }
}
