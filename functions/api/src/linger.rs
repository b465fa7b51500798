//! A socket that closes without destroying the answer it has just sent.
//!
//! A server that answers before it has read the whole request, as it does to one that is too long, and then closes the
//! socket makes the kernel reset the connection: the client loses an answer that it had not read yet (RFC 9112, section
//! 9.6). So the writing half is closed first, and what the client still sends is read and thrown away, within limits.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// A client is given this long to read its answer and close.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes read of what a client still sends: a file that is refused before it is read, and something over.
const MOST_BYTES: usize = 8 << 20;

/// A TCP stream whose shutdown lingers.
pub(crate) struct Lingering {
    stream: TcpStream,
    until: Option<Pin<Box<Sleep>>>,
    discarded: usize,
}

impl Lingering {
    /// Wraps an accepted stream.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, until: None, discarded: 0 }
    }

    /// Reads and forgets until the client closes, or one of the limits is reached.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let until = self.until.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut scratch = [0_u8; 4_096];
        while self.discarded < MOST_BYTES && until.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            self.discarded += buffer.filled().len();
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Closing the writing half again is harmless, so no state is needed between two polls.
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        self.poll_discard(context).map(Ok)
    }
}
