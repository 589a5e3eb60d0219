//! Customers and contacts of paid-ai, as both versions show them.

use serde_json::{Map, Value, json};

use crate::emulator::business::names;
use crate::emulator::sibling::business::Draft;
use crate::emulator::sibling::dice::{Dice, decimal, instant_with_milliseconds};
use crate::emulator::sibling::options::SiblingKind;
use crate::emulator::sibling::store::Entry;

/// Names the merchant.
pub(crate) const ORGANIZATION: &str = "6f2c1c9e-3b7d-4a51-8f0e-2d94c0a7b611";

const CURRENCIES: [&str; 5] = ["USD", "EUR", "GBP", "JPY", "USD"];
const ROLES: [&[&str]; 4] = [&["BILLING"], &["BILLING", "ACCOUNTS_PAYABLE"], &[], &["BILLING"]];

/// Tells what later objects of a customer need to know.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) external: Option<String>,
    pub(crate) currency: &'static str,
    /// Holds the seconds in which the customer and its contacts came.
    pub(crate) created: i64,
    pub(crate) contacts: Vec<String>,
    pub(crate) is_exempt: bool,
}

impl Customer {
    /// Remembers a customer that the account shows.
    pub(crate) fn of(entry: &Entry, now: i64) -> Self {
        let shown = entry.text("defaultCurrency");
        let currency = CURRENCIES.iter().find(|currency| **currency == shown);
        let external = entry.object["externalId"].as_str().map(str::to_owned);
        let is_exempt = entry.text("taxExemptStatus") == "exempt";
        let currency = currency.copied().unwrap_or("USD");
        let id = entry.id.clone();
        Self { id, external, currency, created: now, contacts: Vec::new(), is_exempt }
    }
}

/// Signs up a customer with its contacts.
pub(crate) fn sign_up(
    kind: SiblingKind,
    serial: usize,
    created: i64,
    dice: &mut Dice,
) -> (Customer, Vec<Draft>) {
    // Most ids have the form that the version documents, some the other one (CONTRACT B-02).
    let is_usual = serial % 8 != 5;
    let is_first = kind == SiblingKind::PaidAiV1;
    let id = if is_first == is_usual { dice.uuid() } else { dice.code("cus_", 12) };
    let mut customer = Customer {
        id,
        external: (serial % 5 != 4).then(|| format!("{:05}", 10_007 + serial * 13)),
        currency: dice.pick(&CURRENCIES),
        created,
        contacts: Vec::new(),
        is_exempt: serial % 11 == 6,
    };
    let name = names::company(serial, &mut dice.rng);
    let object = if is_first {
        first(&customer, &name, serial, dice)
    } else {
        second(&customer, &name, serial, dice)
    };
    let mut drafts = vec![Draft::new(created, "customers", Entry::of(object))];
    for number in 0..dice.between(1, 2) {
        let contact = contact(kind, &customer, created + 60 * (number + 1), dice);
        customer.contacts.push(contact.id.clone());
        drafts.push(Draft::new(created + 60 * (number + 1), "contacts", contact));
    }
    (customer, drafts)
}

fn address(serial: usize, dice: &mut Dice) -> Value {
    let (city, state, zip, country) = names::place(&mut dice.rng);
    let mut address = json!({
        "line1": format!("{} Harbour Street", dice.between(1, 400)),
        "city": city,
        "state": state,
        "country": country,
    });
    // What the Ruby SDK once wrote has kept its spelling (CONTRACT B-07).
    let zip_name = if serial % 15 == 9 { "zip_code" } else { "zipCode" };
    address[zip_name] = zip.into();
    if serial.is_multiple_of(3) {
        address["line2"] = if serial.is_multiple_of(2) { Value::Null } else { "Suite 12".into() };
    }
    address
}

fn metadata(serial: usize) -> Value {
    match serial % 4 {
        0 => json!({"crm": {"id": serial, "tier": "gold"}, "größe": "XL ✓", "poNumber": "00042"}),
        1 => json!({}),
        _ => Value::Null,
    }
}

/// Makes a customer as v1 shows it: without times, what is unknown is mostly absent.
fn first(customer: &Customer, name: &str, serial: usize, dice: &mut Dice) -> Value {
    let mut object = json!({
        "id": customer.id,
        "organizationId": ORGANIZATION,
        "name": name,
        "creationState": if serial % 9 == 8 { "draft" } else { "active" },
    });
    let mut known = Map::new();
    known.insert("externalId".to_owned(), customer.external.clone().into());
    known.insert("phone".to_owned(), dice.phone().into());
    known.insert("website".to_owned(), format!("https://c{serial}.example").into());
    let employees = dice.between(1, 4_000);
    // The SDK's type is a float, so some numbers arrive as one.
    let employees =
        if serial.is_multiple_of(2) { Value::from(employees) } else { decimal(employees * 100) };
    known.insert("employeeCount".to_owned(), employees);
    known.insert("annualRevenue".to_owned(), decimal(dice.between(5_000_000, 90_000_000_050)));
    let exempt = if customer.is_exempt { "exempt" } else { dice.pick(&["none", "reverse"]) };
    known.insert("taxExemptStatus".to_owned(), exempt.into());
    let source = dice.pick(&["manual", "api", "crm", "other"]);
    known.insert("creationSource".to_owned(), source.into());
    known.insert("billingAddress".to_owned(), address(serial, dice));
    known.insert("metadata".to_owned(), metadata(serial));
    for (position, (name, value)) in known.into_iter().enumerate() {
        match (serial + position * 5) % 13 {
            _ if name == "taxExemptStatus" && customer.is_exempt => object[name] = value,
            0 => {}
            1 if name != "externalId" => object[name] = Value::Null,
            _ => object[name] = value,
        }
    }
    if customer.external.is_none() || object.get("externalId").is_none() {
        object["externalId"] = customer.external.clone().into();
    }
    object
}

/// Makes a customer as v2 shows it: every field is there.
fn second(customer: &Customer, name: &str, serial: usize, dice: &mut Dice) -> Value {
    let created = instant_with_milliseconds(customer.created);
    let legal = serial.is_multiple_of(3).then(|| format!("{name} (registered)"));
    let vat = (serial % 4 == 1).then(|| dice.code("DE", 9).to_ascii_uppercase());
    json!({
        "id": customer.id,
        "name": name,
        "legalName": legal,
        "email": format!("billing@c{serial}.example"),
        "phone": dice.phone(),
        "website": if serial % 6 == 2 { String::new() } else { format!("https://c{serial}.example") },
        "externalId": customer.external,
        "creationState": if serial % 9 == 8 { "draft" } else { "active" },
        "billingAddress": if serial % 7 == 3 { Value::Null } else { address(serial, dice) },
        "metadata": metadata(serial),
        "churnDate": (serial % 10 == 7).then_some("2026-05-31"),
        "vatNumber": vat,
        "defaultCurrency": customer.currency,
        "createdAt": created,
        "updatedAt": created,
    })
}

/// Makes a contact of a customer.
pub(crate) fn contact(
    kind: SiblingKind,
    customer: &Customer,
    created: i64,
    dice: &mut Dice,
) -> Entry {
    let (first, last) = names::person(&mut dice.rng);
    let last = last.unwrap_or("Doe");
    let (city, state, zip, country) = names::place(&mut dice.rng);
    let number = dice.between(0, 999_999);
    let email = format!("person{number}@contacts.example");
    let external = dice.percent(60).then(|| format!("ct-{number:06}"));
    let phone = dice.percent(70).then(|| dice.phone());
    let street = format!("{} Station Road", dice.between(1, 99));
    let object = if kind == SiblingKind::PaidAiV1 {
        json!({
            "id": dice.uuid(),
            "externalId": external,
            "organizationId": ORGANIZATION,
            "customerId": customer.id,
            "customerExternalId": customer.external,
            "salutation": dice.pick(&["Mr.", "Mrs.", "Miss", "Ms.", "Dr.", "Prof."]),
            "firstName": first,
            "lastName": last,
            "email": email,
            "phone": phone,
            "billingStreet": street,
            "billingCity": city,
            "billingStateProvince": state,
            "billingCountry": country,
            "billingPostalCode": zip,
        })
    } else {
        let address = json!({
            "street": street, "city": city, "state": state, "country": country, "zipCode": zip,
        });
        let created = instant_with_milliseconds(created);
        json!({
            "id": dice.code("con_", 12),
            "customerId": customer.id,
            "firstName": first,
            "lastName": last,
            "email": email,
            "phone": phone,
            "billingAddress": if dice.percent(80) { address } else { Value::Null },
            "externalId": external,
            "roles": dice.pick(&ROLES),
            "createdAt": created,
            "updatedAt": created,
        })
    };
    Entry::of(object)
}
