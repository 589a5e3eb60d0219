use serde_json::{Value, json};

use super::site::{LONG_AGO, Site, customer, serve_account};
use crate::support::script::Script;

fn transaction(number: u8, amount: i64) -> Value {
    json!({
        "object": "transaction",
        "id": format!("tr_{number}"),
        "customer": "cus_1",
        "invoice": "inv_1",
        "amount": amount,
        "currency": "usd",
        "paid": false,
        "created_at": LONG_AGO,
    })
}

/// Two amounts that each fit 64 bits and together do not: rows are mirrored and published, but no
/// report can add them up, so that its tie-out fails.
#[tokio::test(flavor = "multi_thread")]
async fn amounts_that_nothing_can_add_up_fail_the_tie_outs_and_end_with_exit_code_1() {
    let script = Script::start().await;
    let invoice = json!({
        "object": "invoice",
        "id": "inv_1",
        "customer": "cus_1",
        "amount": 1,
        "unpaid_amount": 1,
        "paid": false,
        "voided": false,
        "issued_at": LONG_AGO,
        "created_at": LONG_AGO,
    });
    let lines = [transaction(1, i64::MAX), transaction(2, i64::MAX)];
    let lists: [(&str, &[Value]); 3] = [
        ("/customers", &[customer("cus_1", "One")]),
        ("/invoices", &[invoice]),
        ("/transactions", &lines),
    ];
    serve_account(&script, "acct_1", &lists);
    let streams = ["customers", "invoices", "transactions"];
    let site = Site::mirroring_only(&streams, script.base_url().as_str());
    let ended = site.run("sync").expect(1, &["published", "ar_aging: TIE-OUT FAILED"]);
    assert!(ended.stderr.contains("do not rely on this report"), "{ended}");
    let amounts = site.ask_snapshot("SELECT CAST(amount AS VARCHAR) FROM paid.transactions");
    assert_eq!(amounts, [i64::MAX.to_string(), i64::MAX.to_string()], "rows are kept exactly");
    // The report itself says so instead of showing a wrong sum.
    let ended = site.run("report ar_aging");
    assert!(!ended.stdout.contains("9,223"), "{ended}");
}

/// What is settled of an invoice without lines is its amount less what is unpaid, which here does not
/// fit 64 bits: the rows that reports stand on cannot be worked out before they are asked for, and are
/// left to whoever asks.
#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_that_cannot_be_split_is_published_all_the_same() {
    let script = Script::start().await;
    let invoice = |unpaid: i64| {
        json!({
            "object": "invoice",
            "id": "inv_1",
            "customer": "cus_1",
            "amount": i64::MAX,
            "unpaid_amount": unpaid,
            "paid": false,
            "voided": false,
            "issued_at": LONG_AGO,
            "created_at": LONG_AGO,
        })
    };
    let customers = [customer("cus_1", "One")];
    let kind = "SELECT 'table' FROM duckdb_tables() WHERE schema_name = 'model' AND \
                table_name = 'receivables' AND comment <> '' UNION ALL \
                SELECT 'view' FROM duckdb_views() WHERE schema_name = 'model' AND \
                view_name = 'receivables'";
    for (unpaid, code, found) in [(-i64::MAX, 1, "view"), (i64::MAX, 0, "table")] {
        let lists: [(&str, &[Value]); 2] =
            [("/customers", &customers), ("/invoices", &[invoice(unpaid)])];
        serve_account(&script, "acct_1", &lists);
        let streams = ["customers", "invoices"];
        let site = Site::mirroring_only(&streams, script.base_url().as_str());
        site.run("sync").expect(code, &["published"]);
        assert_eq!(site.ask_snapshot(kind), [found], "{unpaid}");
        let amounts = site.ask_snapshot("SELECT CAST(unpaid_amount AS VARCHAR) FROM paid.invoices");
        assert_eq!(amounts, [unpaid.to_string()]);
    }
}

/// What was known before anything was known cannot be asked; nor a day that is none.
#[tokio::test(flavor = "multi_thread")]
async fn an_instant_before_the_first_sync_is_refused() {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[("/customers", &[customer("cus_1", "One")])]);
    let site = Site::mirroring_only(&["customers"], script.base_url().as_str());
    let asked = "report ar_aging --known-at";
    site.run(&format!("{asked} 2020-01-01T00:00:00Z")).expect(4, &["paid-sync sync"]);
    site.run("sync").expect(0, &["published"]);
    let told = ["--known-at 2020-01-01T00:00:00Z", "nothing was known then", "first sync"];
    site.run(&format!("{asked} 2020-01-01T00:00:00Z")).expect(2, &told);
    for format in ["json", "csv", "html"] {
        let words = format!("{asked} 2020-01-01T00:00:00Z --format {format}");
        assert_eq!(site.run(&words).expect(2, &told).stdout, "");
    }
    site.run(&format!("{asked} yesterday")).expect(2, &["--known-at"]);
    site.run(&format!("{asked} 2999-01-01T00:00:00Z")).expect(0, &[]);
}
