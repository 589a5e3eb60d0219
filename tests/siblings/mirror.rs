//! Whole runs: every object of every list, and nothing more.

use paid_sync::emulator::{SiblingKind, SiblingOptions};
use paid_sync::model::StreamStatus;
use paid_sync::run::SyncOptions;

use super::site::{KINDS, SCHEMA, Site};
use crate::support::warehouse::{files, number};

#[tokio::test]
async fn a_first_run_mirrors_every_object_of_every_list() {
    for (kind, name) in KINDS {
        let site = Site::new(kind).await;
        let summary = site.sync().await;
        assert!(summary.published, "{name}: {:#}", summary.to_json());
        assert_eq!(summary.exit_code(), 0, "{name}: {:#}", summary.to_json());
        assert_eq!(site.differences(), Vec::<String>::new(), "{name}");
        for report in summary.stream_reports() {
            assert!(report.outcome.rows.ties_out(), "{name}: {report:?}");
            assert_eq!(report.outcome.status, StreamStatus::Complete, "{name}: {report:?}");
        }
        let requests = site.sibling.requests();
        assert_eq!(requests.forbidden, 0, "{name}");
    }
}

#[tokio::test]
async fn only_get_is_sent_and_the_post_for_a_token() {
    for (kind, name) in KINDS {
        let site = Site::new(kind).await;
        site.sync().await;
        for request in site.sibling.log() {
            let is_token = request.method == "POST" && request.path.ends_with("/oauth/token");
            assert!(request.method == "GET" || is_token, "{name}: {request:?}");
        }
    }
}

#[tokio::test]
async fn a_second_run_without_changes_writes_no_row() {
    for (kind, name) in KINDS {
        let site = Site::new(kind).await;
        site.sync().await;
        let parts = files(&site.home.warehouse().join("changes")).len();
        let second = site.sync().await;
        assert_eq!((second.rows_written(), second.exit_code()), (0, 0), "{name}");
        assert_eq!(files(&site.home.warehouse().join("changes")).len(), parts, "{name}");
        let waiting = number(&site.open(), "SELECT count(*) FROM _sync.dirty");
        assert_eq!(waiting, 0, "{name}");
    }
}

#[tokio::test]
async fn edits_show_in_the_next_run_and_the_version_before_stays() {
    for (kind, name) in KINDS {
        let site = Site::new(kind).await;
        site.sync().await;
        let customer =
            site.sibling.truth("customers").unwrap()[0]["id"].as_str().unwrap().to_owned();
        site.sibling.pass(120);
        assert!(site.sibling.edit("customers", &customer, serde_json::json!({"name": "New name"})));
        site.sync().await;
        assert_eq!(site.differences(), Vec::<String>::new(), "{name}");
        let versions =
            format!("SELECT count(*) FROM {SCHEMA}_history.customers WHERE id = '{customer}'");
        assert_eq!(number(&site.open(), &versions), 2, "{name}");
    }
}

// The program is waited for on this thread; the account answers on another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_finds_nothing_after_a_run_and_what_changed_since() {
    for (kind, name) in KINDS {
        let site = Site::new(kind).await;
        site.sync().await;
        let gone = site.sibling.truth("customers").unwrap()[2]["id"].as_str().unwrap().to_owned();
        if kind == SiblingKind::AlternativePayments {
            assert!(site.sibling.archive("customers", &gone));
            site.sync().await;
        }
        let verify = || site.command(&["verify", "--format", "json"]).output().unwrap();
        let clean = verify();
        let told = String::from_utf8_lossy(&clean.stderr).into_owned();
        assert_eq!(clean.status.code(), Some(0), "{name}: {told}");
        let edited = site.sibling.truth("customers").unwrap()[0]["id"].as_str().unwrap().to_owned();
        site.sibling.edit("customers", &edited, serde_json::json!({"name": "Edited"}));
        let found = verify();
        assert_eq!(found.status.code(), Some(1), "{name}");
        assert!(String::from_utf8_lossy(&found.stdout).contains(&edited), "{name}");
    }
}

#[tokio::test]
async fn snake_case_and_camel_case_fill_the_same_columns() {
    for kind in [SiblingKind::PaidAiV1, SiblingKind::PaidAiV2] {
        let options = SiblingOptions { kind, snake_case: true, ..SiblingOptions::default() };
        let snake = Site::with(options, "").await;
        snake.sync().await;
        let camel = Site::new(kind).await;
        camel.sync().await;
        for spec in snake.kind.streams {
            let columns: Vec<&str> = spec.fields.iter().map(|field| field.column).collect();
            // JSON columns hold what was sent.
            let typed = spec.fields.iter().filter(|field| field.coercion.sql_type() != "JSON");
            let typed: Vec<&str> = typed.map(|field| field.column).collect();
            assert!(!columns.is_empty());
            let query =
                format!("SELECT id, {} FROM {SCHEMA}.{} ORDER BY id", typed.join(", "), spec.name);
            let both = [&snake, &camel].map(|site| site.open().table(&query, &[]).unwrap());
            assert_eq!(both[0], both[1], "{}", spec.name);
        }
    }
}

#[tokio::test]
async fn tables_of_what_stands_inside_objects_follow_them() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    site.sync().await;
    let invoices = site.sibling.truth("invoices").unwrap();
    let lines: usize =
        invoices.iter().filter_map(|invoice| invoice["line_items"].as_array()).map(Vec::len).sum();
    let ours = format!("SELECT count(*) FROM {SCHEMA}.invoice_line_items");
    assert_eq!(number(&site.open(), &ours), i128::try_from(lines).unwrap());
    let fees = format!(
        "SELECT count(*) FROM {SCHEMA}.fees WHERE starts_with(type_normalised, 'ft_') \
         OR type_normalised <> lower(type_normalised)"
    );
    assert_eq!(number(&site.open(), &fees), 0);
    let all = format!("SELECT count(*) FROM {SCHEMA}.fees WHERE parent_kind = 'payment'");
    assert!(number(&site.open(), &all) > 0);

    let id = invoices[0]["id"].as_str().unwrap();
    let items = serde_json::json!([{"amount": 7.25, "description": "one", "quantity": 3}]);
    assert!(site.sibling.edit("invoices", id, serde_json::json!({"line_items": items})));
    site.sync().await;
    let ours = format!(
        "SELECT count(*) FROM {SCHEMA}.invoice_line_items WHERE invoice_id = '{id}' \
         AND position = 0 AND amount = 7.25 AND quantity = 3"
    );
    assert_eq!(number(&site.open(), &ours), 1);
}

/// AR aging, in the smallest unit, added up from what the source shows; and customers side by side.
#[tokio::test]
async fn reports_count_invoices_whose_unit_is_known_and_say_which_they_do_not() {
    for (kind, name) in [KINDS[0], KINDS[1]] {
        let site = Site::new(kind).await;
        site.sync().await;
        let open: i128 = site
            .sibling
            .truth("invoices")
            .unwrap()
            .iter()
            .filter(|invoice| match kind {
                SiblingKind::PaidAiV1 => invoice["status"] == "open",
                _ => invoice["status"] == "posted" && invoice["paymentStatus"] != "paid",
            })
            .map(|invoice| {
                let amount = |field: &str| invoice[field].as_f64().unwrap_or(0.0).round();
                let left = match kind {
                    SiblingKind::PaidAiV1 => amount("total") - amount("amountPaid"),
                    _ => amount("amountRemaining"),
                };
                format!("{left:.0}").parse::<i128>().unwrap()
            })
            .sum();
        assert!(open > 0, "{name}");
        let database = site.open();
        let aging =
            number(&database, "SELECT coalesce(sum(total), 0)::BIGINT FROM reports.ar_aging");
        assert_eq!(aging, open, "{name}");
        let customers = number(&database, "SELECT count(*) FROM conformed.customers");
        assert_eq!(
            customers,
            i128::try_from(site.sibling.truth("customers").unwrap().len()).unwrap()
        );
    }
    let site = Site::new(SiblingKind::AlternativePayments).await;
    site.sync().await;
    let query = "SELECT count(*) FROM reports.data_quality WHERE finding = 'not_counted' \
                 AND contains(detail, 'unit')";
    assert_eq!(number(&site.open(), query), 1);
    assert_eq!(number(&site.open(), "SELECT count(*) FROM reports.ar_aging"), 0);
}

#[tokio::test]
async fn lines_inside_orders_are_a_table() {
    let site = Site::new(SiblingKind::PaidAiV1).await;
    site.sync().await;
    let orders = site.sibling.truth("orders").unwrap();
    let lines: usize =
        orders.iter().filter_map(|order| order["orderLines"].as_array()).map(Vec::len).sum();
    let ours = format!(
        "SELECT count(*) FROM {SCHEMA}.order_lines JOIN {SCHEMA}.orders ON orders.id = order_id \
         WHERE line_id IS NOT NULL"
    );
    assert!(lines > 0);
    assert_eq!(number(&site.open(), &ours), i128::try_from(lines).unwrap());
}

#[tokio::test]
async fn a_source_keeps_to_its_version_and_its_organisation() {
    let site = Site::new(SiblingKind::PaidAiV1).await;
    site.sync().await;
    let accounts = format!("SELECT count(DISTINCT _account_id) FROM {SCHEMA}.customers");
    assert_eq!(number(&site.open(), &accounts), 1);
    let path = site.home.path("sync.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"v1\"", "\"v2\"");
    std::fs::write(&path, text).unwrap();
    let summary = site.sync().await;
    assert_eq!(summary.exit_code(), 2, "{:#}", summary.to_json());
    let errors = format!("{:#}", summary.to_json());
    assert!(errors.contains("paid-ai v2, but the warehouse holds paid-ai v1"), "{errors}");
}

#[tokio::test]
async fn a_backfill_asks_for_a_window_where_there_is_one() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    let now = site.sibling.now();
    let window =
        paid_sync::model::Window { from: Some(now - 200 * 86_400), to: Some(now - 86_400) };
    let backfill = Some(paid_sync::plan::Backfill { window, again: false });
    let streams = vec!["payments".to_owned()];
    site.sync_with(SyncOptions { backfill, streams, ..SyncOptions::default() }).await;
    let log = site.sibling.log();
    let asked = log.iter().filter(|request| request.path == "/payments");
    assert!(asked.clone().any(|request| request.query.contains("created_at_start=")), "{log:#?}");
    site.sync().await;
    assert_eq!(site.differences(), Vec::<String>::new());
}
