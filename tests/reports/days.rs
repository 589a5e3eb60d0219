//! On which day an instant falls.

use jiff::{Timestamp, tz::TimeZone};
use paid_sync::error::Kind;
use paid_sync::report::{query_table, timezone_sql};

use super::{lines, query_lines, report_lines, snapshot};

#[test]
fn a_zone_west_of_utc_moves_a_date_and_with_it_month_and_age() {
    let rows = "
        INSERT INTO _sync.freshness (source, stream, complete_to) VALUES ('paid', 'invoices', '2026-04-01 03:59:59'),
            ('paid', 'customers', '2026-03-30 12:00:00'), ('paid', 'users', NULL);
        INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, unpaid_amount, amount, terms)
        VALUES ('a', 'i', 'c', '2026-03-01 04:00:00', 5, 5, 30);";
    for (zone, as_of, aging, month) in [
        ("UTC", "2026-04-01", "c - usd 0 5 0 0 0 5 paid a", "2026-03-01"),
        ("America/New_York", "2026-03-31", "c - usd 0 5 0 0 0 5 paid a", "2026-02-01"),
        ("Pacific/Kiritimati", "2026-04-01", "c - usd 0 5 0 0 0 5 paid a", "2026-03-01"),
    ] {
        let snapshot = snapshot(zone, &[("paid", Some("usd"))], rows);
        assert_eq!(query_lines(&snapshot, "FROM model.as_of_default"), [as_of], "{zone}");
        assert_eq!(report_lines(&snapshot, "ar_aging", None), [aging], "{zone}");
        let revenue =
            ["billing", "service"].map(|basis| format!("{month} {basis} usd 5 0 0 5 0 1 paid a"));
        assert_eq!(report_lines(&snapshot, "revenue_by_month", None), revenue, "{zone}");
    }
    // The age itself: issued on 28 February in New York, due on 30 March, one day before 1 April UTC.
    let ages = "SELECT not_due, days_1_30 FROM reports.ar_aging_as_of(DATE '2026-03-31')";
    let in_zone = |zone| query_lines(&snapshot(zone, &[("paid", Some("usd"))], rows), ages);
    assert_eq!(in_zone("UTC"), ["5 0"]);
    assert_eq!(in_zone("America/New_York"), ["0 5"]);
}

#[test]
fn local_date_agrees_with_the_time_zone_database_from_1970_to_2099() {
    for zone in ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca"] {
        let snapshot = snapshot(zone, &[], "");
        let zone_rules = TimeZone::get(zone).unwrap();
        let sql = "SELECT instant, model.local_date(make_timestamp(instant * 1000000)) \
                   FROM (SELECT unnest(range(0, 4102444800, 999983)) AS instant)";
        let table = query_table(&snapshot.path, sql).unwrap();
        assert_eq!(table.rows.len(), 4103);
        for line in lines(&table) {
            let (instant, local) = line.split_once(' ').unwrap();
            let instant = Timestamp::from_second(instant.parse().unwrap()).unwrap();
            assert_eq!(
                zone_rules.to_datetime(instant).date().to_string(),
                local,
                "{zone} {instant}"
            );
        }
    }
}

#[test]
fn local_date_turns_at_local_midnight() {
    for (zone, instant, local) in [
        ("America/New_York", "2026-03-08 04:59:59", "2026-03-07"),
        ("America/New_York", "2026-03-08 05:00:00", "2026-03-08"),
        ("America/New_York", "2026-03-09 03:59:59.999999", "2026-03-08"),
        ("America/New_York", "2026-03-09 04:00:00", "2026-03-09"),
        ("Asia/Kolkata", "2026-01-01 18:29:59", "2026-01-01"),
        ("Asia/Kolkata", "2026-01-01 18:30:00", "2026-01-02"),
        ("Pacific/Apia", "2011-12-30 09:59:59", "2011-12-29"),
        ("Pacific/Apia", "2011-12-30 10:00:00", "2011-12-31"),
        ("Etc/UTC", "9999-12-31 23:59:59", "9999-12-31"),
    ] {
        let snapshot = snapshot(zone, &[], "");
        let sql = format!("SELECT model.local_date(TIMESTAMP '{instant}'), model.local_date(NULL)");
        assert_eq!(query_lines(&snapshot, &sql), [format!("{local} -")], "{zone} {instant}");
    }
    let error = timezone_sql("Mars/Olympus").unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(error.to_string().contains("Mars/Olympus"), "{error}");
}

/// Clocks change in Berlin on 29 March and 25 October 2026: of four midnights two are at 23:00 UTC of
/// the day before (winter), two at 22:00 (summer). A second earlier is the evening before.
#[test]
fn the_day_of_an_issue_turns_at_midnight_around_both_changes_of_the_clock() {
    let instants = [
        ("2026-03-28 22:59:59", "2026-03-28"),
        ("2026-03-28 23:00:00", "2026-03-29"),
        ("2026-03-29 21:59:59", "2026-03-29"),
        ("2026-03-29 22:00:00", "2026-03-30"),
        ("2026-10-24 21:59:59", "2026-10-24"),
        ("2026-10-24 22:00:00", "2026-10-25"),
        ("2026-10-25 22:59:59", "2026-10-25"),
        ("2026-10-25 23:00:00", "2026-10-26"),
    ];
    let values: Vec<String> = instants
        .iter()
        .enumerate()
        .map(|(number, (instant, _))| format!("('a', '{number}', 'c', '{instant}', 1, 1)"))
        .collect();
    let rows = format!(
        "INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, unpaid_amount, terms) VALUES {};",
        values.join(", ")
    );
    let snapshot = snapshot("Europe/Berlin", &[("paid", Some("eur"))], &rows);
    let sql = "SELECT receivable_on FROM reports.ar_aging_detail_as_of(DATE '2026-12-31') ORDER BY invoice_id";
    assert_eq!(query_lines(&snapshot, sql), instants.map(|(_, day)| day));
    // Without a due date it is the day of issue and the terms, both of the zone.
    let sql = "SELECT due_on, days_past_due, why FROM reports.ar_aging_detail_as_of(DATE '2026-03-31') \
               WHERE invoice_id = '1'";
    let expected = ["2026-03-30 1 1 days after the due day (issue day and terms)"];
    assert_eq!(query_lines(&snapshot, sql), expected);
}

/// 30 days after 29 February 2024 is 30 March, 60 days after 29 April, 90 days after 29 May. 30 days
/// after 30 January are 29 February in a leap year, else 1 March.
#[test]
fn a_leap_day_is_a_day() {
    let rows = "
        INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, unpaid_amount, due_date, terms) VALUES
            ('a', 'leap', 'c', '2024-02-29', 1, '2024-02-29', NULL), ('a', 'terms', 't', '2024-01-30', 1, NULL, 30),
            ('a', 'usual', 'u', '2023-01-30', 1, NULL, 30);";
    let snapshot = snapshot("UTC", &[("paid", Some("usd"))], rows);
    for (day, ages) in [
        ("2024-02-29", "1 0 0 0 0"),
        ("2024-03-01", "0 1 0 0 0"),
        ("2024-03-30", "0 1 0 0 0"),
        ("2024-03-31", "0 0 1 0 0"),
        ("2024-04-29", "0 0 1 0 0"),
        ("2024-04-30", "0 0 0 1 0"),
        ("2024-05-29", "0 0 0 1 0"),
        ("2024-05-30", "0 0 0 0 1"),
    ] {
        for customer in ["c", "t"] {
            let sql = format!(
                "SELECT not_due, days_1_30, days_31_60, days_61_90, days_over_90 \
                 FROM reports.ar_aging_as_of(DATE '{day}') WHERE customer_id = '{customer}'"
            );
            assert_eq!(query_lines(&snapshot, &sql), [ages], "{customer} on {day}");
        }
    }
    let sql = "SELECT due_on FROM reports.ar_aging_detail_as_of(DATE '2023-02-28') WHERE customer_id = 'u'";
    assert_eq!(query_lines(&snapshot, sql), ["2023-03-01"]);
    let sql = "SELECT month, billed, closing FROM reports.ar_rollforward_as_of(DATE '2024-02-29') \
               WHERE month >= DATE '2024-01-01'";
    assert_eq!(query_lines(&snapshot, sql), ["2024-01-01 1 2", "2024-02-01 1 3"]);
}
