//! An emulated Paid v0 account: an HTTP server that answers like CONTRACT part A describes.
//!
//! It is an independent second opinion on the mirror, so it shares no code with the pipeline.
//! Its state is not invented object by object: a seeded business (`script.rs`) plays years of
//! signing up, billing, paying and paying late through one door (`Store::apply`), which
//! keeps amounts and references consistent and leaves events behind. Moving the clock on simply
//! plays on. The same seed and options give the same bytes.
//!
//! [`Sibling`] emulates the other two APIs the same way, only simpler.

mod account;
mod api;
mod business;
mod clock;
mod control;
mod engine;
mod faults;
mod options;
mod rules;
mod sibling;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

pub use account::feed::EventFaults;
pub use business::churn::{Churn, Played};
pub use control::counters::RequestCounters;
pub use control::log::LoggedRequest;
pub use faults::{Chaos, Fault};
pub use options::{Options, Size, UnknownSize};
pub use sibling::{Sibling, SiblingFault, SiblingKind, SiblingOptions, SiblingTrouble};

use api::route::API_PREFIX;
use api::routes::{self, Shared};
use api::wire::{Switch, Wires};
use clock::Clock;
use control::counters::Counters;
use control::log::Log;
use engine::Engine;
use faults::Faults;

const MINUTE: Duration = Duration::from_mins(1);

/// Runs an emulated account until it is shut down or dropped.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    /// Holds what runs beside the server, and ends it when dropped.
    company: JoinSet<()>,
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
            clock: Clock::starting_at(options.now, options.ticks),
            next_moment: AtomicI64::new(engine.next_moment()),
            engine: RwLock::new(engine),
            past: Mutex::default(),
            counters: Counters::default(),
            log: Log::new(),
            faults: Faults::new(options.chaos),
            options,
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let router = routes::router(Arc::clone(&shared));
        let service = router.into_make_service_with_connect_info::<Switch>();
        let server = axum::serve(Wires(listener), service).with_graceful_shutdown(async move {
            // A dropped sender ends the server as well.
            stopped.await.unwrap_or_default();
        });
        let server = tokio::spawn(async move { server.await });
        let mut company = JoinSet::new();
        if let Some(pause) = MINUTE.checked_div(shared.options.churn_per_minute) {
            company.spawn(live(Arc::clone(&shared), pause));
        }
        Ok(Self { address, shared, stop, company, server })
    }

    /// Gives the base URL of the API.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, API_PREFIX)
    }

    /// Counts the objects of each list; among the users only those that are users.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        control::admin::count(&self.shared.engine().store)
    }

    /// Moves the clock on by whole days: people and the service do what those days bring.
    pub fn advance(&self, days: u32) {
        self.shared.advance(days.saturating_mul(86_400), true);
    }

    /// Moves the clock on by seconds; without people only the service does what is due.
    pub fn pass(&self, seconds: u32, with_people: bool) {
        self.shared.advance(seconds, with_people);
    }

    /// Tells the simulated time in Unix seconds.
    pub fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Reads every object that belongs into a list as JSON, oldest first, as GET by id shows it
    /// at a past second or, without one, today. `account` is a list of one. Nothing if no list has
    /// that name.
    pub fn truth(&self, list: &str, at: Option<i64>) -> Option<Vec<Bytes>> {
        control::admin::tell(&self.shared, list, at)
    }

    /// Tells id and second of creation of every object that belongs into a list, oldest first, also
    /// where the objects do not show the time. Nothing if no list has that name.
    pub fn dates(&self, list: &str) -> Option<Vec<(String, i64)>> {
        self.shared.catch_up();
        let stream = api::streams::find(list)?;
        Some((stream.listing)(&self.shared.engine().store).dates())
    }

    /// Makes the event feed lie from here on.
    pub fn lie(&self, faults: EventFaults) {
        self.shared.change(|engine, now| engine.lie(faults, now));
    }

    /// Plays random business on the account, and moves the clock on by the seconds over which it
    /// is spread.
    pub fn churn(&self, order: Churn) -> Vec<Played> {
        self.shared.churn(&order).1
    }

    /// Lets somebody look at every invoice that was sent: it counts its views and tells nobody.
    pub fn view_invoices(&self) {
        self.shared.change(|engine, now| {
            for invoice in 0..engine.store.invoices.ever() {
                let action = rules::actions::Action::ViewInvoice(invoice);
                let act = engine::Act { action, is_silent: true, created_at: None };
                // What was never sent cannot be looked at.
                drop(engine.act(act, now));
            }
        });
    }

    /// Reads what callers did so far.
    pub fn requests(&self) -> RequestCounters {
        self.shared.counters.read()
    }

    /// Orders a fault, behind those that are ordered.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.add([fault]);
    }

    /// Describes the ordered faults that never struck, and those that make no sense. Random faults
    /// are left out.
    pub fn unused_faults(&self) -> Vec<String> {
        self.shared.faults.unused()
    }

    /// Replaces [`Options::chaos`] from here on.
    pub fn set_chaos(&self, chaos: Option<Chaos>) {
        self.shared.faults.set_chaos(chaos);
    }

    /// Removes all ordered faults. Random ones go on.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Reads the last 100 000 API requests, oldest first.
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.shared.log.since(0)
    }

    /// Stops accepting requests and waits for those in flight.
    pub async fn shutdown(self) {
        drop(self.company);
        drop(self.stop);
        // A server that failed has stopped too, which is all that is asked for here.
        self.server.await.map(Result::unwrap_or_default).unwrap_or_default();
    }
}

/// Plays one random action after every pause, for as long as it is let.
async fn live(shared: Arc<Shared>, pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        let playing = Arc::clone(&shared);
        // An action that panics ends neither the server nor the later actions.
        drop(tokio::task::spawn_blocking(move || playing.play(1)).await);
    }
}
