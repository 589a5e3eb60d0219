//! The account that v2 shows.

use serde_json::{Value, json};

use super::invoicing;
use super::people::{self, Customer};
use super::selling::{self, OFFERS};
use crate::emulator::sibling::business::{Draft, filled, founding_days};
use crate::emulator::sibling::dice::{DAY, Dice, date, instant_with_milliseconds};
use crate::emulator::sibling::options::{SiblingKind, SiblingOptions};
use crate::emulator::sibling::store::{Entry, Kind, Store};

const KIND: SiblingKind = SiblingKind::PaidAiV2;

/// Lists what v2 keeps.
pub(crate) static KINDS: [Kind; 12] = [
    Kind::new("customers", "customer"),
    Kind::new("contacts", "contact"),
    Kind::new("orders", "order"),
    Kind::new("order_lines", "order line").under("orders"),
    Kind::new("seats", "seat").under("orders"),
    Kind::new("products", "product"),
    Kind::new("invoices", "invoice"),
    Kind::new("invoice_lines", "invoice line").under("invoices"),
    Kind::new("checkouts", "checkout"),
    Kind::new("value_receipts", "value receipt"),
    Kind::new("credit_currencies", "credit currency"),
    Kind::new("webhooks", "webhook"),
];

/// Founds the account.
pub(crate) fn found(options: &SiblingOptions) -> Store {
    let dice = &mut Dice::new(options.seed ^ 0x7061_6964_0002);
    let opening = options.now - 735 * DAY;
    let mut drafts = selling::products(KIND, opening, dice);
    let products = named(&drafts.iter().map(|draft| &draft.entry).collect::<Vec<_>>());
    drafts.extend(furnish(opening, dice));
    let days = founding_days(dice, options.customers, options.now);
    for (serial, created) in days.into_iter().enumerate() {
        let (customer, joined) = people::sign_up(KIND, serial, created, dice);
        drafts.extend(joined);
        for _ in 0..dice.between(0, 2) {
            let start = created + dice.between(0, 40 * DAY);
            if start < options.now {
                drafts.extend(sell(&customer, start, options.now, &products, dice));
            }
        }
        if serial % 4 == 1 {
            drafts.push(checkout(&customer, created + 3_600, &products, dice));
        }
    }
    let mut store = filled(&KINDS, drafts);
    invoicing::settle(&mut store, None);
    store
}

/// Sells an order, bills what is due and tells what it was worth.
pub(crate) fn sell(
    customer: &Customer,
    created: i64,
    now: i64,
    products: &[(String, String)],
    dice: &mut Dice,
) -> Vec<Draft> {
    let order = selling::plan(KIND, customer, created, dice);
    let number = dice.rng.u64(1..9_999);
    let mut drafts = selling::second(&order, customer, number, products, dice);
    for issued in invoicing::issue_days(&order, now) {
        let status = invoicing::second_status(now - issued, dice);
        let number = dice.rng.u64(1..99_999);
        drafts.extend(invoicing::second(&order, customer, number, issued, status, dice));
    }
    if created < now - 40 * DAY && dice.percent(50) {
        let product = products.first().map(|(id, _)| id.as_str());
        drafts.push(receipt(customer, &order.id, product, created + 35 * DAY, dice));
    }
    drafts
}

/// Gives id and external id of the products in the order of what is offered.
pub(crate) fn products(store: &Store) -> Vec<(String, String)> {
    named(&store.entries("products").collect::<Vec<_>>())
}

fn named(entries: &[&Entry]) -> Vec<(String, String)> {
    let of = |code: &str| {
        let found = entries.iter().find(|entry| entry.text("productCode") == code);
        found.map(|entry| (entry.id.clone(), entry.text("externalId").to_owned()))
    };
    OFFERS.iter().map(|offer| of(offer.1).unwrap_or_default()).collect()
}

/// Makes what the merchant set up: currencies of credits and webhooks.
fn furnish(opening: i64, dice: &mut Dice) -> Vec<Draft> {
    let made = instant_with_milliseconds(opening);
    let currencies = [("Voice credits", "voice"), ("Tokens", "tokens"), ("Old points", "points")];
    let mut drafts = Vec::new();
    for (position, (name, key)) in currencies.into_iter().enumerate() {
        let archived = (position == 2).then(|| instant_with_milliseconds(opening + 30 * DAY));
        let object = json!({
            "id": dice.code("cc_", 10),
            "name": name,
            "key": key,
            "description": if position == 1 { Value::Null } else { "What plans grant.".into() },
            "archivedAt": archived,
            "createdAt": made,
            "updatedAt": made,
        });
        drafts.push(Draft::new(opening, "credit_currencies", Entry::of(object)));
    }
    for (position, status) in [Some("success"), Some("failed"), None].into_iter().enumerate() {
        let secret = dice.code("", 16);
        let sent = status.map(|_| instant_with_milliseconds(opening + 500 * DAY));
        let object = json!({
            "id": dice.code("wh_", 10),
            "name": format!("Endpoint {position}"),
            "description": if position == 0 { "Books".into() } else { Value::Null },
            "enabled": position != 2,
            "url": format!("https://hooks.example/paid?token={secret}"),
            "lastSentAt": sent,
            "lastStatus": status,
        });
        drafts.push(Draft::new(opening, "webhooks", Entry::of(object)));
    }
    drafts
}

fn checkout(
    customer: &Customer,
    created: i64,
    products: &[(String, String)],
    dice: &mut Dice,
) -> Draft {
    let id = dice.code("chk_", 12);
    let status = dice.pick(&["active", "completed", "expired", "archived"]);
    let product = products.get(dice.rng.usize(0..products.len().max(1))).map(|(id, _)| id);
    let made = instant_with_milliseconds(created);
    let secret = dice.code("", 20);
    let object = json!({
        "id": id,
        "url": format!("https://checkout.example/{id}?secret={secret}"),
        "status": status,
        "products": [{"id": product}],
        "customerId": customer.id,
        "externalCustomerId": customer.external,
        "successUrl": "https://shop.example/thanks",
        "cancelUrl": if dice.percent(50) { Value::Null } else { "https://shop.example/".into() },
        "expiresAt": instant_with_milliseconds(created + 7 * DAY),
        "metadata": {},
        "collectAddress": dice.percent(50),
        "collectPhone": dice.percent(50),
        "singleUse": dice.percent(50),
        "allowedCurrencies": [customer.currency],
        "createdAt": made,
        "updatedAt": made,
    });
    Draft::new(created, "checkouts", Entry::of(object))
}

fn receipt(
    customer: &Customer,
    order: &str,
    product: Option<&str>,
    created: i64,
    dice: &mut Dice,
) -> Draft {
    let token = dice.code("vrt_", 24);
    let is_published = dice.percent(70);
    let archived = dice.percent(15).then(|| instant_with_milliseconds(created + DAY));
    let object = json!({
        "id": dice.code("vr_", 12),
        "status": if is_published { "published" } else { "draft" },
        "publicUrl": is_published.then(|| format!("https://receipts.example/{token}")),
        "publicUrlToken": is_published.then_some(token),
        "isPublished": is_published,
        "customerId": customer.id,
        "customerName": "as it was when the receipt was made",
        "customerExternalId": customer.external,
        "orderId": order,
        "productId": product,
        "currency": customer.currency,
        "startDate": date(created - 31 * DAY),
        "endDate": date(created - DAY),
        "totalDeliveredValue": dice.between(1_000, 900_000),
        "archivedAt": archived,
        "createdAt": instant_with_milliseconds(created),
    });
    Draft::new(created, "value_receipts", Entry::of(object))
}
