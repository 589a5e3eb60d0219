//! Monthly recurring revenue and what moves it.

use jiff::civil::date;

use super::{query_lines, report_lines, snapshot};

/// Monthly recurring revenue of one customer: 1200 a year is 100 a month from 10 January, 50 more
/// from 5 February, the first ends on 28 February, the second on 1 April; then 10 from 20 May.
#[test]
fn mrr_moves_by_new_expansion_contraction_churn_and_reactivation() {
    let rows = "
        INSERT INTO paid.plans (_account_id, id, amount, currency, \"interval\", interval_count) VALUES
            ('a', 'year', 1200, 'USD', 'year', 1), ('a', 'month', 50, 'USD', 'month', 1),
            ('a', 'two', 20, 'USD', 'month', 2);
        INSERT INTO paid.subscriptions (_account_id, id, customer_id, plan_id, started_at, ended_at) VALUES
            ('a', '1', 'c', 'year', '2026-01-10', '2026-02-28'),
            ('a', '2', 'c', 'month', '2026-02-05', '2026-04-01'),
            ('a', '3', 'c', 'two', '2026-05-20', NULL);";
    let snapshot = snapshot("UTC", &[("paid", None)], rows);
    // month opening new reactivation expansion contraction churn closing
    let expected = [
        "2026-01-01 usd 0 100 0 0 0 0 100 paid a",
        "2026-02-01 usd 100 0 0 0 -50 0 50 paid a",
        "2026-03-01 usd 50 0 0 0 0 0 50 paid a",
        "2026-04-01 usd 50 0 0 0 0 -50 0 paid a",
        "2026-05-01 usd 0 0 10 0 0 0 10 paid a",
    ];
    let day = Some(date(2026, 5, 31));
    assert_eq!(report_lines(&snapshot, "mrr_movements", day), expected);
    let mrr = "SELECT mrr, arr, subscriptions FROM reports.mrr_as_of(DATE '2026-02-27') \
               WHERE month = '2026-02-01'";
    assert_eq!(query_lines(&snapshot, mrr), ["150 1800 2"]);
}

/// 1000 a month from 31 January at noon; it ends on 30 April, so that evening is the first without it.
/// 1200 a year from the leap day 2024.
#[test]
fn subscriptions_count_on_the_last_evening_of_months_of_any_length() {
    let rows = "
        INSERT INTO paid.plans (_account_id, id, amount, currency, \"interval\", interval_count) VALUES
            ('a', 'month', 1000, 'usd', 'month', 1), ('a', 'year', 1200, 'eur', 'year', 1);
        INSERT INTO paid.subscriptions (_account_id, id, customer_id, plan_id, started_at, ended_at) VALUES
            ('a', '1', 'c', 'month', '2026-01-31 12:00:00', '2026-04-30 00:00:00'),
            ('a', '2', 'c', 'year', '2024-02-29 23:59:59', NULL);";
    let snapshot = snapshot("UTC", &[("paid", None)], rows);
    let usd = |day: &str| {
        let sql = format!(
            "SELECT month, mrr, subscriptions FROM reports.mrr_as_of(DATE '{day}') WHERE currency = 'usd'"
        );
        query_lines(&snapshot, &sql)
    };
    assert!(usd("2026-01-30").is_empty());
    assert_eq!(usd("2026-01-31"), ["2026-01-01 1000 1"]);
    let expected =
        ["2026-01-01 1000 1", "2026-02-01 1000 1", "2026-03-01 1000 1", "2026-04-01 0 0"];
    assert_eq!(usd("2026-04-30"), expected);
    assert_eq!(usd("2026-04-29")[3], "2026-04-01 1000 1", "a day before it ends");
    let eur = "SELECT min(month), min(mrr), max(mrr), count(*) FROM reports.mrr_as_of(DATE '2025-02-28') \
               WHERE currency = 'eur'";
    // February 2024 to February 2025
    assert_eq!(query_lines(&snapshot, eur), ["2024-02-01 100 100 13"]);
}
