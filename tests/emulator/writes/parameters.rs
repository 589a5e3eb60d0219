use super::{
    BASIC, FORM, call, customer, get, invoiced, made, number, post, put, send, start, text,
    transaction,
};

#[tokio::test(flavor = "multi_thread")]
async fn query_and_body_are_merged_and_the_body_wins() {
    let emulator = start().await;
    let path = "/customers?name=Query&email=a%40b.example&notes=kept&id=cus_other";
    let made = post(&emulator, path, "name=B%C3%B6dy+%26+Sons&id=cus_mine&colour=red").object();
    assert_eq!(made["name"], "Bödy & Sons");
    assert_eq!(made["email"], "a@b.example");
    assert_eq!(made["notes"], "kept");
    assert!(text(&made, "id").starts_with("cus_"));
    assert!(!["cus_other", "cus_mine"].contains(&text(&made, "id")));
    assert!(made.get("colour").is_none());
    let twice = post(&emulator, "/customers", "name=first&name=100%25&&=x&email").object();
    assert_eq!(twice["name"], "100%");
    assert!(twice.get("email").is_none());
    let stray = post(&emulator, "/customers", "name=50%+%zz%4").object();
    assert_eq!(stray["name"], "50% %zz%4");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_refuses_what_it_cannot_read_and_changes_nothing() {
    let emulator = start().await;
    let (customer, line, invoice) = invoiced(&emulator, "name=A", 100);
    let plan = made(&emulator, "/plans", "amount=1&description=x&name=readers");
    let counts = emulator.counts();
    let event = super::newest_event(&emulator);
    let customers = format!("/customers/{customer}");
    let invoices = format!("/invoices/{invoice}");
    let lines = format!("/transactions/{line}");
    let cases = [
        (&*customers, "allow_ach=yes", "allow_ach"),
        ("/customers", "auto_issue=TRUE", "auto_issue"),
        ("/customers", "allow_paypal=2", "allow_paypal"),
        (&customers, "billing_type=gift", "billing_type"),
        (&customers, "billing_cycle=yearly", "billing_cycle"),
        (&customers, "terms=1.5", "terms"),
        (&customers, "terms=-1", "terms"),
        (&invoices, "terms=soon", "terms"),
        (&invoices, "terms=", "terms"),
        (&invoices, "metadata=all", "metadata"),
        (&invoices, "charge_now=please", "charge_now"),
        (&invoices, "chase_schedule=-7", "chase_schedule"),
        (&lines, "amount=12.50", "amount"),
        (&lines, "amount=9223372036854775808", "amount"),
        (&lines, "amount=", "amount"),
        (&lines, "description=", "description"),
        (&lines, "currency=dollars", "currency"),
        (&lines, "currency=u5d", "currency"),
        (&lines, "currency=%C3%A4bc", "currency"),
        (&lines, "rank=first", "rank"),
        (&lines, "paid=no", "paid"),
        (&lines, "paid_at=2015-02-30", "paid_at"),
        (&lines, "paid_on=yesterday", "paid_on"),
        (&lines, "serviced_on=2015-2-3", "serviced_on"),
        (&lines, "serviced_on=2015-03-10T23:30:00Z", "serviced_on"),
        (&lines, "serviced_on=99999999999999", "serviced_on"),
        ("/plans", "amount=x&description=x&name=y", "amount"),
        ("/plans", "amount=1&description=x&name=y&interval=fortnight", "interval"),
        ("/plans", "amount=1&description=x&name=y&interval_count=0", "interval_count"),
        ("/products", "pricing[type]=weight", "pricing[type]"),
        ("/products", "pricing%5Bquantity%5D=inf", "pricing[quantity]"),
        ("/products", "pricing[price]=1e3", "pricing[price]"),
    ];
    for (path, form, param) in cases {
        println!("{path} {form}");
        post(&emulator, path, form).assert_invalid(param);
    }
    let start = format!("customer={customer}&plan={plan}&starts_on=tomorrow");
    post(&emulator, "/subscriptions", &start).assert_invalid("starts_on");
    let refunds = format!("/transactions/{line}/refunds");
    for amount in ["0", "-5", "1.5"] {
        post(&emulator, &refunds, &format!("amount={amount}")).assert_invalid("amount");
    }
    let paid = format!("/invoices/{invoice}/mark_as_paid");
    post(&emulator, &paid, "via=paypal").assert_invalid("via");
    assert_eq!(emulator.counts(), counts);
    assert_eq!(super::newest_event(&emulator), event);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_required_is_missed_also_when_it_is_blank() {
    let emulator = start().await;
    let customer = customer(&emulator, "");
    let (_, _, invoice) = invoiced(&emulator, "", 5);
    let paid = format!("/invoices/{invoice}/mark_as_paid");
    let plan_only = format!("customer={customer}");
    let cases = [
        ("/plans", "", "amount"),
        ("/plans", "amount=5", "description"),
        ("/plans", "amount=5&description=x&name=", "name"),
        ("/subscriptions", "", "customer"),
        ("/subscriptions", &plan_only, "plan"),
        ("/transactions", "amount=&description=x", "amount"),
        ("/transactions", "amount=1", "description"),
        ("/transactions", "amount=1&description=x", "customer"),
        ("/transactions", "amount=1&description=x&customer=", "customer"),
        ("/users", "first_name=Ada", "email"),
        ("/users", "email=a@b.example", "first_name"),
        ("/webhooks", "event=invoice.paid", "url"),
        ("/organizations", "external_id=1", "name"),
        ("/invoices", "summary=x", "customer"),
        ("/customers/by_external_id", "name=x", "external_id"),
        ("/plan_items", "", "plan"),
        ("/orders", "", "customer"),
        ("/order_items", "", "order"),
        (&paid, "", "via"),
    ];
    for (path, form, param) in cases {
        println!("{path} {form}");
        post(&emulator, path, form).assert_missing(param);
    }
    get(&emulator, "/customers/by_external_id").assert_missing("external_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_first_failure_is_reported() {
    let emulator = start().await;
    let form = "allow_ach=maybe&terms=never&billing_type=none";
    post(&emulator, "/customers", form).assert_invalid("allow_ach");
    let reordered = "terms=never&billing_type=none&allow_ach=true";
    post(&emulator, "/customers", reordered).assert_invalid("billing_type");
    post(&emulator, "/transactions", "currency=x&amount=y").assert_invalid("amount");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blank_value_clears_and_what_is_not_sent_stays() {
    let emulator = start().await;
    let form =
        "name=A&email=a@b.example&terms=14&allow_ach=1&billing_cycle=weekly&tax_id_label=VAT";
    let path = format!("/customers/{}", customer(&emulator, form));
    let cleared = put(&emulator, &path, "email=&terms=&allow_ach=&billing_cycle=").object();
    assert!(cleared.get("email").is_none());
    assert!(cleared["terms"].is_null());
    assert_eq!(cleared["allow_ach"], false);
    assert_eq!(cleared["billing_cycle"], "manual");
    assert_eq!(cleared["name"], "A");
    assert_eq!(cleared["tax_id_label"], "VAT");
    assert_eq!(get(&emulator, &path).object(), cleared);
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_changed_key_by_key() {
    let emulator = start().await;
    let owner = customer(&emulator, "");
    let line = format!("/transactions/{}", transaction(&emulator, &owner, 5));
    let steps = [
        (
            "metadata[promotion]=x&metadata%5Ba.b%5B'c'%5D%5D=y&metadata[]=z",
            serde_json::json!({"promotion": "x", "a.b['c']": "y", "": "z"}),
        ),
        ("description=More", serde_json::json!({"promotion": "x", "a.b['c']": "y", "": "z"})),
        (
            "metadata[promotion]=&metadata[new]=1&metadata[]=",
            serde_json::json!({"a.b['c']": "y", "new": "1"}),
        ),
        ("metadata[new]=2", serde_json::json!({"a.b['c']": "y", "new": "2"})),
        ("metadata=&metadata[only]=3", serde_json::json!({"only": "3"})),
        ("metadata=", serde_json::json!({})),
    ];
    for (form, expected) in steps {
        assert_eq!(put(&emulator, &line, form).object()["metadata"], expected, "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_form_are_refused() {
    let emulator = start().await;
    let with = |kind: &str, body: &[u8]| {
        let headers = format!("Authorization: {BASIC}\r\nContent-Type: {kind}\r\n");
        send(&emulator, "POST", "/customers", &headers, body)
    };
    let counts = emulator.counts();
    for kind in ["application/json", "Application/JSON; charset=utf-8", "multipart/form-data"] {
        let refused = with(kind, b"{\"name\": \"A\"}");
        assert_eq!(refused.status, 400, "{kind}");
        assert!(refused.error("message").contains("form encoded"), "{}", refused.body);
        assert_eq!(refused.error("param"), "");
    }
    for body in [&b"name=\xff"[..], b"name=%FF", b"%C3=1", b"\xe4=1"] {
        let refused = with(FORM, body);
        assert_eq!(refused.status, 400, "{body:?}");
        assert!(refused.error("message").contains("UTF-8"), "{}", refused.body);
    }
    let refused = with(FORM, format!("name={}", "a".repeat(1 << 20)).as_bytes());
    assert_eq!(refused.status, 400);
    assert!(refused.error("message").contains("1 MB"), "{}", refused.body);
    assert_eq!(emulator.counts(), counts);
    let largest = with(FORM, format!("name={}", "a".repeat((1 << 20) - 5)).as_bytes());
    assert_eq!(text(&largest.object(), "name").len(), (1 << 20) - 5);
    assert_eq!(with("application/json", b"").status, 200);
    let bare = format!("Authorization: {BASIC}\r\n");
    let made = send(&emulator, "POST", "/customers", &bare, b"name=Bare").object();
    assert_eq!(made["name"], "Bare");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_currency_of_three_letters_can_be_billed() {
    let emulator = start().await;
    let owner = customer(&emulator, "");
    for (amount, currency) in [(-1_205, "CHF"), (500, "Usd"), (70, "jpy"), (1, "chf")] {
        let form = format!("customer={owner}&amount={amount}&description=x&currency={currency}");
        let line = post(&emulator, "/transactions", &form).object();
        assert_eq!(line["currency"], currency.to_lowercase());
    }
    let invoices = post(&emulator, &format!("/customers/{owner}/generate_invoices"), "").data();
    let shown: Vec<&str> = invoices.iter().map(|invoice| text(invoice, "amount_string")).collect();
    assert_eq!(shown, ["$5.00", "¥70", "-CHF 12.04"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_amounts_are_kept_and_their_sums_end_there() {
    let emulator = start().await;
    let owner = customer(&emulator, "auto_issue=true&stripe_customer_id=s&billing_type=charge");
    for _ in 0..2 {
        let line = transaction(&emulator, &owner, i64::MAX);
        let kept = get(&emulator, &format!("/transactions/{line}")).object();
        assert_eq!(number(&kept, "amount"), i64::MAX);
    }
    let path = format!("/customers/{owner}/generate_invoice");
    assert_eq!(number(&post(&emulator, &path, "").object(), "amount"), i64::MAX);
    transaction(&emulator, &owner, i64::MIN);
    transaction(&emulator, &owner, -1);
    let owed = post(&emulator, &path, "").object();
    assert_eq!(number(&owed, "amount"), i64::MIN);
    assert_eq!(text(&owed, "amount_string"), "-$92233720368547758.08");
    let product = made(&emulator, "/products", "name=Moon&pricing[price]=9223372036854775807");
    assert!(product.starts_with("prod_"));
    // The seeded customers may order the moon, too.
    emulator.advance(40);
    assert_eq!(call(&emulator, "GET", "/account", "").status, 200);
}
