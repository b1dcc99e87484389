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
    /// reqwest: HTTP/2, proxies, and somebody else's reading of the same answers.
    #[cfg(feature = "reqwest")]
    SecondOpinion(SecondOpinion),
}

impl Client {
    /// Whether this client can put the request onto the wire as it stands. Our own client always can.
    pub fn can_send(&self, request: &Request) -> bool {
        #[cfg(feature = "reqwest")]
        if let Client::SecondOpinion(_) = self {
            return SecondOpinion::can_send(request);
        }
        let _ = request;
        true
    }

    /// Sends one request and waits, within the limits, for what comes of it.
    pub async fn send(&self, request: Request) -> Exchange {
        match self {
            Client::Wire(client) => client.send(request).await,
            #[cfg(feature = "reqwest")]
            Client::SecondOpinion(client) => client.send(request).await,
        }
    }
}
