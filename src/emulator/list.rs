//! One list of objects in creation order, found by id or parent, each ready as JSON bytes.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Serialize;

use super::calendar::Day;
use super::refusal::Refusal;
use super::store::Store;
use super::text::Text;

/// Numbers the objects of one list in creation order.
pub(super) type Position = usize;

/// Describes an object that lives in one of the lists.
pub(super) trait Resource: Serialize + Sized + Send + Sync {
    /// Begins every id, as seen in CONTRACT A3.
    const PREFIX: &'static str;

    /// Finds the list of this kind.
    fn list(store: &Store) -> &List<Self>;

    /// Finds the list of this kind, to change it.
    fn list_mut(store: &mut Store) -> &mut List<Self>;

    /// Names the object.
    fn id(&self) -> &Text;

    /// Renders the view that GET by id gives; lists may show less (CONTRACT A-31).
    fn full_view(&self, _today: Day) -> Vec<u8> {
        render(self)
    }

    /// Says whether the object belongs into its list at all (CONTRACT A-04).
    fn is_genuine(&self) -> bool {
        true
    }
}

/// Renders one object as JSON.
pub(super) fn render(object: &impl Serialize) -> Vec<u8> {
    // Writing plain structs to memory cannot fail, so there is no error to pass on.
    serde_json::to_vec(object).unwrap_or_default()
}

/// Keeps one object with the bytes that lists show.
#[derive(Debug)]
pub(super) struct Row<T> {
    /// Holds the object itself.
    pub(super) object: T,
    /// Orders and filters the list, even when the object does not show it.
    pub(super) created_at: i64,
    /// Holds the list view; empty while the object waits in `stale`.
    pub(super) json: Bytes,
}

/// Keeps all objects of one kind.
#[derive(Debug)]
pub(super) struct List<T> {
    rows: Vec<Row<T>>,
    positions: HashMap<Text, Position>,
    children: HashMap<Text, Vec<Position>>,
    stale: Vec<Position>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            positions: HashMap::new(),
            children: HashMap::new(),
            stale: Vec::new(),
        }
    }
}

impl<T: Resource> List<T> {
    /// Adds an object at the head. `created_at` must not lie before that of the object before.
    pub(super) fn push(&mut self, object: T, created_at: i64) -> Position {
        let position = self.rows.len();
        self.positions.insert(object.id().clone(), position);
        self.rows.push(Row { object, created_at, json: Bytes::new() });
        self.stale.push(position);
        position
    }

    /// Files an object under a parent, for filters such as `customer=`.
    pub(super) fn file_under(&mut self, parent: &Text, position: Position) {
        let siblings = self.children.entry(parent.clone()).or_default();
        let place = siblings.partition_point(|&other| other < position);
        siblings.insert(place, position);
    }

    /// Lists what is filed under a parent, oldest first.
    pub(super) fn under(&self, parent: &str) -> &[Position] {
        self.children.get(parent).map_or(&[], Vec::as_slice)
    }

    /// Finds an id.
    pub(super) fn position(&self, id: &str) -> Result<Position, Refusal> {
        self.positions.get(id).copied().ok_or(Refusal::Missing)
    }

    /// Reads an object.
    pub(super) fn get(&self, position: Position) -> Result<&T, Refusal> {
        self.rows.get(position).map(|row| &row.object).ok_or(Refusal::Missing)
    }

    /// Opens an object for change; its bytes are renewed by the next [`List::refresh`].
    pub(super) fn edit(&mut self, position: Position) -> Result<&mut T, Refusal> {
        let row = self.rows.get_mut(position).ok_or(Refusal::Missing)?;
        if !row.json.is_empty() {
            row.json = Bytes::new();
            self.stale.push(position);
        }
        Ok(&mut row.object)
    }

    /// Renders again what changed. Must run before the list is served.
    pub(super) fn refresh(&mut self) {
        for position in self.stale.drain(..) {
            if let Some(row) = self.rows.get_mut(position) {
                row.json = render(&row.object).into();
            }
        }
    }

    /// Reads all rows, oldest first.
    pub(super) fn rows(&self) -> &[Row<T>] {
        &self.rows
    }
}
