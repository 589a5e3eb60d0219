//! The catalogue of Alternative Payments: lists of CONTRACT C2, columns of CONTRACT N4.2.

mod fields;

use self::fields::{
    CUSTOMER_FIELDS, CUSTOMER_USER_FIELDS, FEE_FIELDS, INVOICE_FIELDS, LINE_ITEM_FIELDS,
    PAYMENT_FIELDS, PAYMENT_METHOD_FIELDS, PAYOUT_FIELDS, PAYOUT_PAYMENT_FIELDS, WEBHOOK_FIELDS,
};
use super::spec::{
    self, ARCHIVED_AT, Authentication, Class, CreatedFilter, Follows, Listing, NestedTable, Paging,
    Settled, SingleRead, SourceKind, StreamSpec,
};

/// Alternative Payments, whose paths carry no version (CONTRACT C1).
pub(super) const ALTERNATIVE_PAYMENTS: SourceKind = SourceKind {
    name: "alternative-payments",
    api_version: None,
    base_url: "https://public-api.alternativepayments.io",
    most_requests_per_second: Some(5),
    authentication: Authentication::ClientCredentials,
    account: None,
    account_fields: &[],
    streams: STREAMS,
    nested: NESTED,
};

const NESTED: &[NestedTable] = &[
    NestedTable {
        name: "invoice_line_items",
        comment: "Lines of invoices, replaced as a whole with their invoice.",
        parents: &[("invoice", "invoices")],
        json: "line_items",
        parent_column: "invoice_id",
        fields: LINE_ITEM_FIELDS,
    },
    NestedTable {
        name: "fees",
        comment: "Fees of payments and payouts, replaced as a whole with them.",
        parents: &[("payment", "payments"), ("payout", "payouts")],
        json: "fees",
        parent_column: "parent_id",
        fields: FEE_FIELDS,
    },
];

const LIST: StreamSpec = StreamSpec { paging: Paging::AfterToken, ..spec::LIST };

const BELOW_CUSTOMERS: Option<Follows> = Some(Follows {
    stream: "customers",
    column: "customer_id",
    field: "customer",
    listing: Listing::Path,
});

const STREAMS: &[StreamSpec] = &[
    StreamSpec {
        name: "customers",
        comment: "Who pays; archived ones stay, with the time at which that was seen.",
        path: "/customers",
        created_filter: CreatedFilter::General,
        class: Class::Core,
        archives: true,
        // What is archived can still be deleted.
        settled: &[Settled::Missing(ARCHIVED_AT)],
        fields: CUSTOMER_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "customer_users",
        comment: "People at customers.",
        path: "/customers/{id}/users",
        single: SingleRead::None,
        follows: BELOW_CUSTOMERS,
        fields: CUSTOMER_USER_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "payment_methods",
        comment: "Cards and accounts of customers; numbers are masked, their fields not documented.",
        path: "/customers/{id}/payment-methods",
        paging: Paging::Whole,
        single: SingleRead::None,
        follows: BELOW_CUSTOMERS,
        masks_numbers: true,
        fields: PAYMENT_METHOD_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "invoices",
        comment: "Invoices; archived ones stay, with the time at which that was seen.",
        path: "/invoices",
        created_filter: CreatedFilter::General,
        class: Class::Core,
        archives: true,
        // What is archived can still be deleted.
        settled: &[Settled::Missing(ARCHIVED_AT)],
        fields: INVOICE_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "payments",
        comment: "Payments of customers.",
        path: "/payments",
        created_filter: CreatedFilter::General,
        class: Class::Core,
        fields: PAYMENT_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "payouts",
        comment: "Payouts to the merchant.",
        path: "/payouts",
        fields: PAYOUT_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "payout_payments",
        comment: "Which payments a payout holds.",
        path: "/payouts/{id}/transactions",
        single: SingleRead::None,
        follows: Some(Follows {
            stream: "payouts",
            column: "payout_id",
            field: "payout",
            listing: Listing::Path,
        }),
        id_within_parent: true,
        fields: PAYOUT_PAYMENT_FIELDS,
        ..LIST
    },
    StreamSpec {
        name: "webhooks",
        comment: "Addresses that are told about events.",
        path: "/webhooks",
        single: SingleRead::None,
        sensitive: &["endpoint_url"],
        fields: WEBHOOK_FIELDS,
        ..LIST
    },
];
