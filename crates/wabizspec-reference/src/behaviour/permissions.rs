//! Who may do what, and what is checked before it.

use serde::{Deserialize, Serialize};

use super::when::When;
use crate::declare::defaulted;

defaulted! {
    /// Who may do what (users; account: the admin registers).
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct Permissions {
        pub create: Who = Who::Admin,
        pub read: Who = Who::SelfOrAdmin,
        pub update: Who = Who::SelfOrAdmin,
        pub delete: Who = Who::Admin,
        pub logout: Who = Who::User,
        /// Register and verify.
        pub register: Who = Who::Admin,
        /// Which requests are done before the permission of their caller, who has a token, is checked.
        pub(crate) asked_late: Option<When> = None,
        /// Bodies are read before tokens and permissions are checked.
        pub body_first: bool = false,
        /// Permissions are checked only after it is known that the user exists.
        pub existence_first: bool = false,
    }
}

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Everybody, with or without a token.
    Anyone,
    /// Everybody with a token.
    User,
    /// The user that the request is about, and the admin.
    SelfOrAdmin,
    /// Everybody but the user that the request is about, and the admin.
    OthersOrAdmin,
    /// The admin.
    Admin,
}
