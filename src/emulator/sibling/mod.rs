//! Emulated accounts of the two sibling APIs: Paid (paid.ai) in both versions, as CONTRACT part B
//! describes it, and Alternative Payments, part C.
//!
//! Like the emulator of Paid v0 it shares no code with the pipeline. It is simpler: a seeded
//! founding fills lists of JSON objects, whose order is that of their creation, and from there on
//! callers, tests and random business change them one by one. Connections, clock and log are those
//! of the emulator of Paid v0.
//!
//! | file | does |
//! | --- | --- |
//! | `server.rs` | carries requests: faults, pace, log, then the API or the controls |
//! | `control.rs` | the emulator's own endpoints below `/_emulator` |
//! | `paid_ai/`, `alternative/` | the APIs: routes, founding, random business |
//! | `store.rs` | lists of objects, of which some own others |

mod alternative;
mod business;
mod control;
mod dice;
mod exchange;
mod faults;
mod options;
mod paid_ai;
mod server;
mod store;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::api::wire::{Switch, Wires};
use super::control::counters::RequestCounters;
use super::control::log::LoggedRequest;
pub use faults::{SiblingFault, SiblingTrouble};
pub use options::{SiblingKind, SiblingOptions};
use server::Shared;

/// Runs an emulated account of a sibling API until it is shut down or dropped.
#[derive(Debug)]
pub struct Sibling {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

impl Sibling {
    /// Binds the address, founds the account and serves it in the background.
    ///
    /// Fails when the address cannot be bound.
    pub async fn start(options: SiblingOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let shared = tokio::task::spawn_blocking(move || Shared::founded(options)).await?;
        let shared = Arc::new(shared);
        let (stop, stopped) = oneshot::channel::<()>();
        let service =
            server::router(Arc::clone(&shared)).into_make_service_with_connect_info::<Switch>();
        let server = axum::serve(Wires(listener), service).with_graceful_shutdown(async move {
            // A dropped sender ends the server as well.
            stopped.await.unwrap_or_default();
        });
        let server = tokio::spawn(async move { server.await });
        Ok(Self { address, shared, stop, server })
    }

    /// Gives the base URL of the API.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.options.kind.prefix())
    }

    /// Reads every live object of a list as the API shows it, oldest first: what a walk shows.
    /// `{list}_archived` gives what is archived, or belongs to what is. Where an object does not
    /// name the one it belongs to, its id is added under `_parent`.
    pub fn truth(&self, list: &str) -> Option<Vec<Value>> {
        self.shared.books().truth(list, &self.shared.options)
    }

    /// Counts the live objects of each list.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.shared.books().counts()
    }

    /// Tells the simulated time in Unix seconds.
    pub fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Moves the clock on.
    pub fn pass(&self, seconds: u32) {
        self.shared.clock.jump(seconds);
    }

    /// Plays random business in the present second: objects come, change and go.
    pub fn churn(&self, seed: u64, actions: u32) {
        self.shared.churn(seed, actions);
    }

    /// Takes an object away for good, with what can only be reached through it. Says whether it
    /// was there.
    pub fn delete(&self, list: &str, id: &str) -> bool {
        self.shared.books().store.remove(list, id)
    }

    /// Archives an object: lists of Alternative Payments leave it out, paid-ai sets `archivedAt`
    /// where the kind has it. Says whether something changed.
    pub fn archive(&self, list: &str, id: &str) -> bool {
        business::archive(&mut self.shared.books().store, list, id, true, self.now())
    }

    /// Takes an archived object back. Says whether something changed.
    pub fn restore(&self, list: &str, id: &str) -> bool {
        business::archive(&mut self.shared.books().store, list, id, false, self.now())
    }

    /// Replaces fields of an object, and its time of change where its kind has one, unless the
    /// changes name that too. Says whether the object is there.
    pub fn edit(&self, list: &str, id: &str, changes: Value) -> bool {
        business::edit(&mut self.shared.books().store, list, id, changes, self.now())
    }

    /// Adds an object that is shown exactly as given; `_parent` names the one it belongs to. Says
    /// whether there is such a list.
    pub fn insert(&self, list: &str, object: Value) -> bool {
        business::insert(&mut self.shared.books().store, list, object)
    }

    /// Orders a fault, behind those that are ordered.
    pub fn fault(&self, fault: SiblingFault) {
        self.shared.books().faults.add(fault);
    }

    /// Describes the ordered faults that never struck.
    pub fn unused_faults(&self) -> Vec<String> {
        self.shared.books().faults.unused()
    }

    /// Reads the last 100 000 requests, oldest first; paths are written below the base.
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.shared.log.since(0)
    }

    /// Counts what callers did so far. Calls of what no mirror may call count as forbidden: what
    /// charges, and what makes public links.
    pub fn requests(&self) -> RequestCounters {
        self.shared.counters.read()
    }

    /// Makes all tokens given so far invalid.
    pub fn revoke_tokens(&self) {
        self.shared.books().tokens.revoke();
    }

    /// Counts the tokens given so far.
    pub fn tokens_issued(&self) -> u64 {
        self.shared.books().tokens.issued()
    }

    /// Stops accepting requests and waits for those in flight.
    pub async fn shutdown(self) {
        drop(self.stop);
        // A server that failed has stopped too, which is all that is asked for here.
        self.server.await.map(Result::unwrap_or_default).unwrap_or_default();
    }
}
