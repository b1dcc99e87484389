//! Planted faults: slightly wrong clients, each of which breaks one requirement at one place.
//!
//! They show that the suite bites. A fault is an edit of [`Behaviour`] and lies here, so that the faultless client
//! reads as if there were none. What a fault breaks is said by the id of a requirement; judging is none of its
//! business.

mod account;
mod bodies;
mod certificates;
mod corners;
mod creation;
mod credentials;
mod degenerate;
mod deletion;
mod envelope;
mod first_login;
mod login;
mod login_answers;
mod names;
mod password_rule;
mod passwords;
mod refusals;
mod robustness;
mod secrets;
mod sessions;
mod tokens;
mod users;
mod verification;
mod witness;
mod writing;

use std::time::Duration;

use super::behaviour::Behaviour;
use super::model::Registration;
use witness::Witness;

/// One planted defect of the reference client.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// What is wrong: area, topic and defect, stable for ever.
    pub id: &'static str,
    /// The requirement that it breaks, by its id.
    pub requirement: &'static str,
    /// The registration state in which it shows.
    pub registration: Registration,
    /// How much of the client it spoils.
    pub kind: Kind,
    /// What an implementer got wrong, in one line.
    pub description: &'static str,
    patch: fn(&mut Behaviour),
    witness: fn(&mut Witness),
}

/// How much of the client a fault spoils.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A rule that was read or written wrongly.
    Rule,
    /// Input that the client stumbles over; a fuzzer should find it as well.
    Robustness,
    /// Everything: such a target must not prove a single requirement.
    Degenerate,
}

impl Kind {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Rule => "rule",
            Kind::Robustness => "robustness",
            Kind::Degenerate => "degenerate",
        }
    }
}

/// A fault of a rule before the sunset.
const fn fault(
    id: &'static str,
    requirement: &'static str,
    description: &'static str,
    patch: fn(&mut Behaviour),
    witness: fn(&mut Witness),
) -> Fault {
    Fault { id, requirement, registration: Registration::Open, kind: Kind::Rule, description, patch, witness }
}

impl Fault {
    const fn of_kind(self, kind: Kind) -> Fault {
        Fault { kind, ..self }
    }

    const fn after_the_sunset(self) -> Fault {
        Fault { registration: Registration::Sunset, ..self }
    }

    /// All of them, by area.
    pub fn all() -> impl Iterator<Item = &'static Fault> {
        let areas: [&'static [Fault]; 20] = [
            first_login::FAULTS,
            password_rule::FAULTS,
            passwords::FAULTS,
            credentials::FAULTS,
            refusals::FAULTS,
            login::FAULTS,
            login_answers::FAULTS,
            creation::FAULTS,
            names::FAULTS,
            users::FAULTS,
            deletion::FAULTS,
            tokens::FAULTS,
            sessions::FAULTS,
            account::FAULTS,
            certificates::FAULTS,
            verification::FAULTS,
            envelope::FAULTS,
            secrets::FAULTS,
            robustness::FAULTS,
            degenerate::FAULTS,
        ];
        areas.into_iter().chain(corners::FAULTS).flatten()
    }

    /// The fault of that id.
    pub fn find(id: &str) -> Option<&'static Fault> {
        Fault::all().find(|fault| fault.id == id)
    }

    /// Plants it.
    pub fn plant(&self, behaviour: &mut Behaviour) {
        (self.patch)(behaviour);
    }

    /// A client with this fault and no other.
    pub fn behaviour(&self) -> Behaviour {
        let mut behaviour = Behaviour::default();
        self.plant(&mut behaviour);
        behaviour
    }

    /// Whether it shows at all: its witness, a few requests that the faultless client answers otherwise.
    pub fn is_alive(&self) -> bool {
        witness::shows(self)
    }

    /// Whether it makes the client answer later than this.
    pub fn keeps_waiting(&self, longer: Duration) -> bool {
        witness::waits(self, longer)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_shows() {
        let dead: Vec<&str> = Fault::all().filter(|fault| !fault.is_alive()).map(|fault| fault.id).collect();
        assert!(dead.is_empty(), "the witness sees no difference: {dead:#?}");
    }

    #[test]
    fn ids_are_unique_and_legible() {
        let mut seen = BTreeSet::new();
        for fault in Fault::all() {
            let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
            assert!(fault.id.bytes().all(legal) && fault.id.split('.').count() >= 2, "{}", fault.id);
            assert!(seen.insert(fault.id), "{} stands twice", fault.id);
            assert!(!fault.description.is_empty() && !fault.description.contains('\n'), "{}", fault.id);
        }
    }

    #[test]
    fn a_fault_without_effect_is_seen_to_be_dead() {
        let harmless = fault("x.y", "x.y", "nothing", |_| {}, |witness| drop(witness.admin()));
        assert!(!harmless.is_alive());
    }
}
