//! `wabizspec serve`: the reference client for others to talk to.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};

use super::signal::signalled;
use super::{CONFORMS, Failure, print, runtime};
use crate::reference::{Registration, Server, Settings};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec serve --listen 127.0.0.1:9090
  wabizspec serve --listen 127.0.0.1:0 --registration sunset --control
  curl -sX POST http://127.0.0.1:9090/__control/reset        with --control: as just installed")]
pub(super) struct ServeArgs {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// Whether phone numbers are still registered
    #[arg(long, value_name = "STATE", default_value = "open")]
    registration: State,
    /// Also answer POST /__control/reset and /__control/advance, GET /__control/code and /__control/dump
    #[arg(long)]
    control: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Open,
    Sunset,
}

pub(super) fn serve(args: &ServeArgs) -> Result<u8, Failure> {
    let settings = Settings {
        registration: match args.registration {
            State::Open => Registration::Open,
            State::Sunset => Registration::Sunset,
        },
        control: args.control,
        ..Settings::default()
    };
    let server = Server::start(args.listen, settings).map_err(|error| {
        Failure::usage(format!(
            "cannot listen on {}: {error}\n  help: choose another address with --listen; port 0 takes a free one",
            args.listen
        ))
    })?;
    print(&format!("listening on {}\n", server.url()))?;
    runtime()?.block_on(signalled());
    drop(server);
    Ok(CONFORMS)
}
