//! The reference client alone as a server, for those who test it without the suite: `serve --registration open|sunset`.
//!
//! It takes a free port, says where it listens, and answers the control requests.

use std::error::Error;

use wabizspec_reference::{Registration, Server, Settings};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let registration = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--registration", "open"] => Registration::Open,
        ["--registration", "sunset"] => Registration::Sunset,
        _ => return Err("usage: serve --registration open|sunset".into()),
    };
    let server =
        Server::start(([127, 0, 0, 1], 0).into(), Settings { registration, control: true, ..Settings::default() })?;
    println!("listening on {}", server.url());
    loop {
        std::thread::park();
    }
}
