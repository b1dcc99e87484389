//! The call of a step, made from what is known of the accounts by then.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::call::{Effect, Expected, Planned};
use super::{Life, Tracker};
use crate::exchange::Header;
use crate::fuzz::grammar::RequestParts;
use crate::fuzz::grammar::session::{Op, SLOTS, Slot, Step, Token};

impl Tracker {
    /// The call of that step.
    pub fn plan(&mut self, step: Step) -> Planned {
        self.serial += 1;
        let slot = step.subject.index();
        // The admin's password is nobody's to play with.
        let changes_a_password = matches!(
            step.op,
            Op::Change | Op::WeakChange | Op::StolenChange | Op::Create | Op::WeakCreate | Op::Update | Op::WeakUpdate
        );
        let spared = slot == 0 && (changes_a_password || (step.op == Op::Delete && !self.admin_too));
        let op = if spared { Op::Read } else { step.op };
        match op {
            Op::Login => self.login(slot, self.present(slot), None),
            Op::WrongLogin => self.login(slot, "Wrong-Password-7".to_owned(), None),
            Op::OthersLogin => self.login(slot, self.present((slot + 1) % SLOTS), None),
            Op::OldLogin => {
                let old = self.accounts[slot].dead.last().cloned();
                self.login(slot, old.unwrap_or_else(|| "Never-Was-One-7".to_owned()), None)
            }
            Op::Change => self.login(slot, self.present(slot), Some(self.strong())),
            Op::WeakChange => self.login(slot, self.present(slot), Some("weakling".to_owned())),
            Op::StolenChange => self.login(slot, "Wrong-Password-7".to_owned(), Some(self.strong())),
            other => self.with_token(other, slot, step.actor, step.token),
        }
    }

    fn present(&self, slot: usize) -> String {
        let known = &self.accounts[slot];
        let last = known.passwords.first().or(known.dead.last());
        last.cloned().unwrap_or_else(|| "Nobody-Has-This-7".to_owned())
    }

    fn strong(&self) -> String {
        format!("Step{}!kQz7mP2x", self.serial)
    }

    fn login(&self, slot: usize, password: String, new: Option<String>) -> Planned {
        let known = &self.accounts[slot];
        let right = known.passwords.first() == Some(&password);
        let weak = new.as_deref() == Some("weakling");
        let (expected, requirement) = match (right, known.passwords.contains(&password)) {
            // A later `new_password` may be passed over, and what is passed over is not judged.
            (true, _) if weak => (Expected::Open, "login.password.on-change"),
            (true, _) if known.passwords.len() == 1 => (Expected::Success, "login.credentials.accepted"),
            (true, _) | (_, true) => (Expected::Open, "login.credentials.accepted"),
            _ if known.passwords.is_empty() => (Expected::Refusal, "users.delete.login-dead"),
            _ if known.dead.contains(&password) => (Expected::Refusal, "login.password.changed-old-dead"),
            _ if new.is_some() => (Expected::Refusal, "login.refused.nothing-taken-over"),
            _ => (Expected::Refusal, "login.refused.wrong-password"),
        };
        let body = match &new {
            Some(new) => format!(r#"{{"new_password":"{new}"}}"#),
            None => "{}".to_owned(),
        };
        let code = STANDARD.encode(format!("{}:{password}", known.name));
        Planned {
            shaped: shaped("POST", "/v1/users/login".to_owned(), format!("Basic {code}"), Some(body)),
            expected,
            effect: Effect::Login { slot, tried: password, new },
            requirement,
        }
    }

    /// The token that an actor shows, which of its tokens it is, and whether it lives.
    fn shown(&self, actor: usize, token: Token) -> (String, Option<usize>, Life) {
        let tokens = &self.accounts[actor].tokens;
        let index = match token {
            Token::Newest => tokens.len().checked_sub(1),
            Token::Oldest => (!tokens.is_empty()).then_some(0),
            Token::Nothing | Token::MadeUp => None,
        };
        match index.and_then(|index| Some((index, tokens.get(index)?))) {
            Some((index, (token, life))) => (token.clone(), Some(index), *life),
            None if token == Token::Nothing => (String::new(), None, Life::Never),
            None => ("bWFkZS11cC10b2tlbi1vZi1hLWZ1enotcnVu".to_owned(), None, Life::Never),
        }
    }

    fn with_token(&self, op: Op, slot: usize, actor: Slot, token: Token) -> Planned {
        let actor = actor.index();
        let (token, index, life) = self.shown(actor, token);
        let known = &self.accounts[slot];
        let exists = !known.passwords.is_empty();
        let (admin, itself) = (actor == 0, actor == slot);
        let path = format!("/v1/users/{}", known.name);
        let json = |password: &str| Some(format!(r#"{{"password":"{password}"}}"#));
        let creation = |password: &str| Some(format!(r#"{{"username":"{}","password":"{password}"}}"#, known.name));
        let done = Expected::Success;
        let no = Expected::Refusal;
        // The logged out admin's own first token would end the session for everybody.
        let op = if op == Op::Logout && actor == 0 && index == Some(0) { Op::Read } else { op };
        let (method, path, body, expected, requirement, effect) = match op {
            Op::Create if !admin => (
                "POST",
                "/v1/users".to_owned(),
                creation(&self.strong()),
                no,
                "users.create.admin-only",
                Effect::Nothing,
            ),
            Op::Create if exists => (
                "POST",
                "/v1/users".to_owned(),
                creation(&self.strong()),
                no,
                "users.duplicate.refused",
                Effect::Nothing,
            ),
            Op::Create => {
                let password = self.strong();
                (
                    "POST",
                    "/v1/users".to_owned(),
                    creation(&password),
                    done,
                    "users.create.created",
                    Effect::Created { slot, password },
                )
            }
            Op::WeakCreate => {
                ("POST", "/v1/users".to_owned(), creation("short1!"), no, "users.password.too-short", Effect::Nothing)
            }
            Op::Update => {
                let password = self.strong();
                let body = json(&password);
                if !(admin || itself) {
                    ("PUT", path, body, no, "users.update.others", Effect::Nothing)
                } else if !exists {
                    ("PUT", path, body, no, "users.update.unknown", Effect::Nothing)
                } else {
                    let effect = Effect::Updated { slot, password };
                    ("PUT", path, body, done, "users.update.answered", effect)
                }
            }
            Op::WeakUpdate => ("PUT", path, json("weakling"), no, "users.update.password-rule", Effect::Nothing),
            Op::Delete if slot == 0 => ("DELETE", path, None, no, "users.delete.admin", Effect::Nothing),
            Op::Delete if !admin => ("DELETE", path, None, no, "users.delete.admin-only", Effect::Nothing),
            Op::Delete if !exists => ("DELETE", path, None, no, "users.delete.unknown", Effect::Nothing),
            Op::Delete => ("DELETE", path, None, done, "users.delete.answered", Effect::Deleted { slot }),
            Op::Logout => {
                let effect = index.map_or(Effect::Nothing, |token| Effect::LoggedOut { slot: actor, token });
                ("POST", "/v1/users/logout".to_owned(), None, done, "tokens.logout.answered", effect)
            }
            Op::Verify => {
                let body = Some("{\"code\":\"\"}".to_owned());
                ("POST", "/v1/account/verify".to_owned(), body, no, "account.verify.wrong-code", Effect::Nothing)
            }
            Op::Register => {
                let body = Some("{}".to_owned());
                ("POST", "/v1/account".to_owned(), body, no, "account.required.refused", Effect::Nothing)
            }
            _ if !exists => ("GET", path, None, no, "users.read.unknown", Effect::Nothing),
            // Whether an ordinary user may read another is inferred.
            _ if !(admin || itself) => ("GET", path, None, Expected::Open, "users.read.others", Effect::Nothing),
            _ => ("GET", path, None, done, "tokens.bearer.accepted", Effect::Nothing),
        };
        let gone = self.accounts[actor].passwords.is_empty();
        let (expected, requirement) = match life {
            Life::Living => (expected, requirement),
            Life::Orphaned if gone => (no, "tokens.deleted-user.dead"),
            Life::Orphaned => (no, "tokens.recreated-user.dead"),
            Life::LoggedOut => (no, "tokens.logout.token-dead"),
            Life::Never if token.is_empty() => (no, "tokens.bearer.required"),
            Life::Never => (no, "tokens.bearer.invalid"),
            Life::Open if expected == no => (no, requirement),
            Life::Open => (Expected::Open, requirement),
        };
        let authorization = if token.is_empty() { String::new() } else { format!("Bearer {token}") };
        Planned { shaped: shaped(method, path, authorization, body), expected, effect, requirement }
    }
}

fn shaped(method: &'static str, path: String, authorization: String, body: Option<String>) -> RequestParts {
    let mut headers = Vec::with_capacity(2);
    if !authorization.is_empty() {
        headers.push(Header::new("Authorization", authorization));
    }
    if body.is_some() {
        headers.push(Header::new("Content-Type", "application/json"));
    }
    RequestParts { method, path, headers, body: body.map(String::into_bytes) }
}
