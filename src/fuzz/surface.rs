//! The parts of the API that are fuzzed by themselves, and everything that one has and another has not.
//!
//! A surface whose inputs are JSON bodies of the admin is a row here and its members in `independent::body`.

use std::str::FromStr;

use super::words::words;
use crate::documented::api::Operation;

words! {
    /// A part of the API that is fuzzed by itself.
    Surface {
        /// The `Authorization` header of a login.
        BasicAuth = "basic-auth",
        /// The body of a login with right credentials.
        LoginBody = "login-body",
        /// New passwords, at every endpoint that takes one.
        Password = "password",
        /// The body that creates a user.
        UsersBody = "users-body",
        /// The body that asks for a registration code.
        AccountBody = "account-body",
        /// The body that sets the PIN of two-step verification.
        TwoStepBody = "two-step-body",
        /// The `Authorization` header of every other call.
        Bearer = "bearer",
        /// The request target.
        Path = "path",
        /// Sequences of calls.
        Session = "session",
        /// HTTP/1.1 itself; only when asked for by name.
        Http = "http",
    }
}

/// The grammar of a surface's inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Basic,
    /// The body of a call of this operation.
    Body(Operation),
    Password,
    Bearer,
    Path,
    Session,
    Http,
}

pub(super) struct Row {
    pub form: Form,
    /// The aimed inputs: `src/fuzz/aimed/SURFACE.txt`.
    pub aimed: &'static str,
    /// Pieces that its inputs are mixed with, in libFuzzer's format.
    pub dictionaries: &'static [&'static str],
}

macro_rules! row {
    ($name:literal, $form:expr, $dictionaries:expr) => {{
        let aimed = include_str!(concat!("aimed/", $name, ".txt"));
        Row { form: $form, aimed, dictionaries: $dictionaries }
    }};
}

const NAMES: &str = include_str!("dictionaries/names.dict");
const AUTH: &str = include_str!("dictionaries/auth.dict");
const PASSWORD: &str = include_str!("dictionaries/password.dict");
const JSON: &str = include_str!("dictionaries/json.dict");
const HTTP: &str = include_str!("dictionaries/http.dict");

impl Surface {
    /// All of them.
    pub const ALL: [Surface; 10] = {
        use Surface::*;
        [BasicAuth, LoginBody, Password, UsersBody, AccountBody, TwoStepBody, Bearer, Path, Session, Http]
    };

    /// In the order in which their aimed inputs are tried.
    pub(super) const AIMED: [Surface; 10] = {
        use Surface::*;
        [BasicAuth, LoginBody, UsersBody, AccountBody, TwoStepBody, Password, Bearer, Path, Session, Http]
    };

    pub(crate) fn names() -> String {
        Surface::ALL.map(Surface::name).join(", ")
    }

    /// Whether its inputs mean anything without a login.
    pub(super) fn needs_login(self) -> bool {
        !matches!(self.row().form, Form::Basic | Form::Bearer | Form::Path | Form::Http)
    }

    pub(super) const fn row(self) -> Row {
        use Operation::{CreateUser, LogIn, Register, SetPin};
        match self {
            Surface::BasicAuth => row!("basic-auth", Form::Basic, &[NAMES, AUTH]),
            Surface::LoginBody => row!("login-body", Form::Body(LogIn), &[JSON]),
            Surface::Password => row!("password", Form::Password, &[PASSWORD, NAMES, AUTH, JSON]),
            Surface::UsersBody => row!("users-body", Form::Body(CreateUser), &[JSON]),
            Surface::AccountBody => row!("account-body", Form::Body(Register), &[JSON]),
            Surface::TwoStepBody => row!("two-step-body", Form::Body(SetPin), &[JSON]),
            Surface::Bearer => row!("bearer", Form::Bearer, &[NAMES, AUTH]),
            Surface::Path => row!("path", Form::Path, &[HTTP, NAMES, AUTH]),
            Surface::Session => row!("session", Form::Session, &[]),
            Surface::Http => row!("http", Form::Http, &[HTTP, NAMES, AUTH]),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a surface; use {names} or all", names = Surface::names())]
pub struct UnknownSurface(String);

impl FromStr for Surface {
    type Err = UnknownSurface;

    /// By its name; underscores, as in the folders of `fuzz/corpus`, are as good as hyphens.
    fn from_str(text: &str) -> Result<Surface, UnknownSurface> {
        let name = text.replace('_', "-");
        let found = Surface::ALL.into_iter().find(|surface| surface.name() == name);
        found.ok_or_else(|| UnknownSurface(text.to_owned()))
    }
}
