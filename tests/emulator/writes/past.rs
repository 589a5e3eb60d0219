use super::{customer, get, post, start, write_everything};
use paid_sync::emulator::Emulator;

const STREAMS: [&str; 15] = [
    "account",
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

fn state(emulator: &Emulator, at: i64) -> Vec<String> {
    let told = STREAMS.map(|stream| emulator.truth(stream, Some(at)).expect("a known list"));
    told.into_iter().flatten().map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_past_moment_can_be_read_again_after_writes() {
    let emulator = start().await;
    let mut moments = Vec::new();
    for round in 0..3 {
        write_everything(&emulator, &format!("r{round}"));
        moments.push((emulator.now(), state(&emulator, emulator.now())));
        emulator.pass(2, false);
        moments.push((emulator.now(), state(&emulator, emulator.now())));
        emulator.advance(2);
        let owner = customer(&emulator, "name=Later");
        post(&emulator, &format!("/customers/{owner}/generate_invoice"), "")
            .assert_conflict("The customer has nothing to invoice.");
        get(&emulator, &format!("/customers/by_external_id?external_id=past-{round}")).object();
    }
    for (at, known) in moments {
        assert!(state(&emulator, at) == known, "the state at {at} is told otherwise later");
    }
}
