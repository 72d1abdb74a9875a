//! Many requests, from one seed on, and what they met.

use std::panic::{self, AssertUnwindSafe};

use crate::choices::Choices;
use crate::environment::variable;
use crate::machine::{Tally, panic_text};
use crate::requests::proof::{Proof, Question, Seen};
use crate::requests::request::{Body, Include, Request, ScopeChoice};
use crate::requests::world::World;
use crate::requests::{draw_world, shrink};

/// How much is done, from where.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// Requests in all.
    pub requests: u64,
    /// The seed of the first world; the next one has the next.
    pub seed: u64,
}

/// A question on a world, which can be put again.
#[derive(Clone, Debug)]
pub struct Case {
    /// The world.
    pub world: World,
    /// The question.
    pub question: Question,
}

/// How many questions are put to one world.
const PER_WORLD: usize = 40;

impl Campaign {
    /// With `RELATA_REQUESTS` and `RELATA_SEED` instead of the defaults.
    ///
    /// # Errors
    /// If one of them is no number.
    pub fn from_environment(self) -> Result<Self, String> {
        Ok(Campaign {
            requests: variable("RELATA_REQUESTS", self.requests)?,
            seed: variable("RELATA_SEED", self.seed)?,
        })
    }

    /// Runs until there are enough requests.
    ///
    /// # Errors
    /// The first that does not hold, made small, and the seed of its world.
    pub fn run(&self, proof: &mut dyn Proof) -> Result<Tally, String> {
        self.first_failure(proof).map_err(|failure| {
            let Failure {
                seed,
                message,
                case,
            } = *failure;
            let (message, case) = shrink::shrink(proof, message, case);
            let case = shrink::show(&case);
            format!("RELATA_SEED={seed} RELATA_REQUESTS=1\n{message}\n{case}")
        })
    }

    /// The same, with the failure as it was met.
    ///
    /// # Errors
    /// The first request that does not hold.
    pub fn first_failure(&self, proof: &mut dyn Proof) -> Result<Tally, Box<Failure>> {
        let mut tally = Tally::new();
        let mut seed = self.seed;
        while tally.get(REQUESTS).copied().unwrap_or(0) < self.requests {
            world(proof, seed, &mut tally)?;
            seed = seed.wrapping_add(1);
        }
        tally.insert("worlds".to_owned(), seed.wrapping_sub(self.seed));
        Ok(tally)
    }
}

/// What does not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed of the world.
    pub seed: u64,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub case: Case,
}

/// How many requests were made.
pub const REQUESTS: &str = "requests";

fn world(proof: &mut dyn Proof, seed: u64, tally: &mut Tally) -> Result<(), Box<Failure>> {
    let mut choices = Choices::from_seed(seed);
    let world = draw_world::draw(&mut choices);
    let begun = guarded(|| proof.begin(&world));
    let failed = |message, question| {
        let world = world.clone();
        Box::new(Failure {
            seed,
            message,
            case: Case { world, question },
        })
    };
    let mut question = proof.draw(&mut choices, &world);
    begun.map_err(|message| failed(message, question.clone()))?;
    for _ in 0..PER_WORLD {
        let seen = guarded(|| proof.check(&world, &question));
        let seen = seen.map_err(|message| failed(message, question.clone()))?;
        count(&world, &question, &seen, tally);
        question = proof.draw(&mut choices, &world);
    }
    Ok(())
}

/// Puts a question again.
///
/// # Errors
/// What does not hold.
pub fn replay(proof: &mut dyn Proof, case: &Case) -> Result<Seen, String> {
    guarded(|| {
        proof.begin(&case.world)?;
        proof.check(&case.world, &case.question)
    })
}

/// A panic of relata or of the reference is a difference like any other.
fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| Err(panic_text(&*payload)))
}

fn count(world: &World, question: &Question, seen: &Seen, tally: &mut Tally) {
    let mut add = |what: &str| *tally.entry(what.to_owned()).or_default() += 1;
    add(REQUESTS);
    match seen {
        Seen::Held(0) => add("answers without rows"),
        Seen::Held(_) => add("answers with rows"),
        Seen::TooLarge => return add("answers too large to look at"),
        Seen::Departed(why) => return add(why),
    }
    if let Some(cut) = &question.cut {
        add(if cut.include.is_some() {
            "cut: below"
        } else {
            "cut: root"
        });
    }
    let Request { model, body } = &question.request;
    for step in body.filters.iter().filter_map(|it| world.to_many(it)) {
        add("filter: path to many");
        if body.includes.iter().any(|it| it.association == step) {
            add("filter: path to many, included");
        }
    }
    add(&format!("depth {}", body.depth()));
    match body.scope {
        ScopeChoice::Default if world.models[*model].default_scope.is_none() => {}
        ScopeChoice::Default => add("scope: default"),
        ScopeChoice::None => add("scope: none"),
        ScopeChoice::Named(_) => add("scope: named"),
    }
    count_body(body, &mut add);
    for include in body.below() {
        count_include(world, include, &mut add);
    }
}

fn count_body(body: &Body, add: &mut impl FnMut(&str)) {
    let said = [
        (!body.filters.is_empty(), "filters"),
        (!body.order.is_empty(), "order"),
        (
            body.order.iter().any(|it| !it.path.is_empty()),
            "order: path",
        ),
        (body.limit.is_some(), "limit"),
        (body.offset.is_some(), "offset"),
        (body.attributes.is_some(), "attributes"),
        (!body.counts.is_empty(), "counts"),
        (body.with_deleted, "with deleted"),
        (body.includes.len() > 1, "several includes"),
        (!body.owners.is_empty(), "include: owner"),
    ];
    said.iter()
        .filter(|(is, _)| *is)
        .for_each(|(_, what)| add(what));
    for filter in &body.filters {
        for name in filter.names() {
            add(&format!("filter: {name}"));
        }
        for function in filter.functions() {
            add(&format!("function: {}", function.name()));
        }
    }
}

fn count_include(world: &World, include: &Include, add: &mut impl FnMut(&str)) {
    let association = &world.associations[include.association];
    add(&format!("include: {}", association.sort_name()));
    add(match include.required {
        None => "required: unsaid",
        Some(true) => "required: yes",
        Some(false) => "required: no",
    });
    let said = [
        (association.is_self(), "include: self"),
        (include.recursion.is_some(), "include: recursive"),
        (association.owner.is_some(), "include: side of an owner"),
        (!association.constraints, "include: not enforced"),
        (
            !association.scope.is_empty() || association.condition.is_some(),
            "include: scoped",
        ),
        (association.key.columns.len() > 1, "include: two columns"),
        (!include.body.is_shown(), "include: not shown"),
        (!include.body.filters.is_empty(), "include: filter"),
        (include.body.attributes.is_some(), "include: attributes"),
        (!include.body.counts.is_empty(), "include: counts"),
        (include.body.with_deleted, "include: with deleted"),
        (include.body.scope != ScopeChoice::Default, "include: scope"),
        (include.body.limit.is_some(), "include: limit"),
        (include.body.offset.is_some(), "include: offset"),
        (!include.body.order.is_empty(), "include: order"),
        (!include.through_filters.is_empty(), "through: filter"),
        (include.through_attributes.is_some(), "through: attributes"),
        (include.through_with_deleted, "through: with deleted"),
    ];
    said.iter()
        .filter(|(is, _)| *is)
        .for_each(|(_, what)| add(what));
}
