//! Orders and their lines, as both versions show them, and the catalogue that they are made of.

use serde_json::{Value, json};

use super::people::{Customer, ORGANIZATION};
use crate::emulator::sibling::business::Draft;
use crate::emulator::sibling::dice::{
    DAY, Dice, date, decimal, instant_with_milliseconds, months_later, share,
};
use crate::emulator::sibling::options::SiblingKind;
use crate::emulator::sibling::store::Entry;

/// What is sold: name, code, price of a month in hundredths.
pub(crate) const OFFERS: [(&str, &str, i64); 5] = [
    ("Support agent", "support", 49_900),
    ("Research agent", "research", 125_000),
    ("Onboarding", "onboarding", 80_050),
    ("Voice minutes <beta>", "voice", 9_999),
    ("Prepaid credits", "credits", 20_000),
];

/// Spells a frequency in one of the ways in use (CONTRACT B-05).
const FREQUENCIES: [&str; 7] =
    ["monthly", "Monthly", "quarterly", "Quarterly", "SemiAnnual", "annual", "Annual"];
const CHARGES: [&str; 4] = ["oneTime", "recurring", "usage", "seatBased"];
const MODELS: [&str; 4] = ["PerUnit", "VolumePricing", "GraduatedPricing", "PrepaidCredits"];

/// Tells what is billed for one line of an order.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    /// Holds the price of a month, in the smallest unit of the currency.
    pub(crate) price: i64,
    pub(crate) quantity: i64,
}

/// Tells what later objects of an order need to know.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) months: i64,
    /// Holds the tax in hundredths of a per cent.
    pub(crate) tax_rate: i64,
    pub(crate) is_active: bool,
    pub(crate) lines: Vec<Line>,
}

impl Order {
    /// Says how far the order is.
    fn state(&self) -> &'static str {
        if self.is_active { "active" } else { "draft" }
    }

    /// Adds up a month.
    pub(crate) fn month(&self) -> i64 {
        self.lines.iter().map(|line| line.price * line.quantity).sum()
    }
}

/// Draws the plan of an order.
pub(crate) fn plan(kind: SiblingKind, customer: &Customer, created: i64, dice: &mut Dice) -> Order {
    let is_first = kind == SiblingKind::PaidAiV1;
    let count = dice.between(1, 3);
    let lines = (0..count).map(|_| {
        let (name, _, price) = dice.pick(&OFFERS);
        let id = if is_first { dice.uuid() } else { dice.code("ordl_", 12) };
        let price = if customer.currency == "JPY" { price / 100 * 150 } else { price };
        Line { id, name, price, quantity: dice.between(1, 4) }
    });
    let lines = lines.collect();
    Order {
        id: if is_first { dice.uuid() } else { dice.code("ord_", 12) },
        created,
        months: dice.pick(&[1, 3, 6, 12, 24]),
        tax_rate: if customer.is_exempt { 0 } else { dice.pick(&[0, 825, 1_900, 2_000]) },
        is_active: dice.percent(85),
        lines,
    }
}

/// Makes the agents of v1.
pub(crate) fn agents(created: i64, dice: &mut Dice) -> Vec<Draft> {
    let make = |(position, (name, code, price)): (usize, &(&str, &str, i64))| {
        let attribute = |number: usize, dice: &mut Dice| {
            let unit = decimal(price / 10);
            let tiers = json!([
                {"minQuantity": 0, "maxQuantity": 100, "unitPrice": unit},
                {"minQuantity": 101, "maxQuantity": null, "unitPrice": decimal(price / 20)},
            ]);
            let point = json!({
                "unitPrice": unit, "minQuantity": 0, "includedQuantity": 10, "tiers": tiers,
            });
            json!({
                "name": format!("{name} {number}"),
                "active": number != 2,
                "pricing": {
                    "eventName": format!("{code}_event"),
                    "taxable": true,
                    "creditCost": if number == 0 { Value::Null } else { json!(2.5) },
                    "chargeType": dice.pick(&CHARGES),
                    "pricingModel": dice.pick(&MODELS),
                    "billingFrequency": dice.pick(&FREQUENCIES),
                    "pricePoints": {"USD": point, "EUR": point},
                },
            })
        };
        let attributes: Vec<Value> = (0..=position % 3).map(|at| attribute(at, dice)).collect();
        let object = json!({
            "id": dice.uuid(),
            "externalId": if position == 3 { Value::Null } else { format!("agent-{code}").into() },
            "organizationId": ORGANIZATION,
            "name": name,
            "description": if position == 1 { Value::Null } else { "Does the work.".into() },
            "active": position != 4,
            "agentCode": code,
            "agentAttributes": attributes,
        });
        Draft::new(created, "agents", Entry::of(object))
    };
    OFFERS.iter().enumerate().map(make).collect()
}

/// Makes the products of one version.
pub(crate) fn products(kind: SiblingKind, created: i64, dice: &mut Dice) -> Vec<Draft> {
    let make = |(position, (name, code, _)): (usize, &(&str, &str, i64))| {
        let made = instant_with_milliseconds(created + 1_000);
        let archived = (position == 2).then(|| instant_with_milliseconds(created + 90 * DAY));
        let shared = |id: String| {
            json!({
                "id": id,
                "name": name,
                "description": if position == 1 { Value::Null } else { "What we sell.".into() },
                "active": position != 2,
                "productCode": code,
                "externalId": if position == 3 { Value::Null } else { format!("prod-{code}").into() },
                "metadata": if position == 0 { json!({"line": "core"}) } else { Value::Null },
                "createdAt": made,
                "updatedAt": made,
            })
        };
        let object = if kind == SiblingKind::PaidAiV1 {
            let mut object = shared(dice.uuid());
            object["displayId"] = dice.code("prod_", 8).into();
            object["organizationId"] = ORGANIZATION.into();
            object["type"] = ["agent", "product", "product", "agent", "prepaidCreditBundle"]
                .get(position)
                .copied()
                .into();
            object["ProductAttribute"] = json!([{"name": format!("{name} unit"), "active": true}]);
            object
        } else {
            let mut object = shared(dice.code("prod_", 12));
            object["archivedAt"] = archived.into();
            object
        };
        Draft::new(created, "products", Entry::of(object))
    };
    OFFERS.iter().enumerate().map(make).collect()
}

/// Makes an order of v1 with its lines; amounts have a fraction, their unit is nowhere stated.
pub(crate) fn first(
    order: &Order,
    customer: &Customer,
    billed_months: i64,
    agents: &[String],
    dice: &mut Dice,
) -> Entry {
    let (start, end) = (date(order.created), date(months_later(order.created, order.months)));
    let months = billed_months.min(order.months);
    let parts = |line: &Line| {
        let billed = line.price * line.quantity * months;
        [line.price * line.quantity * order.months, billed, share(billed, order.tax_rate)]
    };
    let [mut total, mut billed, mut tax] = [0; 3];
    let mut lines = Vec::new();
    for line in &order.lines {
        let amounts = parts(line);
        total += amounts[0];
        billed += amounts[1];
        tax += amounts[2];
        let mut object = first_line(order, line, customer.currency, amounts, dice);
        let position = OFFERS.iter().position(|offer| offer.0 == line.name);
        object["agentId"] = position.and_then(|position| agents.get(position)).cloned().into();
        object["startDate"] = start.clone().into();
        object["endDate"] = end.clone().into();
        lines.push(object);
    }
    let object = json!({
        "id": order.id,
        "name": format!("Order of {start}"),
        "description": if dice.percent(50) { Value::Null } else { "Signed by mail".into() },
        "customerId": customer.id,
        "organizationId": ORGANIZATION,
        "startDate": start,
        "endDate": end,
        "totalAmount": decimal(total),
        "estimatedTax": decimal(share(total, order.tax_rate)),
        "billedAmountNoTax": decimal(billed),
        "billedTax": decimal(tax),
        "totalBilledAmount": decimal(billed + tax),
        "pendingBillingAmount": decimal(total - billed),
        "creationState": order.state(),
        "orderLines": lines,
    });
    Entry::of(object)
}

fn first_line(
    order: &Order,
    line: &Line,
    currency: &str,
    [total, billed, tax]: [i64; 3],
    dice: &mut Dice,
) -> Value {
    let price = decimal(line.price);
    let attribute = json!({
        "agentAttributeId": dice.uuid(),
        "quantity": line.quantity,
        "currency": currency,
        "pricing": {
            "eventName": null,
            "chargeType": dice.pick(&CHARGES),
            "pricePoint": {
                "currency": currency,
                "unitPrice": price,
                "minQuantity": 0,
                "tiers": [{"lowerBound": 0, "upperBound": null, "price": price}],
            },
            "pricingModel": dice.pick(&MODELS),
            "billingFrequency": dice.pick(&FREQUENCIES),
        },
    });
    json!({
        "id": line.id,
        "orderId": order.id,
        "name": line.name,
        "description": null,
        "totalAmount": decimal(total),
        "billedAmountWithoutTax": decimal(billed),
        "billedTax": decimal(tax),
        "totalBilledAmount": decimal(billed + tax),
        "creationState": order.state(),
        "orderLineAttributes": [attribute],
    })
}

/// Makes an order of v2, whose amounts of billing are added up later, and its lines and seats.
pub(crate) fn second(
    order: &Order,
    customer: &Customer,
    number: u64,
    products: &[(String, String)],
    dice: &mut Dice,
) -> Vec<Draft> {
    let made = instant_with_milliseconds(order.created);
    let start = instant_with_milliseconds(months_later(order.created, 0));
    let end = (order.months < 24)
        .then(|| instant_with_milliseconds(months_later(order.created, order.months)));
    let amount = order.month() * order.months;
    let tax = share(amount, order.tax_rate);
    let frequency = dice.percent(20).then(|| override_of(dice));
    let object = json!({
        "id": order.id,
        "customerId": customer.id,
        "billingCustomerId": if dice.percent(80) { customer.id.clone().into() } else { Value::Null },
        "billingContactIds": customer.contacts,
        "createdAt": made,
        "updatedAt": made,
        "startDate": start,
        "endDate": end,
        "name": format!("Order {number}"),
        "subscriptionTerms": order.months,
        "billedAmountNoTax": 0,
        "billedTax": 0,
        "estimatedTax": tax,
        "orderAmount": amount,
        "pendingBillingAmount": amount,
        "totalAmount": amount + tax,
        "totalBilledAmount": 0,
        "creationState": order.state(),
        "paymentTerms": dice.pick(&["net_30", "net_14", "due_on_receipt"]),
        "number": number,
        "metadata": if dice.percent(30) { json!({"po": "00042"}) } else { Value::Null },
        "showPaymentLink": dice.percent(50),
        "showBankDetails": dice.percent(50),
        "autoPostInvoices": dice.percent(50),
        "autoSendBillingEmails": dice.percent(50),
        "autoSendPaymentEmails": dice.percent(50),
        "version": dice.between(1, 3),
        "billingFrequencyOverridden": frequency.is_some(),
        "billingFrequencyOverride": frequency,
    });
    let mut drafts = vec![Draft::new(order.created, "orders", Entry::of(object))];
    for line in &order.lines {
        let position = OFFERS.iter().position(|offer| offer.0 == line.name);
        let product = position.and_then(|position| products.get(position));
        let object = json!({
            "id": line.id,
            "productId": product.map(|(id, _)| id),
            "name": line.name,
            "description": if dice.percent(50) { Value::Null } else { "per month".into() },
            "startDate": start,
            "endDate": end,
        });
        drafts.push(Draft::new(order.created, "order_lines", Entry::of(object).under(&order.id)));
        if line.name == "Support agent" {
            let external = product.map(|(_, external)| external.as_str());
            drafts.extend(seats(order, line.quantity, external, dice));
        }
    }
    drafts
}

fn override_of(dice: &mut Dice) -> Value {
    let frequency = dice.pick(&["monthly", "quarterly", "semiAnnually", "annual", "custom"]);
    json!({"frequency": frequency, "customMonths": (frequency == "custom").then_some(5)})
}

fn seats(order: &Order, count: i64, product: Option<&str>, dice: &mut Dice) -> Vec<Draft> {
    let made = instant_with_milliseconds(order.created + 5);
    let seat = |number: i64| {
        let is_assigned = number > 0;
        let assignee = json!({
            "id": dice.code("usr_", 10),
            "externalId": null,
            "email": format!("seat{number}@contacts.example"),
        });
        let object = json!({
            "id": dice.code("seat_", 12),
            "orderId": order.id,
            "productExternalId": product,
            "status": if is_assigned { "assigned" } else { "unassigned" },
            "assignee": if is_assigned { assignee } else { Value::Null },
            "createdAt": made,
            "updatedAt": made,
        });
        Draft::new(order.created, "seats", Entry::of(object).under(&order.id))
    };
    (0..count).map(seat).collect()
}
