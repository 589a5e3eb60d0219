//! Where and when a fault strikes, and what becomes of one that never does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use paid_sync::emulator::Fault;

use crate::support::http::{BASIC, Emulated, get, ids, send};

fn statuses(emulator: &Emulated, path: &str, requests: usize) -> Vec<u16> {
    (0..requests).map(|_| get(emulator, path).status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_strikes_after_the_skipped_requests_as_often_as_told() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/invoices").skip(2).times(2).status(503));
    assert_eq!(statuses(&emulator, "/invoices", 6), [200, 200, 503, 503, 200, 200]);
    emulator.fault(Fault::on("/plans").status(500));
    assert_eq!(statuses(&emulator, "/plans", 2), [500, 200]);
    emulator.fault(Fault::on("/events").always().status(500));
    assert_eq!(statuses(&emulator, "/events", 4), [500; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_can_be_a_list_any_object_one_object_or_everything() {
    let emulator = Emulated::start().await;
    let invoices = ids(&get(&emulator, "/invoices").data());
    let (one, other) = (format!("/invoices/{}", invoices[0]), format!("/invoices/{}", invoices[1]));
    emulator.fault(Fault::on("/invoices").status(500));
    emulator.fault(Fault::on("/invoices/{id}").times(2).status(501));
    emulator.fault(Fault::on(&one).status(502));
    assert_eq!(statuses(&emulator, &other, 1), [501]);
    assert_eq!(statuses(&emulator, &one, 3), [501, 502, 200]);
    assert_eq!(statuses(&emulator, &other, 1), [200]);
    assert_eq!(statuses(&emulator, "/invoices?pagination[limit]=1", 2), [500, 200]);
    emulator.fault(Fault::anywhere().times(3).status(503));
    for path in ["/account", "/customers/cus_none/statements", "/nowhere"] {
        assert_eq!(statuses(&emulator, path, 1), [503], "{path}");
    }
    assert_eq!(statuses(&emulator, "/account", 1), [200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_can_be_chosen() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/invoices").method("post").status(402));
    assert_eq!(get(&emulator, "/invoices").status, 200);
    assert_eq!(send(&emulator, "POST", "/v0/invoices", BASIC).status, 402);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_queue_up_and_none_is_lost() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/invoices").status(500));
    emulator.fault(Fault::anywhere().status(502));
    emulator.fault(Fault::on("/invoices").garble());
    assert_eq!(statuses(&emulator, "/invoices", 2), [500, 502]);
    let garbled = get(&emulator, "/invoices");
    assert!(serde_json::from_str::<serde_json::Value>(&garbled.body).is_err());
    assert_eq!(get(&emulator, "/invoices").data().len(), 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_different_kinds_combine() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/invoices").slow(1));
    emulator.fault(Fault::on("/invoices").date_skew(-86_400));
    emulator.fault(Fault::on("/invoices").short_page(3));
    emulator.fault(Fault::on("/invoices").lean_list(&["amount"]));
    emulator.fault(Fault::on("/invoices").wrong_type());
    let answer = get(&emulator, "/invoices");
    assert!(answer.headers("date")[0].starts_with("Mon, 29 Jun 2026"), "{}", answer.head);
    assert!(answer.headers("content-type")[0].starts_with("text/html"), "{}", answer.head);
    assert_eq!(answer.data().len(), 3);
    assert!(answer.data().iter().all(|invoice| invoice.get("amount").is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_never_struck_is_told_and_fails_the_test() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/invoices").skip(1).times(2).status(500));
    emulator.fault(Fault::on("/plans").percent(50, 1).status(500));
    get(&emulator, "/invoices");
    let told = ["status on any /invoices, 2 times, skipping 1: matched 1 requests, struck none"];
    assert_eq!(emulator.unused_faults(), told);
    let failure = catch_unwind(AssertUnwindSafe(|| drop(emulator))).expect_err("the test fails");
    let message = failure.downcast_ref::<String>().expect("a message");
    assert!(message.contains("status on any /invoices"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_faults_strike_no_more_and_are_not_missed() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/invoices").always().status(500));
    emulator.fault(Fault::on("/plans").status(500));
    assert_eq!(statuses(&emulator, "/invoices", 1), [500]);
    emulator.clear_faults();
    assert_eq!(statuses(&emulator, "/invoices", 1), [200]);
    assert_eq!(emulator.unused_faults(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_makes_no_sense_strikes_never_and_says_why() {
    let emulator = Emulated::start().await;
    let senseless = [
        (Fault::on("invoices").reset(), "`on` must be `*` or begin with `/`"),
        (Fault::on("/v0/invoices").reset(), "`on` must leave `/v0` out"),
        (Fault::on("/invoices"), "`what` is missing"),
        (Fault::on("/invoices").percent(101, 1).reset(), "`percent` must lie"),
        (Fault::on("/invoices").status(42), "`status` must lie between 200 and 599"),
        (Fault::on("/invoices").reset().retry_after(1), "`Retry-After` belong to a status"),
        (Fault::on("/invoices").reset().telling_the_wait(), "belongs to a rate limit"),
        (Fault::on("/invoices").rate_limit(0, 1), "`per_second` and `burst`"),
        (Fault::on("/invoices").rate_limit(1, 1).refused_with(500), "must be 403 or 429"),
        (Fault::on("/invoices").refuse_cursor(500), "must be 400 or 404"),
        (Fault::on("/invoices").page_cap(0), "`rows` must be at least 1"),
        (Fault::on("/invoices").trickle(1, 0), "`bytes` must be at least 1"),
        (Fault::on("/invoices").lean_list(&[]), "`fields` must name a field"),
        (Fault::on("/invoices").date_skew(i64::MIN), "a hundred years"),
        (Fault::on("/invoices").play(0), "`actions` must lie"),
        (Fault::on("/invoices").method("").reset(), "`method` must be written"),
    ];
    for (fault, reason) in senseless {
        emulator.fault(fault);
        assert_eq!(statuses(&emulator, "/invoices", 1), [200], "{reason}");
        let unused = emulator.unused_faults();
        assert!(unused.len() == 1 && unused[0].contains(reason), "{unused:?}");
        emulator.clear_faults();
    }
}
