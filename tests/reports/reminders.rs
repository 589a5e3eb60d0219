//! Reminder schedules.

use super::{query_lines, snapshot};

/// CONTRACT A6, worked example: due on 18 February 2015.
#[test]
fn reminders_follow_the_schedule_of_the_invoice() {
    let rows = r#"
        INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, due_date, unpaid_amount, chase_schedule) VALUES
            ('a', 'given', 'c', '2015-01-01', '2015-02-18', 1, '[-7, "-1", 0, 1, 5, 10, 15, 20, 25, 30, "~3"]'),
            ('a', 'broken', 'c', '2015-01-01', '2015-02-18', 1, '["~3", 1]'),
            ('a', 'none', 'c', '2015-01-01', '2015-02-18', 1, NULL);"#;
    let snapshot = snapshot("UTC", &[("paid", Some("usd"))], rows);
    for (day, given, none) in [
        ("2015-02-10", "2015-02-11", "2015-02-11"),
        ("2015-02-18", "2015-02-19", "2015-02-19"),
        ("2015-03-20", "2015-03-23", "-"),
        ("2015-03-23", "2015-03-26", "-"),
        ("2015-04-01", "2015-04-04", "-"),
    ] {
        let sql = format!(
            "SELECT invoice_id, next_reminder_on, schedule \
             FROM reports.chase_calendar_as_of(DATE '{day}') ORDER BY invoice_id"
        );
        let expected = [
            "broken - invalid".to_owned(),
            format!("given {given} valid"),
            format!("none {none} default"),
        ];
        assert_eq!(query_lines(&snapshot, &sql), expected, "{day}");
    }
}
