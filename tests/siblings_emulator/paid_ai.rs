//! Paid (paid.ai): credentials, lists, singles, errors and writes in both versions.

use std::collections::BTreeSet;

use paid_sync::emulator::SiblingKind::{PaidAiV1, PaidAiV2};
use serde_json::{Value, json};

use super::caller::{Caller, parted, sorted};
use crate::support::http::{ids, text};

const BOTH: [paid_sync::emulator::SiblingKind; 2] = [PaidAiV1, PaidAiV2];

#[tokio::test(flavor = "multi_thread")]
async fn only_the_key_is_let_in() {
    for kind in BOTH {
        let caller = Caller::start(kind).await;
        for wrong in ["", "Bearer sk_test_other", "Basic c2tfdGVzdF9wYWlkX2FpOg==", "Bearer"] {
            let answer = caller.ask_as(wrong, "GET", "/customers", "").unwrap();
            assert_eq!(answer.status, 401, "{wrong}");
            match kind {
                PaidAiV1 => assert_eq!(answer.error("code"), "UNAUTHORIZED"),
                _ => assert_eq!(answer.json()["code"], "UNAUTHORIZED"),
            }
        }
        let answer = caller.ask_as("bearer sk_test_paid_ai", "GET", "/customers", "").unwrap();
        assert_eq!(answer.status, 200);
        assert!(caller.log().iter().filter(|request| request.status == Some(401)).count() == 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_v1_are_bare_arrays_that_hold_the_truth() {
    let caller = Caller::start(PaidAiV1).await;
    for list in ["customers", "contacts", "orders", "agents", "products"] {
        let listed = caller.array(&format!("/{list}"));
        assert!(listed.len() > 4, "{list}");
        assert_eq!(listed, caller.objects(list), "{list}");
        assert_eq!(caller.counts()[list], u64::try_from(listed.len()).unwrap());
    }
    let orders = ids(&caller.objects("orders"));
    let invoices = orders.iter().flat_map(|id| caller.array(&format!("/orders/{id}/invoices")));
    assert_eq!(sorted(invoices.collect()), sorted(caller.objects("invoices")));
    assert!(caller.objects("invoices").len() > 40);
    assert_eq!(caller.get("/invoices").status, 404, "invoices have no list of their own");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_v2_are_pages_that_hold_the_truth() {
    let caller = Caller::start(PaidAiV2).await;
    let lists = ["customers", "contacts", "orders", "products", "invoices", "checkouts"];
    for list in lists {
        let walked = caller.walk_offsets(&format!("/{list}/"), 7);
        assert_eq!(sorted(walked.clone()), sorted(caller.objects(list)), "{list}");
        assert_eq!(walked, caller.walk_offsets(&format!("/{list}"), 100), "{list}, no slash");
    }
    for (parents, path, list) in [
        ("orders", "lines", "order_lines"),
        ("orders", "seats", "seats"),
        ("invoices", "lines", "invoice_lines"),
    ] {
        let truth = parted(caller.objects(list));
        assert!(truth.len() > 20, "{list}");
        let walked = ids(&caller.objects(parents)).into_iter().flat_map(|id| {
            let rows = caller.walk_offsets(&format!("/{parents}/{id}/{path}"), 2);
            rows.into_iter().map(move |row| (id.clone(), row)).collect::<Vec<_>>()
        });
        let is_named = list == "seats";
        let with_parent = |(parent, row): (String, Value)| json!([parent, row]).to_string();
        let told = truth.into_iter().map(|(parent, row)| {
            let parent = if is_named { text(&row, "orderId").to_owned() } else { parent };
            with_parent((parent, row))
        });
        let walked: BTreeSet<String> = walked.map(with_parent).collect();
        assert_eq!(walked, told.collect(), "{list}");
    }
    for (path, list) in [("/credits/currencies", "credit_currencies"), ("/webhooks/", "webhooks")] {
        let answer = caller.get(path);
        assert_eq!(answer.data(), caller.objects(list));
        assert_eq!(answer.json().as_object().unwrap().len(), 1, "{path} is not paged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_v2_tell_where_they_are() {
    let caller = Caller::start_with(PaidAiV2, |options| options.page_cap = 30).await;
    let page = caller.get("/customers/").json();
    assert_eq!(page["pagination"], json!({"limit": 20, "offset": 0, "total": 40, "hasMore": true}));
    assert_eq!(page["data"].as_array().unwrap().len(), 20);
    let page = caller.get("/customers/?limit=500&offset=15").json();
    assert_eq!(
        page["pagination"],
        json!({"limit": 30, "offset": 15, "total": 40, "hasMore": false}),
        "the cap is told"
    );
    assert_eq!(page["data"].as_array().unwrap().len(), 25);
    assert!(caller.get("/customers/?offset=40").data().is_empty());
    for wrong in ["limit=0", "limit=x", "offset=-1"] {
        let answer = caller.get(&format!("/customers/?{wrong}"));
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("INVALID_REQUEST")));
        assert!(answer.json()["error"].is_string(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn some_lists_of_v2_have_shapes_and_filters_of_their_own() {
    let caller = Caller::start(PaidAiV2).await;
    let receipts = caller.objects("value_receipts");
    let page = caller.get("/value-receipts/?limit=3").json();
    assert_eq!(page["total"], receipts.len());
    assert_eq!(page.as_object().unwrap().len(), 2, "no pagination");
    assert_eq!(page["data"].as_array().unwrap().len(), 3);
    let customer = text(&receipts[0], "customerId");
    let chosen = caller.get(&format!("/value-receipts/?customerId={customer}")).data();
    assert!(!chosen.is_empty() && chosen.iter().all(|row| row["customerId"] == customer));
    let archived = caller.get("/value-receipts/?archived=true&limit=100").data();
    let truly = receipts.iter().filter(|row| !row["archivedAt"].is_null());
    assert_eq!(archived.len(), truly.count());

    let checkouts = caller.get("/checkouts/?status=expired&limit=100").data();
    assert!(checkouts.len() < caller.objects("checkouts").len());
    assert!(checkouts.iter().all(|row| row["status"] == "expired"));
    let order = text(&caller.objects("seats")[0], "orderId").to_owned();
    let free = caller.get(&format!("/orders/{order}/seats?status=unassigned")).data();
    assert_eq!(free.len(), 1);
    assert_eq!(caller.get("/pricing/").status, 400);
    assert!(caller.get("/pricing/?productId=x").data().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_read_by_either_id_and_unknown_ones_are_refused() {
    for kind in BOTH {
        let caller = Caller::start(kind).await;
        for list in ["customers", "contacts", "products"] {
            for object in caller.objects(list) {
                let id = text(&object, "id");
                assert_eq!(caller.get(&format!("/{list}/{id}")).json(), object);
                if let Some(external) = object["externalId"].as_str() {
                    let found = caller.get(&format!("/{list}/external/{external}"));
                    assert_eq!(found.json(), object);
                }
            }
        }
        for (path, code) in [
            ("/customers/cus_none", "ACCOUNT_NOT_FOUND"),
            ("/customers/external/none", "ACCOUNT_NOT_FOUND"),
            ("/orders/none", "ORDER_NOT_FOUND"),
            ("/nowhere", "NOT_FOUND"),
            ("/order_lines", "NOT_FOUND"),
            ("/order-lines/", "NOT_FOUND"),
        ] {
            let answer = caller.get(path);
            assert_eq!(answer.status, 404, "{path}");
            if kind == PaidAiV1 {
                assert_eq!(answer.error("code"), code);
                assert!(!answer.error("message").is_empty());
            } else {
                assert_eq!(answer.json()["code"], code);
                assert!(answer.json()["error"].is_string(), "the error is a text");
            }
        }
        assert_eq!(caller.ask("POST", "/webhooks", "{}").status, 405);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_v1_hold_customer_and_agents_as_they_are_now() {
    let caller = Caller::start(PaidAiV1).await;
    let order = caller.objects("orders").remove(0);
    let (id, customer) = (text(&order, "id").to_owned(), text(&order, "customerId").to_owned());
    let line = &order["orderLines"][0];
    assert_eq!(line["agent"]["id"], line["agentId"]);
    assert_eq!(line["orderId"], order["id"]);
    assert!(caller.edit("customers", &customer, json!({"name": "Renamed"})));
    let read = || caller.get(&format!("/orders/{id}")).json();
    assert_eq!(read()["customer"]["name"], "Renamed");
    assert!(caller.delete("customers", &customer));
    assert!(read()["customer"].is_null(), "the order stays and names nobody");
    assert_eq!(read()["customerId"], customer.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_written_as_the_official_clients_do() {
    for kind in BOTH {
        let caller = Caller::start(kind).await;
        let body = r#"{"name": "Acme", "externalId": "acme-1", "phone": "1",
            "billingAddress": {"line1": "1 Road", "city": "Boston", "zipCode": "02108"}}"#;
        let made = caller.ask("POST", "/customers/", body);
        assert_eq!(made.status, 200, "{}", made.body);
        let id = text(&made.json(), "id").to_owned();
        assert_eq!(caller.objects("customers").last(), Some(&made.json()));
        assert_eq!(made.json()["billingAddress"]["zipCode"], "02108");
        assert_eq!(made.json()["creationState"], "active");
        let taken = caller.ask("POST", "/customers", body);
        assert_eq!(taken.status, if kind == PaidAiV1 { 400 } else { 409 });
        assert_eq!(caller.ask("POST", "/customers", r#"{"phone": "1"}"#).status, 400);
        assert_eq!(caller.ask("POST", "/customers", "no JSON").status, 400);

        caller.pass(60);
        let change = r#"{"legal_name": "Acme Inc.", "billing_address": {"zip_code": "10001"},
            "id": "mine"}"#;
        let path = "/customers/external/acme-1";
        let changed = caller.ask("PUT", path, change).json();
        assert_eq!(changed["legalName"], "Acme Inc.", "snake_case is understood");
        assert_eq!(changed["billingAddress"]["zipCode"], "10001");
        assert_eq!(changed["billingAddress"]["city"], "Boston", "the rest of it stays");
        assert_eq!((text(&changed, "id"), text(&changed, "name")), (id.as_str(), "Acme"));
        if kind == PaidAiV2 {
            assert!(text(&changed, "updatedAt") > text(&changed, "createdAt"));
        }

        assert_eq!(caller.ask("DELETE", &format!("/customers/{id}"), "").json(), json!({}));
        assert_eq!(caller.get(&format!("/customers/{id}")).status, 404);
        assert_eq!(caller.ask("DELETE", &format!("/customers/{id}"), "").status, 404);
        assert_eq!(caller.counts()["customers"], 40);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_and_orders_can_be_made_too() {
    for kind in BOTH {
        let caller = Caller::start(kind).await;
        let customer = text(&caller.objects("customers")[0], "externalId").to_owned();
        let body =
            format!(r#"{{"customerExternalId": "{customer}", "firstName": "A", "lastName": "B"}}"#);
        let contact = caller.ask("POST", "/contacts/", &body).json();
        assert_eq!(contact["customerId"], caller.objects("customers")[0]["id"]);
        let body = format!(r#"{{"customerExternalId": "{customer}", "name": "First order"}}"#);
        let order = caller.ask("POST", "/orders/", &body).json();
        assert_eq!(order["creationState"], "draft");
        let path = format!("/orders/{}/activate", text(&order, "id"));
        assert_eq!(caller.ask("POST", &path, "").json()["creationState"], "active");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_spelled_as_asked() {
    let usual = Caller::start(PaidAiV1).await;
    let snake = Caller::start_with(PaidAiV1, |options| options.snake_case = true).await;
    let customer = snake.array("/customers").remove(0);
    assert_eq!(customer["organization_id"], usual.array("/customers")[0]["organizationId"]);
    assert!(customer.get("billingAddress").is_none() && customer["billing_address"].is_object());
    assert_eq!(customer["metadata"]["poNumber"], "00042", "the merchant's keys stay");
    let order = snake.array("/orders").remove(0);
    assert!(order["order_lines"][0]["billed_amount_without_tax"].is_number());
    let prices = &snake.array("/agents")[0]["agent_attributes"][0]["pricing"]["price_points"];
    assert!(prices["USD"].is_object(), "{prices}");
    assert_eq!(snake.objects("customers"), snake.array("/customers"));

    let old = Caller::start_with(PaidAiV1, |options| options.old_names = true).await;
    let order = old.array("/orders").remove(0);
    assert!(order["accountId"].is_string() && order["account"].is_object());
    assert!(order.get("customerId").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_documents_contradict_is_there() {
    let caller = Caller::start(PaidAiV1).await;
    let customers = caller.objects("customers");
    let is_display = |object: &&Value| text(object, "id").starts_with("cus_");
    let display = customers.iter().filter(is_display).count();
    assert!(display > 2 && display < 20, "{display} of 40 ids (B-02)");
    let addresses = || customers.iter().map(|customer| &customer["billingAddress"]);
    assert!(addresses().any(|address| address.get("zip_code").is_some()), "B-07");
    assert!(addresses().any(|address| address.get("zipCode").is_some()));
    let all = Value::from(caller.objects("agents")).to_string()
        + &Value::from(caller.objects("orders")).to_string();
    assert!(all.contains("\"monthly\"") && all.contains("\"Monthly\""), "B-05");
    assert!(all.contains("billedAmountNoTax") && all.contains("billedAmountWithoutTax"), "B-04");
    for field in ["phone", "website", "employeeCount", "metadata"] {
        assert!(customers.iter().any(|customer| customer.get(field).is_none()), "{field}");
        assert!(customers.iter().any(|customer| customer.get(field) == Some(&Value::Null)));
    }

    let caller = Caller::start(PaidAiV2).await;
    let values = |list: &str, field: &str| -> BTreeSet<String> {
        caller.objects(list).iter().map(|object| text(object, field).to_owned()).collect()
    };
    let statuses = ["building", "canceled", "draft", "error", "pending", "posted", "voided"];
    assert_eq!(values("invoices", "status"), statuses.map(str::to_owned).into());
    let payments = ["error", "overdue", "paid", "partiallyPaid", "pending"];
    assert_eq!(values("invoices", "paymentStatus"), payments.map(str::to_owned).into());
    assert!(values("invoices", "currency").len() >= 3);
    let display = caller.objects("customers");
    assert!(display.iter().filter(is_display).count() > 20);
}
