//! What is open, how old it is, in which currency, and whose.

use std::fmt::Write as _;

use jiff::civil::date;

use super::{DAY, query_lines, report_lines, snapshot};

#[test]
fn ages_change_the_day_after_30_60_and_90_days() {
    let snapshot = snapshot(
        "UTC",
        &[("paid", Some("USD"))],
        "INSERT INTO paid.customers (_account_id, id, name) VALUES ('a', 'c', 'Ada'), ('b', 'c', 'Eve');
         INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, due_date, unpaid_amount)
         SELECT 'a', 'i' || due, 'c', TIMESTAMP '2025-11-01', DATE '2026-03-31' - due, amount
         FROM (VALUES (-5, 1), (0, 2), (1, 10), (30, 20), (31, 100), (60, 200), (61, 1000),
                      (90, 2000), (91, 10000), (151, 20000)) AS given (due, amount);",
    );
    let expected = ["c Ada usd 3 30 300 3000 30000 33333 paid a"];
    assert_eq!(report_lines(&snapshot, "ar_aging", Some(DAY)), expected);
    // A day later, what was 0, 30, 60 and 90 days past due moves on by one column.
    let expected = ["c Ada usd 1 12 120 1200 32000 33333 paid a"];
    assert_eq!(report_lines(&snapshot, "ar_aging", Some(date(2026, 4, 1))), expected);
    // Before the issue date there is nothing, although amounts are today's.
    assert!(report_lines(&snapshot, "ar_aging", Some(date(2025, 10, 31))).is_empty());
}

/// Customer | columns of its one invoice | values | ages and total in `ar_aging`, if it is open.
/// Issued on 1 January 2026 where the columns do not say otherwise.
const OPEN_CASES: &str = "\
    a voided | unpaid_amount, voided | 7, TRUE | -
    b voided_at only | unpaid_amount, voided_at | 7, '2026-01-05' | -
    c paid | unpaid_amount, paid | 7, TRUE | -
    d generated | unpaid_amount, issued_at | 7, NULL | -
    e settled | unpaid_amount, amount | 0, 7 | -
    f amount unknown | unpaid_amount | NULL | -
    g unpaid missing | unpaid_amount, amount | NULL, 7 | 7 0 0 0 0 7
    h credit | unpaid_amount, due_date | -7, '2025-01-01' | -7 0 0 0 0 -7
    i issued in time | unpaid_amount, issued_at | 7, '2026-03-31 23:59:59' | 7 0 0 0 0 7
    j issued after | unpaid_amount, issued_at | 7, '2026-04-01 00:00:00' | -
    k terms, due today | unpaid_amount, issued_at, terms | 7, '2026-03-01', 30 | 7 0 0 0 0 7
    l terms, due before | unpaid_amount, issued_at, terms | 7, '2026-03-01', 29 | 0 7 0 0 0 7
    m due beats terms | unpaid_amount, terms, due_date | 7, 0, '2026-04-09' | 7 0 0 0 0 7
    n neither | unpaid_amount | 7 | 7 0 0 0 0 7
    o absurd terms | unpaid_amount, terms | 7, 9223372036854775807 | 7 0 0 0 0 7
    p undated | unpaid_amount, overdue_amount, issued_at, due_date | 7, 7, NULL, '2026-01-01' | 0 0 0 7 0 7
    q flags false | unpaid_amount, paid, voided | 7, FALSE, FALSE | 7 0 0 0 0 7";

#[test]
fn open_is_issued_unpaid_unvoided_and_not_zero() {
    let (mut rows, mut expected) = (String::new(), Vec::new());
    for case in OPEN_CASES.lines() {
        let [customer, columns, values, ages] =
            case.split('|').map(str::trim).collect::<Vec<_>>().try_into().unwrap();
        let given = columns.contains("issued_at");
        let (issued, at) = if given { ("", "") } else { (", issued_at", ", '2026-01-01'") };
        write!(
            rows,
            "INSERT INTO paid.invoices (_account_id, id, customer_id, {columns}{issued}) \
             VALUES ('a', 'i {customer}', '{customer}', {values}{at});"
        )
        .unwrap();
        if ages != "-" {
            expected.push(format!("{customer}: {ages}"));
        }
    }
    let snapshot = snapshot("UTC", &[("paid", None)], &rows);
    let sql = format!(
        "SELECT customer_id || ':', not_due, days_1_30, days_31_60, days_61_90, days_over_90, total \
         FROM reports.ar_aging_as_of(DATE '{DAY}') ORDER BY customer_id"
    );
    assert_eq!(query_lines(&snapshot, &sql), expected);
}

/// Invoices with one currency, with none, with several, and with one that some lines lack.
const CURRENCIES: &str = "
    INSERT INTO {s}.invoices (_account_id, id, customer_id, issued_at, unpaid_amount) VALUES
        ('a', 'euro', 'c', '2026-03-01', 1), ('a', 'none', 'c', '2026-03-01', 10),
        ('a', 'mixed', 'c', '2026-03-01', 100), ('a', 'half', 'c', '2026-03-01', 1000),
        ('a', 'lines', 'c', '2026-03-01', NULL);
    INSERT INTO {s}.transactions (_account_id, id, invoice_id, amount, currency) VALUES
        ('a', '1', 'euro', 1, 'eur'), ('a', '2', 'euro', 0, 'eur'), ('b', '3', 'euro', 9, 'gbp'),
        ('a', '4', 'mixed', 50, 'eur'), ('a', '5', 'mixed', 50, 'gbp'), ('a', '6', 'mixed', 5, NULL),
        ('a', '7', 'half', 1, NULL), ('a', '8', 'half', 1, 'eur'), ('a', '9', 'half', 1, ''),
        ('a', '10', 'lines', 20000, 'eur'), ('a', '11', 'lines', -10000, 'eur'),
        ('a', '12', NULL, 3, NULL);";

#[test]
fn currencies_come_from_transactions_then_the_default_and_are_never_mixed() {
    let rows = CURRENCIES.replace("{s}", "paid") + &CURRENCIES.replace("{s}", "other");
    let snapshot = snapshot("UTC", &[("paid", None), ("other", Some("CHF"))], &rows);
    let expected = [
        // Lines count, each in its own currency: 1 + 50 + 3 + 10000 eur, 50 gbp, 5 of unknown currency.
        "c - (unknown) 5 0 0 0 0 5 other a",
        "c - chf 10 0 0 0 0 10 other a",
        "c - eur 10054 0 0 0 0 10054 other a",
        "c - gbp 50 0 0 0 0 50 other a",
        "c - (unknown) 15 0 0 0 0 15 paid a",
        "c - eur 10054 0 0 0 0 10054 paid a",
        "c - gbp 50 0 0 0 0 50 paid a",
    ];
    assert_eq!(report_lines(&snapshot, "ar_aging", Some(DAY)), expected);
    let flags = "SELECT id, currency, mixed_currency, transactions_amount FROM model.invoices \
                 WHERE source = 'other' ORDER BY id";
    let expected = [
        "euro eur false 1",
        "half eur false 3",
        "lines eur false 10000",
        "mixed - true -",
        "none chf false -",
    ];
    assert_eq!(query_lines(&snapshot, flags), expected);
    let lines = "SELECT id, currency FROM model.transactions WHERE source = 'other' \
                 AND id IN ('5', '6', '7', '9', '12') ORDER BY CAST(id AS INTEGER)";
    assert_eq!(query_lines(&snapshot, lines), ["5 gbp", "6 -", "7 eur", "9 eur", "12 chf"]);
}

#[test]
fn two_sources_and_accounts_with_the_same_ids_stay_apart() {
    let mut rows = String::new();
    for (source, account, name, amount) in
        [("paid", "a", "Ada", 1), ("paid", "b", "O''Neil", 2), ("second", "a", "Zoé", 4)]
    {
        write!(
            rows,
            "INSERT INTO {source}.customers (_account_id, id, name) VALUES ('{account}', 'c', '{name}');
             INSERT INTO {source}.invoices (_account_id, id, customer_id, issued_at, unpaid_amount, amount)
             VALUES ('{account}', 'i', 'c', '2026-03-01', {amount}, {amount});
             INSERT INTO {source}.transactions (_account_id, id, invoice_id, amount, currency, paid, paid_on)
             VALUES ('{account}', 't', 'i', {amount}, 'usd', TRUE, '2026-03-02'),
                    ('{account}', 'r', 'i', -{amount}, 'usd', NULL, '2026-03-02');"
        )
        .unwrap();
    }
    let snapshot = snapshot("UTC", &[("paid", None), ("second", None)], &rows);
    let expected = [
        // The line is paid, the credit is not: it is owed to the customer.
        "c Ada usd -1 0 0 0 0 -1 paid a",
        "c O'Neil usd -2 0 0 0 0 -2 paid b",
        "c Zoé usd -4 0 0 0 0 -4 second a",
    ];
    assert_eq!(report_lines(&snapshot, "ar_aging", Some(DAY)), expected);
    let expected = [
        "2026-03-01 billing usd 1 -1 0 0 1 1 paid a",
        "2026-03-01 service usd 1 -1 0 0 1 1 paid a",
        "2026-03-01 billing usd 2 -2 0 0 2 1 paid b",
        "2026-03-01 service usd 2 -2 0 0 2 1 paid b",
        "2026-03-01 billing usd 4 -4 0 0 4 1 second a",
        "2026-03-01 service usd 4 -4 0 0 4 1 second a",
    ];
    assert_eq!(report_lines(&snapshot, "revenue_by_month", Some(DAY)), expected);
}
