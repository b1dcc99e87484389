//! The documented behaviour, stated a second time and in another way than [`crate::documented`] states it.
//!
//! Two statements that were written apart and agree on every input are worth more than one. So nothing here calls the
//! first statement, and where the documents leave something open it says so instead of choosing.

pub mod authorization;
pub mod password;
pub mod body;
