//! The shape of catalogue records.

/// One kind of API that can be mirrored.
#[derive(Debug)]
pub struct SourceKind {
    /// Name in `sync.toml`.
    pub name: &'static str,
    /// Version of the API, where there is more than one (CONTRACT B6).
    pub api_version: Option<&'static str>,
    /// Production address.
    pub base_url: &'static str,
    /// Requests per second that the API allows, where it says so (CONTRACT C1).
    pub most_requests_per_second: Option<u32>,
    /// How requests prove who sends them.
    pub authentication: Authentication,
    /// The object that names the account, read before any list; `None` where the API has none.
    pub account: Option<&'static StreamSpec>,
    /// Field of the first list's elements that names the account, where no object does.
    pub account_fields: &'static [&'static str],
    /// All lists, in the order they are shown.
    pub streams: &'static [StreamSpec],
    /// Tables of what stands inside the objects of lists.
    pub nested: &'static [NestedTable],
}

impl SourceKind {
    /// Finds a stream by name.
    #[must_use]
    pub fn stream(&self, name: &str) -> Option<&'static StreamSpec> {
        self.streams.iter().find(|stream| stream.name == name)
    }

    /// Finds the stream that holds objects of this type (`invoice` → `invoices`).
    #[must_use]
    pub fn stream_of_object(&self, object: &str) -> Option<&'static StreamSpec> {
        self.streams.iter().find(|stream| stream.object == object)
    }

    /// Gives the name by which warehouses know the kind: another version of an API is another kind,
    /// since its ids may differ (CONTRACT B6).
    #[must_use]
    pub fn identity(&self) -> String {
        match self.api_version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Tells whether a list tells what changed; without one, lists have to be walked again.
    #[must_use]
    pub fn has_feed(&self) -> bool {
        self.streams.iter().any(|stream| stream.append_only)
    }

    /// Gives all tables: the account, then every stream.
    pub fn tables(&self) -> impl Iterator<Item = &'static StreamSpec> {
        self.account.into_iter().chain(self.streams.iter())
    }
}

/// How requests prove who sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// HTTP Basic: the key is the user name, the password is empty (CONTRACT A1.2).
    BasicKey,
    /// `Authorization: Bearer <key>` (CONTRACT B1).
    BearerKey,
    /// A short-lived token from `POST /oauth/token` (CONTRACT C1).
    ClientCredentials,
}

/// One list endpoint and the table it fills.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of a list that exclude each other nowhere"
)]
pub struct StreamSpec {
    /// Name of stream and table.
    pub name: &'static str,
    /// What the table holds, as its COMMENT.
    pub comment: &'static str,
    /// Value of `object` on its elements; empty where elements do not name their type.
    pub object: &'static str,
    /// Path below the base URL; `{id}` stands for an object of another stream ([`Listing::Path`]).
    pub path: &'static str,
    /// How pages follow each other.
    pub paging: Paging,
    /// What is known of its `created_at` filter.
    pub created_filter: CreatedFilter,
    /// Whether a run can be complete without it.
    pub class: Class,
    /// Whether and how one object can be read by id.
    pub single: SingleRead,
    /// Objects never change and are never deleted.
    pub append_only: bool,
    /// Source fields that change without meaning; kept out of hashes and history (DESIGN 6).
    pub volatile: &'static [&'static str],
    /// Source fields that a GET may show and a list may not (CONTRACT A-31). Only these may come to a
    /// row without being an edit: any other field could be new.
    pub get_only: &'static [&'static str],
    /// Source fields that `sensitive = "hash" | "drop"` applies to (CONTRACT N1.6).
    pub sensitive: &'static [&'static str],
    /// Signs that an object is done with; without one it is unsettled and read again (DESIGN 6).
    /// Empty: its objects are never unsettled.
    pub settled: &'static [Settled],
    /// The stream whose objects change these objects without an event of their own, if any.
    pub follows: Option<Follows>,
    /// Ids are unique below one object of the stream that it follows: the table's id is both of
    /// them, with `/` between.
    pub id_within_parent: bool,
    /// Objects can be archived: they leave the list, but GET by id still finds them (CONTRACT C4).
    pub archives: bool,
    /// Nobody knows its fields: whatever looks like an account or card number is masked (CONTRACT
    /// C3).
    pub masks_numbers: bool,
    /// Version of the API that the stream belongs to, where there is more than one.
    pub api_version: Option<&'static str>,
    /// Typed columns after `id`, in table order.
    pub fields: &'static [Field],
}

/// A sign that an object is done with: nothing is expected to change it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// This BOOLEAN column is true.
    True(&'static str),
    /// This column has a value.
    Present(&'static str),
    /// This column has none.
    Missing(&'static str),
    /// This VARCHAR column has this value.
    Equals(&'static str, &'static str),
}

/// The link of a line to the object that it is on (CONTRACT A5.1: an invoice changes when its
/// transactions do, and they are invoiced, paid and released with it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follows {
    /// Stream of the object.
    pub stream: &'static str,
    /// Column that holds its id.
    pub column: &'static str,
    /// Source field that holds its id, an id or an embedded object.
    pub field: &'static str,
    /// How the lines of one object are listed.
    pub listing: Listing,
}

/// How the lines of one object are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// By this query parameter of the stream's list.
    Parameter(&'static str),
    /// At a path of their own: there is no list of all (CONTRACT B2, C2). Elements may not name the
    /// object; they are given its id as [`PARENT`].
    Path,
}

/// Field that elements listed below an object get: the id of that object.
pub const PARENT: &str = "_parent";
/// Field that an object gets which has left its list and is still found by id: when that was first
/// seen, Unix seconds.
pub const ARCHIVED_AT: &str = "_archived_at";

/// A table of what stands inside the objects of lists, such as lines of an invoice: a view, so that
/// it is replaced with its object as a whole.
#[derive(Debug)]
pub struct NestedTable {
    /// Name of the table.
    pub name: &'static str,
    /// What it holds, as its COMMENT.
    pub comment: &'static str,
    /// Lists whose objects hold the items, each with what `parent_kind` says of it.
    pub parents: &'static [(&'static str, &'static str)],
    /// Column of the list's table that holds them, a JSON array.
    pub json: &'static str,
    /// Column that holds the object's id.
    pub parent_column: &'static str,
    /// Columns after it and `position`, which counts from 0.
    pub fields: &'static [Field],
}

impl StreamSpec {
    /// Tells whether its elements are listed below the objects of another stream, not all at once.
    #[must_use]
    pub fn is_below_others(&self) -> bool {
        self.follows.is_some_and(|follows| follows.listing == Listing::Path)
    }

    /// Tells whether the table has a column of this name.
    #[must_use]
    pub fn has_column(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.column == name)
    }
}

/// How the pages of a list follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// Newest first; the next page starts after the last id (CONTRACT A2.3).
    AfterLastId,
    /// As `AfterLastId`, but undocumented: an ignored cursor is expected and only a warning.
    AfterLastIdPerhaps,
    /// The whole list in one array (CONTRACT B2.1).
    Whole,
    /// `limit` and `offset`, rows shift while walking (CONTRACT B2.2).
    Offset,
    /// An opaque `after` token from the answer (CONTRACT C2).
    AfterToken,
}

/// What most lists have in common; records override what differs.
pub(in crate::catalog) const LIST: StreamSpec = StreamSpec {
    name: "",
    comment: "",
    object: "",
    path: "",
    paging: Paging::Whole,
    created_filter: CreatedFilter::Absent,
    class: Class::Optional,
    single: SingleRead::ById,
    append_only: false,
    volatile: &[],
    get_only: &[],
    sensitive: &[],
    settled: &[],
    follows: None,
    id_within_parent: false,
    archives: false,
    masks_numbers: false,
    api_version: None,
    fields: &[],
};

/// What is known of a list's `created_at` filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreatedFilter {
    /// The list's own chapter documents it.
    Documented,
    /// Only a general chapter does; probed before it is trusted (CONTRACT A2.4).
    General,
    /// There is none.
    Absent,
}

/// Whether a run can be complete without a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A run without it is not complete.
    Core,
    /// May be missing from an account's plan: reported, never fatal (CONTRACT A2.5).
    Optional,
}

/// Whether one object can be read by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SingleRead {
    /// `GET {path}/{id}`.
    ById,
    /// Not offered.
    None,
}

/// One typed column.
#[derive(Debug)]
pub struct Field {
    /// Column name.
    pub column: &'static str,
    /// Source fields in order of preference; a dot steps into an object (`pricing.price`).
    pub sources: &'static [&'static str],
    /// How the JSON value becomes the column.
    pub coercion: Coercion,
    /// Unit and meaning, as the column's COMMENT.
    pub comment: &'static str,
}

/// Writes a column as one line of a table.
pub(in crate::catalog) const fn field(
    column: &'static str,
    sources: &'static [&'static str],
    coercion: Coercion,
    comment: &'static str,
) -> Field {
    Field { column, sources, coercion, comment }
}

/// How a JSON value becomes a column (CONTRACT N1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coercion {
    /// VARCHAR as sent.
    Text,
    /// VARCHAR; an array keeps its JSON text.
    TextOrJson,
    /// VARCHAR in lower case (currency codes).
    LowerText,
    /// VARCHAR in lower case, without this prefix.
    LowerTextWithout(&'static str),
    /// VARCHAR: the version of the API, whatever the object says.
    ApiVersion,
    /// VARCHAR out of an open set; unknown values are kept and noted.
    Enum(&'static [&'static str]),
    /// BIGINT, minor units of a currency.
    Cents,
    /// BIGINT.
    Integer,
    /// DECIMAL(38,10), exact from the text.
    Decimal,
    /// BOOLEAN.
    Boolean,
    /// TIMESTAMP, UTC.
    Instant,
    /// TIMESTAMP, but only from a number or an RFC 3339 text: a bare date carries no instant.
    InstantOnly,
    /// DATE: the UTC date of an instant, or a calendar date as sent.
    Date,
    /// JSON object or array.
    Json,
    /// JSON object; an id in its place is no problem, it belongs to a `Reference` column.
    JsonObject,
    /// Any JSON value.
    AnyJson,
    /// JSON object of free keys; `[]` counts as `{}`.
    Map,
    /// VARCHAR: an id, or the id of an embedded object.
    Reference,
    /// VARCHAR: the value where it starts with this prefix.
    ReferenceWithPrefix(&'static str),
    /// VARCHAR: the customer an event's `data` is about: `data.customer`, or `data.id` of a customer.
    EventCustomer,
}

impl Coercion {
    /// Gives the `DuckDB` type of the column.
    #[must_use]
    pub const fn sql_type(self) -> &'static str {
        match self {
            Self::Text
            | Self::TextOrJson
            | Self::LowerText
            | Self::LowerTextWithout(_)
            | Self::ApiVersion
            | Self::Enum(_)
            | Self::Reference
            | Self::ReferenceWithPrefix(_)
            | Self::EventCustomer => "VARCHAR",
            Self::Cents | Self::Integer => "BIGINT",
            Self::Decimal => "DECIMAL(38,10)",
            Self::Boolean => "BOOLEAN",
            Self::Instant | Self::InstantOnly => "TIMESTAMP",
            Self::Date => "DATE",
            Self::Json | Self::JsonObject | Self::AnyJson | Self::Map => "JSON",
        }
    }
}
