//! Reports that have little or nothing to go by.

use jiff::civil::date;
use paid_sync::emulator::{Emulator, Options};
use paid_sync::model::Cell;
use paid_sync::report::{
    Format, Question, REPORTS, Session, Terminal, find_report, page, render, run_report, totals,
};
use paid_sync::run::SyncOptions;

use super::{DAY, at, query_lines, report_lines, snapshot};
use crate::support::account;
use crate::support::warehouse::{Home, number};

/// Knows a day, and nothing else.
const SYNCED: &str = "INSERT INTO _sync.freshness (source, stream, complete_to) \
                      VALUES ('paid', 'invoices', '2026-03-31 12:00:00');";

#[test]
fn an_empty_warehouse_has_every_report_its_tie_out_and_the_page() {
    for (sources, rows) in [(&[][..], ""), (&[("paid", None)], ""), (&[("paid", None)], SYNCED)] {
        let snapshot = snapshot("Europe/Berlin", sources, rows);
        let session = Session::open(&snapshot.path).unwrap();
        for report in REPORTS {
            let table = session.run(report, &Question::default()).unwrap();
            assert!(table.rows.is_empty(), "{}: {table:?}", report.name);
            assert!(session.tie_out(report).unwrap().holds(), "{}", report.name);
        }
        let html = page(&session, &Question::default()).unwrap();
        assert!(html.ends_with("</html>\n"), "{html}");
        for report in REPORTS {
            let title = report.contract().unwrap().title;
            assert!(html.contains(&title), "{title} is missing");
        }
    }
}

/// An account whose transactions are not mirrored: invoices count with their own amounts, in a
/// currency that nothing tells.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_stream_of_transactions_invoices_count_with_their_own_amounts() {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    let home = Home::new(&emulator.base_url(), "");
    let path = home.path("sync.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, settings + "streams = [\"customers\", \"invoices\"]\n").unwrap();
    let summary = home.sync(SyncOptions::default()).await;
    assert_eq!(summary.failed_tie_outs, Vec::<String>::new());
    let is_open = |invoice: &&serde_json::Value| {
        invoice["issued_at"].is_i64() && invoice["paid"] == false && invoice["voided"] == false
    };
    let invoices = account::truth(&emulator, "invoices");
    let owed: i64 = invoices
        .iter()
        .filter(is_open)
        .map(|invoice| invoice["unpaid_amount"].as_i64().unwrap())
        .sum();
    let database = home.open();
    assert!(owed > 0);
    let total = number(&database, "SELECT sum(total) FROM reports.ar_aging");
    assert_eq!(total, i128::from(owed));
    let currencies = database.texts("SELECT DISTINCT currency FROM reports.ar_aging", &[]).unwrap();
    assert_eq!(currencies, ["(unknown)"]);
    drop(database);
    let session = Session::open(&home.snapshot()).unwrap();
    for report in REPORTS {
        session.run(report, &Question::default()).unwrap();
    }
    let nothing = ["mrr", "mrr_movements", "refunds", "unbilled_transactions"];
    for name in nothing {
        let report = find_report(name).unwrap();
        assert!(session.run(report, &Question::default()).unwrap().rows.is_empty(), "{name}");
    }
}

/// No name, no customer at all, and a customer who is not in the warehouse.
#[test]
fn customers_without_a_name_have_rows_of_their_own() {
    let rows = "
        INSERT INTO paid.customers (_account_id, id, name) VALUES ('a', 'nameless', NULL), ('a', 'blank', '');
        INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, unpaid_amount) VALUES
            ('a', '1', 'nameless', '2026-03-01', 1), ('a', '2', NULL, '2026-03-01', 20),
            ('a', '3', 'gone', '2026-03-01', 300), ('a', '4', 'blank', '2026-03-01', 4000);";
    let snapshot = snapshot("UTC", &[("paid", Some("usd"))], rows);
    let sql =
        "SELECT customer_id, customer_name, total FROM reports.ar_aging_as_of(DATE '2026-03-31')";
    let expected = ["blank  4000", "gone - 300", "- - 20", "nameless - 1"];
    assert_eq!(query_lines(&snapshot, sql), expected);
    let findings = "SELECT object_id, detail FROM reports.data_quality_as_of(DATE '2026-03-31') \
                    WHERE finding = 'dangling'";
    assert_eq!(query_lines(&snapshot, findings), ["3 its customer is not in the warehouse: gone"]);
    let customer = |id: &str| Question { customer: Some(id.to_owned()), ..at(Some(DAY)) };
    let report = find_report("ar_aging").unwrap();
    assert_eq!(run_report(&snapshot.path, report, &customer("gone")).unwrap().rows.len(), 1);
}

/// 1234 of the smallest units are 12.34 usd, 1,234 jpy (which has none smaller) and 1.234 kwd.
#[test]
fn people_see_major_units_of_each_currency_and_programs_the_smallest_ones() {
    let rows = "
        INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at) VALUES
            ('a', 'u', 'c', '2026-03-01'), ('a', 'j', 'c', '2026-03-01'), ('a', 'k', 'c', '2026-03-01'),
            ('a', 'k2', 'd', '2026-03-01'), ('a', 'x', 'c', '2026-03-01');
        INSERT INTO paid.transactions (_account_id, id, invoice_id, amount, currency) VALUES
            ('a', '1', 'u', 1234, 'usd'), ('a', '2', 'j', 1234, 'jpy'), ('a', '3', 'k', 1234, 'kwd'),
            ('a', '4', 'k2', 1, 'kwd'), ('a', '5', 'x', 1234, 'zzz');";
    let snapshot = snapshot("UTC", &[("paid", None)], rows);
    let report = find_report("ar_aging").unwrap();
    let mut table = run_report(&snapshot.path, report, &at(Some(DAY))).unwrap();
    let amounts: Vec<&Cell> = table.rows.iter().map(|row| &row[8]).collect();
    let minor = [1234, 1234, 1, 1234, 1234].map(Cell::Integer);
    assert_eq!(amounts, minor.iter().collect::<Vec<_>>());
    table.totals = totals(&table, &report.contract().unwrap());
    let shown = render(&table, Format::Table, Terminal::default()).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    let last = |line: &str, from_end: usize| {
        line.split_whitespace().rev().nth(from_end).unwrap_or_default().to_owned()
    };
    let of = |code: &str| -> Vec<String> {
        let lines = shown.lines().filter(|line| line.split_whitespace().any(|word| word == code));
        // Totals have neither source nor account.
        lines.map(|line| last(line, 2)).collect()
    };
    assert_eq!(of("usd"), ["12.34", "12.34"], "{shown}");
    assert_eq!(of("jpy"), ["1,234", "1,234"], "{shown}");
    assert_eq!(of("kwd"), ["1.234", "0.001", "1.235"], "{shown}");
    // No currency of ISO 4217: nothing is guessed.
    assert_eq!(of("zzz"), ["1,234", "1,234"], "{shown}");
    let csv = String::from_utf8(render(&table, Format::Csv, Terminal::default()).unwrap()).unwrap();
    assert!(csv.contains(",kwd,1234,0,0,0,0,1234,"), "{csv}");
    assert_eq!(report_lines(&snapshot, "ar_aging", Some(date(2026, 2, 28))).len(), 0);
}
