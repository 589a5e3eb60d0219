//! What the other kinds can do wrong, and what becomes of it.

use paid_sync::emulator::{SiblingFault, SiblingKind, SiblingOptions, SiblingTrouble};
use paid_sync::run::{Summary, SyncOptions};
use serde_json::json;

use super::site::{KINDS, SCHEMA, Site};
use crate::support::warehouse::number;

fn fault(path_prefix: &str, skip: u32, what: SiblingTrouble) -> SiblingFault {
    SiblingFault { path_prefix: path_prefix.to_owned(), skip, times: 1, what }
}

fn for_ever(path_prefix: &str, what: SiblingTrouble) -> SiblingFault {
    SiblingFault { path_prefix: path_prefix.to_owned(), skip: 0, times: 0, what }
}

fn said(summary: &Summary) -> String {
    format!("{:#}", summary.to_json())
}

async fn paged(kind: SiblingKind) -> Site {
    let options = SiblingOptions { kind, customers: 45, page_cap: 10, ..SiblingOptions::default() };
    Site::with(options, "page_size = 10").await
}

#[tokio::test]
async fn a_token_revoked_in_the_middle_of_a_walk_is_asked_for_once_more() {
    let site = paged(SiblingKind::AlternativePayments).await;
    site.sibling.fault(fault("/customers", 3, SiblingTrouble::RevokeToken));
    let summary = site.sync().await;
    assert_eq!(summary.exit_code(), 0, "{}", said(&summary));
    assert_eq!(site.sibling.tokens_issued(), 2);
    assert_eq!(site.differences(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_lasts_for_all_lists_until_it_expires() {
    let site = paged(SiblingKind::AlternativePayments).await;
    site.sync().await;
    assert_eq!(site.sibling.tokens_issued(), 1, "asked for by one request at a time");
    let options = SiblingOptions {
        kind: SiblingKind::AlternativePayments,
        token_seconds: 1,
        ticks: true,
        ..SiblingOptions::default()
    };
    let short = Site::with(options, "").await;
    let summary = short.sync().await;
    assert_eq!(summary.exit_code(), 0, "{}", said(&summary));
}

#[tokio::test]
async fn wrong_credentials_are_said_and_shown_nowhere() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    let summary = site.sync_as("client_emulator:hunter2_wrong", SyncOptions::default()).await;
    assert_eq!(summary.exit_code(), 3);
    let text = said(&summary);
    assert!(text.contains("client id or client secret are wrong"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let summary = site.sync_as("no_colon_hunter2", SyncOptions::default()).await;
    assert_eq!(summary.exit_code(), 2);
    let text = said(&summary);
    assert!(text.contains("client id and client secret with `:` between"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_missing_scope_is_reported_and_other_lists_are_read() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    site.sibling.fault(for_ever("/payouts", SiblingTrouble::Status(403)));
    let summary = site.sync().await;
    assert!(summary.published, "{}", said(&summary));
    assert_eq!(summary.exit_code(), 0, "it never was available: {}", said(&summary));
    let rows = number(&site.open(), &format!("SELECT count(*) FROM {SCHEMA}.payments"));
    assert!(rows > 0);
}

#[tokio::test]
async fn a_scope_that_is_missing_below_customers_ends_that_list_only() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    let customer = site.sibling.truth("customers").unwrap()[0]["id"].clone();
    let path = format!("/customers/{}/users", customer.as_str().unwrap());
    site.sibling.fault(for_ever(&path, SiblingTrouble::Status(403)));
    let summary = site.sync().await;
    assert!(summary.published, "{}", said(&summary));
    let methods = number(&site.open(), &format!("SELECT count(*) FROM {SCHEMA}.payment_methods"));
    assert!(methods > 0, "{}", said(&summary));
}

#[tokio::test]
async fn cursors_that_lead_nowhere_are_errors_and_nothing_is_deleted_for_them() {
    for trouble in [SiblingTrouble::EmptyCursor, SiblingTrouble::SameCursor] {
        let site = paged(SiblingKind::AlternativePayments).await;
        site.sync().await;
        let before = number(&site.open(), &format!("SELECT count(*) FROM {SCHEMA}.customers"));
        let skip = u32::from(trouble == SiblingTrouble::SameCursor);
        site.sibling.fault(fault("/customers", skip, trouble));
        let summary = site.sync().await;
        // The first answer only tells whose key it is.
        let second = site.sync().await;
        let text = format!("{}{}", said(&summary), said(&second));
        assert!(text.contains("cursor_stuck") || summary.exit_code() == 0, "{text}");
        let after = number(&site.open(), &format!("SELECT count(*) FROM {SCHEMA}.customers"));
        assert_eq!(before, after);
    }
}

#[tokio::test]
async fn other_shapes_of_pages_are_read() {
    for trouble in [SiblingTrouble::NestedPageInfo, SiblingTrouble::NextCursorShape] {
        let site = paged(SiblingKind::AlternativePayments).await;
        site.sibling.fault(for_ever("", trouble));
        let summary = site.sync().await;
        assert_eq!(summary.exit_code(), 0, "{}", said(&summary));
        assert_eq!(site.differences(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_full_page_without_a_word_on_more_is_no_whole_list() {
    let site = paged(SiblingKind::AlternativePayments).await;
    site.sibling.fault(for_ever("/customers", SiblingTrouble::NoPageInfo));
    let summary = site.sync().await;
    assert_eq!(summary.exit_code(), 3, "{}", said(&summary));
    assert!(said(&summary).contains("no_page_info"), "{}", said(&summary));
    assert!(!summary.published);
}

#[tokio::test]
async fn an_offset_list_that_shifts_while_it_is_read_loses_nothing() {
    let site = paged(SiblingKind::PaidAiV2).await;
    site.sibling.fault(fault("/customers", 2, SiblingTrouble::Shift));
    let summary = site.sync().await;
    assert!(summary.published, "{}", said(&summary));
    site.sync().await;
    assert_eq!(site.differences(), Vec::<String>::new());
}

#[tokio::test]
async fn an_offset_list_that_shifts_in_both_passes_deletes_nothing_that_lives() {
    let site = paged(SiblingKind::PaidAiV2).await;
    site.sync().await;
    for skip in [2, 3, 7, 8] {
        site.sibling.fault(fault("/customers", skip, SiblingTrouble::Shift));
    }
    for _ in 0..3 {
        site.sync().await;
    }
    assert_eq!(site.differences(), Vec::<String>::new());
}

#[tokio::test]
async fn the_other_version_of_an_api_is_recognised() {
    let site = Site::new(SiblingKind::PaidAiV1).await;
    let page = json!({"data": [{"id": "cus_1", "name": "A"}],
        "pagination": {"limit": 1, "offset": 0, "total": 9, "hasMore": true}});
    site.sibling.fault(for_ever("/customers", SiblingTrouble::Body(page.to_string())));
    let summary = site.sync().await;
    assert_eq!(summary.exit_code(), 3, "{}", said(&summary));
    assert!(said(&summary).contains("is `api_version` right?"), "{}", said(&summary));

    let site = Site::new(SiblingKind::PaidAiV2).await;
    let array = json!([{"id": "cus_1", "name": "A"}]);
    site.sibling.fault(for_ever("/customers", SiblingTrouble::Body(array.to_string())));
    let summary = site.sync().await;
    assert_eq!(summary.exit_code(), 3, "{}", said(&summary));
    assert!(said(&summary).contains("is `api_version` right?"), "{}", said(&summary));
}

#[tokio::test]
async fn broken_answers_are_asked_for_again() {
    for (kind, name) in KINDS {
        let site = Site::new(kind).await;
        site.sibling.fault(fault("/customers", 1, SiblingTrouble::Truncate));
        site.sibling.fault(fault("/customers", 2, SiblingTrouble::Reset));
        site.sibling.fault(fault("/customers", 3, SiblingTrouble::Status(500)));
        let options =
            SyncOptions { retry: crate::support::warehouse::quick(), ..SyncOptions::default() };
        let summary = site.sync_with(options).await;
        assert_eq!(summary.exit_code(), 0, "{name}: {}", said(&summary));
        assert_eq!(site.differences(), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn odd_values_cost_their_column_and_nothing_else() {
    let site = Site::new(SiblingKind::PaidAiV2).await;
    let customer = site.sibling.truth("customers").unwrap()[0]["id"].clone();
    let odd = json!({
        "id": "inv_odd", "customerId": customer, "status": "from_the_future", "currency": "EUR",
        "invoiceTotal": "12345.678", "amountPaid": "12", "amountRemaining": {"no": "number"},
        "dueDate": "2026-02-30", "issueDate": "2026-03-31T23:30:00Z", "brand_new_field": [1, 2],
    });
    assert!(site.sibling.insert("invoices", odd));
    assert!(site.sibling.insert("invoices", json!({"id": "", "status": "posted"})));
    let summary = site.sync().await;
    assert_eq!(summary.exit_code(), 1, "what has no id is new in quarantine: {}", said(&summary));
    let query = format!(
        "SELECT count(*) FROM {SCHEMA}.invoices WHERE id = 'inv_odd' AND total = 12345.678 \
         AND amount_paid = 12 AND amount_remaining IS NULL AND due_date IS NULL \
         AND issue_date = DATE '2026-03-31' AND issue_date_ts = TIMESTAMP '2026-03-31 23:30:00' \
         AND contains(_extra::VARCHAR, 'brand_new_field') AND contains(_problems::VARCHAR, 'bad_number')"
    );
    assert_eq!(number(&site.open(), &query), 1);
    let quarantined = "SELECT count(*) FROM _sync.quarantine WHERE resource = 'invoices'";
    assert_eq!(number(&site.open(), quarantined), 1);
}

#[tokio::test]
async fn ids_that_are_words_of_the_api_are_mirrored_and_never_asked_for() {
    for (kind, name) in KINDS {
        let site = Site::new(kind).await;
        for id in ["external", "request", "..", "a/b", "a?b"] {
            assert!(site.sibling.insert("customers", json!({"id": id, "name": "Odd"})));
        }
        site.sync().await;
        let query = format!("SELECT count(*) FROM {SCHEMA}.customers WHERE name = 'Odd'");
        assert_eq!(number(&site.open(), &query), 5, "{name}");
        for request in site.sibling.log() {
            let path = request.path.as_str();
            let asked = path.trim_start_matches("/customers").split('/').nth(1);
            let is_odd = asked.is_some_and(|id| ["external", "request", "..", "a"].contains(&id));
            assert!(!is_odd, "{name}: {path}");
        }
    }
}

#[tokio::test]
async fn the_pace_that_an_api_allows_is_kept() {
    let options = SiblingOptions {
        kind: SiblingKind::AlternativePayments,
        customers: 3,
        requests_per_second: Some(5),
        ..SiblingOptions::default()
    };
    let site = Site::with(options, "").await;
    let path = site.home.path("sync.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("requests_per_second = 10000", "requests_per_second = 4");
    std::fs::write(&path, text).unwrap();
    let summary = site.sync().await;
    assert_eq!(summary.exit_code(), 0, "{}", said(&summary));
    let refused = site.sibling.log().iter().filter(|request| request.status == Some(429)).count();
    assert_eq!(refused, 0);
}

#[tokio::test]
async fn a_wait_asked_for_by_either_header_is_kept() {
    let site = Site::new(SiblingKind::PaidAiV2).await;
    site.sibling.fault(fault("/customers", 1, SiblingTrouble::RateLimitReset(1)));
    site.sibling.fault(fault("/orders", 0, SiblingTrouble::RetryAfter(1)));
    let summary = site.sync().await;
    assert_eq!(summary.exit_code(), 0, "{}", said(&summary));
    let log = site.sibling.log();
    let refused = log.iter().find(|request| request.status == Some(429)).expect("a refusal");
    let next =
        log.iter().find(|request| request.number > refused.number && request.path == refused.path);
    let waited = next.expect("another try").at_milliseconds - refused.at_milliseconds;
    assert!(waited >= 900, "{waited} ms");
}
