//! Rows come: one, or several as one statement.

use crate::association::registry::ModelEntry;
use crate::engine::RowId;
use crate::error::{RequestError, RequestKind, Result};
use crate::model::lifecycle::validation::{Proposed, refusal};
use crate::model::lifecycle::{Call, HookEvent};
use crate::model::reader::Reader;
use crate::model::write::Assignments;
use crate::model::{Instance, Transaction};

/// Rows that came, in their order.
#[derive(Debug)]
pub(in crate::model) enum Created {
    /// Nobody asked for instances of them.
    Rows(Vec<RowId>),
    /// Hooks saw them as instances.
    Instances(Vec<Instance>),
}

impl Created {
    pub(in crate::model) fn into_instances(
        self,
        reader: Reader<'_>,
        model: &ModelEntry,
    ) -> Vec<Instance> {
        match self {
            Created::Rows(rows) => reader.instances(model, &rows),
            Created::Instances(instances) => instances,
        }
    }
}

impl<'db> Transaction<'db> {
    /// Inserts one row, below another instance or by itself.
    pub(in crate::model) fn create_row(
        &mut self,
        model: &'db ModelEntry,
        cells: Assignments,
        parent: Option<&Instance>,
    ) -> Result<Instance> {
        let call = parent.map_or(Call::ONE, Call::below);
        if self.hooked(model).is_none() {
            self.validate_new(model, std::slice::from_ref(&cells), call)?;
            let row = self.engine_mut().insert_row(model.table, cells)?;
            return Ok(self.reader().instance(model, row));
        }
        let mut created = self.atomically(|it| it.create_hooked(model, vec![cells], call))?;
        Ok(created.pop().expect("one row was to be created"))
    }

    /// Inserts rows as one statement.
    pub(in crate::model) fn create_rows(
        &mut self,
        model: &'db ModelEntry,
        rows: Vec<Assignments>,
    ) -> Result<Created> {
        if self.hooked(model).is_none() {
            self.validate_new(model, &rows, Call::MANY)?;
            let rows = self.engine_mut().insert_rows(model.table, rows)?;
            return Ok(Created::Rows(rows));
        }
        let created = self.atomically(|it| it.create_hooked(model, rows, Call::MANY))?;
        Ok(Created::Instances(created))
    }

    fn create_hooked(
        &mut self,
        model: &'db ModelEntry,
        rows: Vec<Assignments>,
        call: Call<'_>,
    ) -> Result<Vec<Instance>> {
        let models = self.models();
        let built = |cells| Instance::built(models, model.id, cells);
        let mut all: Vec<Instance> = rows.into_iter().map(built).collect();
        self.run_for_all(model, HookEvent::BeforeBulkCreate, &mut all, call)?;
        self.run_for_each(model, HookEvent::BeforeValidate, &mut all, call)?;
        let valid = pending(model, &all)?;
        self.validate_new(model, &valid, call)?;
        self.run_for_each(model, HookEvent::AfterValidate, &mut all, call)?;
        self.run_for_each(model, HookEvent::BeforeCreate, &mut all, call)?;
        let rows = pending(model, &all)?;
        if rows != valid {
            self.validate_new(model, &rows, call)?;
        }
        let rows = self.engine_mut().insert_rows(model.table, rows)?;
        for (instance, row) in all.iter_mut().zip(rows) {
            *instance = self.reader().instance(model, row);
        }
        self.run_for_each(model, HookEvent::AfterCreate, &mut all, call)?;
        self.run_for_all(model, HookEvent::AfterBulkCreate, &mut all, call)?;
        Ok(all)
    }

    /// Refuses rows that are not valid, with everything that is wrong with them.
    fn validate_new(
        &mut self,
        model: &ModelEntry,
        rows: &[Assignments],
        call: Call<'_>,
    ) -> Result<()> {
        let Some(rules) = self.rules(model) else {
            return Ok(());
        };
        let now = rules.looks_at_now.then(|| self.now());
        let mut violations = Vec::new();
        for (position, cells) in rows.iter().enumerate() {
            let row = Proposed {
                model,
                table: self.reader().table(model),
                cells,
                there: None,
                now,
            };
            rules.judge(row, call.place(position), &mut violations)?;
        }
        refusal(model, violations)
    }
}

/// What is to be inserted. A hook that saved an instance has left nothing to insert.
fn pending(model: &ModelEntry, instances: &[Instance]) -> Result<Vec<Assignments>> {
    if instances.iter().any(Instance::is_saved) {
        let detail = "a hook before the creation saved the instance that is to be created";
        return Err(RequestError::new(RequestKind::Unsupported, &*model.name, detail).into());
    }
    Ok(instances.iter().map(Instance::pending).collect())
}
