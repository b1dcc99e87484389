//! What a run does to a target, and undoes: accounts, passwords, hooks, and the files that remember them.
//!
//! There is one way of custody for run, fuzz, trials, doctor, replay and recover. Nothing here judges an answer.

pub mod config;
pub mod names;
pub mod given_passwords;
pub mod effect;
mod reading;
pub mod state_folder;
pub mod lock;
pub mod journal;
pub mod hook;
mod target;
mod wrong_logins;
pub mod made;
pub mod custody;
pub mod accounts;
pub mod recovery;
pub mod givens;

pub use target::{Controls, Hooks, Instance, Target};
