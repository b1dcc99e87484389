//! Which wrong logins a target accepts: reported once, and not again by every check that rests on a refused login.

use super::Place;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Laxity {
    #[default]
    None,
    /// Any password of a user it knows.
    AnyPassword,
    /// Any name with any password.
    AnyUser,
}

impl Laxity {
    /// Whether a token for credentials of that kind is already explained.
    pub fn explains_a_token(self, place: Place) -> bool {
        match place {
            Place::WrongPassword
            | Place::PasswordWithColons
            | Place::ControlCharacters
            | Place::EmptyPassword
            | Place::Several
            | Place::NoBase64
            // One that is unknown to us and not to the target, such as the admin's: a made-up one was refused.
            | Place::UnknownName => self >= Laxity::AnyPassword,
            Place::EmptyName => self >= Laxity::AnyUser,
            _ => false,
        }
    }

    /// Whether a login that should have failed in a sequence of calls is already explained.
    pub fn explains_a_login(self, requirement: &str) -> bool {
        match requirement {
            "login.refused.wrong-password" | "login.refused.nothing-taken-over" | "login.password.changed-old-dead" => {
                self >= Laxity::AnyPassword
            }
            "users.delete.login-dead" => self >= Laxity::AnyUser,
            _ => false,
        }
    }
}
