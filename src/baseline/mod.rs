//! Known failures: a list in the owner's repository, compared with what the run finds.
//!
//! A case that fails exactly as recorded is `known`. Any other failure stays a finding, and an entry that no longer
//! holds is reported. The list excuses findings only: a case that could not be set up stays blocked. This module sends
//! nothing and reads no clock; it maps the events of a run.

mod entry;
mod signature;
mod ledger;

pub use entry::Baseline;
pub use ledger::{Ledger, NewEntry};
pub(crate) use signature::signature;
