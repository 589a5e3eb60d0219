use super::{NOW, assert_told, customer, get, made, newest_event, number, post, put, start, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_changes_until_it_is_used() {
    let emulator = start().await;
    let plan = post(&emulator, "/plans", "amount=500&description=Gold+plan&name=gold").object();
    assert_eq!((&plan["currency"], &plan["interval"]), (&"usd".into(), &"month".into()));
    assert_eq!(number(&plan, "interval_count"), 1);
    assert_eq!(newest_event(&emulator)["type"], "plan.created");
    post(&emulator, "/plans", "amount=1&description=x&name=gold")
        .assert_conflict("Another plan has that name.");
    let path = format!("/plans/{}", text(&plan, "id"));
    let form = "amount=700&currency=CHF&interval=year&interval_count=2&name=gold";
    let changed = post(&emulator, &path, form).object();
    assert_eq!((number(&changed, "amount"), &changed["currency"]), (700, &"chf".into()));
    assert_eq!((&changed["interval"], number(&changed, "interval_count")), (&"year".into(), 2));
    assert_eq!(newest_event(&emulator)["type"], "plan.updated");
    let cleared = put(&emulator, &path, "interval=&interval_count=&currency=").object();
    assert_eq!((&cleared["interval"], number(&cleared, "interval_count")), (&"month".into(), 1));
    assert_eq!(cleared["currency"], "usd");
    let other = made(&emulator, "/plans", "amount=1&description=x&name=silver");
    put(&emulator, &format!("/plans/{other}"), "name=gold")
        .assert_conflict("Another plan has that name.");
    let form = format!("customer={}&plan={}", customer(&emulator, ""), text(&plan, "id"));
    let subscription = made(&emulator, "/subscriptions", &format!("{form}&starts_on=2030-01-01"));
    put(&emulator, &path, "amount=1").assert_conflict("The plan has been used by a subscription.");
    post(&emulator, &format!("/subscriptions/{subscription}/cancel"), "").object();
    put(&emulator, &path, "amount=1").assert_conflict("The plan has been used by a subscription.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_starts_today_is_billed_at_once() {
    let emulator = start().await;
    let owner = customer(&emulator, "");
    let plan = made(&emulator, "/plans", "amount=500&description=Daily&name=daily&interval=day");
    let form = format!("customer={owner}&plan={plan}");
    let started = post(&emulator, "/subscriptions", &form).object();
    assert_eq!(number(&started, "started_at"), NOW);
    assert_eq!(started["next_transaction_on"], "2026-07-01");
    assert_eq!((number(&started, "ended_at"), number(&started, "cancelled_at")), (0, 0));
    assert_eq!(started["plan"]["id"], *plan);
    let lines = || get(&emulator, &format!("/transactions?customer={owner}")).data();
    assert_eq!(lines().len(), 1);
    assert_eq!((number(&lines()[0], "amount"), &lines()[0]["description"]), (500, &"Daily".into()));
    emulator.pass(3 * 86_400, false);
    assert_eq!(lines().len(), 4);
    let id = text(&started, "id");
    let cancel = format!("/subscriptions/{id}/cancel");
    assert_told(&emulator, &[("subscription.cancelled", id)], || {
        let ended = post(&emulator, &cancel, "").object();
        assert_eq!(number(&ended, "cancelled_at"), NOW + 3 * 86_400);
        assert_eq!(ended["ended_at"], ended["cancelled_at"]);
        assert!(ended["next_transaction_on"].is_null());
    });
    post(&emulator, &cancel, "").assert_conflict("The subscription has already been cancelled.");
    emulator.pass(3 * 86_400, false);
    assert_eq!(lines().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_from_the_past_is_billed_once_and_then_in_its_rhythm() {
    let emulator = start().await;
    let owner = customer(&emulator, "");
    let plan = made(&emulator, "/plans", "amount=5&description=x&name=monthly");
    let form = format!("customer={owner}&plan={plan}&starts_on=1425970800");
    let started = post(&emulator, "/subscriptions", &form).object();
    assert_eq!(number(&started, "starts_on"), 1_425_970_800);
    assert_eq!(started["next_transaction_on"], "2026-07-10");
    let lines = || get(&emulator, &format!("/transactions?customer={owner}")).data().len();
    assert_eq!(lines(), 1);
    emulator.pass(11 * 86_400, false);
    assert_eq!(lines(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_for_later_waits_and_can_be_charged_each_time() {
    let emulator = start().await;
    let owner = customer(&emulator, "stripe_customer_id=s");
    let form = "amount=5&description=x&name=weekly&interval=week&currency=nok";
    let plan = made(&emulator, "/plans", form);
    let form = format!("customer={owner}&plan={plan}&starts_on=2026-07-02&charge_now=true");
    let waiting = post(&emulator, "/subscriptions", &form).object();
    assert!(waiting["started_at"].is_null());
    assert_eq!(waiting["next_transaction_on"], "2026-07-02");
    assert_eq!(waiting["charge_now"], true);
    let lines = || get(&emulator, &format!("/transactions?customer={owner}")).data();
    assert!(lines().is_empty());
    emulator.pass(8 * 86_400, false);
    assert_eq!(lines().len(), 1);
    emulator.pass(2 * 86_400, false);
    assert_eq!(lines().len(), 2);
    assert!(lines().iter().all(|line| line["paid"] == true && line["currency"] == "nok"));
    assert_eq!(get(&emulator, &format!("/invoices?customer={owner}")).data().len(), 2);
}
