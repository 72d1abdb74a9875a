//! The schema of the models: attributes become columns, and what follows from the models is decided.

use crate::error::Result;
use crate::model::resolve::draft::{Attribute, Choice, Defaults, Draft, Model, Reference};
use crate::schema::{
    Action, CheckDef, ColumnDef, ForeignKeyDef, IndexDef, Schema, SchemaBuilder, TableDef,
    UniqueDef,
};

/// One table per model, in their order.
///
/// # Errors
///
/// As [`SchemaBuilder::build`].
pub(super) fn build(draft: &Draft) -> Result<Schema> {
    let tables = draft.models.iter().map(|model| table(model, draft));
    tables.fold(Schema::builder(), SchemaBuilder::table).build()
}

fn table(model: &Model, draft: &Draft) -> TableDef {
    let mut table = TableDef::new(&model.table);
    let attributes = model.attributes.iter().enumerate();
    table.columns = attributes
        .map(|(position, attribute)| column(attribute, model.is_nullable(position)))
        .collect();
    if !model.key().is_empty() {
        table.primary_key = Some(columns_at(model, model.key()));
    }
    table.uniques = model.uniques.iter().map(|u| unique(u, model)).collect();
    table.indexes = model.indexes.iter().map(|i| index(i, model)).collect();
    table.checks = model.checks.iter().map(|c| check(c, model)).collect();
    let references = model.references.iter();
    table.foreign_keys = references.map(|r| foreign_key(r, model, draft)).collect();
    table
}

fn column(attribute: &Attribute, nullable: bool) -> ColumnDef {
    let mut column = ColumnDef::new(attribute.column(), attribute.data_type());
    column.nullable = nullable;
    column.unique = attribute.unique;
    if let Some(default) = &attribute.default {
        column.default = default.clone();
    }
    column
}

fn unique(unique: &UniqueDef, model: &Model) -> UniqueDef {
    let mut unique = unique.clone();
    unique.columns = columns_named(model, &unique.columns);
    unique.filter = unique
        .filter
        .map(|filter| filter.rename_columns(|name| column_of(model, name)));
    unique
}

fn index(index: &IndexDef, model: &Model) -> IndexDef {
    let mut index = index.clone();
    index.columns = columns_named(model, &index.columns);
    index.descending = columns_named(model, &index.descending);
    index
}

fn check(check: &CheckDef, model: &Model) -> CheckDef {
    let rename = |name: &str| column_of(model, name);
    CheckDef::new(&check.name, check.expr.rename_columns(rename))
}

fn column_of<'m>(model: &'m Model, attribute: &str) -> Option<&'m str> {
    Some(model.attributes[model.find(attribute)?].column())
}

fn foreign_key(reference: &Reference, model: &Model, draft: &Draft) -> ForeignKeyDef {
    let parent = &draft.models[reference.parent];
    let guard = reference.guard.as_ref();
    let deciding = reference.attributes.iter().copied();
    let deciding = deciding.chain(guard.map(|guard| guard.attribute));
    let mut nullable = deciding.map(|attribute| model.is_nullable(attribute));
    let default_delete = match reference.defaults {
        Defaults::Nothing => Action::NoAction,
        Defaults::ByNullability if nullable.all(|nullable| nullable) => Action::SetNull,
        Defaults::ByNullability | Defaults::Junction => Action::Cascade,
    };
    let default_update = match reference.defaults {
        Defaults::Nothing => Action::NoAction,
        Defaults::ByNullability | Defaults::Junction => Action::Cascade,
    };
    let key = ForeignKeyDef::new(columns_at(model, &reference.attributes))
        .references(
            &parent.table,
            columns_at(parent, &reference.parent_attributes),
        )
        .on_delete(chosen(reference.on_delete, default_delete))
        .on_update(chosen(reference.on_update, default_update))
        .deferrable(reference.deferral.unwrap_or_default());
    let key = match reference.to_any_row {
        true => key.to_any_row(),
        false => key,
    };
    match guard {
        Some(guard) => key.guarded(
            model.attributes[guard.attribute].column(),
            guard.value.clone(),
        ),
        None => key,
    }
}

fn chosen(choice: Choice, default: Action) -> Action {
    choice.own.or(choice.other).unwrap_or(default)
}

fn columns_at(model: &Model, attributes: &[usize]) -> Vec<String> {
    let columns = attributes.iter().map(|&a| model.attributes[a].column());
    columns.map(str::to_owned).collect()
}

/// The columns of named attributes. A name that is no attribute's is left for the schema to refuse.
fn columns_named(model: &Model, names: &[String]) -> Vec<String> {
    let column = |name: &String| match model.find(name) {
        Some(attribute) => model.attributes[attribute].column().to_owned(),
        None => name.clone(),
    };
    names.iter().map(column).collect()
}
