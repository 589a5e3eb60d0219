//! Random business of an account of Alternative Payments.

use serde_json::Value;

use super::founding::{sign_up, user};
use super::trade;
use crate::emulator::business::names;
use crate::emulator::sibling::business::{add, any, archive};
use crate::emulator::sibling::dice::{Dice, instant};
use crate::emulator::sibling::store::{Entry, Store};

/// Does one thing; what cannot be done is left.
pub(crate) fn act(store: &mut Store, dice: &mut Dice, now: i64) {
    match dice.between(0, 17) {
        0 | 1 => {
            let serial = usize::try_from(store.serial()).unwrap_or_default();
            let (_, drafts) = sign_up(serial, now, dice);
            add(store, drafts);
        }
        2 | 3 => rename(store, dice),
        4 => shelve(store, dice, "customers", now),
        5 => shelve(store, dice, "invoices", now),
        6 => take_back(store, dice, "customers", now),
        7 => take_back(store, dice, "invoices", now),
        8 => join(store, dice),
        9 => vanish(store, dice, "users"),
        10 | 11 => bill(store, dice, now),
        12 | 13 => pay(store, dice, now),
        14 => pay_out(store, dice, now),
        15 => vanish(store, dice, "invoices"),
        16 => vanish(store, dice, "customers"),
        _ => settle(store, dice),
    }
}

fn rename(store: &mut Store, dice: &mut Dice) {
    let Some(id) = any(store, dice, "customers") else { return };
    let serial = usize::try_from(store.serial()).unwrap_or_default();
    let name = names::company(serial + 1, &mut dice.rng);
    if let Some(entry) = store.edit("customers", &id) {
        entry.object["name"] = name.into();
        if entry.object.get("legal_name").is_some() {
            entry.object["legal_name"] = Value::Null;
        }
    }
}

fn shelve(store: &mut Store, dice: &mut Dice, list: &str, now: i64) {
    if let Some(id) = any(store, dice, list) {
        archive(store, list, &id, true, now);
    }
}

fn take_back(store: &mut Store, dice: &mut Dice, list: &str, now: i64) {
    let archived = store.entries(list).filter(|entry| entry.is_archived);
    let ids: Vec<String> = archived.map(|entry| entry.id.clone()).collect();
    if let Some(id) = ids.get(dice.rng.usize(0..ids.len().max(1))) {
        archive(store, list, id, false, now);
    }
}

fn join(store: &mut Store, dice: &mut Dice) {
    if let Some(customer) = any(store, dice, "customers") {
        let entry = user(dice).under(&customer);
        store.add("users", entry);
    }
}

/// Takes an object away for good.
fn vanish(store: &mut Store, dice: &mut Dice, list: &str) {
    if let Some(id) = any(store, dice, list) {
        store.remove(list, &id);
    }
}

fn bill(store: &mut Store, dice: &mut Dice, now: i64) {
    if let Some(id) = any(store, dice, "customers") {
        let drafts = trade::bill(&id, now, now, dice);
        add(store, drafts);
    }
}

/// Pays an invoice that is not paid.
fn pay(store: &mut Store, dice: &mut Dice, now: i64) {
    let Some(id) = any(store, dice, "invoices") else { return };
    let Some(entry) = store.edit("invoices", &id) else { return };
    if entry.text("status") == "paid" {
        return;
    }
    entry.object["status"] = "paid".into();
    if entry.object.get("last_notification_at").is_some() {
        entry.object["last_notification_at"] = instant(now).into();
    }
    let sub_total = hundredths(&entry.object["sub_total"]);
    let customer = entry.text("customer_id").to_owned();
    let draft = trade::payment(&customer, &id, sub_total, now, dice);
    add(store, vec![draft]);
}

/// Pays out what one payment brought.
fn pay_out(store: &mut Store, dice: &mut Dice, now: i64) {
    let Some(id) = any(store, dice, "payments") else { return };
    if store.entries("payout_transactions").any(|link| link.id == id) {
        return;
    }
    let Some(entry) = store.get("payments", &id) else { return };
    let customer = entry.text("customer_id").to_owned();
    let payment: Entry = entry.clone();
    let drafts = trade::payout(&customer, &[&payment], now, now, dice);
    add(store, drafts);
}

/// Ends what is under way.
fn settle(store: &mut Store, dice: &mut Dice) {
    let list = dice.pick(&["payouts", "payments"]);
    let Some(id) = any(store, dice, list) else { return };
    let status = dice.pick(&["succeeded", "failed"]);
    if let Some(entry) = store.edit(list, &id) {
        entry.object["status"] = status.into();
    }
}

/// Reads a number with two decimals as hundredths.
fn hundredths(number: &Value) -> i64 {
    let text = format!("{:.2}", number.as_f64().unwrap_or_default());
    text.replace('.', "").parse().unwrap_or_default()
}
