//! Sequences of calls by several users, with tokens mixed up.

use super::codec::{Choice, choices};

/// The longest sequence, in calls.
pub const STEPS: usize = 12;

/// Users of a session: slots 1 and up are ordinary, slot 0 is the admin.
pub const SLOTS: usize = 4;

choices! {
    /// What is called.
    Op {
        /// Log in with the present password.
        Login,
        /// Log in with a wrong one.
        WrongLogin,
        /// Log in with the password of someone else.
        OthersLogin,
        /// Log in and bring a strong new password.
        Change,
        /// Log in and bring a weak one.
        WeakChange,
        /// Log in wrongly and bring a strong one.
        StolenChange,
        /// Create the user, as the actor.
        Create,
        /// Create it with a weak password, as the actor.
        WeakCreate,
        /// Give the user another strong password, as the actor.
        Update,
        /// Give it a weak one, as the actor.
        WeakUpdate,
        /// Delete the user, as the actor.
        Delete,
        /// Read the user, as the actor.
        Read,
        /// Log the actor's token out.
        Logout,
        /// Verify a registration that nobody asked for, as the actor.
        Verify,
        /// Ask for a registration code with an empty body, as the actor.
        Register,
        /// Log in with the password before the present one.
        OldLogin,
    }
}

choices! {
    /// Which of the slots.
    Slot {
        /// The first ordinary user.
        One,
        /// The second.
        Two,
        /// The third.
        Three,
        /// The admin.
        Admin,
    }
}

impl Slot {
    /// Its number: 0 for the admin.
    pub fn index(self) -> usize {
        match self {
            Slot::Admin => 0,
            Slot::One => 1,
            Slot::Two => 2,
            Slot::Three => 3,
        }
    }
}

choices! {
    /// Which token the actor shows.
    Token {
        /// Its newest.
        Newest,
        /// Its oldest, dead or alive.
        Oldest,
        /// None.
        Nothing,
        /// One that nobody was given.
        MadeUp,
    }
}

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is called.
    pub op: Op,
    /// Whom it is about.
    pub subject: Slot,
    /// Who calls, where a token is needed.
    pub actor: Slot,
    /// With which token.
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

impl<'a> arbitrary::Arbitrary<'a> for SessionInput {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let length = u.len();
        Ok(SessionInput::decode(u.bytes(length)?))
    }

    fn arbitrary_take_rest(u: arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(SessionInput::decode(u.take_rest()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::random::Random;

    #[test]
    fn reading_undoes_writing() {
        for index in 0..500 {
            let mut random = Random::new(3, index);
            let bytes: Vec<u8> = (0..random.below(60)).map(|_| random.byte()).collect();
            let read = SessionInput::decode(&bytes);
            assert_eq!(SessionInput::decode(&read.encode()), read);
            assert!(read.steps.len() <= STEPS);
        }
    }
}
