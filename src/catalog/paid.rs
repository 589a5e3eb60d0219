//! The catalogue of Paid Labs v0: lists of CONTRACT A2.5, columns of CONTRACT N2.

use super::spec::{
    Authentication, Class, Coercion, CreatedFilter, Field, Paging, SingleRead, SourceKind,
    StreamSpec,
};

/// Paid Labs REST API v0.
pub(super) const PAID: SourceKind = SourceKind {
    name: "paid",
    base_url: "https://api.paidlabs.com/v0",
    authentication: Authentication::BasicKey,
    account: Some(&ACCOUNT),
    streams: STREAMS,
};

const fn field(
    column: &'static str,
    sources: &'static [&'static str],
    coercion: Coercion,
    comment: &'static str,
) -> Field {
    Field { column, sources, coercion, comment }
}

/// What most lists have in common; records below override what differs.
const LIST: StreamSpec = StreamSpec {
    name: "",
    comment: "",
    object: "",
    path: "",
    paging: Paging::AfterLastId,
    created_filter: CreatedFilter::General,
    class: Class::Optional,
    parent: None,
    single: SingleRead::ById,
    append_only: false,
    volatile: &[],
    sensitive: &[],
    fields: &[],
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
        sensitive: &["url"],
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

const ACCOUNT_FIELDS: &[Field] = &[
    field("object", &["object"], Coercion::Text, "Always `account`."),
    field("business_name", &["business_name"], Coercion::Text, "Name of the business."),
    field("business_url", &["business_url"], Coercion::Text, "Web address, may lack a scheme."),
    field(
        "business_logo",
        &["business_logo"],
        Coercion::Text,
        "Address of the logo; never fetched.",
    ),
    field("business_phone", &["business_phone"], Coercion::Text, "Telephone."),
    field(
        "business_support_email",
        &["business_support_email"],
        Coercion::Text,
        "E-mail for customers.",
    ),
    field("address_line1", &["address_line1"], Coercion::Text, "First line of the address."),
    field("address_line2", &["address_line2"], Coercion::Text, "Second line of the address."),
    field("address_city", &["address_city"], Coercion::Text, "City."),
    field("address_state", &["address_state"], Coercion::Text, "State or region."),
    field("address_zip", &["address_zip"], Coercion::Text, "Postal code, leading zeros kept."),
    field("address_country", &["address_country"], Coercion::Text, "Two-letter country code."),
    field("tax_id", &["tax_id"], Coercion::Text, "Tax number."),
    field("tax_id_label", &["tax_id_label"], Coercion::Text, "What the tax number is called."),
];

const CUSTOMER_FIELDS: &[Field] = &[
    field("name", &["name"], Coercion::Text, "Name on invoices."),
    field("email", &["email"], Coercion::Text, "Main contact."),
    field("description", &["description"], Coercion::Text, "Free text."),
    field("external_id", &["external_id"], Coercion::Text, "The merchant's own id, always text."),
    field("phone", &["phone"], Coercion::Text, "Telephone."),
    field("address_line1", &["address_line1"], Coercion::Text, "First line of the address."),
    field("address_line2", &["address_line2"], Coercion::Text, "Second line of the address."),
    field("address_city", &["address_city"], Coercion::Text, "City."),
    field("address_state", &["address_state"], Coercion::Text, "State or region."),
    field("address_zip", &["address_zip"], Coercion::Text, "Postal code, leading zeros kept."),
    field("address_country", &["address_country"], Coercion::Text, "Two-letter country code."),
    field("cc_emails", &["cc_emails"], Coercion::TextOrJson, "Further recipients, as sent."),
    field("notes", &["notes"], Coercion::Text, "Free text."),
    field("stripe_customer_id", &["stripe_customer_id"], Coercion::Text, "Id at Stripe."),
    field("tax_id", &["tax_id"], Coercion::Text, "Tax number."),
    field("tax_id_label", &["tax_id_label"], Coercion::Text, "What the tax number is called."),
    field("allow_ach", &["allow_ach"], Coercion::Boolean, "Bank transfer offered."),
    field("allow_wire", &["allow_wire"], Coercion::Boolean, "Wire offered."),
    field("allow_check", &["allow_check"], Coercion::Boolean, "Cheque offered."),
    field("allow_credit_card", &["allow_credit_card"], Coercion::Boolean, "Card offered."),
    field("allow_paypal", &["allow_paypal"], Coercion::Boolean, "PayPal offered."),
    field(
        "auto_generate",
        &["auto_generate"],
        Coercion::Boolean,
        "Every new transaction makes an invoice.",
    ),
    field("auto_issue", &["auto_issue"], Coercion::Boolean, "New invoices are issued at once."),
    field(
        "roll_up_communications",
        &["roll_up_communications"],
        Coercion::Boolean,
        "Messages are bundled.",
    ),
    field(
        "billing_type",
        &["billing_type"],
        Coercion::Enum(&["invoice", "charge"]),
        "How the customer pays: invoice or charge.",
    ),
    field(
        "billing_cycle",
        &["billing_cycle"],
        Coercion::Enum(&["manual", "weekly", "monthly"]),
        "When invoices are generated: manual, weekly, monthly.",
    ),
    field("terms", &["terms"], Coercion::Integer, "Days from issue until overdue."),
    field(
        "metadata",
        &["metadata", "properties"],
        Coercion::Map,
        "Free keys of the merchant, as sent.",
    ),
    field(
        "created_at",
        &["created_at", "created"],
        Coercion::Instant,
        "When the object was made, UTC.",
    ),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];

const EVENT_FIELDS: &[Field] = &[
    field("type", &["type"], Coercion::Text, "What happened: `<object>.<verb>`, an open set."),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "data",
        &["data"],
        Coercion::Json,
        "Snapshot of the object at that time; may be a reduced view.",
    ),
    field("data_object", &["data.object"], Coercion::Text, "Type of the object in `data`."),
    field("data_id", &["data.id"], Coercion::Text, "Id of the object in `data`."),
    field(
        "data_customer_id",
        &["data"],
        Coercion::EventCustomer,
        "Customer that `data` is about: customers.id.",
    ),
];

const INVOICE_FIELDS: &[Field] = &[
    field(
        "customer_id",
        &["customer"],
        Coercion::Reference,
        "Customer it belongs to: customers.id.",
    ),
    field("number", &["number"], Coercion::Text, "Number shown to people."),
    field(
        "amount_string",
        &["amount_string"],
        Coercion::Text,
        "Amount formatted for people; not for arithmetic.",
    ),
    field("summary", &["summary"], Coercion::Text, "Text at the top."),
    field("url", &["url"], Coercion::Text, "Public link; sensitive, never fetched."),
    field(
        "status",
        &["status"],
        Coercion::Enum(&[]),
        "Status as sent; the set of values is not documented.",
    ),
    field("amount", &["amount"], Coercion::Cents, "Total, minor units of the invoice's currency."),
    field("unpaid_amount", &["unpaid_amount"], Coercion::Cents, "Still unpaid, minor units."),
    field("overdue_amount", &["overdue_amount"], Coercion::Cents, "Overdue, minor units."),
    field("terms", &["terms"], Coercion::Integer, "Days from issue until overdue."),
    field(
        "views",
        &["views"],
        Coercion::Integer,
        "Page views; volatile, changes make no history version.",
    ),
    field("paid", &["paid"], Coercion::Boolean, "Paid in full."),
    field("voided", &["voided"], Coercion::Boolean, "Voided."),
    field(
        "issued_at",
        &["issued_at"],
        Coercion::Instant,
        "When it was issued, UTC; NULL = only generated.",
    ),
    field("voided_at", &["voided_at"], Coercion::Instant, "When it was voided, UTC."),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
    field("due_date", &["due_date"], Coercion::Date, "Day on which it falls due (UTC date)."),
    field(
        "due_at",
        &["due_date"],
        Coercion::InstantOnly,
        "Instant behind `due_date`, UTC, where the source sends one.",
    ),
    field("next_chase_on", &["next_chase_on"], Coercion::Date, "Day of the next chase e-mail."),
    field("next_reminder_on", &["next_reminder_on"], Coercion::Date, "Day of the next reminder."),
    field("last_reminder_on", &["last_reminder_on"], Coercion::Date, "Day of the last reminder."),
    field(
        "chase_schedule",
        &["chase_schedule"],
        Coercion::Json,
        "Reminder schedule, days from the due date, as sent.",
    ),
    field(
        "metadata",
        &["metadata", "properties"],
        Coercion::Map,
        "Free keys of the merchant, as sent.",
    ),
    field(
        "payment",
        &["payment"],
        Coercion::AnyJson,
        "Payment, as sent; its shape is not documented.",
    ),
];

const PLAN_FIELDS: &[Field] = &[
    field("name", &["name"], Coercion::Text, "Unique name chosen by the merchant."),
    field("description", &["description"], Coercion::Text, "Becomes the text of the invoice line."),
    field("currency", &["currency"], Coercion::Text, "Currency code as sent."),
    field(
        "interval",
        &["interval"],
        Coercion::Enum(&["day", "week", "month", "year"]),
        "Unit of the billing interval.",
    ),
    field("interval_count", &["interval_count"], Coercion::Integer, "Intervals between billings."),
    field("amount", &["amount"], Coercion::Cents, "Price per billing, minor units."),
    field(
        "metadata",
        &["metadata", "properties"],
        Coercion::Map,
        "Free keys of the merchant, as sent.",
    ),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];

const SUBSCRIPTION_FIELDS: &[Field] = &[
    field(
        "customer_id",
        &["customer"],
        Coercion::Reference,
        "Customer it belongs to: customers.id.",
    ),
    field("plan_id", &["plan"], Coercion::Reference, "Plan: plans.id."),
    field(
        "plan_snapshot",
        &["plan"],
        Coercion::JsonObject,
        "The plan as embedded in the subscription.",
    ),
    field("starts_on", &["starts_on", "start_on"], Coercion::Date, "First day (UTC date)."),
    field("ends_on", &["ends_on"], Coercion::Date, "Planned last day (UTC date)."),
    field(
        "next_transaction_on",
        &["next_transaction_on"],
        Coercion::Date,
        "Day of the next billing.",
    ),
    field("started_at", &["started_at"], Coercion::Instant, "When billing began, UTC."),
    field(
        "ended_at",
        &["ended_at"],
        Coercion::Instant,
        "When it ended, UTC; the source's 0 is NULL.",
    ),
    field(
        "cancelled_at",
        &["cancelled_at", "canceled_at"],
        Coercion::Instant,
        "When it was cancelled, UTC; the source's 0 is NULL.",
    ),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field("charge_now", &["charge_now"], Coercion::Boolean, "Charged at once."),
    field("amount", &["amount"], Coercion::Cents, "Historic: price, minor units."),
];

const TRANSACTION_FIELDS: &[Field] = &[
    field(
        "customer_id",
        &["customer"],
        Coercion::Reference,
        "Customer it belongs to: customers.id.",
    ),
    field(
        "invoice_id",
        &["invoice"],
        Coercion::Reference,
        "Invoice it is on: invoices.id; NULL = not invoiced.",
    ),
    field(
        "customer_external_id",
        &["customer_external_id"],
        Coercion::Text,
        "The merchant's id of the customer.",
    ),
    field("description", &["description"], Coercion::Text, "Text of the invoice line."),
    field("group_by", &["group_by"], Coercion::Text, "Equal values share an invoice."),
    field("amount", &["amount"], Coercion::Cents, "Minor units; negative = discount or refund."),
    field(
        "currency",
        &["currency"],
        Coercion::LowerText,
        "Currency code in lower case; never assumed.",
    ),
    field("rank", &["rank"], Coercion::Integer, "Order on the invoice."),
    field("paid", &["paid"], Coercion::Boolean, "Paid."),
    field("charge_now", &["charge_now"], Coercion::Boolean, "Charged at once."),
    field("paid_on", &["paid_at", "paid_on"], Coercion::Date, "Day of payment."),
    field(
        "paid_at",
        &["paid_at", "paid_on"],
        Coercion::InstantOnly,
        "Instant of payment, UTC, where the source sends one.",
    ),
    field("serviced_on", &["serviced_on"], Coercion::Date, "Day shown on the invoice (UTC date)."),
    field(
        "status",
        &["status"],
        Coercion::Enum(&[]),
        "Status as sent; the set of values is not documented.",
    ),
    field(
        "metadata",
        &["metadata", "properties"],
        Coercion::Map,
        "Free keys of the merchant, as sent.",
    ),
    field(
        "created_at",
        &["created_at", "created"],
        Coercion::Instant,
        "When the object was made, UTC.",
    ),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];

const USER_FIELDS: &[Field] = &[
    field("email", &["email"], Coercion::Text, "E-mail."),
    field("first_name", &["first_name"], Coercion::Text, "First name."),
    field("last_name", &["last_name"], Coercion::Text, "Last name."),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];

const WEBHOOK_FIELDS: &[Field] = &[
    field("url", &["url"], Coercion::Text, "Address called; sensitive, never fetched."),
    field("event", &["event"], Coercion::Text, "Event type it is told about."),
    field("subscription_url", &["subscription_url"], Coercion::Text, "Second address, where sent."),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];

const STATEMENT_FIELDS: &[Field] = &[
    field("resource", &["resource"], Coercion::Text, "Id of what the statement is for."),
    field(
        "customer_id",
        &["resource"],
        Coercion::ReferenceWithPrefix("cus_"),
        "Customer, where the statement is for one: customers.id.",
    ),
    field("url", &["url"], Coercion::Text, "Public link; sensitive, never fetched."),
    field(
        "expires_on",
        &["expires_on"],
        Coercion::Date,
        "Day on which the link expires (UTC date).",
    ),
    field(
        "expired_at",
        &["expired_at", "expires_at"],
        Coercion::Instant,
        "When it was expired by hand, UTC.",
    ),
];

const ORGANIZATION_FIELDS: &[Field] = &[
    field("name", &["name"], Coercion::Text, "Name."),
    field("external_id", &["external_id"], Coercion::Text, "The merchant's own id."),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];

const PRODUCT_FIELDS: &[Field] = &[
    field("name", &["name"], Coercion::Text, "Name."),
    field("description", &["description"], Coercion::Text, "Free text."),
    field("external_id", &["external_id"], Coercion::Text, "The merchant's own id."),
    field(
        "external_metric_id",
        &["external_metric_id"],
        Coercion::Text,
        "The merchant's id of the metric.",
    ),
    field(
        "transaction_description",
        &["transaction_description"],
        Coercion::Text,
        "Becomes the text of the invoice line.",
    ),
    field("pricing", &["pricing", "pricing_structure"], Coercion::Json, "Pricing as sent."),
    field(
        "pricing_currency",
        &["pricing.currency", "pricing_structure.currency"],
        Coercion::Text,
        "Currency code as sent.",
    ),
    field(
        "pricing_price",
        &["pricing.price", "pricing_structure.price"],
        Coercion::Cents,
        "Price, minor units.",
    ),
    field(
        "pricing_type",
        &["pricing.type", "pricing_structure.type"],
        Coercion::Text,
        "How it is priced.",
    ),
    field(
        "metadata",
        &["metadata", "properties"],
        Coercion::Map,
        "Free keys of the merchant, as sent.",
    ),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];

const PLAN_ITEM_FIELDS: &[Field] = &[
    field("plan_id", &["plan"], Coercion::Reference, "Plan: plans.id."),
    field("product_id", &["product"], Coercion::Reference, "Product: products.id."),
    field("pricing", &["pricing", "pricing_structure"], Coercion::Json, "Pricing as sent."),
    field(
        "pricing_currency",
        &["pricing.currency", "pricing_structure.currency"],
        Coercion::Text,
        "Currency code as sent.",
    ),
    field(
        "pricing_price",
        &["pricing.price", "pricing_structure.price"],
        Coercion::Cents,
        "Price, minor units.",
    ),
    field(
        "pricing_type",
        &["pricing.type", "pricing_structure.type"],
        Coercion::Text,
        "How it is priced.",
    ),
    field(
        "pricing_quantity",
        &["pricing.quantity", "pricing_structure.quantity"],
        Coercion::Decimal,
        "Quantity, exact.",
    ),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];

const ORDER_FIELDS: &[Field] = &[
    field(
        "customer_id",
        &["customer"],
        Coercion::Reference,
        "Customer it belongs to: customers.id.",
    ),
    field(
        "subscription_id",
        &["subscription"],
        Coercion::Reference,
        "Subscription: subscriptions.id.",
    ),
    field("amount", &["amount"], Coercion::Cents, "Amount, minor units."),
    field("charge_now", &["charge_now"], Coercion::Boolean, "Charged at once."),
    field(
        "service_starts_on",
        &["service_starts_on"],
        Coercion::Date,
        "First day of service (UTC date).",
    ),
    field(
        "service_ends_on",
        &["service_ends_on"],
        Coercion::Date,
        "Last day of service (UTC date).",
    ),
    field(
        "metadata",
        &["metadata", "properties"],
        Coercion::Map,
        "Free keys of the merchant, as sent.",
    ),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];

const ORDER_ITEM_FIELDS: &[Field] = &[
    field("order_id", &["order"], Coercion::Reference, "Order: orders.id."),
    field("product_id", &["product"], Coercion::Reference, "Product: products.id."),
    field("plan_item_id", &["plan_item"], Coercion::Reference, "Plan item: plan_items.id."),
    field("transaction_id", &["transaction"], Coercion::Reference, "Transaction: transactions.id."),
    field("pricing", &["pricing", "pricing_structure"], Coercion::Json, "Pricing as sent."),
    field(
        "pricing_currency",
        &["pricing.currency", "pricing_structure.currency"],
        Coercion::Text,
        "Currency code as sent.",
    ),
    field(
        "pricing_price",
        &["pricing.price", "pricing_structure.price"],
        Coercion::Cents,
        "Price, minor units.",
    ),
    field(
        "pricing_type",
        &["pricing.type", "pricing_structure.type"],
        Coercion::Text,
        "How it is priced.",
    ),
    field(
        "pricing_quantity",
        &["pricing.quantity", "pricing_structure.quantity"],
        Coercion::Decimal,
        "Quantity, exact.",
    ),
    field(
        "service_starts_on",
        &["service_starts_on"],
        Coercion::Date,
        "First day of service (UTC date).",
    ),
    field(
        "service_ends_on",
        &["service_ends_on"],
        Coercion::Date,
        "Last day of service (UTC date).",
    ),
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC."),
    field(
        "updated_at",
        &["updated_at"],
        Coercion::Instant,
        "When the object last changed, UTC, where the source says so.",
    ),
];
