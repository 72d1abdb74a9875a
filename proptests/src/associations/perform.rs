//! Steps on relata, with answers in the words of the reference.

use std::collections::BTreeMap;

use relata::query::Queryable;
use relata::{
    Database, Error, ErrorKind, Instance, Key, Record, Related, Result, Select, Target, Targets,
    Transaction, Value, Values, col, include, select,
};

use crate::associations::graph::{Association, Graph, Sort};
use crate::associations::rules::{Answer, Complaint, DELETED, Found, Tree};
use crate::associations::steps::{Call, Name, Named, Row, Source, Step, Verb};

/// Every row as it was when it was first read, by model and primary key.
pub(super) type Seen = BTreeMap<(String, Vec<Value>), Instance>;

/// A database, or an open transaction of one.
pub(super) trait Place: Queryable {
    /// What is associated with an instance.
    fn related<'a>(&'a mut self, source: &'a mut Instance, alias: &str) -> Result<Related<'a>>;
    /// Inserts.
    fn create(&mut self, model: &str, values: Values) -> Result<Instance>;
    /// Writes values.
    fn update(&mut self, instance: &mut Instance, values: Values) -> Result<()>;
    /// Writes what was changed in memory.
    fn save(&mut self, instance: &mut Instance) -> Result<()>;
    /// Deletes, softly where that is how it is done and not forced; gives how many rows.
    fn destroy(&mut self, instance: &Instance, forced: bool) -> Result<u64>;
    /// Undoes a soft deletion.
    fn restore(&mut self, instance: &mut Instance) -> Result<()>;
    /// Deletes every row that has a value.
    fn destroy_where(&mut self, model: &str, attribute: &str, value: &Value) -> Result<u64>;
    /// An instance in memory.
    fn build(&self, model: &str, values: Values) -> Result<Instance>;
    /// All that a request finds.
    fn find_selected(&self, request: &Select) -> Result<Vec<Instance>>;
    /// Everything by brute force.
    fn check_integrity(&self) -> Result<(), Vec<String>>;
    /// One number.
    fn fingerprint(&self) -> u64;
}

macro_rules! place {
    ($place:ty) => {
        impl Place for $place {
            fn related<'a>(
                &'a mut self,
                source: &'a mut Instance,
                alias: &str,
            ) -> Result<Related<'a>> {
                <$place>::related(self, source, alias)
            }
            fn create(&mut self, model: &str, values: Values) -> Result<Instance> {
                <$place>::create(self, model, values)
            }
            fn update(&mut self, instance: &mut Instance, values: Values) -> Result<()> {
                <$place>::update(self, instance, values)
            }
            fn save(&mut self, instance: &mut Instance) -> Result<()> {
                <$place>::save(self, instance)
            }
            fn destroy(&mut self, instance: &Instance, forced: bool) -> Result<u64> {
                let affected = match forced {
                    true => <$place>::destroy_forced(self, instance)?,
                    false => <$place>::destroy(self, instance)?,
                };
                Ok(affected.rows as u64)
            }
            fn restore(&mut self, instance: &mut Instance) -> Result<()> {
                <$place>::restore(self, instance)
            }
            fn destroy_where(
                &mut self,
                model: &str,
                attribute: &str,
                value: &Value,
            ) -> Result<u64> {
                <$place>::destroy_where(self, model, col(attribute).eq(value.clone()))
                    .map(|affected| affected.rows as u64)
            }
            fn build(&self, model: &str, values: Values) -> Result<Instance> {
                <$place>::build(self, model, values)
            }
            fn find_selected(&self, request: &Select) -> Result<Vec<Instance>> {
                <$place>::find_selected(self, request)
            }
            fn check_integrity(&self) -> Result<(), Vec<String>> {
                <$place>::check_integrity(self)
            }
            fn fingerprint(&self) -> u64 {
                <$place>::fingerprint(self)
            }
        }
    };
}

place!(Database);
place!(Transaction<'_>);

/// Does a step that is no begin or end of a transaction. The step must have a meaning.
///
/// # Errors
/// Why it was refused.
pub(super) fn perform(
    place: &mut impl Place,
    graph: &Graph,
    seen: &Seen,
    step: &Step,
) -> Result<Answer> {
    match step {
        Step::Create { model, values } => {
            let instance = place.create(model, given(values))?;
            Ok(Answer::Rows(vec![found(&instance)]))
        }
        Step::Update { row, values } => {
            let mut instance = instance(place, seen, row)?;
            place.update(&mut instance, given(values))?;
            Ok(Answer::Done)
        }
        Step::Destroy { row, forced } => {
            let instance = instance(place, seen, row)?;
            count(place.destroy(&instance, *forced)?)
        }
        Step::Restore { row } => {
            let mut instance = instance(place, seen, row)?;
            place.restore(&mut instance)?;
            Ok(Answer::Done)
        }
        Step::DestroyWhere {
            model,
            attribute,
            value,
        } => count(place.destroy_where(model, attribute, value)?),
        Step::EditJunction {
            source,
            association,
            position,
            values,
        } => {
            let mut source = instance(place, seen, source)?;
            let mut targets = place.related(&mut source, association)?.get()?;
            let target = targets.get_mut(*position);
            let junction = target.and_then(Instance::junction_mut);
            let junction = junction.expect("the reference has one");
            for (name, value) in values {
                junction.set(name, value.clone())?;
            }
            place.save(junction)?;
            Ok(Answer::Done)
        }
        Step::Call(call) => self::call(place, graph, seen, call),
        Step::Begin | Step::Commit | Step::Rollback => Ok(Answer::Meaningless),
    }
}

fn call(place: &mut impl Place, graph: &Graph, seen: &Seen, call: &Call) -> Result<Answer> {
    let mut source = match &call.source {
        Source::Row(row) => instance(place, seen, row)?,
        Source::Unsaved { model, values } => place.build(model, given(values))?,
    };
    let mut instances = Vec::new();
    for target in &call.targets {
        instances.push(match &target.name {
            Name::Row(row) => Some(instance(place, seen, row)?),
            Name::Key(_) => None,
            Name::Unsaved { model, values } => Some(place.build(model, given(values))?),
        });
    }
    let targets = call.targets.iter().zip(&instances).map(|(target, found)| {
        let stands = match (&target.name, found) {
            (_, Some(instance)) => Target::from(instance),
            (Name::Key(key), None) => Target::from(Key::from(key.clone())),
            _ => Target::from(Key::from(Vec::new())),
        };
        Target::from((stands, given(&target.through)))
    });
    let targets: Targets<'_> = targets.collect();
    let mut related = place.related(&mut source, &call.association)?;
    if call.destroy_previous {
        related = related.destroy_previous();
    }
    let filter = call.filter.as_ref();
    let filter = filter.map(|(name, value)| col(name.as_str()).eq(value.clone()));
    let answer = match (call.verb, &call.attributes) {
        (Verb::Get, _) => rows(&match filter {
            Some(filter) => related.get_where(filter)?,
            None => related.get()?,
        }),
        (Verb::One, _) => rows(&Vec::from_iter(related.one()?)),
        (Verb::Has, _) => Answer::Flag(related.has(targets)?),
        (Verb::Count, _) => Answer::Count(match filter {
            Some(filter) => related.count_where(filter)?,
            None => related.count()?,
        }),
        (Verb::Set, None) => rows(&related.set(targets)?),
        (Verb::Set, Some(values)) => rows(&related.set_with(targets, given(values))?),
        (Verb::Add, None) => rows(&related.add(targets)?),
        (Verb::Add, Some(values)) => rows(&related.add_with(targets, given(values))?),
        (Verb::Remove, _) => Answer::Count(related.remove(targets)?),
        (Verb::Create, None) => rows(&[related.create(given(&call.values))?]),
        (Verb::Create, Some(values)) => {
            rows(&[related.create_with(given(&call.values), given(values))?])
        }
    };
    let association = graph.association(&call.association);
    let is_parent = |it: &&Association| matches!(it.sort, Sort::BelongsTo);
    let key = association.filter(is_parent).map(|it| &it.key.names[..]);
    follows(place, key, call, &source)?;
    Ok(answer)
}

/// BT-14: the source that was given to be changed shows its new key.
fn follows(
    place: &impl Place,
    key: Option<&[String]>,
    call: &Call,
    source: &Instance,
) -> Result<()> {
    if !matches!(call.verb, Verb::Set | Verb::Create) || !source.is_saved() {
        return Ok(());
    }
    let stored = find(place, source.model(), source.key()?)?;
    for name in key.unwrap_or_default() {
        if let Some(stored) = &stored
            && let (Ok(stored), Ok(remembered)) = (stored.get(name), source.get(name))
            && call.source_is_fresh()
        {
            assert_eq!(stored, remembered, "{name} of the source in memory");
        }
    }
    Ok(())
}

impl Call {
    fn source_is_fresh(&self) -> bool {
        matches!(&self.source, Source::Row(row) if !row.stale)
    }
}

/// An instance of a row: read now, or the one that was read first.
fn instance(place: &impl Place, seen: &Seen, row: &Row) -> Result<Instance> {
    let old = seen.get(&(row.model.clone(), row.key.clone()));
    let fresh = match row.stale {
        true => None,
        false => find(place, &row.model, &row.key)?,
    };
    Ok(fresh
        .or_else(|| old.cloned())
        .expect("the reference saw it"))
}

/// All rows of a model, whatever its default scope, the softly deleted ones among them.
///
/// # Errors
/// What is wrong with the request.
pub(super) fn find_all(place: &impl Place, model: &str) -> Result<Vec<Instance>> {
    place.find_selected(&select(model).unscoped().with_deleted())
}

/// One of them by its key.
fn find(place: &impl Place, model: &str, key: &[Value]) -> Result<Option<Instance>> {
    let all = find_all(place, model)?;
    let mut all = all.into_iter();
    Ok(all.find(|instance| instance.key().is_ok_and(|found| found.values() == key)))
}

/// All rows of a model with their associated rows.
///
/// # Errors
/// What is wrong with the request.
pub(super) fn trees(
    place: &impl Place,
    graph: &Graph,
    model: &str,
    depth: usize,
) -> Result<Vec<Tree>> {
    let mut request: Select = select(model);
    for first in graph.associations.iter().filter(|it| it.source == model) {
        let mut below = include(first.alias.as_str()).required(false);
        for second in &graph.associations {
            if depth > 1 && second.source == first.target {
                below = below.include(include(second.alias.as_str()).required(false));
            }
        }
        request = request.include(below);
    }
    let rows = request.run(place)?;
    rows.iter()
        .map(|record| tree(graph, &record, depth))
        .collect()
}

fn tree(graph: &Graph, record: &Record<'_>, depth: usize) -> Result<Tree> {
    let mut below = Vec::new();
    for association in &graph.associations {
        if association.source != record.model() || depth == 0 {
            continue;
        }
        let mut rows = Vec::new();
        if association.sort.is_single() {
            if let Some(record) = record.one(&association.alias)? {
                rows.push(tree(graph, &record, depth - 1)?);
            }
        } else {
            for record in record.many(&association.alias)? {
                rows.push(tree(graph, &record, depth - 1)?);
            }
        }
        below.push((association.alias.clone(), rows));
    }
    let values = |record: &Record<'_>| -> Vec<Value> {
        let attributes = record.attributes();
        attributes
            .map(|(_, value)| told(&value.to_value()))
            .collect()
    };
    Ok(Tree {
        values: values(record),
        through: record.through().map(|it| values(&it)),
        below,
    })
}

/// The word for an error: its sort, and the table of a constraint.
pub(super) fn complaint(error: &Error) -> Complaint {
    match (error.kind(), error.as_constraint()) {
        (_, Some(broken)) => format!("{:?} {}", broken.kind, broken.table),
        (ErrorKind::Request(kind), None) => format!("{kind:?}"),
        (kind, None) => format!("{kind:?}"),
    }
}

/// An instance's values, and those of its row of the junction.
pub(super) fn found(instance: &Instance) -> Found {
    let values = |instance: &Instance| -> Vec<Value> {
        let attributes = instance.attributes();
        attributes.map(|(_, value)| told(value)).collect()
    };
    Found {
        values: values(instance),
        through: instance.junction().map(values),
    }
}

/// When something was softly deleted is nobody's business here.
fn told(value: &Value) -> Value {
    match value {
        Value::Timestamp(_) => Value::from(DELETED),
        value => value.clone(),
    }
}

fn rows(instances: &[Instance]) -> Answer {
    Answer::Rows(instances.iter().map(found).collect())
}

fn count(number: u64) -> Result<Answer> {
    Ok(Answer::Count(usize::try_from(number).unwrap_or(usize::MAX)))
}

fn given(values: &Named) -> Values {
    values.iter().cloned().collect()
}
