//! A scenario that is expanded once for each operation of the API, and the names of what differs between operations.
//!
//! An operation that is added to the API gets its cases without being asked.

use std::fmt::Debug;

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::documented::api::{Caller, Effect, Operation, Resource};

/// What the scenario is expanded for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum Each {
    /// Every operation.
    Operation,
    /// Those that need a token.
    Token,
    /// Those that only the administrator may call.
    Admin,
    /// Those that need a body.
    WithBody,
    /// Those that need none.
    WithoutBody,
    /// Every path with each method that it does not have. `${body}` is what another of its operations needs.
    MissingMethod,
}

/// One request that the scenario is expanded for.
#[derive(Debug)]
pub(super) struct Call {
    /// Its part of the case id.
    pub name: String,
    /// Absent if the API does not have it.
    pub operation: Option<Operation>,
    /// What it is about, also if the API does not have it.
    pub effect: Effect,
    /// Names and what stands for them in the texts of the file.
    pub texts: Vec<(&'static str, String)>,
}

impl Each {
    pub fn calls(self) -> Vec<Call> {
        let fits = |operation: &Operation| match self {
            Each::Operation => true,
            Each::Token => operation.caller() != Caller::Credentials,
            Each::Admin => operation.caller() == Caller::Admin,
            Each::WithBody => !operation.required().is_empty(),
            Each::WithoutBody => operation.required().is_empty(),
            Each::MissingMethod => false,
        };
        match self {
            Each::MissingMethod => Resource::ALL.into_iter().flat_map(missing).collect(),
            _ => Operation::ALL.into_iter().filter(fits).map(of).collect(),
        }
    }
}

fn of(operation: Operation) -> Call {
    let mut texts = texts(operation.method(), operation.resource(), operation.required());
    let token = match operation.caller() {
        Caller::Credentials => None,
        Caller::AnyUser | Caller::SelfOrAdmin => Some("${user_token}"),
        Caller::Admin => Some("${admin_token}"),
    };
    texts.extend(token.map(|token| ("token", token.to_owned())));
    let success: Vec<String> = operation.success().iter().map(u16::to_string).collect();
    texts.push(("success", success.join(" ")));
    let (name, effect) = (kebab(operation), operation.effect());
    Call { name, operation: Some(operation), effect, texts }
}

fn missing(resource: Resource) -> impl Iterator<Item = Call> {
    const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let own = Operation::ALL.into_iter().filter(move |operation| operation.resource() == resource);
    let members = own.clone().map(Operation::required).find(|required| !required.is_empty()).unwrap_or_default();
    let effect = own.map(Operation::effect).find(|effect| *effect != Effect::Nothing).unwrap_or(Effect::Nothing);
    let unknown = METHODS.into_iter().filter(move |method| Operation::on(method, resource).is_none());
    unknown.map(move |method| {
        let name = format!("{}-{}", method.to_ascii_lowercase(), kebab(resource));
        Call { name, operation: None, effect, texts: texts(method, resource, members) }
    })
}

fn texts(method: &str, resource: Resource, members: &[&str]) -> Vec<(&'static str, String)> {
    let path = resource.path().replace("{username}", "${user}");
    // Below the version, for other spellings of what is before it.
    let below = path.match_indices('/').nth(1).map_or("", |(at, _)| &path[at..]).to_owned();
    vec![("method", method.to_owned()), ("path", path), ("below", below), ("body", body(members))]
}

/// A good body with those members, with names that the harness binds. It is empty where there are none.
fn body(members: &[&str]) -> String {
    let value = |member: &str| match member {
        "username" => "${unique}".to_owned(),
        "password" => "${new_password|json}".to_owned(),
        "method" => "sms".to_owned(),
        "pin" => "314159".to_owned(),
        // No code that was sent: a case that needs one says so.
        "code" => "000000".to_owned(),
        // Bound under that name. Otherwise the file cannot be read, and the error names it.
        other => format!("${{{other}}}"),
    };
    let members: Vec<String> = members.iter().map(|member| format!(r#""{member}": "{}""#, value(member))).collect();
    if members.is_empty() { String::new() } else { format!("{{{}}}", members.join(", ")) }
}

/// `CreateUser` as `create-user`.
fn kebab(name: impl Debug) -> String {
    let mut kebab = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_every_missing_method_has_a_name_of_its_own_and_its_request() {
        let (all, missing) = (Each::Operation.calls(), Each::MissingMethod.calls());
        assert_eq!(all.len(), Operation::ALL.len());
        assert_eq!(all.len() + missing.len(), Resource::ALL.len() * 5);
        for (call, known) in all.iter().map(|call| (call, true)).chain(missing.iter().map(|call| (call, false))) {
            let text = |name| &call.texts.iter().find(|(known, _)| *known == name).unwrap().1;
            assert_eq!(Operation::of(text("method"), text("path")), call.operation, "{call:?}");
            assert_eq!(call.operation.is_some(), known);
            assert_eq!(text("path").strip_prefix("/v1"), Some(text("below").as_str()));
        }
        let mut names: Vec<&str> = all.iter().chain(&missing).map(|call| call.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len() + missing.len());
    }
}
