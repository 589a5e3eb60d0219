//! A random history: business, a sync, every report beside the account, and so on; then what
//! earlier syncs showed, asked again by `known_at`.

use std::time::Duration;

use fastrand::Rng;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use paid_sync::database::Database;
use paid_sync::emulator::{Churn, Emulator, Options, Size};
use paid_sync::normalize::Sensitive;
use paid_sync::run::SyncOptions;

use super::asked::{self, REMEMBERED};
use super::facts::{Book, local};
use crate::support::oracle::{self, Oracle};
use crate::support::warehouse::{Home, tables};

const DAY: u32 = 86_400;
/// Seconds after a run at which its past is read.
const MEMORY: i64 = 60;
/// Runs that may be needed until the mirror has everything.
const MOST_RUNS: usize = 3;

const ZONES: [&str; 5] =
    ["UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin", "Pacific/Auckland"];

/// Presents at which accounts begin: a leap day, ends of months and years, changes of the clock.
const PRESENTS: [&str; 6] = [
    "2024-02-29T12:00:00Z",
    "2026-01-31T23:30:00Z",
    "2026-03-08T12:00:00Z",
    "2026-03-29T12:00:00Z",
    "2026-10-25T12:00:00Z",
    "2026-12-31T18:00:00Z",
];

struct Plan {
    options: Options,
    zone: &'static str,
    default_currency: Option<&'static str>,
    rounds: usize,
}

/// What reports said after a sync.
struct Shown {
    day: Date,
    instant: Timestamp,
    rows: Vec<Vec<String>>,
}

fn draw(seed: u64, rng: &mut Rng) -> Plan {
    let present: Timestamp = rng.choice(PRESENTS).unwrap().parse().unwrap();
    let options = Options {
        seed: rng.u64(..),
        size: if seed.is_multiple_of(4) { Size::Small } else { Size::Tiny },
        now: present.as_second() + rng.i64(0..i64::from(3 * DAY)),
        hide_created_at: rng.u8(0..4) == 0,
        ..Options::default()
    };
    Plan {
        options,
        zone: rng.choice(ZONES).unwrap(),
        default_currency: rng.bool().then_some("usd"),
        rounds: rng.usize(2..=3),
    }
}

/// Plays the history of a seed; gives the number of rows that were compared, or what was wrong.
pub(super) async fn play(seed: u64) -> Result<usize, String> {
    let mut rng = Rng::with_seed(seed);
    let plan = draw(seed, &mut rng);
    let emulator =
        Emulator::start(plan.options.clone()).await.map_err(|error| error.to_string())?;
    let home = Home::new(&emulator.base_url(), "");
    configure(&home, &plan);
    let zone = TimeZone::get(plan.zone).unwrap();
    let mut shown: Vec<Shown> = Vec::new();
    let mut compared = 0;
    for number in 1..=plan.rounds {
        happen(&emulator, &mut rng);
        follow(&home, &emulator).await?;
        let database = home.open();
        let book = Book::of(&emulator, &zone, plan.default_currency);
        let today = default_day(&database, &emulator, &zone)?;
        for day in days_to_ask(today, &plan, &mut rng) {
            compared += asked::compare(&database, &book, day)
                .map_err(|wrong| format!("in {}, {wrong}", plan.zone))?;
        }
        for shown in &shown {
            compared += recall(&database, shown)?;
        }
        let now = Shown::of(&database, &emulator, today);
        if number == plan.rounds {
            compared += compare_ways(&database, &now)? + recall(&database, &now)?;
        }
        shown.push(now);
    }
    emulator.shutdown().await;
    Ok(compared)
}

fn configure(home: &Home, plan: &Plan) {
    let path = home.path("sync.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    if let Some(code) = plan.default_currency {
        text.push_str(&format!("default_currency = \"{code}\"\n"));
    }
    let before = format!(
        "[warehouse]\nreport_timezone = \"{}\"\n[sync]\nrefresh_budget = 100000\n",
        plan.zone
    );
    std::fs::write(&path, before + &text).unwrap();
}

/// Lets business go on, then lets everything come to rest.
fn happen(emulator: &Emulator, rng: &mut Rng) {
    for _ in 0..rng.usize(1..=3) {
        emulator.churn(Churn {
            actions: rng.u32(30..120),
            seed: rng.u64(..),
            over_seconds: *rng.choice(&[600, DAY, 3 * DAY]).unwrap(),
            silent_percent: 0,
            backdate: rng.bool(),
        });
        emulator.pass(rng.u32(0..40 * DAY), true);
    }
    // What people do in the morning shows up to a quarter of an hour late.
    let second = emulator.now().rem_euclid(i64::from(DAY));
    let (morning, evening) = (5 * 3_600 + 2_700, 9 * 3_600 + 1_800);
    if (morning..evening).contains(&second) {
        emulator.pass(u32::try_from(evening - second).unwrap(), true);
    }
}

/// Syncs until the mirror is the account: what it misses would look like a wrong report.
async fn follow(home: &Home, emulator: &Emulator) -> Result<(), String> {
    let mut wrong = Vec::new();
    for _ in 0..MOST_RUNS {
        emulator.pass(300, false);
        let mut options = SyncOptions { full: true, brake: false, ..SyncOptions::default() };
        options.retry.base = Duration::from_millis(1);
        let summary = home.sync(options).await;
        if !matches!(summary.exit_code(), 0 | 1) || !summary.failed_tie_outs.is_empty() {
            return Err(format!("a sync: {:#}", summary.to_json()));
        }
        let database = home.open();
        let oracle = Oracle::new(Sensitive::Keep);
        wrong.clear();
        for spec in tables().filter(|spec| !spec.append_only) {
            let truth = oracle.truth(emulator, spec, None);
            let found = oracle::current(&database, spec);
            let is_hidden = |_: &str, column: &str, _: &_, _: &_| oracle::is_get_only(spec, column);
            wrong.extend(oracle::differences(spec, &truth, &found, is_hidden));
        }
        if wrong.is_empty() {
            return Ok(());
        }
    }
    Err(format!("the mirror is not the account: {wrong:#?}"))
}

fn default_day(database: &Database, emulator: &Emulator, zone: &TimeZone) -> Result<Date, String> {
    let day = database.texts("SELECT CAST(as_of AS VARCHAR) FROM model.as_of_default", &[]);
    let day: Date = day.unwrap()[0].parse().unwrap();
    let (earliest, latest) = (local(emulator.now() - 120, zone), local(emulator.now(), zone));
    if earliest <= day && day <= latest {
        Ok(day)
    } else {
        Err(format!("reports describe {day}, it is {latest}"))
    }
}

/// Chooses today, the end of last month, and a day of the past.
fn days_to_ask(today: Date, plan: &Plan, rng: &mut Rng) -> Vec<Date> {
    let past = if plan.options.size == Size::Tiny { 90 } else { 1_200 };
    let earlier = today.checked_sub(rng.i64(1..past).days()).unwrap();
    let month_end = today.first_of_month().yesterday().unwrap();
    vec![today, month_end, earlier]
}

impl Shown {
    /// Remembers what every report says.
    fn of(database: &Database, emulator: &Emulator, day: Date) -> Self {
        let dated = format!("_as_of(DATE '{day}')");
        let rows = REMEMBERED
            .iter()
            .map(|(name, columns)| asked::remembered(database, name, columns, &dated));
        let instant = Timestamp::from_second(emulator.now() + MEMORY).unwrap();
        Self { day, instant, rows: rows.collect() }
    }
}

/// Compares the views with what their macros said of the same day.
fn compare_ways(database: &Database, shown: &Shown) -> Result<usize, String> {
    let mut compared = 0;
    for ((name, columns), dated) in REMEMBERED.into_iter().zip(&shown.rows) {
        let view = asked::remembered(database, name, columns, "");
        compared += asked::same(&format!("the view {name}"), dated.clone(), &view)?;
    }
    Ok(compared)
}

/// Asks again what a report said when only so much was known.
fn recall(database: &Database, shown: &Shown) -> Result<usize, String> {
    let (day, instant) = (shown.day, shown.instant.to_string());
    let instant = instant.trim_end_matches('Z');
    let mut compared = 0;
    for ((name, columns), before) in REMEMBERED.into_iter().zip(&shown.rows) {
        let known = format!("_known_at(DATE '{day}', TIMESTAMP '{instant}')");
        let now = asked::remembered(database, name, columns, &known);
        let place = format!("{name} on {day}, known at {instant}");
        compared += asked::same(&place, before.clone(), &now)?;
    }
    Ok(compared)
}
