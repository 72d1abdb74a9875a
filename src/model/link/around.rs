//! The hooks around a verb: what it is going to change is found out before, and told again after.
//!
//! Nothing is found out where no hook asks for it. What a verb is given is looked at as the verb itself does, so that what
//! can be no target is refused alike.

use std::collections::BTreeSet;

use crate::association::link::{Association, Hop, Link};
use crate::association::naming::accessors::Verb;
use crate::engine::RowId;
use crate::error::Result;
use crate::model::Instance;
use crate::model::lifecycle::{Change, HookEvent};
use crate::model::link::belongs_to;
use crate::model::link::targets::{Found, Targets};
use crate::model::link::walk;
use crate::model::link::writing::Writing;

/// What a verb is called with, and where in its answer the targets are that nobody knew before.
pub(super) enum Intent<'i, 't, T> {
    Set(&'i Targets<'t>, fn(&T) -> &[Instance]),
    Add(&'i Targets<'t>),
    Remove(&'i Targets<'t>),
    /// What is to be created, if any hook asks for it.
    Create(Option<Instance>, fn(&T) -> &Instance),
}

/// The targets that join and leave.
#[derive(Debug, Default)]
struct Moves {
    joining: Vec<Instance>,
    leaving: Vec<Instance>,
}

impl<T> Intent<'_, '_, T> {
    fn verb(&self) -> Verb {
        match self {
            Intent::Set(..) => Verb::Set,
            Intent::Add(_) => Verb::Add,
            Intent::Remove(_) => Verb::Remove,
            Intent::Create(..) => Verb::Create,
        }
    }

    /// What the verb is going to change.
    fn moves(&self, writing: &Writing<'_, '_>) -> Result<Moves> {
        let mut current = match writing.source.is_saved() {
            true => writing.view().found()?,
            false => Vec::new(),
        };
        if let Link::ToParent(_) = writing.association.link {
            // Of several rows that a source may belong to, the first is the one (associations D23).
            current.truncate(1);
        }
        let current: BTreeSet<RowId> = current.iter().map(|it| it.target).collect();
        let instances = |rows: Vec<RowId>| writing.reader().instances(writing.target(), &rows);
        let mut moves = Moves::default();
        match self {
            Intent::Set(targets, _) => {
                let given = given(writing, targets)?;
                let stay: BTreeSet<RowId> = given.rows.iter().copied().collect();
                moves.joining = instances(without(given.rows, &current));
                moves.joining.extend(given.unsaved);
                moves.leaving = instances(without(sorted(writing, &current), &stay));
            }
            Intent::Add(targets) => {
                let given = given(writing, targets)?;
                // Where pairs may repeat, adding always links.
                let again = writing.association.junction().is_some_and(|it| !it.unique);
                moves.joining = instances(match again {
                    true => given.rows,
                    false => without(given.rows, &current),
                });
            }
            Intent::Remove(targets) => {
                let mut rows = given(writing, targets)?.rows;
                rows.retain(|row| current.contains(row));
                moves.leaving = instances(rows);
            }
            Intent::Create(built, _) => {
                moves.joining.extend(built.clone());
                // The one target of a `belongs_to` gives way. That of a `has_one` does not (associations HO-12).
                if let Link::ToParent(_) = writing.association.link {
                    moves.leaving = instances(sorted(writing, &current));
                }
            }
        }
        Ok(moves)
    }

    /// The same once the verb has answered: nothing that joins is unsaved any more.
    fn moved(&self, writing: &Writing<'_, '_>, moves: Moves, answer: &T) -> Result<Moves> {
        let joining = match self {
            Intent::Create(_, created) => vec![created(answer).clone()],
            Intent::Set(_, now) if !moves.joining.iter().all(Instance::is_saved) => {
                now(answer).to_vec()
            }
            Intent::Set(..) | Intent::Add(_) | Intent::Remove(_) => {
                writing.transaction.refreshed(moves.joining)?
            }
        };
        Ok(Moves {
            joining,
            leaving: writing.transaction.refreshed(moves.leaving)?,
        })
    }
}

/// Runs a verb with the hooks before and after it, if what it is about has any and anything changes.
pub(super) fn run<'w, 'db, T>(
    writing: &mut Writing<'w, 'db>,
    intent: Intent<'_, '_, T>,
    body: impl FnOnce(&mut Writing<'w, 'db>) -> Result<T>,
) -> Result<T> {
    let (source, association) = (writing.source, writing.association);
    let Some(model) = writing.transaction.with_change_hooks(association) else {
        return body(writing);
    };
    let moves = intent.moves(writing)?;
    if moves.joining.is_empty() && moves.leaving.is_empty() {
        return body(writing);
    }
    let verb = intent.verb();
    let told = moves.told(source, association, verb);
    let transaction = &mut *writing.transaction;
    transaction.run_around_change(HookEvent::BeforeChange, model, told)?;
    let answer = body(writing)?;
    let moved = intent.moved(writing, moves, &answer)?;
    let told = moved.told(source, association, verb);
    let transaction = &mut *writing.transaction;
    transaction.run_around_change(HookEvent::AfterChange, model, told)?;
    Ok(answer)
}

impl Moves {
    fn told<'h>(
        &'h self,
        source: &'h Instance,
        association: &'h Association,
        verb: Verb,
    ) -> Change<'h> {
        Change {
            source,
            association: &association.key,
            verb,
            joining: &self.joining,
            leaving: &self.leaving,
        }
    }
}

/// What a verb was given: rows, each once, and instances that were never saved.
#[derive(Debug, Default)]
struct Given {
    rows: Vec<RowId>,
    unsaved: Vec<Instance>,
}

fn given(writing: &Writing<'_, '_>, targets: &Targets<'_>) -> Result<Given> {
    let mut given = Given::default();
    if let Link::ToParent(hop) = &writing.association.link {
        given.rows.extend(parent(writing, hop, targets)?);
        return Ok(given);
    }
    let mut seen = BTreeSet::new();
    for target in targets.iter() {
        match target.find(writing.reader(), writing.place(), writing.target())? {
            Found::Row(row) if seen.insert(row) => given.rows.push(row),
            Found::Row(_) | Found::Unknown(_) => {}
            Found::Unsaved(instance) => given.unsaved.push(instance.clone()),
        }
    }
    Ok(given)
}

/// The row that a source would belong to.
fn parent(writing: &Writing<'_, '_>, hop: &Hop, targets: &Targets<'_>) -> Result<Option<RowId>> {
    let key = belongs_to::key_of(writing.view(), hop, targets)?;
    let (snapshot, table) = (writing.reader().snapshot, writing.target().table);
    let found = walk::find_all_by_values(snapshot, table, &hop.parent_columns, &key);
    Ok(found.first().copied())
}

fn without(mut rows: Vec<RowId>, others: &BTreeSet<RowId>) -> Vec<RowId> {
    rows.retain(|row| !others.contains(row));
    rows
}

/// In the order of keys.
fn sorted(writing: &Writing<'_, '_>, rows: &BTreeSet<RowId>) -> Vec<RowId> {
    let mut rows: Vec<RowId> = rows.iter().copied().collect();
    let snapshot = writing.reader().snapshot;
    snapshot.sort_by_key(writing.target().table, &mut rows);
    rows
}
