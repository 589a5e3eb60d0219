//! Faults of lists: short, empty, repeated and overlapping pages, ignored cursors and filters.

use std::collections::BTreeSet;

use paid_sync::emulator::Fault;
use serde_json::Value;

use crate::support::http::{BASIC, Emulated, after, get, ids, send, text, walk};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_page_holds_nothing_once() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/plans").skip(1).empty_page());
    let path = "/plans?pagination[limit]=5";
    let first = get(&emulator, path).json();
    let empty = get(&emulator, path).json();
    assert_eq!(empty["data"], Value::Array(Vec::new()));
    assert_eq!(empty["total_pages"], first["total_pages"]);
    assert_eq!(get(&emulator, path).json(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn short_pages_hold_what_is_next_to_the_cursor() {
    let emulator = Emulated::start().await;
    let all = walk(&emulator, "plans", 100);
    emulator.fault(Fault::on("/plans").always().short_page(3));
    assert_eq!(get(&emulator, "/plans?pagination[limit]=10").data(), all[..3]);
    let cursor = text(&all[9], "id");
    let newer = format!("/plans?pagination[limit]=5&pagination[ending_before]={cursor}");
    assert_eq!(get(&emulator, &newer).data(), all[6..9]);
    assert_eq!(walk(&emulator, "plans", 10), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_cap_shrinks_pages_and_multiplies_them() {
    let emulator = Emulated::start().await;
    let all = walk(&emulator, "plans", 100);
    emulator.fault(Fault::on("/plans").always().page_cap(4));
    let page = get(&emulator, "/plans?pagination[limit]=100").json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(4));
    assert_eq!(page["total_pages"], all.len().div_ceil(4));
    assert_eq!(walk(&emulator, "plans", 100), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_repeated_for_its_list_and_filter_only() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/invoices").times(2).repeat_page());
    let first = get(&emulator, &after("invoices", 10, None)).data();
    let customer = text(&first[0], "customer");
    let own = get(&emulator, &format!("/invoices?customer={customer}")).data();
    assert!(own.iter().all(|invoice| invoice["customer"] == *customer));
    let next = after("invoices", 10, first.last());
    assert_eq!(get(&emulator, &next).data(), first);
    assert_eq!(get(&emulator, &next).data(), first);
    let second = get(&emulator, &next).data();
    assert!(!second.is_empty() && second.iter().all(|invoice| !first.contains(invoice)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ignored_cursor_brings_the_first_page_again() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/invoices").ignore_cursor());
    let first = get(&emulator, &after("invoices", 10, None)).data();
    assert_eq!(emulator.unused_faults().len(), 1, "there was no cursor to ignore");
    let next = after("invoices", 10, first.last());
    assert_eq!(get(&emulator, &next).data(), first);
    assert_ne!(get(&emulator, &next).data(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ignored_filter_brings_everything() {
    let emulator = Emulated::start().await;
    let all = get(&emulator, "/invoices").data();
    let customer = text(&all[0], "customer");
    emulator.fault(Fault::on("/invoices").times(2).ignore_filter());
    assert_eq!(get(&emulator, "/invoices").data(), all);
    let own = format!("/invoices?customer={customer}");
    assert_eq!(get(&emulator, "/invoices?created_at[lte]=1").data(), all);
    assert_eq!(get(&emulator, &own).data(), all);
    assert!(get(&emulator, "/invoices?created_at[lte]=1").data().is_empty());
    let owner = walk(&emulator, "statements", 100)[0]["resource"].clone();
    let statements = format!("/customers/{}/statements?created_at[lte]=1", owner.as_str().unwrap());
    emulator.fault(Fault::on("/customers/{id}/statements").ignore_filter());
    let own = get(&emulator, &statements).data();
    assert!(!own.is_empty() && own.iter().all(|statement| statement["resource"] == owner));
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_pages_repeat_objects_and_still_end() {
    let emulator = Emulated::start().await;
    let all = walk(&emulator, "invoices", 100);
    emulator.fault(Fault::on("/invoices").always().overlap(3));
    let first = get(&emulator, &after("invoices", 10, None)).data();
    assert_eq!(first, all[..10]);
    let second = get(&emulator, &after("invoices", 10, first.last())).data();
    assert_eq!(second, all[7..17]);
    let walked = walk(&emulator, "invoices", 10);
    assert!(walked.len() > all.len());
    let seen: BTreeSet<String> = ids(&walked).into_iter().collect();
    assert_eq!(seen, ids(&all).into_iter().collect());
    emulator.clear_faults();
    emulator.fault(Fault::on("/invoices").overlap(50));
    let second = get(&emulator, &after("invoices", 4, first.last())).data();
    assert_eq!(second, all[7..11], "one object of the page stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn lean_lists_lack_fields_and_keep_the_others_as_written() {
    let emulator = Emulated::start().await;
    let whole = get(&emulator, "/plan_items");
    emulator.fault(Fault::on("/plan_items").lean_list(&["created_at", "updated_at", "x"]));
    let lean = get(&emulator, "/plan_items");
    let expected: Vec<Value> = whole
        .data()
        .into_iter()
        .map(|mut item| {
            let fields = item.as_object_mut().expect("an object");
            assert!(fields.remove("created_at").is_some() && fields.remove("updated_at").is_some());
            item
        })
        .collect();
    assert_eq!(lean.data(), expected);
    assert!(whole.body.contains(r#""quantity":1.0"#) && lean.body.contains(r#""quantity":1.0"#));
}

/// Deletes a transaction in the middle of a walk and gives the path of the page after it.
fn delete_the_cursor(emulator: &Emulated) -> (String, String) {
    let page = get(emulator, &after("transactions", 10, None)).data();
    let id = page
        .iter()
        .map(|transaction| text(transaction, "id"))
        .find(|id| send(emulator, "DELETE", &format!("/v0/transactions/{id}"), BASIC).status == 200)
        .expect("a transaction can be deleted");
    let next = format!("/transactions?pagination[limit]=10&pagination[starting_after]={id}");
    (next, id.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_of_a_deleted_object_can_be_refused() {
    let emulator = Emulated::start().await;
    for status in [404, 400] {
        emulator.fault(Fault::on("/transactions").refuse_cursor(status));
        let (next, id) = delete_the_cursor(&emulator);
        let refused = get(&emulator, &next);
        assert_eq!(refused.status, status);
        assert_eq!(refused.error("param"), "pagination[starting_after]");
        assert_eq!(refused.error("message"), format!("No such object: {id}"));
    }
    emulator.fault(Fault::on("/transactions").refuse_cursor(404));
    let page = get(&emulator, "/transactions").data();
    assert_eq!(get(&emulator, &after("transactions", 5, page.last())).status, 200);
    assert_eq!(emulator.unused_faults().len(), 1, "the object is there");
    emulator.clear_faults();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_can_end_at_the_cursor_of_a_deleted_object() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/transactions").always().empty_after_cursor());
    let (next, _) = delete_the_cursor(&emulator);
    assert!(get(&emulator, &next).data().is_empty());
    let page = get(&emulator, "/transactions").data();
    assert!(!get(&emulator, &after("transactions", 5, page.last())).data().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn business_can_happen_between_two_pages() {
    let emulator = Emulated::start().await;
    let before = emulator.counts();
    emulator.fault(Fault::on("/invoices").skip(1).play(20));
    get(&emulator, "/invoices");
    assert_eq!(emulator.counts(), before);
    get(&emulator, "/invoices");
    assert_ne!(emulator.counts(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_lists_are_struck_by_faults_of_lists() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::anywhere().empty_page());
    let id = ids(&walk_one(&emulator)).remove(0);
    emulator.fault(Fault::anywhere().empty_page());
    assert_eq!(get(&emulator, &format!("/plans/{id}")).json()["id"], *id);
    assert_eq!(get(&emulator, "/account").status, 200);
    assert_eq!(emulator.unused_faults().len(), 1);
    assert!(get(&emulator, "/plans").data().is_empty());
}

fn walk_one(emulator: &Emulated) -> Vec<Value> {
    assert!(get(emulator, "/plans").data().is_empty());
    get(emulator, "/plans?pagination[limit]=1").data()
}
