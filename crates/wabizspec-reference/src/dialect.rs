//! What the documents leave to the implementation, as plain data.
//!
//! Every value conforms. What breaks a requirement belongs into the rest of the behaviour.

use jiff::SignedDuration;

use crate::declare::defaulted;

defaulted! {
    /// What the documents leave to the implementation. Every value conforms. A dialect that answers a refusal with another
    /// allowed status edits `Behaviour::refusals` instead.
    #[derive(Debug, Clone)]
    pub struct Dialect {
        /// Answers carry `meta`; the reference pages' own examples have none.
        pub meta: bool = true,
        /// `meta.version`, with or without a leading `v`.
        pub version: &'static str = "v2.53.1",
        /// Errors carry `details`.
        pub details: bool = true,
        /// A 401 has a body.
        pub bodies_on_401: bool = true,
        /// Objects have an undocumented member.
        pub extra_members: bool = false,
        /// Members are in the opposite order.
        pub reversed: bool = false,
        /// `Content-Type` carries a charset.
        pub charset: bool = false,
        /// Answers come in chunks.
        pub chunked: bool = false,
        /// Connections end after one answer.
        pub close: bool = false,
        /// The member with a user's role: `ROLES` on the page; `roles` was also seen.
        pub roles_member: &'static str = "ROLES",
        /// Answers carry a `Date`.
        pub date: bool = true,
        /// What a token looks like.
        pub token: TokenForm = TokenForm::Opaque,
        /// How the refusal after the sunset is written.
        pub sunset: SunsetShape = SunsetShape::Listed,
        /// How far the server's clock is ahead.
        pub clock_ahead: SignedDuration = SignedDuration::ZERO,
    }
}

/// What a token looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenForm {
    /// 43 characters without a meaning.
    Opaque,
    /// A JSON Web Token, as seen on a real client.
    Jwt,
}

/// How the refusal after the sunset is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SunsetShape {
    /// In `errors`, as every other error (observed).
    Listed,
    /// The error object alone (account).
    Bare,
}
