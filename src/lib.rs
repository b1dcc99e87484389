//! `wabizspec` judges implementations of the documented WhatsApp Business On-Premises API.
//!
//! One pipeline runs through the crate, and the modules below are in its order, lowest first:
//!
//! ```text
//! scenarios/*.toml ─ parse ─▶ Scenario ─ plan ─▶ Case ─ run ─▶ Exchange ─ judge ─▶ Finding, Verdict ─ report ─▶ people
//! ```
//!
//! A module imports only from modules above it. `tests/it/layers.rs` reads the order from this file and enforces it, so
//! the order of the lines below *is* the architecture.

// The program uses everything; the features by themselves use parts.
#![cfg_attr(not(all(feature = "cli", feature = "trials")), allow(dead_code, unused_imports))]

pub use wabizspec_reference as reference;
pub use wabizspec_reference::documented;

mod fnv;
mod digest;
#[cfg(test)]
mod vectors;
mod parallel;
pub mod files;
pub mod located;
pub mod requirement;
pub mod exchange;
pub mod transport;
pub mod template;
pub mod judge;
pub mod scenario;
pub mod plan;
pub mod snapshot;
pub mod custody;
pub mod run;
#[cfg(feature = "fuzz")]
mod standalone;
#[cfg(feature = "fuzz")]
mod script;
#[cfg(feature = "cli")]
mod export;
pub mod words;
#[cfg(feature = "cli")]
pub mod prove;
#[cfg(feature = "cli")]
mod baseline;
#[cfg(feature = "cli")]
mod answers;
#[cfg(feature = "fuzz")]
pub mod fuzz;
#[cfg(feature = "cli")]
mod traffic;
#[cfg(any(feature = "cli", feature = "trials"))]
pub mod report;
#[cfg(feature = "trials")]
pub mod trials;
#[cfg(feature = "cli")]
pub mod cli;

/// The documented Rust examples, compiled.
#[cfg(all(doctest, feature = "trials"))]
#[doc = include_str!("../docs/rust.md")]
struct Documented;
