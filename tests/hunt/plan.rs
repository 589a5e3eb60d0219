//! What happens in a random history, drawn from a seed; and simpler histories to try when it fails.

use fastrand::Rng;
use paid_sync::emulator::{Chaos, Churn, EventFaults, Fault, Options, Size};
use paid_sync::fault;

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// Lists whose pages and objects faults aim at; the core ones twice.
const PATHS: [&str; 11] = [
    "/customers",
    "/invoices",
    "/transactions",
    "/subscriptions",
    "/events",
    "/plans",
    "/invoices",
    "/transactions",
    "/users",
    "/orders",
    "/statements",
];

/// A whole history.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) account: Account,
    pub(super) settings: Settings,
    pub(super) rounds: Vec<Round>,
}

/// The account that is mirrored.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) seed: u64,
    pub(super) page_cap: usize,
    pub(super) hide_created_at: bool,
    pub(super) event_days: u32,
    pub(super) unpaged_users: bool,
    pub(super) total_pages: bool,
}

impl Account {
    pub(super) fn options(&self) -> Options {
        Options {
            seed: self.seed,
            size: Size::Tiny,
            page_cap: self.page_cap,
            hide_created_at: self.hide_created_at,
            event_days: self.event_days,
            unpaged_users: self.unpaged_users,
            total_pages: self.total_pages,
            ..Options::default()
        }
    }
}

/// How it is mirrored.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) page_size: u32,
    pub(super) max_in_flight: u32,
    pub(super) lookback: u32,
    pub(super) rewalk_every: u32,
    pub(super) refresh_budget: u32,
    pub(super) sensitive: &'static str,
}

impl Settings {
    /// Writes the configuration.
    pub(super) fn text(&self, base_url: &str) -> String {
        let Self { page_size, max_in_flight, lookback, rewalk_every, refresh_budget, sensitive } =
            self;
        format!(
            "[sync]\nlookback = \"{lookback}s\"\nrewalk_every = \"{rewalk_every}s\"\n\
             refresh_budget = {refresh_budget}\nsensitive = \"{sensitive}\"\n\
             [[source]]\nname = \"paid\"\nbase_url = \"{base_url}\"\npage_size = {page_size}\n\
             max_in_flight = {max_in_flight}\nrequests_per_second = 100000\n"
        )
    }
}

/// Something happens, and the mirror runs.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Round {
    /// Lets time pass before anything else.
    pub(super) pass: u32,
    pub(super) people: bool,
    pub(super) lies: Option<EventFaults>,
    pub(super) churn: Option<Churn>,
    /// Lets time pass once more, so that what happened may have settled.
    pub(super) settle: u32,
    pub(super) faults: Vec<Fault>,
    /// The faults tell untruths that no client can see through.
    pub(super) is_deceived: bool,
    /// Lists are poorer than usual.
    pub(super) is_lean: bool,
    pub(super) chaos: Option<Chaos>,
    pub(super) full: bool,
    pub(super) run: Run,
}

/// How the mirror is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// In this process.
    Here,
    /// In a process of its own that dies at a fault point.
    Dying(String),
    /// In a process of its own that gets SIGTERM after so many requests.
    Stopped(u64),
}

/// Draws a history.
pub(super) fn draw(seed: u64) -> Plan {
    let mut rng = Rng::with_seed(seed);
    let rng = &mut rng;
    let account = Account {
        seed: rng.u64(..),
        page_cap: pick(rng, &[2, 3, 5, 10, 25, 100]),
        hide_created_at: chance(rng, 30),
        event_days: pick(rng, &[1, 7, 30, 60]),
        unpaged_users: rng.bool(),
        total_pages: rng.bool(),
    };
    let settings = Settings {
        page_size: pick(rng, &[1, 2, 3, 7, 25, 100, 100]),
        max_in_flight: pick(rng, &[1, 2, 8]),
        lookback: pick(rng, &[2 * MINUTE, HOUR, DAY, 3 * DAY]),
        rewalk_every: pick(rng, &[HOUR, DAY, 7 * DAY, 30 * DAY]),
        refresh_budget: pick(rng, &[0, 3, 20, 500]),
        sensitive: pick(rng, &["keep", "keep", "hash", "drop"]),
    };
    let rounds = (0..rng.usize(2..=5)).map(|number| round(rng, number)).collect();
    Plan { account, settings, rounds }
}

fn chance(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(0..100) < percent
}

fn pick<T: Copy>(rng: &mut Rng, choice: &[T]) -> T {
    choice[rng.usize(0..choice.len())]
}

fn round(rng: &mut Rng, number: usize) -> Round {
    let mut round = Round {
        pass: pick(rng, &[2 * MINUTE, 10 * MINUTE, HOUR, 5 * HOUR, DAY, 2 * DAY, 8 * DAY]),
        people: chance(rng, 60),
        lies: chance(rng, 30).then(|| lies(rng)),
        churn: chance(rng, 75).then(|| Churn {
            actions: pick(rng, &[1, 5, 20, 60]),
            seed: rng.u64(..),
            over_seconds: pick(rng, &[0, 30, 600, HOUR, DAY]),
            silent_percent: pick(rng, &[0, 0, 20, 100]),
            backdate: chance(rng, 40),
        }),
        settle: pick(rng, &[0, 0, 30, 2 * MINUTE]),
        faults: Vec::new(),
        is_deceived: false,
        is_lean: false,
        chaos: chance(rng, 25)
            .then(|| Chaos { seed: rng.u64(..), percent: pick(rng, &[2, 5, 15]) }),
        full: number > 0 && chance(rng, 15),
        run: Run::Here,
    };
    if chance(rng, 60) {
        for _ in 0..rng.usize(1..=3) {
            fault(rng, &mut round);
        }
    }
    round.run = match rng.u32(0..100) {
        0..70 => Run::Here,
        70..92 => {
            let visit = pick(rng, &[1, 1, 1, 2, 3, 5, 8, 12]);
            Run::Dying(format!("{}:{visit}", pick(rng, fault::ALL)))
        }
        _ => Run::Stopped(rng.u64(2..80)),
    };
    round
}

fn lies(rng: &mut Rng) -> EventFaults {
    EventFaults {
        missing_percent: pick(rng, &[0, 20, 100]),
        late_percent: pick(rng, &[0, 30, 100]),
        late_seconds: pick(rng, &[30, 600, 5 * HOUR]),
        disorder_seconds: pick(rng, &[0, 0, 50, 3_000]),
        keep_days: pick(rng, &[None, None, Some(0), Some(2), Some(20)]),
    }
}

fn fault(rng: &mut Rng, round: &mut Round) {
    let path = pick(rng, &PATHS);
    let single = format!("{path}/{{id}}");
    let place = match rng.u32(0..10) {
        0..6 => path,
        6..9 => &single,
        _ => "*",
    };
    let on = Fault::on(place).skip(pick(rng, &[0, 0, 1, 2, 5]));
    let few = pick(rng, &[1, 1, 2, 4]);
    let fault = match rng.u32(0..25) {
        0 => on.times(few).status(pick(rng, &[429, 500, 502, 503, 408])),
        1 => on.always().status(pick(rng, &[500, 402, 403, 400])),
        2 => on.times(few).status(403).message("No access"),
        3 => on.times(1).status(401),
        4 => on.times(few).reset(),
        5 => on.times(few).reset_inside(rng.usize(0..3_000)),
        6 => on.times(few).truncate(rng.usize(0..3_000)),
        7 => on.times(few).garble(),
        8 => on.times(few).wrong_type(),
        9 => on.times(few).status(200).html(),
        10 => on.times(few).trickle(1, 200),
        11 | 12 => on.percent(50, rng.u64(..)).short_page(rng.usize(1..4)),
        13 => on.always().page_cap(rng.usize(1..6)),
        14 => on.times(few).repeat_page(),
        15 => on.times(few).ignore_cursor(),
        16 => on.times(few).ignore_filter(),
        17 => on.percent(50, rng.u64(..)).overlap(rng.usize(1..4)),
        18 => {
            round.is_lean = true;
            on.always().lean_list(pick(
                rng,
                &[&["metadata"], &["description", "terms"], &["status", "paid"]],
            ))
        }
        19 => on.always().refuse_cursor(pick(rng, &[400, 404])),
        20 => on.always().empty_after_cursor(),
        21 => on.times(few).date_skew(pick(rng, &[-20, 20])),
        22 => on.times(few).no_date(),
        23 => {
            round.is_deceived = true;
            if rng.bool() { on.times(few).empty_page() } else { on.times(few).status(404) }
        }
        _ => on.times(few).play(pick(rng, &[1, 3, 10])),
    };
    round.faults.push(fault);
}

impl Plan {
    /// Gives simpler histories, the most promising first.
    pub(super) fn simpler(&self) -> Vec<Self> {
        let mut plans = Vec::new();
        for index in (0..self.rounds.len()).rev() {
            plans.push(self.but(|plan| drop(plan.rounds.remove(index))));
        }
        for index in 0..self.rounds.len() {
            plans.extend(self.simpler_rounds(index));
        }
        let usual = Settings {
            page_size: 100,
            max_in_flight: 1,
            lookback: 3 * DAY,
            rewalk_every: 7 * DAY,
            refresh_budget: 500,
            sensitive: "keep",
        };
        plans.push(self.but(|plan| plan.settings = usual.clone()));
        plans.push(self.but(|plan| plan.settings.max_in_flight = 1));
        plans.push(self.but(|plan| plan.settings.page_size = usual.page_size));
        plans.push(self.but(|plan| plan.settings.lookback = usual.lookback));
        plans.push(self.but(|plan| plan.settings.rewalk_every = usual.rewalk_every));
        plans.push(self.but(|plan| plan.settings.refresh_budget = usual.refresh_budget));
        plans.push(self.but(|plan| plan.settings.sensitive = usual.sensitive));
        plans.push(self.but(|plan| plan.account.page_cap = 100));
        plans.push(self.but(|plan| plan.account.hide_created_at = false));
        plans.push(self.but(|plan| plan.account.event_days = 30));
        plans.retain(|plan| format!("{plan:?}") != format!("{self:?}"));
        plans
    }

    fn simpler_rounds(&self, index: usize) -> Vec<Self> {
        let changed =
            |change: &dyn Fn(&mut Round)| self.but(|plan| change(&mut plan.rounds[index]));
        let mut plans = vec![
            changed(&|round| round.faults.clear()),
            changed(&|round| round.chaos = None),
            changed(&|round| round.run = Run::Here),
            changed(&|round| round.lies = None),
            changed(&|round| round.churn = None),
            changed(&|round| round.full = false),
            changed(&|round| round.people = false),
            changed(&|round| round.pass = 2 * MINUTE),
            changed(&|round| round.settle = 2 * MINUTE),
        ];
        for fault in 0..self.rounds[index].faults.len() {
            plans.push(changed(&|round| drop(round.faults.remove(fault))));
        }
        let fewer: [&dyn Fn(&mut Churn); 4] = [
            &|churn| churn.actions /= 2,
            &|churn| churn.actions -= 1,
            &|churn| churn.silent_percent = 0,
            &|churn| churn.backdate = false,
        ];
        for change in fewer {
            if self.rounds[index].churn.is_some_and(|churn| churn.actions > 1) {
                plans.push(changed(&|round| round.churn.iter_mut().for_each(change)));
            }
        }
        plans
    }

    fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut plan = self.clone();
        change(&mut plan);
        plan
    }
}
