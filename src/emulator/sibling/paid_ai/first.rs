//! The account that v1 shows.

use serde_json::{Value, json};

use super::invoicing;
use super::people::{self, Customer};
use super::selling::{self, OFFERS};
use crate::emulator::sibling::business::{Draft, filled, founding_days};
use crate::emulator::sibling::dice::{DAY, Dice};
use crate::emulator::sibling::options::{SiblingKind, SiblingOptions};
use crate::emulator::sibling::store::{Kind, Store, text};

const KIND: SiblingKind = SiblingKind::PaidAiV1;

/// Lists what v1 keeps.
pub(crate) static KINDS: [Kind; 6] = [
    Kind::new("customers", "customer"),
    Kind::new("contacts", "contact"),
    Kind::new("orders", "order").completed(embed_into_order),
    Kind::new("agents", "agent"),
    Kind::new("products", "product"),
    Kind::new("invoices", "invoice").completed(embed_customer),
];

/// Founds the account.
pub(crate) fn found(options: &SiblingOptions) -> Store {
    let dice = &mut Dice::new(options.seed ^ 0x7061_6964_0001);
    let opening = options.now - 735 * DAY;
    let agents = selling::agents(opening, dice);
    let sold: Vec<String> = agents.iter().map(|draft| draft.entry.id.clone()).collect();
    let mut drafts = agents;
    drafts.extend(selling::products(KIND, opening, dice));
    let days = founding_days(dice, options.customers, options.now);
    for (serial, created) in days.into_iter().enumerate() {
        let (customer, joined) = people::sign_up(KIND, serial, created, dice);
        drafts.extend(joined);
        for _ in 0..dice.between(0, 2) {
            let start = created + dice.between(0, 40 * DAY);
            if start < options.now {
                drafts.extend(sell(&customer, start, options.now, &sold, dice));
            }
        }
    }
    filled(&KINDS, drafts)
}

/// Sells an order and bills what is due.
pub(crate) fn sell(
    customer: &Customer,
    created: i64,
    now: i64,
    agents: &[String],
    dice: &mut Dice,
) -> Vec<Draft> {
    let order = selling::plan(KIND, customer, created, dice);
    let mut drafts = Vec::new();
    let mut billed = 0;
    for issued in invoicing::issue_days(&order, now) {
        let status = invoicing::first_status(now - issued, dice);
        billed += i64::from(invoicing::is_billed(status));
        let number = dice.rng.u64(1..99_999);
        let invoice = invoicing::first(&order, customer, number, issued, status, dice);
        drafts.push(Draft::new(issued, "invoices", invoice));
    }
    let entry = selling::first(&order, customer, billed, agents, dice);
    drafts.push(Draft::new(created, "orders", entry));
    drafts
}

/// Gives the agents in the order of what is offered.
pub(crate) fn agents(store: &Store) -> Vec<String> {
    let of = |code: &str| {
        let found = store.entries("agents").find(|entry| entry.text("agentCode") == code);
        found.map(|entry| entry.id.clone()).unwrap_or_default()
    };
    OFFERS.iter().map(|offer| of(offer.1)).collect()
}

/// Puts the customer as it is now into what refers to it, or null if it is gone.
fn embed_customer(store: &Store, object: &mut Value) {
    let customer = store.get("customers", text(object, "customerId"));
    object["customer"] = customer.map_or(Value::Null, |entry| entry.object.clone());
}

fn embed_into_order(store: &Store, object: &mut Value) {
    embed_customer(store, object);
    let lines = object.get_mut("orderLines").and_then(Value::as_array_mut);
    for line in lines.into_iter().flatten() {
        let agent = store.get("agents", text(line, "agentId"));
        line["agent"] = agent.map_or(json!(null), |entry| entry.object.clone());
    }
}
