//! Sequences of calls held to invariants that were not written with the reference model.
//!
//! The tracker remembers who exists, which passwords may be in force and which tokens live, from the answers alone. It
//! plans a call, and says of its answer what it breaks. It sends nothing: the model in process and a target on the
//! wire are driven by the same tracker.

mod plan;

use super::grammar::RequestParts;
use super::grammar::session::SLOTS;
use crate::documented::api::Resource;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Success,
    Refusal,
    Open,
}

/// What a success changes, of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Effect {
    Nothing,
    // A token; and perhaps another password.
    Login { slot: usize, tried: String, new: Option<String> },
    Created { slot: usize, password: String },
    Updated { slot: usize, password: String },
    Deleted { slot: usize },
    LoggedOut { slot: usize, token: usize },
}

/// A call and what must come of it.
#[derive(Debug, Clone)]
pub struct Planned {
    pub request: RequestParts,
    expected: Expected,
    effect: Effect,
    requirement: &'static str,
}

impl Planned {
    /// Whether a refusal would be a breach.
    pub fn must_succeed(&self) -> bool {
        self.expected == Expected::Success
    }
}

/// What is known of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Living,
    LoggedOut,
    /// Its user was deleted.
    Orphaned,
    /// Whether a change of password ends tokens is open.
    Open,
    /// Nobody was ever given it.
    Never,
}

/// One account, as far as it is known.
#[derive(Debug, Clone, Default)]
struct Known {
    name: String,
    /// Passwords that may be in force, the likeliest first; none where there is no such account.
    passwords: Vec<String>,
    /// Passwords that are no longer in force.
    dead: Vec<String>,
    /// Tokens in the order they were given.
    tokens: Vec<(String, Life)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    pub requirement: &'static str,
    /// What was expected and what came, without secrets.
    pub what: String,
}

/// What is known of the accounts of a session.
#[derive(Debug, Clone)]
pub struct Tracker {
    accounts: [Known; SLOTS],
    /// Whether the calls that could harm the admin's account are made.
    admin_too: bool,
    serial: u32,
}

impl Tracker {
    /// The admin by name, password and living token, and ordinary users by name and password. `admin_too` permits calls that
    /// could harm the admin's account: it is deleted (which must fail).
    pub fn new(admin: (&str, &str, &str), users: [(&str, &str); SLOTS - 1], admin_too: bool) -> Tracker {
        let mut accounts: [Known; SLOTS] = Default::default();
        accounts[0].tokens.push((admin.2.to_owned(), Life::Living));
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

    /// Takes in an answer: its status, and the token in it. Returns what it breaks; after a breach the session is over,
    /// because the tracker no longer knows the state.
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
            self.take(&planned.effect, token);
        } else if let Effect::Login { slot, tried, .. } = &planned.effect {
            // Where two passwords may have been in force, it was the other. Another status is about the new one.
            let known = &mut self.accounts[*slot];
            if known.passwords.len() > 1 && status == 401 {
                known.passwords.retain(|password| password != tried);
            }
        }
        None
    }

    fn take(&mut self, effect: &Effect, token: Option<&str>) {
        match effect {
            Effect::Nothing => {}
            Effect::Login { slot, tried, new } => {
                let known = &mut self.accounts[*slot];
                known.dead.extend(known.passwords.extract_if(.., |password| password != tried));
                if let Some(new) = new.as_ref().filter(|new| *new != plan::WEAK) {
                    // Documented for the first login only: either may be in force now.
                    known.passwords.insert(0, new.clone());
                    let living = known.tokens.iter_mut().filter(|(_, life)| *life == Life::Living);
                    living.for_each(|(_, life)| *life = Life::Open);
                }
                known.tokens.extend(token.map(|token| (token.to_owned(), Life::Living)));
            }
            Effect::Created { slot, password } => self.accounts[*slot].passwords = vec![password.clone()],
            Effect::Updated { slot, password } => {
                let known = &mut self.accounts[*slot];
                known.dead.append(&mut known.passwords);
                known.passwords.push(password.clone());
            }
            Effect::Deleted { slot } => {
                let known = &mut self.accounts[*slot];
                known.dead.append(&mut known.passwords);
                let living = known.tokens.iter_mut().filter(|(_, life)| *life != Life::LoggedOut);
                living.for_each(|(_, life)| *life = Life::Orphaned);
            }
            Effect::LoggedOut { slot, token } => {
                if let Some((_, life)) = self.accounts[*slot].tokens.get_mut(*token) {
                    *life = Life::LoggedOut;
                }
            }
        }
    }
}
