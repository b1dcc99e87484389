//! Accounts: who may make, read, change and delete them, and what becomes of them.

use super::call::{Authorization, Call, Form};
use super::held::{Held, absent, code, one, status, text};
use super::known::{ADMIN, Known, Life, Origin, Role};
use super::login::{is_plain, unnamed};
use super::tokens::{caller, granted};
use crate::documented::api::{Operation, ROLE_ADMIN, ROLE_USER};
use crate::documented::errors::ErrorCode;
use crate::fuzz::independent::body::{self, Reading};
use crate::fuzz::independent::password::Strength;
use crate::fuzz::{Class, Place, independent};
use crate::judge::Check;

/// What a body is to the operation: how it must be answered for itself, and the password that it brings.
struct Asked<'b> {
    reading: Option<Reading<'b>>,
    /// Of a creation.
    name: Option<String>,
    password: Option<String>,
}

impl<'b> Asked<'b> {
    fn of(call: &Call<'b>) -> Asked<'b> {
        let labelled = call.is_labelled();
        match call.operation {
            Some(Operation::CreateUser) => {
                let (reading, sure) = body::create(call.body(), labelled);
                let (name, password) = sure.unzip();
                Asked { reading: Some(reading), name, password }
            }
            Some(Operation::UpdateUser) => {
                let (reading, password) = body::update(call.body(), labelled);
                Asked { reading: Some(reading), name: None, password }
            }
            _ => Asked { reading: None, name: None, password: None },
        }
    }

    fn class(&self, call: &Call<'_>) -> Class {
        let bodiless = if call.body().is_empty() { Class::Accept } else { Class::Either };
        self.reading.as_ref().map_or(bodiless, |reading| reading.class)
    }
}

/// An operation on accounts, or a logout.
pub fn users(call: &Call<'_>, operation: Operation, known: &mut Known, held: &mut Held<'_>) {
    let asked = Asked::of(call);
    let class = asked.class(call);
    let caller = caller(call, class == Class::Accept, known, held);
    let role = caller.as_deref().and_then(|user| known.role(user));
    let name = asked.name.clone().or_else(|| call.name.clone()).unwrap_or_default();
    if let Some(user) = &caller {
        match (operation, role) {
            (Operation::LogOut, _) if class == Class::Accept => {
                granted(call, "tokens.logout.answered", Vec::new(), known, held);
            }
            (Operation::ReadUser, _) if class == Class::Accept => read(call, user, role, &name, known, held),
            (Operation::CreateUser, Some(Role::Ordinary)) => forbidden(call, class, "users.create.admin-only", held),
            (Operation::DeleteUser, Some(Role::Ordinary)) => forbidden(call, class, "users.delete.admin-only", held),
            (Operation::UpdateUser, Some(Role::Ordinary))
                if !user.eq_ignore_ascii_case(&name) && is_plain(&name) && is_plain(user) =>
            {
                held.refused("users.update.others", "4xx");
            }
            (Operation::CreateUser, Some(Role::Admin)) => create(call, &asked, &name, known, held),
            (Operation::DeleteUser, Some(Role::Admin)) => delete(call, class, &name, known, held),
            (Operation::UpdateUser, _) if role == Some(Role::Admin) || *user == name => {
                update(call, &asked, user, &name, known, held);
            }
            _ => {}
        }
    }
    learn(call, operation, &asked, &name, role, known, held);
}

fn forbidden(call: &Call<'_>, class: Class, requirement: &'static str, held: &mut Held<'_>) {
    let is_plain = call.form() == Form::Plain && class == Class::Accept;
    held.refused(requirement, if is_plain { "403" } else { "4xx" });
    if is_plain && held.status() == 403 {
        held.to("users.admin-only.code", vec![code(&[ErrorCode::AccessDenied.number()])]);
    }
}

fn shown(name: &str) -> Vec<Check> {
    vec![one("/users"), text("/users/0/username", name)]
}

fn unknown(call: &Call<'_>, requirement: &'static str, name: &str, held: &mut Held<'_>) {
    if call.form() == Form::Plain && is_plain(name) {
        held.refused(requirement, "404");
        held.to("users.not-found.code", vec![code(&[ErrorCode::NotFound.number()])]);
    }
}

fn read(call: &Call<'_>, user: &str, role: Option<Role>, name: &str, known: &mut Known, held: &mut Held<'_>) {
    let is_itself = user == name;
    if !is_itself && role != Some(Role::Admin) || !is_plain(name) {
        return;
    }
    match known.exists(name) {
        Some(true) => {
            let requirement =
                if is_itself && role != Some(Role::Admin) { "users.read.itself" } else { "users.read.answered" };
            granted(call, requirement, shown(name), known, held);
        }
        Some(false) => unknown(call, "users.read.unknown", name, held),
        None => {}
    }
    if !held.is_granted() {
        return;
    }
    if let Some(account) = known.accounts.get(name)
        && let Some(password) = account.passwords.iter().find(|one| one.len() >= 8)
        && String::from_utf8_lossy(&held.response.body).contains(&**password)
    {
        let absent = ["/users/0/password", "/users/0/password_hash", "/users/0/hash"].map(absent);
        held.to("envelope.no-password-shown", absent.to_vec());
    }
    let is_expected = |role| if role == Role::Admin { ROLE_ADMIN } else { ROLE_USER };
    let Some(expected) = known.role(name).map(is_expected) else { return };
    let promoted = known.accounts.get(name).and_then(|account| account.promoted_by);
    let says = ["/users/0/ROLES", "/users/0/roles"].into_iter().find_map(|at| held.text(at)).map(str::to_owned);
    match (promoted, says) {
        (Some(requirement), Some(says)) if says != expected => {
            held.to(requirement, vec![text("/users/0/ROLES", expected)]);
        }
        _ => drop(held.to("users.read.role", vec![text("/users/0/ROLES", expected)])),
    }
}

fn create(call: &Call<'_>, asked: &Asked<'_>, name: &str, known: &mut Known, held: &mut Held<'_>) {
    let Some(reading) = &asked.reading else { return };
    let (length, password) = (name.chars().count(), asked.password.as_deref().unwrap_or_default());
    match (reading.class, known.exists(name)) {
        (Class::Reject, _) => {
            let requirement = match (reading.place, &asked.name, length, password.len()) {
                (Place::Object, None, ..) => "users.create.missing-member",
                (Place::Object, _, ..4, _) => "users.username.too-short",
                (Place::Object, _, 33.., _) => "users.username.too-long",
                (Place::Object, _, _, ..8) => "users.password.too-short",
                (Place::Object, _, _, 65..) => "users.password.too-long",
                (Place::Object, ..) => "users.password.classes",
                (Place::Empty, ..) => "users.create.missing-member",
                _ => "users.create.not-text",
            };
            let is_plain =
                call.form() == Form::Plain && reading.place == Place::Object && known.exists(name) == Some(false);
            held.refused(requirement, if is_plain { "400" } else { "4xx 500" });
        }
        (Class::Accept, Some(true)) if call.form() == Form::Plain => {
            let codes = [ErrorCode::Internal, ErrorCode::AlreadyExists].map(ErrorCode::number);
            let checks = vec![status("409 500"), code(&codes), absent("/users")];
            held.to("users.duplicate.refused", checks);
            held.to("users.duplicate.status", vec![status("500"), code(&codes[..1])]);
        }
        (Class::Accept, Some(false)) => {
            let account = known.accounts.get(name);
            let requirement = match (length, password.len()) {
                _ if account.is_some_and(|account| account.was_deleted) => "users.recreate.accepted",
                (4, _) => "users.username.shortest",
                (32, _) => "users.username.longest",
                (_, 8) => "users.password.shortest",
                (_, 64) => "users.password.longest",
                _ => "users.create.created",
            };
            granted(call, requirement, shown(name), known, held);
        }
        // It may be taken, which has an answer of its own.
        (Class::Accept, None) if call.form() == Form::Plain && held.status() != 401 => {
            held.to("users.create.created", vec![status("201 409 500")]);
        }
        (Class::Either, _) if reading.place == Place::Malformed => malformed(call, held),
        _ => {}
    }
}

fn malformed(call: &Call<'_>, held: &mut Held<'_>) {
    if call.form() == Form::Plain && call.is_labelled() {
        held.to("users.body.malformed", vec![status("400"), code(&[ErrorCode::RequestInvalid.number()])]);
    }
}

fn update(call: &Call<'_>, asked: &Asked<'_>, user: &str, name: &str, known: &mut Known, held: &mut Held<'_>) {
    let Some(reading) = &asked.reading else { return };
    if !is_plain(name) {
        return;
    }
    let is_present = || {
        known
            .accounts
            .get(name)
            .is_some_and(|account| account.passwords.iter().any(|one| Some(one) == asked.password.as_ref()))
    };
    match (reading.class, known.exists(name)) {
        (Class::Reject, exists) => {
            let requirement = match (reading.place, &asked.password) {
                (Place::Object, Some(_)) => "users.update.password-rule",
                (Place::Object, None)
                    if unnamed(reading.json().unwrap_or(&crate::exchange::Json::Null), &["password"]).is_empty() =>
                {
                    "users.update.not-text"
                }
                (Place::Object | Place::Empty, None) => "users.update.missing-password",
                _ => "users.update.not-text",
            };
            let is_plain = call.form() == Form::Plain && exists == Some(true) && reading.place == Place::Object;
            let is_stated = requirement != "users.update.not-text";
            held.refused(requirement, if is_plain && is_stated { "400" } else { "4xx" });
        }
        (Class::Accept, Some(true)) if !is_present() => {
            let requirement = if user == name { "users.update.itself" } else { "users.update.answered" };
            granted(call, requirement, shown(name), known, held);
        }
        (Class::Accept, Some(false)) => unknown(call, "users.update.unknown", name, held),
        (Class::Either, Some(true)) if reading.place == Place::Malformed => malformed(call, held),
        _ => {}
    }
}

fn delete(call: &Call<'_>, class: Class, name: &str, known: &mut Known, held: &mut Held<'_>) {
    if class != Class::Accept || !is_plain(name) {
        return;
    }
    match known.exists(name) {
        _ if name == ADMIN && call.form() == Form::Plain => drop(held.refused("users.delete.admin", "400")),
        Some(true) if name != ADMIN => granted(call, "users.delete.answered", shown(name), known, held),
        Some(false) => unknown(call, "users.delete.unknown", name, held),
        _ => {}
    }
}

/// What the answer shows, and what the request changed.
fn learn(
    call: &Call<'_>,
    operation: Operation,
    asked: &Asked<'_>,
    name: &str,
    caller: Option<Role>,
    known: &mut Known,
    held: &mut Held<'_>,
) {
    if !held.is_granted() {
        if operation == Operation::ReadUser && held.status() == 404 && caller == Some(Role::Admin) && is_plain(name) {
            let account = known.account(name);
            if account.exists.is_none() {
                account.exists = Some(false);
            }
        }
        // A refusal leaves everything as it was; whatever else came may have changed something.
        if !held.is_refused() && !is_duplicate(held) && operation != Operation::ReadUser {
            known.doubt(name);
        }
        return;
    }
    let json = asked.reading.as_ref().and_then(Reading::json);
    let promotion = |named: &[&str]| json.is_some_and(|json| !unnamed(json, named).is_empty());
    match operation {
        Operation::ReadUser => {
            let says = ["/users/0/ROLES", "/users/0/roles"].into_iter().find_map(|at| held.text(at));
            let role = match says {
                Some(ROLE_ADMIN) => Some(Role::Admin),
                Some(ROLE_USER) => Some(Role::Ordinary),
                _ => None,
            };
            if held.text("/users/0/username") == Some(name) && is_plain(name) {
                let account = known.account(name);
                account.exists = account.exists.or(Some(true));
                account.role = account.role.or(role);
            }
        }
        Operation::CreateUser => {
            let is_promoted = promotion(&["username", "password"]).then_some("users.create.no-promotion");
            held.to("users.create.created", vec![status("201"), one("/users")]);
            let is_sure = asked.reading.as_ref().is_some_and(|reading| reading.place == Place::Object);
            let Some(password) = asked.password.as_deref().filter(|_| is_sure) else {
                // Any text of it may be the name.
                let candidates = asked.reading.as_ref().map(Reading::candidates).unwrap_or_default();
                return candidates.iter().for_each(|name| known.doubt(name));
            };
            let account = known.account(name);
            account.set_password(password, Origin::Creation, "users.recreate.fresh");
            (account.role, account.promoted_by) = (Some(Role::Ordinary), is_promoted);
            (account.was_deleted, account.logins, account.is_born) = (false, 0, true);
            known.settle(name);
        }
        Operation::UpdateUser => {
            held.to("users.update.answered", vec![status("200")]);
            let is_sure = asked.reading.as_ref().is_some_and(|reading| reading.place == Place::Object);
            let Some(password) = asked.password.as_deref().filter(|_| is_sure && is_plain(name)) else {
                return known.doubt(name);
            };
            let is_taken = independent::password::strength(password) != Strength::Weak;
            let is_promoted = promotion(&["password"]).then_some("users.update.no-promotion");
            let account = known.account(name);
            if is_taken {
                account.set_password(password, Origin::Update, "users.update.old-password-dead");
            }
            account.promoted_by = is_promoted.or(account.promoted_by);
            known.settle(name);
            known.each_token_of(name, |token| token.spared_by = "users.update.tokens-live");
        }
        Operation::DeleteUser if name != ADMIN && is_plain(name) => {
            held.to("users.delete.answered", vec![status("200")]);
            let account = known.account(name);
            for password in std::mem::take(&mut account.passwords) {
                account.bury(password, "users.recreate.fresh");
            }
            (account.exists, account.was_deleted, account.role) = (Some(false), true, None);
            known.each_token_of(name, |token| {
                if token.life == Life::Living {
                    token.life = Life::Orphaned;
                }
            });
        }
        Operation::DeleteUser => known.doubt(name),
        Operation::LogOut => {
            held.to("tokens.logout.no-payload", ["/users", "/account"].map(absent).to_vec());
            let Authorization::Bearer(text) = &call.authorization else { return };
            let user = known.tokens.get_mut(text).map(|token| {
                token.life = Life::LoggedOut;
                token.user.clone()
            });
            if let Some(user) = user {
                known.each_token_of(&user, |token| token.spared_by = "tokens.logout.others-live");
            }
        }
        _ => {}
    }
}

/// The documented answer to the creation of a name that is taken.
fn is_duplicate(held: &Held<'_>) -> bool {
    held.status() == 500 && held.response.error_codes().contains(&ErrorCode::Internal.number())
}
