//! A lingering close: what the other side still sends is read away for a while after our last word, since to end with
//! something unread resets the line (RFC 9112, section 9.6), and our last word might never arrive.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

/// How long is read away what comes after our last word.
const LINGER: Duration = Duration::from_secs(1);
/// How much of it, in bytes: whoever sends more has their line reset.
const LINGER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A connection that lingers when it is dropped, and holds its place among the others until then.
pub struct Lingering<P: Send + 'static> {
    stream: Option<TcpStream>,
    place: Option<P>,
    /// The other side has ended, or broken off: nothing more comes.
    ended: bool,
}

// Nothing in it is pinned.
impl<P: Send> Unpin for Lingering<P> {}

impl<P: Send> Lingering<P> {
    /// A connection, and its place among the connections.
    pub fn new(stream: TcpStream, place: P) -> Self {
        Self { stream: Some(stream), place: Some(place), ended: false }
    }

    fn stream(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(self.stream.as_mut().expect("it is there until the drop"))
    }

    /// Whether an error of the line ends it for good.
    fn note<T>(&mut self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.ended |= matches!(result, Poll::Ready(Err(_)));
        result
    }
}

impl<P: Send + 'static> Drop for Lingering<P> {
    fn drop(&mut self) {
        let (Some(stream), false) = (self.stream.take(), self.ended) else { return };
        // Without a runtime the program ends, and with it the line.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let place = self.place.take();
        runtime.spawn(async move {
            let _place = place;
            let _ = tokio::time::timeout(LINGER, read_away(stream)).await;
        });
    }
}

/// Ends our side, and reads until the other side has ended too.
async fn read_away(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(LINGER_BYTES_MAX), &mut tokio::io::sink()).await?;
    Ok(())
}

impl<P: Send> AsyncRead for Lingering<P> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let room = into.remaining();
        let result = self.stream().poll_read(context, into);
        self.ended |= 0 < room && matches!(result, Poll::Ready(Ok(()))) && into.filled().len() == before;
        self.note(result)
    }
}

impl<P: Send> AsyncWrite for Lingering<P> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = self.stream().poll_write(context, bytes);
        self.note(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = self.stream().poll_write_vectored(context, slices);
        self.note(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.stream().poll_flush(context);
        self.note(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.stream().poll_shutdown(context);
        self.note(result)
    }
}
