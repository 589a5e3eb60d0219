use super::{
    DAY, NOW, assert_told, call, customer, delete, get, invoiced, made, newest_event, number, post,
    put, start, text, transaction,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_takes_every_documented_argument() {
    let emulator = start().await;
    let owner = customer(&emulator, "");
    let form = format!(
        "customer={owner}&amount=-250&description=Credit&currency=EUR&metadata[a]=b&rank=-2\
         &serviced_on=1433978417&group_by=g1&paid_at=2015-02-25&paid=false&charge_now=false"
    );
    let line = post(&emulator, "/transactions", &form).object();
    assert_eq!((number(&line, "amount"), number(&line, "rank")), (-250, -2));
    assert_eq!((&line["currency"], &line["group_by"]), (&"eur".into(), &"g1".into()));
    assert_eq!(number(&line, "serviced_on"), 1_433_978_417);
    assert_eq!((&line["paid"], &line["status"]), (&false.into(), &"uninvoiced".into()));
    assert!(line["paid_at"].is_null() && line["invoice"].is_null());
    let path = format!("/transactions/{}", text(&line, "id"));
    let changed = put(&emulator, &path, "serviced_on=&rank=&group_by=&currency=").object();
    assert_eq!(number(&changed, "serviced_on"), NOW);
    assert!(changed.get("rank").is_none() && changed.get("group_by").is_none());
    assert_eq!(changed["currency"], "usd");
    let paid = put(&emulator, &path, "paid_at=1426021736").object();
    assert_eq!((&paid["paid"], &paid["paid_at"]), (&true.into(), &"2015-03-10".into()));
    assert_eq!(newest_event(&emulator)["type"], "transaction.paid");
    let form = format!("customer={owner}&amount=5&description=x&paid=true");
    let at_once = post(&emulator, "/transactions", &form).object();
    assert_eq!((&at_once["status"], &at_once["paid_at"]), (&"paid".into(), &"2026-06-30".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_external_id_makes_the_customer() {
    let emulator = start().await;
    let form = "amount=100&description=x&customer_external_id=new-1";
    let first = post(&emulator, "/transactions", form).object();
    let owner = get(&emulator, &format!("/customers/{}", text(&first, "customer"))).object();
    assert_eq!(owner["external_id"], "new-1");
    assert!(owner.get("name").is_none());
    let second = post(&emulator, "/transactions", form).object();
    assert_eq!(second["customer"], first["customer"]);
    let count = emulator.counts()["customers"];
    post(&emulator, "/transactions", &form.replace("100", "x")).assert_invalid("amount");
    let other = form.replace("new-1", "new-2&rank=z");
    post(&emulator, "/transactions", &other).assert_invalid("rank");
    assert_eq!(emulator.counts()["customers"], count);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_recounts_the_invoice_and_a_move_changes_who_is_billed() {
    let emulator = start().await;
    let (_, line, invoice) = invoiced(&emulator, "", 100);
    let (lines, invoices) = (format!("/transactions/{line}"), format!("/invoices/{invoice}"));
    assert_told(
        &emulator,
        &[("transaction.updated", &line), ("invoice.updated", &invoice)],
        || {
            assert_eq!(number(&put(&emulator, &lines, "amount=700").object(), "amount"), 700);
        },
    );
    let recounted = get(&emulator, &invoices).object();
    assert_eq!(number(&recounted, "amount"), 700);
    assert_eq!(number(&recounted, "unpaid_amount"), 700);
    assert_eq!(recounted["amount_string"], "$7.00");
    let other = customer(&emulator, "");
    let stranger = "customer_external_id=nobody-yet".to_owned();
    let count = emulator.counts()["customers"];
    for form in [format!("customer={other}"), "currency=eur".to_owned(), stranger] {
        put(&emulator, &lines, &form)
            .assert_conflict("The invoice of the transaction is for that customer and currency.");
    }
    assert_eq!(emulator.counts()["customers"], count);
    let owner = customer(&emulator, "");
    let free = transaction(&emulator, &owner, 50);
    let moved = put(&emulator, &format!("/transactions/{free}"), &format!("customer={other}"));
    assert_eq!(moved.object()["customer"], *other);
    assert!(get(&emulator, &format!("/transactions?customer={owner}")).data().is_empty());
    assert_eq!(get(&emulator, &format!("/transactions?customer={other}")).data().len(), 1);
    post(&emulator, &format!("/customers/{owner}/generate_invoice"), "")
        .assert_conflict("The customer has nothing to invoice.");
    let bill = post(&emulator, &format!("/customers/{other}/generate_invoice"), "").object();
    assert_eq!(number(&bill, "amount"), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_transaction_is_gone_and_off_its_invoice() {
    let emulator = start().await;
    let (owner, line, invoice) = invoiced(&emulator, "", 100);
    let path = format!("/transactions/{line}");
    let last = get(&emulator, &path).object();
    let told = [("transaction.deleted", &*line), ("invoice.updated", &invoice)];
    assert_told(&emulator, &told, || assert_eq!(delete(&emulator, &path).object(), last));
    for method in ["GET", "PUT", "DELETE"] {
        call(&emulator, method, &path, "amount=1").assert_unknown("transaction");
    }
    for filter in ["", &format!("?customer={owner}"), &format!("?invoice={invoice}")] {
        let listed = get(&emulator, &format!("/transactions{filter}")).data();
        assert!(listed.iter().all(|one| one["id"] != *line), "{filter}");
    }
    let emptied = get(&emulator, &format!("/invoices/{invoice}")).object();
    assert_eq!((number(&emptied, "amount"), number(&emptied, "unpaid_amount")), (0, 0));
    let uninvoiced = transaction(&emulator, &owner, 30);
    delete(&emulator, &format!("/transactions/{uninvoiced}")).object();
    post(&emulator, &format!("/customers/{owner}/generate_invoice"), "")
        .assert_conflict("The customer has nothing to invoice.");
    let snapshot = newest_event(&emulator);
    assert_eq!(
        (&snapshot["type"], &snapshot["data"]["id"]),
        (&"transaction.deleted".into(), &uninvoiced.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_transaction_is_never_billed_again() {
    let emulator = start().await;
    let (owner, line, invoice) = invoiced(&emulator, "", 100);
    let path = format!("/transactions/{line}");
    let told = [("transaction.voided", &*line), ("invoice.updated", &invoice)];
    assert_told(&emulator, &told, || {
        let void = post(&emulator, &format!("{path}/void"), "").object();
        assert_eq!(void["status"], "void");
        assert!(void["invoice"].is_null());
    });
    let emptied = get(&emulator, &format!("/invoices/{invoice}")).object();
    assert_eq!(number(&emptied, "amount"), 0);
    assert!(get(&emulator, &format!("/transactions?invoice={invoice}")).data().is_empty());
    assert_eq!(get(&emulator, &format!("/transactions?customer={owner}")).data().len(), 1);
    let free = transaction(&emulator, &owner, 70);
    post(&emulator, &format!("/transactions/{free}/void"), "").object();
    post(&emulator, &format!("/customers/{owner}/generate_invoice"), "")
        .assert_conflict("The customer has nothing to invoice.");
    for deed in ["void", "mark_as_paid"] {
        post(&emulator, &format!("{path}/{deed}"), "")
            .assert_conflict("It has already been voided.");
    }
    put(&emulator, &path, "amount=1").assert_conflict("It has already been voided.");
    delete(&emulator, &path).object();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_transaction_stays_as_it_is() {
    let emulator = start().await;
    let (_, line, invoice) = invoiced(&emulator, "", 100);
    let path = format!("/transactions/{line}");
    let told = [("transaction.paid", &*line), ("invoice.updated", &invoice)];
    assert_told(&emulator, &told, || {
        let paid = post(&emulator, &format!("{path}/mark_as_paid"), "paid_on=2026-06-01").object();
        assert_eq!((&paid["paid"], &paid["paid_at"]), (&true.into(), &"2026-06-01".into()));
    });
    let counted = get(&emulator, &format!("/invoices/{invoice}")).object();
    assert_eq!((number(&counted, "amount"), number(&counted, "unpaid_amount")), (100, 0));
    assert_eq!(counted["paid"], false);
    for (method, deed) in
        [("POST", "/mark_as_paid"), ("POST", "/void"), ("PUT", ""), ("DELETE", "")]
    {
        call(&emulator, method, &format!("{path}{deed}"), "amount=5&customer_external_id=nobody")
            .assert_conflict("It has already been paid.");
    }
    assert_eq!(number(&get(&emulator, &path).object(), "amount"), 100);
    let found = get(&emulator, "/customers?pagination[limit]=1").data();
    assert_ne!(found[0]["external_id"], "nobody");
    let owner = customer(&emulator, "");
    let free = transaction(&emulator, &owner, 70);
    let paid = post(&emulator, &format!("/transactions/{free}/mark_as_paid"), "").object();
    assert_eq!(paid["paid_at"], "2026-06-30");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_a_card_payment_goes_on_the_invoice() {
    let emulator = start().await;
    let (_, line, invoice) = invoiced(&emulator, "allow_credit_card=true", 1_000);
    let refunds = format!("/transactions/{line}/refunds");
    post(&emulator, &refunds, "amount=1").assert_conflict("The transaction has not been paid.");
    post(&emulator, &format!("/invoices/{invoice}/issue"), "").object();
    post(&emulator, &format!("/invoices/{invoice}/mark_as_paid"), "via=credit_card").object();
    let refund = post(&emulator, &refunds, "amount=300").object();
    assert_eq!((number(&refund, "amount"), &refund["paid"]), (-300, &true.into()));
    assert_eq!(refund["description"], "Refund for: Work");
    assert_eq!(refund["invoice"], *invoice);
    let changed = get(&emulator, &format!("/invoices/{invoice}")).object();
    assert_eq!((number(&changed, "amount"), &changed["paid"]), (700, &true.into()));
    post(&emulator, &refunds, "amount=701")
        .assert_conflict("The refund exceeds what can be refunded.");
    assert_eq!(number(&post(&emulator, &refunds, "").object(), "amount"), -700);
    post(&emulator, &refunds, "").assert_conflict("The refund exceeds what can be refunded.");
    let negative = format!("/transactions/{}/refunds", text(&refund, "id"));
    for form in ["", "amount=1"] {
        post(&emulator, &negative, form)
            .assert_conflict("The refund exceeds what can be refunded.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_another_payment_waits_for_the_next_invoice() {
    let emulator = start().await;
    let (owner, line, invoice) = invoiced(&emulator, "", 1_000);
    post(&emulator, &format!("/invoices/{invoice}/issue"), "").object();
    post(&emulator, &format!("/invoices/{invoice}/mark_as_paid"), "via=wire").object();
    let refund = post(&emulator, &format!("/transactions/{line}/refunds"), "").object();
    assert_eq!((number(&refund, "amount"), &refund["paid"]), (-1_000, &false.into()));
    assert!(refund["invoice"].is_null());
    transaction(&emulator, &owner, 1_500);
    let next = post(&emulator, &format!("/customers/{owner}/generate_invoice"), "").object();
    assert_eq!(number(&next, "amount"), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_is_accepted_first_and_made_later() {
    let emulator = start().await;
    let owner = customer(&emulator, "stripe_customer_id=cus_s1&auto_generate=true");
    let form = format!("customer={owner}&amount=900&description=Now&charge_now=true");
    let answer = post(&emulator, "/transactions", &form);
    assert_eq!(answer.status, 202);
    let line = answer.json();
    assert_eq!((&line["paid"], &line["status"]), (&false.into(), &"invoiced".into()));
    let invoices = format!("/invoices/{}", text(&line, "invoice"));
    let open = get(&emulator, &invoices).object();
    assert_eq!((number(&open, "amount"), &open["status"]), (900, &"issued".into()));
    emulator.pass(10, false);
    let paid = get(&emulator, &invoices).object();
    assert_eq!((&paid["paid"], &paid["payment"]["via"]), (&true.into(), &"credit_card".into()));
    let at = number(&paid["payment"], "paid_at");
    assert!((NOW + 1..NOW + 10).contains(&at), "{at}");
    let line = get(&emulator, &format!("/transactions/{}", text(&line, "id"))).object();
    assert_eq!(line["paid"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_without_a_card_leaves_the_transaction_unpaid() {
    let emulator = start().await;
    let owner = customer(&emulator, "");
    let waiting = transaction(&emulator, &owner, 40);
    let form = format!("customer={owner}&amount=900&description=Now&charge_now=1");
    let line = post(&emulator, "/transactions", &form);
    assert_eq!(line.status, 202);
    let charged = put(&emulator, &format!("/transactions/{waiting}"), "charge_now=true&amount=50");
    assert_eq!(charged.status, 202);
    emulator.pass(86_400, false);
    for id in [text(&line.json(), "id"), &waiting] {
        let unpaid = get(&emulator, &format!("/transactions/{id}")).object();
        assert_eq!((&unpaid["paid"], &unpaid["status"]), (&false.into(), &"invoiced".into()));
    }
    assert_ne!(line.json()["invoice"], charged.json()["invoice"]);
    let negative = form.replace("900", "-900");
    let id = text(&post(&emulator, "/transactions", &negative).json(), "id").to_owned();
    post(&emulator, &format!("/customers/{owner}/cards"), "").object();
    emulator.pass(60, false);
    assert_eq!(get(&emulator, &format!("/transactions/{id}")).object()["paid"], false);
    let again = put(&emulator, &format!("/transactions/{waiting}"), "charge_now=true");
    assert_eq!(again.status, 202);
    emulator.pass(60, false);
    assert_eq!(get(&emulator, &format!("/transactions/{waiting}")).object()["paid"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_transaction_of_an_auto_generate_customer_makes_an_invoice() {
    let emulator = start().await;
    let owner = customer(&emulator, "auto_generate=true&auto_issue=true&terms=5");
    let line = transaction(&emulator, &owner, 40);
    let line = get(&emulator, &format!("/transactions/{line}")).object();
    let invoice = get(&emulator, &format!("/invoices/{}", text(&line, "invoice"))).object();
    assert_eq!((number(&invoice, "amount"), &invoice["status"]), (40, &"issued".into()));
    assert_eq!(number(&invoice, "due_date"), (NOW / DAY + 6) * DAY - 1);
    let owner = customer(&emulator, "auto_generate=true");
    let line =
        made(&emulator, "/transactions", &format!("customer={owner}&amount=1&description=x"));
    let line = get(&emulator, &format!("/transactions/{line}")).object();
    let invoice = get(&emulator, &format!("/invoices/{}", text(&line, "invoice"))).object();
    assert_eq!(invoice["status"], "generated");
}
