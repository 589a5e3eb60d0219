//! What accounts hold adds up, when founded and after random business.

use paid_sync::emulator::SiblingKind::{AlternativePayments, PaidAiV1, PaidAiV2};
use serde_json::Value;

use super::caller::Caller;
use crate::support::http::text;

fn whole(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_else(|| panic!("{field} of {object} is whole"))
}

/// Reads a number with two decimals in hundredths.
fn hundredths(object: &Value, field: &str) -> i64 {
    let number = object[field].as_f64().unwrap_or_else(|| panic!("{field} of {object}"));
    format!("{number:.2}").replace('.', "").parse().unwrap()
}

fn rows<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_and_invoices_of_v1_add_up() {
    let caller = Caller::start(PaidAiV1).await;
    for _ in 0..2 {
        for order in caller.objects("orders") {
            for (of_order, of_line) in [
                ("totalAmount", "totalAmount"),
                ("billedAmountNoTax", "billedAmountWithoutTax"),
                ("billedTax", "billedTax"),
                ("totalBilledAmount", "totalBilledAmount"),
            ] {
                let lines = rows(&order, "orderLines").iter();
                let sum: i64 = lines.map(|line| hundredths(line, of_line)).sum();
                assert_eq!(hundredths(&order, of_order), sum, "{of_order}");
            }
            let pending =
                hundredths(&order, "totalAmount") - hundredths(&order, "billedAmountNoTax");
            assert_eq!(hundredths(&order, "pendingBillingAmount"), pending);
        }
        for invoice in caller.objects("invoices") {
            let total = whole(&invoice, "total");
            assert_eq!(whole(&invoice, "subtotal") + whole(&invoice, "tax"), total);
            if invoice["status"] != "void" {
                assert_eq!(whole(&invoice, "amountPaid") + whole(&invoice, "amountDue"), total);
            }
            assert_eq!(invoice["status"] == "paid", !invoice["paidAt"].is_null());
        }
        caller.churn(3, 300);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invoices_and_orders_of_v2_add_up() {
    let caller = Caller::start(PaidAiV2).await;
    for _ in 0..2 {
        let lines = caller.objects("invoice_lines");
        let invoices = caller.objects("invoices");
        for invoice in &invoices {
            let own = || lines.iter().filter(|line| line["_parent"] == invoice["id"]);
            assert!(own().count() > 0);
            let sum = |field: &str| own().map(|line| whole(line, field)).sum::<i64>();
            assert_eq!(whole(invoice, "invoiceTotalExcludingTax"), sum("totalPriceBeforeTax"));
            assert_eq!(whole(invoice, "taxAmount"), sum("tax"));
            assert_eq!(whole(invoice, "invoiceTotal"), sum("totalPriceAfterTax"));
            let due = whole(invoice, "amountPaid") + whole(invoice, "amountRemaining");
            assert_eq!(whole(invoice, "amountDue"), due);
            assert_eq!(whole(invoice, "invoiceTotal"), due + whole(invoice, "creditNotesTotal"));
        }
        for order in caller.objects("orders") {
            let posted = invoices.iter().filter(|invoice| {
                invoice["orderId"] == order["id"] && invoice["status"] == "posted"
            });
            let billed: i64 = posted.map(|invoice| whole(invoice, "invoiceTotal")).sum();
            assert_eq!(whole(&order, "totalBilledAmount"), billed);
        }
        caller.churn(3, 300);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_alternative_payments_holds_adds_up() {
    let caller = Caller::start(AlternativePayments).await;
    for _ in 0..2 {
        for invoice in caller.objects("invoices") {
            let lines = rows(&invoice, "line_items").iter();
            let amount = |line: &Value| hundredths(line, "amount") * whole(line, "quantity");
            assert_eq!(hundredths(&invoice, "sub_total"), lines.map(amount).sum::<i64>());
            assert_eq!(invoice["currency"], "USD");
        }
        for payment in caller.objects("payments") {
            let covered = rows(&payment, "fees").iter();
            let covered = covered.filter(|fee| fee["covered_by_customer"] == true);
            let fees: i64 = covered.map(|fee| hundredths(fee, "amount")).sum();
            assert_eq!(hundredths(&payment, "total"), hundredths(&payment, "sub_total") + fees);
            assert!(rows(&payment, "fees").iter().all(|fee| text(fee, "type").starts_with("FT_")));
        }
        let links = caller.objects("payout_transactions");
        let payouts = caller.objects("payouts");
        assert!(payouts.len() > 15);
        for payout in payouts {
            let own = links.iter().filter(|link| link["_parent"] == payout["id"]);
            let sum: i64 = own.map(|payment| hundredths(payment, "sub_total")).sum();
            assert_eq!(hundredths(&payout, "sub_total"), sum);
            let fees = rows(&payout, "fees").iter();
            let fees: i64 = fees.map(|fee| hundredths(fee, "amount")).sum();
            assert_eq!(hundredths(&payout, "total"), sum - fees);
        }
        caller.churn(3, 300);
    }
}
