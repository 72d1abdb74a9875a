//! A request that is resolved, and the plans that were made for it: the one that it was prepared with, and one for each time
//! that the numbers of rows had moved far from those of every plan before.
//!
//! A list that only grows, so that reading it changes nothing that threads share. It does not grow long: a plan is for all
//! versions within a few doublings.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::error::Result;
use crate::query::plan::Plan;
use crate::query::resolve::Resolved;
use crate::query::{Queryable, Version};

/// How many plans are kept; whoever needs yet another one plans each time.
const PLANS_MAX: usize = 8;

/// What makes a plan.
type Planner = fn(Resolved, Version<'_>) -> Plan;

/// What is asked for, and the plans for it.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    resolved: Resolved,
    planner: Planner,
    plans: Plans,
}

/// A plan, and those after it.
#[derive(Clone, Debug)]
struct Plans {
    first: Plan,
    rest: OnceLock<Box<Plans>>,
}

impl Planned {
    pub(crate) fn new(resolved: Resolved, planner: Planner, version: Version<'_>) -> Self {
        let plans = Plans::new(planner(resolved.clone(), version));
        Planned {
            resolved,
            planner,
            plans,
        }
    }

    /// The plan that the request was prepared with. What it asks for and what its results consist of is the same in all.
    #[inline]
    pub(crate) fn first(&self) -> &Plan {
        &self.plans.first
    }

    /// A plan that was made for about as many rows as a version has; if there is none, one that is made now.
    #[inline]
    pub(crate) fn plan(&self, version: Version<'_>) -> Cow<'_, Plan> {
        match self.first().fits(version.snapshot) {
            true => Cow::Borrowed(self.first()),
            false => self.later(version),
        }
    }

    #[inline(never)]
    fn later(&self, version: Version<'_>) -> Cow<'_, Plan> {
        let make = || (self.planner)(self.resolved.clone(), version);
        let mut plans = &self.plans;
        for _ in 1..PLANS_MAX {
            // Another thread may be quicker, with a plan for another version.
            let next = plans.rest.get_or_init(|| Box::new(Plans::new(make())));
            if next.first.fits(version.snapshot) {
                return Cow::Borrowed(&next.first);
            }
            plans = next;
        }
        Cow::Owned(make())
    }

    /// What is to be read.
    ///
    /// # Errors
    /// `SchemaChanged` if it has another schema than the one prepared for.
    pub(crate) fn checked<'s>(&self, on: &'s impl Queryable) -> Result<Version<'s>> {
        let version = on.version();
        self.first().check_schema(version)?;
        Ok(version)
    }
}

impl Plans {
    fn new(first: Plan) -> Self {
        Plans {
            first,
            rest: OnceLock::new(),
        }
    }
}
