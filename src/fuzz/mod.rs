//! Fuzzing: one grammar of inputs, driven in process and on the wire.
//!
//! An input is a byte string. `grammar` reads it as a request (or a sequence of them), `independent` says once more,
//! independently of [`crate::documented`], what the documents want of it. [`in_process`] holds the parsers and the
//! reference client to that, [`drive`] any server behind a URL. Both take the same bytes, so that a corpus, a finding
//! and a shrunk input mean the same everywhere.
//!
//! Nothing here prints or reads the command line.

mod words;
mod surface;
pub mod random;
mod grammar;
pub mod aimed;
pub mod catalogue;
mod generator;
pub(crate) mod independent;
mod tracker;
pub mod in_process;
mod laxity;
pub mod session;
mod probe;
pub mod finding;
mod names;
mod steps;
mod to_scenario;
pub mod timetable;
pub mod saved;
pub mod summary;
#[cfg(feature = "cli")]
mod document;
mod target_checks;
mod batch;
mod bisection;
mod shrink;
mod run;
pub mod drive;

use crate::parallel::locked;
#[cfg(feature = "cli")]
pub(crate) use document::FuzzReport;
pub use grammar::{BasicInput, FIXED, RequestParts};
#[cfg(feature = "cli")]
pub(crate) use probe::{Kind, refused_for};
use surface::Form;
pub use surface::Surface;
pub(crate) use words::{Check, Class, Place};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
