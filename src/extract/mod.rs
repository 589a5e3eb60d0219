//! Everything between "walk this stream's window" and raw pages: transport, pace, retries, paging.
//!
//! A [`Client`] stands for one credential of one source; its pace, clock, request numbers and what
//! it learned about page sizes are shared by all its streams. [`walk()`] turns a window into pages;
//! [`Client::account`] and [`Client::read_one`] read single objects. Only GET is ever sent, and the
//! POST that asks for a token (CONTRACT C1); ids that
//! could address another route never enter a request (CONTRACT 0.3), and a walk is complete only
//! when its end is proven (DESIGN 6).
//!
//! Pure parts: `walk` (what to ask next), `segment`, `split` and `board` (several at once), `sequence`
//! (where each answer names the next page), `checkpoint` (where
//! to go on), `seen` (what came already), `decode` and `dialect` (text
//! to rows, window to query), `failure` (what an answer means), `retry` (whether to wait), `clock`.
//! Parts that touch the world: `http` (the only file that knows the HTTP library), `pace`,
//! `token`, `client`, `single`, `drive` and `follow`.

mod board;
mod checkpoint;
mod client;
mod clock;
mod decode;
mod dialect;
mod drive;
mod estimate;
mod failure;
mod follow;
mod http;
mod ids;
mod pace;
mod printable;
mod retry;
mod seen;
mod segment;
mod sequence;
mod single;
mod split;
mod token;
mod walk;

pub use checkpoint::Checkpoint;
pub use client::{Client, ClientOptions, DEFAULT_MAX_BODY_BYTES};
pub use clock::ServerClock;
pub use drive::{Filter, WalkEnd, WalkRequest, Walked, walk};
pub use estimate::Estimate;
pub use failure::{ApiError, HttpFailure, Trouble, stream_status};
pub use http::TransportError;
pub use ids::is_usable_id;
pub use retry::{Decision, RetryPolicy, Tries, decide};
pub use single::{FilterSupport, Single};
pub use walk::{ResumePoint, WalkStatus};
