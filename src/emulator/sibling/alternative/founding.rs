//! The account as it is founded: two years of customers, invoices, payments and payouts.

use serde_json::{Value, json};

use super::KINDS;
use super::trade;
use crate::emulator::business::names;
use crate::emulator::sibling::business::{Draft, filled, founding_days};
use crate::emulator::sibling::dice::{DAY, Dice, instant};
use crate::emulator::sibling::options::SiblingOptions;
use crate::emulator::sibling::store::{Entry, Store};

const TOPICS: [&str; 5] =
    ["payout_paid", "customer_created", "payment_chargeback", "invoice_paid", "payment_refunded"];

/// Founds the account.
pub(crate) fn found(options: &SiblingOptions) -> Store {
    let dice = &mut Dice::new(options.seed ^ 0x616c_7465_726e);
    let mut drafts = webhooks(options.now - 735 * DAY, dice);
    let days = founding_days(dice, options.customers, options.now);
    for (serial, created) in days.into_iter().enumerate() {
        let (customer, joined) = sign_up(serial, created, dice);
        let mut traded = Vec::new();
        let mut at = created + dice.between(0, 10 * DAY);
        for _ in 0..dice.between(0, 5) {
            if at >= options.now {
                break;
            }
            traded.extend(trade::bill(&customer, at, options.now, dice));
            at += dice.between(5 * DAY, 45 * DAY);
        }
        let payouts = trade::pay_out(&customer, &traded, options.now, dice);
        for made in [joined, traded, payouts] {
            drafts.extend(made);
        }
        if serial % 6 == 2 {
            drafts.push(request(created + DAY, dice));
        }
    }
    let mut store = filled(&KINDS, drafts);
    for list in ["customers", "invoices"] {
        let all = store.entries(list);
        // Every ninth was archived before anybody looked.
        let chosen: Vec<String> = all.skip(4).step_by(9).map(|entry| entry.id.clone()).collect();
        for id in chosen {
            if let Some(entry) = store.edit(list, &id) {
                entry.is_archived = true;
            }
        }
    }
    store
}

/// Signs up a customer with its users and payment methods; gives its id as well.
pub(crate) fn sign_up(serial: usize, created: i64, dice: &mut Dice) -> (String, Vec<Draft>) {
    let customer = dice.uuid();
    let name = names::company(serial, &mut dice.rng);
    let (city, state, zip, country) = names::place(&mut dice.rng);
    let methods: Vec<Entry> = (0..dice.between(0, 2)).map(|_| method(dice)).collect();
    let usual = methods.first().map(|method| method.id.clone());
    let mut object = json!({
        "id": customer,
        "created_at": instant(created),
        "name": name,
        "email": format!("billing@c{serial}.example"),
        "external_id": if serial % 4 == 3 { Value::Null } else { format!("{:06}", serial * 17).into() },
        "default_payment_method_id": usual,
    });
    // What came later is missing from a third of the customers (CONTRACT C3).
    if serial % 3 != 1 {
        let newer = json!({
            "legal_name": format!("{name} (registered)"),
            "ein": serial.is_multiple_of(2).then(|| format!("{:02}-{:07}", serial % 90, 1_234_567 + serial)),
            "street_address": format!("{} Harbour Street", dice.between(1, 400)),
            "sub_premise": serial.is_multiple_of(5).then_some("Suite 12"),
            "city": city,
            "state": state,
            "postal_code": zip,
            "country": country,
        });
        if let (Some(object), Value::Object(newer)) = (object.as_object_mut(), newer) {
            object.extend(newer);
        }
    }
    if serial.is_multiple_of(7) {
        object["customer_integration_id"] = dice.code("int_", 10).into();
    }
    let mut drafts = vec![Draft::new(created, "customers", Entry::of(object))];
    for entry in methods {
        drafts.push(Draft::new(created + 60, "payment_methods", entry.under(&customer)));
    }
    for _ in 0..dice.between(1, 3) {
        drafts.push(Draft::new(created + 120, "users", user(dice).under(&customer)));
    }
    (customer, drafts)
}

/// Makes a user of a customer.
pub(crate) fn user(dice: &mut Dice) -> Entry {
    let (first, last) = names::person(&mut dice.rng);
    let number = dice.between(0, 999_999);
    let mut object = json!({
        "id": dice.uuid(),
        "email": format!("user{number}@contacts.example"),
        "first_name": first,
        "last_name": last,
    });
    if number % 3 == 0 {
        object["phone"] = dice.phone().into();
    }
    Entry::of(object)
}

/// Makes a payment method. No source shows its fields; some hold what must not be kept as it is.
fn method(dice: &mut Dice) -> Entry {
    let last = format!("{:04}", dice.between(0, 9_999));
    let object = if dice.percent(50) {
        json!({
            "id": dice.uuid(),
            "type": "card",
            "brand": dice.pick(&["visa", "mastercard"]),
            "card_number": format!("424242424242{last}"),
            "last_4": last,
            "exp_month": dice.between(1, 12),
            "exp_year": dice.between(2_026, 2_031),
        })
    } else {
        json!({
            "id": dice.uuid(),
            "type": "standard_ach",
            "bank_name": "First Harbour Bank",
            "routing_number": "021000021",
            "account_number": format!("00012345{last}"),
            "holder": {"name": "A. Holder"},
        })
    };
    Entry::of(object)
}

fn request(created: i64, dice: &mut Dice) -> Draft {
    let id = dice.uuid();
    let object = json!({
        "id": id,
        "reference_id": dice.code("ref-", 6),
        "status": dice.pick(&["pending", "paid", "expired", "cancelled"]),
        "url": format!("https://links.example/request/{id}"),
        "redirect_url": null,
    });
    Draft::new(created, "payment_requests", Entry::of(object))
}

fn webhooks(created: i64, dice: &mut Dice) -> Vec<Draft> {
    let make = |(position, topic): (usize, &&str)| {
        let secret = dice.code("", 16);
        let made = instant(created + 60);
        let object = json!({
            "id": dice.uuid(),
            "topic": topic,
            "endpoint_url": format!("https://hooks.example/alternative?token={secret}"),
            "is_active": position != 2,
            "partner_id": "partner_77",
            "secret_last_4_digits": dice.code("", 4),
            "created_at": made,
            "updated_at": made,
        });
        Draft::new(created, "webhooks", Entry::of(object))
    };
    TOPICS.iter().enumerate().map(make).collect()
}
