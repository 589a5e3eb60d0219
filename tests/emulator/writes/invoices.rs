use super::{
    DAY, NOW, assert_told, customer, get, invoiced, made, newest_event, number, post, put, start,
    text, transaction,
};

#[tokio::test(flavor = "multi_thread")]
async fn generating_groups_by_currency_and_group() {
    let emulator = start().await;
    let owner = customer(&emulator, "terms=14");
    for more in ["", "&currency=eur", "&group_by=a", "&currency=eur", "&group_by=a", ""] {
        let form = format!("customer={owner}&amount=10&description=x{more}");
        post(&emulator, "/transactions", &form).object();
    }
    let first = post(&emulator, &format!("/customers/{owner}/generate_invoice"), "").object();
    assert_eq!((&first["object"], number(&first, "amount")), (&"invoice".into(), 20));
    assert_eq!(number(&first, "terms"), 14);
    assert!(first["chase_schedule"].is_array());
    let path = format!("/customers/{owner}/generate_invoices");
    let answer = post(&emulator, &path, "").object();
    assert_eq!(answer["object"], "list");
    let rest = answer["data"].as_array().expect("a list").clone();
    assert_eq!(rest.iter().map(|one| number(one, "amount")).collect::<Vec<_>>(), [20, 20]);
    let own = get(&emulator, &format!("/invoices?customer={owner}")).data();
    assert_eq!(own.len(), 3);
    post(&emulator, &path, "").assert_conflict("The customer has nothing to invoice.");
    let cycled = customer(&emulator, "billing_cycle=weekly");
    transaction(&emulator, &cycled, 5);
    for name in ["generate_invoices", "generate_invoice"] {
        post(&emulator, &format!("/customers/{cycled}/{name}"), "")
            .assert_conflict("The billing cycle of the customer is not manual.");
    }
    emulator.pass(7 * 86_400, false);
    assert_eq!(get(&emulator, &format!("/invoices?customer={cycled}")).data().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_issued_paid_once_and_then_closed() {
    let emulator = start().await;
    let (owner, line, invoice) = invoiced(&emulator, "terms=10", 100);
    let path = format!("/invoices/{invoice}");
    post(&emulator, &format!("{path}/mark_as_paid"), "via=ach")
        .assert_conflict("The invoice has not been issued.");
    assert_told(&emulator, &[("invoice.issued", &invoice)], || {
        let issued = post(&emulator, &format!("{path}/issue"), "").object();
        assert_eq!(number(&issued, "issued_at"), NOW);
        assert_eq!(number(&issued, "due_date") / DAY, NOW / DAY + 10);
        assert_eq!(issued["status"], "issued");
    });
    post(&emulator, &format!("{path}/issue"), "")
        .assert_conflict("The invoice has already been issued.");
    assert_told(&emulator, &[("transaction.paid", &line), ("invoice.paid", &invoice)], || {
        let paid = post(&emulator, &format!("{path}/mark_as_paid"), "via=check").object();
        assert_eq!((&paid["paid"], number(&paid, "unpaid_amount")), (&true.into(), 0));
        assert_eq!(paid["payment"]["via"], "check");
    });
    assert_eq!(newest_event(&emulator)["data"], get(&emulator, &path).object());
    for (deed, form) in [("mark_as_paid", "via=ach"), ("void", ""), ("charge", "")] {
        post(&emulator, &format!("{path}/{deed}"), form)
            .assert_conflict("It has already been paid.");
    }
    assert_eq!(get(&emulator, &format!("/invoices?customer={owner}")).data()[0]["paid"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voided_invoice_stays_voided() {
    let emulator = start().await;
    let (_, _, invoice) = invoiced(&emulator, "", 100);
    let path = format!("/invoices/{invoice}");
    assert_told(&emulator, &[("invoice.voided", &invoice)], || {
        let voided = post(&emulator, &format!("{path}/void"), "").object();
        assert_eq!((&voided["voided"], number(&voided, "voided_at")), (&true.into(), NOW));
        assert_eq!(voided["status"], "voided");
    });
    for (deed, form) in [("void", ""), ("issue", ""), ("mark_as_paid", "via=ach"), ("charge", "")] {
        post(&emulator, &format!("{path}/{deed}"), form)
            .assert_conflict("It has already been voided.");
    }
    put(&emulator, &path, "charge_now=true&summary=x")
        .assert_conflict("It has already been voided.");
    assert_ne!(get(&emulator, &path).object()["summary"], "x");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_terms_move_the_due_date_and_the_day_it_is_late() {
    let emulator = start().await;
    let (_, _, invoice) = invoiced(&emulator, "terms=10", 100);
    let path = format!("/invoices/{invoice}");
    let unissued = put(&emulator, &path, "terms=20").object();
    assert!(unissued["due_date"].is_null());
    post(&emulator, &format!("{path}/issue"), "").object();
    let due = |terms: i64| (NOW / DAY + terms + 1) * DAY - 1;
    assert_told(&emulator, &[("invoice.updated", &invoice)], || {
        let sooner = put(&emulator, &path, "terms=3").object();
        assert_eq!(number(&sooner, "due_date"), due(3));
    });
    let status = || text(&get(&emulator, &path).object(), "status").to_owned();
    let overdue = || {
        let events = get(&emulator, "/events?pagination[limit]=100").data();
        events
            .iter()
            .filter(|event| event["type"] == "invoice.overdue" && event["data"]["id"] == *invoice)
            .count()
    };
    emulator.pass(3 * 86_400, false);
    assert_eq!((status(), overdue()), ("issued".to_owned(), 0));
    emulator.pass(86_400, false);
    assert_eq!((status(), overdue()), ("overdue".to_owned(), 1));
    let later = put(&emulator, &path, "terms=30").object();
    assert_eq!((&later["status"], number(&later, "due_date")), (&"issued".into(), due(30)));
    assert_eq!(number(&later, "overdue_amount"), 0);
    emulator.pass(20 * 86_400, false);
    assert_eq!((status(), overdue()), ("issued".to_owned(), 1));
    let at_once = put(&emulator, &path, "terms=0").object();
    assert_eq!((&at_once["status"], number(&at_once, "overdue_amount")), (&"overdue".into(), 100));
    assert_eq!(newest_event(&emulator)["type"], "invoice.overdue");
    emulator.pass(20 * 86_400, false);
    assert_eq!(status(), "overdue");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_customer_takes_an_invoice_over_with_its_transactions() {
    let emulator = start().await;
    let (owner, line, invoice) = invoiced(&emulator, "", 100);
    let other = customer(&emulator, "");
    let path = format!("/invoices/{invoice}");
    let form = format!("customer={other}&number=R-7&summary=Hello&metadata[po]=7");
    let told = [("transaction.updated", &*line), ("invoice.updated", &invoice)];
    assert_told(&emulator, &told, || {
        let moved = put(&emulator, &path, &form).object();
        assert_eq!(moved["customer"], *other);
        assert_eq!((&moved["number"], &moved["summary"]), (&"R-7".into(), &"Hello".into()));
        assert_eq!(moved["metadata"]["po"], "7");
    });
    for stream in ["invoices", "transactions"] {
        assert!(get(&emulator, &format!("/{stream}?customer={owner}")).data().is_empty());
        assert_eq!(get(&emulator, &format!("/{stream}?customer={other}")).data().len(), 1);
    }
    put(&emulator, &path, "customer=cus_none").assert_unknown("customer");
    let cleared = put(&emulator, &path, "number=&summary=&customer=").object();
    assert!(cleared["number"].is_null() && cleared["summary"].is_null());
    assert_eq!(cleared["customer"], *other);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_can_be_made_empty() {
    let emulator = start().await;
    let owner = customer(&emulator, "terms=3");
    let form = format!("customer={owner}&summary=Soon&number=E-1&metadata[a]=b&chase_schedule[]=2");
    let empty = post(&emulator, "/invoices", &form).object();
    assert_eq!((number(&empty, "amount"), number(&empty, "terms")), (0, 3));
    assert_eq!((&empty["number"], &empty["summary"]), (&"E-1".into(), &"Soon".into()));
    assert_eq!(empty["chase_schedule"], serde_json::json!(["2"]));
    assert_eq!(newest_event(&emulator)["type"], "invoice.generated");
    assert_eq!(newest_event(&emulator)["data"], empty);
    let count = emulator.counts()["invoices"];
    post(&emulator, "/invoices", &format!("{form}&charge_now=x")).assert_invalid("charge_now");
    assert_eq!(emulator.counts()["invoices"], count);
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_are_charged_on_request_and_on_issue() {
    let emulator = start().await;
    let (owner, _, invoice) = invoiced(&emulator, "", 100);
    let charge = format!("/invoices/{invoice}/charge");
    post(&emulator, &charge, "").assert_conflict("The invoice has not been issued.");
    post(&emulator, &format!("/invoices/{invoice}/issue"), "").object();
    post(&emulator, &charge, "").assert_conflict("The card cannot be charged.");
    post(&emulator, &format!("/customers/{owner}/cards"), "").object();
    let paid = post(&emulator, &charge, "").object();
    assert_eq!((&paid["paid"], &paid["payment"]["via"]), (&true.into(), &"credit_card".into()));
    let (_, _, later) = invoiced(&emulator, "allow_credit_card=true", 100);
    let path = format!("/invoices/{later}");
    let pending = put(&emulator, &path, "charge_now=true").object();
    assert_eq!((&pending["status"], &pending["paid"]), (&"issued".into(), &false.into()));
    emulator.pass(10, false);
    assert_eq!(get(&emulator, &path).object()["paid"], true);
    for (card, is_paid) in [("&stripe_customer_id=s", true), ("", false)] {
        let (_, _, invoice) = invoiced(&emulator, &format!("billing_type=charge{card}"), 100);
        let issued = post(&emulator, &format!("/invoices/{invoice}/issue"), "").object();
        assert_eq!(issued["paid"], is_paid);
        assert_eq!(number(&issued, "issued_at"), NOW + 10);
    }
    assert!(made(&emulator, "/customers", "").starts_with("cus_"));
}
