//! Input that a client stumbles over: what a fuzzer looks for, and scenarios hold on to.

use std::time::Duration;

use super::witness::{GOOD, OTHER, Typed};
use super::writing::{crash, login, users};
use super::{Fault, Kind, fault};
use crate::behaviour::Handled;
use crate::documented::basic::{self, BasicError};
use crate::documented::bodies::BodyError;

pub(super) const FAULTS: &[Fault] = &[
    crashing(
        "login.robustness.no-colon",
        "credentials without a colon are an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if matches!(decoding(handled), Some(BasicError::NoColon)) {
                    crash(answer);
                }
            })
        },
        |w| drop(w.login_as("Basic YWRtaW4=", "")),
    ),
    crashing(
        "login.robustness.no-base64",
        "credentials that are no base64 are an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if matches!(decoding(handled), Some(BasicError::Alphabet { .. } | BasicError::Padding(_))) {
                    crash(answer);
                }
            })
        },
        |w| drop(w.login_as("Basic !!!!", "")),
    ),
    crashing(
        "login.robustness.no-utf8",
        "credentials whose bytes are no UTF-8 are an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if matches!(decoding(handled), Some(BasicError::NotUtf8 { .. })) {
                    crash(answer);
                }
            })
        },
        |w| drop(w.login_as("Basic //46//4=", "")),
    ),
    crashing(
        "login.robustness.control-character",
        "credentials with a control character are an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if matches!(decoding(handled), Some(BasicError::Control { .. })) {
                    crash(answer);
                }
            })
        },
        |w| drop(w.login("admin\0", "x")),
    ),
    crashing(
        "login.robustness.scheme-alone",
        "a scheme without credentials is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if matches!(decoding(handled), Some(BasicError::NoCredentials)) {
                    crash(answer);
                }
            })
        },
        |w| drop(w.login_as("Basic", "")),
    ),
    crashing(
        "login.robustness.array-for-a-body",
        "a login whose body is an array is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && handled.call.body.starts_with(b"[") {
                    crash(answer);
                }
            })
        },
        |w| drop(w.login_with("admin", "secret", "[]")),
    ),
    crashing(
        "login.robustness.null-for-a-body",
        "a login whose body is null is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && handled.call.body == b"null" {
                    crash(answer);
                }
            })
        },
        |w| drop(w.login_with("admin", "secret", "null")),
    ),
    crashing(
        "login.robustness.no-text-for-a-password",
        "a new password that is no text is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                let odd = matches!(handled.outcome, Err(refused) if refused.0.iter().any(|reason|
                reason.refusal == crate::outcome::Refusal::InvalidMember));
                if login(handled) && odd {
                    crash(answer);
                }
            })
        },
        |w| drop(w.login_with("admin", "secret", r#"{"new_password":1}"#)),
    ),
    crashing(
        "login.robustness.malformed-json",
        "a body that is no JSON is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                let read = crate::documented::bodies::LoginBody::parse(handled.call.body);
                if login(handled) && matches!(read, Err(BodyError::Malformed(_))) {
                    crash(answer);
                }
            })
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "{"))),
    ),
    crashing(
        "login.robustness.lone-surrogate",
        "an escape of half a character is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                let body = handled.call.body;
                if login(handled) && body.windows(3).any(|part| part == b"\\ud" || part == b"\\uD") {
                    crash(answer);
                }
            })
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, r#"{"foo":"\ud800"}"#))),
    ),
    crashing(
        "login.robustness.nul-in-the-body",
        "an escaped NUL is an internal error, as with databases that cannot store it",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && handled.call.body.windows(6).any(|part| part == b"\\u0000") {
                    crash(answer);
                }
            })
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, r#"{"foo":"\u0000"}"#))),
    ),
    crashing(
        "login.robustness.large-numbers",
        "a number beyond 64 bits, of whatever sign or size, is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                let body = String::from_utf8_lossy(handled.call.body);
                let number = body.strip_prefix("{\"foo\":").and_then(|rest| rest.strip_suffix('}'));
                let large = |text: &str| {
                    text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && text.parse::<u64>().is_err()
                };
                if login(handled) && number.is_some_and(large) {
                    crash(answer);
                }
            })
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, r#"{"foo":1e400}"#))),
    ),
    crashing(
        "login.robustness.member-twice",
        "a member that stands twice is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                let body = String::from_utf8_lossy(handled.call.body);
                let names = ["\"foo\"", "\"new_password\"", "\"password\""];
                if login(handled) && names.iter().any(|name| body.matches(name).count() > 1) {
                    crash(answer);
                }
            })
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, r#"{"foo":1,"foo":2}"#))),
    ),
    crashing(
        "login.robustness.prototype",
        "members called `__proto__` or `constructor` are an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && handled.call.body.windows(9).any(|part| part == b"__proto__") {
                    crash(answer);
                }
            })
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, r#"{"__proto__":null}"#))),
    ),
    crashing(
        "login.robustness.byte-order-mark",
        "a byte order mark before the body is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && handled.call.body.starts_with(b"\xef\xbb\xbf") {
                    crash(answer);
                }
            })
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, "\u{feff}{}"))),
    ),
    fault(
        "login.robustness.deep-nesting",
        "envelope.no-crash",
        "a body that is nested more than a hundred deep is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && depth(handled.call.body) > 100 {
                    crash(answer);
                }
            })
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, &nested()))),
    )
    .of_kind(Kind::Robustness),
    fault(
        "login.robustness.deep-nesting-closes",
        "envelope.answered",
        "a body that is nested more than a hundred deep overflows the stack: the connection is closed",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && depth(handled.call.body) > 100 {
                    answer.delivery.dropped = true;
                }
            })
        },
        |w| drop((w.admin(), w.login_with("admin", GOOD, &nested()))),
    )
    .of_kind(Kind::Robustness),
    fault(
        "login.robustness.empty-json-hangs",
        "envelope.answered",
        "an empty body that is called JSON is waited for",
        |b| {
            b.rewrites.push(|handled, answer| {
                if login(handled) && handled.call.body.is_empty() && handled.call.content_type.is_some() {
                    answer.delivery.delay = Duration::from_secs(30);
                }
            })
        },
        |w| {
            w.admin();
            w.typed = Typed::Always;
            w.login("admin", GOOD);
        },
    )
    .of_kind(Kind::Robustness),
    crashing(
        "users.robustness.odd-name-in-the-path",
        "a name in the path with an escape or of great length is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                let path = handled.call.path;
                if path.starts_with("/v1/users/") && (path.contains(['%', '*', '\'']) || path.len() > 100) {
                    crash(answer);
                }
            })
        },
        |w| w.as_admin("GET", "/v1/users/%00", ""),
    ),
    crashing(
        "users.robustness.no-text-for-a-password",
        "an account with a password that is no text is an internal error",
        |b| {
            b.rewrites.push(|handled, answer| {
                let odd = super::bodies::text(handled.call.body, "password").is_none();
                if (users(handled, "POST") || users(handled, "PUT")) && odd && handled.outcome.is_err() {
                    crash(answer);
                }
            })
        },
        |w| w.as_admin("POST", "/v1/users", r#"{"username":"anna","password":1}"#),
    ),
    fault(
        "users.robustness.update-lost-after-a-refused-one",
        "login.password.changed-works",
        "after a refused change the next good one is answered and lost, by a transaction that was never ended",
        |b| {
            b.users.refused_update = crate::behaviour::RefusedChange::BlocksTheNext;
        },
        |w| {
            w.update("weak");
            let admin = w.login("admin", GOOD);
            w.bearer(&admin, "PUT", "/v1/users/anna", r#"{"password":"Sesame:1!"}"#);
            w.login("anna", OTHER);
        },
    )
    .of_kind(Kind::Robustness),
];

/// Input on which the client answers with an error of its own making.
const fn crashing(
    id: &'static str,
    description: &'static str,
    patch: fn(&mut crate::behaviour::Behaviour),
    witness: fn(&mut super::witness::Witness),
) -> Fault {
    fault(id, "envelope.no-crash", description, patch, witness).of_kind(Kind::Robustness)
}

/// What is wrong with the credentials of a login.
fn decoding(handled: &Handled<'_>) -> Option<BasicError> {
    let value = handled.call.authorization.first().filter(|_| login(handled))?;
    basic::parse(value).err()
}

/// How deep a body is nested, by its brackets alone.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in body {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn nested() -> String {
    format!("{{\"foo\":{}{}}}", "[".repeat(200), "]".repeat(200))
}
