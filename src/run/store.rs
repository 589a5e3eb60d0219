//! Keeps blocking work on the warehouse off the async runtime, one piece at a time.

use std::sync::{Arc, Mutex, PoisonError};

use super::rebuild;
use crate::config::Settings;
use crate::error::{Context, Error, Kind, Result};
use crate::load::Warehouse;
use crate::model::Observer;

/// A shared handle of the working database.
#[derive(Debug, Clone)]
pub(super) struct Store {
    warehouse: Arc<Mutex<Warehouse>>,
}

impl Store {
    /// Opens the working database.
    pub(super) async fn open(settings: &Settings, observer: &Arc<dyn Observer>) -> Result<Self> {
        let (settings, observer) = (settings.clone(), Arc::clone(observer));
        let warehouse = blocking(move || rebuild::open_working(&settings, &*observer)).await?;
        Ok(Self { warehouse: Arc::new(Mutex::new(warehouse)) })
    }

    /// Runs `work` on a thread that may block.
    pub(super) async fn with<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Warehouse) -> Result<T> + Send + 'static,
    {
        let warehouse = Arc::clone(&self.warehouse);
        blocking(move || work(&warehouse.lock().unwrap_or_else(PoisonError::into_inner))).await
    }

    /// Gives the warehouse back for closing; all other handles must be gone.
    pub(super) fn into_warehouse(self) -> Result<Warehouse> {
        let inner = Arc::try_unwrap(self.warehouse)
            .map_err(|_| Error::new(Kind::Database, "the working database is still in use"))?;
        Ok(inner.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs work that blocks on a thread of its own.
pub(super) async fn blocking<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .context(Kind::Database, || "work on the warehouse ended unexpectedly")?
}
