//! What changes an account from outside its API: tests, controls and random business.

use serde_json::Value;

use super::dice::{Dice, instant, instant_with_milliseconds};
use super::options::SiblingKind;
use super::store::{Entry, Kind, PARENT, Store};
use super::{alternative, paid_ai};

/// Holds an object that is yet to be added, with its second of creation and its list.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) created: i64,
    pub(crate) list: &'static str,
    pub(crate) entry: Entry,
}

impl Draft {
    /// Drafts an object.
    pub(crate) fn new(created: i64, list: &'static str, entry: Entry) -> Self {
        Self { created, list, entry }
    }
}

/// Fills the lists of an account in the order of creation.
pub(crate) fn filled(kinds: &'static [Kind], mut drafts: Vec<Draft>) -> Store {
    let mut store = Store::new(kinds);
    // Stable, so that what was made in one second keeps its order.
    drafts.sort_by_key(|draft| draft.created);
    add(&mut store, drafts);
    store
}

/// Adds what was drafted.
pub(crate) fn add(store: &mut Store, drafts: Vec<Draft>) {
    for draft in drafts {
        store.add(draft.list, draft.entry);
    }
}

/// Spreads seconds of founding over two years up to now, oldest first.
pub(crate) fn founding_days(dice: &mut Dice, count: u32, now: i64) -> Vec<i64> {
    let mut seconds: Vec<i64> =
        (0..count).map(|_| now - dice.between(86_400, 730 * 86_400)).collect();
    seconds.sort_unstable();
    seconds
}

/// Names the list behind `/{list}/{id}/{child}`.
pub(crate) fn child_list(list: &str, child: &str) -> &'static str {
    match (list, child) {
        ("orders", "lines") => "order_lines",
        ("orders", "seats") => "seats",
        ("invoices", "lines") => "invoice_lines",
        ("customers", "users") => "users",
        ("customers", "payment-methods") => "payment_methods",
        ("payouts", "transactions") => "payout_transactions",
        _ => "",
    }
}

/// Says whether the objects of a list that belong to others name them.
pub(crate) fn names_parent(list: &str) -> bool {
    list == "seats"
}

/// Archives an object, or takes it back; says whether that changed anything.
pub(crate) fn archive(store: &mut Store, list: &str, id: &str, away: bool, now: i64) -> bool {
    let hides = store.kind(list).is_some_and(|kind| kind.is_archivable);
    let Some(entry) = store.edit(list, id) else { return false };
    let Some(shown) = entry.object.get_mut("archivedAt") else {
        let changed = hides && entry.is_archived != away;
        entry.is_archived = hides && away;
        return changed;
    };
    if shown.is_null() != away {
        return false;
    }
    *shown = if away { instant_with_milliseconds(now).into() } else { Value::Null };
    if let Some(active) = entry.object.get_mut("active") {
        *active = (!away).into();
    }
    touch(&mut entry.object, now);
    true
}

/// Replaces fields of an object, and its time of change unless that is among them.
pub(crate) fn edit(store: &mut Store, list: &str, id: &str, changes: Value, now: i64) -> bool {
    let Some(entry) = store.edit(list, id) else { return false };
    touch(&mut entry.object, now);
    if let (Some(fields), Value::Object(changes)) = (entry.object.as_object_mut(), changes) {
        fields.extend(changes);
    }
    true
}

/// Renews the time of change, where there is one.
pub(crate) fn touch(object: &mut Value, now: i64) {
    if let Some(updated) = object.get_mut("updatedAt") {
        *updated = instant_with_milliseconds(now).into();
    }
    if let Some(updated) = object.get_mut("updated_at") {
        *updated = instant(now).into();
    }
}

/// Adds an object as it is given.
pub(crate) fn insert(store: &mut Store, list: &str, mut object: Value) -> bool {
    let parent = object.as_object_mut().and_then(|fields| fields.remove(PARENT));
    let mut entry = Entry { is_raw: true, ..Entry::of(object) };
    entry.parent = parent.as_ref().and_then(Value::as_str).map(str::to_owned);
    store.add(list, entry)
}

/// Plays random business in one second.
pub(crate) fn churn(kind: SiblingKind, store: &mut Store, seed: u64, actions: u32, now: i64) {
    let mut dice = Dice::new(seed ^ store.serial().rotate_left(32));
    for _ in 0..actions {
        match kind {
            SiblingKind::AlternativePayments => alternative::churn::act(store, &mut dice, now),
            SiblingKind::PaidAiV1 | SiblingKind::PaidAiV2 => {
                paid_ai::churn::act(kind, store, &mut dice, now);
            }
        }
    }
}

/// Draws the id of a live object of a list.
pub(crate) fn any(store: &Store, dice: &mut Dice, list: &str) -> Option<String> {
    let kind = store.kind(list)?;
    let live: Vec<&str> = store
        .entries(list)
        .filter(|entry| store.is_live(kind, entry) && !entry.is_raw)
        .map(|entry| entry.id.as_str())
        .collect();
    live.get(dice.rng.usize(0..live.len().max(1))).map(|id| (*id).to_owned())
}
