//! Findings, told apart by signature.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Surface;
use super::probe::{Broken, Probed};
use crate::requirement::Level;

/// What makes two findings one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Where it was sent.
    pub surface: String,
    /// Which kind of check saw it.
    pub oracle: String,
    /// The requirement that is broken.
    pub requirement: String,
    /// What came back: status and code, or how the connection ended.
    pub answer: String,
    /// What kind of input it was.
    pub place: String,
}

impl Signature {
    /// That of something broken.
    pub fn of(surface: Surface, probed: &Probed, broken: &Broken) -> Signature {
        // A shape that every answer lacks is one finding, whatever was sent.
        let everywhere = broken.oracle == "envelope";
        Signature {
            surface: if everywhere { "any".to_owned() } else { surface.to_string() },
            oracle: broken.oracle.to_owned(),
            requirement: broken.requirement.clone(),
            answer: if everywhere { String::new() } else { probed.kind.to_string() },
            place: if everywhere { String::new() } else { probed.place.to_owned() },
        }
    }

    /// The signature as a name: the same for the same signature, in every run.
    pub fn id(&self, surface: Surface) -> String {
        let text = format!("{} {} {} {} {}", self.surface, self.oracle, self.requirement, self.answer, self.place);
        // FNV-1a: short names, no secrets.
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{surface}-{}-{:08x}", self.oracle, hash >> 32)
    }
}

/// A finding, with the least input that shows it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its name.
    pub id: String,
    /// What it is told apart by.
    pub signature: Signature,
    /// How binding the requirement is.
    pub level: Level,
    /// Where the input is sent.
    pub surface: Surface,
    /// The input.
    pub input: Vec<u8>,
    /// What was expected and what came.
    pub what: String,
    /// How often it was seen.
    pub times: u64,
    /// The input was tried again by itself.
    pub tried_again: bool,
    /// It was seen again then.
    pub confirmed: bool,
    /// The file with the input, once it is saved.
    pub file: Option<PathBuf>,
    /// Shell lines that show it again.
    pub reproduce: Vec<String>,
}

impl Found {
    /// Whether the target was gone after it.
    pub fn is_down(&self) -> bool {
        self.signature.oracle == "down"
    }
}
