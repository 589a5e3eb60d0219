//! The lists of a sibling account: JSON objects in the order of their creation.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

/// Holds the parent's id in what [`Sibling::truth`](super::Sibling::truth) tells.
pub(crate) const PARENT: &str = "_parent";

/// Describes one list.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Names the list.
    pub(crate) name: &'static str,
    /// Names one object in messages and error codes.
    pub(crate) noun: &'static str,
    /// Names the list whose objects own the objects of this one.
    pub(crate) parent: Option<&'static str>,
    /// Says that objects can be archived, and then leave the list.
    pub(crate) is_archivable: bool,
    /// Completes an object by what is kept in other lists.
    pub(crate) complete: fn(&Store, &mut Value),
}

impl Kind {
    /// Describes a list whose objects stand alone.
    pub(crate) const fn new(name: &'static str, noun: &'static str) -> Self {
        Self { name, noun, parent: None, is_archivable: false, complete: |_, _| {} }
    }

    /// Describes a list whose objects are reached through another object.
    pub(crate) const fn under(self, parent: &'static str) -> Self {
        Self { parent: Some(parent), ..self }
    }

    /// Lets objects be archived.
    pub(crate) const fn archivable(self) -> Self {
        Self { is_archivable: true, ..self }
    }

    /// Lets other lists complete the objects.
    pub(crate) const fn completed(self, complete: fn(&Store, &mut Value)) -> Self {
        Self { complete, ..self }
    }
}

/// Keeps one object.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) object: Value,
    /// Holds what filters compare though the object does not show it (CONTRACT C-03).
    pub(crate) hidden: Value,
    pub(crate) is_archived: bool,
    /// Says that the object is shown as it was given.
    pub(crate) is_raw: bool,
}

impl Entry {
    /// Makes an entry of an object, whose id it shares.
    pub(crate) fn of(object: Value) -> Self {
        let id = match object.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        let (parent, hidden) = (None, Value::Null);
        Self { id, parent, object, hidden, is_archived: false, is_raw: false }
    }

    /// Files the entry under a parent.
    pub(crate) fn under(mut self, parent: &str) -> Self {
        self.parent = Some(parent.to_owned());
        self
    }

    /// Gives what filters compare beside the object.
    pub(crate) fn hiding(mut self, hidden: Value) -> Self {
        self.hidden = hidden;
        self
    }

    /// Gives a text field, shown or hidden.
    pub(crate) fn text(&self, field: &str) -> &str {
        let shown = self.object.get(field).or_else(|| self.hidden.get(field));
        shown.and_then(Value::as_str).unwrap_or_default()
    }
}

/// Keeps one list under the serial numbers of its objects.
#[derive(Debug, Default)]
pub(crate) struct List {
    entries: BTreeMap<u64, Entry>,
    ids: HashMap<String, u64>,
    children: HashMap<String, BTreeSet<u64>>,
}

impl List {
    /// Finds an object, archived or not.
    pub(crate) fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(self.ids.get(id)?)
    }

    /// Reads all objects, oldest first.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = (u64, &Entry)> {
        self.entries.iter().map(|(serial, entry)| (*serial, entry))
    }

    /// Reads the objects of a parent, oldest first.
    pub(crate) fn under(&self, parent: &str) -> impl DoubleEndedIterator<Item = (u64, &Entry)> {
        let serials = self.children.get(parent).into_iter().flatten();
        serials.filter_map(|serial| self.entries.get(serial).map(|entry| (*serial, entry)))
    }
}

/// Keeps all lists of an account.
#[derive(Debug)]
pub(crate) struct Store {
    kinds: &'static [Kind],
    lists: HashMap<&'static str, List>,
    next: u64,
}

impl Store {
    /// Begins with empty lists.
    pub(crate) fn new(kinds: &'static [Kind]) -> Self {
        let lists = kinds.iter().map(|kind| (kind.name, List::default())).collect();
        Self { kinds, lists, next: 1 }
    }

    /// Lists what lists there are.
    pub(crate) fn kinds(&self) -> &'static [Kind] {
        self.kinds
    }

    /// Finds the description of a list.
    pub(crate) fn kind(&self, name: &str) -> Option<&'static Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// Finds a list.
    pub(crate) fn list(&self, name: &str) -> Option<&List> {
        self.lists.get(name)
    }

    /// Reads all objects of a list, oldest first; none if there is no such list.
    pub(crate) fn entries(&self, list: &str) -> impl DoubleEndedIterator<Item = &Entry> {
        self.list(list).into_iter().flat_map(|list| list.entries.values())
    }

    /// Tells how much was ever written, which differs after every new object.
    pub(crate) fn serial(&self) -> u64 {
        self.next
    }

    /// Finds an object, archived or not.
    pub(crate) fn get(&self, list: &str, id: &str) -> Option<&Entry> {
        self.list(list)?.get(id)
    }

    /// Finds an object by the merchant's own id.
    pub(crate) fn external(&self, list: &str, external: &str) -> Option<&Entry> {
        let named = |entry: &Entry| {
            ["externalId", "external_id"].iter().any(|field| {
                entry.object.get(field).and_then(Value::as_str).is_some_and(|id| id == external)
            })
        };
        self.entries(list).find(|entry| named(entry))
    }

    /// Adds an object behind those that are there.
    pub(crate) fn add(&mut self, list: &str, entry: Entry) -> bool {
        let Some(list) = self.lists.get_mut(list) else { return false };
        let serial = self.next;
        self.next += 1;
        list.ids.insert(entry.id.clone(), serial);
        if let Some(parent) = &entry.parent {
            list.children.entry(parent.clone()).or_default().insert(serial);
        }
        list.entries.insert(serial, entry);
        true
    }

    /// Opens an object for change.
    pub(crate) fn edit(&mut self, list: &str, id: &str) -> Option<&mut Entry> {
        let list = self.lists.get_mut(list)?;
        list.entries.get_mut(list.ids.get(id)?)
    }

    /// Takes an object away for good, with what can only be reached through it.
    pub(crate) fn remove(&mut self, list: &str, id: &str) -> bool {
        let Some(found) = self.lists.get_mut(list) else { return false };
        let Some(serial) = found.ids.remove(id) else { return false };
        if let Some(parent) = found.entries.remove(&serial).and_then(|entry| entry.parent)
            && let Some(siblings) = found.children.get_mut(&parent)
        {
            siblings.remove(&serial);
        }
        for kind in self.kinds.iter().filter(|kind| kind.parent == Some(list)) {
            let Some(children) = self.lists.get_mut(kind.name) else { continue };
            for orphan in children.children.remove(id).unwrap_or_default() {
                if let Some(entry) = children.entries.remove(&orphan) {
                    children.ids.remove(&entry.id);
                }
            }
        }
        true
    }

    /// Takes the first row of a list away, as it is served: the newest.
    pub(crate) fn remove_front(&mut self, list: &str, parent: Option<&str>) -> bool {
        let Some(found) = self.list(list) else { return false };
        let front = match parent {
            Some(parent) => found.under(parent).next_back(),
            None => found.all().rfind(|(_, entry)| !entry.is_archived),
        };
        let id = front.map(|(_, entry)| entry.id.clone());
        id.is_some_and(|id| self.remove(list, &id))
    }

    /// Says whether lists show an object: neither it nor its parent is archived.
    pub(crate) fn is_live(&self, kind: &Kind, entry: &Entry) -> bool {
        let parent = kind.parent.zip(entry.parent.as_deref());
        let above = parent.and_then(|(list, id)| self.get(list, id));
        !entry.is_archived && above.is_none_or(|above| !above.is_archived)
    }

    /// Gives an object as the API shows it, before its fields are spelled.
    pub(crate) fn view(&self, list: &str, entry: &Entry) -> Value {
        let mut object = entry.object.clone();
        if let Some(kind) = self.kind(list).filter(|_| !entry.is_raw) {
            (kind.complete)(self, &mut object);
        }
        object
    }
}

/// Gives a whole number of an object, or zero.
pub(crate) fn whole(object: &Value, field: &str) -> i64 {
    object.get(field).and_then(Value::as_i64).unwrap_or_default()
}

/// Gives a text of an object, or an empty one.
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}
