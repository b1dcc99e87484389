//! A connected byte stream, plain or encrypted, and what can be learned from it without waiting.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What both kinds can do.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Stream {
    pub fn io(&mut self) -> Pin<&mut dyn Io> {
        match self {
            Stream::Plain(stream) => Pin::new(stream),
            Stream::Tls(stream) => Pin::new(stream),
        }
    }

    /// Reads into `buffer`; 0 is the end of the stream.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(self.io().poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Reads what is there this instant; `WouldBlock` when nothing is.
    ///
    /// tokio repeats what epoll told it last and has not asked since, so a plain (non-blocking) socket is asked itself.
    pub fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => {
                let socket = SockRef::from(&*stream);
                (&*socket).read(buffer)
            }
            Stream::Tls(_) => match self.poll_read(&mut Context::from_waker(Waker::noop()), buffer) {
                Poll::Ready(read) => read,
                Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
            },
        }
    }

    /// Whether the socket of a TLS stream holds bytes, or its end, that [`Stream::read_now`] could not see.
    pub fn hides_bytes(&self) -> bool {
        match self {
            Stream::Plain(_) => false,
            Stream::Tls(stream) => {
                let peeked = SockRef::from(stream.get_ref().0).peek(&mut [std::mem::MaybeUninit::uninit()]);
                !matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
        }
    }
}
