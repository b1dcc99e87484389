//! The documented behaviour as pure functions and types.
