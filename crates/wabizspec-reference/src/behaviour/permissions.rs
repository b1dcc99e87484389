//! Who may do what, and what is checked before it.

use serde::{Deserialize, Serialize};

use super::when::When;

/// Who may do what (users; account: the admin registers).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    pub create: Who,
    pub read: Who,
    pub update: Who,
    pub delete: Who,
    pub logout: Who,
    /// Register and verify.
    pub register: Who,
    /// Which requests are done before the permission of their caller, who has a token, is checked.
    pub(crate) asked_late: Option<When>,
    /// Bodies are read before tokens and permissions are checked.
    pub body_first: bool,
    /// Permissions are checked only after it is known that the user exists.
    pub existence_first: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Permissions {
            create: Who::Admin,
            read: Who::SelfOrAdmin,
            update: Who::SelfOrAdmin,
            delete: Who::Admin,
            logout: Who::User,
            register: Who::Admin,
            asked_late: None,
            body_first: false,
            existence_first: false,
        }
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
