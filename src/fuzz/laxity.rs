//! Which wrong logins a target takes, and what that explains: told of once, it is not found again by every check that
//! rests on a refused login.
//!
//! It sends nothing; how it is found out is told elsewhere.

/// Which wrong logins a target takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Laxity {
    /// None.
    #[default]
    RightOnly,
    /// Any password of somebody it knows.
    AnyPassword,
    /// Any name with any password.
    AnyUser,
}

impl Laxity {
    /// Whether a token for credentials of that kind is what is known already.
    pub fn explains_a_token(self, place: &str) -> bool {
        match place {
            "wrong password"
            | "password with colons"
            | "control characters"
            | "empty password"
            | "several"
            | "no base64"
            | "odd"
            // One that is unknown to us and not to the target, such as the admin's: nobody's was refused.
            | "unknown name" => self >= Laxity::AnyPassword,
            "empty name" => self >= Laxity::AnyUser,
            _ => false,
        }
    }

    /// Whether a login that should have failed in a sequence of calls is what is known already.
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
