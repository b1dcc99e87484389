//! Sequences of calls by several users, with tokens mixed up.

use super::codec::{arbitrary_decodes, grammar};

/// The longest sequence, in calls.
pub const STEPS: usize = 12;

/// Users of a session: slots 1 and up are ordinary, slot 0 is the admin.
pub const SLOTS: usize = 4;

grammar! {
    /// One call. There is no text.
    Step {
        /// What is called. A change is a login that brings a new password; a stolen one has a wrong password, an old login
        /// the password before the present one. The registration that is verified was never requested.
        op: Op {
            Login, WrongLogin, OthersLogin, Change, WeakChange, StolenChange, Create, WeakCreate, Update,
            WeakUpdate, Delete, Read, Logout, Verify, Register, OldLogin,
        },
        /// Whom it is about, and then who calls, where a token is needed: a user, by number.
        subject: Slot as usize { One = 1, Two = 2, Three = 3, Admin = 0 },
        actor: Slot {},
        /// Which of the actor's tokens is shown. The oldest may be dead.
        token: Token { Newest, Oldest, Nothing, MadeUp },
    }
}

/// A sequence of calls: four letters each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInput<'a> {
    /// At most [`STEPS`].
    pub steps: Vec<Step<'a>>,
}

impl<'a> SessionInput<'a> {
    /// Reads an input; every input can be read. Letters left over at the end are ignored.
    pub fn decode(input: &'a [u8]) -> Self {
        SessionInput { steps: input.chunks_exact(4).take(STEPS).map(Step::decode).collect() }
    }

    /// The input that is read as this: the inverse of `decode`.
    pub fn encode(&self) -> Vec<u8> {
        self.steps.iter().flat_map(Step::encode).collect()
    }
}

arbitrary_decodes!(SessionInput<'a>);
