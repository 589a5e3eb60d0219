//! What is sold: single things, orders, plans and subscriptions.

use super::chooser::Chooser;
use crate::emulator::account::billing::Transaction;
use crate::emulator::account::money::Currency;
use crate::emulator::account::objects::{Customer, Interval, Plan, Subscription};
use crate::emulator::business::habits::Purchase;
use crate::emulator::business::names;
use crate::emulator::rules::actions::Action;

/// Sells something or grants a discount, at times in a currency that the customer seldom uses.
pub(super) fn sell(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (_, owner) = chooser.any::<Customer>()?;
    let is_foreign = chooser.chance(12);
    let currency = if is_foreign { chooser.pick(&Currency::ALL)? } else { owner.currency };
    let price = currency.price(chooser.rng.i64(1..60_000));
    let is_discount = chooser.chance(10);
    let (description, group_by) = names::extra(chooser.rng);
    let draft = Transaction {
        amount: if is_discount { -price.div_euclid(10) - 1 } else { price },
        currency,
        description: if is_discount { "Discount".into() } else { description.into() },
        customer: owner.id.clone(),
        group_by: group_by.filter(|_| !is_discount).map(Into::into),
        serviced_on: chooser.today().start(),
        metadata: names::metadata(chooser.rng),
        ..Transaction::default()
    };
    Some(Action::CreateTransaction(Box::new(draft)))
}

/// Places an order, which is charged and itemised by what follows.
pub(super) fn order(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (customer, _) = chooser.any::<Customer>()?;
    let purchase = Purchase::draw(chooser.rng, chooser.store, customer, chooser.today())?;
    Some(Action::CreateOrder(purchase.order))
}

/// Offers a plan.
pub(super) fn plan(chooser: &mut Chooser<'_>) -> Option<Action> {
    let serial = chooser.store.plans.ever() + 1;
    let currency = chooser.pick(&Currency::ALL)?;
    let draft = Plan {
        amount: currency.price(chooser.rng.i64(5..500) * 100),
        currency: Some(currency),
        description: format!("Offer {serial}").into(),
        name: format!("offer-{serial}"),
        interval: chooser.pick(&[Interval::Week, Interval::Month, Interval::Year])?,
        interval_count: chooser.rng.u16(1..4),
        ..Plan::default()
    };
    Some(Action::CreatePlan(Box::new(draft)))
}

/// Subscribes a customer to a plan in the own currency.
pub(super) fn subscribe(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (customer, owner) = chooser.any::<Customer>()?;
    let currency = owner.currency;
    let (plan, _) = chooser.one(|plan: &Plan| plan.currency.unwrap_or_default() == currency)?;
    let wait = chooser.pick(&[0, 0, 1, 7, 31])?;
    let starts_on = chooser.today().plus_days(wait);
    Some(Action::CreateSubscription { customer, plan, starts_on })
}

/// Ends a subscription.
pub(super) fn cancel(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, _) = chooser.one(|running: &Subscription| running.cancelled_at == 0)?;
    Some(Action::CancelSubscription(position))
}
