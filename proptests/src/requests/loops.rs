//! Requests find what loops over vectors find: the same rows, in the same order, in the same JSON, depth first and joined;
//! as they are and prepared, with their constants as parameters.

use relata::Database;

use crate::requests::declare::Dress;
use crate::requests::proof::{Proof, Question, Seen, TAKEN_UP, database, same};
use crate::requests::world::World;
use crate::requests::{build, forms, found, naive, settle, tree};

/// relata against the naive reading of the rules.
#[derive(Debug, Default)]
pub struct Loops {
    database: Option<Database>,
}

impl Proof for Loops {
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
        let said = |error: relata::Error| error.to_string();
        let asked = build::request(world, request, &mut None);
        let rows = asked.run(database).map_err(said)?;
        same(
            "rows",
            &found::trees(world, request, &rows)?,
            &expected.trees,
        )?;
        forms::check(world, request, &rows, &expected.trees)?;
        let json = tree::json(&expected.trees);
        same("JSON", &rows.to_json(), &json)?;
        same(
            "count",
            &asked.count(database).map_err(said)?,
            &expected.count,
        )?;
        let exists = asked.exists(database).map_err(said)?;
        same("exists", &exists, &(expected.count > 0))?;

        let mut given = Some(Vec::new());
        let asked = build::request(world, request, &mut given);
        let given = given.unwrap_or_default();
        let given = || given.iter().map(|(name, value)| (&**name, value.clone()));
        let prepared = asked.prepare(database).map_err(said)?;
        let rows = prepared.run_with(database, given()).map_err(said)?;
        same("prepared, JSON", &rows.to_json(), &json)?;
        let count = prepared.count_with(database, given()).map_err(said)?;
        same("prepared, count", &count, &expected.count)?;
        Ok(Seen::Held(expected.trees.len()))
    }
}
