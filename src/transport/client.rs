//! The two clients behind one name, so that a run need not know which of them it uses.

use super::second_opinion::SecondOpinion;
use super::wire::Wire;
use crate::exchange::{Exchange, Request};

/// How requests reach the target (`[target] client = "wire|reqwest"`).
#[derive(Debug)]
pub enum Client {
    /// Our own client: exact bytes out, exact bytes in.
    Wire(Wire),
    /// reqwest: HTTP/2, proxies, and somebody else's reading of the same answers.
    SecondOpinion(SecondOpinion),
}

impl Client {
    /// Whether this client can put the request onto the wire as it stands. Our own client always can.
    pub fn can_send(&self, request: &Request) -> bool {
        match self {
            Client::Wire(_) => true,
            Client::SecondOpinion(_) => SecondOpinion::can_send(request),
        }
    }

    /// Sends one request and waits, within the limits, for what comes of it.
    pub async fn send(&self, request: Request) -> Exchange {
        match self {
            Client::Wire(client) => client.send(request).await,
            Client::SecondOpinion(client) => client.send(request).await,
        }
    }
}
