//! Alternative Payments: tokens, cursors, filters, archived objects, and what is never called.

use std::collections::BTreeSet;

use paid_sync::emulator::SiblingKind::AlternativePayments;
use serde_json::{Value, json};

use super::caller::{Caller, encoded, parted};
use crate::support::http::{ids, text};

const LISTS: [&str; 5] = ["customers", "invoices", "payments", "payouts", "webhooks"];

async fn start() -> Caller {
    Caller::start(AlternativePayments).await
}

fn reversed(mut objects: Vec<Value>) -> Vec<Value> {
    objects.reverse();
    objects
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_given_to_the_client_and_end() {
    let mut caller = Caller::start_with(AlternativePayments, |options| {
        options.token_seconds = 600;
    })
    .await;
    let body = "grant_type=client_credentials";
    let wrong = caller.grant("client_emulator:guess", body);
    assert_eq!((wrong.status, &wrong.json()["code"]), (403, &json!("forbidden")), "C-10");
    for body in ["", "grant_type=password", r#"{"grant_type": "client_credentials"}"#] {
        let answer = caller.grant("client_emulator:secret_emulator", body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["validation_errors"]["grant_type"].is_string());
    }
    let given = caller.grant("client_emulator:secret_emulator", body).json();
    assert_eq!((text(&given, "token_type"), &given["expires_in"]), ("Bearer", &json!(600)));
    assert_eq!(caller.tokens_issued(), 2);

    let read = |caller: &Caller| caller.get("/customers").status;
    assert_eq!(read(&caller), 200);
    caller.pass(599);
    assert_eq!(read(&caller), 200);
    caller.pass(1);
    let late = caller.get("/customers");
    assert_eq!((late.status, &late.json()["code"]), (401, &json!("unauthorized")));
    caller.authorization = caller.token();
    assert_eq!(read(&caller), 200);
    caller.revoke_tokens();
    assert_eq!(read(&caller), 401);
    assert_eq!(caller.get("/oauth/token").status, 405);
    for nothing in ["", "Bearer", "Basic x"] {
        assert_eq!(caller.ask_as(nothing, "GET", "/customers", "").unwrap().status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_walk_through_the_truth_newest_first() {
    let caller = start().await;
    for list in LISTS {
        let truth = reversed(caller.objects(list));
        assert!(truth.len() > 4, "{list}");
        for limit in [3, 100] {
            assert_eq!(caller.walk_cursors(&format!("/{list}"), limit, ""), truth, "{list}");
        }
        assert_eq!(caller.counts()[list], u64::try_from(truth.len()).unwrap());
    }
    for (parents, path, list) in
        [("customers", "users", "users"), ("payouts", "transactions", "payout_transactions")]
    {
        let walked = ids(&caller.objects(parents)).into_iter().flat_map(|id| {
            let rows = caller.walk_cursors(&format!("/{parents}/{id}/{path}"), 1, "");
            rows.into_iter().map(move |row| json!([id, row]).to_string()).collect::<Vec<_>>()
        });
        let truth = parted(caller.objects(list)).into_iter();
        let truth: BTreeSet<String> =
            truth.map(|(parent, row)| json!([parent, row]).to_string()).collect();
        assert!(truth.len() > 20, "{list}");
        assert_eq!(walked.collect::<BTreeSet<_>>(), truth, "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_are_opaque_and_have_to_be_encoded() {
    let caller = start().await;
    let first = caller.get("/customers?limit=5").json();
    assert_eq!(
        (&first["has_previous_page"], &first["has_next_page"]),
        (&json!(false), &json!(true))
    );
    let cursor = text(&first, "end_cursor").to_owned();
    assert!(cursor.contains('+') && cursor.contains('/'), "{cursor}");
    assert!(!cursor.contains(text(&first["data"][4], "id")));
    assert_ne!(cursor, text(&caller.get("/invoices?limit=5").json(), "end_cursor"));

    let raw = caller.get(&format!("/customers?limit=5&after={cursor}"));
    assert_eq!(raw.status, 400, "a raw + is a space");
    assert_eq!(text(&raw.json()["validation_errors"], "after"), "is no cursor of this list");
    let foreign = caller.get(&format!("/invoices?limit=5&after={}", encoded(&cursor)));
    assert_eq!(foreign.status, 400, "it was made for another list");

    let second = caller.get(&format!("/customers?limit=5&after={}", encoded(&cursor))).json();
    assert_eq!(second["has_previous_page"], true);
    assert_ne!(text(&second, "end_cursor"), cursor);
    let back = encoded(text(&second, "start_cursor"));
    let back = caller.get(&format!("/customers?limit=5&before={back}")).json();
    assert_eq!(back["data"], first["data"]);
    assert_eq!(caller.get("/customers?after=&limit=5").json(), first, "an empty cursor is none");

    let last = text(&first["data"][4], "id");
    assert!(caller.delete("customers", last));
    let again = caller.get(&format!("/customers?limit=5&after={}", encoded(&cursor))).json();
    assert_eq!(again["data"], second["data"], "a cursor outlives its object");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_checked_and_capped() {
    let caller = Caller::start_with(AlternativePayments, |options| options.page_cap = 4).await;
    assert_eq!(caller.get("/customers").data().len(), 4);
    assert_eq!(caller.get("/customers?limit=100").data().len(), 4);
    assert_eq!(caller.get("/customers?limit=2").data().len(), 2);
    for wrong in ["0", "-1", "many"] {
        let answer = caller.get(&format!("/customers?limit={wrong}"));
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("bad_request")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_filter_inclusively() {
    let caller = start().await;
    let customers = caller.objects("customers");
    let from = text(&customers[5], "created_at");
    let to = text(&customers[9], "created_at");
    let query = format!("&created_at_start={from}&created_at_end={to}");
    let chosen = caller.walk_cursors("/customers", 2, &query);
    assert_eq!(reversed(chosen), customers[5..=9]);
    let shifted = from.replace('Z', "%2B00:00");
    assert_eq!(
        caller.walk_cursors("/customers", 50, &format!("&created_at_start={shifted}")).len(),
        customers.len() - 5
    );
    let day = text(&customers[5], "created_at")[..10].to_owned();
    let due = caller.objects("invoices");
    let day_due = text(&due[3], "due_date");
    let chosen = caller.walk_cursors(
        "/invoices",
        50,
        &format!("&due_date_start={day_due}&due_date_end={day_due}"),
    );
    let truly = due.iter().filter(|invoice| invoice["due_date"] == day_due).count();
    assert_eq!(chosen.len(), truly);
    let payouts = caller.walk_cursors("/payouts", 50, &format!("&start_date={day}"));
    assert!(payouts.iter().all(|payout| text(payout, "created_at") >= day.as_str()));
    let all = caller.objects("payouts");
    let truly = all.iter().filter(|payout| text(payout, "created_at") >= day.as_str());
    assert_eq!(payouts.len(), truly.count(), "C-09");
    let day = &text(&all[7], "created_at")[..10];
    let chosen = caller.walk_cursors("/payouts", 50, &format!("&start_date={day}&end_date={day}"));
    let truly = all.iter().filter(|payout| text(payout, "created_at").starts_with(day));
    assert_eq!(chosen.len(), truly.count(), "a day as an end is the whole day");
    for wrong in ["yesterday", "1700000000", "2026-01-01T00:00:00+00:00"] {
        let answer = caller.get(&format!("/customers?created_at_start={wrong}"));
        assert_eq!((answer.status, text(&answer.json(), "code")), (422, "unprocessable_entity"));
        assert!(answer.json()["validation_errors"]["created_at_start"].is_string(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_filters_compare_what_objects_show_and_hide() {
    let caller = start().await;
    let invoices = caller.objects("invoices");
    for status in ["open", "paid", "overdue"] {
        let chosen = caller.walk_cursors("/invoices", 50, &format!("&status={status}"));
        assert!(!chosen.is_empty() && chosen.iter().all(|invoice| invoice["status"] == status));
    }
    let paid = invoices.iter().filter(|invoice| invoice["status"] == "paid");
    for invoice in paid {
        let query = format!("&invoice_id={}", text(invoice, "id"));
        let payments = caller.walk_cursors("/payments", 50, &query);
        assert_eq!(payments.len(), 1, "C-03");
        assert_eq!(payments[0]["customer_id"], invoice["customer_id"]);
        assert_eq!(payments[0]["sub_total"], invoice["total"]);
        assert!(payments[0].get("invoice_id").is_none() && payments[0].get("type").is_none());
    }
    let name: String = text(&caller.objects("customers")[0], "name").to_uppercase();
    let part = name.split(' ').next().unwrap();
    let found = caller.get(&format!("/customers?company_name={part}")).data();
    assert!(!found.is_empty() && found.len() < 40);
    let hooks = caller.get("/webhooks?is_active=false").data();
    assert_eq!(hooks.len(), 1);
    let topic = text(&hooks[0], "topic");
    assert_eq!(caller.get(&format!("/webhooks?topic={topic}")).data(), hooks);
    assert!(caller.get("/webhooks/events").data().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_objects_leave_lists_and_are_still_read_by_id() {
    let caller = start().await;
    for list in ["customers", "invoices"] {
        let (live, archived) = (caller.objects(list), caller.objects(&format!("{list}_archived")));
        assert!(archived.len() > 2, "some are archived from the start");
        assert!(!archived.iter().any(|object| object.get("archived_at").is_some()), "C-01");
        let object = &live[2];
        let path = format!("/{list}/{}", text(object, "id"));
        assert_eq!(&caller.ask("DELETE", &path, "").json(), object, "the answer is the object");
        assert!(!caller.walk_cursors(&format!("/{list}"), 50, "").contains(object));
        assert_eq!(&caller.get(&path).json(), object);
        assert!(caller.objects(&format!("{list}_archived")).contains(object));
        assert_eq!(&caller.ask("POST", &format!("{path}/restore"), "").json(), object);
        assert_eq!(caller.objects(list), live);
        assert!(caller.archive(list, text(object, "id")));
        assert!(!caller.archive(list, text(object, "id")), "once is enough");
        assert!(caller.restore(list, text(object, "id")));
        assert!(caller.delete(list, text(object, "id")));
        let gone = caller.get(&path);
        assert_eq!((gone.status, text(&gone.json(), "code")), (404, "not_found"));
    }
    let customer = text(&caller.objects("customers")[0], "id").to_owned();
    let before = caller.objects("users").len();
    caller.archive("customers", &customer);
    let hidden = caller.objects("users_archived");
    assert!(hidden.iter().any(|user| user["_parent"] == customer.as_str()));
    assert!(caller.objects("users").len() < before);
}

#[tokio::test(flavor = "multi_thread")]
async fn payment_methods_come_in_two_shapes() {
    let caller = start().await;
    let (mut bare, mut wrapped, mut seen) = (0, 0, 0);
    for customer in ids(&caller.objects("customers")) {
        let path = format!("/customers/{customer}/payment-methods");
        let body = caller.get(&path).json();
        assert_eq!(caller.get(&path).json(), body);
        let rows = match &body {
            Value::Array(rows) => {
                bare += 1;
                rows.clone()
            }
            body => {
                wrapped += 1;
                body["data"].as_array().unwrap().clone()
            }
        };
        for row in rows {
            seen += 1;
            assert_eq!(caller.get(&format!("{path}/{}", text(&row, "id"))).json(), row);
        }
    }
    assert!(bare > 5 && wrapped > 5, "{bare} bare, {wrapped} wrapped");
    assert_eq!(caller.objects("payment_methods").len(), seen);
    assert_eq!(caller.get("/customers/none/payment-methods").status, 404);
    assert_eq!(caller.get("/customers/none/users").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_ever_charges_and_who_tries_is_counted() {
    let caller = start().await;
    let payments = caller.objects("payments");
    assert_eq!(caller.requests().forbidden, 0);
    assert_eq!(caller.ask("POST", "/payments", "{}").status, 405);
    assert_eq!(caller.requests().forbidden, 1);
    let invoice = text(&caller.objects("invoices")[0], "id").to_owned();
    assert_eq!(caller.get(&format!("/invoices/{invoice}/payment-link")).status, 200);
    let counted = caller.requests();
    assert_eq!((counted.forbidden, counted.by_path["/invoices/{id}/payment-link"]), (2, 1));
    assert_eq!(counted.by_path["/payments"], 1);
    assert_eq!(caller.objects("payments"), payments);
    let tried = caller.log();
    let tried = tried.iter().find(|request| request.path == "/payments").unwrap();
    assert_eq!((tried.method.as_str(), tried.status), ("POST", Some(405)));
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_and_users_are_written() {
    let caller = start().await;
    let refused = caller.ask("POST", "/customers", r#"{"name": "Acme"}"#);
    assert_eq!(refused.status, 422);
    assert_eq!(text(&refused.json()["validation_errors"], "email"), "is required");
    let body = r#"{"name": "Acme", "email": "a@b.example", "external_id": "7"}"#;
    let made = caller.ask("POST", "/customers", body).json();
    assert_eq!(caller.objects("customers").last(), Some(&made));
    let path = format!("/customers/{}", text(&made, "id"));
    let body = r#"{"name": "Acme Two", "email": "other@b.example"}"#;
    let changed = caller.ask("PATCH", &path, body).json();
    assert_eq!((text(&changed, "name"), text(&changed, "email")), ("Acme Two", "a@b.example"));
    let user = caller.ask("POST", &format!("{path}/users"), r#"{"email": "u@b.example"}"#).json();
    assert_eq!(caller.get(&format!("{path}/users")).data(), [user]);
    assert_eq!(caller.ask("PATCH", "/customers/none", "{}").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn haste_is_refused_where_a_pace_is_set() {
    let caller = Caller::start_with(AlternativePayments, |options| {
        options.requests_per_second = Some(1);
    })
    .await;
    let answers: Vec<_> = (0..50).map(|_| caller.get("/webhooks")).collect();
    assert_eq!(answers[0].status, 200);
    let refused = answers.iter().find(|answer| answer.status == 429).expect("50 in a second");
    assert_eq!(refused.headers("retry-after"), ["1"]);
    assert_eq!(text(&refused.json(), "code"), "too_many_requests");
}
