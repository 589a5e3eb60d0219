//! The account itself: the same for the same seed, changed by tests, by chance and by the controls.

use paid_sync::emulator::SiblingKind::{AlternativePayments, PaidAiV1, PaidAiV2};
use paid_sync::emulator::{Sibling, SiblingKind};
use serde_json::{Value, json};

use super::caller::{Caller, KINDS};
use crate::support::http::{ids, text};

fn everything(sibling: &Sibling) -> String {
    let lists = sibling.counts().into_keys();
    let told = lists.map(|list| {
        let archived = sibling.truth(&format!("{list}_archived")).unwrap();
        json!([list, sibling.truth(&list).unwrap(), archived]).to_string()
    });
    told.collect()
}

async fn seeded(kind: SiblingKind, seed: u64) -> Caller {
    Caller::start_with(kind, |options| options.seed = seed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_gives_the_same_bytes() {
    for kind in KINDS {
        let (first, second) = (seeded(kind, 7).await, seeded(kind, 7).await);
        assert_eq!(everything(&first), everything(&second));
        assert_ne!(everything(&first), everything(&*seeded(kind, 8).await));
        let before = everything(&first);
        for caller in [&first, &second] {
            caller.churn(1, 100);
            caller.pass(60);
            caller.churn(1, 100);
        }
        assert_eq!(everything(&first), everything(&second), "churn too");
        assert_ne!(everything(&first), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_are_chosen_by_customers() {
    for kind in KINDS {
        let caller = Caller::start_with(kind, |options| options.customers = 0).await;
        assert_eq!(caller.counts()["customers"], 0);
        assert_eq!(caller.get("/customers").status, 200);
        caller.churn(1, 50);
        let caller = Caller::start_with(kind, |options| options.customers = 300).await;
        let archived = caller.truth("customers_archived").unwrap().len();
        assert_eq!(caller.objects("customers").len() + archived, 300);
        let mut all = ids(&caller.objects("invoices"));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), caller.objects("invoices").len(), "ids are unique");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_dated_after_the_present() {
    for kind in [PaidAiV2, AlternativePayments] {
        let caller = Caller::start(kind).await;
        let (fields, now) = (["createdAt", "created_at"], "2026-06-30T12:00:00Z");
        for list in ["customers", "orders", "invoices", "payments", "payouts"] {
            for object in caller.truth(list).unwrap_or_default() {
                for field in fields {
                    assert!(text(&object, field) <= now, "{list}: {object}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_change_objects() {
    let caller = Caller::start(PaidAiV2).await;
    let before = caller.objects("customers").remove(3);
    let id = text(&before, "id");
    caller.pass(1_000);
    assert!(caller.edit("customers", id, json!({"name": "New", "phone": null})));
    let after = caller.get(&format!("/customers/{id}")).json();
    assert_eq!((text(&after, "name"), &after["phone"]), ("New", &Value::Null));
    assert_eq!(after["email"], before["email"]);
    assert!(text(&after, "updatedAt").starts_with("2026-06-30T12:16:40."), "{after}");
    let told = json!({"updatedAt": "never"});
    assert!(caller.edit("customers", id, told) && !caller.edit("customers", "none", json!({})));
    assert_eq!(caller.get(&format!("/customers/{id}")).json()["updatedAt"], "never");
    assert!(!caller.edit("nothing", id, json!({})));

    let order = caller.objects("order_lines").remove(0);
    let order = text(&order, "_parent").to_owned();
    let lines = caller.objects("order_lines").len();
    assert!(caller.delete("orders", &order));
    assert!(!caller.delete("orders", &order));
    assert!(caller.objects("order_lines").len() < lines, "its lines go with it");
    assert!(!caller.archive("customers", id), "customers of paid-ai cannot be archived");
    let product = text(&caller.objects("products")[0], "id").to_owned();
    assert!(caller.archive("products", &product));
    assert!(caller.objects("products")[0]["archivedAt"].is_string(), "and stays listed");
    assert!(caller.restore("products", &product));
    assert!(caller.objects("products")[0]["archivedAt"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_objects_are_served_as_given() {
    let hostile = [
        json!({"id": "x\u{0}y/..", "name": ["no", {"text": true}], "externalId": 5}),
        json!({"name": "without an id"}),
        json!({"id": 17, "created_at": "never", "createdAt": -1}),
        json!("no object at all"),
        Value::Null,
    ];
    for kind in KINDS {
        let caller = Caller::start_with(kind, |options| options.customers = 1).await;
        for object in &hostile {
            assert!(caller.insert("customers", object.clone()));
        }
        let served = match kind {
            PaidAiV1 => caller.array("/customers"),
            PaidAiV2 => caller.walk_offsets("/customers/", 2),
            AlternativePayments => caller.walk_cursors("/customers", 2, ""),
        };
        for object in &hostile {
            assert!(served.contains(object), "{object}");
        }
        assert!(!caller.insert("nothing", json!({})));
        caller.churn(1, 100);
    }
    let caller = Caller::start(PaidAiV1).await;
    assert!(caller.insert("orders", json!({"id": "o", "customerId": 5})));
    let order = caller.get("/orders/o").json();
    assert_eq!(order, json!({"id": "o", "customerId": 5}), "nothing is put into it");
    let caller = Caller::start(AlternativePayments).await;
    let customer = text(&caller.objects("customers")[0], "id").to_owned();
    assert!(caller.insert("users", json!({"id": "u", "_parent": customer})));
    let users = caller.get(&format!("/customers/{customer}/users")).data();
    assert_eq!(users[0], json!({"id": "u"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn controls_work_over_http() {
    for kind in KINDS {
        let caller = Caller::start(kind).await;
        let index = caller.control("GET", "", "").json();
        for (call, _) in index.as_object().unwrap() {
            let (methods, path) = call.rsplit_once(' ').unwrap();
            let path = path.strip_prefix("/_emulator").unwrap().replace("{list}", "customers");
            let path = path.replace('N', "3");
            for method in methods.split(", ") {
                let body = if path == "/faults" && method == "POST" {
                    r#"{"path_prefix": "/x", "times": 2, "what": {"status": 500}}"#
                } else {
                    ""
                };
                assert_eq!(caller.control(method, &path, body).status, 200, "{method} {path}");
            }
        }
        assert_eq!(caller.control("GET", "/clock", "").json()["now"], caller.now());
        let moved = caller.control("POST", "/advance?days=1&seconds=1", "").json();
        assert_eq!(moved["now"], 1_782_820_800 + 3 + 86_401);
        let date = caller.get("/customers").headers("date").concat();
        assert_eq!(date, "Wed, 01 Jul 2026 12:00:04 GMT");
        let counts = caller.control("GET", "/counts", "").json();
        assert_eq!(counts, json!(caller.counts()));
        let told = caller.control("GET", "/truth/customers", "").body;
        let told: Vec<Value> =
            told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(told, caller.objects("customers"));
        assert_eq!(caller.control("GET", "/truth/nothing", "").status, 404);
        assert_eq!(caller.control("POST", "/churn?actions=1&sed=1", "").status, 400);
        assert_eq!(caller.control("POST", "/faults", "{}").status, 400);
        let log = caller.control("GET", "/log", "").body;
        assert!(log.lines().last().unwrap().contains("/customers"));
    }
}
