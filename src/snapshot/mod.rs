//! The answers of a target, kept in insta's file format, so that later answers can be compared with them.
//!
//! insta's macros call `cargo metadata` and write nothing under CI, so this module reads and writes the format itself.
//! That works from an installed binary, outside any Cargo project, with `CI` set. A test compares the result with insta.

mod diff;
mod store;
mod transcript;

pub use store::Store;
pub(crate) use transcript::transcript;

/// The requirement that a changed snapshot breaks. It is the owner's and not in the register.
pub(crate) const REQUIREMENT: &str = "snapshot";
