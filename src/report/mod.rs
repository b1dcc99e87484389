//! What people and machines read of a run. A report never asks the run for anything; it only listens.

mod text;
#[cfg(feature = "cli")]
mod formats;

#[cfg(feature = "cli")]
pub use formats::*;
pub(crate) use text::case_text;
