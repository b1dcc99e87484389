//! Scenario files: the format, and the errors in them.
//!
//! A [`Scenario`] is one file, checked as far as it can be by itself and against the register; a [`Suite`] is a register
//! and all its scenarios. Nothing here knows a target.

mod each;
mod format;
#[cfg(feature = "cli")]
mod schema;
mod step;
mod parse;
mod suite;

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::documented::api::Operation;
use crate::exchange::Manner;
use crate::judge::Expectation;
use crate::template::{Bindings, Pointer, Template};

pub use crate::reference::Registration;
#[cfg(feature = "cli")]
pub use schema::schema;
#[cfg(feature = "cli")]
pub(crate) use suite::MissingPositive;
pub use suite::{Suite, SuiteError};

/// The state that a case needs before its first step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Given {
    /// Nothing.
    #[default]
    Any,
    /// As just installed: the default password is still to be changed.
    Fresh,
    /// The harness can log in as admin.
    Admin,
    /// A second, ordinary account exists.
    User,
    /// The account is registered.
    Registered,
    /// An ordinary account that the run made at its beginning and left alone since, with the token of its only login.
    Kept,
}

/// A part of the target's state that a case leaves changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Passwords of accounts.
    Passwords,
    /// Accounts are made or deleted.
    Users,
    /// The registration of the phone number.
    Registration,
    /// The clock.
    Clock,
}

impl Change {
    /// All of them.
    pub const ALL: [Change; 4] = [Change::Passwords, Change::Users, Change::Registration, Change::Clock];
}

crate::located::shown_by_name!(Given, Change);

/// How the copies of a request are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Copies {
    /// All at once.
    Together,
    /// One after the other.
    InTurn,
}

/// The name that is bound to another value for each copy of a request.
pub(crate) const COPY: &str = "copy";

/// The name under which a row says how many copies there are.
const COPIES: &str = "copies";

/// One scenario file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// `area/name`, from the file's path. The scenarios of a file that is expanded for each operation share it.
    pub id: String,
    /// As the user knows it.
    pub(crate) file: String,
    /// What it shows.
    pub title: String,
    /// What each row needs.
    pub given: Given,
    /// What each row leaves changed, as declared.
    pub(crate) changes: Vec<Change>,
    /// Whether it is its area's control.
    pub control: bool,
    /// The id of the scenario that makes the refused request good.
    pub positive: Option<String>,
    /// The only registration state to which it applies.
    pub registration: Option<Registration>,
    /// Why it is kept although no planted fault needs it.
    pub keep: Option<String>,
    /// At least one; a file without rows has one without a name.
    pub rows: Vec<Row>,
    /// At least one.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// The first part of its id.
    pub fn area(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// Every requirement that a step's expectation cites, once each.
    pub fn requirements(&self) -> Vec<&str> {
        let cited = self.steps.iter().flat_map(|step| &step.expectations);
        let mut ids: Vec<&str> = cited.map(|expectation| expectation.requirement.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// One row of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Absent if the file has no rows.
    pub name: Option<String>,
    /// The values of its names.
    pub bindings: Bindings,
    /// How often a step with copies sends its request.
    pub copies: usize,
    /// 1-based.
    pub(crate) line: usize,
}

/// One request and what is expected of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Findings name it.
    pub name: String,
    /// What is done.
    pub action: Action,
    /// Whether it sends the request several times, and how.
    pub copies: Option<Copies>,
    /// Why a target that conforms may refuse the request; then the case is skipped instead of judged.
    pub may_refuse: Option<String>,
    /// Empty only if nothing is sent.
    pub expectations: Vec<Expectation>,
    pub(crate) captures: Vec<Capture>,
    /// 1-based.
    pub(crate) line: usize,
}

/// A name bound to a string of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capture {
    pub name: String,
    pub at: Pointer,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Sends an HTTP request.
    Send(Draft),
    /// Sends these bytes unchanged.
    Raw(Template),
    /// The same for bytes that are not text: in hexadecimal, but for the values.
    Hex(Template),
    /// Moves the target's clock on by that many seconds.
    Advance(u32),
}

/// A request with unbound names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// For example `POST`.
    pub method: String,
    /// Without the target's base path.
    pub path: Template,
    pub(crate) authorization: Authorization,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: Option<Template>,
    /// Whether it is sent with `Content-Type: application/json`.
    pub(crate) is_json: bool,
    pub(crate) manner: Manner,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authorization {
    /// `headers` may still have one.
    None,
    /// `username:password`, not encoded.
    Basic(Template),
    Bearer(Template),
}

impl Draft {
    /// Its path with the values of a row, or as written if it has names that the run binds.
    pub(crate) fn path_in(&self, row: &Bindings) -> String {
        self.path.render(row).unwrap_or_else(|_| self.path.to_string())
    }

    pub(crate) fn operation(&self, row: &Bindings) -> Option<Operation> {
        Operation::of(&self.method, &self.path_in(row))
    }
}

impl Action {
    pub(crate) fn templates(&self) -> Vec<&Template> {
        match self {
            Action::Send(draft) => {
                let authorization = match &draft.authorization {
                    Authorization::None => None,
                    Authorization::Basic(template) | Authorization::Bearer(template) => Some(template),
                };
                let headers = draft.headers.iter().map(|(_, value)| value);
                let path = std::iter::once(&draft.path);
                path.chain(authorization).chain(headers).chain(&draft.body).collect()
            }
            Action::Raw(template) | Action::Hex(template) => vec![template],
            Action::Advance(_) => Vec::new(),
        }
    }
}

/// The names that the harness binds for a case in that state, in addition to its row and its captures.
fn harness_names(given: Given) -> impl Iterator<Item = &'static str> {
    const ANY: [&str; 12] = [
        "host",
        "base",
        "unique",
        "unique4",
        "new_password",
        "cc",
        "phone_number",
        "cert",
        "vname",
        "code",
        "earlier_code",
        "length",
    ];
    const ADMIN: [&str; 3] = ["admin", "admin_password", "admin_token"];
    const USER: [&str; 3] = ["user", "user_password", "user_token"];
    let admin = ADMIN.into_iter().filter(move |_| given >= Given::Admin);
    let user = USER.into_iter().filter(move |_| matches!(given, Given::User | Given::Kept));
    ANY.into_iter().chain(admin).chain(user)
}

/// Whether the harness binds the name for a case in some state.
fn is_harness_name(name: &str) -> bool {
    name == COPY || harness_names(Given::User).any(|known| known == name)
}
