//! Archived, deleted and restored objects of Alternative Payments (CONTRACT C4), and lists of which
//! only lists tell what is gone.

use paid_sync::emulator::SiblingKind;

use super::site::{SCHEMA, Site};
use crate::support::warehouse::number;

fn id(site: &Site, list: &str, place: usize) -> String {
    site.sibling.truth(list).unwrap()[place]["id"].as_str().unwrap().to_owned()
}

fn archived(site: &Site, id: &str) -> i128 {
    let query = format!(
        "SELECT count(*) FROM {SCHEMA}.customers WHERE id = '{id}' AND _archived_at IS NOT NULL"
    );
    number(&site.open(), &query)
}

fn known(site: &Site, id: &str) -> i128 {
    number(&site.open(), &format!("SELECT count(*) FROM {SCHEMA}.customers WHERE id = '{id}'"))
}

#[tokio::test]
async fn an_archived_customer_stays_with_a_mark_and_a_deleted_one_goes() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    site.sync().await;
    let (shelved, gone) = (id(&site, "customers", 1), id(&site, "customers", 2));
    site.sibling.pass(3_600);
    assert!(site.sibling.archive("customers", &shelved));
    assert!(site.sibling.delete("customers", &gone));
    let second = site.sync().await;
    assert_eq!((archived(&site, &shelved), known(&site, &gone)), (1, 0), "{:#}", second.to_json());

    // The mark keeps its time, and the row its version.
    let since =
        format!("SELECT epoch_us(_archived_at) FROM {SCHEMA}.customers WHERE id = '{shelved}'");
    let first_seen = number(&site.open(), &since);
    site.sibling.pass(86_400);
    let third = site.sync().await;
    assert_eq!(third.rows_written(), 0, "{:#}", third.to_json());
    assert_eq!(number(&site.open(), &since), first_seen);

    // What comes back loses it.
    assert!(site.sibling.restore("customers", &shelved));
    site.sibling.pass(3_600);
    site.sync().await;
    assert_eq!((archived(&site, &shelved), known(&site, &shelved)), (0, 1));
    let versions =
        format!("SELECT count(*) FROM {SCHEMA}_history.customers WHERE id = '{shelved}'");
    assert_eq!(number(&site.open(), &versions), 3);
}

#[tokio::test]
async fn an_archived_customer_that_is_deleted_later_goes_then() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    site.sync().await;
    let shelved = id(&site, "customers", 3);
    site.sibling.archive("customers", &shelved);
    site.sync().await;
    assert_eq!(archived(&site, &shelved), 1);
    site.sibling.pass(3_600);
    assert!(site.sibling.delete("customers", &shelved));
    site.sync().await;
    assert_eq!(known(&site, &shelved), 0);
}

#[tokio::test]
async fn a_rebuild_knows_what_is_archived() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    site.sync().await;
    let shelved = id(&site, "customers", 1);
    site.sibling.archive("customers", &shelved);
    site.sync().await;
    let query = format!("SELECT * EXCLUDE (_run_id) FROM {SCHEMA}.customers ORDER BY id");
    let before = site.open().table(&query, &[]).unwrap();
    std::fs::remove_dir_all(site.home.warehouse().join("work")).unwrap();
    for path in ["warehouse.duckdb", "warehouse.previous.duckdb"] {
        let _ = std::fs::remove_file(site.home.warehouse().join(path));
    }
    let output = site.home.command(&["rebuild"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    site.sync().await;
    assert_eq!(site.open().table(&query, &[]).unwrap(), before);
}

#[tokio::test]
async fn what_no_get_can_tell_goes_after_two_complete_lists() {
    let site = Site::new(SiblingKind::AlternativePayments).await;
    site.sync().await;
    let (webhook, user) = (id(&site, "webhooks", 0), id(&site, "users", 0));
    assert!(site.sibling.delete("webhooks", &webhook));
    assert!(site.sibling.delete("users", &user));
    let count = |table: &str, id: &str| {
        number(&site.open(), &format!("SELECT count(*) FROM {SCHEMA}.{table} WHERE id = '{id}'"))
    };
    site.sync().await;
    assert_eq!((count("webhooks", &webhook), count("customer_users", &user)), (1, 1));
    site.sync().await;
    assert_eq!((count("webhooks", &webhook), count("customer_users", &user)), (0, 0));
    assert_eq!(site.differences(), Vec::<String>::new());
    assert_eq!(number(&site.open(), "SELECT count(*) FROM _sync.dirty"), 0);
}
