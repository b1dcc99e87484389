//! The implementation under test: where it is and how bytes reach it.
//!
//! This is the only place in the crate that opens connections to a target. It reports what came back and never
//! judges it.

pub mod accounts;
mod client;
pub mod config;
pub mod custody;
pub mod effect;
pub mod framed;
pub mod given_passwords;
pub mod givens;
pub mod hook;
mod implementation;
pub mod journal;
mod limits;
pub mod lock;
pub mod made;
pub mod names;
mod presence;
pub mod origin;
mod reading;
pub mod recovery;
pub mod second_opinion;
pub mod state_folder;
pub mod throttle;
pub mod tls;
pub mod wire;
mod wrong_logins;

pub use client::Client;
pub use implementation::{Controls, Hooks, Instance, Target};
pub use limits::Limits;
