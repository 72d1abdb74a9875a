//! How the calls within a closure differ from what is usual: without validation, without hooks, or with those of each
//! instance.

use crate::error::Result;
use crate::model::Transaction;

/// How a transaction writes now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::model) struct Manner {
    /// Rules are not judged.
    pub(super) unvalidated: bool,
    /// Hooks do not run.
    pub(super) unhooked: bool,
    /// Calls about several instances run the hooks of each as well.
    pub(super) individual: bool,
    /// How many hooks this runs within.
    pub(super) depth: u32,
}

impl Manner {
    /// As usual, within so many hooks.
    pub(super) fn of_hook(depth: u32) -> Self {
        Manner {
            depth,
            ..Manner::default()
        }
    }
}

impl<'db> Transaction<'db> {
    /// Runs a closure whose calls do not validate: for what is known to be valid, or is not supposed to be. Constraints
    /// hold as ever, and hooks run, their own calls as usual.
    ///
    /// ```
    /// use relata::{Attribute, DataType, Models, Rule, values};
    ///
    /// let mut models = Models::new();
    /// models.define_with("Unit", |unit| {
    ///     unit.attribute(Attribute::new("health", DataType::Int).validate(Rule::max(100)))
    /// });
    /// let mut db = models.sync()?;
    /// let boss = values! { health: 9_000 };
    /// db.create("Unit", boss.clone()).unwrap_err();
    /// db.transaction(|tx| tx.without_validation(|tx| tx.create("Unit", boss)))?;
    /// # Ok::<(), relata::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What the closure gives. What it wrote before that remains.
    pub fn without_validation<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let manner = Manner {
            unvalidated: true,
            ..self.manner
        };
        self.in_manner(manner, body)
    }

    /// Runs a closure whose calls run no hooks: for seeds and imports. They validate, and destroying an instance takes
    /// along what ON DELETE says.
    ///
    /// # Errors
    ///
    /// What the closure gives. What it wrote before that remains.
    pub fn without_hooks<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let manner = Manner {
            unhooked: true,
            ..self.manner
        };
        self.in_manner(manner, body)
    }

    /// Runs a closure in which calls about several instances run the hooks of each instance as well: those before for
    /// each, then the one statement, then those after for each. Destroying several so does not destroy what goes along
    /// with them one by one.
    ///
    /// ```
    /// use relata::{Attribute, DataType, Models, col, values};
    ///
    /// let mut models = Models::new();
    /// models.define_with("Unit", |unit| {
    ///     unit.attribute(Attribute::new("health", DataType::Int)).before_destroy(|hook, unit| {
    ///         match unit.get("health")?.as_int() {
    ///             Some(health) if health > 0 => Err(hook.refuse("it lives")),
    ///             _ => Ok(()),
    ///         }
    ///     })
    /// });
    /// let mut db = models.sync()?;
    /// db.create_many("Unit", [values! { health: 1 }, values! { health: 0 }])?;
    /// let error = db.transaction(|tx| {
    ///     tx.with_individual_hooks(|tx| tx.destroy_where("Unit", col("health").ge(0)))
    /// });
    /// assert_eq!(error.unwrap_err().to_string(), "Unit: it lives");
    /// assert_eq!(db.destroy_where("Unit", col("health").ge(0))?.rows, 2);
    /// # Ok::<(), relata::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What the closure gives. What it wrote before that remains.
    pub fn with_individual_hooks<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let manner = Manner {
            individual: true,
            ..self.manner
        };
        self.in_manner(manner, body)
    }

    /// Runs a closure in another manner. The one before is back afterwards, also where a panic ends the closure.
    pub(super) fn in_manner<T>(&mut self, manner: Manner, body: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.manner, manner);
        let restoring = Restoring {
            transaction: self,
            before,
        };
        body(restoring.transaction)
    }
}

/// Brings the manner back.
struct Restoring<'t, 'db> {
    transaction: &'t mut Transaction<'db>,
    before: Manner,
}

impl Drop for Restoring<'_, '_> {
    fn drop(&mut self) {
        self.transaction.manner = self.before;
    }
}
