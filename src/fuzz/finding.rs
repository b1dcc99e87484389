//! Findings, told apart by signature.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::grammar::Bindings;
use super::probe::{Probed, Violation};
use super::{Check, Place, Surface};
use crate::fnv::fnv1a;

/// What makes two findings one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// That of the input, or `any` for a form that every answer lacks.
    surface: String,
    /// Which kind of check saw it.
    #[serde(rename = "oracle")]
    pub check: Check,
    /// The requirement that is violated.
    pub requirement: String,
    /// What came back: status and code, or how the connection ended.
    answer: String,
    /// What kind of input it was.
    pub(crate) place: Place,
}

impl Signature {
    pub(super) fn of(surface: Surface, probed: &Probed, violation: &Violation) -> Signature {
        let (check, requirement) = (violation.check, violation.requirement.clone());
        // A form that every answer lacks is one finding for all inputs.
        let (surface, answer, place) = match check {
            Check::Envelope => ("any".to_owned(), String::new(), Place::Anywhere),
            _ => (surface.to_string(), probed.kind.to_string(), probed.place),
        };
        Signature { surface, check, requirement, answer, place }
    }

    /// What findings have in common that have one cause: the same rule was broken by the same answer.
    pub(super) fn cause(&self) -> (Check, &str, &str) {
        (self.check, &self.requirement, &self.answer)
    }

    /// A name for it, the same in every run.
    pub(super) fn id(&self, surface: Surface) -> String {
        let text = format!("{} {} {} {} {}", self.surface, self.check, self.requirement, self.answer, self.place);
        format!("{surface}-{}-{:08x}", self.check, fnv1a(text.as_bytes()) >> 32)
    }
}

/// A finding, with the least input that shows it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its name.
    pub id: String,
    /// What identifies it.
    pub signature: Signature,
    pub(crate) violation: Violation,
    pub(crate) surface: Surface,
    /// The input.
    pub input: Vec<u8>,
    pub(crate) times: u64,
    /// What the names in the input stood for then.
    pub(crate) bindings: Bindings,
    /// How often it was tried again, alone.
    pub(crate) tries: u32,
    /// It is still to be tried again.
    pub(crate) is_doubted: bool,
    /// It was seen again when the input was tried alone. Before that it is not reported.
    pub confirmed: bool,
    /// The file with the input, once it is saved.
    pub file: Option<PathBuf>,
    pub(crate) reproduce: Vec<String>,
}

impl Found {
    /// The surface and what kind of input it is.
    pub(crate) fn kind_of_input(&self) -> String {
        match self.signature.place {
            Place::Anywhere => self.surface.to_string(),
            place => format!("{}: {place}", self.surface),
        }
    }

    /// Whether the target was gone after it.
    pub fn is_down(&self) -> bool {
        self.signature.check == Check::Down
    }
}
