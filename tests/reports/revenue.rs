//! Revenue on both bases, and the roll-forward of the same lines.

use jiff::civil::date;

use super::{DAY, query_lines, report_lines, snapshot};

/// Lines of every kind: paid, open, credits, voided, not issued, on no invoice.
pub(super) const REVENUE: &str = "
    INSERT INTO paid.invoices (_account_id, id, issued_at, amount, paid, voided, overdue_amount) VALUES
        ('a', 'jan', '2026-01-31 23:59:59', 1000, TRUE, NULL, NULL),
        ('a', 'feb', '2026-02-01 00:00:00', 200, NULL, NULL, 200),
        ('a', 'void', '2026-02-02', 5000, NULL, TRUE, NULL),
        ('a', 'draft', NULL, 7000, NULL, NULL, NULL),
        ('a', 'undated', NULL, 3, TRUE, NULL, NULL),
        ('a', 'lines', '2026-02-28', NULL, NULL, NULL, NULL),
        ('a', 'later', '2026-04-01', 90000, NULL, NULL, NULL);
    INSERT INTO paid.transactions
        (_account_id, id, invoice_id, amount, currency, paid, paid_on, created_at, serviced_on) VALUES
        ('a', '1', 'jan', 1300, 'usd', TRUE, '2026-02-10', '2026-01-30', NULL),
        ('a', '2', 'jan', -100, 'usd', TRUE, '2026-02-10', '2026-01-30', NULL),
        ('a', '3', 'jan', -200, 'usd', TRUE, '2026-03-05', '2026-03-05', '2026-01-01'),
        ('a', '4', 'feb', 200, 'usd', FALSE, NULL, '2026-01-15', NULL),
        ('a', '5', 'void', 5100, 'usd', FALSE, NULL, '2026-02-01', NULL),
        ('a', '6', 'void', -100, 'usd', FALSE, NULL, '2026-02-01', NULL),
        ('a', '7', NULL, -40, 'usd', FALSE, NULL, NULL, '2026-02-20'),
        ('a', '8', NULL, 60, 'usd', TRUE, NULL, '2026-02-20', NULL),
        ('a', '9', 'lines', 77, 'usd', NULL, NULL, '2026-02-20', NULL),
        ('a', '10', NULL, -5, 'eur', TRUE, '2026-02-03', '2026-02-03', NULL),
        ('a', '11', 'later', 90000, 'usd', TRUE, '2026-04-02', '2026-03-20', NULL),
        ('a', '12', 'undated', 3, 'usd', FALSE, NULL, NULL, NULL);";

/// By hand, usd on the basis of billing. Receivable from: 1, 2 on 31 January (issue), 3 on 5 March
/// (created after issue), 4 on 1 February, 5 and 6 on 2 February, 9 on 28 February, 12 on 15 March
/// (paid without an issue day: first seen then). Voided, without a day, first seen on 15 March: 5, 6.
///
/// | | billed | credits | voided | net | collected |
/// | --- | --- | --- | --- | --- | --- |
/// | January | 1300 | -100 | | 1200 | |
/// | February | 200 + 5100 + 77 | -100 | | 5277 | 1300 - 100 |
/// | March | 3 | -200 | -5100 + 100 | -5197 | -200 + 60 (first seen paid) |
///
/// By service: 1, 2 and 4 by creation in January, 3 by its day of service; 5, 6, 9 and 8 by creation
/// in February. Both bases: net 1280, collected 1060.
#[test]
fn revenue_counts_each_cent_once_on_both_bases() {
    let snapshot = snapshot("UTC", &[("paid", None)], REVENUE);
    let expected = [
        "2026-02-01 billing eur 0 0 0 0 -5 0 paid a",
        "2026-02-01 service eur 0 0 0 0 -5 0 paid a",
        "2026-01-01 billing usd 1300 -100 0 1200 0 1 paid a",
        "2026-02-01 billing usd 5377 -100 0 5277 1200 3 paid a",
        "2026-03-01 billing usd 3 -200 -5000 -5197 -140 2 paid a",
        "2026-01-01 service usd 1500 -300 0 1200 1000 2 paid a",
        "2026-02-01 service usd 5177 -100 -5000 77 60 2 paid a",
        "2026-03-01 service usd 3 0 0 3 0 1 paid a",
    ];
    assert_eq!(report_lines(&snapshot, "revenue_by_month", Some(DAY)), expected);
    let early = report_lines(&snapshot, "revenue_by_month", Some(date(2026, 1, 31)));
    let expected = [
        "2026-01-01 billing usd 1300 -100 0 1200 0 1 paid a",
        "2026-01-01 service usd 1300 -100 0 1200 0 1 paid a",
    ];
    assert_eq!(early, expected);
}

/// The same lines: opening, billed, credits, settled, voided, closing, estimated.
#[test]
fn the_roll_forward_closes_every_month() {
    let snapshot = snapshot("UTC", &[("paid", None)], REVENUE);
    let expected = [
        // 1300 - 100
        "2026-01-01 usd 0 1300 -100 0 0 1200 0 paid a",
        // 1200 + 5377 - 100 - (1300 - 100)
        "2026-02-01 usd 1200 5377 -100 1200 0 5277 0 paid a",
        // 5277 + 3 - 200 + 200 - (5100 - 100); days of 12, 5 and 6 are estimates: 3 + 5100 + 100
        "2026-03-01 usd 5277 3 -200 -200 5000 280 5203 paid a",
    ];
    assert_eq!(report_lines(&snapshot, "ar_rollforward", Some(DAY)), expected);
    // What is left: 200 of `feb`, 77 of `lines`, 3 of `undated`.
    let aging = "SELECT sum(total) FROM reports.ar_aging_as_of(DATE '2026-03-31')";
    assert_eq!(query_lines(&snapshot, aging), ["280"]);
    // On the evening of 9 February `jan` is open although it is paid by now.
    let then = "SELECT sum(total) FROM reports.ar_aging_as_of(DATE '2026-02-09')";
    assert_eq!(query_lines(&snapshot, then), ["6400"], "1200 + 200 + 5000");
}
