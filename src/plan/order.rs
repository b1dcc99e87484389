//! What runs when: the order that needs the fewest resets, and what cannot run at all.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Case, budget};
use crate::documented::api::{Effect, Operation, Resource};
use crate::scenario::{Change, Given, Registration, Step};

/// Why a case is skipped, as known before the first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    Registration {
        needed: Registration,
        found: Registration,
    },
    /// The target does not have the operation.
    Needs(Operation),
    /// The owner left this part of the API out.
    Without(Without),
    /// The client cannot send its requests unchanged.
    RawRequests,
    JustInstalled,
    /// Whether the target still registers numbers is not known, and to find out uses up the just installed state.
    RegistrationUnknown,
    /// Another case has used up the just installed state.
    JustInstalledAgain,
    /// It needs to log in as admin.
    Credentials,
    /// It needs the admin's password, and only a token is given.
    AdminPassword,
    /// It needs an account of its own.
    Account,
    /// It moves the clock, for which nothing is configured.
    Advance,
    /// The owner does not allow the change.
    Change(Change),
    /// It might delete or replace an account that the run did not make.
    EndangersOthers,
    /// It needs the registration code, for which nothing is configured.
    Code,
    WrongLogins {
        limit: u32,
    },
}

/// A part of the API that a target may leave out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Without {
    /// The registration of a phone number.
    Account,
    /// The accounts besides the administrator's.
    Users,
}

impl Without {
    /// Whether the case is about this part, or needs an operation of it.
    fn concerns(self, case: &Case) -> bool {
        let is_of_part = |operation: Operation| match self {
            Without::Account => operation.effect() == Effect::Registration,
            Without::Users => matches!(operation.resource(), Resource::Users | Resource::User),
        };
        let needs_user = self == Without::Users && matches!(case.given(), Given::User | Given::Kept);
        needs_user || case.scenario.area() == self.to_string() || case.operations().any(is_of_part)
    }
}

crate::located::shown_by_name!(Without);

/// What may be done to a target, and what is known about it before the first request: by default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It was made for this run and is thrown away with it: the embedded reference client, an instance of a trial.
    pub disposable: bool,
    /// It can be reset to just installed.
    pub reset: bool,
    /// It is just installed (`--fresh`, or a new embedded instance).
    pub fresh: bool,
    /// What the owner allows to change.
    pub allow: BTreeSet<Change>,
    /// The admin's credentials are configured.
    pub credentials: bool,
    /// They are a token, and not a password.
    pub only_token: bool,
    /// Its clock can be moved.
    pub advance: bool,
    /// The registration code that it sends reaches the harness.
    pub code: bool,
    /// Its registration state, if known.
    pub registration: Option<Registration>,
    /// What it leaves out on purpose.
    pub without: BTreeSet<Without>,
    /// Bytes that are not HTTP can be sent to it.
    pub raw: bool,
    /// How many wrong logins it may be sent; unlimited without a number.
    pub wrong_logins: Option<u32>,
}

impl Capabilities {
    /// The embedded reference client.
    pub fn embedded(registration: Registration) -> Capabilities {
        Capabilities {
            disposable: true,
            reset: true,
            fresh: true,
            allow: Change::ALL.into(),
            advance: true,
            code: true,
            registration: Some(registration),
            raw: true,
            ..Capabilities::default()
        }
    }

    /// Whether its state may be destroyed. Being just installed allows the first login and nothing else.
    fn is_disposable(&self) -> bool {
        self.reset || self.disposable
    }

    /// Why the case cannot run, as far as known before the first request.
    fn refusal(&self, case: &Case) -> Option<Skip> {
        if let Some(part) = self.without.iter().find(|part| part.concerns(case)) {
            return Some(Skip::Without(*part));
        }
        if let (Some(needed), Some(found)) = (case.scenario.registration, self.registration)
            && needed != found
        {
            return Some(Skip::Registration { needed, found });
        }
        if case.is_raw() && !self.raw {
            return Some(Skip::RawRequests);
        }
        let can_be_new = self.reset || self.fresh;
        match case.given() {
            Given::Fresh if !can_be_new => return Some(Skip::JustInstalled),
            Given::Fresh if case.scenario.registration.is_some() && self.registration.is_none() && !self.reset => {
                return Some(Skip::RegistrationUnknown);
            }
            Given::Admin | Given::User | Given::Registered | Given::Kept if !self.credentials && !can_be_new => {
                return Some(Skip::Credentials);
            }
            _ if self.only_token && needs_the_admins_password(case) => return Some(Skip::AdminPassword),
            Given::User | Given::Kept if !self.may(Change::Users) => return Some(Skip::Account),
            _ => {}
        }
        if let Some(change) = case.changes().iter().find(|change| !self.case_may(case, **change)) {
            return Some(match change {
                Change::Clock if self.may(Change::Clock) => Skip::Advance,
                change => Skip::Change(*change),
            });
        }
        if case.endangers_others() && !self.is_disposable() {
            return Some(Skip::EndangersOthers);
        }
        (uses_code(case) && !self.code).then_some(Skip::Code)
    }

    fn may(&self, change: Change) -> bool {
        // A registration sends somebody an SMS: the owner must allow that explicitly.
        self.allow.contains(&change) || (change != Change::Registration && self.is_disposable())
    }

    fn case_may(&self, case: &Case, change: Change) -> bool {
        match change {
            // The password of an account that the run made affects no one else.
            Change::Passwords if case.is_confined() => self.may(Change::Users),
            // The first login.
            Change::Passwords if case.given() == Given::Fresh && self.fresh => true,
            Change::Clock => self.may(Change::Clock) && self.advance,
            change => self.may(change),
        }
    }
}

/// Whether it logs in as admin, or may change the admin's password, which could not be set back.
fn needs_the_admins_password(case: &Case) -> bool {
    let names_it = |step: &Step| step.names().any(|name| name.starts_with("admin_password"));
    let changes_it = case.changes().contains(&Change::Passwords) && !case.is_confined();
    case.given() >= Given::Admin && (changes_it || case.scenario.steps.iter().any(names_it))
}

fn uses_code(case: &Case) -> bool {
    let mut names = case.scenario.steps.iter().flat_map(|step| step.names());
    case.given() == Given::Registered || names.any(|name| name == "code")
}

/// Cases that run one after another or concurrently, from one state.
#[derive(Debug, Clone)]
pub struct Stage {
    /// It begins with a reset to just installed, not with the state that the stage before left.
    pub after_reset: bool,
    pub concurrent: bool,
    /// At least one.
    pub cases: Vec<Case>,
}

/// Everything that will run, in order, and everything that will not.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub stages: Vec<Stage>,
    pub skipped: Vec<(Case, Skip)>,
    /// How often the target is reset if every case leaves what the plan expects.
    pub resets: usize,
}

impl Plan {
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.stages.iter().flat_map(|stage| &stage.cases)
    }

    /// What will change on the target, and by how many cases.
    pub fn changes(&self) -> BTreeMap<Change, usize> {
        let mut changes = BTreeMap::new();
        for change in self.cases().flat_map(Case::changes) {
            *changes.entry(*change).or_default() += 1;
        }
        changes
    }
}

/// Orders the cases for a target.
///
/// Accepted first logins, completed registrations and moves of the clock each use up a different thing that only a reset
/// brings back. So they run in rounds: one of each kind from one reset. In the first round, the refusals that share the
/// fresh state come before the first login, and everything that leaves the state unchanged comes after it.
pub fn plan(cases: Vec<Case>, capabilities: &Capabilities) -> Plan {
    let positives: BTreeSet<String> = cases.iter().filter_map(|case| case.scenario.positive.clone()).collect();
    let mut plan = Plan::default();
    let mut possible = Vec::new();
    for case in cases {
        match capabilities.refusal(&case) {
            Some(why) => plan.skipped.push((case, why)),
            None => possible.push(case),
        }
    }
    if let Some(limit) = capabilities.wrong_logins {
        let (affordable, rest) = budget::within(possible, limit);
        possible = affordable;
        plan.skipped.extend(rest.into_iter().map(|case| (case, Skip::WrongLogins { limit })));
    }
    // If only one case of a group can have the state it needs, the positive of refusals shows the most.
    possible.sort_by_key(|case| !positives.contains(&case.scenario.id));
    let mut rounds: BTreeMap<(usize, Group), Vec<Case>> = BTreeMap::new();
    let mut next_round: BTreeMap<Group, usize> = BTreeMap::new();
    for case in possible {
        let group = Group::of(&case);
        let round = next_round.entry(group).or_default();
        rounds.entry((*round, group)).or_default().push(case);
        *round += usize::from(group.uses_its_state_up(capabilities.reset));
    }
    let fresh = capabilities.fresh;
    let admin_known = fresh || capabilities.credentials;
    let registration_known = capabilities.registration.is_some();
    let mut state = State { fresh, unregistered: fresh, clock_unmoved: true, admin_known, registration_known };
    for ((_, group), cases) in rounds {
        plan.add(group, cases, &mut state, capabilities.reset);
    }
    if capabilities.reset && !capabilities.disposable && !state.fresh {
        // At the end it is left just installed.
        plan.resets += 1;
    }
    plan.skipped.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    plan
}

/// What is known about the target between two stages.
#[derive(Debug, Clone, Copy)]
struct State {
    /// Nobody has logged in since it was installed.
    fresh: bool,
    /// No registration has been completed since it was installed.
    unregistered: bool,
    clock_unmoved: bool,
    /// The admin's password is configured, the default, or set by the run.
    admin_known: bool,
    /// Whether it still registers numbers is known.
    registration_known: bool,
}

impl Plan {
    /// Adds a stage, with a reset before it if it needs one. If it needs one and none is possible, its cases are skipped.
    fn add(&mut self, group: Group, cases: Vec<Case>, state: &mut State, can_reset: bool) {
        let ready = match group {
            Group::FreshUnchanged | Group::FreshChanged => state.fresh,
            Group::Registering | Group::Verified => state.unregistered,
            Group::Clock => state.clock_unmoved,
            Group::Unchanged
            | Group::LoggingOut
            | Group::Confined
            | Group::Changed
            | Group::Registered
            | Group::Kept => true,
        };
        let ready = ready && (state.admin_known || cases.iter().all(|case| case.given() < Given::Admin));
        if !ready && !can_reset {
            self.skipped.extend(cases.into_iter().map(|case| (case, Skip::JustInstalledAgain)));
            return;
        }
        let is_registering = cases.iter().any(|case| case.scenario.registration.is_some());
        if is_registering && !state.registration_known && !state.admin_known && cases[0].given() == Given::Fresh {
            // To find it out takes a login, which uses up a fresh state.
            self.resets += 1;
        }
        state.registration_known |= is_registering;
        if !ready {
            self.resets += 1;
            *state = State { fresh: true, unregistered: true, clock_unmoved: true, admin_known: true, ..*state };
        }
        state.fresh &=
            cases.iter().all(|case| matches!(case.given(), Given::Any | Given::Fresh) && case.changes_nothing());
        let verifies = |case: &Case| case.given() == Given::Fresh && uses_code(case);
        state.unregistered &= !matches!(group, Group::Verified | Group::Registered) && !cases.iter().any(verifies);
        state.clock_unmoved &= group != Group::Clock;
        self.stages.push(Stage { after_reset: !ready, concurrent: group.is_concurrent(), cases });
    }
}

/// The groups of a round, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    FreshUnchanged,
    FreshChanged,
    Unchanged,
    LoggingOut,
    Confined,
    Changed,
    Registering,
    Verified,
    Registered,
    Kept,
    Clock,
}

impl Group {
    fn of(case: &Case) -> Group {
        let changes = |change| case.changes().contains(&change);
        if changes(Change::Clock) {
            return Group::Clock;
        }
        match (case.given(), case.changes_nothing()) {
            (Given::Fresh, true) => Group::FreshUnchanged,
            (Given::Fresh, false) => Group::FreshChanged,
            (Given::Registered, _) => Group::Registered,
            (Given::Kept, _) => Group::Kept,
            // With the code, the number may end up registered.
            _ if changes(Change::Registration) && uses_code(case) => Group::Verified,
            _ if changes(Change::Registration) => Group::Registering,
            // A logout that ends more than it should would break the cases in flight.
            (_, true) if case.logs_out() => Group::LoggingOut,
            (_, true) => Group::Unchanged,
            _ if case.is_confined() => Group::Confined,
            _ => Group::Changed,
        }
    }

    fn is_concurrent(self) -> bool {
        matches!(self, Group::FreshUnchanged | Group::Unchanged | Group::Confined)
    }

    /// Whether each of its cases needs its own round. The others share a state.
    fn uses_its_state_up(self, can_reset: bool) -> bool {
        matches!(self, Group::FreshChanged | Group::Verified) || (self == Group::Clock && can_reset)
    }
}

#[cfg(test)]
mod tests;
