//! What a target answered, kept in insta's file format, so that a later answer can be held to it.
//!
//! insta's macros call `cargo metadata` and write nothing under CI, so this module reads and writes the format itself.
//! That works from an installed binary, outside any Cargo project, with `CI` set. A test holds it to insta.

mod diff;
mod store;
mod transcript;

pub use store::{Compared, Store};
pub use transcript::transcript;

/// The requirement that a changed snapshot breaks. It stands in no register: it is the owner's own.
pub const REQUIREMENT: &str = "snapshot";
