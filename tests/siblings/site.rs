//! A simulated account of one kind, settings for it, and its truth beside what was published.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Arc;

use paid_sync::catalog::{SourceKind, StreamSpec, source_kind};
use paid_sync::database::{Access, Database, qualified};
use paid_sync::emulator::{Sibling, SiblingKind, SiblingOptions};
use paid_sync::model::{Cell, Silent};
use paid_sync::run::{self, Account, Summary, SyncOptions};
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::support::warehouse::Home;

/// All kinds, with the identity of each in the catalogue.
pub(crate) const KINDS: [(SiblingKind, &str); 3] = [
    (SiblingKind::PaidAiV1, "paid-ai v1"),
    (SiblingKind::PaidAiV2, "paid-ai v2"),
    (SiblingKind::AlternativePayments, "alternative-payments"),
];

/// Schema of the source in all of these tests.
pub(crate) const SCHEMA: &str = "other";

/// An account and its mirror.
pub(crate) struct Site {
    pub(crate) sibling: Sibling,
    pub(crate) home: Home,
    pub(crate) kind: &'static SourceKind,
    key: String,
}

impl Site {
    /// Starts an account with usual options.
    pub(crate) async fn new(kind: SiblingKind) -> Self {
        Self::with(SiblingOptions { kind, ..SiblingOptions::default() }, "").await
    }

    /// Starts an account; `more` are lines of the source.
    pub(crate) async fn with(options: SiblingOptions, more: &str) -> Self {
        let identity = KINDS.iter().find(|(kind, _)| *kind == options.kind).unwrap().1;
        let kind = source_kind(identity).unwrap();
        let key = match options.kind {
            SiblingKind::AlternativePayments => {
                format!("{}:{}", options.client_id, options.client_secret)
            }
            SiblingKind::PaidAiV1 | SiblingKind::PaidAiV2 => options.api_key.clone(),
        };
        let sibling = Sibling::start(options).await.unwrap();
        let version =
            kind.api_version.map_or_else(String::new, |v| format!("api_version = \"{v}\"\n"));
        let text = format!(
            "[sync]\nrefresh_budget = 5000\n[[source]]\nname = \"{SCHEMA}\"\nkind = \"{}\"\n\
             {version}base_url = \"{}\"\nrequests_per_second = 10000\nmax_in_flight = 8\n{more}\n",
            kind.name,
            sibling.base_url()
        );
        Self { sibling, home: Home::of(&text), kind, key }
    }

    /// Runs a sync, which must be able to start.
    pub(crate) async fn sync(&self) -> Summary {
        self.sync_with(SyncOptions::default()).await
    }

    pub(crate) async fn sync_with(&self, options: SyncOptions) -> Summary {
        self.sync_as(&self.key, options).await
    }

    /// Runs a sync with another key.
    pub(crate) async fn sync_as(&self, key: &str, options: SyncOptions) -> Summary {
        let settings = self.home.settings();
        let source = settings.sources[0].clone();
        let accounts = vec![Account { source, key: key.to_owned().into() }];
        let (_stop, stopped) = watch::channel(false);
        run::sync(&settings, accounts, options, Arc::new(Silent), stopped).await.unwrap()
    }

    /// Makes the command that runs the program on this source.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.home.command(words);
        let kind = self.kind.name.to_uppercase().replace('-', "_");
        command.env(format!("{kind}_API_KEY"), &self.key);
        command
    }

    pub(crate) fn open(&self) -> Database {
        Database::open(&self.home.snapshot(), &Access::ReadOnly).unwrap()
    }

    /// Says where tables and truth differ; nothing if they agree.
    pub(crate) fn differences(&self) -> Vec<String> {
        let database = self.open();
        let compare = |spec: &&StreamSpec| self.differences_of(&database, spec);
        self.kind.streams.iter().flat_map(|spec| compare(&spec)).collect()
    }

    fn differences_of(&self, database: &Database, spec: &StreamSpec) -> Vec<String> {
        let expected: BTreeMap<String, Value> =
            self.truth(spec).into_iter().map(|object| (id_of(spec, &object), object)).collect();
        let mirrored = rows(database, spec);
        let archived = self.archived(spec);
        let (truth, ours): (BTreeSet<_>, BTreeSet<_>) =
            (expected.keys().collect(), mirrored.keys().collect());
        let mut differences = Vec::new();
        for id in truth.difference(&ours) {
            differences.push(format!("{}: {id} is missing", spec.name));
        }
        for id in ours.difference(&truth).filter(|id| !archived.contains(**id)) {
            differences.push(format!("{}: {id} is not in the source", spec.name));
        }
        for (id, object) in &expected {
            let Some(row) = mirrored.get(id) else { continue };
            differences.extend(
                unlike(object, row).into_iter().map(|what| format!("{} {id}: {what}", spec.name)),
            );
        }
        differences
    }

    /// Gives the live objects of a list.
    fn truth(&self, spec: &StreamSpec) -> Vec<Value> {
        let list =
            |name: &str| self.sibling.truth(name).unwrap_or_else(|| panic!("no list {name}"));
        let mut objects = list(list_of(spec));
        if self.kind.api_version == Some("v1") && spec.name == "invoices" {
            // There they are only reached through their orders.
            let orders: BTreeSet<String> = list("orders")
                .iter()
                .filter_map(|order| Some(order["id"].as_str()?.into()))
                .collect();
            objects.retain(|invoice| {
                let order = invoice["orderId"].as_str().or_else(|| invoice["_parent"].as_str());
                order.is_some_and(|order| orders.contains(order))
            });
        }
        objects
    }

    /// Gives the ids of archived objects, and of what is below archived ones: they may be known from
    /// before, and stay.
    fn archived(&self, spec: &StreamSpec) -> BTreeSet<String> {
        let archived = self.sibling.truth(&format!("{}_archived", list_of(spec)));
        archived.unwrap_or_default().iter().map(|object| id_of(spec, object)).collect()
    }
}

/// Names a list as the emulator does.
fn list_of(spec: &StreamSpec) -> &'static str {
    match spec.name {
        "customer_users" => "users",
        "payout_payments" => "payout_transactions",
        other => other,
    }
}

/// Gives the key of an object's row.
fn id_of(spec: &StreamSpec, object: &Value) -> String {
    let id = object["id"].as_str().expect("an id");
    match object["_parent"].as_str().filter(|_| spec.id_within_parent) {
        Some(parent) => format!("{parent}/{id}"),
        None => id.to_owned(),
    }
}

/// Reads the rows of a table as JSON, by id.
pub(crate) fn rows(database: &Database, spec: &StreamSpec) -> BTreeMap<String, Value> {
    let query =
        format!("SELECT id, to_json(item)::VARCHAR FROM {} AS item", qualified(SCHEMA, spec.name));
    let table = database.table(&query, &[]).unwrap();
    let read = |row: Vec<Cell>| match <[Cell; 2]>::try_from(row) {
        Ok([Cell::Text(id), Cell::Text(json)]) => (id, serde_json::from_str(&json).unwrap()),
        other => panic!("{other:?}"),
    };
    table.rows.into_iter().map(read).collect()
}

/// Compares texts, truths and numbers of an object with the columns of its row: whatever the source
/// shows under a name must stand in the column of that name. Times and days are read differently, and
/// compared by the tests of coercions.
fn unlike(object: &Value, row: &Value) -> Vec<String> {
    let empty = Map::new();
    let fields = object.as_object().unwrap_or(&empty);
    let mut unlike = Vec::new();
    for (name, value) in fields {
        let column = snake(name);
        let Some(shown) = row.get(&column).filter(|_| column != "id") else { continue };
        let is_time = column.ends_with("_at") || column.ends_with("_date");
        let is_alike = match value {
            _ if is_time => continue,
            Value::Null | Value::Object(_) | Value::Array(_) => continue,
            Value::String(text) => shown.as_str() == Some(text),
            Value::Bool(truth) => shown.as_bool() == Some(*truth),
            Value::Number(number) => match (number.as_f64(), shown) {
                // As JSON a DECIMAL is a float again.
                (Some(sent), Value::Number(kept)) => {
                    kept.as_f64().is_some_and(|kept| (kept - sent).abs() <= sent.abs() * 1e-12)
                }
                (_, Value::String(kept)) => *kept == number.to_string(),
                _ => false,
            },
        };
        if !is_alike {
            unlike.push(format!("{name} is {value}, {column} is {shown}"));
        }
    }
    unlike
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
