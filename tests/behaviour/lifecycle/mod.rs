//! What happens to instances on their way into the database: validation, hooks, and verbs that find first.

mod validation_tells_everything;
mod hooks_run_in_order;
mod hooks_refuse_whole_calls;
mod nested_rows_have_lifecycles;
mod destroying_runs_hooks_along;
mod changes_run_hooks;
mod writes_that_find_first;
mod numbers_count;

use std::sync::{Arc, Mutex, PoisonError};

use relata::model::HookContext;
use relata::{Attribute, DataType, Database, Error, ErrorKind, Instance, ModelDef, Result};

fn int(name: &str) -> Attribute {
    Attribute::new(name, DataType::Int)
}

fn text(name: &str) -> Attribute {
    Attribute::new(name, DataType::Text)
}

/// What hooks have told, in the order in which they ran.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<Vec<String>>>);

impl Record {
    fn note(&self, line: impl Into<String>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.into());
    }

    /// What was told since the last time.
    fn take(&self) -> Vec<String> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut lines)
    }

    fn row(&self) -> impl Fn(&mut HookContext<'_, '_>, &mut Instance) -> Result<()> + 'static {
        let record = self.clone();
        move |hook, instance| {
            record.note(format!("{:?} {}", hook.event(), shown(instance)));
            Ok(())
        }
    }

    fn bulk(&self) -> impl Fn(&mut HookContext<'_, '_>, &mut [Instance]) -> Result<()> + 'static {
        let record = self.clone();
        move |hook, instances| {
            let all: Vec<String> = instances.iter().map(shown).collect();
            record.note(format!("{:?} [{}]", hook.event(), all.join(", ")));
            Ok(())
        }
    }

    /// Every hook around rows, each of which tells its event and the name of its instance.
    fn everything(&self, model: ModelDef) -> ModelDef {
        model
            .before_validate(self.row())
            .after_validate(self.row())
            .before_create(self.row())
            .after_create(self.row())
            .before_update(self.row())
            .after_update(self.row())
            .before_destroy(self.row())
            .after_destroy(self.row())
            .before_restore(self.row())
            .after_restore(self.row())
            .before_bulk_create(self.bulk())
            .after_bulk_create(self.bulk())
            .before_bulk_update(self.bulk())
            .after_bulk_update(self.bulk())
            .before_bulk_destroy(self.bulk())
            .after_bulk_destroy(self.bulk())
            .before_bulk_restore(self.bulk())
            .after_bulk_restore(self.bulk())
    }
}

/// The name of an instance, with a mark if it is not saved.
fn shown(instance: &Instance) -> String {
    let name = instance.get("name").ok().and_then(|name| name.as_str());
    let name = name.unwrap_or("?");
    match instance.is_saved() {
        true => name.to_owned(),
        false => format!("new {name}"),
    }
}

/// What is refused leaves the database as it was.
fn refused<T>(db: &mut Database, call: impl FnOnce(&mut Database) -> Result<T>) -> Error {
    let before = (db.fingerprint(), db.dump());
    let error = call(db).err().expect("it is refused");
    assert_eq!((db.fingerprint(), db.dump()), before, "{error}");
    db.check_integrity().expect("every index agrees");
    error
}

/// The rules that an error tells of.
fn broken(error: &Error) -> Vec<&str> {
    assert_eq!(error.kind(), ErrorKind::Validation, "{error}");
    let error = error.as_validation().expect("it is one of validation");
    error.violations.iter().map(|it| &*it.rule).collect()
}
