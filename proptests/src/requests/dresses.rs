//! Requests find the same whatever a world is declared with besides its rows: with indexes and without any, with enforced
//! keys, whose rows are linked, and without, where targets are looked up by their values.

use relata::Database;

use crate::requests::declare::Dress;
use crate::requests::proof::{Proof, Question, Seen, TAKEN_UP, answer, database, same};
use crate::requests::world::World;
use crate::requests::{build, naive, settle};

/// relata against itself in other dresses.
#[derive(Debug, Default)]
pub struct Dresses {
    full: Option<Database>,
    others: Vec<(&'static str, Database)>,
}

/// What may be left out.
const OTHERS: [(&str, Dress); 2] = [
    (
        "without indexes",
        Dress {
            indexes: false,
            constraints: true,
        },
    ),
    (
        "without indexes and enforced keys",
        Dress {
            indexes: false,
            constraints: false,
        },
    ),
];

impl Proof for Dresses {
    fn begin(&mut self, world: &World) -> Result<(), String> {
        self.full = Some(database(world, Dress::FULL)?);
        self.others.clear();
        for (what, dress) in OTHERS {
            self.others.push((what, database(world, dress)?));
        }
        Ok(())
    }

    fn check(&mut self, world: &World, question: &Question) -> Result<Seen, String> {
        let full = self.full.as_ref().expect(TAKEN_UP);
        let request = &question.request;
        let Some(expected) = naive::answer(world, &settle::settle(world, request)) else {
            return Ok(Seen::TooLarge);
        };
        let asked = build::request(world, request, &mut None);
        let given = answer(full, &asked)?;
        for (what, other) in &self.others {
            same(what, &answer(other, &asked)?, &given)?;
        }
        Ok(Seen::Held(expected.trees.len()))
    }
}
