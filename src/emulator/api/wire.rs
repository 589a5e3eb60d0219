//! Connections that can be told to fail: a reset is seen by the client as a real one.
//!
//! A request's handler reaches the [`Switch`] of the connection that carries it. An order holds for
//! the answer that is written next. Without an order, a write costs one look at a flag.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Begins every answer.
const START: &[u8] = b"HTTP/1.";
/// Ends the head of an answer.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
/// Begins the header that can be left out.
const DATE: &[u8] = b"\r\ndate: ";
/// Ends a header.
const END_OF_LINE: &[u8] = b"\r\n";

/// Accepts connections that can be told to fail.
#[derive(Debug)]
pub(crate) struct Wires(pub(crate) TcpListener);

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Waiting for more bytes to send could lose those before a reset. A connection that
        // refuses the setting is already gone.
        stream.set_nodelay(true).unwrap_or_default();
        (Wire { stream, switch: Switch::default(), steps: VecDeque::new() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Tells one connection how to fail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_armed: AtomicBool,
    order: Mutex<Order>,
}

/// Orders what happens to the next answer.
#[derive(Clone, Copy, Debug, Default)]
struct Order {
    leaves_date_out: bool,
    reset: Option<Reset>,
}

#[derive(Clone, Copy, Debug)]
enum Reset {
    BeforeAnswer,
    InsideBody(usize),
}

impl Switch {
    /// Resets the connection before the first byte of the next answer.
    pub(crate) fn reset_before_answer(&self) {
        self.arm(|order| order.reset = Some(Reset::BeforeAnswer));
    }

    /// Resets the connection after so many bytes of the next body, which must be longer.
    pub(crate) fn reset_inside_body(&self, after: usize) {
        self.arm(|order| order.reset = Some(Reset::InsideBody(after)));
    }

    /// Takes the `Date` header, which the server always writes, out of the next answer.
    pub(crate) fn leave_date_out(&self) {
        self.arm(|order| order.leaves_date_out = true);
    }

    fn arm(&self, change: impl FnOnce(&mut Order)) {
        change(&mut self.0.order.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.is_armed.store(true, Ordering::Release);
    }

    fn is_armed(&self) -> bool {
        self.0.is_armed.load(Ordering::Acquire)
    }

    fn disarm(&self) -> Order {
        self.0.is_armed.store(false, Ordering::Release);
        std::mem::take(&mut *self.0.order.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Connected<IncomingStream<'_, Wires>> for Switch {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().switch.clone()
    }
}

/// Says what happens to the next bytes that are written. The last step holds for ever.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Pass(usize),
    Drop(usize),
    Reset,
}

impl Order {
    /// Plans the bytes of an answer whose head, as always, is written first and at once.
    fn steps(self, answer: &[u8]) -> VecDeque<Step> {
        let mut steps = VecDeque::new();
        let head = find(answer, END_OF_HEAD).map_or(answer.len(), |at| at + END_OF_HEAD.len());
        let mut passed = 0;
        if self.leaves_date_out
            && let Some(date) = find(answer, DATE).filter(|date| *date < head)
            && let Some(length) = answer
                .get(date + END_OF_LINE.len()..)
                .and_then(|rest| find(rest, END_OF_LINE))
                .map(|length| length + END_OF_LINE.len())
        {
            passed = date + length;
            steps.extend([Step::Pass(date), Step::Drop(length)]);
        }
        match self.reset {
            None => {}
            Some(Reset::BeforeAnswer) => steps = VecDeque::from([Step::Reset]),
            Some(Reset::InsideBody(after)) => {
                let left = head.saturating_sub(passed).saturating_add(after);
                steps.extend([Step::Pass(left), Step::Reset]);
            }
        }
        steps
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Carries one connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    switch: Switch,
    steps: VecDeque<Step>,
}

impl Wire {
    fn is_free(&self) -> bool {
        self.steps.is_empty() && !self.switch.is_armed()
    }

    /// Takes one step. An order waits for the start of an answer: what is left of the answer
    /// before, should a client not wait for it, is none of its business.
    fn step(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.switch.is_armed() && bytes.starts_with(START) {
            self.steps = self.switch.disarm().steps(bytes);
        }
        let done = match self.steps.front_mut() {
            None => return Pin::new(&mut self.stream).poll_write(context, bytes),
            Some(Step::Pass(left)) => {
                let part = bytes.get(..*left).unwrap_or(bytes);
                let written = ready!(Pin::new(&mut self.stream).poll_write(context, part))?;
                *left = left.saturating_sub(written);
                (written, *left == 0)
            }
            Some(Step::Drop(left)) => {
                let dropped = bytes.len().min(*left);
                *left -= dropped;
                (dropped, *left == 0)
            }
            Some(Step::Reset) => {
                self.stream.set_zero_linger()?;
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
        };
        if done.1 {
            self.steps.pop_front();
        }
        Poll::Ready(Ok(done.0))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if wire.is_free() {
            return Pin::new(&mut wire.stream).poll_write(context, bytes);
        }
        wire.step(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if wire.is_free() {
            return Pin::new(&mut wire.stream).poll_write_vectored(context, parts);
        }
        let first = parts.iter().find(|part| !part.is_empty());
        wire.step(context, first.map_or(&[], |part| part))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.steps.front() == Some(&Step::Reset) {
            // An orderly end would come before the reset.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut wire.stream).poll_shutdown(context)
    }
}
