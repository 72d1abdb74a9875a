//! However a request is answered, it finds the same rows in the same order: as the planner chooses, and in every way that it
//! can be told to.

use std::collections::BTreeMap;

use relata::Database;
use relata::query::Strategy;
use relata::query::explain::{Explanation, SplitWork, Step};

use crate::requests::declare::Dress;
use crate::requests::proof::{Proof, Question, Seen, TAKEN_UP, answer, database, same};
use crate::requests::world::World;
use crate::requests::{build, naive, settle, tree};

/// relata against itself by other plans, and against the naive reading of the rules.
#[derive(Debug, Default)]
pub struct Plans {
    database: Option<Database>,
    /// By strategy, for how many requests it is a way.
    pub possible: BTreeMap<String, u64>,
    /// In how many requests not all is read below each row.
    pub stopping_below: u64,
}

impl Proof for Plans {
    fn begin(&mut self, world: &World) -> Result<(), String> {
        self.database = Some(database(world, Dress::FULL)?);
        Ok(())
    }

    fn check(&mut self, world: &World, question: &Question) -> Result<Seen, String> {
        let database = self.database.as_ref().expect(TAKEN_UP);
        let request = &question.request;
        let Some(expected) = naive::answer(world, &settle::settle(world, request)) else {
            return Ok(Seen::TooLarge);
        };
        let given = (tree::json(&expected.trees), expected.count);
        let asked = build::request(world, request, &mut None);
        let plan = |asked: &relata::Select| {
            let plan = asked.explain(database);
            plan.map_err(|error| error.to_string())
        };
        let cheapest = plan(&asked)?;
        let mut below = cheapest.nodes().skip(1);
        self.stopping_below += u64::from(below.any(|node| node.stops_after.is_some()));
        let cheapest = ways(&cheapest);
        for strategy in Strategy::ALL {
            let asked = asked.clone().strategy(strategy);
            let plan = plan(&asked)?;
            let what = format!("by {strategy}:\n{plan}");
            same(&what, &answer(database, &asked)?, &given)?;
            let reason = plan.root.reason.as_deref().unwrap_or_default();
            if reason.starts_with("asked for") || ways(&plan) != cheapest {
                *self.possible.entry(strategy.to_string()).or_default() += 1;
            }
        }
        Ok(Seen::Held(expected.trees.len()))
    }
}

/// How the rows of all nodes are found, after how many no more are read, and which work is split.
fn ways(plan: &Explanation) -> Vec<(Vec<Step>, Option<u64>, Option<SplitWork>)> {
    let nodes = plan.nodes();
    let way = nodes.map(|node| (node.steps.clone(), node.stops_after, node.split));
    way.collect()
}
