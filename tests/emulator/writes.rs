//! The emulator takes the writes of CONTRACT A8 as real clients send them.
//!
//! Requests go over plain sockets, so that these tests share nothing with the mirror's client.

/// What real clients send, and in which order.
mod clients;
/// The life of invoices.
mod invoices;
/// Every kind of object can be made and changed.
mod objects;
/// How parameters are read, and refused.
mod parameters;
/// The past stays readable.
mod past;
/// Plans and subscriptions.
mod plans;
/// When reminders are sent.
mod schedules;
/// The life of transactions.
mod transactions;

use std::io::{Read, Write};
use std::net::TcpStream;

use paid_sync::emulator::{Emulator, Options};
use serde_json::Value;

const KEY: &str = "sk_test_local";
/// Encodes `sk_test_local:` (CONTRACT V1).
const BASIC: &str = "Basic c2tfdGVzdF9sb2NhbDo=";
/// Is 2026-06-30T12:00:00Z.
const NOW: i64 = 1_782_820_800;
const DAY: i64 = 86_400;
const FORM: &str = "application/x-www-form-urlencoded";

struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// Reads the object of a success.
    fn object(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    fn data(&self) -> Vec<Value> {
        self.object()["data"].as_array().expect("data is an array").clone()
    }

    fn error(&self, field: &str) -> String {
        self.json()["error"][field].as_str().unwrap_or_default().to_owned()
    }

    fn assert_invalid(&self, param: &str) {
        assert_eq!(self.status, 400, "{}", self.body);
        assert_eq!(self.error("type"), "invalid_request_error");
        assert_eq!(self.error("message"), format!("Invalid value for param: {param}."));
        assert_eq!(self.error("param"), param);
    }

    fn assert_missing(&self, param: &str) {
        assert_eq!(self.status, 400, "{}", self.body);
        assert_eq!(self.error("message"), format!("Missing {param}"));
        assert_eq!(self.error("param"), param);
    }

    fn assert_conflict(&self, message: &str) {
        assert_eq!(self.status, 402, "{}", self.body);
        assert_eq!(self.error("type"), "invalid_request_error");
        assert_eq!(self.error("message"), message);
    }

    fn assert_unknown(&self, noun: &str) {
        assert_eq!(self.status, 404, "{}", self.body);
        assert!(self.error("message").starts_with(&format!("No such {noun}: ")), "{}", self.body);
    }
}

/// Sends a request with whatever headers, and reads the answer.
fn send(emulator: &Emulator, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let base = emulator.base_url();
    let host = base.trim_start_matches("http://").trim_end_matches("/v0");
    let mut stream = TcpStream::connect(host).expect("the emulator listens");
    let head = format!(
        "{method} /v0{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the head is taken");
    // A server that has seen enough of a body may close before it is sent.
    drop(stream.write_all(body));
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the answer is text");
    let (head, body) = text.split_once("\r\n\r\n").expect("the answer has a head");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, body: body.to_owned() }
}

fn call(emulator: &Emulator, method: &str, path: &str, form: &str) -> Answer {
    let headers = format!("Authorization: {BASIC}\r\nContent-Type: {FORM}\r\n");
    send(emulator, method, path, &headers, form.as_bytes())
}

fn get(emulator: &Emulator, path: &str) -> Answer {
    call(emulator, "GET", path, "")
}

fn post(emulator: &Emulator, path: &str, form: &str) -> Answer {
    call(emulator, "POST", path, form)
}

fn put(emulator: &Emulator, path: &str, form: &str) -> Answer {
    call(emulator, "PUT", path, form)
}

fn delete(emulator: &Emulator, path: &str) -> Answer {
    call(emulator, "DELETE", path, "")
}

/// Makes an object and gives its id.
fn made(emulator: &Emulator, path: &str, form: &str) -> String {
    text(&post(emulator, path, form).object(), "id").to_owned()
}

/// Makes a customer of whom nothing is known but what the form says.
fn customer(emulator: &Emulator, form: &str) -> String {
    made(emulator, "/customers", form)
}

fn transaction(emulator: &Emulator, customer: &str, amount: i64) -> String {
    let form = format!("customer={customer}&amount={amount}&description=Work");
    made(emulator, "/transactions", &form)
}

/// Makes a customer with one generated invoice of one transaction, and gives the three ids.
fn invoiced(emulator: &Emulator, form: &str, amount: i64) -> (String, String, String) {
    let customer = customer(emulator, form);
    let line = transaction(emulator, &customer, amount);
    let invoice = made(emulator, &format!("/customers/{customer}/generate_invoice"), "");
    (customer, line, invoice)
}

/// Writes to everything that can be written to; the name must be used once.
fn write_everything(emulator: &Emulator, name: &str) {
    let (owner, line, invoice) =
        invoiced(emulator, "name=A&external_id=e1&allow_credit_card=1", 90);
    put(emulator, "/account", "tax_id=1").object();
    let product = made(emulator, "/products", "name=P&pricing[price]=5");
    let plan = made(emulator, "/plans", &format!("amount=4&description=x&name={name}"));
    made(emulator, "/plan_items", &format!("plan={plan}&product={product}"));
    let order = made(emulator, "/orders", &format!("customer={owner}"));
    made(emulator, "/order_items", &format!("order={order}&product={product}"));
    made(emulator, "/subscriptions", &format!("customer={owner}&plan={plan}"));
    made(emulator, "/organizations", "name=O");
    made(emulator, "/webhooks", "url=u");
    let user = made(emulator, "/users", "email=e&first_name=f");
    delete(emulator, &format!("/users/{user}")).object();
    made(emulator, &format!("/customers/{owner}/statements"), "");
    made(emulator, &format!("/customers/{owner}/cards"), "");
    put(emulator, &format!("/transactions/{line}"), "amount=95").object();
    post(emulator, &format!("/invoices/{invoice}/issue"), "").object();
    post(emulator, &format!("/invoices/{invoice}/mark_as_paid"), "via=credit_card").object();
    post(emulator, &format!("/transactions/{line}/refunds"), "amount=5").object();
    let gone = transaction(emulator, &owner, 7);
    delete(emulator, &format!("/transactions/{gone}")).object();
    let form = format!("customer={owner}&amount=8&description=x&charge_now=true");
    assert_eq!(post(emulator, "/transactions", &form).status, 202);
    get(emulator, &format!("/customers/by_external_id?external_id={name}")).object();
}

/// Reads the events that were told since a moment, as (type, id of the object), oldest first.
fn events_since(emulator: &Emulator, since: &str) -> Vec<(String, String)> {
    let path = format!("/events?pagination[limit]=100&pagination[ending_before]={since}");
    let events = get(emulator, &path).data();
    let told = events.iter().rev();
    told.map(|event| (text(event, "type").to_owned(), text(&event["data"], "id").to_owned()))
        .collect()
}

/// Gives the newest event of all.
fn newest_event(emulator: &Emulator) -> Value {
    get(emulator, "/events?pagination[limit]=1").data().remove(0)
}

/// Asserts which events a change leaves.
fn assert_told(emulator: &Emulator, expected: &[(&str, &str)], change: impl FnOnce()) {
    let before = newest_event(emulator);
    change();
    let told = events_since(emulator, text(&before, "id"));
    let told: Vec<(&str, &str)> = told.iter().map(|(kind, id)| (&**kind, &**id)).collect();
    assert_eq!(told, expected);
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

fn number(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_else(|| panic!("{field} of {object} is a number"))
}

async fn start() -> Emulator {
    start_with(|_| ()).await
}

async fn start_with(change: impl FnOnce(&mut Options)) -> Emulator {
    let mut options = Options { api_key: KEY.to_owned(), ..Options::default() };
    change(&mut options);
    Emulator::start(options).await.expect("the emulator starts")
}
