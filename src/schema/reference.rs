//! One foreign key while it is built, when all tables are known by themselves.

use std::collections::BTreeMap;

use crate::error::ProblemKind;
use crate::schema::draft::{self, Draft};
use crate::schema::validate::{self, Report};
use crate::schema::{Action, ForeignKey, ForeignKeyDef, ForeignKeyId, Guard, GuardDef, UniqueKey};

/// A foreign key's definition among all tables, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Reference<'a> {
    drafts: &'a [Draft<'a>],
    /// The positions of the tables among the drafts.
    by_name: &'a BTreeMap<Box<str>, usize>,
    child: &'a Draft<'a>,
    definition: &'a ForeignKeyDef,
    name: &'a str,
    /// How messages call it.
    what: String,
    /// What is wrong.
    pub(super) report: Report,
}

impl<'a> Reference<'a> {
    /// The foreign key at a position of a child's definition.
    pub(super) fn new(
        drafts: &'a [Draft<'a>],
        by_name: &'a BTreeMap<Box<str>, usize>,
        child: usize,
        position: usize,
    ) -> Self {
        let child = &drafts[child];
        let name = &child.foreign_key_names[position];
        Reference {
            drafts,
            by_name,
            child,
            definition: &child.definition.foreign_keys[position],
            name,
            what: format!("foreign key {name}"),
            report: Report::new(&child.table.name),
        }
    }

    /// The foreign key with its names resolved; none if something is wrong with it.
    pub(super) fn resolve(&mut self, id: ForeignKeyId) -> Option<ForeignKey> {
        let definition = self.definition;
        let guard = definition.guard.as_ref().map(|guard| self.guard(guard));
        let child_columns = self.child_columns();
        let parent = self.parent()?;
        let parent_columns = self.columns(&self.definition.parent_columns, parent)?;
        let (child_columns, on_delete_columns) = child_columns?;
        let guard = match guard {
            None => None,
            Some(resolved) => Some(resolved?),
        };
        self.compare_columns(&child_columns, parent, &parent_columns)?;
        let parent_key = self.parent_key(parent, &parent_columns)?;
        let key = match parent_key {
            Some(key) => &parent.table.keys[key].columns,
            None => &parent_columns,
        };
        Some(ForeignKey {
            id,
            name: self.name.into(),
            child: self.child.table.id,
            key_order: in_key_order(&child_columns, &parent_columns, key),
            child_columns,
            parent: parent.table.id,
            parent_columns,
            parent_key,
            on_delete: self.definition.on_delete,
            on_delete_columns,
            on_update: self.definition.on_update,
            deferral: self.definition.deferral,
            link: draft::ordinal(self.child.table.foreign_keys.len()),
            guard,
        })
    }

    /// The guard with its column resolved; none if something is wrong with it.
    fn guard(&mut self, GuardDef { column, value }: &GuardDef) -> Option<Guard> {
        let (what, table) = (&self.what, &self.child.table);
        let Some(ordinal) = table.find_column(column) else {
            let detail = format!("{what}: {} has no column {column}", table.name);
            self.report.add(ProblemKind::Unknown, detail);
            return None;
        };
        if self.definition.columns.contains(column) {
            let detail = format!("{what}: column {column} is part of the key that it guards");
            self.report.add(ProblemKind::Key, detail);
            return None;
        }
        let data_type = table.columns[ordinal as usize].data_type;
        if value.data_type() != Some(data_type) {
            let detail = format!("{what}: column {column} is {data_type}, and so never {value}");
            self.report.add(ProblemKind::Type, detail);
            return None;
        }
        Some(Guard {
            column: ordinal,
            value: value.clone(),
        })
    }

    /// The columns that refer, and those of them that a delete of the parent writes to.
    fn child_columns(&mut self) -> Option<(Vec<u32>, Vec<u32>)> {
        let child = self.child;
        let ordinals = self.columns(&self.definition.columns, child)?;
        // What lets go of a parent writes to the guard's column too.
        let guard = self.definition.guard.as_ref();
        let guard = guard.and_then(|guard| child.table.find_column(&guard.column));
        let deciding: Vec<u32> = ordinals.iter().copied().chain(guard).collect();
        let written = match self.on_delete_columns(&ordinals) {
            None => deciding.clone(),
            Some(chosen) => chosen?,
        };
        let column = |&ordinal: &u32| &child.table.columns[ordinal as usize];
        let (on_delete, on_update) = (self.definition.on_delete, self.definition.on_update);
        let (what, report) = (&self.what, &mut self.report);
        validate::action(
            what,
            "on delete",
            on_delete,
            written.iter().map(column),
            report,
        );
        validate::action(
            what,
            "on update",
            on_update,
            deciding.iter().map(column),
            report,
        );
        Some((ordinals, written))
    }

    /// The columns that were chosen, if any were: those, or none if something is wrong with them.
    fn on_delete_columns(&mut self, key: &[u32]) -> Option<Option<Vec<u32>>> {
        let names = self.definition.on_delete_columns.as_ref()?;
        Some(self.chosen_columns(names, key))
    }

    fn chosen_columns(&mut self, names: &[String], key: &[u32]) -> Option<Vec<u32>> {
        let (definition, child) = (self.definition, self.child);
        let (what, event) = (&self.what, format!("on delete {}", definition.on_delete));
        if !matches!(definition.on_delete, Action::SetNull | Action::SetDefault) {
            let detail = format!("{what}: {event} writes to no columns, and so to no chosen ones");
            self.report.add(ProblemKind::Action, detail);
            return None;
        }
        let chosen = format!("{what}, {event}");
        let written = draft::resolve_key(&chosen, names, &child.table, &mut self.report)?;
        let foreign = names
            .iter()
            .zip(&written)
            .filter(|(_, column)| !key.contains(column));
        let mut all_its_own = true;
        for (name, _) in foreign {
            let detail = format!("{chosen}: column {name} is none of the key's");
            self.report.add(ProblemKind::Key, detail);
            all_its_own = false;
        }
        all_its_own.then_some(written)
    }

    fn columns(&mut self, names: &[String], table: &Draft<'_>) -> Option<Vec<u32>> {
        draft::resolve_key(&self.what, names, &table.table, &mut self.report)
    }

    fn parent(&mut self) -> Option<&'a Draft<'a>> {
        let (what, name) = (&self.what, self.definition.parent.as_str());
        if let Some(found) = self.by_name.get(name) {
            return Some(&self.drafts[*found]);
        }
        let detail = match name.is_empty() {
            true => format!("{what} refers to no table"),
            false => format!("{what} refers to table {name}, which does not exist"),
        };
        self.report.add(ProblemKind::Unknown, detail);
        None
    }

    /// The two lists of columns must be equally long and, by position, of the same types.
    fn compare_columns(
        &mut self,
        child_columns: &[u32],
        parent: &Draft<'_>,
        parent_columns: &[u32],
    ) -> Option<()> {
        let what = &self.what;
        if child_columns.len() != parent_columns.len() {
            let detail = format!(
                "{what}: ({}) is not as long as ({}) of {}",
                self.definition.columns.join(", "),
                self.definition.parent_columns.join(", "),
                parent.table.name
            );
            self.report.add(ProblemKind::Key, detail);
            return None;
        }
        let child = (&self.child.table, child_columns);
        let parent = (&parent.table, parent_columns);
        validate::key_types(what, child, parent, &mut self.report);
        Some(())
    }

    /// The unique key of the parent that has exactly these columns, in whatever order, and every row; if several do, the
    /// first one that never waits. No key, if it may be any row. None at all if there has to be one and is none.
    fn parent_key(&mut self, parent: &Draft<'_>, columns: &[u32]) -> Option<Option<usize>> {
        let keys = &parent.table.keys;
        let has_columns = |key: &UniqueKey| {
            let same = |column| key.columns.contains(column);
            key.filter.is_none() && key.columns.len() == columns.len() && columns.iter().all(same)
        };
        let found = keys
            .iter()
            .position(|key| has_columns(key) && key.names_one_row())
            .or_else(|| keys.iter().position(has_columns));
        if found.is_some() || self.definition.to_any_row {
            return Some(found);
        }
        // A key that is itself wrong, and so left out, may be the one that is meant.
        if parent.keys_complete {
            let detail = format!(
                "{} refers to ({}) of {}, which is no unique key; \
                 a key that any row may meet is declared `to_any_row`",
                self.what,
                self.definition.parent_columns.join(", "),
                parent.table.name
            );
            self.report.add(ProblemKind::NotUnique, detail);
        }
        None
    }
}

/// The child columns in the order in which the parent's key has their parent columns.
fn in_key_order(child_columns: &[u32], parent_columns: &[u32], key: &[u32]) -> Vec<u32> {
    let corresponding = |column| parent_columns.iter().position(|other| other == column);
    key.iter()
        .filter_map(corresponding)
        .map(|position| child_columns[position])
        .collect()
}
