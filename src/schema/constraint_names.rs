//! The names of one table's constraints and indexes, each of which it has once.
//!
//! Names that somebody chose come first. Those made up here make way for them, as in PostgreSQL by a number at the end.

use std::collections::BTreeSet;

use crate::error::ProblemKind;
use crate::schema::TableDef;
use crate::schema::validate::Report;

/// The names in use, chosen ones from the start.
#[derive(Debug, Default)]
pub(super) struct ConstraintNames {
    taken: BTreeSet<Box<str>>,
}

impl ConstraintNames {
    /// The chosen names of a table.
    pub(super) fn declared(definition: &TableDef, report: &mut Report) -> Self {
        let uniques = definition.uniques.iter().map(|unique| &unique.name);
        let indexes = definition.indexes.iter().map(|index| &index.name);
        let foreign_keys = definition.foreign_keys.iter().map(|key| &key.name);
        let checks = definition.checks.iter().map(|check| &check.name);
        let mut taken = BTreeSet::new();
        let primary_key = std::iter::once(&definition.primary_key_name);
        let optional = primary_key
            .chain(uniques)
            .chain(indexes)
            .chain(foreign_keys)
            .flatten();
        for name in optional.chain(checks) {
            if name.is_empty() {
                report.add(ProblemKind::Unknown, "a constraint has an empty name");
            } else if !taken.insert(name.as_str().into()) {
                report.add_duplicate("constraints", name);
            }
        }
        ConstraintNames { taken }
    }

    /// The chosen name, or one made up that nothing has yet.
    pub(super) fn choose(
        &mut self,
        chosen: Option<&str>,
        generate: impl FnOnce() -> String,
    ) -> Box<str> {
        if let Some(name) = chosen {
            return name.into();
        }
        let base = generate();
        let mut name: Box<str> = base.as_str().into();
        let mut number = 0_u32;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{base}{number}").into();
        }
        name
    }
}
