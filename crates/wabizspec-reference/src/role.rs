//! What a user may do, as the model keeps it and answers write it. Who may do what is not decided here.

/// What a user may do (users, Read).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `ROLE_ADMIN`
    Admin,
    /// `ROLE_USER`
    User,
}

impl Role {
    /// As answers write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Role::Admin => "ROLE_ADMIN",
            Role::User => "ROLE_USER",
        }
    }
}
