//! Rules of the catalogue, and its columns against CONTRACT N2, written out by hand.

use std::collections::HashSet;

use paid_sync::catalog::{
    ARCHIVED_AT, Class, Coercion, SOURCE_KINDS, SourceKind, StreamSpec, source_kind,
};

fn paid() -> &'static SourceKind {
    source_kind("paid").unwrap()
}

fn tables() -> impl Iterator<Item = &'static StreamSpec> {
    SOURCE_KINDS.iter().flat_map(|kind| kind.tables())
}

#[test]
fn source_kinds_are_found_by_their_names() {
    let names: HashSet<_> = SOURCE_KINDS.iter().map(|kind| kind.identity()).collect();
    assert_eq!(names.len(), SOURCE_KINDS.len());
    for kind in SOURCE_KINDS {
        assert_eq!(source_kind(&kind.identity()).unwrap().base_url, kind.base_url);
        assert!(kind.base_url.starts_with("https://") && !kind.base_url.ends_with('/'));
    }
    assert!(source_kind("Paid").is_none());
    // Unless another is asked for (CONTRACT B6).
    assert_eq!(source_kind("paid-ai").unwrap().api_version, Some("v1"));
}

#[test]
fn tables_of_a_kind_differ_in_name_object_and_path() {
    for kind in SOURCE_KINDS {
        let columns = |table: &StreamSpec| [table.name, table.object, table.path];
        for column in 0..3 {
            let keys = kind.tables().map(|table| columns(table)[column]);
            let keys: Vec<_> = keys.filter(|key| !key.is_empty()).collect();
            assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "{keys:?}");
        }
        for table in kind.streams {
            assert_eq!(kind.stream(table.name).unwrap().path, table.path);
            if !table.object.is_empty() {
                assert_eq!(kind.stream_of_object(table.object).unwrap().path, table.path);
            }
        }
    }
}

#[test]
fn names_are_plain_and_paths_are_rooted() {
    let plain = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    for table in tables() {
        assert!(plain(table.name), "{}", table.name);
        assert!(table.object.is_empty() || plain(table.object), "{}", table.name);
        assert!(!table.name.ends_with("_history"), "{}", table.name);
        assert!(table.path.starts_with('/'), "{}", table.path);
        // The collections of paid.ai v2 end in one (CONTRACT B1).
        assert!(!table.path.ends_with('/') || table.api_version == Some("v2"), "{}", table.path);
        let columns = table.fields.iter().map(|field| field.column);
        assert!(columns.filter(|name| *name != ARCHIVED_AT).all(plain), "{}", table.name);
    }
}

#[test]
fn columns_are_unique_described_and_fed() {
    for table in tables() {
        assert!(!table.comment.trim().is_empty(), "{}", table.name);
        let mut seen = HashSet::from(["id"]);
        for field in table.fields {
            assert!(seen.insert(field.column), "{}.{} twice", table.name, field.column);
            let is_ours = field.column == ARCHIVED_AT && table.archives;
            assert!(is_ours || !field.column.starts_with('_'), "{} is ours", field.column);
            assert!(field.comment.ends_with('.'), "{}.{}", table.name, field.column);
            assert!(!field.sources.is_empty(), "{}.{}", table.name, field.column);
            let sources: HashSet<_> = field.sources.iter().collect();
            assert_eq!(sources.len(), field.sources.len(), "{}.{}", table.name, field.column);
            assert!(table.has_column(field.column));
        }
        assert!(!table.has_column("_raw"));
    }
}

#[test]
fn money_says_that_it_is_in_minor_units() {
    for field in tables().flat_map(|table| table.fields) {
        let says = field.comment.to_lowercase().contains("minor unit");
        assert_eq!(field.coercion == Coercion::Cents, says, "{}", field.column);
    }
}

#[test]
fn parents_volatile_and_sensitive_fields_exist() {
    for kind in SOURCE_KINDS {
        for table in kind.tables() {
            assert!(
                table.follows.is_none_or(|follows| kind.stream(follows.stream).is_some()
                    && table.has_column(follows.column))
            );
            assert_eq!(table.is_below_others(), table.path.contains("{id}"), "{}", table.name);
            for name in table.volatile.iter().chain(table.sensitive) {
                let read = table.fields.iter().any(|field| field.sources.contains(name));
                assert!(read, "{}.{name}", table.name);
            }
        }
    }
}

#[test]
fn the_core_is_what_the_contract_calls_core() {
    let core: Vec<_> =
        paid().tables().filter(|t| t.class == Class::Core).map(|table| table.name).collect();
    let expected =
        ["account", "customers", "plans", "subscriptions", "transactions", "invoices", "events"];
    assert_eq!(core, expected);
}

#[test]
fn links_that_work_without_a_login_are_sensitive() {
    for (table, fields) in [
        ("invoices", &["url"][..]),
        ("statements", &["url"]),
        ("webhooks", &["url", "subscription_url"]),
        ("customers", &[]),
    ] {
        assert_eq!(paid().stream(table).unwrap().sensitive, fields, "{table}");
    }
}

/// `column TYPE < source, source` for every column, in the words of CONTRACT N2. Without `<` the
/// source has the column's name.
const COLUMNS: &[(&str, &str)] = &[
    (
        "account",
        "object VARCHAR; business_name VARCHAR; business_url VARCHAR; business_logo VARCHAR;
         business_phone VARCHAR; business_support_email VARCHAR; address_line1 VARCHAR;
         address_line2 VARCHAR; address_city VARCHAR; address_state VARCHAR; address_zip VARCHAR;
         address_country VARCHAR; tax_id VARCHAR; tax_id_label VARCHAR",
    ),
    (
        "customers",
        "name VARCHAR; email VARCHAR; description VARCHAR; external_id VARCHAR; phone VARCHAR;
         address_line1 VARCHAR; address_line2 VARCHAR; address_city VARCHAR; address_state VARCHAR;
         address_zip VARCHAR; address_country VARCHAR; cc_emails VARCHAR; notes VARCHAR;
         stripe_customer_id VARCHAR; tax_id VARCHAR; tax_id_label VARCHAR; allow_ach BOOLEAN;
         allow_wire BOOLEAN; allow_check BOOLEAN; allow_credit_card BOOLEAN; allow_paypal BOOLEAN;
         auto_generate BOOLEAN; auto_issue BOOLEAN; roll_up_communications BOOLEAN;
         billing_type VARCHAR; billing_cycle VARCHAR; terms BIGINT;
         metadata JSON < metadata, properties; created_at TIMESTAMP < created_at, created;
         updated_at TIMESTAMP",
    ),
    (
        "events",
        "type VARCHAR; created_at TIMESTAMP; data JSON; data_object VARCHAR < data.object;
         data_id VARCHAR < data.id; data_customer_id VARCHAR < data",
    ),
    (
        "invoices",
        "customer_id VARCHAR < customer; number VARCHAR; amount_string VARCHAR; summary VARCHAR;
         url VARCHAR; status VARCHAR; amount BIGINT; unpaid_amount BIGINT; overdue_amount BIGINT;
         terms BIGINT; views BIGINT; paid BOOLEAN; voided BOOLEAN; issued_at TIMESTAMP;
         voided_at TIMESTAMP; created_at TIMESTAMP; updated_at TIMESTAMP; due_date DATE;
         due_at TIMESTAMP < due_date; next_chase_on DATE; next_reminder_on DATE;
         last_reminder_on DATE; chase_schedule JSON; metadata JSON < metadata, properties;
         payment JSON",
    ),
    (
        "plans",
        "name VARCHAR; description VARCHAR; currency VARCHAR; interval VARCHAR;
         interval_count BIGINT; amount BIGINT; metadata JSON < metadata, properties;
         created_at TIMESTAMP; updated_at TIMESTAMP",
    ),
    (
        "subscriptions",
        "customer_id VARCHAR < customer; plan_id VARCHAR < plan; plan_snapshot JSON < plan;
         starts_on DATE < starts_on, start_on; ends_on DATE; next_transaction_on DATE;
         started_at TIMESTAMP; ended_at TIMESTAMP;
         cancelled_at TIMESTAMP < cancelled_at, canceled_at; created_at TIMESTAMP;
         charge_now BOOLEAN; amount BIGINT",
    ),
    (
        "transactions",
        "customer_id VARCHAR < customer; invoice_id VARCHAR < invoice;
         customer_external_id VARCHAR; description VARCHAR; group_by VARCHAR; amount BIGINT;
         currency VARCHAR; rank BIGINT; paid BOOLEAN; charge_now BOOLEAN;
         paid_on DATE < paid_at, paid_on; paid_at TIMESTAMP < paid_at, paid_on; serviced_on DATE;
         status VARCHAR; metadata JSON < metadata, properties;
         created_at TIMESTAMP < created_at, created; updated_at TIMESTAMP",
    ),
    (
        "users",
        "email VARCHAR; first_name VARCHAR; last_name VARCHAR; created_at TIMESTAMP;
         updated_at TIMESTAMP",
    ),
    (
        "webhooks",
        "url VARCHAR; event VARCHAR; subscription_url VARCHAR; created_at TIMESTAMP;
         updated_at TIMESTAMP",
    ),
    (
        "statements",
        "resource VARCHAR; customer_id VARCHAR < resource; url VARCHAR; expires_on DATE;
         expired_at TIMESTAMP < expired_at, expires_at",
    ),
    (
        "organizations",
        "name VARCHAR; external_id VARCHAR; created_at TIMESTAMP; updated_at TIMESTAMP",
    ),
    (
        "products",
        "name VARCHAR; description VARCHAR; external_id VARCHAR; external_metric_id VARCHAR;
         transaction_description VARCHAR; pricing JSON < pricing, pricing_structure;
         pricing_currency VARCHAR < pricing.currency, pricing_structure.currency;
         pricing_price BIGINT < pricing.price, pricing_structure.price;
         pricing_type VARCHAR < pricing.type, pricing_structure.type;
         metadata JSON < metadata, properties; created_at TIMESTAMP; updated_at TIMESTAMP",
    ),
    (
        "plan_items",
        "plan_id VARCHAR < plan; product_id VARCHAR < product;
         pricing JSON < pricing, pricing_structure;
         pricing_currency VARCHAR < pricing.currency, pricing_structure.currency;
         pricing_price BIGINT < pricing.price, pricing_structure.price;
         pricing_type VARCHAR < pricing.type, pricing_structure.type;
         pricing_quantity DECIMAL(38,10) < pricing.quantity, pricing_structure.quantity;
         created_at TIMESTAMP; updated_at TIMESTAMP",
    ),
    (
        "orders",
        "customer_id VARCHAR < customer; subscription_id VARCHAR < subscription; amount BIGINT;
         charge_now BOOLEAN; service_starts_on DATE; service_ends_on DATE;
         metadata JSON < metadata, properties; created_at TIMESTAMP; updated_at TIMESTAMP",
    ),
    (
        "order_items",
        "order_id VARCHAR < order; product_id VARCHAR < product; plan_item_id VARCHAR < plan_item;
         transaction_id VARCHAR < transaction; pricing JSON < pricing, pricing_structure;
         pricing_currency VARCHAR < pricing.currency, pricing_structure.currency;
         pricing_price BIGINT < pricing.price, pricing_structure.price;
         pricing_type VARCHAR < pricing.type, pricing_structure.type;
         pricing_quantity DECIMAL(38,10) < pricing.quantity, pricing_structure.quantity;
         service_starts_on DATE; service_ends_on DATE; created_at TIMESTAMP; updated_at TIMESTAMP",
    ),
];

/// Spells the columns of a table as [`COLUMNS`] does.
fn spelled(table: &StreamSpec) -> Vec<String> {
    let spell = |field: &paid_sync::catalog::Field| {
        let mut text = format!("{} {}", field.column, field.coercion.sql_type());
        if field.sources != [field.column] {
            text.push_str(&format!(" < {}", field.sources.join(", ")));
        }
        text
    };
    table.fields.iter().map(spell).collect()
}

#[test]
fn every_table_has_the_columns_of_the_contract() {
    let mut named: Vec<_> = COLUMNS.iter().map(|(table, _)| *table).collect();
    let mut built: Vec<_> = paid().tables().map(|table| table.name).collect();
    named.sort_unstable();
    built.sort_unstable();
    assert_eq!(built, named);
    for (name, columns) in COLUMNS {
        let table = paid().tables().find(|table| table.name == *name).unwrap();
        let expected: Vec<_> = columns
            .split(';')
            .map(|column| column.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(spelled(table), expected, "{name}");
    }
}

#[test]
fn coercions_that_types_cannot_tell_apart_are_the_contracts() {
    for (table, column, coercion) in [
        ("customers", "cc_emails", Coercion::TextOrJson),
        ("customers", "billing_type", Coercion::Enum(&["invoice", "charge"])),
        ("customers", "billing_cycle", Coercion::Enum(&["manual", "weekly", "monthly"])),
        ("customers", "terms", Coercion::Integer),
        ("plans", "interval", Coercion::Enum(&["day", "week", "month", "year"])),
        ("plans", "currency", Coercion::Text),
        ("transactions", "currency", Coercion::LowerText),
        ("transactions", "status", Coercion::Enum(&[])),
        ("transactions", "paid_at", Coercion::InstantOnly),
        ("invoices", "status", Coercion::Enum(&[])),
        ("invoices", "due_at", Coercion::InstantOnly),
        ("invoices", "chase_schedule", Coercion::Json),
        ("invoices", "payment", Coercion::AnyJson),
        ("invoices", "metadata", Coercion::Map),
        ("subscriptions", "plan_id", Coercion::Reference),
        ("subscriptions", "plan_snapshot", Coercion::JsonObject),
        ("statements", "customer_id", Coercion::ReferenceWithPrefix("cus_")),
        ("events", "data_customer_id", Coercion::EventCustomer),
        ("products", "pricing_price", Coercion::Cents),
    ] {
        let fields = paid().stream(table).unwrap().fields;
        let field = fields.iter().find(|field| field.column == column).unwrap();
        assert_eq!(field.coercion, coercion, "{table}.{column}");
    }
}
