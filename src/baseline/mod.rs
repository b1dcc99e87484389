//! Known failures: a list in the owner's own repository, held to what the run shows.
//!
//! A case that fails exactly as recorded is `known`. Whatever fails otherwise stays a finding, and an entry that no longer
//! holds is told of. The list excuses findings only: what could not be set up stays blocked. It sends nothing and reads
//! no clock; it is a map over the events of a run.

mod entry;
mod signature;
mod ledger;

pub use entry::{Baseline, Entry};
pub use ledger::{Ledger, NewEntry};
pub use signature::signature;
