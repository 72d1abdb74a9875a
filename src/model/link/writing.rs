//! What the verbs that write have in common: a transaction, a source and its association.

use crate::association::link::{Association, Hop, Junction};
use crate::association::registry::ModelEntry;
use crate::engine::RowId;
use crate::error::{Error, RequestError, RequestKind, Result, Show};
use crate::model::lifecycle::{Call, Going, Sort};
use crate::model::link::targets::{Found, Targets};
use crate::model::link::view::View;
use crate::model::link::walk::Parent;
use crate::model::link::{Place, RelatedView};
use crate::model::reader::Reader;
use crate::model::write::{Assignments, gone};
use crate::model::{Instance, Transaction};
use crate::value::{Key, Value};

/// One verb under way.
#[derive(Debug)]
pub(super) struct Writing<'w, 'db> {
    pub(super) transaction: &'w mut Transaction<'db>,
    pub(super) association: &'w Association,
    pub(super) source: &'w Instance,
    /// Whether the source was given to be changed.
    pub(super) source_follows: bool,
    pub(super) destroy_previous: bool,
}

impl<'w, 'db> Writing<'w, 'db> {
    pub(super) fn reader(&self) -> Reader<'_> {
        self.transaction.reader()
    }

    pub(super) fn view(&self) -> View<'_> {
        View::of(self.reader(), self.source, self.association)
    }

    /// What a getter gives then (associations D9).
    pub(super) fn now_associated(&self) -> Result<Vec<Instance>> {
        RelatedView::of(self.view()).get()
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place::new(self.reader(), self.association)
    }

    pub(super) fn target(&self) -> &'db ModelEntry {
        self.transaction
            .models()
            .registry
            .model(self.association.target)
    }

    pub(super) fn refuse(&self, kind: RequestKind, detail: impl Into<String>) -> Error {
        self.place().refuse(kind, detail)
    }

    /// The source as the end of a hop that is to be referred to: it must be there and have a key.
    pub(super) fn owner(&self, hop: &Hop) -> Result<Parent> {
        let owner = self.view().end(hop)?;
        let owner = owner.ok_or_else(|| self.unsaved("source"))?;
        if owner.row.is_none() {
            return Err(gone(self.source));
        }
        if owner.values.iter().any(Value::is_null) {
            let detail = "the source has no value in the key that targets refer to";
            return Err(self.refuse(RequestKind::Unsaved, detail));
        }
        Ok(owner)
    }

    /// The rows of targets, each once and in their order; keys without a row are left out (associations HM-7).
    pub(super) fn rows_of(&self, targets: &Targets<'_>) -> Result<Vec<RowId>> {
        let mut rows = Vec::new();
        for target in targets.iter() {
            match target.find(self.reader(), self.place(), self.target())? {
                Found::Row(row) => rows.push(row),
                Found::Unknown(_) => {}
                Found::Unsaved(_) => return Err(self.unsaved("target")),
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        rows.retain(|&row| seen.insert(row));
        Ok(rows)
    }

    /// Refuses a source whose row is gone, before anything is written for it.
    pub(super) fn require_source(&self) -> Result<()> {
        if self.source.is_saved() && self.reader().row_of(self.source)?.is_none() {
            return Err(gone(self.source));
        }
        Ok(())
    }

    /// Refuses to make a target one of an association whose scope says no values to write (associations SC-6).
    pub(super) fn require_assignable(&self) -> Result<()> {
        let refused = not_assignable(self.association);
        refused.map_or(Ok(()), |detail| {
            Err(self.refuse(RequestKind::Unsupported, detail))
        })
    }

    /// Refuses to insert a row of a junction whose scope says no values to write (associations SC-6).
    pub(super) fn require_linkable(&self, junction: &Junction) -> Result<()> {
        let refused = not_linkable(junction);
        refused.map_or(Ok(()), |detail| {
            Err(self.refuse(RequestKind::Unsupported, detail))
        })
    }

    pub(super) fn unsaved(&self, which: &str) -> Error {
        self.place().unsaved(which)
    }

    pub(super) fn no_target(&self, key: &Key) -> Error {
        let target = &self.target().name;
        let detail = |show: Show| format!("there is no {target} {}", show.key(key));
        RequestError::with_values(RequestKind::NotFound, self.place().to_string(), detail).into()
    }

    /// Refuses a verb that destroyed, with what is no longer associated, rows that are to be.
    pub(super) fn require_rows(
        &self,
        model: &ModelEntry,
        mut rows: impl Iterator<Item = RowId>,
    ) -> Result<()> {
        let snapshot = self.reader().snapshot;
        if rows.any(|row| snapshot.row(model.table, row).is_none()) {
            let detail = "deleting what is no longer associated takes along what is to be";
            return Err(self.refuse(RequestKind::NotFound, detail));
        }
        Ok(())
    }

    /// Updates rows of one model as one statement, with the time of the update.
    pub(super) fn update(
        &mut self,
        model: &'db ModelEntry,
        rows: Vec<(RowId, Assignments)>,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.require_rows(model, rows.iter().map(|&(row, _)| row))?;
        let call = self.call();
        self.transaction
            .write_rows(model, rows, call, Sort::Update)?;
        Ok(())
    }

    /// Deletes rows of one model, softly where the model does so: the target of an association to one as an instance is
    /// destroyed, those of one to many as a whole.
    pub(super) fn delete(&mut self, model: &'db ModelEntry, rows: &[RowId]) -> Result<()> {
        let (transaction, going) = (&mut *self.transaction, Going::AsDeclared);
        match self.association.is_single() {
            true => transaction.destroy_each(model, rows, going)?,
            false => transaction.destroy_rows(model, rows, Call::MANY, going)?,
        };
        Ok(())
    }

    /// An association to one is about its target, one to many about its targets as a whole.
    fn call(&self) -> Call<'static> {
        match self.association.is_single() {
            true => Call::ONE,
            false => Call::MANY,
        }
    }
}

/// Why nothing can be made a target of an association; none if it can.
pub(crate) fn not_assignable(association: &Association) -> Option<String> {
    let conditions = association.conditions.as_ref()?;
    Some(format!(
        "its targets meet {}, which is no value that could be written",
        conditions.expr
    ))
}

/// Why no row of a junction can be inserted; none if one can.
pub(crate) fn not_linkable(junction: &Junction) -> Option<String> {
    let conditions = junction.conditions.as_ref()?;
    Some(format!(
        "its rows of the junction meet {}, which is no value that could be written",
        conditions.expr
    ))
}
