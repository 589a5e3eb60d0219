//! Random business of an account of paid-ai.

use serde_json::Value;

use super::{first, invoicing, people, second};
use crate::emulator::business::names;
use crate::emulator::sibling::business::{add, any, archive, touch};
use crate::emulator::sibling::dice::{Dice, instant_with_milliseconds};
use crate::emulator::sibling::options::SiblingKind;
use crate::emulator::sibling::store::{Entry, Store, whole};

/// Does one thing; what cannot be done is left.
pub(crate) fn act(kind: SiblingKind, store: &mut Store, dice: &mut Dice, now: i64) {
    let is_first = kind == SiblingKind::PaidAiV1;
    match dice.between(0, 13) {
        0 | 1 => {
            let serial = usize::try_from(store.serial()).unwrap_or_default();
            let (_, drafts) = people::sign_up(kind, serial, now, dice);
            add(store, drafts);
        }
        2 | 3 => rename(store, dice, "customers", now),
        4 => remove(store, dice, "customers"),
        5 => edit_contact(store, dice, now),
        6 => remove(store, dice, "contacts"),
        7 => add_contact(kind, store, dice, now),
        8 => sell(is_first, store, dice, now),
        9 | 10 => pay(is_first, store, dice, now),
        11 => remove(store, dice, "orders"),
        12 => shelve(store, dice, now),
        _ if is_first => rename(store, dice, "agents", now),
        _ => tinker(store, dice, now),
    }
}

fn rename(store: &mut Store, dice: &mut Dice, list: &str, now: i64) {
    let Some(id) = any(store, dice, list) else { return };
    let serial = usize::try_from(store.serial()).unwrap_or_default();
    let (name, phone) = (names::company(serial + 1, &mut dice.rng), dice.phone());
    if let Some(entry) = store.edit(list, &id) {
        entry.object["name"] = name.into();
        if list == "customers" {
            entry.object["phone"] = phone.into();
        }
        touch(&mut entry.object, now);
    }
}

fn remove(store: &mut Store, dice: &mut Dice, list: &str) {
    if let Some(id) = any(store, dice, list) {
        store.remove(list, &id);
    }
}

fn edit_contact(store: &mut Store, dice: &mut Dice, now: i64) {
    let Some(id) = any(store, dice, "contacts") else { return };
    let phone = dice.phone();
    if let Some(entry) = store.edit("contacts", &id) {
        entry.object["phone"] = phone.into();
        touch(&mut entry.object, now);
    }
}

fn customer(store: &Store, dice: &mut Dice, now: i64) -> Option<people::Customer> {
    let id = any(store, dice, "customers")?;
    store.get("customers", &id).map(|entry| people::Customer::of(entry, now))
}

fn add_contact(kind: SiblingKind, store: &mut Store, dice: &mut Dice, now: i64) {
    if let Some(customer) = customer(store, dice, now) {
        let contact = people::contact(kind, &customer, now, dice);
        store.add("contacts", contact);
    }
}

fn sell(is_first: bool, store: &mut Store, dice: &mut Dice, now: i64) {
    let Some(customer) = customer(store, dice, now) else { return };
    let drafts = if is_first {
        first::sell(&customer, now, now, &first::agents(store), dice)
    } else {
        second::sell(&customer, now, now, &second::products(store), dice)
    };
    add(store, drafts);
}

fn pay(is_first: bool, store: &mut Store, dice: &mut Dice, now: i64) {
    let Some(id) = any(store, dice, "invoices") else { return };
    let Some(entry) = store.edit("invoices", &id) else { return };
    if is_first {
        pay_first(entry, now);
    } else {
        pay_second(entry, now);
        let order = entry.text("orderId").to_owned();
        invoicing::settle(store, Some(&order));
    }
}

fn pay_first(entry: &mut Entry, now: i64) {
    if !["draft", "open"].contains(&entry.text("status")) {
        return;
    }
    entry.object["status"] = "paid".into();
    entry.object["amountPaid"] = entry.object["total"].clone();
    entry.object["amountDue"] = 0.into();
    entry.object["paidAt"] = instant_with_milliseconds(now).into();
    touch(&mut entry.object, now);
}

fn pay_second(entry: &mut Entry, now: i64) {
    if ["voided", "canceled"].contains(&entry.text("status")) {
        return;
    }
    let due = whole(&entry.object, "amountDue");
    entry.object["status"] = "posted".into();
    entry.object["paymentStatus"] = "paid".into();
    entry.object["amountPaid"] = due.into();
    entry.object["amountRemaining"] = 0.into();
    entry.object["postedDate"] = instant_with_milliseconds(now).into();
    touch(&mut entry.object, now);
}

/// Archives a product, or takes it back. Those of v1 have no time of that, only a flag.
fn shelve(store: &mut Store, dice: &mut Dice, now: i64) {
    let Some(id) = any(store, dice, "products") else { return };
    if archive(store, "products", &id, true, now) || archive(store, "products", &id, false, now) {
        return;
    }
    if let Some(entry) = store.edit("products", &id) {
        entry.object["active"] = (entry.object["active"] == false).into();
        touch(&mut entry.object, now);
    }
}

/// Changes one of the smaller things of v2.
fn tinker(store: &mut Store, dice: &mut Dice, now: i64) {
    let (list, field, value) = dice.pick(&[
        ("seats", "status", "unassigned"),
        ("checkouts", "status", "expired"),
        ("webhooks", "lastStatus", "failed"),
        ("credit_currencies", "description", "Described anew."),
        ("order_lines", "description", "Described anew."),
        ("value_receipts", "status", "sealed"),
    ]);
    let Some(id) = any(store, dice, list) else { return };
    if let Some(entry) = store.edit(list, &id) {
        entry.object[field] = value.into();
        if list == "seats" {
            entry.object["assignee"] = Value::Null;
        }
        touch(&mut entry.object, now);
    }
}
