//! One foreign key while it is built, when all tables are known by themselves.

use std::collections::BTreeMap;

use crate::error::ProblemKind;
use crate::schema::draft::{self, Draft};
use crate::schema::validate::{self, Report};
use crate::schema::{Action, ForeignKey, ForeignKeyDef, ForeignKeyId, TableId, UniqueKey};

/// A foreign key's definition among all tables, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Reference<'a> {
    drafts: &'a [Draft<'a>],
    by_name: &'a BTreeMap<Box<str>, TableId>,
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
        by_name: &'a BTreeMap<Box<str>, TableId>,
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
        let child_columns = self.child_columns();
        let parent = self.parent()?;
        let parent_columns = self.columns(&self.definition.parent_columns, parent)?;
        let (child_columns, on_delete_columns) = child_columns?;
        self.compare_columns(&child_columns, parent, &parent_columns)?;
        let parent_key = self.parent_key(parent, &parent_columns)?;
        let key = &parent.table.keys[parent_key].columns;
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
        })
    }

    /// The columns that refer, and those of them that a delete of the parent writes to.
    fn child_columns(&mut self) -> Option<(Vec<u32>, Vec<u32>)> {
        let child = self.child;
        let ordinals = self.columns(&self.definition.columns, child)?;
        let written = self.on_delete_columns(&ordinals)?;
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
            ordinals.iter().map(column),
            report,
        );
        Some((ordinals, written))
    }

    fn on_delete_columns(&mut self, key: &[u32]) -> Option<Vec<u32>> {
        let (definition, child) = (self.definition, self.child);
        let Some(names) = &definition.on_delete_columns else {
            return Some(key.to_vec());
        };
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
            return Some(&self.drafts[found.index()]);
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
    /// first one that never waits.
    fn parent_key(&mut self, parent: &Draft<'_>, columns: &[u32]) -> Option<usize> {
        let keys = &parent.table.keys;
        let has_columns = |key: &UniqueKey| {
            let same = |column| key.columns.contains(column);
            key.filter.is_none() && key.columns.len() == columns.len() && columns.iter().all(same)
        };
        let found = keys
            .iter()
            .position(|key| has_columns(key) && key.names_one_row())
            .or_else(|| keys.iter().position(has_columns));
        // A key that is itself wrong, and so left out, may be the one that is meant.
        if found.is_none() && parent.keys_complete {
            let detail = format!(
                "{} refers to ({}) of {}, which is no unique key; \
                 keys to any row (`to_any_row`) are not offered yet",
                self.what,
                self.definition.parent_columns.join(", "),
                parent.table.name
            );
            self.report.add(ProblemKind::NotUnique, detail);
        }
        found
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
