//! Requests find what SQLite finds on the same rows.
//!
//! SQLite gives the numbers of rows. So does the naive reading, which gives what they hold as well; that is compared
//! with relata. So neither relata nor the reference can be wrong where SQLite is not.

use relata::Database;

use crate::choices::Choices;
use crate::requests::declare::Dress;
use crate::requests::proof::{Proof, Question, Seen, TAKEN_UP, database, same};
use crate::requests::world::World;
use crate::requests::{build, draw_request, found, naive, settle, sql};

/// Another engine.
pub trait Engine {
    /// Begins anew, with these statements.
    ///
    /// # Errors
    /// What the engine says.
    fn load(&mut self, statements: &[String]) -> Result<(), String>;

    /// The one value of a query, as text.
    ///
    /// # Errors
    /// What the engine says.
    fn text(&mut self, query: &str) -> Result<String, String>;
}

/// relata against another engine.
#[derive(Debug)]
pub struct Rival<E> {
    engine: E,
    database: Option<Database>,
}

impl<E: Engine> Rival<E> {
    /// relata against this one.
    pub fn new(engine: E) -> Self {
        Rival {
            engine,
            database: None,
        }
    }
}

impl<E: Engine> Proof for Rival<E> {
    fn begin(&mut self, world: &World) -> Result<(), String> {
        self.database = Some(database(world, Dress::FULL)?);
        self.engine.load(&sql::world(world))
    }

    /// Without recursive includes, which are not one query.
    fn draw(&self, choices: &mut Choices, world: &World) -> Question {
        let mut request = draw_request::draw(choices, world);
        request.body.end_recursions();
        Question { request, cut: None }
    }

    fn check(&mut self, world: &World, question: &Question) -> Result<Seen, String> {
        let database = self.database.as_ref().expect(TAKEN_UP);
        let request = &question.request;
        let settled = settle::settle(world, request);
        if let Some(departure) = sql::departure(world, &settled) {
            return Ok(Seen::Departed(departure));
        }
        let Some(expected) = naive::answer(world, &settled) else {
            return Ok(Seen::TooLarge);
        };
        let asked = build::request(world, request, &mut None);
        let rows = asked.run(database).map_err(|error| error.to_string())?;
        same(
            "rows",
            &found::trees(world, request, &rows)?,
            &expected.trees,
        )?;
        let query = sql::request(world, &settled);
        let numbers = self.engine.text(&query)?;
        same(&query, &numbers, &expected.numbers)?;
        let query = sql::count(world, &settled);
        let count = self.engine.text(&query)?;
        same(&query, &count, &expected.count.to_string())?;
        Ok(Seen::Held(expected.trees.len()))
    }
}
