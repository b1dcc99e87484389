//! `wabizspec serve`: the reference client as a server.

use std::net::SocketAddr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::signal::{stop_on_signal, unless_stopped};
use super::{CONFORMS, FILES_WITH_A_SERVER, Failure, enough_files, fault_help, print, runtime};
use crate::reference::{Fault, Registration, Server, Settings};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec serve --listen 127.0.0.1:9090
  wabizspec serve --listen 127.0.0.1:0 --registration sunset --control
  wabizspec serve --fault login.first.default-password-accepted   check that your CI job fails
  curl -sX POST http://127.0.0.1:9090/__control/reset        reset it (with --control)")]
pub(super) struct ServeArgs {
    /// Address and port to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// Whether registrations are still accepted [default: open, or the state that the fault needs]
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(["open", "sunset"]).map(state))]
    registration: Option<Registration>,
    /// Plant a fault; may be given several times. `wabizspec list faults` lists them
    #[arg(long, value_name = "ID", value_parser = fault)]
    fault: Vec<&'static Fault>,
    /// Also serve POST /__control/reset and /__control/advance, GET /__control/code and /__control/dump
    #[arg(long)]
    control: bool,
}

fn state(text: String) -> Registration {
    if text == "open" { Registration::Open } else { Registration::Sunset }
}

fn fault(id: &str) -> Result<&'static Fault, String> {
    Fault::find(id).ok_or_else(|| format!("there is no such fault\n  {}", fault_help(id)))
}

pub(super) fn serve(args: &ServeArgs) -> Result<u8, Failure> {
    let needed = args.fault.first().map_or(Registration::Open, |fault| fault.registration);
    let registration = args.registration.unwrap_or(needed);
    let mut settings = Settings { registration, control: args.control, ..Settings::default() };
    for fault in &args.fault {
        fault.plant(&mut settings.behaviour);
    }
    enough_files(FILES_WITH_A_SERVER)?;
    let server = Server::start(args.listen, settings).map_err(|error| {
        Failure::usage(format!(
            "cannot listen on {}: {error}\n  help: choose another address with --listen; port 0 takes a free one",
            args.listen
        ))
    })?;
    let stop = stop_on_signal();
    print(&format!("listening on {}\n", server.url()))?;
    runtime()?.block_on(unless_stopped(&stop, std::future::pending::<()>()));
    drop(server);
    Ok(CONFORMS)
}
