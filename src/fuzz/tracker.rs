//! Sequences of calls held to invariants that were not written with the reference model.
//!
//! The tracker remembers who exists, which passwords may be in force and which tokens live, from the answers alone. It
//! plans a call, and says of its answer what it breaks. It sends nothing: the model in process and a target on the
//! wire are driven by the same tracker.

use super::grammar::{Op, RequestParts, SLOTS, Slot, Step, Token};
use crate::documented::api::{Operation, Resource};

/// The password that users begin with.
pub const START: &str = "Start-Pw-1xyz";

/// A password that breaks the rule.
const WEAK: &str = "weakling";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Success,
    Refusal,
    Open,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Effect {
    Nothing,
    // A token; and perhaps another password.
    Login { tried: String, new: Option<String> },
    // The account is there, with that password.
    Set(String),
    Deleted,
    // The token of that number.
    LoggedOut(usize),
}

#[derive(Debug, Clone)]
pub struct Planned {
    pub request: RequestParts,
    pub expected: Expected,
    /// The account that the effect is on.
    slot: usize,
    effect: Effect,
    requirement: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Living,
    LoggedOut,
    /// Its user was deleted.
    Orphaned,
    /// Whether a change of password ends tokens is open.
    Open,
    /// It was never given to anybody.
    Never,
}

#[derive(Debug, Clone, Default)]
struct Known {
    name: String,
    /// Passwords that may be in force, the likeliest first; none where there is no such account.
    passwords: Vec<String>,
    dead: Vec<String>,
    tokens: Vec<(String, Life)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    pub requirement: &'static str,
    /// What was expected and what came, without secrets.
    pub what: String,
}

#[derive(Debug, Clone)]
pub struct Tracker {
    accounts: [Known; SLOTS],
    admin_too: bool,
    serial: u32,
}

impl Tracker {
    /// The admin by name, password and valid token, and the users' names. With `admin_too` steps try to delete the admin.
    pub fn new(admin: (&str, &str, &str), users: [&str; SLOTS - 1], admin_too: bool) -> Tracker {
        let mut accounts: [Known; SLOTS] = Default::default();
        accounts[0].tokens.push((admin.2.to_owned(), Life::Living));
        let users = users.map(|user| (user, START));
        for (known, (name, password)) in accounts.iter_mut().zip([(admin.0, admin.1)].into_iter().chain(users)) {
            known.name = name.to_owned();
            known.passwords.push(password.to_owned());
        }
        Tracker { accounts, admin_too, serial: 0 }
    }

    /// The tokens of the admin that may be alive, but for its first.
    pub fn tokens_of_admin(&self) -> impl Iterator<Item = &str> {
        let given = self.accounts[0].tokens.iter().skip(1);
        given.filter(|(_, life)| matches!(life, Life::Living | Life::Open)).map(|(token, _)| token.as_str())
    }

    /// What an answer with that status and token breaks. After a breach the tracker no longer knows the state.
    pub fn observe(&mut self, planned: &Planned, status: u16, token: Option<&str>) -> Option<Breach> {
        let success = (200..300).contains(&status);
        let wrong = match planned.expected {
            Expected::Success if !success => Some(format!("must succeed here, and was answered {status}")),
            Expected::Refusal if success => Some(format!("must be refused here, and was answered {status}")),
            Expected::Refusal if token.is_some() => Some(format!("was refused with {status} and gave a token")),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let RequestParts { method, path, .. } = &planned.request;
            let path = Resource::of(path).unwrap_or(Resource::User).path();
            let what = format!("{method} {path} {wrong}");
            return Some(Breach { requirement: planned.requirement, what });
        }
        if success {
            self.take(planned, token);
        } else if let Effect::Login { tried, .. } = &planned.effect {
            // Where two passwords may have been in force, it was the other. Another status is about the new one.
            let known = &mut self.accounts[planned.slot];
            if known.passwords.len() > 1 && status == 401 {
                known.passwords.retain(|password| password != tried);
            }
        }
        None
    }

    fn take(&mut self, planned: &Planned, token: Option<&str>) {
        let known = &mut self.accounts[planned.slot];
        match &planned.effect {
            Effect::Nothing => {}
            Effect::Login { tried, new } => {
                known.dead.extend(known.passwords.extract_if(.., |password| password != tried));
                if let Some(new) = new.as_ref().filter(|new| *new != WEAK) {
                    // Documented for the first login only: either may be in force now.
                    known.passwords.insert(0, new.clone());
                    let living = known.tokens.iter_mut().filter(|(_, life)| *life == Life::Living);
                    living.for_each(|(_, life)| *life = Life::Open);
                }
                known.tokens.extend(token.map(|token| (token.to_owned(), Life::Living)));
            }
            Effect::Set(password) => {
                known.dead.append(&mut known.passwords);
                known.passwords.push(password.clone());
            }
            Effect::Deleted => {
                known.dead.append(&mut known.passwords);
                let living = known.tokens.iter_mut().filter(|(_, life)| *life != Life::LoggedOut);
                living.for_each(|(_, life)| *life = Life::Orphaned);
            }
            Effect::LoggedOut(token) => {
                // Logins of the same second may have given the same token.
                let text = known.tokens[*token].0.clone();
                let same = known.tokens.iter_mut().filter(|(known, _)| *known == text);
                same.for_each(|(_, life)| *life = Life::LoggedOut);
            }
        }
    }

    /// The call of a step, made from what is known of the accounts by then.
    pub fn plan(&mut self, step: &Step<'_>) -> Planned {
        self.serial += 1;
        let slot = step.subject.written();
        let op = match step.op {
            // The admin's password stays as it is.
            Op::Change | Op::WeakChange | Op::StolenChange | Op::Create | Op::WeakCreate if slot == 0 => Op::Read,
            Op::Update | Op::WeakUpdate if slot == 0 => Op::Read,
            Op::Delete if slot == 0 && !self.admin_too => Op::Read,
            op => op,
        };
        let wrong = || "Wrong-Password-7".to_owned();
        match op {
            Op::Login => self.login(slot, self.present(slot), None),
            Op::WrongLogin => self.login(slot, wrong(), None),
            Op::OthersLogin => self.login(slot, self.present((slot + 1) % SLOTS), None),
            Op::OldLogin => {
                let old = self.accounts[slot].dead.last().cloned();
                self.login(slot, old.unwrap_or_else(|| "Never-Was-One-7".to_owned()), None)
            }
            Op::Change => self.login(slot, self.present(slot), Some(self.strong())),
            Op::WeakChange => self.login(slot, self.present(slot), Some(WEAK.to_owned())),
            Op::StolenChange => self.login(slot, wrong(), Some(self.strong())),
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
        let (expected, requirement) = match (right, known.passwords.contains(&password)) {
            // A later `new_password` may be ignored, and what is ignored is not judged.
            (true, _) if new.as_deref() == Some(WEAK) => (Expected::Open, "login.password.on-change"),
            (true, _) if known.passwords.len() == 1 => (Expected::Success, "login.credentials.accepted"),
            (true, _) | (_, true) => (Expected::Open, "login.credentials.accepted"),
            _ if known.passwords.is_empty() => (Expected::Refusal, "users.delete.login-dead"),
            _ if known.dead.contains(&password) => (Expected::Refusal, "login.password.changed-old-dead"),
            _ if new.is_some() => (Expected::Refusal, "login.refused.nothing-taken-over"),
            _ => (Expected::Refusal, "login.refused.wrong-password"),
        };
        let body = new.as_ref().map_or("{}".to_owned(), |new| format!(r#"{{"new_password":"{new}"}}"#));
        let request = RequestParts::of(Operation::LogIn).basic(&known.name, &password).json(body);
        Planned { request, expected, requirement, slot, effect: Effect::Login { tried: password, new } }
    }

    /// The token that an actor shows, which of its tokens it is, and whether it lives.
    fn shown(&self, actor: usize, token: Token) -> (&str, Option<usize>, Life) {
        let tokens = &self.accounts[actor].tokens;
        let index = match token {
            Token::Newest => tokens.len().checked_sub(1),
            Token::Oldest => (!tokens.is_empty()).then_some(0),
            Token::Nothing | Token::MadeUp => None,
        };
        match index.and_then(|index| Some((index, tokens.get(index)?))) {
            Some((index, (token, life))) => (token, Some(index), *life),
            None if token == Token::Nothing => ("", None, Life::Never),
            None => ("bWFkZS11cC10b2tlbi1vZi1hLWZ1enotcnVu", None, Life::Never),
        }
    }

    fn with_token(&self, op: Op, slot: usize, actor: Slot, token: Token) -> Planned {
        let actor = actor.written();
        let (token, index, life) = self.shown(actor, token);
        let name = &self.accounts[slot].name;
        let exists = !self.accounts[slot].passwords.is_empty();
        let (admin, itself) = (actor == 0, actor == slot);
        let with_token = |call: RequestParts| if token.is_empty() { call } else { call.bearer(token) };
        let call = |operation| with_token(RequestParts::of(operation));
        let on_account = |operation| with_token(RequestParts::of_user(operation, name));
        let create = |password: &str| {
            call(Operation::CreateUser).json(format!(r#"{{"username":"{name}","password":"{password}"}}"#))
        };
        let update = |password: &str| on_account(Operation::UpdateUser).json(format!(r#"{{"password":"{password}"}}"#));
        let delete = || on_account(Operation::DeleteUser);
        let read = || on_account(Operation::ReadUser);
        let refused = |request, requirement| (request, Expected::Refusal, requirement, Effect::Nothing);
        let done = |request, requirement, effect| (request, Expected::Success, requirement, effect);
        let password = self.strong();
        let (request, expected, requirement, effect) = match op {
            Op::Create if !admin => refused(create(&password), "users.create.admin-only"),
            Op::Create if exists => refused(create(&password), "users.duplicate.refused"),
            Op::Create => done(create(&password), "users.create.created", Effect::Set(password)),
            Op::WeakCreate => refused(create("short1!"), "users.password.too-short"),
            Op::Update if !(admin || itself) => refused(update(&password), "users.update.others"),
            Op::Update if !exists => refused(update(&password), "users.update.unknown"),
            Op::Update => done(update(&password), "users.update.answered", Effect::Set(password)),
            Op::WeakUpdate => refused(update(WEAK), "users.update.password-rule"),
            Op::Delete if slot == 0 => refused(delete(), "users.delete.admin"),
            Op::Delete if !admin => refused(delete(), "users.delete.admin-only"),
            Op::Delete if !exists => refused(delete(), "users.delete.unknown"),
            Op::Delete => done(delete(), "users.delete.answered", Effect::Deleted),
            // To log out the admin's own first token would end the session for everybody.
            Op::Logout if !(admin && self.accounts[0].tokens.first().is_some_and(|(first, _)| first == token)) => {
                let effect = index.map_or(Effect::Nothing, Effect::LoggedOut);
                done(call(Operation::LogOut), "tokens.logout.answered", effect)
            }
            Op::Verify => refused(call(Operation::Verify).json(r#"{"code":""}"#), "account.verify.wrong-code"),
            Op::Register => refused(call(Operation::Register).json("{}"), "account.required.refused"),
            _ if !exists => refused(read(), "users.read.unknown"),
            // Whether an ordinary user may read another is inferred.
            _ if !(admin || itself) => (read(), Expected::Open, "users.read.others", Effect::Nothing),
            _ => done(read(), "tokens.bearer.accepted", Effect::Nothing),
        };
        let gone = self.accounts[actor].passwords.is_empty();
        let (expected, requirement) = match life {
            Life::Living => (expected, requirement),
            Life::Orphaned if gone => (Expected::Refusal, "tokens.deleted-user.dead"),
            Life::Orphaned => (Expected::Refusal, "tokens.recreated-user.dead"),
            Life::LoggedOut => (Expected::Refusal, "tokens.logout.token-dead"),
            Life::Never if token.is_empty() => (Expected::Refusal, "tokens.bearer.required"),
            Life::Never => (Expected::Refusal, "tokens.bearer.invalid"),
            Life::Open if expected == Expected::Refusal => (Expected::Refusal, requirement),
            Life::Open => (Expected::Open, requirement),
        };
        let slot = if op == Op::Logout { actor } else { slot };
        Planned { request, expected, requirement, slot, effect }
    }
}
