//! What happens to customers, and the statements they get.

use super::chooser::Chooser;
use crate::emulator::account::money::Currency;
use crate::emulator::account::objects::{Customer, Cycle, Expiry, Statement};
use crate::emulator::business::names;
use crate::emulator::rules::actions::Action;

/// Wins a customer.
pub(super) fn create(chooser: &mut Chooser<'_>) -> Option<Action> {
    let serial = chooser.store.customers.ever() + 1;
    let cycle = match chooser.rng.u32(0..10) {
        0..4 => Cycle::Monthly,
        4..6 => Cycle::Weekly,
        _ => Cycle::Manual,
    };
    let draft = Customer {
        name: Some(names::company(serial, chooser.rng)),
        email: chooser.chance(90).then(|| format!("billing@newcomer{serial}.example")),
        external_id: chooser.chance(70).then(|| external_id(chooser)),
        allow_ach: chooser.chance(80),
        allow_credit_card: chooser.chance(80),
        auto_generate: cycle == Cycle::Manual && chooser.chance(25),
        auto_issue: chooser.chance(50),
        billing_cycle: cycle,
        terms: terms(chooser),
        currency: chooser.pick(&Currency::ALL)?,
        is_played: true,
        ..Customer::default()
    };
    Some(Action::CreateCustomer(Box::new(draft)))
}

/// Gives a customer another name.
pub(super) fn rename(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, _) = chooser.any::<Customer>()?;
    let serial = chooser.rng.usize(0..1_000);
    Some(Action::RenameCustomer(position, names::company(serial, chooser.rng)))
}

/// Changes what a customer agreed on or how they are reached.
pub(super) fn update(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, customer) = chooser.any::<Customer>()?;
    let mut changed = customer.clone();
    let number = chooser.rng.u32(0..10_000);
    match chooser.rng.u32(0..9) {
        0 => changed.terms = terms(chooser),
        1 => changed.email = Some(format!("accounts+{number}@customer.example")),
        2 => changed.external_id = chooser.chance(80).then(|| external_id(chooser)),
        3 => changed.phone = chooser.chance(80).then(|| format!("+44 20 7946 {number:04}")),
        4 => changed.notes = Some(format!("Called back\ton line {number}; \"fine\"")),
        5 => changed.address.line1 = Some(format!("{number} Rue de l'Église")),
        6 => changed.allow_wire = !changed.allow_wire,
        7 => changed.auto_issue = !changed.auto_issue,
        _ => changed.tax_id = chooser.chance(80).then(|| format!("00{number:07}")),
    }
    Some(Action::UpdateCustomer(position, Box::new(changed)))
}

/// Sends a customer a statement.
pub(super) fn create_statement(chooser: &mut Chooser<'_>) -> Option<Action> {
    chooser.any::<Customer>().map(|(position, _)| Action::CreateStatement(position))
}

/// Ends a statement by hand.
pub(super) fn expire_statement(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, _) = chooser.one(|statement: &Statement| {
        matches!(statement.expiry, Expiry::ExpiredAt(None) | Expiry::ExpiresAt(None))
    })?;
    Some(Action::ExpireStatement(position))
}

fn external_id(chooser: &mut Chooser<'_>) -> String {
    format!("{:08}", chooser.rng.u32(0..100_000_000))
}

fn terms(chooser: &mut Chooser<'_>) -> Option<i64> {
    chooser.pick(&[None, Some(0), Some(7), Some(14), Some(30), Some(90)])?
}
