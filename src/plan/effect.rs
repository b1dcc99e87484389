//! What a case may change, derived from its requests: a scenario of another suite may not declare it.

use std::collections::BTreeSet;

use crate::documented::api::{self, Caller, Effect, Operation, Resource};
use crate::documented::bodies::{AccountBody, AccountRule, CreateUserBody, UsernameRule, changed_password};
use crate::documented::certificate::{SampleCertificate, verified_name};
use crate::documented::password::PasswordRule;
use crate::exchange::Json;
use crate::scenario::{Action, Authorization, Change, Draft, Registration, Scenario, Step};
use crate::template::{Bindings, Template};

/// What a row of a scenario changes, sorted: what the file declares, and what its requests do on a target that obeys.
pub(super) fn changes(scenario: &Scenario, row: &Bindings) -> Vec<Change> {
    let of_requests = scenario.steps.iter().flat_map(|step| of_step(step, scenario.registration, row));
    let all: BTreeSet<Change> = scenario.changes.iter().copied().chain(of_requests).collect();
    all.into_iter().collect()
}

/// What the request of a step changes. A request that is expected to be refused changes nothing, unless a conforming target
/// may obey it: it names an account that is neither the run's nor the admin's, or it is valid.
fn of_step(step: &Step, registration: Option<Registration>, row: &Bindings) -> Vec<Change> {
    let (method, path, body) = match &step.action {
        Action::Send(draft) => {
            let path = draft.path_in(row);
            let body = draft.body.as_ref().map(ToString::to_string).unwrap_or_default();
            (draft.method.clone(), path, body)
        }
        Action::Raw(template) => {
            let text = template.render(row).unwrap_or_else(|_| template.to_string());
            let mut words = text.split([' ', '\r', '\n']);
            let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            (method.to_owned(), target.replace("${base}", ""), text.clone())
        }
        // No target obeys bytes that are not text.
        Action::Hex(_) => return Vec::new(),
        Action::Advance(_) => return vec![Change::Clock],
    };
    let operation = Operation::of(&method, &path);
    let changes = match operation.map(Operation::effect) {
        Some(Effect::Nothing | Effect::Logout) => return Vec::new(),
        Some(Effect::Login) if !body.to_ascii_lowercase().contains("password") => return Vec::new(),
        Some(Effect::Login | Effect::Password) => vec![Change::Passwords],
        Some(Effect::Account) => vec![Change::Users],
        Some(Effect::Registration) => vec![Change::Registration],
        None if matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS") => return Vec::new(),
        // A request outside of the API may change anything.
        None => vec![Change::Passwords, Change::Users, Change::Registration],
    };
    let refused = step.gets_nothing();
    let is_faultless = matches!(&step.action, Action::Send(draft) if is_faultless(draft, operation, row))
        // A client whose registration was sunset refuses every registration.
        && !(registration == Some(Registration::Sunset) && changes == [Change::Registration]);
    if refused && (is_anonymous(step) || !is_foreign(&path) && !is_faultless) { Vec::new() } else { changes }
}

/// Whether it comes without credentials: no conforming target obeys it.
fn is_anonymous(step: &Step) -> bool {
    let Action::Send(draft) = &step.action else { return false };
    let names_them = |(name, _): &(String, Template)| name.eq_ignore_ascii_case("Authorization");
    draft.authorization == Authorization::None && !draft.headers.iter().any(names_them)
}

/// Whether a request is valid by the documents: it has the admin's own token, and a body that they accept. Another method
/// on a path of theirs may be an extension.
fn is_faultless(draft: &Draft, operation: Option<Operation>, row: &Bindings) -> bool {
    let is_the_admins =
        matches!(&draft.authorization, Authorization::Bearer(token) if token.to_string() == "${admin_token}");
    if operation.is_none() && Resource::of(&draft.path_in(row)).is_some() {
        return is_the_admins;
    }
    let with_token = |operation: &Operation| is_the_admins && operation.caller() != Caller::Credentials;
    let Some(operation) = operation.filter(with_token) else { return false };
    let body = draft.body.as_ref().map(|body| filled_in(body, row)).unwrap_or_default();
    let is_password = |password: &str| PasswordRule::documented().check(password).is_ok();
    let has = |member: &&str| Json::parse(body.as_bytes()).is_ok_and(|json| json.at(&format!("/{member}")).is_some());
    let names = || draft.body.iter().flat_map(Template::names);
    match operation {
        // The case may have taken the unique name itself, and the run removes the account anyway.
        Operation::CreateUser if names().any(|name| name.starts_with("unique")) => false,
        Operation::CreateUser => CreateUserBody::parse(body.as_bytes()).is_ok_and(|user| {
            let is_new = user.username != "admin" && UsernameRule::documented().check(&user.username).is_ok();
            is_new && is_password(&user.password)
        }),
        // An account that the run made may be unknown to the target, and nobody else depends on it.
        Operation::UpdateUser => {
            let path = draft.path.to_string();
            let is_admin = api::username(&path).is_some_and(|name| matches!(name, "admin" | "${admin}"));
            is_admin && changed_password(body.as_bytes()).is_ok_and(|password| is_password(&password))
        }
        Operation::Register => AccountBody::parse(body.as_bytes(), &AccountRule::documented())
            .is_ok_and(|account| verified_name(&account.cert).is_ok()),
        // Only the run knows the code that was sent; any other is refused.
        Operation::Verify => names().any(|name| name == "code"),
        // Any other change to the registration counts as valid if it has all members.
        _ => operation.effect() == Effect::Registration && operation.required().iter().all(has),
    }
}

/// A body as the run would send it, with valid values for what only the run knows. Its passwords have 20 characters.
fn filled_in(body: &Template, row: &Bindings) -> String {
    let mut bindings = row.clone();
    for name in body.names().filter(|name| row.value(name).is_none()) {
        let value: String = match name {
            name if name.contains("password") => "Passw0rd-of-20-chars".into(),
            "cc" => "1".into(),
            "cert" => SampleCertificate::new("Acme Ltd").to_base64(),
            _ => "123456".into(),
        };
        bindings.bind(name, value);
    }
    body.render(&bindings).unwrap_or_default()
}

/// Whether the path names an account that is neither the run's nor the admin's.
fn is_foreign(path: &str) -> bool {
    const OWN: [&str; 4] = ["${unique", "${user", "${admin", "admin"];
    let name = api::username(path);
    name.is_some_and(|name| !OWN.iter().any(|own| name.starts_with(own)))
}
