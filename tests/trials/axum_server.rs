// tests/conformance.rs: the suite as the tests of an axum server.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{Router, http::StatusCode, routing::post};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wabizspec::{custody::Instance, trials::Trials};

/// Your own router takes the place of this one.
fn router() -> Router {
    Router::new().route("/v1/users/login", post(async || StatusCode::UNAUTHORIZED))
}

/// A server on a free port, with a runtime of its own: when it is dropped, the server ends.
struct MyServer {
    address: SocketAddr,
    _runtime: Runtime,
}

impl MyServer {
    fn start() -> std::io::Result<MyServer> {
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        runtime.spawn(async { axum::serve(listener, router()).await });
        Ok(MyServer {
            address,
            _runtime: runtime,
        })
    }
}

impl Instance for MyServer {
    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn main() -> std::process::ExitCode {
    Trials::of(MyServer::start).main()
}
