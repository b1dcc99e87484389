//! The documented behaviour as pure functions and types.
//!
//! Each file states one part of what the vendor's pages, or the RFCs that they lean on, say of the API, and names
//! its source. The reference client is built on them, the judge and the fuzzer compare answers with them. Nothing
//! here does I/O, reads a clock, or knows of a target.

pub mod api;
pub mod basic;
pub mod bodies;
pub(crate) mod protobuf;
pub mod certificate;
pub mod errors;
pub mod password;
pub mod token;
