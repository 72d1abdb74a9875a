//! One table while it is built, before anything is known of the others.

use std::collections::BTreeSet;

use crate::error::ProblemKind;
use crate::schema::check;
use crate::schema::constraint_names::ConstraintNames;
use crate::schema::row_filter;
use crate::schema::validate::{self, HIDDEN_COLUMN, Report};
use crate::schema::{
    Column, ColumnDef, DefaultValue, Deferral, Index, IndexDef, IndexKind, RowFilter, Table,
    TableDef, TableId, UniqueDef, UniqueKey,
};
use crate::value::DataType;

/// A table with its own names resolved, and what is wrong with it. Where a part is wrong it is left out, so that the
/// parts after it can still be looked at.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// What it is made from.
    pub(super) definition: &'a TableDef,
    /// What it has become so far. Without a key at all if the primary key is wrong.
    pub(super) table: Table,
    /// The names of its foreign keys, in the order of their definitions.
    pub(super) foreign_key_names: Vec<Box<str>>,
    /// Whether all its unique keys are in `table`. Otherwise nobody can say that columns are none of them.
    pub(super) keys_complete: bool,
    /// What is wrong.
    pub(super) report: Report,
    /// The names that its constraints and indexes have.
    names: ConstraintNames,
}

impl<'a> Draft<'a> {
    /// The table with everything but its foreign keys.
    pub(super) fn new(definition: &'a TableDef, id: TableId) -> Self {
        let mut report = Report::new(&definition.name);
        validate::table(definition, &mut report);
        let columns = resolve_columns(&definition.columns, &mut report);
        let mut draft = Draft {
            definition,
            table: Table {
                id,
                name: definition.name.as_str().into(),
                by_name: sort_by_name(&columns),
                auto_increment: auto_increment(&columns, &mut report),
                reaches: Box::default(),
                columns,
                keys: Vec::new(),
                indexes: Vec::new(),
                checks: Vec::new(),
                foreign_keys: Vec::new(),
                referenced_by: Vec::new(),
            },
            foreign_key_names: Vec::new(),
            keys_complete: true,
            names: ConstraintNames::default(),
            report,
        };
        let mut names = ConstraintNames::declared(definition, &mut draft.report);
        draft.resolve_primary_key(&mut names);
        draft.resolve_unique_keys(&mut names);
        draft.resolve_indexes(&mut names);
        draft.resolve_checks();
        draft.name_foreign_keys(&mut names);
        draft.names = names;
        draft
    }

    /// Sees to it that the table has an index over these columns, to be found by value through them (integrity RI-8).
    pub(super) fn ensure_index(&mut self, columns: &[u32]) {
        if self.table.index_over(columns).is_some() {
            return;
        }
        let base = self.generate_name(columns, "idx");
        self.table.indexes.push(Index {
            name: self.names.choose(None, || base),
            columns: columns.to_vec(),
            kind: IndexKind::Hash,
            descending: vec![false; columns.len()],
        });
    }

    fn resolve_primary_key(&mut self, names: &mut ConstraintNames) {
        let marked = self.definition.columns.iter().filter(|c| c.primary_key);
        let marked: Vec<String> = marked.map(|column| column.name.clone()).collect();
        let declared = match &self.definition.primary_key {
            None if marked.is_empty() => return self.add_hidden_key(names),
            None => &marked,
            Some(columns) => {
                if !marked.is_empty() {
                    let detail = "a primary key is declared both on columns and on the table";
                    self.report.add(ProblemKind::Duplicate, detail);
                }
                columns
            }
        };
        match resolve_key("primary key", declared, &self.table, &mut self.report) {
            Some(columns) => self.add_primary_key(columns, names),
            None => self.keys_complete = false,
        }
    }

    fn add_primary_key(&mut self, columns: Vec<u32>, names: &mut ConstraintNames) {
        for &column in &columns {
            self.table.columns[column as usize].nullable = false;
        }
        self.table.keys.push(UniqueKey {
            name: names.choose(self.definition.primary_key_name.as_deref(), || {
                format!("{}_pkey", self.table.name)
            }),
            columns,
            nulls_distinct: true,
            deferral: Deferral::NotDeferrable,
            filter: None,
        });
    }

    /// A table has one sequence, and a hidden key needs it.
    fn add_hidden_key(&mut self, names: &mut ConstraintNames) {
        if let Some(column) = self.table.auto_increment {
            let name = &self.table.columns[column as usize].name;
            self.report.add(
                ProblemKind::Unsupported,
                format!("column {name} has auto increment in a table without a primary key"),
            );
        }
        let hidden = ordinal(self.table.columns.len());
        self.table.columns.push(Column {
            name: HIDDEN_COLUMN.into(),
            data_type: DataType::Int,
            nullable: false,
            default: DefaultValue::AutoIncrement,
            hidden: true,
        });
        self.table.auto_increment = Some(hidden);
        self.add_primary_key(vec![hidden], names);
    }

    /// Keys of single columns first, then those of the table, each in the order of their definitions.
    fn resolve_unique_keys(&mut self, names: &mut ConstraintNames) {
        let definition = self.definition;
        let marked = definition.columns.iter().filter(|column| column.unique);
        let marked: Vec<UniqueDef> = marked
            .map(|column| UniqueDef::new([column.name.as_str()]))
            .collect();
        let mut uniques = Vec::new();
        for declared in marked.iter().chain(&definition.uniques) {
            let name = declared.name.as_deref();
            let what = describe("unique key", name, &declared.columns);
            validate::unique(&what, declared, &mut self.report);
            let columns = resolve_key(&what, &declared.columns, &self.table, &mut self.report);
            let filter = match &declared.filter {
                None => Some(None),
                Some(expr) => {
                    row_filter::resolve(&what, expr, &self.table, &mut self.report).map(Some)
                }
            };
            match (columns, filter) {
                (Some(columns), Some(filter)) => uniques.push(Unique {
                    declared,
                    columns,
                    filter,
                }),
                _ => self.keys_complete = false,
            }
        }
        self.add_unique_keys(uniques, names);
    }

    /// A unique key without a name that only repeats another one is that one, as in PostgreSQL. The primary key has no
    /// nulls, so it does not matter what a repetition of it says about them.
    fn add_unique_keys(&mut self, uniques: Vec<Unique<'_>>, names: &mut ConstraintNames) {
        let primary = self.table.keys.iter().map(|key| key.columns.clone());
        let primary = primary.flat_map(|columns| {
            let at_once = Deferral::NotDeferrable;
            [(columns.clone(), true, at_once), (columns, false, at_once)]
        });
        let named = uniques
            .iter()
            .filter(|unique| unique.declared.name.is_some());
        let named = named.filter_map(Unique::meaning);
        let mut seen: BTreeSet<Meaning> = primary.chain(named).collect();
        for unique in uniques {
            let name = unique.declared.name.as_deref();
            let mut repeats = |meaning| !seen.insert(meaning);
            if name.is_none() && unique.meaning().is_some_and(&mut repeats) {
                continue;
            }
            let Unique {
                declared,
                columns,
                filter,
            } = unique;
            let generated = || self.generate_name(&columns, "key");
            self.table.keys.push(UniqueKey {
                name: names.choose(name, generated),
                columns,
                nulls_distinct: declared.nulls_distinct,
                deferral: declared.deferral,
                filter,
            });
        }
    }

    fn resolve_indexes(&mut self, names: &mut ConstraintNames) {
        for definition in &self.definition.indexes {
            let name = definition.name.as_deref();
            let what = describe("index", name, &definition.columns);
            check_descending(&what, definition, &mut self.report);
            let columns = &definition.columns;
            let resolved = resolve_key(&what, columns, &self.table, &mut self.report);
            if let Some(columns) = resolved {
                let generated = || self.generate_name(&columns, "idx");
                self.table.indexes.push(Index {
                    name: names.choose(name, generated),
                    columns,
                    kind: definition.kind,
                    descending: descending(definition),
                });
            }
        }
    }

    fn resolve_checks(&mut self) {
        for definition in &self.definition.checks {
            let resolved = check::resolve(definition, &self.table, &mut self.report);
            self.table.checks.extend(resolved);
        }
    }

    fn name_foreign_keys(&mut self, names: &mut ConstraintNames) {
        for definition in &self.definition.foreign_keys {
            let generated = || {
                let columns = definition.columns.join("_");
                match &definition.guard {
                    None => format!("{}_{columns}_fkey", self.table.name),
                    // Several guarded keys share their columns; what tells them apart is the parent.
                    Some(_) => format!("{}_{columns}_{}_fkey", self.table.name, definition.parent),
                }
            };
            let name = names.choose(definition.name.as_deref(), generated);
            self.foreign_key_names.push(name);
        }
    }

    fn generate_name(&self, columns: &[u32], suffix: &str) -> String {
        let mut name = self.table.name.to_string();
        for &column in columns {
            name.push('_');
            name.push_str(&self.table.columns[column as usize].name);
        }
        name.push('_');
        name + suffix
    }
}

/// A unique key with its columns resolved and the rest as declared.
struct Unique<'a> {
    declared: &'a UniqueDef,
    columns: Vec<u32>,
    filter: Option<RowFilter>,
}

/// What two unique keys have in common if one repeats the other.
type Meaning = (Vec<u32>, bool, Deferral);

impl Unique<'_> {
    /// None for a key that leaves rows out: it is taken for no repetition.
    fn meaning(&self) -> Option<Meaning> {
        let declared = self.declared;
        let meaning = (
            self.columns.clone(),
            declared.nulls_distinct,
            declared.deferral,
        );
        self.filter.is_none().then_some(meaning)
    }
}

/// The ordinals of named columns, if they can be a key of the table.
pub(super) fn resolve_key(
    constraint: &str,
    names: &[String],
    table: &Table,
    report: &mut Report,
) -> Option<Vec<u32>> {
    let is_key = validate::key(constraint, names, report);
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        match table.find_column(name) {
            Some(column) => columns.push(column),
            None => report.add(
                ProblemKind::Unknown,
                format!("{constraint}: {} has no column {name}", table.name),
            ),
        }
    }
    (is_key && columns.len() == names.len()).then_some(columns)
}

/// A position as an ordinal. Positions that do not fit are over a limit, which is reported where things are counted.
pub(super) fn ordinal(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

fn resolve_columns(definitions: &[ColumnDef], report: &mut Report) -> Vec<Column> {
    let mut names = BTreeSet::new();
    let mut columns = Vec::with_capacity(definitions.len() + 1);
    for definition in definitions {
        validate::column(definition, report);
        if !names.insert(definition.name.as_str()) {
            report.add_duplicate("columns", &definition.name);
        }
        columns.push(Column {
            name: definition.name.as_str().into(),
            data_type: definition.data_type,
            nullable: definition.nullable,
            default: definition.default.clone(),
            hidden: false,
        });
    }
    columns
}

fn sort_by_name(columns: &[Column]) -> Box<[u32]> {
    let mut sorted: Box<[u32]> = (0..ordinal(columns.len())).collect();
    sorted.sort_by_key(|&column| &columns[column as usize].name);
    sorted
}

fn auto_increment(columns: &[Column], report: &mut Report) -> Option<u32> {
    let mut counting = (0..).zip(columns).filter_map(|(position, column)| {
        matches!(column.default, DefaultValue::AutoIncrement).then_some((position, column))
    });
    let (position, first) = counting.next()?;
    for (_, other) in counting {
        report.add(
            ProblemKind::Duplicate,
            format!(
                "columns {} and {} both have auto increment",
                first.name, other.name
            ),
        );
    }
    Some(position)
}

fn check_descending(index: &str, definition: &IndexDef, report: &mut Report) {
    for name in &definition.descending {
        if !definition.columns.contains(name) {
            let detail = format!("{index} descends by column {name}, which is none of its own");
            report.add(ProblemKind::Unknown, detail);
        }
    }
    if definition.kind == IndexKind::Hash && !definition.descending.is_empty() {
        let detail = format!("{index} is by hash and cannot descend");
        report.add(ProblemKind::Key, detail);
    }
}

fn descending(definition: &IndexDef) -> Vec<bool> {
    let columns = definition.columns.iter();
    columns
        .map(|name| definition.descending.contains(name))
        .collect()
}

/// How messages call a constraint: by its name, or by its columns as long as it has none.
pub(super) fn describe(sort: &str, name: Option<&str>, columns: &[String]) -> String {
    match name {
        Some(name) => format!("{sort} {name}"),
        None => format!("{sort} ({})", columns.join(", ")),
    }
}
