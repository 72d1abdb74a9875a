//! Rows take other values: the row of an instance, or several as one statement. A row that is restored is one that takes
//! null for the time of its deletion.

use crate::association::registry::ModelEntry;
use crate::engine::{Affected, RowId};
use crate::error::Result;
use crate::model::instance::Written;
use crate::model::lifecycle::validation::{Proposed, Rules, refusal};
use crate::model::lifecycle::{Call, HookEvent};
use crate::model::write::{Assignments, gone};
use crate::model::{Instance, Transaction};
use crate::value::Value;

/// Which hooks run around the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Sort {
    Update,
    Restore,
}

/// An instance on its way, and what is to be written of it.
struct Work {
    instances: Vec<Instance>,
    before: Vec<Before>,
}

/// An instance before any hook saw it.
struct Before {
    /// The columns that the caller writes.
    given: Vec<u32>,
    values: Box<[Value]>,
}

impl Sort {
    fn bulk(self) -> [HookEvent; 2] {
        match self {
            Sort::Update => [HookEvent::BeforeBulkUpdate, HookEvent::AfterBulkUpdate],
            Sort::Restore => [HookEvent::BeforeBulkRestore, HookEvent::AfterBulkRestore],
        }
    }

    fn row(self) -> [HookEvent; 2] {
        match self {
            Sort::Update => [HookEvent::BeforeUpdate, HookEvent::AfterUpdate],
            Sort::Restore => [HookEvent::BeforeRestore, HookEvent::AfterRestore],
        }
    }
}

impl Work {
    fn new(all: impl Iterator<Item = (Instance, Assignments)>) -> Self {
        let mut work = Work {
            instances: Vec::new(),
            before: Vec::new(),
        };
        for (mut instance, cells) in all {
            let given = cells.iter().map(|&(ordinal, _)| ordinal).collect();
            for (ordinal, value) in cells {
                instance.set_cell(ordinal, value);
            }
            let values = instance.values().into();
            work.before.push(Before { given, values });
            work.instances.push(instance);
        }
        work
    }

    /// What is to be written: what the caller gave, and what hooks have changed since.
    fn cells(&self) -> Vec<Assignments> {
        let all = self.instances.iter().zip(&self.before);
        let of_one = |(instance, before): (&Instance, &Before)| {
            let columns = (0_u32..).zip(instance.values()).zip(&before.values);
            let written = columns.filter(|((ordinal, value), before_hooks)| {
                before.given.contains(ordinal) || value != before_hooks
            });
            written
                .map(|((ordinal, value), _)| (ordinal, value.clone()))
                .collect()
        };
        all.map(of_one).collect()
    }
}

impl<'db> Transaction<'db> {
    /// Writes cells of the row of an instance, if they differ.
    pub(in crate::model) fn write_cells(
        &mut self,
        model: &'db ModelEntry,
        instance: &Instance,
        cells: Assignments,
    ) -> Result<Written> {
        self.write_one(model, instance, cells, Sort::Update)
    }

    /// The same for a row that is updated or restored.
    pub(in crate::model) fn write_one(
        &mut self,
        model: &'db ModelEntry,
        instance: &Instance,
        mut cells: Assignments,
        sort: Sort,
    ) -> Result<Written> {
        let row = self.reader().row_of(instance)?;
        let row = row.ok_or_else(|| gone(instance))?;
        if self.hooked(model).is_some() {
            return self.atomically(|transaction| {
                let mut work = Work::new([(instance.clone(), cells)].into_iter());
                transaction.write_hooked(model, &mut work, Call::ONE, sort)?;
                let instance = work.instances.pop().expect("one row was to be written");
                Ok(Written::Whole(Box::new(instance)))
            });
        }
        if !self.differs(model, row, &cells) {
            return Ok(Written::Cells(cells));
        }
        self.validate_changes(model, &[(row, &cells)], Call::ONE)?;
        self.stamp(model, &mut cells);
        let rows = [(row, cells)];
        self.engine_mut().update_rows(model.table, &rows)?;
        let [(_, cells)] = rows;
        Ok(Written::Cells(cells))
    }

    /// Writes cells of rows as one statement, with the time of the update.
    pub(in crate::model) fn write_rows(
        &mut self,
        model: &'db ModelEntry,
        mut rows: Vec<(RowId, Assignments)>,
        call: Call<'_>,
        sort: Sort,
    ) -> Result<Affected> {
        if rows.is_empty() {
            return Ok(Affected::default());
        }
        if self.hooked(model).is_some() {
            return self.atomically(|transaction| {
                let reader = transaction.reader();
                let instance = |(row, cells)| (reader.instance(model, row), cells);
                let mut work = Work::new(rows.into_iter().map(instance));
                transaction.write_hooked(model, &mut work, call, sort)
            });
        }
        if self.rules(model).is_some() {
            let changes: Vec<_> = rows.iter().map(|(row, cells)| (*row, &**cells)).collect();
            self.validate_changes(model, &changes, call)?;
        }
        for (_, cells) in &mut rows {
            self.stamp(model, cells);
        }
        self.engine_mut().update_rows(model.table, &rows)
    }

    fn write_hooked(
        &mut self,
        model: &'db ModelEntry,
        work: &mut Work,
        call: Call<'_>,
        sort: Sort,
    ) -> Result<Affected> {
        let ([before_all, after_all], [before, after]) = (sort.bulk(), sort.row());
        self.run_for_all(model, before_all, &mut work.instances, call)?;
        if sort == Sort::Update {
            self.run_for_each(model, HookEvent::BeforeValidate, &mut work.instances, call)?;
        }
        let valid = work.cells();
        self.validate_work(model, work, &valid, call)?;
        if sort == Sort::Update {
            self.run_for_each(model, HookEvent::AfterValidate, &mut work.instances, call)?;
        }
        self.run_for_each(model, before, &mut work.instances, call)?;
        let cells = work.cells();
        if cells != valid {
            self.validate_work(model, work, &cells, call)?;
        }
        let rows = self.rows_of(&work.instances)?;
        let mut rows: Vec<_> = rows.into_iter().zip(cells).collect();
        let differs = |(row, cells): &(RowId, Assignments)| self.differs(model, *row, cells);
        let is_written = call.bulk || rows.iter().any(differs);
        let mut affected = Affected::default();
        if is_written {
            for (_, cells) in &mut rows {
                self.stamp(model, cells);
            }
            affected = self.engine_mut().update_rows(model.table, &rows)?;
        }
        for (instance, (_, cells)) in work.instances.iter_mut().zip(&rows) {
            instance.accept(cells);
        }
        if is_written {
            self.run_for_each(model, after, &mut work.instances, call)?;
            self.run_for_all(model, after_all, &mut work.instances, call)?;
        }
        Ok(affected)
    }

    fn validate_work(
        &mut self,
        model: &ModelEntry,
        work: &Work,
        cells: &[Assignments],
        call: Call<'_>,
    ) -> Result<()> {
        if self.rules(model).is_none() {
            return Ok(());
        }
        let rows = self.rows_of(&work.instances)?;
        let changes: Vec<_> = rows
            .into_iter()
            .zip(cells.iter().map(Vec::as_slice))
            .collect();
        self.validate_changes(model, &changes, call)
    }

    /// Refuses rows that would not be valid, with everything that is wrong with them.
    fn validate_changes(
        &mut self,
        model: &ModelEntry,
        rows: &[(RowId, &[(u32, Value)])],
        call: Call<'_>,
    ) -> Result<()> {
        let Some(rules) = self.rules(model) else {
            return Ok(());
        };
        let reader = self.reader();
        let mut violations = Vec::new();
        for (position, &(row, cells)) in rows.iter().enumerate() {
            let row = Proposed {
                model,
                table: reader.table(model),
                cells,
                there: Some(reader.view(model, row)),
                now: None,
            };
            rules.judge(row, call.place(position), &mut violations)?;
        }
        refusal(model, violations)
    }

    /// The rules that are judged now.
    pub(super) fn rules(&self, model: &ModelEntry) -> Option<&'db Rules> {
        let rules = &self.lifecycle(model)?.rules;
        (!rules.is_empty() && !self.manner.unvalidated).then_some(rules)
    }

    /// The rows of instances, as they are now.
    fn rows_of(&self, instances: &[Instance]) -> Result<Vec<RowId>> {
        let reader = self.reader();
        let row = |instance: &Instance| reader.row_of(instance)?.ok_or_else(|| gone(instance));
        instances.iter().map(row).collect()
    }

    /// Whether writing these cells would change the row.
    pub(in crate::model) fn differs(
        &self,
        model: &ModelEntry,
        row: RowId,
        cells: &[(u32, Value)],
    ) -> bool {
        let row = self.reader().view(model, row);
        cells
            .iter()
            .any(|(ordinal, value)| row.value(*ordinal).total_cmp(value.as_ref()).is_ne())
    }

    /// Adds the time of the update to what is written.
    pub(super) fn stamp(&mut self, model: &ModelEntry, cells: &mut Assignments) {
        let Some(timestamps) = self.models().settings(model.id).timestamps else {
            return;
        };
        let updated_at = timestamps.updated_at;
        if cells.iter().all(|&(ordinal, _)| ordinal != updated_at) {
            cells.push((updated_at, Value::Timestamp(self.now())));
        }
    }
}
