//! Invoices, their payments and payouts. Everything is in dollars, with hundredths; no source says
//! the unit (CONTRACT C-02), and every sum adds up.

use serde_json::{Value, json};

use crate::emulator::business::names;
use crate::emulator::sibling::business::Draft;
use crate::emulator::sibling::dice::{DAY, Dice, date, decimal, instant, share};
use crate::emulator::sibling::store::Entry;

/// Names the amounts, in hundredths, that shown objects hold as numbers with a fraction.
const SUB_TOTAL: &str = "sub_total_hundredths";

/// Makes an invoice and, if it is old enough, what was paid for it.
pub(crate) fn bill(customer: &str, created: i64, now: i64, dice: &mut Dice) -> Vec<Draft> {
    let mut sub_total = 0;
    let count = dice.between(1, 4);
    let lines: Vec<Value> = (0..count)
        .map(|_| {
            let (amount, quantity) = (dice.between(500, 250_000), dice.between(1, 5));
            sub_total += amount * quantity;
            let (description, _) = names::extra(&mut dice.rng);
            json!({
                "amount": decimal(amount),
                "description": if dice.percent(10) { Value::Null } else { description.into() },
                "quantity": quantity,
            })
        })
        .collect();
    let due = created + 30 * DAY;
    let is_old = created < now - 50 * DAY;
    let status = match dice.between(0, 9) {
        0..=6 if is_old => "paid",
        _ if due < now => "overdue",
        0 | 1 => "paid",
        _ => "open",
    };
    let id = dice.uuid();
    let mut object = json!({
        "id": id,
        "customer_id": customer,
        "created_at": instant(created),
        "status": status,
        "currency": "USD",
        "due_date": date(due),
        "sub_total": decimal(sub_total),
        "total": decimal(sub_total),
        "line_items": lines,
    });
    if dice.percent(70) {
        object["invoice_number"] = format!("{:06}", dice.between(1, 999_999)).into();
        object["memo"] = if dice.percent(50) { Value::Null } else { "Thank you & more".into() };
        object["last_notification_at"] = instant(created + 3 * DAY).into();
    }
    let mut drafts = vec![Draft::new(created, "invoices", Entry::of(object))];
    let paid = (created + dice.between(DAY, 25 * DAY)).min(now - 60);
    if status == "paid" {
        drafts.push(payment(customer, &id, sub_total, paid.max(created), dice));
    }
    drafts
}

/// Makes the payment of an invoice. It shows neither the invoice nor its type, though lists can be
/// filtered by both (CONTRACT C-03).
pub(crate) fn payment(
    customer: &str,
    invoice: &str,
    sub_total: i64,
    created: i64,
    dice: &mut Dice,
) -> Draft {
    let method = dice.pick(&["card", "standard_ach", "card"]);
    let mut fees = Vec::new();
    let mut covered = 0;
    let mut fee = |name: &str, kind: &str, amount: i64, is_covered: bool| {
        covered += if is_covered { amount } else { 0 };
        fees.push(json!({
            "amount": decimal(amount),
            "covered_by_customer": is_covered,
            "name": name,
            "type": kind,
        }));
    };
    let is_covered = dice.percent(50);
    fee("Processing", "FT_METHOD", share(sub_total, 290) + 30, is_covered);
    if dice.percent(20) {
        fee("Late payment", "FT_LATE_PAYMENT", 1_500, true);
    }
    if dice.percent(10) {
        let is_covered = dice.percent(50);
        fee("Platform", "FT_PRODUCT", 250, is_covered);
    }
    if dice.percent(5) {
        fee("Interest", "FT_INTEREST", share(sub_total, 50), true);
    }
    let status = match dice.between(0, 19) {
        0 => "failed",
        1 => "pending",
        2 => "refunded",
        _ => "succeeded",
    };
    let mut object = json!({
        "id": dice.uuid(),
        "customer_id": customer,
        "created_at": instant(created),
        "due_date": date(created + 2 * DAY),
        "payment_method": method,
        "status": status,
        "sub_total": decimal(sub_total),
        "total": decimal(sub_total + covered),
    });
    if !dice.percent(6) || covered > 0 {
        object["fees"] = fees.into();
    }
    let kind = if status == "refunded" { "refund" } else { "payment" };
    let hidden = json!({"invoice_id": invoice, "type": kind, SUB_TOTAL: sub_total});
    Draft::new(created, "payments", Entry::of(object).hiding(hidden))
}

/// Pays out what a customer's payments brought, so many at a time.
pub(crate) fn pay_out(customer: &str, drafts: &[Draft], now: i64, dice: &mut Dice) -> Vec<Draft> {
    let brought: Vec<&Draft> = drafts
        .iter()
        .filter(|draft| draft.list == "payments" && draft.created < now - 3 * DAY)
        .filter(|draft| draft.entry.text("status") == "succeeded")
        .collect();
    let mut payouts = Vec::new();
    for group in brought.chunks(2) {
        let latest = group.iter().map(|draft| draft.created).max().unwrap_or(now);
        let entries: Vec<&Entry> = group.iter().map(|draft| &draft.entry).collect();
        payouts.extend(payout(customer, &entries, latest + DAY, now, dice));
    }
    payouts
}

/// Makes a payout of payments: what they brought less fees, which are spelled another way here
/// (CONTRACT C-04).
pub(crate) fn payout(
    customer: &str,
    payments: &[&Entry],
    created: i64,
    now: i64,
    dice: &mut Dice,
) -> Vec<Draft> {
    let sub_total: i64 = payments.iter().filter_map(|entry| entry.hidden[SUB_TOTAL].as_i64()).sum();
    let kinds = ["method", "product", "late_payment", "unspecified"];
    let mut charged = 0;
    let fees: Vec<Value> = (0..dice.between(1, 2))
        .map(|_| {
            let amount = share(sub_total, dice.between(10, 200));
            charged += amount;
            json!({
                "amount": decimal(amount),
                "covered_by_customer": false,
                "name": "Payout fee",
                "type": dice.pick(&kinds),
            })
        })
        .collect();
    let settled = ["succeeded", "succeeded", "succeeded", "failed", "canceled"];
    let under_way = ["creating", "processing", "analyzing", "scheduled", "approved", "pending"];
    let is_settled = created < now - 10 * DAY;
    let status = if is_settled { dice.pick(&settled) } else { dice.pick(&under_way) };
    let id = dice.code("po_", 14);
    let object = json!({
        "id": id,
        "customer_id": customer,
        "created_at": instant(created),
        "arrival_date": date(created + 4 * DAY),
        "status": status,
        "sub_total": decimal(sub_total),
        "total": decimal(sub_total - charged),
        "fees": fees,
    });
    let invoices: Vec<&Value> = payments.iter().map(|entry| &entry.hidden["invoice_id"]).collect();
    let entry = Entry::of(object).hiding(json!({"invoice_id": invoices}));
    let mut drafts = vec![Draft::new(created, "payouts", entry)];
    for payment in payments {
        let link = Entry::of(json!({"id": payment.id})).under(&id);
        drafts.push(Draft::new(created, "payout_transactions", link));
    }
    drafts
}
