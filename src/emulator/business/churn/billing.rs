//! What happens to transactions and invoices.

use super::chooser::Chooser;
use crate::emulator::account::billing::{Invoice, Transaction, Via};
use crate::emulator::account::objects::{Customer, Cycle};
use crate::emulator::account::store::Store;
use crate::emulator::business::names;
use crate::emulator::rules::actions::Action;

/// Makes invoices for a customer who gets them on request.
pub(super) fn generate(chooser: &mut Chooser<'_>) -> Option<Action> {
    let store = chooser.store;
    let (_, line) = chooser.one(|line: &Transaction| {
        is_alive(line)
            && line.invoice.is_none()
            && owner(store, line).is_some_and(|owner| owner.billing_cycle == Cycle::Manual)
    })?;
    let customer = store.customers.position(&line.customer).ok()?;
    store.can_invoice(customer).then_some(Action::GenerateInvoices(customer))
}

/// Sends an invoice.
pub(super) fn issue(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, _) =
        chooser.one(|invoice: &Invoice| invoice.issued_at.is_none() && !invoice.voided)?;
    Some(Action::IssueInvoice(position))
}

/// Pays an invoice in one of the four ways.
pub(super) fn pay(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, _) = chooser.one(Invoice::is_open)?;
    let via = chooser.pick(&[Via::Ach, Via::Check, Via::CreditCard, Via::Wire])?;
    Some(Action::PayInvoice(position, via))
}

/// Takes an unpaid invoice back.
pub(super) fn void(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, _) = chooser.one(|invoice: &Invoice| !invoice.paid && !invoice.voided)?;
    Some(Action::VoidInvoice(position))
}

/// Looks at an invoice, which changes it without an event.
pub(super) fn view(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, _) = chooser.one(|invoice: &Invoice| invoice.issued_at.is_some())?;
    Some(Action::ViewInvoice(position))
}

/// Changes what an invoice says beside its amounts.
pub(super) fn edit_invoice(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, invoice) = chooser.one(|invoice: &Invoice| !invoice.voided)?;
    let mut changed = invoice.clone();
    match chooser.rng.u32(0..3) {
        0 => changed.summary = chooser.chance(80).then(|| "As agreed on the telephone.".into()),
        1 => {
            let number = invoice.number.as_deref().unwrap_or("INV");
            changed.number = Some(format!("{number}-{}", chooser.rng.u32(2..100)));
        }
        _ => changed.metadata = names::metadata(chooser.rng),
    }
    Some(Action::UpdateInvoice(position, Box::new(changed)))
}

/// Pays one transaction: a part of an open invoice, or one that is on none.
pub(super) fn pay_transaction(chooser: &mut Chooser<'_>) -> Option<Action> {
    let store = chooser.store;
    let (position, _) = chooser.one(|line: &Transaction| {
        let is_part = |id| store.transactions.under(id).len() > 1 && is_open(store, id);
        is_alive(line) && line.amount > 0 && line.invoice.as_deref().is_none_or(is_part)
    })?;
    Some(Action::PayTransaction(position))
}

/// Gives a part of a paid transaction back, or all that is left of it.
pub(super) fn refund(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, line) =
        chooser.one(|line: &Transaction| line.paid && line.amount > line.refunded)?;
    let left = line.amount - line.refunded;
    let amount = if chooser.chance(40) { left } else { chooser.rng.i64(1..=left) };
    Some(Action::RefundTransaction(position, amount))
}

/// Changes the description, amount or metadata of an unpaid transaction.
pub(super) fn edit_transaction(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, line) = chooser.one(is_alive)?;
    let mut changed = line.clone();
    match chooser.rng.u32(0..3) {
        0 => changed.description = format!("{} (corrected)", names::extra(chooser.rng).0).into(),
        // A refund must not grow beyond what was paid.
        1 if line.amount < 0 => changed.amount = (line.amount - 1) / 2,
        1 => changed.amount = line.currency.price(chooser.rng.i64(1..60_000)) + 1,
        _ => changed.metadata = names::metadata(chooser.rng),
    }
    Some(Action::UpdateTransaction(position, Box::new(changed)))
}

/// Removes an unpaid transaction, billed or not.
pub(super) fn delete_transaction(chooser: &mut Chooser<'_>) -> Option<Action> {
    chooser.one(is_alive).map(|(position, _)| Action::DeleteTransaction(position))
}

/// Takes an unpaid transaction back, billed or not.
pub(super) fn void_transaction(chooser: &mut Chooser<'_>) -> Option<Action> {
    chooser.one(is_alive).map(|(position, _)| Action::VoidTransaction(position))
}

/// Says whether a transaction still waits for money.
fn is_alive(line: &Transaction) -> bool {
    !line.paid && !line.voided
}

fn is_open(store: &Store, invoice: &str) -> bool {
    let invoice =
        store.invoices.position(invoice).and_then(|position| store.invoices.get(position));
    invoice.is_ok_and(Invoice::is_open)
}

fn owner<'a>(store: &'a Store, line: &Transaction) -> Option<&'a Customer> {
    store.customers.get(store.customers.position(&line.customer).ok()?).ok()
}
