//! Connections that end too early, as the client sees it.

use std::io::ErrorKind;

use paid_sync::emulator::Fault;

use crate::support::http::{BASIC, Emulated, Line, announced, end_of_head, get};

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_connection_gives_no_byte() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/products").reset());
    let cut = Line::open(&emulator).get("/products").expect_err("a reset");
    assert_eq!(cut.kind, ErrorKind::ConnectionReset);
    assert!(cut.received.is_empty());
    assert_eq!(get(&emulator, "/products").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_is_reset_after_good_answers_and_no_other_is() {
    let emulator = Emulated::start().await;
    let (mut line, mut other) = (Line::open(&emulator), Line::open(&emulator));
    assert_eq!(other.get("/plans").expect("an answer").status, 200);
    emulator.fault(Fault::on("/products").skip(2).reset());
    for _ in 0..2 {
        assert_eq!(line.get("/products").expect("an answer").status, 200);
    }
    let cut = line.get("/products").expect_err("a reset");
    assert_eq!(cut.kind, ErrorKind::ConnectionReset);
    assert!(cut.received.is_empty());
    assert_eq!(other.get("/products").expect("an answer").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_reset_inside_gives_the_head_and_so_much_of_the_body() {
    let emulator = Emulated::start().await;
    let mut line = Line::open(&emulator);
    let whole = line.get("/products").expect("an answer").body;
    for (after, kept) in [(0, 0), (1, 1), (500, 500), (usize::MAX, whole.len() - 1)] {
        emulator.fault(Fault::on("/products").reset_inside(after));
        let cut = line.get("/products").expect_err("a reset");
        assert_eq!(cut.kind, ErrorKind::ConnectionReset, "{after}");
        let head = end_of_head(&cut.received).expect("a whole head");
        assert!(cut.received.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert_eq!(announced(&cut.received[..head]), whole.len());
        assert_eq!(cut.received[head..], whole.as_bytes()[..kept], "{after}");
        line = Line::open(&emulator);
        assert_eq!(line.get("/products").expect("an answer").body, whole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_body_is_reset_before_it_begins() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/products").reset_inside(10));
    let cut = Line::open(&emulator).ask("HEAD", "/v0/products", BASIC, "").expect_err("a reset");
    assert_eq!((cut.kind, cut.received.len()), (ErrorKind::ConnectionReset, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undated_or_trickling_answer_can_be_reset_too() {
    let emulator = Emulated::start().await;
    let whole = get(&emulator, "/products").body;
    emulator.fault(Fault::on("/products").no_date());
    emulator.fault(Fault::on("/products").trickle(1, 400));
    emulator.fault(Fault::on("/products").reset_inside(1_000));
    let cut = Line::open(&emulator).get("/products").expect_err("a reset");
    assert_eq!(cut.kind, ErrorKind::ConnectionReset);
    let head = end_of_head(&cut.received).expect("a whole head");
    let text = String::from_utf8_lossy(&cut.received[..head]).to_lowercase();
    assert!(!text.contains("\r\ndate: "), "{text}");
    assert_eq!(cut.received[head..], whole.as_bytes()[..1_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_page_is_reset_where_it_is_told() {
    let emulator = Emulated::start().await;
    let path = "/events?pagination[limit]=100";
    let whole = get(&emulator, path).body;
    assert!(whole.len() > 30_000, "only {} bytes", whole.len());
    emulator.fault(Fault::on("/events").reset_inside(29_999));
    let cut = Line::open(&emulator).get(path).expect_err("a reset");
    assert_eq!(cut.kind, ErrorKind::ConnectionReset);
    let head = end_of_head(&cut.received).expect("a whole head");
    assert_eq!(cut.received[head..], whole.as_bytes()[..29_999]);
}
