//! How requests are handled, resource by resource. The default of each rule is what the documents say.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::alike::Alike;
use super::when::When;
use crate::declare::defaulted;
use crate::documented::api::DEFAULT_PASSWORD;
use crate::documented::bodies::{AccountRule, UsernameRule};
use crate::documented::password::PasswordRule;
use crate::documented::token::LIFETIME;

defaulted! {
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct LoginRules {
        /// The body is read before the credentials.
        pub body_first: bool = false,
        /// The new password is set before the credentials are checked.
        pub change_first: bool = false,
        pub any_method: bool = false,
        pub default_password: Cow<'static, str> = Cow::Borrowed(DEFAULT_PASSWORD),
        /// On which requests the default password alone is accepted.
        pub(crate) default_accepted: Option<When> = None,
        /// The default password with a new one is a first login again, however often.
        pub default_stays_changeable: bool = false,
        /// `new_password` counts on every login, not only the first.
        pub later_change: bool = true,
        /// On which requests the password rule is not applied.
        pub(crate) rule_unasked: Option<When> = None,
        /// The rule applies to later logins, not only to the first.
        pub later_rule: bool = true,
        /// A change is reported as done, but not done.
        pub change_ignored: bool = false,
        pub refused_first_change: RefusedChange = RefusedChange::ChangesNothing,
        pub refused_later_change: RefusedChange = RefusedChange::ChangesNothing,
        /// The password before a change still logs in.
        pub old_password_stays: bool = false,
        /// Which names find one another's users, before their own.
        pub usernames_alike: Option<Alike> = None,
        /// A password that was wrong once is refused for good.
        pub remembers_wrong: bool = false,
        /// Which passwords are taken for one another.
        pub passwords_alike: Alike = Alike::default(),
    }
}

/// What a refused change of a password does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedChange {
    ChangesNothing,
    /// The new password is set anyway.
    SetsTheNew,
    /// The old password is gone, and there is no other.
    LosesTheOld,
    /// Later changes are reported as done, but not done.
    BlocksTheNext,
}

defaulted! {
    /// The rules for passwords, wherever they are set.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct PasswordRules {
        pub on_login: PasswordRule = PasswordRule::documented(),
        pub on_create: PasswordRule = PasswordRule::documented(),
        pub on_update: PasswordRule = PasswordRule::documented(),
    }
}

defaulted! {
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct UserRules {
        pub username: UsernameRule = UsernameRule::documented(),
        /// A new user gets the role that the request claims.
        pub create_promotes: bool = false,
        pub duplicate: Duplicate = Duplicate::Refused,
        pub admin_deletion: AdminDeletion = AdminDeletion::Refused,
        pub deletes: Deletes = Deletes::TheNamed,
        pub leftover: Leftover = Leftover::Nothing,
        /// A new user must change its password at its first login.
        pub created_must_change: bool = false,
        /// An update gives the user the role that the request claims.
        pub update_promotes: bool = false,
        /// A change is reported as done, but not done.
        pub update_ignored: bool = false,
        pub refused_update: RefusedChange = RefusedChange::ChangesNothing,
        /// The password before a change still logs in.
        pub old_password_stays: bool = false,
        /// A creation that was refused for its members is done anyway.
        pub refused_creation_sticks: bool = false,
        /// A creation is reported as done, but not done.
        pub creation_ignored: bool = false,
        /// A change or deletion is of the user that the body names, whoever was asked for permission.
        pub named_by_body: bool = false,
        /// A user may read and change everybody whose name begins with its own.
        pub itself_begins: bool = false,
        /// Who was asked for before it was there stays unknown to reads.
        pub unknown_for_good: bool = false,
        /// How a name in a path is read.
        pub in_path: Option<Alike> = None,
        /// Those with such an ending of the name have the rights of the administrator, too.
        pub admins_end: Option<String> = None,
        /// Those with such a beginning of the name, too.
        pub admins_begin: Option<String> = None,
        /// Those with such a name, too.
        pub admins: Vec<String> = Vec::new(),
    }
}

/// What becomes of a new user whose name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicate {
    Refused,
    RefusedAndReplaces,
    Replaces,
    /// It is answered as if created, and nothing happens.
    Ignored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deletes {
    TheNamed,
    Nobody,
    /// Everybody whose name begins like this.
    AllThatBeginSo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminDeletion {
    Refused,
    /// It is refused if the path has exactly this name, and done otherwise.
    RefusedAsWritten,
    RefusedAndDone,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leftover {
    Nothing,
    LogsIn,
    IsShown,
    NameIsTaken,
    /// Its password, which comes back with its name.
    Password,
    /// A mark that it existed. The deletion of a name without that mark is answered as if it had been done.
    Mark,
}

defaulted! {
    /// How tokens are made, shown, found and taken back.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct TokenRules {
        /// How long a token works; without it, for ever.
        pub lifetime: Option<SignedDuration> = Some(LIFETIME),
        /// How long an answer says that it works.
        pub stated_lifetime: SignedDuration = LIFETIME,
        /// It counts from the first of all logins.
        pub stated_from_start: bool = false,
        /// How an answer writes the end of a token, where not as documented: a format of `strftime`, in UTC.
        pub expires_format: Option<String> = None,
        pub mint: Mint = Mint::Random,
        /// A token is given to another user whose name is alike, if there is one.
        pub users_alike: Option<Alike> = None,
        /// Any token is taken for one of the admin's.
        pub unknown_accepted: bool = false,
        /// A token whose user does not exist is refused. There is none, unless deletion leaves some.
        pub orphans_refused: bool = false,
        /// How many tokens there can be; one more ends the oldest.
        pub most: Option<usize> = None,
        /// How many of one user there can be; one more ends the oldest.
        pub most_of_user: Option<usize> = None,
        /// Every use of a token prolongs its life.
        pub prolonged_by_use: bool = false,
        pub on_logout: Revokes = Revokes::Sent,
        /// What a refused logout takes back; there is no user then.
        pub on_refused_logout: Revokes = Revokes::Nothing,
        /// Who logged out cannot log in again.
        pub logout_locks_out: bool = false,
        /// What a login takes back, before its own token is given.
        pub on_login: Revokes = Revokes::Nothing,
        /// A login ends the user's tokens that are older than this.
        pub swept_at_login: Option<SignedDuration> = None,
        /// What a change of password at login takes back.
        pub on_change: Revokes = Revokes::Nothing,
        /// What an update of a user takes back; "sent" means nothing here.
        pub on_update: Revokes = Revokes::Nothing,
        /// What the deletion of a user takes back; "sent" means nothing here.
        pub on_delete: Revokes = Revokes::OfUser,
    }
}

/// Where a new token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mint {
    Random,
    /// The user's living token is given again.
    Shared,
    /// The user's first token is given again, with its first end.
    Kept,
    /// The first token of all is given to everybody.
    OneForAll,
    /// A number that goes up by one.
    Counter,
    /// The token that was given last is given again, where it is the admin's.
    OfTheAdmin,
}

/// Which tokens an event takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revokes {
    /// None.
    Nothing,
    /// The one that the request brought.
    Sent,
    /// The one that was given last to the user that the request is about.
    LastOfUser,
    /// All of the user that the request is about.
    OfUser,
    /// All of users whose names begin like that one's.
    OfAllThatBeginSo,
    /// All there are.
    All,
}

defaulted! {
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct RegistrationRules {
        pub account: AccountRule = AccountRule::documented(),
        /// On which requests a code is sent although one that was sent before stays the right one.
        pub(crate) repeats: Option<When> = None,
        /// On which requests no code is made, although the answer says that one was sent.
        pub(crate) unsent: Option<When> = None,
        /// On which requests an answer shows the code that was sent.
        pub(crate) shows_code: Option<When> = None,
        /// A code stays right after it was used.
        pub code_stays: bool = false,
        /// Where no code was sent, any is right.
        pub unasked_is_right: bool = false,
        /// The codes of all requests stay right, for the number of the last.
        pub codes_of_all: bool = false,
        /// A registered number stands for the same one of every country.
        pub any_country: bool = false,
        /// The first number that is registered stands for all.
        pub one_for_all: bool = false,
        /// A verified registration is forgotten at once.
        pub forgetful: bool = false,
        pub sunset: SunsetCheck = SunsetCheck::AfterToken,
        pub two_step: TwoStepRules = TwoStepRules::default(),
    }
}

defaulted! {
    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct TwoStepRules {
        /// Set and remove the PIN.
        pub who: Who = Who::Admin,
        /// How many digits a PIN has.
        pub pin: RangeInclusive<usize> = 6..=6,
        /// On which requests for a code the PIN is not asked for.
        pub(crate) unasked: Option<When> = None,
        /// A PIN is compared as a number.
        pub as_number: bool = false,
        /// A PIN is set before its form is checked.
        pub set_first: bool = false,
        /// A PIN that is set is never changed.
        pub first_stays: bool = false,
        /// Switching off is answered, not done.
        pub stays_on: bool = false,
        /// What is off cannot be switched off.
        pub removed_once: bool = false,
    }
}

/// When it is checked whether registrations have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SunsetCheck {
    /// Before anything else.
    First,
    /// After the token.
    AfterToken,
    /// After the body as well.
    AfterBody,
    /// Never: registrations go on.
    Never,
}

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
