//! An emulated Paid v0 account: an HTTP server that answers like CONTRACT part A describes.
//!
//! It is an independent second opinion on the mirror, so it shares no code with the pipeline.
//! Its state is not invented object by object: a seeded business (`script.rs`) plays years of
//! signing up, billing, paying and paying late through one door (`Store::apply`), which
//! keeps amounts and references consistent and leaves events behind. Moving the clock on simply
//! plays on. The same seed and options give the same bytes.

mod actions;
mod admin;
mod answer;
mod auth;
mod billing;
mod calendar;
mod catalogue;
mod chase;
mod clock;
mod counters;
mod engine;
mod founding;
mod habits;
mod invoicing;
mod list;
mod money;
mod names;
mod objects;
mod options;
mod paging;
mod refusal;
mod routes;
mod script;
mod selling;
mod signup;
mod store;
mod streams;
mod text;
mod transacting;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use counters::RequestCounters;
pub use options::{Options, Size, UnknownSize};

use clock::Clock;
use counters::Counters;
use engine::Engine;
use routes::Shared;

/// Runs an emulated account until it is shut down or dropped.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

impl Emulator {
    /// Binds the address, builds the account and serves it in the background.
    ///
    /// Fails when the address cannot be bound. The clock starts once the account is built.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let chosen = options.clone();
        let engine = tokio::task::spawn_blocking(move || Engine::founded(&chosen)).await?;
        let shared = Arc::new(Shared {
            clock: Clock::starting_at(options.now),
            engine: RwLock::new(engine),
            counters: Counters::default(),
            options,
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let router = routes::router(Arc::clone(&shared));
        let server = axum::serve(listener, router).with_graceful_shutdown(async move {
            // A dropped sender ends the server as well.
            stopped.await.unwrap_or_default();
        });
        let server = tokio::spawn(async move { server.await });
        Ok(Self { address, shared, stop, server })
    }

    /// Gives the base URL of the API.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, routes::API_PREFIX)
    }

    /// Counts the objects of each list; among the users only those that are users.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        admin::count(&self.shared.engine().store)
    }

    /// Moves the clock on by whole days and plays those days.
    pub fn advance(&self, days: u32) {
        self.shared.advance(days);
    }

    /// Reads what callers did so far.
    pub fn requests(&self) -> RequestCounters {
        self.shared.counters.read()
    }

    /// Stops accepting requests and waits for those in flight.
    pub async fn shutdown(self) {
        drop(self.stop);
        // A server that failed has stopped too, which is all that is asked for here.
        self.server.await.map(Result::unwrap_or_default).unwrap_or_default();
    }
}
