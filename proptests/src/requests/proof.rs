//! What is proved of a request, and what a proof starts from.

use relata::{Database, Select};

use crate::choices::Choices;
use crate::requests::declare::{self, Dress};
use crate::requests::draw_request;
use crate::requests::request::{Filter, Request};
use crate::requests::world::World;

/// Something that has to hold for every request on every world.
pub trait Proof {
    /// Takes a world up.
    ///
    /// # Errors
    /// If it cannot be declared or filled.
    fn begin(&mut self, world: &World) -> Result<(), String>;

    /// A question to be put to a world.
    fn draw(&self, choices: &mut Choices, world: &World) -> Question {
        Question {
            request: draw_request::draw(choices, world),
            cut: None,
        }
    }

    /// Whether it holds for a question on the world that was taken up.
    ///
    /// # Errors
    /// What does not hold.
    fn check(&mut self, world: &World, question: &Question) -> Result<Seen, String>;
}

/// A request, and by what it is taken apart, if it is.
#[derive(Clone, Debug)]
pub struct Question {
    /// The request.
    pub request: Request,
    /// What cuts it.
    pub cut: Option<Cut>,
}

/// A predicate on the rows of a request.
#[derive(Clone, Debug)]
pub struct Cut {
    /// On those of which include of the root; of the root itself if none is said.
    pub include: Option<usize>,
    /// The predicate.
    pub filter: Filter,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It holds; so many roots were given.
    Held(usize),
    /// The answer would be too large to look at.
    TooLarge,
    /// The other side answers otherwise, for this reason.
    Departed(&'static str),
}

/// The database of a world.
pub(super) fn database(world: &World, dress: Dress) -> Result<Database, String> {
    declare::database(world, dress).map_err(|error| format!("declaration: {error}"))
}

/// A database that was taken up.
pub(super) const TAKEN_UP: &str = "a world is taken up before it is asked";

/// The JSON of an answer, and how many roots there are without limit and offset.
pub(super) fn answer(database: &Database, request: &Select) -> Result<(String, usize), String> {
    let rows = request.run(database).map_err(|error| error.to_string())?;
    let count = request.count(database).map_err(|error| error.to_string())?;
    Ok((rows.to_json(), count))
}

/// Whether two sides give the same.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!(
            "{what}:\n  found    {found:?}\n  expected {expected:?}"
        )),
    }
}
