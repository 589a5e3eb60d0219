//! A living account: random but plausible business on everything there is, whoever made it.
//!
//! Every action goes through [`Engine::act`], so it follows the rules, is journaled, and can be
//! played again. The same state, seed and calls give the same bytes. Nothing here looks at all
//! objects of a kind: an account with a million transactions is as quick as a small one.

mod billing;
mod chooser;
mod customers;
mod deeds;
mod selling;
mod staff;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::emulator::account::calendar::Day;
use crate::emulator::account::catalogue::OrderItem;
use crate::emulator::account::list::Position;
use crate::emulator::account::text::Text;
use crate::emulator::business::habits::Purchase;
use crate::emulator::engine::{Act, Engine};
use crate::emulator::rules::actions::Action;
use chooser::Chooser;
use deeds::{Deed, Kind};

/// Bounds how many ideas are tried until the account allows one.
const IDEAS: usize = 64;

/// Orders random business on the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Churn {
    /// Counts the actions to play.
    pub actions: u32,
    /// Chooses them: on the same state, the same seed plays the same.
    pub seed: u64,
    /// Spreads the actions evenly over the next so many simulated seconds; 0 plays all of them in
    /// the present second. None falls into the present second otherwise, so that it stays a
    /// moment before all of them.
    pub over_seconds: u32,
    /// Lets so many of a hundred actions leave no event.
    pub silent_percent: u8,
    /// Allows objects that are dated back: by seconds, as if they came late, or by months.
    pub backdate: bool,
}

impl Default for Churn {
    fn default() -> Self {
        Self { actions: 1, seed: 0, over_seconds: 0, silent_percent: 0, backdate: true }
    }
}

impl Churn {
    /// Says when an action is due, counted from one.
    fn moment(&self, number: u32, now: i64) -> i64 {
        let passed = u64::from(self.over_seconds) * u64::from(number);
        let passed = passed.div_ceil(u64::from(self.actions.max(1)));
        now.saturating_add_unsigned(passed)
    }
}

/// Tells what one action did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Played {
    /// Is the simulated second of the action.
    pub at: i64,
    /// Names the action.
    pub kind: &'static str,
    /// Names the list of the object.
    pub stream: &'static str,
    /// Names the object; of several, the first.
    pub id: String,
    /// Says that the action left no event.
    pub is_silent: bool,
    /// Is the second to which the object was dated back, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
}

/// Says when and how an action is done.
#[derive(Clone, Copy)]
struct Turn {
    at: i64,
    is_silent: bool,
    may_backdate: bool,
}

/// Remembers what has to follow an order that was just placed.
enum Errand {
    /// Finds out what the order costs.
    Charge { order: Position },
    /// Joins the order and what it costs.
    Itemize(Box<OrderItem>),
}

impl Engine {
    /// Plays random business from a moment on, which is the present. Plays fewer actions than
    /// ordered only where the account allows no more.
    pub(crate) fn churn(&mut self, order: &Churn, now: i64) -> Vec<Played> {
        let mut rng = Rng::with_seed(order.seed);
        let mut errand = None;
        let mut played = Vec::new();
        for number in 1..=order.actions {
            let at = order.moment(number, now);
            self.advance_to(at, true);
            let is_silent = rng.u8(0..100) < order.silent_percent;
            let turn = Turn { at, is_silent, may_backdate: order.backdate };
            let followed = errand.take().and_then(|errand| self.run(errand, turn, &mut rng));
            let Some((done, next)) = followed.or_else(|| self.have_ideas(turn, &mut rng)) else {
                continue;
            };
            played.push(done);
            errand = next;
        }
        played
    }

    /// Does the first of some random ideas that the account allows.
    fn have_ideas(&mut self, turn: Turn, rng: &mut Rng) -> Option<(Played, Option<Errand>)> {
        (0..IDEAS).find_map(|_| {
            let deed = Deed::draw(rng).filter(|deed| turn.may_backdate || deed.is_timely())?;
            let action = deed.choose(&mut Chooser { store: &self.store, rng, at: turn.at })?;
            let created_at = deed.dating.draw(rng, turn.at);
            let (position, played) = self.report(action, &deed.kind, turn, created_at)?;
            let is_order = played.kind == deeds::ORDER.name;
            Some((played, is_order.then_some(Errand::Charge { order: position })))
        })
    }

    /// Does what follows an order.
    fn run(
        &mut self,
        errand: Errand,
        turn: Turn,
        rng: &mut Rng,
    ) -> Option<(Played, Option<Errand>)> {
        match errand {
            Errand::Charge { order } => {
                let parent = self.store.orders.get(order).ok()?;
                let customer = self.store.customers.position(&parent.customer).ok()?;
                let id = parent.id.clone();
                let purchase = Purchase::draw(rng, &self.store, customer, Day::of(turn.at))?;
                let Purchase { charge, mut item, .. } = purchase;
                let action = Action::CreateTransaction(Box::new(charge));
                let (_, played) = self.report(action, &deeds::CHARGE, turn, None)?;
                item.order = id;
                item.transaction = Some(Text::from(played.id.as_str()));
                Some((played, Some(Errand::Itemize(Box::new(item)))))
            }
            Errand::Itemize(item) => {
                let action = Action::CreateOrderItem(item);
                let (_, played) = self.report(action, &deeds::ITEM, turn, None)?;
                Some((played, None))
            }
        }
    }

    /// Does an action and tells of it, unless it is refused.
    fn report(
        &mut self,
        action: Action,
        kind: &Kind,
        turn: Turn,
        created_at: Option<i64>,
    ) -> Option<(Position, Played)> {
        let Turn { at, is_silent, .. } = turn;
        let positions = self.act(Act { action, is_silent, created_at }, at).ok()?;
        let position = *positions.first()?;
        let id = kind.id(&self.store, position)?.to_string();
        let played = Played { at, kind: kind.name, stream: kind.stream, id, is_silent, created_at };
        Some((position, played))
    }
}
