//! One write: what the caller sent, and the account while it changes.

use axum::response::Response;
use bytes::Bytes;

use crate::emulator::account::calendar::Day;
use crate::emulator::account::list::{Position, Resource};
use crate::emulator::account::store::Store;
use crate::emulator::api::answer::{ApiError, json_body};
use crate::emulator::api::params::Params;
use crate::emulator::api::routes::Shared;
use crate::emulator::engine::Engine;
use crate::emulator::rules::actions::Action;

/// Answers a write.
pub(crate) type Answer = Result<Response, ApiError>;

/// Holds what a caller sent.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    /// Is the id in the path, if there is one.
    pub(crate) id: &'a str,
    pub(crate) params: Params,
}

/// Holds the account for one call.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    engine: &'a mut Engine,
    /// Is the simulated time.
    pub(crate) now: i64,
    call: &'a Call<'a>,
}

impl Call<'_> {
    /// Locks the account, lets happen what is due, and lets the caller in.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Visit<'_>) -> Answer) -> Answer {
        self.shared.change(|engine, now| change(&mut Visit { engine, now, call: self }))
    }

    /// Adds an object that a draft describes, and shows it.
    pub(crate) fn create<T: Resource + Default>(
        &self,
        fill: impl FnOnce(&Visit<'_>, &mut T) -> Result<(), ApiError>,
        action: impl FnOnce(T) -> Action,
    ) -> Answer {
        self.change(|visit| {
            let mut draft = T::default();
            fill(visit, &mut draft)?;
            let made = visit.act(action(draft))?;
            visit.show::<T>(made)
        })
    }

    /// Changes the object with the id in the path, and shows it.
    pub(crate) fn update<T: Resource + Clone>(
        &self,
        fill: impl FnOnce(&Visit<'_>, &mut T) -> Result<(), ApiError>,
        action: impl FnOnce(Position, T) -> Action,
    ) -> Answer {
        self.change(|visit| {
            let position = visit.find::<T>()?;
            let mut changed = visit.get::<T>(position)?.clone();
            fill(visit, &mut changed)?;
            visit.act(action(position, changed))?;
            visit.show::<T>(position)
        })
    }

    /// Does something to the object with the id in the path, and shows it.
    pub(crate) fn act_on<T: Resource>(&self, action: impl FnOnce(Position) -> Action) -> Answer {
        self.change(|visit| {
            let position = visit.find::<T>()?;
            visit.act(action(position))?;
            visit.show::<T>(position)
        })
    }

    /// Takes the object with the id in the path away, and shows its last state.
    pub(crate) fn delete<T: Resource>(&self, action: impl FnOnce(Position) -> Action) -> Answer {
        self.change(|visit| {
            let position = visit.find::<T>()?;
            let last = visit.view::<T>(position)?;
            visit.act(action(position))?;
            Ok(json_body(last))
        })
    }
}

impl Visit<'_> {
    /// Reads the account.
    pub(crate) fn store(&self) -> &Store {
        &self.engine.store
    }

    /// Does something and finds the first object that it made or changed.
    pub(crate) fn act(&mut self, action: Action) -> Result<Position, ApiError> {
        self.act_all(action).map(|touched| touched.first().copied().unwrap_or_default())
    }

    /// Does something and finds all objects that it made or changed.
    pub(crate) fn act_all(&mut self, action: Action) -> Result<Vec<Position>, ApiError> {
        let status = self.call.shared.options.conflict_status;
        let outcome = self.engine.act(action, self.now);
        outcome.map_err(|refusal| ApiError::refused(refusal, status))
    }

    /// Finds the object with the id in the path.
    pub(crate) fn find<T: Resource>(&self) -> Result<Position, ApiError> {
        let id = self.call.id;
        self.position::<T>(id).ok_or_else(|| ApiError::no_such(T::NOUN, id))
    }

    /// Finds the object that a parameter names, if it was sent.
    pub(crate) fn named<T: Resource>(
        &self,
        param: &'static str,
    ) -> Result<Option<Position>, ApiError> {
        let Some(id) = self.call.params.read::<String>(param)? else { return Ok(None) };
        let found = self.position::<T>(&id);
        found.map(Some).ok_or_else(|| ApiError::unknown_reference(param, T::NOUN, &id))
    }

    /// Finds the object that a parameter has to name.
    pub(crate) fn require<T: Resource>(&self, param: &'static str) -> Result<Position, ApiError> {
        self.named::<T>(param)?.ok_or_else(|| ApiError::missing(param))
    }

    fn position<T: Resource>(&self, id: &str) -> Option<Position> {
        let list = T::list(self.store());
        let position = list.position(id).ok()?;
        list.get(position).ok().filter(|object| object.is_genuine()).map(|_| position)
    }

    /// Reads an object.
    pub(crate) fn get<T: Resource>(&self, position: Position) -> Result<&T, ApiError> {
        T::list(self.store()).get(position).map_err(|_| ApiError::no_such(T::NOUN, self.call.id))
    }

    /// Renders an object as GET by id shows it.
    pub(crate) fn view<T: Resource>(&self, position: Position) -> Result<Bytes, ApiError> {
        let row = T::list(self.store()).row(position);
        let row = row.ok_or_else(|| ApiError::no_such(T::NOUN, self.call.id))?;
        Ok(row.full_view(Day::of(self.now)))
    }

    /// Answers with an object as GET by id shows it.
    pub(crate) fn show<T: Resource>(&self, position: Position) -> Answer {
        self.view::<T>(position).map(json_body)
    }
}
