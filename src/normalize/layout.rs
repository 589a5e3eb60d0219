//! Where each top-level field of a record goes: worked out once per stream, applied per record.

use super::coerce;
use super::json::{Object, Value};
use crate::catalog::{Coercion, Field, StreamSpec};

/// A source of a column.
#[derive(Debug, Clone)]
struct Source {
    /// Name as in the catalogue, dots included.
    name: &'static str,
    /// Position of its top-level field in [`Layout::names`].
    slot: usize,
    /// For a dotted source: position in [`Layout::opened`], and the field inside.
    inside: Option<(usize, &'static str)>,
}

/// A column and the fields that may fill it, best first.
#[derive(Debug, Clone)]
struct Column {
    field: &'static Field,
    sources: Vec<Source>,
}

/// What a column reads from one record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen<'a> {
    /// Field as the API spells it.
    pub(super) name: &'static str,
    /// Its value, not null.
    pub(super) value: Value<'a>,
}

/// The known fields of a stream.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Top-level fields that are `id`, `object` or a source of a column, in bytewise order.
    names: Vec<&'static str>,
    /// Slots of those that are shown elsewhere: the id, and the name of the type.
    own: Vec<usize>,
    /// Slots of fields that some column looks into.
    opened: Vec<usize>,
    columns: Vec<Column>,
}

/// The fields of one record, sorted into known and unknown.
#[derive(Debug)]
pub(super) struct Record<'o, 'a> {
    object: &'o Object<'a>,
    /// Per known name: its value, unless missing or null.
    slots: Vec<Option<Value<'a>>>,
    /// Per known name: whether a column shows the whole value.
    shown: Vec<bool>,
    opened: Vec<Option<Object<'a>>>,
}

impl Layout {
    /// Works out the layout of a stream.
    pub(super) fn new(spec: &'static StreamSpec) -> Self {
        let sources = spec.fields.iter().flat_map(|field| field.sources.iter().copied());
        let own = if spec.object.is_empty() { &["id"][..] } else { &["id", "object"] };
        let mut names: Vec<_> = sources.map(top_level).chain(own.iter().copied()).collect();
        names.sort_unstable();
        names.dedup();
        let mut layout = Self { names, own: Vec::new(), opened: Vec::new(), columns: Vec::new() };
        layout.own = own.iter().map(|name| layout.slot(name)).collect();
        for field in spec.fields {
            let sources = field.sources.iter().map(|name| layout.source(field, name)).collect();
            layout.columns.push(Column { field, sources });
        }
        layout
    }

    fn source(&mut self, field: &Field, name: &'static str) -> Source {
        let slot = self.slot(top_level(name));
        let inner = match name.split_once('.') {
            Some((_, inner)) => Some(inner),
            None if field.coercion == Coercion::EventCustomer => Some(""),
            None => None,
        };
        let inside = inner.map(|inner| (self.open(slot), inner));
        Source { name, slot, inside }
    }

    fn slot(&self, name: &str) -> usize {
        self.names.partition_point(|known| *known < name)
    }

    fn open(&mut self, slot: usize) -> usize {
        if let Some(at) = self.opened.iter().position(|opened| *opened == slot) {
            return at;
        }
        self.opened.push(slot);
        self.opened.len() - 1
    }

    /// Sorts the fields of a record. Both lists are in bytewise order, so one pass joins them.
    pub(super) fn record<'o, 'a>(&self, object: &'o Object<'a>) -> Record<'o, 'a> {
        let mut slots = vec![None; self.names.len()];
        let mut members = object.members().iter().peekable();
        for (name, slot) in self.names.iter().zip(&mut slots) {
            while members.next_if(|member| *member.key < *name.as_bytes()).is_some() {}
            let found = members.next_if(|member| *member.key == *name.as_bytes());
            *slot = found.map(|member| member.value).filter(|value| !value.is_null());
        }
        let open = |slot: &usize| slots.get(*slot).copied().flatten().and_then(Value::object);
        let opened = self.opened.iter().map(open).collect();
        Record { object, shown: vec![false; slots.len()], slots, opened }
    }

    /// Gives the columns in table order.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static Field> {
        self.columns.iter().map(|column| column.field)
    }

    /// Chooses for a column the first source that is present and not null.
    pub(super) fn choose<'a>(
        &self,
        column: usize,
        record: &mut Record<'_, 'a>,
    ) -> Option<Chosen<'a>> {
        let column = self.columns.get(column)?;
        column.sources.iter().find_map(|source| record.read(column.field, source))
    }

    /// Visits every field that no column shows: unknown ones (`true`), and known ones that lost
    /// against a preferred name.
    pub(super) fn leftovers<'o, 'a>(
        &self,
        record: &Record<'o, 'a>,
        mut visit: impl FnMut(&'o super::json::Member<'a>, bool),
    ) {
        let mut names = self.names.iter().enumerate().peekable();
        for member in record.object.members() {
            while names.next_if(|(_, name)| *name.as_bytes() < *member.key).is_some() {}
            match names.peek() {
                Some((slot, name)) if *name.as_bytes() == *member.key => {
                    let shown = record.shown.get(*slot).is_some_and(|shown| *shown);
                    if !shown && !self.own.contains(slot) && !member.value.is_null() {
                        visit(member, false);
                    }
                }
                _ => visit(member, true),
            }
        }
    }
}

impl<'a> Record<'_, 'a> {
    fn read(&mut self, field: &Field, source: &Source) -> Option<Chosen<'a>> {
        let Some((opened, inner)) = source.inside else {
            let value = self.slots.get(source.slot).copied().flatten()?;
            if let Some(shown) = self.shown.get_mut(source.slot) {
                *shown = true;
            }
            return Some(Chosen { name: source.name, value });
        };
        let object = self.opened.get(opened)?.as_ref()?;
        if field.coercion == Coercion::EventCustomer {
            return coerce::event_customer(object).map(|(name, value)| Chosen { name, value });
        }
        object.get(inner).map(|value| Chosen { name: source.name, value })
    }
}

fn top_level(name: &'static str) -> &'static str {
    name.split_once('.').map_or(name, |(top, _)| top)
}
