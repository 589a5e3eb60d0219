//! How fast and how wide one credential may ask: a token bucket and a limit of requests in flight.
//!
//! Both halve when the server throttles and recover by a tenth a minute (CONTRACT G-A2): of what is
//! configured, so that a storm is over after ten minutes, however deep the pace has fallen. Requests
//! that were already under way when the pace was halved do not halve it again.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Slowest pace that halving leads to: one request in this long.
const SLOWEST: Duration = Duration::from_secs(10);
/// Silence after a halving, so that the server's own bucket fills a little: whatever is sent into an
/// empty one is refused and would halve the pace again, far below what the server allows.
const PAUSE: Duration = Duration::from_millis(250);
/// Time without throttling after which the pace recovers one step.
const RECOVERY: Duration = Duration::from_mins(1);
/// Part of a second whose tokens may be spent at once, so that timers of a millisecond's grain do
/// not slow down a fast pace; at 4/s it leaves no burst at all.
const BURSTS_PER_SECOND: u32 = 20;

/// The shared pace of one credential.
#[derive(Debug)]
pub(super) struct Pace {
    slots: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
    configured: Duration,
    width: u32,
}

#[derive(Debug)]
struct State {
    limiter: Arc<DefaultDirectRateLimiter>,
    /// Time between two requests.
    period: Duration,
    /// Requests allowed in flight.
    width: u32,
    /// Slots to take away as soon as requests in flight return them.
    debt: u32,
    changed: Instant,
    /// The server asked for silence until then.
    silent_until: Option<Instant>,
    /// Counts the halvings, to tell requests sent before one from those sent after.
    generation: u64,
}

/// The right to have one request in flight.
#[derive(Debug)]
pub(super) struct Permit {
    slot: Option<OwnedSemaphorePermit>,
    state: Arc<Mutex<State>>,
    generation: u64,
}

impl Pace {
    /// Makes a pace; zero counts as one.
    pub(super) fn new(requests_per_second: u32, max_in_flight: u32) -> Self {
        let configured = Duration::from_secs(1) / requests_per_second.max(1);
        let width = max_in_flight.max(1);
        let state = State {
            limiter: limiter(configured),
            period: configured,
            width,
            debt: 0,
            changed: Instant::now(),
            silent_until: None,
            generation: 0,
        };
        let slots = usize::try_from(width).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        let slots = Arc::new(Semaphore::new(slots));
        Self { slots, state: Arc::new(Mutex::new(state)), configured, width }
    }

    /// Gives the configured number of slots.
    pub(super) fn width(&self) -> usize {
        usize::try_from(self.width).unwrap_or(usize::MAX)
    }

    /// Gives the time between two requests, now and as configured.
    pub(super) fn period(&self) -> (Duration, Duration) {
        (lock(&self.state).period, self.configured)
    }

    /// Waits for a slot and a token. Dropping the future takes neither.
    pub(super) async fn permit(&self) -> Permit {
        // The semaphore is never closed; without a slot the token bucket alone sets the pace.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        loop {
            let wait = {
                let mut state = lock(&self.state);
                self.recover(&mut state);
                match state.wait() {
                    None => {
                        let generation = state.generation;
                        return Permit { slot, state: Arc::clone(&self.state), generation };
                    }
                    Some(wait) => wait,
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Halves pace and width because the request of `permit` was throttled.
    pub(super) fn throttled(&self, permit: &Permit, silence: Option<Duration>) {
        let mut state = lock(&self.state);
        let now = Instant::now();
        if let Some(until) = silence.and_then(|silence| now.checked_add(silence)) {
            state.silent_until = state.silent_until.max(Some(until));
        }
        if permit.generation != state.generation {
            return;
        }
        state.generation += 1;
        state.changed = now;
        state.silent_until = state.silent_until.max(now.checked_add(PAUSE));
        let slowest = SLOWEST.max(self.configured);
        let period = state.period.saturating_mul(2).min(slowest);
        state.set_period(period);
        let width = (state.width / 2).max(1);
        state.debt += state.width - width;
        state.width = width;
    }

    /// Takes one step back towards the configured pace if the server has been content for a while.
    fn recover(&self, state: &mut State) {
        let slowed = state.period > self.configured || state.width < self.width;
        if !slowed || state.changed.elapsed() < RECOVERY {
            return;
        }
        state.changed = Instant::now();
        state.set_period(recovered(state.period, self.configured));
        if state.width < self.width {
            state.width += 1;
            if state.debt > 0 {
                state.debt -= 1;
            } else {
                self.slots.add_permits(1);
            }
        }
    }
}

impl State {
    fn set_period(&mut self, period: Duration) {
        if period != self.period {
            self.period = period;
            self.limiter = limiter(period);
        }
    }

    /// Takes a token, or tells how long to wait for one.
    fn wait(&self) -> Option<Duration> {
        let now = Instant::now();
        if let Some(until) = self.silent_until.filter(|until| *until > now) {
            return Some(until - now);
        }
        let early = self.limiter.check().err()?;
        Some(early.wait_time_from(DefaultClock::default().now()))
    }
}

impl Permit {
    /// Gives the slot back, because the answer has come: what is made of it is nobody's to wait for.
    pub(super) fn answered(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        let mut state = lock(&self.state);
        if state.debt > 0 {
            slot.forget();
            state.debt -= 1;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.answered();
    }
}

/// Gives the time between two requests after one step of recovery.
fn recovered(period: Duration, configured: Duration) -> Duration {
    let rate = period.as_secs_f64().recip() + configured.as_secs_f64().recip() / 10.0;
    Duration::try_from_secs_f64(rate.recip()).unwrap_or(configured).max(configured)
}

fn limiter(period: Duration) -> Arc<DefaultDirectRateLimiter> {
    let per_slice = Duration::from_secs(1).as_nanos()
        / u128::from(BURSTS_PER_SECOND)
        / period.as_nanos().max(1);
    let burst = u32::try_from(per_slice).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MAX));
    Arc::new(RateLimiter::direct(quota.allow_burst(burst)))
}

/// A panic elsewhere cannot leave the state half-written: every change is a plain assignment.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Duration, SLOWEST, recovered};

    #[test]
    fn a_pace_is_whole_again_after_ten_steps_from_anywhere() {
        for per_second in [1, 4, 50, 100_000] {
            let configured = Duration::from_secs(1) / per_second;
            let mut period = SLOWEST.max(configured);
            for _ in 0..10 {
                let slower = period;
                period = recovered(period, configured);
                assert!(period < slower || slower == configured, "{period:?}");
                assert!(period >= configured);
            }
            assert_eq!(recovered(period, configured), configured);
        }
        let (halved, configured) = (Duration::from_millis(500), Duration::from_millis(250));
        assert_eq!(recovered(halved, configured).as_micros(), 416_666, "2.4 of 4 requests/s");
    }
}
