//! The catalogue of paid.ai: lists of CONTRACT B2, columns of CONTRACT B3 and N4.1.
//!
//! Both versions fill the same columns where their objects are the same; what one lacks is NULL.

mod customer_fields;
mod invoice_fields;
mod order_fields;
mod shared_fields;

use self::customer_fields::{CONTACT_FIELDS, CUSTOMER_FIELDS};
use self::invoice_fields::{
    CHECKOUT_FIELDS, CREDIT_CURRENCY_FIELDS, INVOICE_FIELDS, INVOICE_LINE_FIELDS,
    VALUE_RECEIPT_FIELDS, WEBHOOK_FIELDS,
};
use self::order_fields::{
    AGENT_FIELDS, NESTED_ORDER_LINE_FIELDS, ORDER_FIELDS, ORDER_LINE_FIELDS, PRODUCT_FIELDS,
    SEAT_FIELDS,
};
use super::spec::{
    self, Authentication, Class, Follows, Listing, NestedTable, Paging, SingleRead, SourceKind,
    StreamSpec,
};

/// Version 1: bare arrays without pages or times (CONTRACT B2.1).
pub(super) const V1: SourceKind = SourceKind {
    name: "paid-ai",
    api_version: Some("v1"),
    base_url: "https://api.agentpaid.io/api/v1",
    most_requests_per_second: None,
    authentication: Authentication::BearerKey,
    account: None,
    account_fields: &["organizationId", "organization_id"],
    streams: V1_STREAMS,
    nested: &[NestedTable {
        name: "order_lines",
        comment: "Lines of orders, as they stand inside their order.",
        parents: &[("order", "orders")],
        json: "order_lines",
        parent_column: "order_id",
        fields: NESTED_ORDER_LINE_FIELDS,
    }],
};

/// Version 2: `limit` and `offset` (CONTRACT B2.2).
pub(super) const V2: SourceKind = SourceKind {
    api_version: Some("v2"),
    base_url: "https://api.agentpaid.io/api/v2",
    account_fields: &[],
    streams: V2_STREAMS,
    nested: &[],
    ..V1
};

const V1_LIST: StreamSpec =
    StreamSpec { paging: Paging::Whole, api_version: Some("v1"), ..spec::LIST };
const V2_LIST: StreamSpec =
    StreamSpec { paging: Paging::Offset, api_version: Some("v2"), ..spec::LIST };

/// Links of invoices that work without a login (CONTRACT N1.6), in both spellings.
const INVOICE_LINKS: &[&str] = &[
    "paymentLink",
    "payment_link",
    "disputeLink",
    "dispute_link",
    "publicUrlToken",
    "public_url_token",
];

/// Lists that exist below each order only.
const BELOW_ORDERS: Option<Follows> =
    Some(Follows { stream: "orders", column: "order_id", field: "order", listing: Listing::Path });

const V1_STREAMS: &[StreamSpec] = &[
    StreamSpec {
        name: "customers",
        comment: "Who is billed.",
        path: "/customers",
        class: Class::Core,
        fields: CUSTOMER_FIELDS,
        ..V1_LIST
    },
    StreamSpec {
        name: "contacts",
        comment: "People at customers.",
        path: "/contacts",
        fields: CONTACT_FIELDS,
        ..V1_LIST
    },
    StreamSpec {
        name: "orders",
        comment: "What customers ordered; their lines are in order_lines.",
        path: "/orders",
        class: Class::Core,
        fields: ORDER_FIELDS,
        ..V1_LIST
    },
    StreamSpec {
        name: "agents",
        comment: "What is sold, under its former name.",
        path: "/agents",
        fields: AGENT_FIELDS,
        ..V1_LIST
    },
    StreamSpec {
        name: "products",
        comment: "What is sold.",
        path: "/products",
        fields: PRODUCT_FIELDS,
        ..V1_LIST
    },
    StreamSpec {
        name: "invoices",
        comment: "Invoices of orders.",
        path: "/orders/{id}/invoices",
        single: SingleRead::None,
        sensitive: INVOICE_LINKS,
        follows: BELOW_ORDERS,
        fields: INVOICE_FIELDS,
        ..V1_LIST
    },
];

const V2_STREAMS: &[StreamSpec] = &[
    StreamSpec {
        name: "customers",
        comment: "Who is billed.",
        path: "/customers/",
        class: Class::Core,
        fields: CUSTOMER_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "contacts",
        comment: "People at customers.",
        path: "/contacts/",
        fields: CONTACT_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "orders",
        comment: "What customers ordered.",
        path: "/orders/",
        class: Class::Core,
        fields: ORDER_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "order_lines",
        comment: "Lines of orders.",
        path: "/orders/{id}/lines",
        single: SingleRead::None,
        follows: BELOW_ORDERS,
        fields: ORDER_LINE_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "seats",
        comment: "Places that an order pays for, and who has them.",
        path: "/orders/{id}/seats",
        single: SingleRead::None,
        follows: BELOW_ORDERS,
        fields: SEAT_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "products",
        comment: "What is sold.",
        path: "/products/",
        fields: PRODUCT_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "invoices",
        comment: "Invoices.",
        path: "/invoices/",
        class: Class::Core,
        sensitive: INVOICE_LINKS,
        fields: INVOICE_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "invoice_lines",
        comment: "Lines of invoices.",
        path: "/invoices/{id}/lines",
        single: SingleRead::None,
        follows: Some(Follows {
            stream: "invoices",
            column: "invoice_id",
            field: "invoice",
            listing: Listing::Path,
        }),
        fields: INVOICE_LINE_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "checkouts",
        comment: "Pages on which customers buy.",
        path: "/checkouts/",
        sensitive: &["url"],
        fields: CHECKOUT_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "value_receipts",
        comment: "Receipts of what was delivered.",
        path: "/value-receipts/",
        sensitive: &["publicUrlToken", "public_url_token", "publicUrl", "public_url"],
        fields: VALUE_RECEIPT_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "credit_currencies",
        comment: "Currencies of prepaid credits.",
        path: "/credits/currencies",
        paging: Paging::Whole,
        single: SingleRead::None,
        fields: CREDIT_CURRENCY_FIELDS,
        ..V2_LIST
    },
    StreamSpec {
        name: "webhooks",
        comment: "Addresses that are told about events.",
        path: "/webhooks/",
        paging: Paging::Whole,
        single: SingleRead::None,
        sensitive: &["url"],
        fields: WEBHOOK_FIELDS,
        ..V2_LIST
    },
];
