//! Load units committed straight into a working database.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use paid_sync::catalog::{StreamSpec, source_kind};
use paid_sync::load::{LoadUnit, Run, Warehouse};
use paid_sync::model::{Cell, Page, RowCounts, View};
use paid_sync::normalize::{Normalizer, Sensitive};
use tempfile::TempDir;

const UNITS: i64 = 8;

fn customers() -> &'static StreamSpec {
    source_kind("paid").unwrap().stream("customers").unwrap()
}

/// A unit as a walk brings it: some ids that are new, some met before, some of these edited since.
fn unit(number: i64, random: &mut fastrand::Rng) -> LoadUnit {
    let ids: BTreeSet<u32> = (0..12).map(|_| random.u32(0..40)).collect();
    let customer = |id: &u32| {
        let name = random.u32(0..3);
        let text = format!(r#"{{"id":"cus_{id}","object":"customer","name":"Name {name}"}}"#);
        Bytes::from(text)
    };
    let page = Page {
        view: View::List,
        request: number,
        observed_at: 1_700_000_000_000_000 + number,
        elements: ids.iter().map(customer).collect(),
        first_position: 0,
    };
    LoadUnit {
        source: "paid".to_owned(),
        followed: Arc::from([customers()]),
        account_id: "acct_1".to_owned(),
        spec: customers(),
        settled_to: 0,
        batches: vec![Normalizer::new(customers(), Sensitive::Keep).normalize(&page).unwrap()],
        deleted: Vec::new(),
        ledger: None,
        lines_of: Vec::new(),
    }
}

fn begin(directory: &Path) -> (Warehouse, Run) {
    let warehouse = Warehouse::open(directory).unwrap();
    warehouse.ensure_source("paid", source_kind("paid").unwrap()).unwrap();
    let run = warehouse.begin_run("sync").unwrap();
    (warehouse, run)
}

/// Current rows and versions that ended, each by what it says.
fn versions(warehouse: &Warehouse) -> Vec<Vec<Cell>> {
    let query = "SELECT id, name, _row_hash, true FROM paid.customers UNION ALL \
                 SELECT id, name, _row_hash, false FROM paid_history._closed_customers ORDER BY ALL";
    warehouse.database().table(query, &[]).unwrap().rows
}

/// Units of a table that was empty are not compared with it while their ids are new. A run that is
/// begun anew for each unit compares all but the first, and must come to the same.
#[test]
fn what_a_first_load_does_not_compare_makes_no_difference() {
    for seed in 0..3 {
        let (at_once, one_by_one) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let (warehouse, run) = begin(at_once.path());
        let (mut random, mut same) =
            (fastrand::Rng::with_seed(seed), fastrand::Rng::with_seed(seed));
        let mut all = RowCounts::default();
        for number in 1..=UNITS {
            let counts = warehouse.commit(&run, &unit(number, &mut random)).unwrap();
            let (compared, own_run) = begin(one_by_one.path());
            let expected = compared.commit(&own_run, &unit(number, &mut same)).unwrap();
            assert_eq!(counts, expected, "unit {number} of seed {seed}");
            assert_eq!(versions(&warehouse), versions(&compared), "unit {number} of seed {seed}");
            all.add(counts);
        }
        assert!(all.inserted > 20 && all.updated > 10 && all.unchanged > 10, "{all:?}");
    }
}
