//! The plans of a prepared request: the one that it was prepared with, and one for each time that the numbers of rows had
//! moved far from those of every plan before.
//!
//! A list that only grows, so that reading it changes nothing that threads share. It does not grow long: a plan is for all
//! versions within a few doublings.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::engine::Snapshot;
use crate::query::plan::Plan;

/// How many plans are kept; whoever needs yet another one plans each time.
const PLANS_MAX: usize = 8;

/// A plan, and those after it.
#[derive(Clone, Debug)]
pub(crate) struct Plans {
    first: Plan,
    rest: OnceLock<Box<Plans>>,
}

impl Plans {
    pub(crate) fn new(first: Plan) -> Self {
        Plans {
            first,
            rest: OnceLock::new(),
        }
    }

    /// The plan that the request was prepared with. What it asks for and what its results consist of is the same in all.
    #[inline]
    pub(crate) fn first(&self) -> &Plan {
        &self.first
    }

    /// A plan that was made for about as many rows as a version has; if there is none, one that is made now.
    #[inline]
    pub(crate) fn fitting(&self, snapshot: &Snapshot, make: impl Fn() -> Plan) -> Cow<'_, Plan> {
        match self.first.fits(snapshot) {
            true => Cow::Borrowed(&self.first),
            false => self.later(snapshot, make),
        }
    }

    #[inline(never)]
    fn later(&self, snapshot: &Snapshot, make: impl Fn() -> Plan) -> Cow<'_, Plan> {
        let mut plans = self;
        for _ in 1..PLANS_MAX {
            // Another thread may be quicker, with a plan for another version.
            let next = plans.rest.get_or_init(|| Box::new(Plans::new(make())));
            if next.first.fits(snapshot) {
                return Cow::Borrowed(&next.first);
            }
            plans = next;
        }
        Cow::Owned(make())
    }
}
