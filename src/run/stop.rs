//! The signal that asks a run to stop.

use tokio::sync::watch;

use crate::error::{Error, Kind};

/// Resolves to `true` once the run should finish its load unit, save and stop.
pub type Stop = watch::Receiver<bool>;

/// Resolves when a signal asks the run to stop; never, if none can come any more.
pub(super) async fn stopped(stop: &mut Stop) {
    let asked = stop.wait_for(|stopped| *stopped).await.is_ok();
    if !asked {
        std::future::pending::<()>().await;
    }
}

/// Gives the error of a run that a signal stopped.
pub(super) fn interrupted() -> Error {
    Error::new(Kind::Interrupted, "stopped by a signal; progress is saved")
}
