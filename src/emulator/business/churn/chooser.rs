//! How objects are picked: by drawing places in a list, never by looking through it.

use fastrand::Rng;

use crate::emulator::account::calendar::Day;
use crate::emulator::account::list::{Position, Resource};
use crate::emulator::account::store::Store;

/// Bounds how many places are drawn until an object fits.
const DRAWS: usize = 40;
/// Counts the objects that are news.
const NEWS: usize = 50;

/// Picks the objects that something happens to.
pub(super) struct Chooser<'a> {
    pub(super) store: &'a Store,
    pub(super) rng: &'a mut Rng,
    pub(super) at: i64,
}

impl<'a> Chooser<'a> {
    /// Picks any object of a kind.
    pub(super) fn any<T: Resource + 'a>(&mut self) -> Option<(Position, &'a T)> {
        self.one(|_| true)
    }

    /// Picks an object that fits; nothing if chance brings none.
    pub(super) fn one<T: Resource + 'a>(
        &mut self,
        fits: impl Fn(&T) -> bool,
    ) -> Option<(Position, &'a T)> {
        let list = T::list(self.store);
        (0..DRAWS).find_map(|_| {
            let position = self.place(list.order())?;
            let object = list.get(position).ok().filter(|object| fits(object))?;
            Some((position, object))
        })
    }

    /// Draws a place: most of what happens concerns news and the last months, some old times.
    fn place(&mut self, order: &[Position]) -> Option<Position> {
        let reach = match self.rng.u32(0..10) {
            0..4 => NEWS.min(order.len()),
            4..8 => order.len().div_ceil(10),
            _ => order.len(),
        };
        let age = self.rng.usize(0..reach.max(1));
        order.iter().rev().nth(age).copied()
    }

    /// Decides with a chance in per cent.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    /// Draws a value.
    pub(super) fn pick<V: Copy>(&mut self, values: &[V]) -> Option<V> {
        values.get(self.rng.usize(0..values.len().max(1))).copied()
    }

    /// Gives the present day.
    pub(super) fn today(&self) -> Day {
        Day::of(self.at)
    }
}
