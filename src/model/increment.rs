//! Numbers that grow and shrink by what is given, from what the row holds now and not from what an instance remembers.
//!
//! It is an update with values worked out here, with its validation and hooks. A null stays null, as in SQL.

use std::fmt;

use crate::association::registry::ModelEntry;
use crate::engine::{Affected, RowView};
use crate::error::{Failure, RequestError, RequestKind, Result, Show};
use crate::expr::Expr;
use crate::model::instance::Written;
use crate::model::lifecycle::{Call, Sort};
use crate::model::write::{Assignments, assignments, gone};
use crate::model::{Instance, Transaction, Values};
use crate::value::{Value, ValueRef};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// The methods that count, for a type with `write(|transaction| ..)`.
macro_rules! increment_methods {
    () => {
        /// Adds to numbers of the row of an instance, whatever the instance remembers of them; it follows. An attribute
        /// without a value stays so.
        ///
        /// ```
        /// # use relata::{Attribute, DataType, Models, values};
        /// # let mut models = Models::new();
        /// # let number = |name: &str| Attribute::new(name, DataType::Int).default(0);
        /// # models.define_with("Post", |post| post.attribute(number("likes")).attribute(number("views")));
        /// # let mut db = models.sync()?;
        /// let mut post = db.create("Post", values! {})?;
        /// let mut same = post.clone();
        /// db.increment(&mut post, values! { likes: 1, views: 10 })?;
        /// db.increment(&mut same, values! { likes: 1 })?;
        /// assert_eq!(same.get("likes")?.as_int(), Some(2));
        /// # Ok::<(), relata::Error>(())
        /// ```
        ///
        /// # Errors
        ///
        /// `Type` for an attribute that is no number and for an amount of another kind; `Evaluation` for a result that
        /// is no 64-bit integer any more; otherwise as [`update`](Self::update). Row and instance are as before then.
        pub fn increment(&mut self, instance: &mut Instance, by: impl Into<Values>) -> Result<()> {
            let up = $crate::model::increment::Direction::Up;
            let written = self.write(|tx| tx.count_one(instance, by.into(), up))?;
            instance.follow(written);
            Ok(())
        }

        /// Takes from numbers of the row of an instance; see [`increment`](Self::increment).
        ///
        /// # Errors
        ///
        /// As `increment`.
        pub fn decrement(&mut self, instance: &mut Instance, by: impl Into<Values>) -> Result<()> {
            let down = $crate::model::increment::Direction::Down;
            let written = self.write(|tx| tx.count_one(instance, by.into(), down))?;
            instance.follow(written);
            Ok(())
        }

        /// Adds to numbers of every row for which a filter over attributes is true, as one statement.
        ///
        /// # Errors
        ///
        /// As [`increment`](Self::increment) and [`update_where`](Self::update_where). Nothing is changed then.
        pub fn increment_where(
            &mut self,
            model: &str,
            filter: impl Into<$crate::expr::Expr>,
            by: impl Into<Values>,
        ) -> Result<Affected> {
            let (filter, up): (Expr, _) = (filter.into(), $crate::model::increment::Direction::Up);
            self.write(|transaction| transaction.count_selected(model, &filter, by.into(), up))
        }

        /// Takes from numbers of every row for which a filter over attributes is true, as one statement.
        ///
        /// # Errors
        ///
        /// As [`increment_where`](Self::increment_where).
        pub fn decrement_where(
            &mut self,
            model: &str,
            filter: impl Into<$crate::expr::Expr>,
            by: impl Into<Values>,
        ) -> Result<Affected> {
            let (filter, down): (Expr, _) =
                (filter.into(), $crate::model::increment::Direction::Down);
            self.write(|transaction| transaction.count_selected(model, &filter, by.into(), down))
        }
    };
}

pub(super) use increment_methods;

impl Transaction<'_> {
    pub(super) fn count_one(
        &mut self,
        instance: &Instance,
        by: Values,
        direction: Direction,
    ) -> Result<Written> {
        let model = self.model_of(instance)?;
        let amounts = self.amounts(model, by)?;
        let reader = self.reader();
        let row = reader.row_of(instance)?.ok_or_else(|| gone(instance))?;
        let cells = counted(model, reader.view(model, row), &amounts, direction)?;
        self.write_cells(model, instance, cells)
    }

    pub(super) fn count_selected(
        &mut self,
        model: &str,
        filter: &Expr,
        by: Values,
        direction: Direction,
    ) -> Result<Affected> {
        let model = self.model(model)?;
        let amounts = self.amounts(model, by)?;
        let reader = self.reader();
        let rows = reader.select(model, filter)?.into_iter().map(|row| {
            let cells = counted(model, reader.view(model, row), &amounts, direction)?;
            Ok((row, cells))
        });
        let rows = rows.collect::<Result<_>>()?;
        self.write_rows(model, rows, Call::MANY, Sort::Update)
    }

    /// By how much each attribute is to change: a number for a number, of the same kind.
    fn amounts(&self, model: &ModelEntry, by: Values) -> Result<Assignments> {
        let amounts = assignments(self.models(), model, by)?;
        for (ordinal, amount) in &amounts {
            if !matches!(amount, Value::Int(_) | Value::Float(_)) {
                let name = name_of(model, *ordinal);
                let detail = format!("attribute {name} can grow by a number alone");
                return Err(RequestError::new(RequestKind::Type, &*model.name, detail).into());
            }
        }
        Ok(amounts)
    }
}

/// What the numbers of a row come to.
fn counted(
    model: &ModelEntry,
    row: RowView<'_>,
    amounts: &Assignments,
    direction: Direction,
) -> Result<Assignments> {
    let one = |(ordinal, amount): &(u32, Value)| {
        let before = row.value(*ordinal);
        let after = moved(before, amount, direction).ok_or_else(|| {
            let detail = |show: Show| {
                let (name, before) = (name_of(model, *ordinal), show.value(&before.to_value()));
                let amount = show.value(amount);
                format!("attribute {name} of {before} cannot go {direction} by {amount}: no integer is so large")
            };
            let kind = RequestKind::Evaluation(Failure::NumberOutOfRange);
            RequestError::with_values(kind, &*model.name, detail)
        })?;
        Ok((*ordinal, after))
    };
    amounts.iter().map(one).collect()
}

/// None where an integer would be too large.
fn moved(before: ValueRef<'_>, amount: &Value, direction: Direction) -> Option<Value> {
    Some(match (before, amount, direction) {
        (ValueRef::Int(a), Value::Int(b), Direction::Up) => Value::Int(a.checked_add(*b)?),
        (ValueRef::Int(a), Value::Int(b), Direction::Down) => Value::Int(a.checked_sub(*b)?),
        (ValueRef::Float(a), Value::Float(b), Direction::Up) => Value::Float(a + b),
        (ValueRef::Float(a), Value::Float(b), Direction::Down) => Value::Float(a - b),
        (before, _, _) => before.to_value(),
    })
}

fn name_of(model: &ModelEntry, ordinal: u32) -> &str {
    model.attribute_of(ordinal).map_or("", |it| &it.name)
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Up => "up",
            Direction::Down => "down",
        })
    }
}
