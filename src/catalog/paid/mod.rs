//! The catalogue of Paid Labs v0: lists of CONTRACT A2.5, columns of CONTRACT N2.

mod core_fields;
mod optional_fields;
mod shared_fields;

use self::core_fields::{
    ACCOUNT_FIELDS, CUSTOMER_FIELDS, EVENT_FIELDS, INVOICE_FIELDS, PLAN_FIELDS,
    SUBSCRIPTION_FIELDS, TRANSACTION_FIELDS,
};
use self::optional_fields::{
    ORDER_FIELDS, ORDER_ITEM_FIELDS, ORGANIZATION_FIELDS, PLAN_ITEM_FIELDS, PRODUCT_FIELDS,
    STATEMENT_FIELDS, USER_FIELDS, WEBHOOK_FIELDS,
};
use super::spec::{
    self, Authentication, Class, CreatedFilter, Follows, Listing, Paging, Settled, SingleRead,
    SourceKind, StreamSpec,
};

/// Paid Labs REST API v0.
pub(super) const PAID: SourceKind = SourceKind {
    name: "paid",
    api_version: None,
    base_url: "https://api.paidlabs.com/v0",
    most_requests_per_second: None,
    authentication: Authentication::BasicKey,
    account: Some(&ACCOUNT),
    account_fields: &[],
    streams: STREAMS,
    nested: &[],
};

const LIST: StreamSpec = StreamSpec {
    paging: Paging::AfterLastId,
    created_filter: CreatedFilter::General,
    ..spec::LIST
};

/// The account that the key belongs to; a single read, not a list (CONTRACT A3.1).
const ACCOUNT: StreamSpec = StreamSpec {
    name: "account",
    comment: "The account that the key belongs to; one row.",
    object: "account",
    path: "/account",
    paging: Paging::Whole,
    created_filter: CreatedFilter::Absent,
    class: Class::Core,
    single: SingleRead::None,
    fields: ACCOUNT_FIELDS,
    ..LIST
};

const STREAMS: &[StreamSpec] = &[
    StreamSpec {
        name: "customers",
        comment: "Who is billed.",
        object: "customer",
        path: "/customers",
        class: Class::Core,
        fields: CUSTOMER_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "plans",
        comment: "Prices that subscriptions bill.",
        object: "plan",
        path: "/plans",
        class: Class::Core,
        created_filter: CreatedFilter::Documented,
        fields: PLAN_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "subscriptions",
        comment: "Customers on plans.",
        object: "subscription",
        path: "/subscriptions",
        class: Class::Core,
        created_filter: CreatedFilter::Documented,
        fields: SUBSCRIPTION_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "transactions",
        comment: "Lines that are or will be invoiced; negative ones are discounts and refunds.",
        object: "transaction",
        path: "/transactions",
        class: Class::Core,
        created_filter: CreatedFilter::Documented,
        settled: &[Settled::True("paid"), Settled::Equals("status", "void")],
        follows: Some(Follows {
            stream: "invoices",
            column: "invoice_id",
            field: "invoice",
            listing: Listing::Parameter("invoice"),
        }),
        fields: TRANSACTION_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "invoices",
        comment: "Invoices; each holds one currency.",
        object: "invoice",
        path: "/invoices",
        class: Class::Core,
        volatile: &["views"],
        get_only: &["chase_schedule", "next_chase_on"],
        sensitive: &["url"],
        settled: &[Settled::True("paid"), Settled::True("voided"), Settled::Present("voided_at")],
        fields: INVOICE_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "events",
        comment: "What happened, with a snapshot of the object; append-only.",
        object: "event",
        path: "/events",
        class: Class::Core,
        append_only: true,
        fields: EVENT_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "users",
        comment: "People with access to the account.",
        object: "user",
        path: "/users",
        paging: Paging::AfterLastIdPerhaps,
        fields: USER_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "webhooks",
        comment: "Addresses that are told about events.",
        object: "webhook",
        path: "/webhooks",
        paging: Paging::AfterLastIdPerhaps,
        sensitive: &["url", "subscription_url"],
        fields: WEBHOOK_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "statements",
        comment: "Links to statements of account.",
        object: "statement",
        path: "/statements",
        sensitive: &["url"],
        fields: STATEMENT_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "organizations",
        comment: "Groups of customers; their link to customers is not documented.",
        object: "organization",
        path: "/organizations",
        fields: ORGANIZATION_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "products",
        comment: "Things sold.",
        object: "product",
        path: "/products",
        fields: PRODUCT_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "plan_items",
        comment: "Products on plans.",
        object: "plan_item",
        path: "/plan_items",
        fields: PLAN_ITEM_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "orders",
        comment: "Orders.",
        object: "order",
        path: "/orders",
        fields: ORDER_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "order_items",
        comment: "Products on orders.",
        object: "order_item",
        path: "/order_items",
        fields: ORDER_ITEM_FIELDS,
        ..LIST
    },
];
