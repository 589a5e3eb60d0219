use super::{
    DAY, NOW, assert_told, customer, delete, get, made, newest_event, number, post, put, start,
    start_with, text, transaction,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_account_shows_more_fields_once_they_are_set() {
    let emulator = start().await;
    let before = get(&emulator, "/account").object();
    assert!(before.get("tax_id").is_none());
    let form = "business_name=N%C3%A4me&tax_id=012&address_zip=02108&business_logo=x&id=acct_x";
    let changed = put(&emulator, "/account", form).object();
    assert_eq!(changed["business_name"], "Näme");
    assert_eq!(changed["tax_id"], "012");
    assert_eq!(changed["address_zip"], "02108");
    for field in ["id", "business_url", "business_logo"] {
        assert_eq!(changed[field], before[field], "{field}");
    }
    assert_eq!(get(&emulator, "/account").object(), changed);
    let event = newest_event(&emulator);
    assert_eq!(event["type"], "account.updated");
    assert_eq!(event["data"], changed);
    let cleared = post(&emulator, "/account", "tax_id=&business_url=").object();
    assert!(cleared.get("tax_id").is_none());
    assert!(cleared["business_url"].is_null());
    assert_eq!(cleared["address_zip"], "02108");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_takes_every_documented_field() {
    let emulator = start().await;
    let texts = [
        "name",
        "email",
        "description",
        "external_id",
        "phone",
        "address_line1",
        "address_line2",
        "address_city",
        "address_state",
        "address_zip",
        "address_country",
        "cc_emails",
        "notes",
        "stripe_customer_id",
        "tax_id",
        "tax_id_label",
    ];
    let flags = [
        "allow_ach",
        "allow_wire",
        "allow_check",
        "allow_credit_card",
        "allow_paypal",
        "auto_generate",
        "auto_issue",
        "roll_up_communications",
    ];
    let mut form = "terms=0&billing_type=charge&billing_cycle=monthly".to_owned();
    for name in texts {
        form += &format!("&{name}=0{name}");
    }
    for name in flags {
        form += &format!("&{name}=true");
    }
    let made = post(&emulator, "/customers", &form).object();
    for name in texts {
        assert_eq!(made[name], format!("0{name}"));
    }
    for name in flags {
        assert_eq!(made[name], true, "{name}");
    }
    assert_eq!(number(&made, "terms"), 0);
    assert_eq!(made["billing_type"], "charge");
    assert_eq!(made["billing_cycle"], "monthly");
    assert_eq!(number(&made, "created_at"), NOW);
    let id = text(&made, "id");
    assert_eq!(newest_event(&emulator)["type"], "customer.created");
    assert_eq!(get(&emulator, "/customers?pagination[limit]=1").data()[0], made);
    let path = format!("/customers/{id}");
    assert_told(&emulator, &[("customer.updated", id), ("customer.updated", id)], || {
        assert_eq!(put(&emulator, &path, "name=Put").object()["name"], "Put");
        assert_eq!(post(&emulator, &path, "name=Posted").object()["name"], "Posted");
    });
    assert_eq!(newest_event(&emulator)["data"], get(&emulator, &path).object());
}

#[tokio::test(flavor = "multi_thread")]
async fn by_external_id_finds_or_creates_even_on_get() {
    let emulator = start().await;
    let path = "/customers/by_external_id?external_id=00%2F42";
    let count = emulator.counts()["customers"];
    let made = get(&emulator, path).object();
    assert_eq!(made["external_id"], "00/42");
    assert_eq!(emulator.counts()["customers"], count + 1);
    assert_eq!(get(&emulator, path).object(), made);
    assert_eq!(emulator.counts()["customers"], count + 1);
    assert_eq!(emulator.requests().forbidden, 2);
    let named = post(&emulator, path, "name=Named").object();
    assert_eq!((&named["id"], &named["name"]), (&made["id"], &"Named".into()));
    assert_eq!(newest_event(&emulator)["type"], "customer.updated");
    let form = "external_id=43&email=x@y.example";
    let other = post(&emulator, "/customers/by_external_id", form).object();
    assert_eq!(other["email"], "x@y.example");
    assert_eq!(newest_event(&emulator)["type"], "customer.created");
    assert_eq!(delete(&emulator, path).status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_makes_a_customer_chargeable() {
    let emulator = start().await;
    let id = customer(&emulator, "");
    let path = format!("/customers/{id}/cards");
    let carded = post(&emulator, &path, "").object();
    assert_eq!(carded["allow_credit_card"], true);
    assert!(!text(&carded, "stripe_customer_id").is_empty());
    let other = post(&emulator, &path, "stripe_customer_id=cus_s1").object();
    assert_eq!(other["stripe_customer_id"], "cus_s1");
    assert_eq!(newest_event(&emulator)["data"], other);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_come_and_go_under_either_path() {
    let emulator = start().await;
    let form = "email=a@b.example&first_name=Ada&password=secret";
    let user = post(&emulator, "/users", form).object();
    assert_eq!(user["created_at"], NOW.to_string());
    assert!(user.get("last_name").is_none() && user.get("password").is_none());
    let path = format!("/users/{}", text(&user, "id"));
    let named = put(&emulator, &path, "last_name=L&password=x").object();
    assert_eq!((&named["first_name"], &named["last_name"]), (&"Ada".into(), &"L".into()));
    put(&emulator, &path, "email=").assert_invalid("email");
    let gone = delete(&emulator, &format!("/user/{}", text(&user, "id"))).object();
    assert_eq!(gone, named);
    get(&emulator, &path).assert_unknown("user");
    delete(&emulator, &path).assert_unknown("user");
    let next = made(&emulator, "/users", form);
    assert_eq!(delete(&emulator, &format!("/users/{next}")).status, 200);
    assert!(get(&emulator, "/users").data().iter().all(|one| one["id"] != next));
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_change_also_where_they_are_misplaced() {
    let emulator = start().await;
    let users = get(&emulator, "/users").data();
    let misplaced = users.iter().find(|one| one["object"] == "webhook").expect("a stranger");
    let id = text(misplaced, "id");
    emulator.pass(60, false);
    let path = format!("/webhooks/{id}");
    let changed = put(&emulator, &path, "url=https%3A%2F%2Fx.example&event=").object();
    assert_eq!(changed["url"], "https://x.example");
    assert!(changed.get("event").is_none());
    assert_eq!(changed["updated_at"], (NOW + 60).to_string());
    assert!(get(&emulator, "/users").data().contains(&changed));
    for method in ["PUT", "DELETE"] {
        super::call(&emulator, method, &format!("/users/{id}"), "").assert_unknown("user");
    }
    assert_eq!(delete(&emulator, &path).object(), changed);
    assert_eq!(get(&emulator, &path).status, 404);
    assert!(get(&emulator, "/users").data().iter().all(|one| one["id"] != *id));
    let form = "url=https://y.example&subscription_url=https://z.example&event=plan.created";
    let made = post(&emulator, "/webhooks", form).object();
    assert_eq!(made["event"], "plan.created");
    assert!(made.get("subscription_url").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_last_a_week_or_as_long_as_they_are_told() {
    let emulator = start().await;
    let owner = customer(&emulator, "");
    let statements = format!("/customers/{owner}/statements");
    let week = post(&emulator, &statements, "").object();
    assert_eq!(week["resource"], *owner);
    assert_eq!(number(&week, "expires_on") / DAY, NOW / DAY + 7);
    let short = post(&emulator, &statements, "expires_on=2026-07-01").object();
    assert_eq!(get(&emulator, &statements).data(), [short.clone(), week.clone()]);
    let path = format!("/statements/{}", text(&week, "id"));
    let longer = put(&emulator, &path, &format!("expires_on={}", NOW + 20 * DAY)).object();
    assert_eq!(number(&longer, "expires_on"), NOW + 20 * DAY);
    let expired = |path: &str| {
        let statement = get(&emulator, path).object();
        statement["expired_at"].is_i64() || statement["expires_at"].is_i64()
    };
    let short_path = format!("/statements/{}", text(&short, "id"));
    emulator.pass(9 * 86_400, false);
    assert!(expired(&short_path) && !expired(&path));
    put(&emulator, &short_path, "expires_on=2027-01-01")
        .assert_conflict("The statement has already expired.");
    post(&emulator, &path, "expires_on=2026-07-01").object();
    assert!(expired(&path));
    post(&emulator, "/customers/cus_x/statements", "").assert_unknown("customer");
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_show_when_they_changed() {
    let emulator = start().await;
    let id = made(&emulator, "/organizations", "name=Group");
    emulator.pass(5, false);
    let path = format!("/organizations/{id}");
    let changed = put(&emulator, &path, "external_id=0007").object();
    assert_eq!((&changed["name"], &changed["external_id"]), (&"Group".into(), &"0007".into()));
    assert_eq!(number(&changed, "created_at"), NOW);
    assert_eq!(number(&changed, "updated_at"), NOW + 5);
    put(&emulator, &path, "name=").assert_invalid("name");
}

#[tokio::test(flavor = "multi_thread")]
async fn products_and_orders_are_saved_by_either_method() {
    let emulator = start().await;
    let form = "name=Lamp&description=Bright&external_id=9&metadata[a]=b\
                &transaction_description=One+lamp&pricing[currency]=EUR&pricing[price]=1550";
    let product = post(&emulator, "/products", form).object();
    assert_eq!(
        product["pricing"],
        serde_json::json!({"currency": "eur", "price": 1_550, "type": "quantity"})
    );
    let id = text(&product, "id");
    emulator.pass(5, false);
    let path = format!("/products/{id}");
    let changed = put(&emulator, &path, "description=&pricing[price]=1000").object();
    assert_eq!(changed["description"], "");
    assert_eq!(number(&changed, "updated_at"), NOW + 5);
    let plan = made(&emulator, "/plans", "amount=1&description=x&name=lamps");
    let form = format!("plan={plan}&product={id}&pricing[quantity]=2");
    let item = post(&emulator, "/plan_items", &form).object();
    assert_eq!(item["pricing"]["quantity"].to_string(), "2.0");
    let owner = customer(&emulator, "");
    let form = format!("customer={owner}&charge_now=true&service_starts_on=2016-05-15");
    let order = post(&emulator, "/orders", &form).object();
    assert_eq!(order["charge_now"], true);
    assert_eq!(number(&order, "service_starts_on"), 1_463_270_400);
    let order = text(&order, "id");
    let form = format!("order={order}&product={id}&pricing[price]=1000&pricing[quantity]=2.5");
    let line = made(&emulator, "/order_items", &form);
    let amount =
        |order: &str| number(&get(&emulator, &format!("/orders/{order}")).object(), "amount");
    assert_eq!(amount(order), 2_500);
    let charge = transaction(&emulator, &owner, 400);
    let other = made(&emulator, "/orders", &format!("customer={owner}"));
    let path = format!("/order_items/{line}");
    put(&emulator, &path, &format!("transaction={charge}&order={other}&amount=9")).object();
    assert_eq!((amount(order), amount(&other)), (0, 400));
    let unbilled = put(&emulator, &path, "transaction=").object();
    assert!(unbilled["transaction"].is_null());
    assert_eq!(amount(&other), 2_500);
    assert_eq!(newest_event(&emulator)["type"], "order.updated");
    let item = format!("/plan_items/{}", text(&item, "id"));
    assert_eq!(put(&emulator, &item, "pricing[price]=3").object()["pricing"]["price"], 3);
    let order = put(&emulator, &format!("/orders/{order}"), "charge_now=").object();
    assert_eq!(order["charge_now"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_ids_are_not_found_in_paths_and_parameters() {
    let emulator = start().await;
    let owner = customer(&emulator, "");
    let edits = [
        ("customers", "customer"),
        ("invoices", "invoice"),
        ("plans", "plan"),
        ("transactions", "transaction"),
        ("users", "user"),
        ("webhooks", "webhook"),
        ("statements", "statement"),
        ("organizations", "organization"),
        ("products", "product"),
        ("plan_items", "plan_item"),
        ("orders", "order"),
        ("order_items", "order_item"),
    ];
    for (stream, noun) in edits {
        for method in ["PUT", "POST"] {
            let path = format!("/{stream}/x_none");
            super::call(&emulator, method, &path, "name=x").assert_unknown(noun);
        }
    }
    let deeds = [
        ("/customers/x/generate_invoices", "customer"),
        ("/customers/x/generate_invoice", "customer"),
        ("/customers/x/cards", "customer"),
        ("/invoices/x/issue", "invoice"),
        ("/invoices/x/mark_as_paid", "invoice"),
        ("/invoices/x/void", "invoice"),
        ("/invoices/x/charge", "invoice"),
        ("/subscriptions/x/cancel", "subscription"),
        ("/transactions/x/mark_as_paid", "transaction"),
        ("/transactions/x/refunds", "transaction"),
        ("/transactions/x/void", "transaction"),
    ];
    for (path, noun) in deeds {
        post(&emulator, path, "via=ach").assert_unknown(noun);
        assert_eq!(get(&emulator, path).status, 405, "{path}");
        assert_eq!(put(&emulator, path, "").status, 405, "{path}");
    }
    let plan = format!("customer={owner}&plan=pl_none");
    let referring = [
        ("/subscriptions", "customer=cus_none", "customer", "customer"),
        ("/subscriptions", &*plan, "plan", "plan"),
        ("/transactions", "amount=1&description=x&customer=cus_none", "customer", "customer"),
        ("/invoices", "customer=cus_none", "customer", "customer"),
        ("/orders", "customer=cus_none", "customer", "customer"),
        ("/order_items", "order=ordr_none", "order", "order"),
    ];
    for (path, form, noun, param) in referring {
        let refused = post(&emulator, path, form);
        refused.assert_unknown(noun);
        assert_eq!(refused.error("param"), param);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_without_a_meaning_are_refused_and_paths_without_one_not_found() {
    let emulator = start().await;
    let refused = [
        ("PUT", "/customers"),
        ("DELETE", "/customers"),
        ("DELETE", "/customers/cus_x"),
        ("POST", "/events"),
        ("PUT", "/events/evt_x"),
        ("PUT", "/subscriptions/sub_x"),
        ("DELETE", "/invoices/inv_x"),
        ("POST", "/statements"),
        ("DELETE", "/account"),
        ("PATCH", "/account"),
        ("PUT", "/customers/cus_x/statements"),
    ];
    for (method, path) in refused {
        let answer = super::call(&emulator, method, path, "");
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.error("message"), format!("Method {method} is not served."));
    }
    for path in ["/nowhere", "/customers/x/refunds", "/invoices/x/issue/y", "/transactions/x/issue"]
    {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            assert_eq!(super::call(&emulator, method, path, "").status, 404, "{method} {path}");
        }
    }
    let denied = super::send(&emulator, "POST", "/customers", "", b"name=x");
    assert_eq!(denied.status, 401);
    let counted = emulator.requests();
    assert_eq!(counted.by_path["/customers"], 3);
    assert_eq!(counted.by_path["/customers/{id}/statements"], 1);
    assert_eq!(counted.non_get, counted.total - 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_answered_with_the_chosen_status() {
    let emulator = start_with(|options| options.conflict_status = 400).await;
    let owner = customer(&emulator, "");
    let refused = post(&emulator, &format!("/customers/{owner}/generate_invoices"), "");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.error("message"), "The customer has nothing to invoice.");
}
