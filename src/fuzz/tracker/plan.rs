//! The call of a step, made from what is known of the accounts by then.

use super::{Effect, Expected, Life, Planned, Tracker};
use crate::documented::api::Operation;
use crate::documented::basic::{self, Credentials};
use crate::fuzz::grammar::RequestParts;
use crate::fuzz::grammar::session::{Op, SLOTS, Slot, Step, Token};

/// A password that breaks the rule.
pub(super) const WEAK: &str = "weakling";

impl Tracker {
    pub fn plan(&mut self, step: Step) -> Planned {
        self.serial += 1;
        let slot = step.subject.written();
        // The admin's password stays as it is.
        let changes_a_password = matches!(
            step.op,
            Op::Change | Op::WeakChange | Op::StolenChange | Op::Create | Op::WeakCreate | Op::Update | Op::WeakUpdate
        );
        let spared = slot == 0 && (changes_a_password || (step.op == Op::Delete && !self.admin_too));
        let op = if spared { Op::Read } else { step.op };
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
        let credentials = basic::render(&Credentials::new(&*known.name, &*password));
        let body = new.as_ref().map_or("{}".to_owned(), |new| format!(r#"{{"new_password":"{new}"}}"#));
        let request = RequestParts::of(Operation::LogIn).basic(credentials).json(body);
        Planned { request, expected, requirement, effect: Effect::Login { slot, tried: password, new } }
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
            Op::Create => done(create(&password), "users.create.created", Effect::Created { slot, password }),
            Op::WeakCreate => refused(create("short1!"), "users.password.too-short"),
            Op::Update if !(admin || itself) => refused(update(&password), "users.update.others"),
            Op::Update if !exists => refused(update(&password), "users.update.unknown"),
            Op::Update => done(update(&password), "users.update.answered", Effect::Updated { slot, password }),
            Op::WeakUpdate => refused(update(WEAK), "users.update.password-rule"),
            Op::Delete if slot == 0 => refused(delete(), "users.delete.admin"),
            Op::Delete if !admin => refused(delete(), "users.delete.admin-only"),
            Op::Delete if !exists => refused(delete(), "users.delete.unknown"),
            Op::Delete => done(delete(), "users.delete.answered", Effect::Deleted { slot }),
            // To log out the admin's own first token would end the session for everybody.
            Op::Logout if !(admin && index == Some(0)) => {
                let effect = index.map_or(Effect::Nothing, |token| Effect::LoggedOut { slot: actor, token });
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
        Planned { request, expected, requirement, effect }
    }
}
