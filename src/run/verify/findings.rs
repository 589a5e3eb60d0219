//! What a comparison of API and warehouse came to.

use serde_json::{Value, json};

use crate::error::{Error, Kind};

use super::repair::Repair;

/// What became of one id that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The API shows it, the warehouse does not.
    Missing,
    /// The warehouse has it, the whole list of the API does not.
    Extra,
    /// The warehouse has it, GET by id says that there is no such object.
    Gone,
    /// Both have it, with different content.
    Different,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::Missing, Self::Extra, Self::Gone, Self::Different];

    /// Gives the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Gone => "gone",
            Self::Different => "different",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}

/// One id that differs. Holds names of fields, never values: those may be sensitive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Id of the object.
    pub id: String,
    /// How it differs.
    pub verdict: Verdict,
    /// Month of its creation, `YYYY-MM` UTC, where known.
    pub month: Option<String>,
    /// Columns that differ; `_extra` for fields without a column, or with one that `sensitive`
    /// hides.
    pub fields: Vec<String>,
}

/// Rows on both sides. `api - missing - newer = warehouse - extra - gone - forgotten`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects at the API.
    pub api: u64,
    /// Rows in the warehouse, or of the sample.
    pub warehouse: u64,
    /// On both sides, equal.
    pub same: u64,
    /// On both sides, with different content.
    pub different: u64,
    /// Only at the API, though old enough to be in the warehouse.
    pub missing: u64,
    /// Only at the API, made after the moment up to which the stream is complete: no difference.
    pub newer: u64,
    /// Only in the warehouse, by a walk of the whole list.
    pub extra: u64,
    /// Only in the warehouse, by a GET of each id.
    pub gone: u64,
    /// Only in the warehouse, of a list that need not show everything: no difference.
    pub forgotten: u64,
}

impl Counts {
    /// Counts the differences.
    #[must_use]
    pub const fn differences(&self) -> u64 {
        self.different + self.missing + self.extra + self.gone
    }

    /// Adds the rows of another month or stream.
    pub fn add(&mut self, other: &Self) {
        self.api += other.api;
        self.warehouse += other.warehouse;
        self.same += other.same;
        self.different += other.different;
        self.missing += other.missing;
        self.newer += other.newer;
        self.extra += other.extra;
        self.gone += other.gone;
        self.forgotten += other.forgotten;
    }

    fn to_json(self) -> Value {
        json!({
            "api": self.api,
            "warehouse": self.warehouse,
            "same": self.same,
            "different": self.different,
            "missing": self.missing,
            "newer": self.newer,
            "extra": self.extra,
            "gone": self.gone,
            "forgotten": self.forgotten,
        })
    }
}

/// Rows created in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// `YYYY-MM`, UTC; `None` where the time of creation is not known.
    pub month: Option<String>,
    /// Its rows.
    pub counts: Counts,
}

/// Sums of a money column over the rows that both sides should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// Month of creation, as in [`Month`].
    pub month: Option<String>,
    /// Column.
    pub column: &'static str,
    /// Currency code as stored; `None` where the object names none.
    pub currency: Option<String>,
    /// At the API, minor units.
    pub api: i128,
    /// In the warehouse, minor units.
    pub warehouse: i128,
}

/// How one stream compares.
#[derive(Debug, Clone, Default)]
pub struct StreamFindings {
    /// Source.
    pub source: String,
    /// Stream.
    pub stream: String,
    /// Why it was not compared, if so.
    pub skipped: Option<String>,
    /// What to know about the comparison.
    pub note: Option<String>,
    /// Rows per month of creation, oldest first.
    pub months: Vec<Month>,
    /// Sums per money column, month and currency.
    pub sums: Vec<Sum>,
    /// Elements at the API that belong into quarantine; not compared.
    pub quarantined: u64,
    /// Rows whose ids may not stand in a request; not read.
    pub unreadable: u64,
    /// Every id that differs.
    pub differences: Vec<Difference>,
}

impl StreamFindings {
    /// Adds up all months.
    #[must_use]
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.months.iter().for_each(|month| total.add(&month.counts));
        total
    }

    /// Tells whether anything differs: an id, or a sum although no id does.
    #[must_use]
    pub fn differs(&self) -> bool {
        !self.differences.is_empty() || self.sums.iter().any(|sum| sum.api != sum.warehouse)
    }

    /// Puts what reading by id told of forgotten rows in place of not knowing.
    pub(super) fn settle_unseen(&mut self, by_id: Self) {
        for Month { month, counts } in by_id.months {
            if let Some(known) = self.months.iter_mut().find(|known| known.month == month) {
                let seen = &mut known.counts;
                seen.forgotten = seen.forgotten.saturating_sub(counts.warehouse);
                seen.warehouse = seen.warehouse.saturating_sub(counts.warehouse);
                seen.add(&counts);
            }
        }
        self.differences.extend(by_id.differences);
        self.quarantined += by_id.quarantined;
        self.unreadable += by_id.unreadable;
    }

    fn to_json(&self) -> Value {
        let months: Vec<Value> = self
            .months
            .iter()
            .map(|month| {
                let mut value = month.counts.to_json();
                value["month"] = json!(month.month);
                value
            })
            .collect();
        let mut value = self.total().to_json();
        value["source"] = json!(self.source);
        value["stream"] = json!(self.stream);
        value["skipped"] = json!(self.skipped);
        value["note"] = json!(self.note);
        value["quarantined"] = json!(self.quarantined);
        value["unreadable"] = json!(self.unreadable);
        value["months"] = months.into();
        value["sums"] = self.sums.iter().map(sum_json).collect();
        value["differences"] = self.differences.iter().map(difference_json).collect();
        value
    }
}

fn sum_json(sum: &Sum) -> Value {
    json!({
        "month": sum.month,
        "column": sum.column,
        "currency": sum.currency,
        "api": wide(sum.api),
        "warehouse": wide(sum.warehouse),
    })
}

/// A number where JSON numbers hold it, else its digits.
fn wide(number: i128) -> Value {
    i64::try_from(number).map_or_else(|_| number.to_string().into(), Value::from)
}

pub(super) fn difference_json(difference: &Difference) -> Value {
    json!({
        "id": difference.id,
        "verdict": difference.verdict.name(),
        "month": difference.month,
        "fields": difference.fields,
    })
}

/// How the API and the published snapshot compare.
#[derive(Debug, Default)]
pub struct Findings {
    /// Newest run in the snapshot.
    pub snapshot_run: String,
    /// Seed of the sample, if it was one.
    pub seed: Option<u64>,
    /// Streams, in the order of configuration and catalogue.
    pub streams: Vec<StreamFindings>,
    /// Why streams or sources could not be compared.
    pub errors: Vec<Error>,
    /// Requests sent, those of a repair left out.
    pub requests: i64,
    /// What a repair came to, if there was one.
    pub repair: Option<Repair>,
}

impl Findings {
    /// Counts the ids that differ.
    #[must_use]
    pub fn differences(&self) -> usize {
        self.streams.iter().map(|stream| stream.differences.len()).sum()
    }

    /// Tells whether anything differs, before a repair.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.streams.iter().any(StreamFindings::differs)
    }

    /// Gives the exit code: that of the worst error, 1 for a difference that is left, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let errors = self.errors.iter().map(|error| error.kind().exit_code());
        let repair = self.repair.as_ref().map_or(0, Repair::exit_code);
        let is_left = match &self.repair {
            Some(repair) => !repair.left.is_empty() || self.only_sums_differ(),
            None => self.differs(),
        };
        let found = if is_left { Kind::Degraded.exit_code() } else { 0 };
        errors.chain([repair, found]).max().unwrap_or(0)
    }

    /// A sum that differs although no id does cannot be repaired by reading ids.
    fn only_sums_differ(&self) -> bool {
        self.streams.iter().any(|stream| stream.differs() && stream.differences.is_empty())
    }

    /// Gives everything as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "snapshot_run": self.snapshot_run,
            "mode": if self.seed.is_some() { "sample" } else { "walk" },
            "seed": self.seed,
            "requests": self.requests,
            "differences": self.differences(),
            "exit_code": self.exit_code(),
            "errors": self.errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "streams": self.streams.iter().map(StreamFindings::to_json).collect::<Vec<_>>(),
            "repair": self.repair.as_ref().map(Repair::to_json),
        })
    }
}
