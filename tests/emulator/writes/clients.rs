use serde_json::Value;

use super::{
    BASIC, FORM, NOW, call, customer, get, invoiced, newest_event, number, post, put, send, start,
    start_with, text, write_everything,
};

/// Calls in the order of the Ruby client's live script, with its headers, repeating the id of the
/// path among the parameters as it does.
#[tokio::test(flavor = "multi_thread")]
async fn the_smoke_script_of_the_ruby_client_runs_through() {
    let emulator = start().await;
    let ruby = |method: &str, path: &str, form: &str| -> Value {
        let headers = format!(
            "Authorization: {BASIC}\r\nContent-Type: {FORM}\r\n\
             User-Agent: Paid/v0 RubyBindings/1.2.1\r\n\
             X-Paid-Client-User-Agent: {{\"bindings_version\":\"1.2.1\",\"lang\":\"ruby\"}}\r\n"
        );
        send(&emulator, method, path, &headers, form.as_bytes()).object()
    };
    let read = |stream: &str, id: &str| ruby("GET", &format!("/{stream}/{id}?id={id}"), "");
    assert_eq!(ruby("GET", "/account", "")["object"], "account");
    let form = "name=Smoke&email=smoke%40paid.example&allow_ach=true";
    let customer = ruby("POST", "/customers", form);
    let customer_id = text(&customer, "id");
    assert_eq!(ruby("GET", "/customers", "")["data"][0], customer);
    assert_eq!(read("customers", customer_id), customer);
    let form = format!("name=Smoke+2&id={customer_id}");
    let renamed = ruby("PUT", &format!("/customers/{customer_id}"), &form);
    assert_eq!(renamed["name"], "Smoke 2");
    let form = "amount=500&description=Smoke+plan&name=smoke-4711&interval=month&interval_count=1";
    let plan = ruby("POST", "/plans", form);
    let plan_id = text(&plan, "id");
    assert_eq!(ruby("GET", "/plans", "")["data"][0], plan);
    assert_eq!(read("plans", plan_id), plan);
    let form = format!("plan={plan_id}&customer={customer_id}&starts_on=2026-07-01");
    let subscription = ruby("POST", "/subscriptions", &form);
    let subscription_id = text(&subscription, "id");
    assert_eq!(ruby("GET", "/subscriptions", "")["data"][0], subscription);
    assert_eq!(read("subscriptions", subscription_id), subscription);
    let charge = |amount: &str| {
        let form = format!("amount={amount}&description=Smoke&customer={customer_id}&paid=false");
        ruby("POST", "/transactions", &form)
    };
    let (first, second) = (charge("100"), charge("1000"));
    let first_id = text(&first, "id");
    assert_eq!(ruby("GET", "/transactions", "")["data"][0], second);
    assert_eq!(read("transactions", first_id), first);
    let form = format!("description=Smoke+2&id={first_id}");
    let described = ruby("PUT", &format!("/transactions/{first_id}"), &form);
    assert_eq!(described["description"], "Smoke 2");
    let own = ruby("GET", &format!("/transactions?customer={customer_id}"), "");
    assert_eq!(own["data"].as_array().map(Vec::len), Some(2));
    let path = format!("/customers/{customer_id}/generate_invoice");
    let invoice = ruby("POST", &path, &format!("id={customer_id}"));
    let invoice_id = text(&invoice, "id");
    assert_eq!((&invoice["object"], number(&invoice, "amount")), (&"invoice".into(), 1_100));
    assert_eq!(ruby("GET", "/invoices", "")["data"][0]["id"], *invoice_id);
    assert_eq!(read("invoices", invoice_id), invoice);
    let own = ruby("GET", &format!("/invoices?customer={customer_id}"), "");
    assert_eq!(own["data"][0]["id"], *invoice_id);
    let events = ruby("GET", "/events", "");
    let event = &events["data"][0];
    assert_eq!(read("events", text(event, "id")), *event);
    let deed = |stream: &str, id: &str, deed: &str, form: &str| {
        ruby("POST", &format!("/{stream}/{id}/{deed}"), &format!("id={id}{form}"))
    };
    assert_eq!(deed("transactions", first_id, "mark_as_paid", "")["paid"], true);
    let issued = deed("invoices", invoice_id, "issue", "");
    assert_eq!((number(&issued, "issued_at"), number(&issued, "unpaid_amount")), (NOW, 1_000));
    assert_eq!(deed("invoices", invoice_id, "mark_as_paid", "&via=ach")["paid"], true);
    assert_eq!(number(&deed("subscriptions", subscription_id, "cancel", ""), "cancelled_at"), NOW);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_broken_into_lines_is_accepted() {
    let key = "sk_live_0123456789012345678901234567890123456789";
    let emulator = start_with(|options| options.api_key = key.to_owned()).await;
    let encoded = "c2tfbGl2ZV8wMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5Og==";
    // What is left of a line break where a library folds or strips it.
    for credential in [encoded.to_owned(), format!("{} {} ", &encoded[..60], &encoded[60..])] {
        let headers = format!("Authorization: Basic {credential}\r\nContent-Type: {FORM}\r\n");
        assert_eq!(send(&emulator, "GET", "/account", &headers, b"").status, 200, "{credential}");
        assert_eq!(send(&emulator, "PUT", "/account", &headers, b"tax_id=1").status, 200);
    }
}

/// Writes a whole object as the Node client saves it: nulls left out, numbers and flags as text.
fn saved(object: &Value) -> String {
    fn add(form: &mut String, name: &str, value: &Value) {
        let nested: Vec<(String, &Value)> = match value {
            Value::Null => return,
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
            Value::Array(list) => {
                list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
            }
            Value::String(text) => {
                *form += &format!("{name}=");
                text.bytes().for_each(|byte| *form += &format!("%{byte:02X}"));
                return form.push('&');
            }
            other => return *form += &format!("{name}={other}&"),
        };
        for (key, value) in nested {
            let name = if name.is_empty() { key } else { format!("{name}[{key}]") };
            add(form, &name, value);
        }
    }
    let mut form = String::new();
    add(&mut form, "", object);
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_object_saved_back_changes_nothing() {
    let emulator = start().await;
    let (owner, line, invoice) = invoiced(&emulator, "name=%C3%84&allow_ach=1&terms=7", 100);
    put(&emulator, &format!("/transactions/{line}"), "metadata[k]=v&group_by=g&rank=3").object();
    put(&emulator, &format!("/invoices/{invoice}"), "chase_schedule[]=1&metadata[a b]=c").object();
    post(&emulator, &format!("/invoices/{invoice}/issue"), "").object();
    let seeded: Vec<String> = ["customers", "organizations", "products", "plan_items", "orders"]
        .into_iter()
        .map(|stream| {
            let listed = get(&emulator, &format!("/{stream}?pagination[limit]=1")).data();
            format!("/{stream}/{}", text(&listed[0], "id"))
        })
        .collect();
    let own = [
        "/account".to_owned(),
        format!("/customers/{owner}"),
        format!("/transactions/{line}"),
        format!("/invoices/{invoice}"),
    ];
    for path in own.into_iter().chain(seeded) {
        let mut before = get(&emulator, &path).object();
        let mut after = put(&emulator, &path, &saved(&before)).object();
        before["updated_at"] = Value::Null;
        after["updated_at"] = Value::Null;
        assert_eq!(after, before, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ruby_client_can_read_every_event() {
    let emulator = start().await;
    let before = newest_event(&emulator);
    write_everything(&emulator, "once");
    let path =
        format!("/events?pagination[limit]=100&pagination[ending_before]={}", text(&before, "id"));
    let events = get(&emulator, &path).data();
    let known = [
        "account",
        "customer",
        "invoice",
        "order",
        "order_item",
        "plan",
        "plan_item",
        "product",
        "subscription",
        "transaction",
    ];
    for event in &events {
        let object = text(&event["data"], "object");
        assert!(known.contains(&object), "{event}");
        assert!(text(event, "type").starts_with(&format!("{object}.")), "{event}");
        assert_eq!(number(event, "created_at"), NOW);
    }
    for object in known {
        assert!(events.iter().any(|event| event["data"]["object"] == object), "{object}");
    }
}

fn everything(emulator: &paid_sync::emulator::Emulator) -> String {
    let streams = [
        "customers",
        "events",
        "invoices",
        "plans",
        "subscriptions",
        "transactions",
        "users",
        "webhooks",
        "statements",
        "organizations",
        "products",
        "plan_items",
        "orders",
        "order_items",
    ];
    let lists =
        streams.map(|stream| get(emulator, &format!("/{stream}?pagination[limit]=100")).body);
    lists.concat() + &get(emulator, "/account").body
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_calls_on_the_same_seed_give_the_same_bytes() {
    let (first, second) = (start().await, start().await);
    for emulator in [&first, &second] {
        write_everything(emulator, "same");
        emulator.advance(3);
        assert_eq!(call(emulator, "POST", "/customers", "name=%FF").status, 400);
        customer(emulator, "name=Late");
    }
    assert!(everything(&first) == everything(&second), "two accounts differ");
}
