//! What a graph of associations means: tables, foreign keys, and for each association the columns that carry it.
//!
//! Written from the groups FK and BTM of spec/associations.md and from BY-10. Settings of a column are collected from
//! its own declaration first and then from the associations in their order; the first that says something counts, and
//! what nobody says follows at the end (FK-1, FK-4, FK-10).

use std::sync::Arc;

use relata::value::Value;

use crate::associations::graph::{Association, Graph, Junction, Key, PrimaryKey, Sort, Unique};
use crate::shape::{
    ColumnShape, DefaultShape, Kind, ReferenceShape, Rule, Shape, TableShape, Timing, UniqueShape,
};

/// The tables of a graph, and its associations in ordinals.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The tables, named like their models: those that are declared, then junctions that are made.
    pub shape: Arc<Shape>,
    /// The associations in their order.
    pub links: Vec<Link>,
}

/// An association in ordinals.
#[derive(Clone, Debug)]
pub struct Link {
    /// The table of the source.
    pub source: usize,
    /// The table of the target.
    pub target: usize,
    /// What targets have in common; of softly deleted ones, that they are not.
    pub scope: Vec<(usize, Value)>,
    /// What targets must have besides to be read (SC-11).
    pub default_scope: Option<(usize, Value)>,
    /// The way from one to the other.
    pub way: Way,
}

/// Which columns carry an association.
#[derive(Clone, Debug)]
pub enum Way {
    /// The source's `key` holds the target's `refers`.
    Parent {
        /// Columns of the source.
        key: Vec<usize>,
        /// Columns of the target.
        refers: Vec<usize>,
    },
    /// The target's `key` holds the source's `refers`.
    Children {
        /// Columns of the target.
        key: Vec<usize>,
        /// Columns of the source.
        refers: Vec<usize>,
        /// Whether one target is meant.
        single: bool,
    },
    /// Rows of a junction hold both.
    Pairs(Pairs),
}

/// The two keys of a junction, seen from a source.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// The table between.
    pub junction: usize,
    /// Its key to the source.
    pub own: Vec<usize>,
    /// What that holds of the source.
    pub source: Vec<usize>,
    /// Its key to the target.
    pub other: Vec<usize>,
    /// What that holds of the target.
    pub target: Vec<usize>,
    /// What its rows have in common; of softly deleted ones, that they are not.
    pub scope: Vec<(usize, Value)>,
    /// Where it says that they are.
    pub deleted_at: Option<usize>,
    /// Whether adding a pair that is there inserts another row (D17).
    pub repeats: bool,
}

/// A table while it is put together.
#[derive(Debug, Default)]
struct Draft {
    name: String,
    columns: Vec<Column>,
    primary: Vec<usize>,
    numbered: Option<usize>,
    uniques: Vec<Vec<usize>>,
    hidden_key: bool,
}

/// Where rows say that they were softly deleted.
pub const DELETED_AT: &str = "deletedAt";

#[derive(Debug)]
struct Column {
    name: String,
    kind: Kind,
    nullable: Option<bool>,
    default: Option<Value>,
    /// What counts if nobody says whether it may be null.
    otherwise_nullable: bool,
}

/// A foreign key while it is put together.
#[derive(Debug)]
struct Reference {
    child: usize,
    child_columns: Vec<usize>,
    parent: usize,
    parent_columns: Vec<usize>,
    on_delete: Option<Rule>,
    on_update: Option<Rule>,
    /// What counts for a junction's key if its own side says nothing: what the other side says (FK-11).
    other_on_delete: Option<Rule>,
    other_on_update: Option<Rule>,
    timing: Option<Timing>,
    of_junction: bool,
}

/// Which table and columns a key refers to.
type Referred = (usize, Vec<usize>);

impl Layout {
    /// What a graph means.
    pub fn new(graph: &Graph) -> Self {
        let mut tables: Vec<Draft> = graph
            .models
            .iter()
            .map(|model| declared(graph, &model.name))
            .collect();
        let mut references = Vec::new();
        for association in &graph.associations {
            add_keys(graph, &mut tables, &mut references, association);
        }
        for table in &mut tables {
            let through = through(graph, &table.name);
            key_junction(table, &through);
        }
        let links = graph
            .associations
            .iter()
            .map(|association| link(graph, &tables, association))
            .collect();
        Layout {
            shape: Arc::new(shape(tables, references)),
            links,
        }
    }
}

/// The attributes that a model declares, and the number that it gets if it has no key.
fn declared(graph: &Graph, name: &str) -> Draft {
    let mut draft = Draft {
        name: name.to_owned(),
        ..Draft::default()
    };
    let Some(model) = graph.model(name) else {
        return draft;
    };
    let through_it = through(graph, name);
    let mut key = model.key_columns();
    // BTM-8: a junction is keyed by what it links.
    if model.key == PrimaryKey::Undeclared && through(graph, name).is_empty() {
        key.push(("id", Kind::Int));
    }
    for (name, kind) in key {
        draft.primary.push(draft.columns.len());
        draft.columns.push(Column {
            name: name.to_owned(),
            kind,
            nullable: Some(false),
            default: None,
            otherwise_nullable: false,
        });
    }
    let is_numbered = matches!(model.key, PrimaryKey::Undeclared | PrimaryKey::Numbered);
    draft.numbered = draft.primary.first().copied().filter(|_| is_numbered);
    for attribute in &model.attributes {
        if attribute.unique {
            draft.uniques.push(vec![draft.columns.len()]);
        }
        draft.columns.push(Column {
            name: attribute.name.clone(),
            kind: attribute.kind,
            nullable: attribute.nullable,
            default: attribute.default.clone(),
            otherwise_nullable: true,
        });
    }
    if model.soft_delete || through_it.iter().any(|(_, junction)| junction.soft_delete) {
        draft.columns.push(deleted_at());
    }
    draft
}

fn deleted_at() -> Column {
    Column {
        name: DELETED_AT.to_owned(),
        kind: Kind::Text,
        nullable: Some(true),
        default: None,
        otherwise_nullable: true,
    }
}

/// The associations through a junction.
fn through<'g>(graph: &'g Graph, name: &str) -> Vec<(&'g Association, &'g Junction)> {
    let all = graph.associations.iter();
    all.filter_map(|association| match &association.sort {
        Sort::BelongsToMany(junction) if junction.through == name => Some((association, junction)),
        _ => None,
    })
    .collect()
}

/// FK-1, BTM-2: the columns of an association's keys and what enforces them.
fn add_keys(
    graph: &Graph,
    tables: &mut Vec<Draft>,
    references: &mut Vec<Reference>,
    association: &Association,
) {
    let (source, target) = (
        position(tables, &association.source),
        position(tables, &association.target),
    );
    let (holder, parent) = match &association.sort {
        Sort::BelongsTo => (source, target),
        Sort::HasOne | Sort::HasMany => (target, source),
        Sort::BelongsToMany(junction) => {
            let known = tables.iter().any(|table| table.name == junction.through);
            if !known {
                let through = through(graph, &junction.through);
                let softly = through.iter().any(|(_, junction)| junction.soft_delete);
                tables.push(Draft {
                    name: junction.through.clone(),
                    columns: softly.then(deleted_at).into_iter().collect(),
                    ..Draft::default()
                });
            }
            (position(tables, &junction.through), source)
        }
    };
    let of_junction = matches!(association.sort, Sort::BelongsToMany(_));
    let referred = referred(tables, parent, &association.key);
    let columns = key_columns(tables, holder, &association.key, &referred, !of_junction);
    if association.constraints {
        let reference = reference(references, holder, columns, referred, of_junction);
        reference.on_delete = reference.on_delete.or(association.on_delete);
        reference.on_update = reference.on_update.or(association.on_update);
        let timing = (association.timing != Timing::Immediate).then_some(association.timing);
        reference.timing = reference.timing.or(timing);
    }
    if let Sort::BelongsToMany(junction) = &association.sort {
        let referred = self::referred(tables, target, &junction.other);
        let columns = key_columns(tables, holder, &junction.other, &referred, false);
        if association.constraints {
            let reference = self::reference(references, holder, columns, referred, true);
            reference.other_on_delete = reference.other_on_delete.or(association.on_delete);
            reference.other_on_update = reference.other_on_update.or(association.on_update);
            let timing = (association.timing != Timing::Immediate).then_some(association.timing);
            reference.timing = reference.timing.or(timing);
        }
    }
}

fn referred(tables: &[Draft], parent: usize, key: &Key) -> Referred {
    let draft = &tables[parent];
    let columns = match key.refers.is_empty() {
        true => draft.primary.clone(),
        false => key.refers.iter().map(|name| column(draft, name)).collect(),
    };
    (parent, columns)
}

/// The columns of a key, made where they are missing, of the types that they refer to (FK-2).
fn key_columns(
    tables: &mut [Draft],
    holder: usize,
    key: &Key,
    (parent, refers): &Referred,
    otherwise_nullable: bool,
) -> Vec<usize> {
    let kinds: Vec<Kind> = refers
        .iter()
        .map(|&column| tables[*parent].columns[column].kind)
        .collect();
    let draft = &mut tables[holder];
    let columns: Vec<usize> = key
        .names
        .iter()
        .zip(kinds)
        .map(|(name, kind)| {
            let found = draft.columns.iter().position(|it| it.name == *name);
            let position = found.unwrap_or_else(|| {
                draft.columns.push(Column {
                    name: name.clone(),
                    kind,
                    nullable: None,
                    default: None,
                    otherwise_nullable,
                });
                draft.columns.len() - 1
            });
            let column = &mut draft.columns[position];
            column.nullable = column.nullable.or(key.nullable);
            column.default = column.default.take().or_else(|| key.default.clone());
            // D21: a junction's keys are not null, whoever declared the column.
            column.otherwise_nullable &= otherwise_nullable;
            position
        })
        .collect();
    if key.unique && !draft.uniques.contains(&columns) {
        draft.uniques.push(columns.clone());
    }
    columns
}

/// The one foreign key over these columns: several associations share it.
fn reference(
    references: &mut Vec<Reference>,
    child: usize,
    child_columns: Vec<usize>,
    (parent, parent_columns): Referred,
    of_junction: bool,
) -> &mut Reference {
    let found = references
        .iter()
        .position(|it| (it.child, &it.child_columns) == (child, &child_columns));
    let position = found.unwrap_or_else(|| {
        references.push(Reference {
            child,
            child_columns,
            parent,
            parent_columns,
            on_delete: None,
            on_update: None,
            other_on_delete: None,
            other_on_update: None,
            timing: None,
            of_junction,
        });
        references.len() - 1
    });
    &mut references[position]
}

/// BTM-8 to BTM-10 and BY-10: what keys a junction, or which unique key it gets besides its own.
fn key_junction(draft: &mut Draft, through: &[(&Association, &Junction)]) {
    let Some((first, junction)) = through.first() else {
        return;
    };
    let mut pair: Vec<usize> = Vec::new();
    for name in first.key.names.iter().chain(&junction.other.names) {
        pair.push(column(draft, name));
    }
    let mut scope: Vec<usize> = Vec::new();
    for (name, _) in through.iter().flat_map(|(_, junction)| &junction.scope) {
        let column = column(draft, name);
        if !scope.contains(&column) {
            scope.push(column);
        }
    }
    let key = match uniqueness(through) {
        Unique::Pair => pair,
        Unique::PairAndScope => [pair, scope].concat(),
        Unique::Attributes(names) => {
            let columns = names.iter().map(|name| column(draft, name)).collect();
            draft.uniques.push(columns);
            Vec::new()
        }
        Unique::Off => Vec::new(),
    };
    match (draft.primary.is_empty(), key.is_empty()) {
        (true, false) => {
            for &column in &key {
                draft.columns[column].nullable = Some(false);
            }
            draft.primary = key;
        }
        (false, false) => draft.uniques.push(key),
        (true, true) => draft.hidden_key = true,
        (false, true) => {}
    }
}

/// How often two rows may be linked through a junction.
fn uniqueness(through: &[(&Association, &Junction)]) -> Unique {
    let said = through
        .iter()
        .find_map(|(_, junction)| junction.unique.clone());
    let scoped = through
        .iter()
        .any(|(_, junction)| !junction.scope.is_empty());
    said.unwrap_or(match scoped {
        true => Unique::PairAndScope,
        false => Unique::Pair,
    })
}

fn link(graph: &Graph, tables: &[Draft], association: &Association) -> Link {
    let source = position(tables, &association.source);
    let target = position(tables, &association.target);
    let names = |table: usize, names: &[String]| -> Vec<usize> {
        let columns = names.iter().map(|name| column(&tables[table], name));
        columns.collect()
    };
    let scope = |table: usize, scope: &[(String, Value)]| -> Vec<(usize, Value)> {
        let cells = scope.iter();
        cells
            .map(|(name, value)| (column(&tables[table], name), value.clone()))
            .collect()
    };
    // PA-1: what was softly deleted is out of every scope.
    let within = |table: usize, mut scope: Vec<(usize, Value)>| {
        scope.extend(deleted_column(&tables[table]).map(|column| (column, Value::Null)));
        scope
    };
    let default_scope = graph.model(&association.target);
    let default_scope = default_scope.and_then(|model| model.default_scope.as_ref());
    let key = &association.key;
    let way = match &association.sort {
        Sort::BelongsTo => Way::Parent {
            key: names(source, &key.names),
            refers: referred(tables, target, key).1,
        },
        Sort::HasOne | Sort::HasMany => Way::Children {
            key: names(target, &key.names),
            refers: referred(tables, source, key).1,
            single: association.sort.is_single(),
        },
        Sort::BelongsToMany(junction) => {
            let table = position(tables, &junction.through);
            Way::Pairs(Pairs {
                junction: table,
                own: names(table, &key.names),
                source: referred(tables, source, key).1,
                other: names(table, &junction.other.names),
                target: referred(tables, target, &junction.other).1,
                scope: within(table, scope(table, &junction.scope)),
                deleted_at: deleted_column(&tables[table]),
                repeats: uniqueness(&through(graph, &junction.through)) == Unique::Off,
            })
        }
    };
    Link {
        source,
        target,
        scope: within(target, scope(target, &association.scope)),
        default_scope: default_scope
            .map(|(name, value)| (column(&tables[target], name), value.clone())),
        way,
    }
}

fn shape(tables: Vec<Draft>, references: Vec<Reference>) -> Shape {
    let mut shape = Shape {
        tables: tables.into_iter().map(table).collect(),
        references: Vec::new(),
        integer_base: 1,
        integer_stride: 1,
        spread: 6,
        rows_changed_max: None,
        enriched: false,
    };
    for reference in references {
        let shaped = shaped(&shape, reference);
        shape.references.push(shaped);
    }
    shape
}

/// FK-8, D6, FK-11: the actions that nobody chose.
fn shaped(shape: &Shape, reference: Reference) -> ReferenceShape {
    let child = &shape.tables[reference.child];
    let may_be_null = reference
        .child_columns
        .iter()
        .all(|&column| child.columns[column].nullable);
    let otherwise = match may_be_null && !reference.of_junction {
        true => Rule::SetNull,
        false => Rule::Cascade,
    };
    let on_delete = reference.on_delete.or(reference.other_on_delete);
    let on_update = reference.on_update.or(reference.other_on_update);
    let parent = &shape.tables[reference.parent];
    let mut uniques = parent.uniques.iter();
    let is_key = uniques.any(|unique| unique.columns == reference.parent_columns);
    ReferenceShape {
        name: format!("{}_{:?}", child.name, reference.child_columns),
        child: reference.child,
        child_columns: reference.child_columns,
        parent: reference.parent,
        parent_columns: reference.parent_columns,
        on_delete: on_delete.unwrap_or(otherwise),
        on_delete_columns: None,
        on_update: on_update.unwrap_or(Rule::Cascade),
        timing: reference.timing.unwrap_or(Timing::Immediate),
        guard: None,
        any_row: !is_key,
    }
}

fn table(draft: Draft) -> TableShape {
    let mut columns: Vec<ColumnShape> = draft
        .columns
        .into_iter()
        .map(|column| ColumnShape {
            name: column.name,
            kind: column.kind,
            nullable: column.nullable.unwrap_or(column.otherwise_nullable),
            default: match column.default {
                Some(value) => DefaultShape::Constant(value),
                None => DefaultShape::Null,
            },
        })
        .collect();
    let (mut primary, mut numbered) = (draft.primary, draft.numbered);
    if draft.hidden_key {
        primary = vec![columns.len()];
        numbered = Some(columns.len());
        columns.push(ColumnShape {
            name: "hidden".to_owned(),
            kind: Kind::Int,
            nullable: false,
            default: DefaultShape::AutoIncrement,
        });
    }
    if let Some(numbered) = numbered {
        columns[numbered].default = DefaultShape::AutoIncrement;
    }
    let keys = [vec![primary], draft.uniques].concat();
    let uniques = keys.into_iter().map(|columns| UniqueShape {
        name: format!("{}_{columns:?}", draft.name),
        columns,
        nulls_distinct: true,
        timing: Timing::Immediate,
        part: None,
    });
    TableShape {
        uniques: uniques.collect(),
        name: draft.name,
        columns,
        hidden_key: draft.hidden_key,
        auto_increment: numbered,
        checks: Vec::new(),
        indexes: Vec::new(),
    }
}

fn deleted_column(draft: &Draft) -> Option<usize> {
    let mut columns = draft.columns.iter();
    columns.position(|column| column.name == DELETED_AT)
}

fn position(tables: &[Draft], name: &str) -> usize {
    let found = tables.iter().position(|table| table.name == name);
    found.expect("graphs name models that they have")
}

fn column(draft: &Draft, name: &str) -> usize {
    let found = draft.columns.iter().position(|column| column.name == name);
    found.expect("graphs name attributes that their models have")
}
