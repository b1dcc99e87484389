//! Planted faults: slightly wrong clients, each of which breaks one requirement in one place.
//!
//! They show that the suite finds mistakes. A fault is a row of a file in `faults/`: an edit of [`Behaviour`], as data.
//! Edits that no data can say are in `coded`. A fault names the requirement that it breaks by its id; nothing is judged
//! here.

mod coded;

use std::sync::LazyLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use toml::Spanned;

use super::behaviour::Behaviour;
use super::model::Registration;

macro_rules! embedded {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../faults/", $name)))),*]
    };
}

/// The files by name, in the order in which faults are listed.
const EMBEDDED: &[(&str, &str)] = embedded! {
    "first-login.toml" "password-rule.toml" "passwords.toml" "credentials.toml" "refusals.toml" "login.toml"
    "login-answers.toml" "creation.toml" "names.toml" "users.toml" "deletion.toml" "doors.toml" "tokens.toml"
    "sessions.toml"
    "account.toml" "certificates.toml" "verification.toml" "envelope.toml" "secrets.toml" "robustness.toml"
    "degenerate.toml" "corners-login.toml" "corners-tokens.toml" "corners-users.toml" "corners-account.toml"
    "corners-first-login.toml" "corners-sessions.toml" "corners-changes.toml" "corners-envelope.toml"
    "registration.toml" "at-once.toml" "texts.toml" "harms.toml" "unanchored.toml"
    "fresh-eyes.toml"
};

/// What is wrong with a file of faults, and where.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {mistake}")]
pub struct FaultError {
    file: String,
    /// From 1.
    line: usize,
    mistake: Mistake,
}

#[derive(Debug, thiserror::Error)]
enum Mistake {
    #[error("{}", .0.message())]
    Toml(toml::de::Error),
    #[error("`{0}` is not among the coded edits")]
    NotCoded(String),
    #[error("`{0}` has neither an `edit` nor `coded = true`")]
    NoEdit(String),
    #[error("the edit of `{0}`: {1}")]
    Edit(String, serde_json::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fault: Vec<Spanned<Fault>>,
}

/// One planted defect of the reference client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What is wrong: area, topic and defect. It never changes.
    pub id: String,
    /// The requirement that it breaks, by its id.
    pub requirement: String,
    /// The registration state in which it shows.
    #[serde(default)]
    pub registration: Registration,
    /// How much of the client it spoils.
    #[serde(default)]
    pub kind: Kind,
    /// What an implementer got wrong, in one line.
    pub description: String,
    /// Where it comes from.
    #[serde(skip)]
    pub origin: Origin,
    /// What differs from the documented [`Behaviour`].
    edit: Option<Value>,
    /// The edit, or a part of it, is in `coded`.
    #[serde(default)]
    coded: bool,
}

/// Where a fault comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It is a row of a file.
    #[default]
    Planted,
    /// It was generated from a case of the suite.
    Generated,
}

/// How much of the client a fault spoils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A rule that was read or written wrongly.
    #[default]
    Rule,
    /// Input that breaks the client; a fuzzer should find it as well.
    Robustness,
    /// Everything: such a target must not prove any requirement.
    Degenerate,
}

/// The faults of all files, read once.
static ALL: LazyLock<Vec<Fault>> = LazyLock::new(|| read_all(EMBEDDED));

static TRAITS: LazyLock<Vec<Fault>> = LazyLock::new(|| read_all(embedded! { "traits.toml" }));

fn read_all(files: &[(&str, &str)]) -> Vec<Fault> {
    let read = |(name, text): &(&str, &str)| Fault::read(name, text).unwrap_or_else(|error| panic!("{error}"));
    files.iter().flat_map(read).collect()
}

impl Fault {
    /// All of them, by area.
    pub fn all() -> impl Iterator<Item = &'static Fault> {
        ALL.iter()
    }

    /// Deviations that many real servers share. The suite must find each fault combined with each of them.
    pub fn traits() -> impl Iterator<Item = &'static Fault> {
        TRAITS.iter()
    }

    /// Reads a file of faults. Every edit is tried on the documented behaviour: an unknown name and a fault without an edit
    /// are errors.
    pub fn read(file: &str, text: &str) -> Result<Vec<Fault>, FaultError> {
        let error = |at: usize, mistake: Mistake| {
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            FaultError { file: file.to_owned(), line, mistake }
        };
        let read: File = toml::from_str(text)
            .map_err(|wrong| error(wrong.span().map_or(0, |span| span.start), Mistake::Toml(wrong)))?;
        for fault in &read.fault {
            fault.as_ref().check().map_err(|mistake| error(fault.span().start, mistake))?;
        }
        Ok(read.fault.into_iter().map(Spanned::into_inner).collect())
    }

    fn check(&self) -> Result<(), Mistake> {
        let id = || self.id.clone();
        if self.coded && coded::all().all(|(id, _)| id != self.id) {
            return Err(Mistake::NotCoded(id()));
        }
        if !self.coded && self.edit.is_none() {
            return Err(Mistake::NoEdit(id()));
        }
        self.edited(&Behaviour::default()).map(drop).map_err(|wrong| Mistake::Edit(id(), wrong))
    }

    /// The fault or trait of that id.
    pub fn find(id: &str) -> Option<&'static Fault> {
        Fault::all().chain(Fault::traits()).find(|fault| fault.id == id)
    }

    /// A fault that lets one request through: the one with this number, from 1.
    pub fn letting_through(
        number: u64,
        id: String,
        requirement: String,
        registration: Registration,
        description: String,
    ) -> Fault {
        let edit = Some(json!({"answers": [{"when": {"number": number}, "let_through": true}]}));
        let (kind, origin) = (Kind::Rule, Origin::Generated);
        Fault { id, requirement, registration, kind, description, origin, edit, coded: false }
    }

    /// Plants it.
    pub fn plant(&self, behaviour: &mut Behaviour) {
        if let Ok(edited) = self.edited(behaviour) {
            *behaviour = edited;
        }
        if self.coded {
            coded::all().filter(|(id, _)| *id == self.id).for_each(|(_, plant)| plant(behaviour));
        }
    }

    /// A client with this fault and no other.
    pub fn behaviour(&self) -> Behaviour {
        let mut behaviour = Behaviour::default();
        self.plant(&mut behaviour);
        behaviour
    }

    /// A client with this fault behind a trait: where both set the same thing, the fault counts, and the trait changes
    /// the answers as the fault left them.
    pub fn behind(&self, outer: &Fault) -> Behaviour {
        let mut behaviour = outer.behaviour();
        let (answers, rewrites) = (std::mem::take(&mut behaviour.answers), std::mem::take(&mut behaviour.rewrites));
        self.plant(&mut behaviour);
        behaviour.answers.extend(answers);
        behaviour.rewrites.extend(rewrites);
        behaviour
    }

    /// Whether it makes the client answer later than this.
    pub fn keeps_waiting(&self, longer: Duration) -> bool {
        self.behaviour().answers.iter().any(|change| Duration::from_secs(change.delay) > longer)
    }

    /// A behaviour with the edit that is data.
    fn edited(&self, behaviour: &Behaviour) -> serde_json::Result<Behaviour> {
        let mut value = serde_json::to_value(behaviour)?;
        self.edit.iter().for_each(|edit| merge(&mut value, edit));
        let edited: Behaviour = serde_json::from_value(value)?;
        Ok(Behaviour {
            dialect: behaviour.dialect.clone(),
            functions: behaviour.functions,
            amends: behaviour.amends.clone(),
            rewrites: behaviour.rewrites.clone(),
            ..edited
        })
    }
}

/// Members replace those of the same name, except that objects are merged and lists get longer.
fn merge(value: &mut Value, edit: &Value) {
    match (value, edit) {
        (Value::Object(members), Value::Object(edits)) => {
            for (name, edit) in edits {
                merge(members.entry(name.as_str()).or_insert(Value::Null), edit);
            }
        }
        (Value::Array(items), Value::Array(more)) => items.extend(more.iter().cloned()),
        (value, edit) => *value = edit.clone(),
    }
}

#[cfg(test)]
mod tests;
