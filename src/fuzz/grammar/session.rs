//! Sequences of calls by several users, with tokens mixed up.

use super::codec::{Choice, arbitrary_decodes, choices};

/// The longest sequence, in calls.
pub const STEPS: usize = 12;

/// Users of a session: slots 1 and up are ordinary, slot 0 is the admin.
pub const SLOTS: usize = 4;

choices! {
    /// What is called. A change is a login that brings a new password; a stolen one has a wrong password, an old login the
    /// password before the present one. Nobody has asked for the registration that is verified.
    Op {
        Login, WrongLogin, OthersLogin, Change, WeakChange, StolenChange, Create, WeakCreate, Update,
        WeakUpdate, Delete, Read, Logout, Verify, Register, OldLogin,
    }
}

choices! {
    /// A user, and its number.
    Slot as usize {
        One = 1, Two = 2, Three = 3, Admin = 0,
    }
}

choices! {
    /// Which of the actor's tokens is shown. The oldest may be dead.
    Token {
        Newest, Oldest, Nothing, MadeUp,
    }
}

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub op: Op,
    /// Whom it is about.
    pub subject: Slot,
    /// Who calls, where a token is needed.
    pub actor: Slot,
    pub token: Token,
}

/// A sequence of calls: four letters each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInput {
    /// At most [`STEPS`].
    pub steps: Vec<Step>,
}

impl SessionInput {
    /// Reads an input; there is none that cannot be read. Letters left over at the end are no call.
    pub fn decode(input: &[u8]) -> SessionInput {
        let steps = input.chunks_exact(4).take(STEPS).map(|letters| Step {
            op: Op::of(letters[0]),
            subject: Slot::of(letters[1]),
            actor: Slot::of(letters[2]),
            token: Token::of(letters[3]),
        });
        SessionInput { steps: steps.collect() }
    }

    /// The input that is read as this: the inverse of `decode`.
    pub fn encode(&self) -> Vec<u8> {
        let letters = |step: &Step| [step.op.letter(), step.subject.letter(), step.actor.letter(), step.token.letter()];
        self.steps.iter().flat_map(letters).collect()
    }
}

arbitrary_decodes!(SessionInput);
