//! Files made side by side, while the next ones are being prepared.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::{Error, Kind, Result};

/// Hands on a job to whichever worker is free.
pub(super) type Send<'a, J> = &'a mut dyn FnMut(J) -> Result<()>;

/// Runs `produce` here and `work` for each job that it hands on, on so many other threads; waits for
/// all of them and adds up what they give.
///
/// # Errors
/// The first of a worker, else that of `produce`.
pub(super) fn side_by_side<J: std::marker::Send>(
    workers: usize,
    produce: impl FnOnce(Send<'_, J>) -> Result<()>,
    work: impl Fn(J) -> Result<usize> + Sync,
) -> Result<usize> {
    // No job waits: each may hold its rows in memory (I10).
    let (sender, receiver) = sync_channel::<J>(0);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..workers).map(|_| scope.spawn(|| work_off(&receiver, &work))).collect();
        let ended = || Error::new(Kind::Disk, "writing partitions ended unexpectedly");
        let produced = produce(&mut |job| sender.send(job).map_err(|_| ended()));
        drop(sender);
        let done: Vec<_> = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(ended())))
            .collect();
        let done = done.into_iter().sum::<Result<usize>>()?;
        produced.map(|()| done)
    })
}

/// Takes jobs until there are none; after a failure without doing them, so that nobody waits.
fn work_off<J>(jobs: &Mutex<Receiver<J>>, work: impl Fn(J) -> Result<usize>) -> Result<usize> {
    let mut done = Ok(0);
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(job) = next() {
        done = done.and_then(|before| Ok(before + work(job)?));
    }
    done
}
