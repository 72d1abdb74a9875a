//! One run: a graph, and steps on relata and on the reference, compared after each of them.
//!
//! After every step: the answer or the sort of refusal, the rows of every table in order, integrity by brute force; for
//! each association the getter and the count of one source, for one model the whole tree of its associations two levels
//! deep, at every second step. A refusal leaves the fingerprint as it was, and so does a rollback.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use relata::{Database, Transaction, Value};

use crate::associations::graph::{Association, Graph, Sort};
use crate::associations::layout::{Link, Way};
use crate::associations::perform::{self, Place, Seen};
use crate::associations::rules::{Answer, Verdict, World};
use crate::associations::steps::{Call, Name, Source, Step};
use crate::associations::{declare, draw_graph, draw_steps};
use crate::choices::Choices;
use crate::machine::{Tally, panic_text};
use crate::reference::key_of;

/// A run that can be done again.
#[derive(Clone, Debug)]
pub struct Program {
    /// The graph.
    pub graph: Graph,
    /// What is done.
    pub steps: Vec<Step>,
}

/// A run that showed a difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What differs.
    pub message: String,
    /// What was done until then.
    pub program: Program,
}

/// Gives the next step, if there is one.
type Next<'n> = dyn FnMut(&World, bool) -> Option<Step> + 'n;

struct Machine {
    world: World,
    seen: Seen,
    tally: Tally,
    /// Counts steps, so that sources and models are looked at in turn.
    turn: usize,
}

/// Draws a graph and steps, and does them.
///
/// # Errors
/// The first difference, with everything done until then.
pub fn explore(choices: &mut Choices, steps_max: usize) -> Result<Tally, Box<Difference>> {
    let graph = draw_graph::draw(choices);
    let mut steps = Vec::new();
    let result = guarded(|| {
        run(&graph, &mut |world, in_transaction| {
            if steps.len() >= steps_max || choices.is_exhausted() {
                return None;
            }
            steps.push(draw_steps::draw(world, in_transaction, choices));
            steps.last().cloned()
        })
    });
    result.map_err(|message| {
        Box::new(Difference {
            message,
            program: Program { graph, steps },
        })
    })
}

/// Does the steps of a program.
///
/// # Errors
/// The first difference.
pub fn replay(program: &Program) -> Result<Tally, String> {
    let mut steps = program.steps.iter();
    guarded(|| run(&program.graph, &mut |_, _| steps.next().cloned()))
}

/// A panic of relata or of the reference is a difference like any other.
fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|payload: Box<dyn Any + Send>| Err(panic_text(&*payload)))
}

fn run(graph: &Graph, next: &mut Next<'_>) -> Result<Tally, String> {
    let mut database = declare::models(graph)
        .sync()
        .map_err(|error| format!("declaration: {error}"))?;
    let mut machine = Machine {
        world: World::new(graph),
        seen: Seen::new(),
        tally: Tally::new(),
        turn: 0,
    };
    machine.compare_declaration(&database)?;
    if graph.watched {
        machine.count("watched by hooks".to_owned());
    }
    for association in &graph.associations {
        machine.count(format!("declared {}", association.sort.name()));
    }
    while let Some(step) = next(&machine.world, false) {
        match step {
            Step::Begin => machine.transaction(&mut database, next)?,
            Step::Commit | Step::Rollback => {}
            step => machine.step(&mut database, &step)?,
        }
    }
    Ok(machine.tally)
}

impl Machine {
    /// The attributes of all models, in order: what injects which is FK-1 and SY-9.
    fn compare_declaration(&mut self, database: &Database) -> Result<(), String> {
        for table in &self.world.layout.shape.tables {
            let model = database
                .describe(&table.name)
                .map_err(|error| error.to_string())?;
            let attributes: Vec<&str> = model.attributes().collect();
            let expected = table.columns[..table.visible()].iter();
            let expected: Vec<&str> = expected.map(|column| column.name.as_str()).collect();
            expect(
                &format!("attributes of {}", table.name),
                &attributes,
                &expected,
            )?;
        }
        Ok(())
    }

    /// A transaction, up to its end.
    fn transaction(&mut self, database: &mut Database, next: &mut Next<'_>) -> Result<(), String> {
        let before = database.fingerprint();
        self.world.perform(&Step::Begin).expect("it begins");
        let mut transaction = database.begin();
        let end = loop {
            match next(&self.world, true) {
                Some(Step::Begin) => {}
                Some(Step::Commit) => break Step::Commit,
                Some(Step::Rollback) | None => break Step::Rollback,
                Some(step) => self.step(&mut transaction, &step)?,
            }
        };
        self.count(format!("{end:?}"));
        let expected = self.world.perform(&end);
        let ended = self.end(transaction, &end);
        if let Step::Rollback = end {
            expect(
                "fingerprint after a rollback",
                &database.fingerprint(),
                &before,
            )?;
        }
        let answer = ended.map(|()| Answer::Done);
        self.judge(&end, answer, expected, (database.fingerprint(), before))?;
        self.look(database)
    }

    fn end(&mut self, transaction: Transaction<'_>, end: &Step) -> relata::Result<()> {
        match end {
            Step::Commit => transaction.commit().map(drop),
            _ => {
                transaction.rollback();
                Ok(())
            }
        }
    }

    fn step(&mut self, place: &mut impl Place, step: &Step) -> Result<(), String> {
        let before = place.fingerprint();
        let expected = self.world.perform(step);
        if expected == Ok(Answer::Meaningless) {
            return Ok(());
        }
        self.tell(step, &expected);
        let answer = perform::perform(place, &self.world.graph, &self.seen, step);
        self.judge(step, answer, expected, (place.fingerprint(), before))?;
        self.look(place)
    }

    fn judge(
        &mut self,
        step: &Step,
        answer: relata::Result<Answer>,
        expected: Verdict,
        (after, before): (u64, u64),
    ) -> Result<(), String> {
        match (answer, expected) {
            (Ok(_), Ok(Answer::Open)) => Ok(()),
            (Ok(answer), Ok(expected)) => expect(&format!("{step:?}"), &answer, &expected),
            (Err(error), Err(told)) => {
                let complaint = perform::complaint(&error);
                if !told.contains(&complaint) {
                    return Err(format!(
                        "{step:?}: {complaint} ({error}), not one of {told:?}"
                    ));
                }
                let sort = complaint.split(' ').next().unwrap_or_default();
                self.count(format!("refused: {sort}"));
                expect("fingerprint after a refusal", &after, &before)
            }
            (Ok(answer), Err(told)) => Err(format!(
                "{step:?}: {answer:?} where one of {told:?} is expected"
            )),
            (Err(error), Ok(answer)) => {
                let complaint = perform::complaint(&error);
                Err(format!(
                    "{step:?}: {complaint} ({error}) where {answer:?} is expected"
                ))
            }
        }
    }

    /// Compares everything that can be read.
    fn look(&mut self, place: &mut impl Place) -> Result<(), String> {
        self.turn += 1;
        self.world.look();
        let shape = self.world.layout.shape.clone();
        let mut instances = Vec::new();
        for (table, shaped) in shape.tables.iter().enumerate() {
            let found = told(perform::find_all(place, &shaped.name))?;
            let rows = self.world.reference.state().in_key_order(&shape, table);
            let visible = shaped.visible();
            let expected = rows.iter().map(|row| &row.values[..visible]);
            let values = found.iter().map(|instance| perform::found(instance).values);
            expect(
                &format!("rows of {}", shaped.name),
                &values.collect::<Vec<_>>(),
                &expected.map(<[Value]>::to_vec).collect::<Vec<_>>(),
            )?;
            for (instance, row) in found.iter().zip(rows) {
                let key = (shaped.name.clone(), key_of(&shape, table, row));
                self.seen.entry(key).or_insert_with(|| instance.clone());
            }
            instances.push(found);
        }
        // What waits for commit is a difference until then.
        if self.world.reference.unmet().is_empty() {
            place
                .check_integrity()
                .map_err(|differences| format!("integrity: {differences:?}"))?;
        }
        self.look_at_associations(place, &mut instances)?;
        self.look_at_trees(place)
    }

    /// Each association of one source.
    fn look_at_associations(
        &self,
        place: &mut impl Place,
        instances: &mut [Vec<relata::Instance>],
    ) -> Result<(), String> {
        let graph = &self.world.graph;
        for (association, link) in graph.associations.iter().zip(&self.world.layout.links) {
            let sources = &mut instances[link.source];
            if sources.is_empty() {
                continue;
            }
            let position = self.turn % sources.len();
            let source = &mut sources[position];
            let row = self.world.reference.state();
            let row = row.in_key_order(&self.world.layout.shape, link.source)[position];
            let expected = self.world.got(link, &row.values);
            let mut related = told(place.related(source, &association.alias))?;
            let got: Vec<_> = told(related.get())?.iter().map(perform::found).collect();
            expect(
                &format!("{} of {source:?}", association.alias),
                &got,
                &expected,
            )?;
            if !association.sort.is_single() {
                related = told(place.related(source, &association.alias))?;
                let count = told(related.count())?;
                expect(
                    &format!("count of {}", association.alias),
                    &count,
                    &expected.len(),
                )?;
            }
        }
        Ok(())
    }

    /// The tree below all rows of one model.
    fn look_at_trees(&self, place: &impl Place) -> Result<(), String> {
        let tables = self.world.layout.shape.tables.len();
        if tables == 0 {
            return Ok(());
        }
        // Trees cost the most: one model at every second turn.
        if self.turn % 2 == 1 {
            return Ok(());
        }
        let turn = self.turn / 2;
        let (table, depth) = (turn % tables, 1 + turn / tables % 2);
        let name = &self.world.layout.shape.tables[table].name;
        let trees = told(perform::trees(place, &self.world.graph, name, depth))?;
        expect(
            &format!("tree below {name}"),
            &trees,
            &self.world.trees(table, depth),
        )
    }

    // ---- What was met ----

    fn tell(&mut self, step: &Step, expected: &Verdict) {
        let end = match expected {
            Ok(_) => "succeeded",
            Err(_) => "refused",
        };
        let Step::Call(call) = step else {
            let word = format!("{step:?}");
            let word = word.split(' ').next().unwrap_or_default();
            self.count(format!("{word}, {end}"));
            return;
        };
        let association = self.world.graph.association(&call.association);
        let sort = association.map_or("", |association| association.sort.name());
        self.count("verbs".to_owned());
        self.count(format!("verbs that {end}"));
        self.count(format!("{sort} {:?}", call.verb));
        self.count(format!("verb {:?}, {end}", call.verb));
        self.count(format!("verb {:?}", call.verb));
        for kind in self.kinds(call) {
            self.count(kind);
        }
    }

    /// What kinds of sources, targets and associations a call has.
    fn kinds(&self, call: &Call) -> Vec<String> {
        let mut kinds = Vec::new();
        kinds.push(match &call.source {
            Source::Unsaved { .. } => "source: unsaved".to_owned(),
            Source::Row(row) if row.stale => "source: stale".to_owned(),
            Source::Row(_) => "source: row".to_owned(),
        });
        let has_key = |it: &crate::associations::steps::Target| matches!(it.name, Name::Key(_));
        let (keys, all) = (
            call.targets.iter().filter(|it| has_key(it)).count(),
            call.targets.len(),
        );
        if keys > 0 && keys < all {
            kinds.push("targets: mixture".to_owned());
        }
        kinds.push(format!(
            "targets: {}",
            if all == 0 { "none" } else { "some" }
        ));
        for (position, target) in call.targets.iter().enumerate() {
            let kind = match &target.name {
                Name::Row(row) if row.stale => "stale",
                Name::Row(_) => "row",
                Name::Key(key) if self.is_row(call, key) => "key",
                Name::Key(_) => "unknown",
                Name::Unsaved { .. } => "unsaved",
            };
            kinds.push(format!("target: {kind}"));
            if call.targets[..position].contains(target) {
                kinds.push("target: repeated".to_owned());
            }
            if !target.through.is_empty() {
                kinds.push("target: with attributes".to_owned());
            }
        }
        if call.attributes.is_some() {
            kinds.push("attributes for all".to_owned());
        }
        if call.destroy_previous {
            kinds.push("destroying the previous".to_owned());
        }
        kinds.extend(self.association_kinds(call));
        kinds
    }

    fn is_row(&self, call: &Call, key: &[Value]) -> bool {
        let Some(association) = self.world.association(&call.association) else {
            return false;
        };
        let table = self.world.layout.links[association].target;
        let rows = &self.world.reference.state().tables[table];
        let shape = &self.world.layout.shape;
        rows.iter().any(|row| key_of(shape, table, row) == key)
    }

    fn association_kinds(&self, call: &Call) -> Vec<String> {
        let Some(association) = self.world.graph.association(&call.association) else {
            return Vec::new();
        };
        let mut kinds = vec![format!("association: {}", association.sort.name())];
        let target = self.world.graph.model(&association.target);
        for (holds, kind) in [
            (
                target.is_some_and(|it| it.default_scope.is_some()),
                "scoped",
            ),
            (target.is_some_and(|it| it.soft_delete), "softly deleted"),
        ] {
            if holds {
                kinds.push(format!("target: {kind}"));
            }
        }
        if let Way::Pairs(pairs) = &self.link(association).way
            && pairs.deleted_at.is_some()
        {
            kinds.push("junction: softly deleted".to_owned());
        }
        let mut others = self.world.graph.associations.iter();
        let shares =
            others.any(|it| it.alias != association.alias && it.key.names == association.key.names);
        for (holds, kind) in [
            (association.source == association.target, "self"),
            (!association.scope.is_empty(), "scoped"),
            (!association.constraints, "not enforced"),
            (!association.aliased, "without alias"),
            (!association.key.named, "default key"),
            (!association.key.refers.is_empty(), "other key"),
            (association.key.names.len() > 1, "two columns"),
            (shares, "shared key"),
        ] {
            if holds {
                kinds.push(format!("association: {kind}"));
            }
        }
        if let Sort::BelongsToMany(junction) = &association.sort {
            kinds.push(match &junction.unique {
                None => "junction: unique by default".to_owned(),
                Some(unique) => {
                    let word = format!("{unique:?}");
                    let word = word.split('(').next().unwrap_or_default();
                    format!("junction: unique {word}")
                }
            });
            if !junction.other.named {
                kinds.push("junction: other key omitted".to_owned());
            }
            if !junction.scope.is_empty() {
                kinds.push("junction: scoped".to_owned());
            }
        }
        kinds
    }

    fn link(&self, association: &Association) -> &Link {
        let position = self.world.association(&association.alias);
        &self.world.layout.links[position.expect("it is of the graph")]
    }

    fn count(&mut self, what: String) {
        *self.tally.entry(what).or_default() += 1;
    }
}

fn told<T>(result: relata::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("reading: {error}"))
}

fn expect<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}\n   found {found:?}\nexpected {expected:?}")),
    }
}
