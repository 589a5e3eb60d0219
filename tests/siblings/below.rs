//! Lists below each object, read in turn within a budget.

use paid_sync::emulator::{SiblingKind, SiblingOptions};

use super::site::{SCHEMA, Site};
use crate::support::warehouse::number;

fn limited(site: &Site, budget: u32) {
    let path = site.home.path("sync.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("refresh_budget = 5000", &format!("refresh_budget = {budget}"));
    std::fs::write(&path, text).unwrap();
}

#[tokio::test]
async fn a_small_budget_spreads_the_lists_over_the_runs() {
    let options = SiblingOptions {
        kind: SiblingKind::AlternativePayments,
        customers: 30,
        ..SiblingOptions::default()
    };
    let site = Site::with(options, "streams = [\"customers\", \"customer_users\"]").await;
    limited(&site, 20);
    let rows = |site: &Site| {
        number(&site.open(), &format!("SELECT count(*) FROM {SCHEMA}.customer_users"))
    };
    let all = site.sibling.truth("users").unwrap().len();
    let first = site.sync().await;
    assert!(format!("{:#}", first.to_json()).contains("objects wait for their turn"));
    let after_one = rows(&site);
    assert!(after_one > 0 && after_one < i128::try_from(all).unwrap(), "{after_one} of {all}");
    for _ in 0..8 {
        site.sync().await;
    }
    assert_eq!(rows(&site), i128::try_from(all).unwrap());
}

#[tokio::test]
async fn changed_customers_come_first() {
    let options = SiblingOptions {
        kind: SiblingKind::AlternativePayments,
        customers: 30,
        ..SiblingOptions::default()
    };
    let site = Site::with(options, "streams = [\"customers\", \"customer_users\"]").await;
    site.sync().await;
    limited(&site, 6);
    let last = site.sibling.truth("customers").unwrap().last().unwrap()["id"].clone();
    let last = last.as_str().unwrap();
    site.sibling.edit("customers", last, serde_json::json!({"name": "Changed"}));
    let user = serde_json::json!({"id": "user_new", "email": "new@example.com", "_parent": last});
    assert!(site.sibling.insert("users", user));
    site.sync().await;
    let query = format!(
        "SELECT count(*) FROM {SCHEMA}.customer_users WHERE id = 'user_new' AND customer_id = '{last}'"
    );
    assert_eq!(number(&site.open(), &query), 1);
}

#[tokio::test]
async fn what_stood_below_a_deleted_object_goes_with_it() {
    let site = Site::new(SiblingKind::PaidAiV2).await;
    site.sync().await;
    let lines = site.sibling.truth("order_lines").unwrap();
    let order = lines[0]["_parent"].as_str().unwrap().to_owned();
    assert!(site.sibling.delete("orders", &order));
    for _ in 0..3 {
        site.sync().await;
    }
    assert_eq!(site.differences(), Vec::<String>::new());
}

#[tokio::test]
async fn numbers_of_cards_and_accounts_are_masked_whatever_the_settings_say() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    let customer = site.sibling.truth("customers").unwrap()[0]["id"].clone();
    let method = serde_json::json!({
        "id": "pm_hostile", "_parent": customer, "card": {"number": "4242 4242 4242 4242"},
        "account": "000123456789",
    });
    assert!(site.sibling.insert("payment_methods", method));
    site.sync().await;
    let query = format!(
        "SELECT count(*) FROM {SCHEMA}.payment_methods WHERE id = 'pm_hostile' \
         AND contains(_extra::VARCHAR, '**** **** **** 4242') AND contains(_extra::VARCHAR, '********6789')"
    );
    assert_eq!(number(&site.open(), &query), 1);
    let all = crate::support::warehouse::files(&site.home.warehouse());
    for file in all {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(12).any(|window| window == b"000123456789"), "{}", file.display());
    }
}
