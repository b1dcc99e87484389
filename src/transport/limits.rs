//! How long and for how much of an answer a client waits, the same for every client.

use std::time::Duration;

/// Bounds on one exchange. A target that passes one of them is reported, never waited for.
///
/// A limit of zero is allowed and passes as soon as something has to be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For resolving the name, opening the connection and the TLS handshake together.
    pub connect: Duration,
    /// From the first byte of the request to the first byte of an answer, interim answers included.
    pub first_byte: Duration,
    /// From the first byte of the request to the last byte of the answer.
    pub whole: Duration,
    /// The most bytes of one head (status line and headers), and of all that chunked coding adds to a body beside
    /// the chunk sizes: extensions and trailers.
    pub head_bytes: usize,
    /// The most bytes of a body, transfer coding removed.
    pub body_bytes: usize,
}

impl Default for Limits {
    /// 3 s to connect, 10 s for the answer, 64 KiB of head, 2 MiB of body.
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(3),
            first_byte: Duration::from_secs(10),
            whole: Duration::from_secs(10),
            head_bytes: 64 * 1024,
            body_bytes: 2 * 1024 * 1024,
        }
    }
}
