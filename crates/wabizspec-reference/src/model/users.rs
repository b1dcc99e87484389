//! `/v1/users`: the admin creates and deletes users, a user reads and changes itself.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Model;
use super::login::{follow, holds};
use super::state::{ADMIN, Role, User};
use crate::behaviour::{AdminDeletion, Deletes, Duplicate, Leftover, Who};
use crate::call::Call;
use crate::documented::bodies::{CreateUserBody, changed_password};
use crate::outcome::{Done, Refusal, Refused, Success};

impl Model {
    /// `POST /v1/users`
    pub(super) fn create_user(&mut self, call: &Call<'_>, now: Timestamp) -> Result<Done, Refused> {
        let (rules, permissions) = (self.behaviour.users.clone(), self.behaviour.permissions.clone());
        if permissions.body_first {
            self.read(call, CreateUserBody::parse)?;
        }
        if self.is_asked_late(call, permissions.create, "", now) {
            self.add_user(call, &self.read(call, CreateUserBody::parse)?);
        }
        self.permitted(call, permissions.create, "", now)?;
        let body = self.read(call, CreateUserBody::parse)?;
        let checked = self.check_new_user(&body);
        if !rules.refused_creation_sticks {
            checked.clone()?;
        }
        let taken = self.add_user(call, &body);
        checked?;
        let refused = matches!(rules.duplicate, Duplicate::Refused | Duplicate::RefusedAndReplaces);
        if taken && refused {
            return Err(Refusal::UserExists.into());
        }
        Ok(named(Success::UserCreated, &body.username))
    }

    /// Adds a user. Returns whether the name was taken, in which case the other user stays.
    fn add_user(&mut self, call: &Call<'_>, body: &CreateUserBody) -> bool {
        let rules = &self.behaviour.users;
        let key = (self.behaviour.functions.key)(&body.username).into_owned();
        let retired = rules.leftover == Leftover::NameIsTaken && self.state.deleted.contains_key(&key);
        let taken = self.state.users.contains_key(&key) || retired;
        let set = !taken || matches!(rules.duplicate, Duplicate::Replaces | Duplicate::RefusedAndReplaces);
        if set && !rules.creation_ignored {
            let kept = (self.behaviour.functions.kept)(&body.password);
            let promoted = rules.create_promotes && claims_admin(call);
            let mut user = User::new(&kept, if promoted { Role::Admin } else { Role::User });
            user.must_change = rules.created_must_change;
            let former = self.state.deleted.get(&key).filter(|_| rules.leftover == Leftover::Password);
            user.passwords.extend(former.into_iter().flat_map(|former| former.passwords.clone()));
            self.state.users_mut().insert(key, user);
        }
        taken
    }

    fn check_new_user(&self, body: &CreateUserBody) -> Result<(), Refused> {
        let name = self.behaviour.users.username.check(&body.username);
        let name = name.map_err(|error| Refused::because(Refusal::BadUsername, error.to_string()));
        let password = follow(&self.behaviour.passwords.on_create, &body.password, Refusal::WeakCreatedPassword);
        let reasons: Vec<_> =
            [name, password].into_iter().filter_map(Result::err).flat_map(|refused| refused.0).collect();
        if reasons.is_empty() { Ok(()) } else { Err(Refused(reasons)) }
    }

    /// `GET /v1/users/{username}`
    pub(super) fn show_user(&mut self, call: &Call<'_>, name: &str, now: Timestamp) -> Result<Done, Refused> {
        let key = self.permitted_user(call, self.behaviour.permissions.read, name, now);
        if self.behaviour.users.unknown_for_good && key == Err(Refusal::UnknownUser.into()) {
            Arc::make_mut(&mut self.state.unknown).insert(name.to_owned());
        }
        let key = key?;
        if self.state.unknown.contains(&key) {
            return Err(Refusal::UnknownUser.into());
        }
        let user = self.state.users.get(&key).or_else(|| self.state.deleted.get(&key));
        let role = user.ok_or(Refusal::UnknownUser)?.role;
        let shown = json!({"username": key, self.behaviour.dialect.roles_member: role});
        Ok(Done { success: Success::UserShown, element: Some(shown) })
    }

    /// `PUT /v1/users/{username}`: tokens of the user stay valid.
    pub(super) fn update_user(&mut self, call: &Call<'_>, name: &str, now: Timestamp) -> Result<Done, Refused> {
        let rules = self.behaviour.users.clone();
        if self.behaviour.permissions.body_first {
            self.read(call, changed_password)?;
        }
        if self.is_asked_late(call, self.behaviour.permissions.update, name, now) {
            self.set_password(name, &self.read(call, changed_password)?, rules.old_password_stays);
        }
        let key = self.permitted_user(call, self.behaviour.permissions.update, name, now)?;
        let key = self.named_in_the_body(call).unwrap_or(key);
        let password = self.read(call, changed_password)?;
        let rule = &self.behaviour.passwords.on_update;
        let checked = follow(rule, &password, Refusal::WeakUpdatedPassword);
        self.after_refused_change(rules.refused_update, &checked, &key, &password);
        checked?;
        if !rules.update_ignored {
            self.set_password(&key, &self.reread(call, password), rules.old_password_stays);
        }
        if let Some(user) = self.state.users_mut().get_mut(&key).filter(|_| rules.update_promotes && claims_admin(call))
        {
            user.role = Role::Admin;
        }
        self.revoke(self.behaviour.tokens.on_update, Some(&key), None);
        Ok(named(Success::UserUpdated, &key))
    }

    /// `DELETE /v1/users/{username}`: the user's tokens die with it.
    pub(super) fn delete_user(&mut self, call: &Call<'_>, name: &str, now: Timestamp) -> Result<Done, Refused> {
        let rules = self.behaviour.users.clone();
        let delete = self.behaviour.permissions.delete;
        if self.is_asked_late(call, delete, name, now) {
            self.state.users_mut().remove(name);
        }
        let has_no_mark = rules.leftover == Leftover::Mark && !self.state.deleted.contains_key(name);
        let key = match self.permitted_user(call, delete, name, now) {
            Err(refused) if has_no_mark && refused == Refusal::UnknownUser.into() => {
                return Ok(named(Success::UserDeleted, name));
            }
            permitted => permitted?,
        };
        let key = self.named_in_the_body(call).unwrap_or(key);
        let refused = match rules.admin_deletion {
            AdminDeletion::Refused => true,
            AdminDeletion::RefusedAsWritten => call.path.ends_with("/admin"),
            AdminDeletion::RefusedAndDone | AdminDeletion::Done => false,
        };
        if key == ADMIN && refused {
            return Err(Refusal::AdminStays.into());
        }
        let is_gone = |name: &String| match rules.deletes {
            Deletes::TheNamed => *name == key,
            Deletes::Nobody => false,
            Deletes::AllThatBeginSo => name.starts_with(&key),
        };
        let gone: Vec<_> = self.state.users_mut().extract_if(.., |name, _| is_gone(name)).collect();
        if rules.leftover != Leftover::Nothing {
            Arc::make_mut(&mut self.state.deleted).extend(gone);
        }
        self.revoke(self.behaviour.tokens.on_delete, Some(&key), None);
        if key == ADMIN && rules.admin_deletion == AdminDeletion::RefusedAndDone {
            return Err(Refusal::AdminStays.into());
        }
        Ok(named(Success::UserDeleted, &key))
    }

    /// The user that the body names, where that counts; nowhere, unless a behaviour says so.
    fn named_in_the_body(&self, call: &Call<'_>) -> Option<String> {
        let body: Value = serde_json::from_slice(call.body).ok().filter(|_| self.behaviour.users.named_by_body)?;
        let name = body.get("username")?.as_str()?;
        self.state.users.contains_key(name).then(|| name.to_owned())
    }

    /// Whether a request is done without permission; never, unless a behaviour checks it too late.
    fn is_asked_late(&self, call: &Call<'_>, who: Who, about: &str, now: Timestamp) -> bool {
        holds(&self.behaviour.permissions.asked_late, call)
            && self.permitted(call, Who::User, "", now).is_ok()
            && self.permitted(call, who, about, now).is_err()
    }

    /// The key of a user that exists, for a caller with permission. Permission comes first: without it nobody learns
    /// whether there is such a user.
    fn permitted_user(&self, call: &Call<'_>, who: Who, name: &str, now: Timestamp) -> Result<String, Refused> {
        let key = (self.behaviour.functions.key)(name);
        self.permitted(call, who, &key, now)?;
        let shown = self.behaviour.users.leftover == Leftover::IsShown;
        let deleted = shown && self.state.deleted.contains_key(&*key);
        let exists = self.state.users.contains_key(&*key) || deleted;
        if exists { Ok(key.into_owned()) } else { Err(Refusal::UnknownUser.into()) }
    }
}

/// A success that is answered with the name of the user.
fn named(success: Success, username: &str) -> Done {
    Done { success, element: Some(json!({"username": username})) }
}

/// Whether a body claims the role of an administrator in one of the known ways.
fn claims_admin(call: &Call<'_>) -> bool {
    let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
    let claim = |name: &str| body.get(name).is_some_and(|value| value.to_string().to_lowercase().contains("admin"));
    ["ROLES", "roles", "role", "__proto__"].into_iter().any(claim) || body.get("is_admin") == Some(&Value::Bool(true))
}
