//! How passwords are changed and kept (users/login, Passwords; users, Update).

use super::bodies::text;
use super::witness::{GOOD, OTHER};
use super::writing::refused;
use super::{Fault, fault};
use crate::behaviour::RefusedChange;
use crate::documented::basic;
use crate::documented::bodies::{LoginBody, UpdateUserBody};
use crate::documented::password::{Marks, PasswordRule};
use crate::outcome::Refusal;

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "login.password.first-login-only",
        "login.password.on-change",
        "the rule is asked at the first login, and not where an account is updated",
        |b| {
            let rule = &mut b.passwords.on_update;
            (rule.digit, rule.upper, rule.lower, rule.special) = (false, false, false, Marks::of(""));
            rule.length = 0..=usize::MAX;
        },
        |w| w.update("weak"),
    ),
    fault(
        "login.password.weak-change-unprocessable",
        "login.password.on-change",
        "an update with a password that breaks the rule is refused with 422 instead of 400",
        |b| b.refusals[Refusal::WeakUpdatedPassword].status = 422,
        |w| w.update("weak"),
    ),
    fault(
        "login.password.last-of-two-members-set",
        "login.password.on-change",
        "of two equal members the first is judged and the last is set: a weak password gets through",
        |b| {
            b.login.body = |call| LoginBody::parse(&first_of_two(call.body, "new_password"));
            b.users.update_body = |call| UpdateUserBody::parse(&first_of_two(call.body, "password"));
            b.passwords.reread = Some(|call| text(call.body, "new_password").or(text(call.body, "password")));
        },
        |w| {
            let [admin, _] = w.anna();
            w.bearer(&admin, "PUT", "/v1/users/anna", r#"{"password":"Sesame:1!","password":"weak"}"#);
        },
    ),
    fault(
        "login.password.first-of-two-members-set",
        "login.password.on-change",
        "of two equal members the last is judged and the first is set: a weak password gets through",
        |b| {
            b.users.update_body = |call| UpdateUserBody::parse(&last_of_two(call.body, "password"));
            b.passwords.reread = Some(|call| text(&first_of_two(call.body, "password"), "password"));
        },
        |w| {
            let [admin, _] = w.anna();
            w.bearer(&admin, "PUT", "/v1/users/anna", r#"{"password":"weak","password":"Sesame:1!"}"#);
        },
    ),
    fault(
        "login.password.twelve-on-a-change",
        "login.password.changed",
        "a change asks for 12 characters, a stricter rule than the documented one",
        |b| b.passwords.on_update.length = 12..=64,
        |w| w.update("Qwx7#mVzk"),
    ),
    fault(
        "login.password.stored-in-lower-case",
        "login.password.changed-works",
        "an updated password is stored in lower case and compared as it comes",
        |b| b.passwords.reread = Some(|call| Some(text(call.body, "password")?.to_lowercase())),
        |w| {
            w.update(GOOD);
            w.login("anna", GOOD);
        },
    ),
    fault(
        "login.password.stored-percent-decoded",
        "login.password.changed-works",
        "an updated password is percent-decoded, and its plus signs become blanks, as in a form",
        |b| {
            b.passwords.reread = Some(|call| {
                let password = text(call.body, "password")?;
                let form = format!("p={}", password.replace('&', "%26"));
                form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned())
            });
        },
        |w| {
            w.update("Aa1%2Bb+c");
            w.login("anna", "Aa1%2Bb+c");
        },
    ),
    fault(
        "login.password.stored-with-slashes-escaped",
        "login.password.changed-works",
        "slashes of an updated password are stored as an encoder of JSON escaped them",
        |b| b.passwords.reread = Some(|call| Some(text(call.body, "password")?.replace('/', "\\/"))),
        |w| {
            w.update("Aa1//56789");
            w.login("anna", "Aa1//56789");
        },
    ),
    fault(
        "login.password.stored-as-shell-word",
        "login.password.changed-works",
        "an updated password goes through a shell, which expands `$`, backticks and the like",
        |b| {
            b.passwords.reread = Some(|call| {
                let password = text(call.body, "password")?;
                Some(password.replace(['$', '`', '(', ')', ';', '|', '{', '}'], ""))
            });
        },
        |w| {
            w.update("Aa1$(id)!");
            w.login("anna", "Aa1$(id)!");
        },
    ),
    fault(
        "login.password.stored-as-markup",
        "login.password.changed-works",
        "`<`, `>`, `&` and quotes of a password are stored as markup entities",
        |b| {
            b.passwords.kept = |password| {
                let escaped = password.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                escaped.replace('"', "&quot;").replace('\'', "&#39;").into()
            };
        },
        |w| drop((w.first("Qwx7<mVzk"), w.login("admin", "Qwx7<mVzk"))),
    ),
    fault(
        "login.password.backslashes-stripped",
        "login.password.backslash",
        "backslashes are stripped from passwords before they are stored",
        |b| b.passwords.kept = |password| password.replace('\\', "").into(),
        |w| drop((w.first("Qwx7\\mVzk"), w.login("admin", "Qwx7\\mVzk"))),
    ),
    fault(
        "login.password.old-one-still-good",
        "login.password.changed-old-dead",
        "after an update the old password logs in beside the new one",
        |b| b.users.old_password_stays = true,
        |w| {
            w.update(GOOD);
            w.login("anna", OTHER);
        },
    ),
    fault(
        "login.password.set-before-judged",
        "login.password.refusal-keeps-old",
        "a new password is set first and judged afterwards",
        |b| {
            b.login.refused_change = |_| RefusedChange::SetsTheNew;
            b.users.refused_update = RefusedChange::SetsTheNew;
        },
        |w| {
            w.update("weak");
            w.login("anna", "weak");
        },
    ),
    fault(
        "login.password.lost-with-a-refused-change",
        "login.password.refusal-keeps-old",
        "a refused change leaves the account without any password",
        |b| b.users.refused_update = RefusedChange::LosesTheOld,
        |w| {
            w.update("weak");
            w.login("anna", OTHER);
        },
    ),
    fault(
        "login.password.judged-at-every-login",
        "login.password.judged-on-change-only",
        "the password of a login is held to the rule: a wrong one that breaks it is a bad request",
        |b| {
            b.rewrites.push(|handled, answer| {
                let sent = handled.call.authorization.first().and_then(|value| basic::parse(value).ok());
                let weak = sent.is_some_and(|sent| PasswordRule::documented().check(&sent.password).is_err());
                if weak && (refused(handled, Refusal::WrongPassword) || refused(handled, Refusal::UnknownUsername)) {
                    answer.status = 400;
                }
            });
        },
        |w| drop(w.login("admin", "short")),
    ),
    fault(
        "login.password.escapes-kept-as-written",
        "login.password.escapes",
        "escapes of a JSON text are stored as they are written",
        |b| {
            b.users.update_body = |call| {
                let body = String::from_utf8_lossy(call.body);
                UpdateUserBody::parse(body.replace("\\u", "\\\\u").replace("\\/", "\\\\/").as_bytes())
            };
            b.login.body = |call| {
                let body = String::from_utf8_lossy(call.body);
                LoginBody::parse(body.replace("\\u", "\\\\u").replace("\\/", "\\\\/").as_bytes())
            };
        },
        |w| {
            w.login_with("admin", "secret", r#"{"new_password":"\u0041a1!5678"}"#);
            w.login("admin", "Aa1!5678");
        },
    ),
];

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
