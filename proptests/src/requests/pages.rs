//! Pages that go on behind the last row of the one before are the whole, however small they are (BY-5).

use relata::Database;

use crate::choices::Choices;
use crate::requests::declare::Dress;
use crate::requests::proof::{Proof, Question, Seen, TAKEN_UP, database, same};
use crate::requests::world::World;
use crate::requests::{build, draw_request, naive, settle};

/// relata's pages against the whole.
#[derive(Debug, Default)]
pub struct Pages {
    database: Option<Database>,
}

impl Proof for Pages {
    fn begin(&mut self, world: &World) -> Result<(), String> {
        self.database = Some(database(world, Dress::FULL)?);
        Ok(())
    }

    /// The limit is the size of a page.
    fn draw(&self, choices: &mut Choices, world: &World) -> Question {
        let mut request = draw_request::draw(choices, world);
        request.body.limit = Some(1 + choices.below(4));
        request.body.offset = None;
        Question { request, cut: None }
    }

    fn check(&mut self, world: &World, question: &Question) -> Result<Seen, String> {
        let database = self.database.as_ref().expect(TAKEN_UP);
        let mut whole = question.request.clone();
        whole.body.limit = None;
        let size = question.request.body.limit.unwrap_or(1);
        if world.models[whole.model].key.is_empty() {
            return Ok(Seen::Departed("a row without a key has no place"));
        }
        if whole.body.order.iter().any(|order| !order.path.is_empty()) {
            return Ok(Seen::Departed("an order over associations has no place"));
        }
        let Some(expected) = naive::answer(world, &settle::settle(world, &whole)) else {
            return Ok(Seen::TooLarge);
        };
        let said = |error: relata::Error| error.to_string();
        let all = build::request(world, &whole, &mut None);
        let all = all.run(database).map_err(said)?;
        let all: relata::Result<Vec<String>> = all.iter().map(|record| record.to_json()).collect();
        let all = all.map_err(said)?;

        let page = build::request(world, &question.request, &mut None);
        let mut next = page.clone();
        let mut found = Vec::new();
        loop {
            let rows = next.run(database).map_err(said)?;
            for record in &rows {
                found.push(record.to_json().map_err(said)?);
            }
            let count = next.count(database).map_err(said)?;
            same("the count of a page", &count, &expected.count)?;
            match rows.last() {
                Some(last) if rows.len() == size && found.len() <= all.len() => {
                    next = page.clone().after(last.cursor().map_err(said)?);
                }
                _ => break,
            }
        }
        same("the pages", &found, &all)?;
        Ok(Seen::Held(all.len()))
    }
}
