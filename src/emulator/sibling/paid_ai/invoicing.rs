//! Invoices of orders and, in v2, their lines: amounts in the smallest unit of the currency, which
//! add up.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::people::{Customer, ORGANIZATION};
use super::selling::{Line, Order};
use crate::emulator::sibling::business::Draft;
use crate::emulator::sibling::dice::{DAY, Dice, instant_with_milliseconds, months_later, share};
use crate::emulator::sibling::store::{Entry, Store, whole};

/// Bounds how many invoices an order has from its founding.
const MOST: i64 = 6;

/// Lists when the invoices of an order are issued, oldest first.
pub(crate) fn issue_days(order: &Order, now: i64) -> Vec<i64> {
    if !order.is_active {
        return Vec::new();
    }
    let days = (0..order.months.min(MOST)).map(|month| months_later(order.created, month + 1));
    days.filter(|day| *day < now).collect()
}

/// Chooses a status of v1 for an invoice that is so many seconds old.
pub(crate) fn first_status(age: i64, dice: &mut Dice) -> &'static str {
    if age < 20 * DAY {
        return dice.in_turn(&["open", "draft", "open"]);
    }
    let paid = "paid";
    dice.in_turn(&[
        paid,
        "void",
        paid,
        "open",
        paid,
        "uncollectible",
        paid,
        paid,
        "open",
        paid,
        paid,
        paid,
    ])
}

/// Says whether an invoice of v1 with that status counts as billed.
pub(crate) fn is_billed(status: &str) -> bool {
    !["draft", "void"].contains(&status)
}

/// Makes an invoice of v1.
pub(crate) fn first(
    order: &Order,
    customer: &Customer,
    number: u64,
    issued: i64,
    status: &str,
    dice: &mut Dice,
) -> Entry {
    let subtotal = order.month();
    let tax = share(subtotal, order.tax_rate);
    let total = subtotal + tax;
    let paid = match status {
        "paid" => total,
        "open" if number.is_multiple_of(5) => total / 3,
        _ => 0,
    };
    let due = if status == "void" { 0 } else { total - paid };
    let at = |is_so: bool, days: i64| is_so.then(|| instant_with_milliseconds(issued + days * DAY));
    let object = json!({
        "id": dice.uuid(),
        "displayId": format!("INV-{number:05}"),
        "organizationId": ORGANIZATION,
        "customerId": customer.id,
        "orderId": order.id,
        "status": status,
        "currency": customer.currency,
        "subtotal": subtotal,
        "tax": tax,
        "total": total,
        "amountPaid": paid,
        "amountDue": due,
        "dueDate": instant_with_milliseconds(issued + 30 * DAY),
        "paidAt": at(status == "paid", 12),
        "voidedAt": at(status == "void", 3),
        "createdAt": instant_with_milliseconds(issued),
        "updatedAt": instant_with_milliseconds(issued + 60),
    });
    Entry::of(object)
}

/// Chooses status and payment status of v2 for an invoice that is so many seconds old.
pub(crate) fn second_status(age: i64, dice: &mut Dice) -> (&'static str, &'static str) {
    if age < 20 * DAY {
        let status = dice.in_turn(&["posted", "draft", "pending", "building", "posted"]);
        return (status, "pending");
    }
    let paid = ("posted", "paid");
    dice.in_turn(&[
        paid,
        ("posted", "partiallyPaid"),
        paid,
        ("voided", "pending"),
        paid,
        ("posted", "overdue"),
        paid,
        paid,
        ("canceled", "pending"),
        ("posted", "partiallyPaid"),
        paid,
        ("error", "error"),
        paid,
    ])
}

/// Makes an invoice of v2 and its lines.
pub(crate) fn second(
    order: &Order,
    customer: &Customer,
    number: u64,
    issued: i64,
    (status, payment): (&str, &str),
    dice: &mut Dice,
) -> Vec<Draft> {
    let id = dice.code("inv_", 12);
    let lines = order.lines.iter().map(|line| {
        let object = second_line(order, line, customer.currency, issued, payment, dice);
        Draft::new(issued, "invoice_lines", Entry::of(object).under(&id))
    });
    let lines: Vec<Draft> = lines.collect();
    let sum =
        |field: &str| -> i64 { lines.iter().map(|line| whole(&line.entry.object, field)).sum() };
    let (net, tax, total) = (sum("totalPriceBeforeTax"), sum("tax"), sum("totalPriceAfterTax"));
    let is_credited = payment == "partiallyPaid" && number.is_multiple_of(2);
    let credited = if is_credited { total / 10 } else { 0 };
    let paid = match payment {
        "paid" => total - credited,
        "partiallyPaid" => (total - credited) / 2,
        _ => 0,
    };
    let is_posted = status == "posted";
    let link = |page: &str| is_posted.then(|| format!("https://pay.example/{page}/{id}"));
    let token = dice.code("put_", 24);
    let object = json!({
        "id": id,
        "displayNumber": (status != "building").then(|| format!("INV-{number:05}")),
        "orderId": order.id,
        "customerId": customer.id,
        "status": status,
        "paymentStatus": payment,
        "source": if number % 9 == 4 { "manual" } else { "order_based" },
        "startDate": instant_with_milliseconds(issued),
        "endDate": instant_with_milliseconds(months_later(issued, 1)),
        "issueDate": instant_with_milliseconds(issued),
        "postedDate": is_posted.then(|| instant_with_milliseconds(issued + 600)),
        "dueDate": instant_with_milliseconds(issued + 30 * DAY),
        "currency": customer.currency,
        "taxAmount": tax,
        "taxRate": rate(order.tax_rate),
        "taxStatus": tax_status(status, order.tax_rate),
        "invoiceTotalExcludingTax": net,
        "invoiceTotal": total,
        "amountDue": total - credited,
        "amountPaid": paid,
        "amountRemaining": total - credited - paid,
        "creditNotesTotal": credited,
        "metadata": if number % 6 == 1 { json!({"run": number}) } else { Value::Null },
        "createdAt": instant_with_milliseconds(issued),
        "updatedAt": instant_with_milliseconds(issued + 600),
        "paymentLink": link("pay"),
        "disputeLink": link("dispute"),
        "publicUrlToken": is_posted.then_some(token),
        "taxExempt": customer.is_exempt,
        "billingContactId": customer.contacts.first(),
    });
    let mut drafts = vec![Draft::new(issued, "invoices", Entry::of(object))];
    drafts.extend(lines);
    drafts
}

fn second_line(
    order: &Order,
    line: &Line,
    currency: &str,
    issued: i64,
    payment: &str,
    dice: &mut Dice,
) -> Value {
    let before = line.price * line.quantity;
    let tax = share(before, order.tax_rate);
    let made = instant_with_milliseconds(issued);
    json!({
        "id": dice.code("invl_", 12),
        "orderId": order.id,
        "orderLineId": line.id,
        "orderLineAttributeId": null,
        "startDate": made,
        "endDate": instant_with_milliseconds(months_later(issued, 1)),
        "paymentStatus": payment,
        "quantity": line.quantity,
        "totalPriceBeforeTax": before,
        "tax": tax,
        "taxRate": rate(order.tax_rate),
        "totalPriceAfterTax": before + tax,
        "currency": currency,
        "description": line.name,
        "balanceAmount": if payment == "paid" { 0 } else { before + tax },
        "creditedAmount": 0,
        "createdAt": made,
        "updatedAt": made,
    })
}

fn rate(basis_points: i64) -> Value {
    // One of the few numbers that has a fraction on the wire: 0.0825.
    let rate: f64 = format!("0.{basis_points:04}").parse().unwrap_or_default();
    if basis_points == 0 { Value::from(0) } else { Value::from(rate) }
}

fn tax_status(status: &str, basis_points: i64) -> &'static str {
    match status {
        _ if basis_points == 0 => "not_applicable",
        "posted" => "committed",
        "voided" | "canceled" => "voided",
        "error" => "failed",
        _ => "calculated",
    }
}

/// Adds up what was billed for one order of v2, or for all of them: the posted invoices.
pub(crate) fn settle(store: &mut Store, only: Option<&str>) {
    let mut billed: HashMap<String, [i64; 2]> = HashMap::new();
    for invoice in store.entries("invoices") {
        let order = invoice.text("orderId");
        if invoice.text("status") == "posted" && only.is_none_or(|only| only == order) {
            let [net, tax] = billed.entry(order.to_owned()).or_default();
            *net += whole(&invoice.object, "invoiceTotalExcludingTax");
            *tax += whole(&invoice.object, "taxAmount");
        }
    }
    for (order, [net, tax]) in billed {
        let Some(entry) = store.edit("orders", &order).filter(|entry| !entry.is_raw) else {
            continue;
        };
        let pending = (whole(&entry.object, "orderAmount") - net).max(0);
        entry.object["billedAmountNoTax"] = net.into();
        entry.object["billedTax"] = tax.into();
        entry.object["totalBilledAmount"] = (net + tax).into();
        entry.object["pendingBillingAmount"] = pending.into();
    }
}
