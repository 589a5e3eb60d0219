//! What happens to invoices after they are issued: parts paid, voids, refunds, credits.

use jiff::civil::{Date, date};

use super::{DAY, Snapshot, query_lines, report_lines, snapshot};

/// Makes a snapshot in UTC of lines given as SQL values: id, invoice, amount, paid on, created.
fn with_lines(invoices: &str, lines: &str) -> Snapshot {
    let rows = format!(
        "INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, due_date, voided_at) VALUES {invoices};
         INSERT INTO paid.transactions (_account_id, id, invoice_id, amount, currency, paid, paid_on, created_at)
         SELECT 'a', id, invoice, amount, 'usd', paid_on IS NOT NULL, paid_on, CAST(created AS TIMESTAMP)
         FROM (VALUES {lines}) AS given (id, invoice, amount, paid_on, created);"
    );
    snapshot("UTC", &[("paid", None)], &rows)
}

/// Gives some columns of a report.
fn columns(snapshot: &Snapshot, report: &str, columns: &str, day: Date) -> Vec<String> {
    let sql = format!("SELECT {columns} FROM reports.{report}_as_of(DATE '{day}')");
    query_lines(snapshot, &sql)
}

const ROLL_FORWARD: &str = "month, opening, billed, credits, settled, voided, closing";

/// 100 + 200 + 300 issued on 10 January, due on the 31st; 100 paid in time, 200 late, 300 not yet.
#[test]
fn an_invoice_is_paid_line_by_line() {
    let snapshot = with_lines(
        "('a', 'i', 'c', '2026-01-10', '2026-01-31', NULL)",
        "('1', 'i', 100, DATE '2026-01-20', '2026-01-05'), ('2', 'i', 200, DATE '2026-02-05', '2026-01-05'),
         ('3', 'i', 300, NULL, '2026-01-05')",
    );
    for (day, open, due) in [
        (date(2026, 1, 10), 600, "0"),
        (date(2026, 1, 19), 600, "0"),
        // A line is not owed any more on the evening of its payment.
        (date(2026, 1, 20), 500, "0"),
        (date(2026, 1, 31), 500, "0"),
        (date(2026, 2, 1), 500, "500"),
        (date(2026, 2, 5), 300, "300"),
    ] {
        let expected = [format!("{open} {due}")];
        assert_eq!(columns(&snapshot, "ar_aging", "total, days_1_30", day), expected, "{day}");
    }
    assert!(report_lines(&snapshot, "ar_aging", Some(date(2026, 1, 9))).is_empty());
    let expected =
        ["2026-01-10 billed 600 600", "2026-01-20 payment -100 500", "2026-02-05 payment -200 300"];
    let ledger = columns(&snapshot, "customer_ledger", "day, entry, amount, balance", DAY);
    assert_eq!(ledger, expected);
    // January: 10 days to pay; 500 owed of 600 billed in 31 days: 500 x 31 / 600 = 25.8 days.
    // February: 10 January to 5 February are 26 days; 300 x (31 + 28) / 600 = 29.5 days.
    let expected =
        ["2026-01-01 600 100 0 0.0 10.0 500 25.8", "2026-02-01 0 200 200 100.0 26.0 300 29.5"];
    let paid = "month, billed, paid, paid_late, CAST(paid_late_percent AS VARCHAR), \
                CAST(days_to_pay AS VARCHAR), closing, CAST(dso_days AS VARCHAR)";
    assert_eq!(columns(&snapshot, "collections", paid, date(2026, 2, 28)), expected);
}

/// `part`: 100 of 300 paid, then voided. `whole`: 50 voided unpaid. `same`: 7 issued and voided on
/// one day. `late`: 9 paid after the void, which is the end of it.
#[test]
fn a_void_takes_back_what_is_still_open() {
    let snapshot = with_lines(
        "('a', 'part', 'c', '2026-01-10', NULL, '2026-02-03 10:00:00'), ('a', 'whole', 'c', '2026-01-11', NULL, '2026-01-31 23:59:59'),
         ('a', 'same', 'c', '2026-01-12 08:00:00', NULL, '2026-01-12 09:00:00'), ('a', 'late', 'c', '2026-01-10', NULL, '2026-02-03')",
        "('1', 'part', 100, DATE '2026-01-20', '2026-01-05'), ('2', 'part', 200, NULL, '2026-01-05'),
         ('3', 'whole', 50, NULL, '2026-01-05'), ('4', 'same', 7, NULL, '2026-01-05'),
         ('5', 'late', 9, DATE '2026-02-04', '2026-01-05')",
    );
    let expected = [
        // 300 + 50 + 7 + 9 billed, 100 paid, 50 + 7 voided
        "2026-01-01 0 366 0 100 57 209",
        // 200 + 9
        "2026-02-01 209 0 0 0 209 0",
    ];
    let day = date(2026, 2, 28);
    assert_eq!(columns(&snapshot, "ar_rollforward", ROLL_FORWARD, day), expected);
    let expected = [
        "2026-01-01 billing 366 -57 309 100",
        "2026-02-01 billing 0 -209 -209 9",
        // By service, on the day of creation: all of it in January.
        "2026-01-01 service 366 -266 100 109",
    ];
    let net = "month, basis, billed, voided, net, collected";
    assert_eq!(columns(&snapshot, "revenue_by_month", net, day), expected);
    // On the evening before the voids everything but the payment is open.
    assert_eq!(columns(&snapshot, "ar_aging", "total", date(2026, 1, 30)), ["259"]);
    assert_eq!(columns(&snapshot, "ar_aging", "total", date(2026, 2, 2)), ["209"]);
    assert!(columns(&snapshot, "ar_aging", "total", day).is_empty());
    let later = "day, entry, invoice_id, amount, balance";
    let expected =
        ["2026-02-03 void late -9 200", "2026-02-03 void part -200 0"].map(str::to_owned);
    assert_eq!(columns(&snapshot, "customer_ledger", later, day)[7..], expected);
}

/// 500 paid on 20 January; 200 of it go back to the card on 10 February, on the same invoice.
#[test]
fn a_card_refund_enters_and_leaves_the_paid_invoice_at_once() {
    let snapshot = with_lines(
        "('a', 'i', 'c', '2026-01-10', '2026-01-31', NULL)",
        "('1', 'i', 500, DATE '2026-01-20', '2026-01-05'), ('2', 'i', -200, DATE '2026-02-10', '2026-02-10 12:00:00')",
    );
    let day = date(2026, 2, 28);
    let expected = ["2026-01-01 0 500 0 500 0 0", "2026-02-01 0 0 -200 -200 0 0"];
    assert_eq!(columns(&snapshot, "ar_rollforward", ROLL_FORWARD, day), expected);
    let expected = ["2026-01-01 500 0 500 500", "2026-02-01 0 -200 -200 -200"];
    let billing = "SELECT month, billed, credits, net, collected \
                   FROM reports.revenue_by_month_as_of(DATE '2026-02-28') WHERE basis = 'billing'";
    assert_eq!(query_lines(&snapshot, billing), expected);
    let expected = [
        "2026-01-10 billed 500 500",
        "2026-01-20 payment -500 0",
        "2026-02-10 credit -200 -200",
        "2026-02-10 payment 200 0",
    ];
    let ledger = columns(&snapshot, "customer_ledger", "day, entry, amount, balance", day);
    assert_eq!(ledger, expected);
    let given = "transaction_id, amount, created_on, settled_on, invoice_id";
    assert_eq!(columns(&snapshot, "refunds", given, day), ["2 -200 2026-02-10 2026-02-10 i"]);
    assert!(columns(&snapshot, "refunds", given, date(2026, 2, 9)).is_empty());
}

/// 200 given back on 10 February for a bank transfer have no invoice until 1 March, when they come
/// off the 700 of the next one.
#[test]
fn a_refund_of_a_transfer_waits_for_the_next_invoice() {
    let snapshot = with_lines(
        "('a', 'next', 'c', '2026-03-01', '2026-03-31', NULL)",
        "('1', 'next', 700, NULL, '2026-02-28'), ('2', 'next', -200, NULL, '2026-02-10')",
    );
    let unbilled = "transaction_id, amount, age_days, draft_invoice_id";
    let waiting = date(2026, 2, 15);
    assert_eq!(columns(&snapshot, "unbilled_transactions", unbilled, waiting), ["2 -200 5 next"]);
    let given = "transaction_id, amount, settled_on";
    assert_eq!(columns(&snapshot, "refunds", given, waiting), ["2 -200 -"]);
    assert!(columns(&snapshot, "ar_aging", "total", date(2026, 2, 28)).is_empty());
    let issued = date(2026, 3, 1);
    assert!(columns(&snapshot, "unbilled_transactions", unbilled, issued).is_empty());
    assert_eq!(columns(&snapshot, "ar_aging", "total", issued), ["500"]);
    let expected = ["2026-03-01 0 700 -200 0 0 500"];
    assert_eq!(columns(&snapshot, "ar_rollforward", ROLL_FORWARD, issued), expected);
}

/// 100 less 300 leave -200, however long ago that was due.
#[test]
fn an_invoice_below_zero_is_a_credit_and_never_due() {
    let snapshot = with_lines(
        "('a', 'i', 'c', '2025-01-10', '2025-01-31', NULL), ('a', 'j', 'c', '2026-03-01', '2026-03-30', NULL)",
        "('1', 'i', 100, NULL, '2025-01-05'), ('2', 'i', -300, NULL, '2025-01-05'), ('3', 'j', 50, NULL, '2026-03-01')",
    );
    let ages = "not_due, days_1_30, days_over_90, total";
    assert_eq!(columns(&snapshot, "ar_aging", ages, DAY), ["-200 50 0 -150"]);
    let detail = "invoice_id, open_amount, days_past_due, bucket, why";
    let expected =
        ["j 50 1 days_1_30 1 days after the due day", "i -200 - not_due a credit is never due"];
    assert_eq!(columns(&snapshot, "ar_aging_detail", detail, DAY), expected);
    assert_eq!(columns(&snapshot, "chase_calendar", "invoice_id, open_amount", DAY), ["j 50"]);
}

/// `given` is voided on 10 March and was never issued: until then its line is sold and not billed.
#[test]
fn lines_of_an_invoice_given_up_unissued_are_unbilled_until_then() {
    let snapshot = with_lines(
        "('a', 'given', 'c', NULL, NULL, '2026-03-10'), ('a', 'draft', 'c', NULL, NULL, NULL)",
        "('1', 'given', 5, NULL, '2026-03-01'), ('2', 'draft', 6, NULL, '2026-03-01'),
         ('3', NULL, 7, DATE '2026-03-05', '2026-03-01')",
    );
    let unbilled = |day| columns(&snapshot, "unbilled_transactions", "amount", day);
    assert_eq!(unbilled(date(2026, 3, 4)), ["7", "6", "5"]);
    assert_eq!(unbilled(date(2026, 3, 9)), ["6", "5"], "7 is paid");
    assert_eq!(unbilled(date(2026, 3, 10)), ["6"], "5 was given up");
}

/// `half` says paid and has 7 unpaid, `all` says unpaid and has nothing unpaid (9 is void); nothing tells
/// the currency of the line on no invoice.
#[test]
fn invoices_and_lines_that_contradict_each_other_are_found() {
    let rows = "
        INSERT INTO paid.invoices (_account_id, id, issued_at, amount, unpaid_amount, paid, voided_at) VALUES
            ('a', 'half', '2026-03-01', 12, 0, TRUE, NULL), ('a', 'all', '2026-03-01', 12, 0, FALSE, NULL),
            ('a', 'open', '2026-03-01', 12, 7, FALSE, NULL), ('a', 'voided', '2026-03-01', 5, 0, FALSE, '2026-03-02');
        INSERT INTO paid.transactions (_account_id, id, invoice_id, amount, currency, paid, paid_on, status) VALUES
            ('a', '1', 'half', 5, 'usd', TRUE, '2026-03-02', NULL), ('a', '2', 'half', 7, 'usd', FALSE, NULL, NULL),
            ('a', '3', 'all', 5, 'usd', TRUE, '2026-03-02', NULL), ('a', '4', 'all', 7, 'usd', TRUE, '2026-03-02', NULL),
            ('a', '5', 'all', 9, 'usd', FALSE, NULL, 'void'), ('a', '6', 'voided', 5, 'usd', TRUE, '2026-03-01', NULL),
            ('a', '7', 'open', 5, 'usd', TRUE, '2026-03-02', NULL), ('a', '8', 'open', 7, 'usd', FALSE, NULL, NULL),
            ('a', '9', NULL, 1, NULL, FALSE, NULL, NULL), ('a', '10', NULL, 1, NULL, FALSE, NULL, 'void');";
    let snapshot = snapshot("UTC", &[("paid", None)], rows);
    let found = "finding, object_id, expected, actual";
    let expected = [
        "no_currency 9 - -",
        "paid_state all 0 0",
        "paid_state half 0 7",
        "unpaid_balance half 0 7",
    ];
    assert_eq!(columns(&snapshot, "data_quality", found, DAY), expected);
}
