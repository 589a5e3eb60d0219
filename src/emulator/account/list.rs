//! One list of objects, oldest first, found by id or parent, each ready as JSON bytes.
//!
//! A position is given once and stays, also when the object is removed or when an older one
//! arrives late, so that agendas and indexes may hold it.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Serialize;

use super::calendar::Day;
use super::refusal::Refusal;
use super::store::Store;
use super::text::Text;

/// Numbers the objects of one list in the order of their arrival.
pub(crate) type Position = usize;

/// Describes an object that lives in one of the lists.
pub(crate) trait Resource: Serialize + Sized + Send + Sync {
    /// Names one object in messages.
    const NOUN: &'static str;
    /// Begins every id, as seen in CONTRACT A3.
    const PREFIX: &'static str;

    /// Finds the list of this kind.
    fn list(store: &Store) -> &List<Self>;

    /// Finds the list of this kind, to change it.
    fn list_mut(store: &mut Store) -> &mut List<Self>;

    /// Names the object.
    fn id(&self) -> &Text;

    /// Renders the view that GET by id gives where lists show less (CONTRACT A-31).
    fn full_view(&self, _today: Day) -> Option<Vec<u8>> {
        None
    }

    /// Says whether the object belongs into its list at all (CONTRACT A-04).
    fn is_genuine(&self) -> bool {
        true
    }
}

/// Renders one object as JSON.
pub(crate) fn render(object: &impl Serialize) -> Vec<u8> {
    // Writing plain structs to memory cannot fail, so there is no error to pass on.
    serde_json::to_vec(object).unwrap_or_default()
}

/// Keeps one object with the bytes that lists show.
#[derive(Debug)]
pub(crate) struct Row<T> {
    /// Holds the object itself.
    pub(crate) object: T,
    /// Is what `created_at` filters compare, even when the object does not show it.
    pub(crate) created_at: i64,
    /// Orders the list; differs from `created_at` only where a list is out of order.
    key: i64,
    is_removed: bool,
    /// Holds the list view; empty while the object waits in `stale`.
    json: Bytes,
}

/// Keeps all objects of one kind.
#[derive(Debug)]
pub(crate) struct List<T> {
    rows: Vec<Row<T>>,
    /// Holds what the list shows, oldest first.
    order: Vec<Position>,
    positions: HashMap<Text, Position>,
    children: HashMap<Text, Vec<Position>>,
    stale: Vec<Position>,
    is_sorted_by_time: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            order: Vec::new(),
            positions: HashMap::new(),
            children: HashMap::new(),
            stale: Vec::new(),
            is_sorted_by_time: true,
        }
    }
}

impl<T: Resource> List<T> {
    /// Adds an object where its time of creation belongs.
    pub(crate) fn push(&mut self, object: T, created_at: i64) -> Position {
        self.push_at(object, created_at, created_at)
    }

    /// Adds an object at a place in the list that its time of creation may contradict.
    pub(crate) fn push_at(&mut self, object: T, created_at: i64, key: i64) -> Position {
        let position = self.rows.len();
        self.positions.insert(object.id().clone(), position);
        self.rows.push(Row { object, created_at, key, is_removed: false, json: Bytes::new() });
        let place = place_of(&self.rows, &self.order, position);
        self.order.insert(place, position);
        self.stale.push(position);
        self.is_sorted_by_time &= created_at == key;
        position
    }

    /// Takes an object out of the list. Its id stays known as one that was removed.
    pub(crate) fn remove(&mut self, position: Position) -> Result<(), Refusal> {
        self.get(position)?;
        let place = place_of(&self.rows, &self.order, position);
        self.order.remove(place);
        if let Some(row) = self.rows.get_mut(position) {
            row.is_removed = true;
            row.json = Bytes::new();
        }
        Ok(())
    }

    /// Takes the oldest objects out of the list.
    pub(crate) fn remove_oldest(&mut self, count: usize) {
        for position in self.order.drain(..count.min(self.order.len())) {
            if let Some(row) = self.rows.get_mut(position) {
                row.is_removed = true;
                row.json = Bytes::new();
            }
        }
    }

    /// Files an object under a parent, for filters such as `customer=`.
    pub(crate) fn file_under(&mut self, parent: &Text, position: Position) {
        let siblings = self.children.entry(parent.clone()).or_default();
        let place = place_of(&self.rows, siblings, position);
        siblings.insert(place, position);
    }

    /// Takes an object from a parent that it was filed under.
    pub(crate) fn unfile(&mut self, parent: &str, position: Position) {
        if let Some(siblings) = self.children.get_mut(parent) {
            siblings.retain(|&sibling| sibling != position);
        }
    }

    /// Lists what is filed under a parent, oldest first.
    pub(crate) fn under(&self, parent: &str) -> Vec<Position> {
        let filed = self.children.get(parent).map_or(&[][..], Vec::as_slice);
        filed.iter().copied().filter(|&position| self.get(position).is_ok()).collect()
    }

    /// Finds an id.
    pub(crate) fn position(&self, id: &str) -> Result<Position, Refusal> {
        let position = self.positions.get(id).copied().ok_or(Refusal::Missing)?;
        self.get(position).map(|_| position)
    }

    /// Says whether an id was removed, which differs from one that never was.
    pub(crate) fn is_removed(&self, id: &str) -> bool {
        let row = self.positions.get(id).and_then(|&position| self.rows.get(position));
        row.is_some_and(|row| row.is_removed)
    }

    /// Reads an object.
    pub(crate) fn get(&self, position: Position) -> Result<&T, Refusal> {
        self.row(position).map(|row| &row.object).ok_or(Refusal::Missing)
    }

    /// Names the object at a position, also one that was removed.
    pub(crate) fn id_at(&self, position: Position) -> Option<&Text> {
        self.rows.get(position).map(|row| row.object.id())
    }

    /// Reads the row of an object that the list shows.
    pub(crate) fn row(&self, position: Position) -> Option<&Row<T>> {
        self.rows.get(position).filter(|row| !row.is_removed)
    }

    /// Opens an object for change; its bytes are renewed by the next [`List::refresh`].
    pub(crate) fn edit(&mut self, position: Position) -> Result<&mut T, Refusal> {
        let row = self.rows.get_mut(position).filter(|row| !row.is_removed);
        let row = row.ok_or(Refusal::Missing)?;
        if !row.json.is_empty() {
            row.json = Bytes::new();
            self.stale.push(position);
        }
        Ok(&mut row.object)
    }

    /// Renders again what changed. Must run before the list is served.
    pub(crate) fn refresh(&mut self) {
        for position in self.stale.drain(..) {
            if let Some(row) = self.rows.get_mut(position).filter(|row| !row.is_removed) {
                row.json = render(&row.object).into();
            }
        }
    }

    /// Counts all objects that ever were in the list.
    pub(crate) fn ever(&self) -> usize {
        self.rows.len()
    }

    /// Lists what the list shows, oldest first.
    pub(crate) fn order(&self) -> &[Position] {
        &self.order
    }

    /// Reads all objects that the list shows, oldest first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Position, &Row<T>)> {
        self.order.iter().filter_map(|&position| Some((position, self.rows.get(position)?)))
    }

    /// Counts those of the chosen positions that come before another one.
    pub(crate) fn rank(&self, chosen: &[Position], position: Position) -> usize {
        place_of(&self.rows, chosen, position)
    }

    /// Says whether the order of the list is that of the times of creation.
    pub(crate) fn is_sorted_by_time(&self) -> bool {
        self.is_sorted_by_time
    }
}

impl<T: Resource> Row<T> {
    /// Renders the object as lists show it.
    pub(crate) fn json(&self) -> Bytes {
        if self.json.is_empty() { render(&self.object).into() } else { self.json.clone() }
    }

    /// Renders the object as GET by id shows it.
    pub(crate) fn full_view(&self, today: Day) -> Bytes {
        self.object.full_view(today).map_or_else(|| self.json(), Bytes::from)
    }
}

/// Finds where a position belongs among positions that are in the order of the list.
fn place_of<T>(rows: &[Row<T>], among: &[Position], position: Position) -> usize {
    let key = |position: Position| (rows.get(position).map(|row| row.key), position);
    let place = key(position);
    if among.last().is_none_or(|&last| key(last) < place) {
        return among.len();
    }
    among.partition_point(|&other| key(other) < place)
}
