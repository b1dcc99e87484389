//! Bodies of requests as careless readers take them, where no data can say how.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Edit;
use crate::behaviour::{amended, text_of as text};
use crate::call::Call;
use crate::documented::api::Operation;
use crate::documented::bodies::{BodyError, MemberError};
use crate::documented::password::PasswordRule;

pub(super) const EDITS: &[Edit] = &[
    ("account.method.any-case", |behaviour| {
        behaviour.functions.body = |call| {
            changed(call, Operation::Register, |members| {
                change_text(members, "method", |method| method.trim().to_lowercase());
            })
        };
    }),
    ("account.number.letters", |behaviour| {
        behaviour.functions.body = |call| {
            changed(call, Operation::Register, |members| {
                let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                for name in ["cc", "phone_number"] {
                    change_text(members, name, |text| if plain(text) { "1".to_owned() } else { text.to_owned() });
                }
            })
        };
    }),
    ("account.number.cleaned", |behaviour| {
        behaviour.functions.body = |call| {
            changed(call, Operation::Register, |members| {
                for name in ["cc", "phone_number"] {
                    change_text(members, name, |text| text.replace(['+', ' ', '-', '(', ')', '.'], ""));
                }
            })
        };
    }),
    ("users.create.password-hashed-twice", |behaviour| {
        behaviour.functions.body = |call| {
            changed(call, Operation::CreateUser, |members| {
                change_text(members, "password", |password| format!("{password}\u{2060}"));
            })
        };
    }),
    ("users.create.password-from-anything", |behaviour| {
        behaviour.functions.body = |call| {
            let body = match serde_json::from_slice(call.body) {
                Ok(Value::Array(items)) if is_at(call, Operation::CreateUser) => {
                    items.first().map(Value::to_string).unwrap_or_default().into_bytes().into()
                }
                _ => changed(call, Operation::CreateUser, |members| {
                    for value in members.values_mut().filter(|value| !value.is_string()) {
                        *value = value.to_string().into();
                    }
                })?,
            };
            Ok(body)
        };
    }),
    ("login.first.null-passes-for-a-password", |behaviour| {
        behaviour.functions.body = |call| {
            changed(call, Operation::LogIn, |members| {
                members.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
            })
        };
    }),
    ("login.first.refused-value-stored-as-text", |behaviour| {
        behaviour.functions.body =
            |call| match text(call.body, "new_password").filter(|_| is_at(call, Operation::LogIn)) {
                // Texts are judged where they are read, so that only what is not a text is refused later.
                Some(new) if PasswordRule::documented().check(&new).is_err() => {
                    let why = "breaks the rule".to_owned();
                    Err(BodyError::Members(vec![MemberError::Invalid { member: "new_password", why }]))
                }
                _ => changed(call, Operation::LogIn, |members| {
                    for value in members.values_mut().filter(|value| value.is_u64() || value.is_boolean()) {
                        *value = value.to_string().into();
                    }
                }),
            };
    }),
    ("login.first.member-in-any-spelling", |behaviour| {
        behaviour.functions.body = |call| {
            changed(call, Operation::LogIn, |members| {
                let spelt = |name: String| match name.replace('_', "").to_ascii_lowercase().as_str() {
                    "newpassword" => "new_password".to_owned(),
                    _ => name,
                };
                *members = std::mem::take(members).into_iter().map(|(name, value)| (spelt(name), value)).collect();
            })
        };
    }),
    ("login.body.no-blank-inside", |behaviour| {
        behaviour.functions.body = |call| match call.body.trim_ascii() {
            [b'{', b' ' | b'\t' | b'\n' | b'\r', ..] if is_at(call, Operation::LogIn) => {
                Err(BodyError::Malformed("a blank".into()))
            }
            _ => Ok(Cow::Borrowed(call.body)),
        };
    }),
    ("users.username.cut-before-it-is-judged", |behaviour| {
        behaviour.functions.body = |call| {
            changed(call, Operation::CreateUser, |members| {
                change_text(members, "username", |name| {
                    name.split([':', '\n', '\0']).next().unwrap_or_default().to_owned()
                });
            })
        };
    }),
    ("users.username.twin-replaces", |behaviour| {
        behaviour.functions.key = |name| name.trim_end_matches([' ', '\0']).into();
        behaviour.functions.body = |call| {
            changed(call, Operation::CreateUser, |members| {
                let name = members.get("username").and_then(Value::as_str).unwrap_or_default();
                let name = name.trim_end_matches([' ', '\0']).to_owned();
                members.insert("username".to_owned(), name.into());
            })
        };
    }),
    ("login.password.letters-of-all-scripts", |behaviour| {
        behaviour.functions.body = |call| {
            let at = if is_at(call, Operation::LogIn) { Operation::LogIn } else { Operation::UpdateUser };
            changed(call, at, |members| change_text(members, new_password(call), in_ascii))
        };
        behaviour.functions.reread = Some(|call| text(call.body, "new_password").or(text(call.body, "password")));
    }),
    ("login.password.last-of-two-members-set", |behaviour| {
        behaviour.functions.body = |call| match is_at(call, Operation::LogIn) || is_at(call, Operation::UpdateUser) {
            true => Ok(first_of_two(call.body, new_password(call)).into()),
            false => Ok(Cow::Borrowed(call.body)),
        };
        behaviour.functions.reread = Some(|call| text(call.body, "new_password").or(text(call.body, "password")));
    }),
    ("login.password.first-of-two-members-set", |behaviour| {
        behaviour.functions.body = |call| match is_at(call, Operation::UpdateUser) {
            true => Ok(last_of_two(call.body, "password").into()),
            false => Ok(Cow::Borrowed(call.body)),
        };
        behaviour.functions.reread = Some(|call| text(&first_of_two(call.body, "password"), "password"));
    }),
];

/// A body with its members changed, if it was sent there.
fn changed<'c>(
    call: &Call<'c>,
    at: Operation,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<Cow<'c, [u8]>, BodyError> {
    Ok(if is_at(call, at) { amended(call.body, change).into() } else { Cow::Borrowed(call.body) })
}

fn is_at(call: &Call<'_>, at: Operation) -> bool {
    Operation::of(call.method, call.path) == Some(at)
}

fn change_text(members: &mut Map<String, Value>, name: &str, change: impl FnOnce(&str) -> String) {
    if let Some(Value::String(text)) = members.get_mut(name) {
        *text = change(text);
    }
}

/// The name of the member that holds the new password.
fn new_password(call: &Call<'_>) -> &'static str {
    if is_at(call, Operation::LogIn) { "new_password" } else { "password" }
}

/// Letters, digits and signs of other scripts as ASCII ones of their class.
fn in_ascii(password: &str) -> String {
    let plain = |c: char| match c {
        _ if c.is_ascii() => c,
        _ if c.is_uppercase() => 'A',
        _ if c.is_lowercase() => 'a',
        _ if c.is_numeric() => '1',
        _ if c.is_alphabetic() => c,
        _ => '!',
    };
    password.chars().map(plain).collect()
}

/// The body with the first of equal members only.
fn first_of_two(body: &[u8], member: &str) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else {
        return body.to_vec();
    };
    let name = format!("\"{member}\"");
    let end = text.match_indices(&name).nth(1).and_then(|(second, _)| text[..second].rfind(','));
    end.map_or(text.to_owned(), |end| format!("{}}}", &text[..end])).into_bytes()
}

/// The body with the last of equal members only.
fn last_of_two(body: &[u8], member: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(body).into_owned();
    let last = text.rfind(&format!("\"{member}\"")).filter(|start| text.starts_with('{') && *start > 1);
    last.map_or(text.clone(), |start| format!("{{{}", &text[start..])).into_bytes()
}
