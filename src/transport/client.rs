//! The two clients behind one name, so that a run need not know which of them it uses.

#[cfg(feature = "reqwest")]
use super::second_opinion::SecondOpinion;
use super::wire::Wire;
use crate::exchange::{Exchange, Request};

/// How requests reach the target (`[target] client = "wire|reqwest"`).
#[derive(Debug)]
pub enum Client {
    /// Our own client: exact bytes out, exact bytes in.
    Wire(Wire),
    /// reqwest: HTTP/2, proxies, and a second reading of the same answers.
    #[cfg(feature = "reqwest")]
    SecondOpinion(SecondOpinion),
}

impl Client {
    /// Sends one request and waits, within the limits, for the answer.
    pub async fn send(&self, request: Request) -> Exchange {
        match self {
            Client::Wire(client) => client.send(request).await,
            #[cfg(feature = "reqwest")]
            Client::SecondOpinion(client) => client.send(request).await,
        }
    }
}
