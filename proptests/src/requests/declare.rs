//! relata's declarations of a world, and its rows.

use relata::association::{
    BelongsTo, BelongsToMany, BelongsToOwner, Chain, HasMany, HasOne, KeyAttribute, KeyAttributes,
    OwnerModel, Through, Uniqueness,
};
use relata::query::Scope;
use relata::schema::IndexDef;
use relata::{Attribute, Database, Key as RowKey, ModelDef, Models, Result};

use crate::requests::build;
use crate::requests::world::{self, Association, Index, Model, Owner, Row, Sort, World};

/// What a world is declared with. Whatever is left out, rows and answers are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dress {
    /// Indexes, and unique keys that are no primary ones.
    pub indexes: bool,
    /// Enforced keys, where there are any.
    pub constraints: bool,
}

impl Dress {
    /// With everything.
    pub const FULL: Dress = Dress {
        indexes: true,
        constraints: true,
    };
}

/// The models of a world with its rows.
///
/// # Errors
/// relata's, if it does not take what stands.
pub fn database(world: &World, dress: Dress) -> Result<Database> {
    let mut database = models(world, dress).sync()?;
    for model in &world.models {
        let columns: Vec<&str> = model.columns.iter().map(|it| &*it.name).collect();
        let engine = database.engine_mut();
        if !model.passing.is_empty() {
            engine.insert_many(&*model.name, &columns, model.passing.iter().cloned())?;
        }
        engine.insert_many(&*model.name, &columns, model.rows.iter().cloned())?;
        for row in &model.passing {
            engine.delete_key(&*model.name, key_of(model, row))?;
        }
    }
    Ok(database)
}

fn key_of(model: &Model, row: &Row) -> RowKey {
    model.key.iter().map(|&at| row[at].clone()).collect()
}

fn models(world: &World, dress: Dress) -> Models {
    let mut models = Models::new();
    for model in &world.models {
        models.define(definition(world, model, dress));
    }
    for (number, association) in world.associations.iter().enumerate() {
        // Those of an owner are declared by it.
        if world.guard(number).is_none() {
            associate(&mut models, world, association, dress);
        }
    }
    for owner in &world.owners {
        own(&mut models, world, owner);
    }
    models
}

fn definition(world: &World, model: &Model, dress: Dress) -> ModelDef {
    let mut definition = ModelDef::new(&model.name)
        .freeze_table_name()
        .timestamps(false);
    for (at, column) in model.columns.iter().enumerate() {
        if model.deleted_at() == Some(at) {
            definition = definition.soft_delete();
            continue;
        }
        let mut attribute = Attribute::new(&column.name, column.data_type);
        if model.key.contains(&at) {
            attribute = attribute.primary_key();
        }
        if model.numbered && model.key.contains(&at) {
            attribute = attribute.auto_increment();
        }
        if dress.indexes && model.uniques.contains(&at) {
            attribute = attribute.unique();
        }
        definition = definition.attribute(match column.nullable {
            true => attribute.nullable(),
            false => attribute.not_null(),
        });
    }
    if dress.indexes {
        for (number, declared) in model.indexes.iter().enumerate() {
            definition = definition.index(index(model, number, declared));
        }
    }
    if let Some(scope) = &model.default_scope {
        definition = definition.default_scope(self::scope(world, model, scope));
    }
    for (number, named) in model.scopes.iter().enumerate() {
        definition = definition.scope(build::scope_name(number), scope(world, model, named));
    }
    definition
}

fn index(model: &Model, number: usize, index: &Index) -> IndexDef {
    let names = |columns: &[usize]| -> Vec<String> {
        let columns = columns.iter();
        columns.map(|&at| model.columns[at].name.clone()).collect()
    };
    let definition = IndexDef::new(names(&index.columns)).named(format!("{}_{number}", model.name));
    match index.hash {
        true => definition.hash(),
        false => definition.descending(names(&index.descending)),
    }
}

fn scope(world: &World, model: &Model, scope: &world::Scope) -> Scope {
    let mut definition = Scope::new();
    if let Some(filter) = &scope.filter {
        definition = definition.filter(build::filter(world, model, filter, &mut None));
    }
    for order in &scope.order {
        definition = definition.order_by(build::order(world, model, order));
    }
    definition
}

/// The options that all four have.
macro_rules! with_options {
    ($declaration:expr, $holder:expr, $association:expr, $dress:expr) => {{
        let association: &Association = $association;
        $declaration
            .alias(association.alias.as_str())
            .foreign_key(key($holder, &association.key.columns))
            .constraints(association.constraints && $dress.constraints)
    }};
}

/// The scope of an association to many or through a junction.
macro_rules! with_scope {
    ($declaration:expr, $world:expr, $target:expr, $association:expr) => {{
        let (target, association): (&Model, &Association) = ($target, $association);
        let mut declaration = $declaration;
        for (at, value) in &association.scope {
            declaration = declaration.scope(&target.columns[*at].name, value.clone());
        }
        if let Some(condition) = &association.condition {
            declaration =
                declaration.scope_where(build::filter($world, target, condition, &mut None));
        }
        declaration
    }};
}

fn associate(models: &mut Models, world: &World, association: &Association, dress: Dress) {
    let (source, target) = (
        &world.models[association.source],
        &world.models[association.target],
    );
    let refers = &association.key.refers;
    let target_name = target.name.as_str();
    if let (Some(owner), Sort::HasMany) = (association.owner, &association.sort) {
        let declaration = HasMany::new(target_name)
            .alias(association.alias.as_str())
            .as_owner(&world.owners[owner].alias);
        models.has_many(&source.name, declaration);
        return;
    }
    match &association.sort {
        Sort::BelongsTo => {
            let declaration =
                with_options!(BelongsTo::new(target_name), source, association, dress)
                    .target_keys(names(target, refers));
            models.belongs_to(&source.name, declaration);
        }
        Sort::HasOne => {
            let declaration = with_options!(HasOne::new(target_name), target, association, dress)
                .source_keys(names(source, refers));
            let declaration = with_scope!(declaration, world, target, association);
            models.has_one(&source.name, declaration);
        }
        Sort::HasMany => {
            let declaration = with_options!(HasMany::new(target_name), target, association, dress)
                .source_keys(names(source, refers));
            let declaration = with_scope!(declaration, world, target, association);
            models.has_many(&source.name, declaration);
        }
        Sort::BelongsToMany(junction) => {
            let through = &world.models[junction.model];
            let unique = match junction.repeats || (!dress.indexes && !is_key(through, association))
            {
                true => Uniqueness::Off,
                false => Uniqueness::Pair,
            };
            let mut links = Through::new(&through.name).timestamps(false).unique(unique);
            for (at, value) in &junction.scope {
                links = links.scope(&through.columns[*at].name, value.clone());
            }
            let declaration =
                with_options!(BelongsToMany::new(target_name), through, association, dress)
                    .through(links)
                    .other_key(key(through, &junction.other.columns))
                    .source_keys(names(source, refers))
                    .target_keys(names(target, &junction.other.refers));
            let declaration = with_scope!(declaration, world, target, association);
            models.belongs_to_many(&source.name, declaration);
        }
        Sort::Chain(chain) => {
            let steps = chain.steps.iter();
            let steps = steps.map(|&step| world.associations[step].alias.as_str());
            let declaration = Chain::new(steps).alias(association.alias.as_str());
            models.chain(&source.name, declaration);
        }
    }
}

fn own(models: &mut Models, world: &World, owner: &Owner) {
    let source = &world.models[owner.source];
    let mut declaration = BelongsToOwner::new(owner.alias.as_str())
        .type_attribute(source.columns[owner.type_column].name.as_str());
    for (member, value) in &owner.members {
        let association = &world.associations[*member];
        let target = &world.models[association.target];
        declaration = declaration
            .foreign_key(key(source, &association.key.columns))
            .one_of(
                OwnerModel::new(&target.name)
                    .value(value.clone())
                    .alias(association.alias.as_str())
                    .target_keys(names(target, &association.key.refers)),
            );
    }
    models.belongs_to_owner(&source.name, declaration);
}

/// Whether the pair is the primary key of its junction.
fn is_key(junction: &Model, association: &Association) -> bool {
    let own = &association.key.columns;
    own.iter().all(|at| junction.key.contains(at))
}

fn key(holder: &Model, columns: &[usize]) -> KeyAttributes {
    let names = names(holder, columns);
    let attributes: Vec<KeyAttribute> = names.into_iter().map(KeyAttribute::named).collect();
    match <[KeyAttribute; 2]>::try_from(attributes) {
        Ok(two) => two.into(),
        Err(mut one) => one.remove(0).into(),
    }
}

fn names(model: &Model, columns: &[usize]) -> Vec<String> {
    let columns = columns.iter();
    columns.map(|&at| model.columns[at].name.clone()).collect()
}
