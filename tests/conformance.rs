//! The suite as trials against the reference client: `cargo nextest run --test conformance` lists, filters and runs them.
//!
//! An implementer writes the same few lines with a server of their own.

use std::net::Ipv4Addr;

use wabizspec::reference::{Server, Settings};
use wabizspec::trials::Trials;

fn main() -> std::process::ExitCode {
    let instance = || Server::start((Ipv4Addr::LOCALHOST, 0).into(), Settings::default());
    Trials::of(instance).moves_clock().tells_code().main()
}
