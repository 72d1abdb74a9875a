//! Models, how they are associated, and their rows, as plain data.
//!
//! Every column of every model is declared, keys and deletion times included, so that nothing has to be derived: which
//! names and columns follow from a declaration is proved elsewhere. Columns and models are numbers here; only what makes
//! declarations or SQL of them gives them names.

use relata::value::{DataType, Value};

use crate::requests::request::{Filter, Order};

/// Models, associations and rows.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The models, junctions last.
    pub models: Vec<Model>,
    /// The associations in the order of their declarations.
    pub associations: Vec<Association>,
    /// Owners in one of several models.
    pub owners: Vec<Owner>,
}

/// A model, which has the name of its table.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its columns. If its rows are softly deleted, the last one is the time of that.
    pub columns: Vec<Column>,
    /// The columns of its primary key; none for a junction that keeps its rows as they were inserted.
    pub key: Vec<usize>,
    /// Whether the key is declared as numbered by itself.
    pub numbered: bool,
    /// Its unique keys, each of one column.
    pub uniques: Vec<usize>,
    /// Its indexes.
    pub indexes: Vec<Index>,
    /// Whether its rows are softly deleted.
    pub soft_delete: bool,
    /// What every read of it says besides.
    pub default_scope: Option<Scope>,
    /// What reads of it can ask for.
    pub scopes: Vec<Scope>,
    /// Its rows, in the order in which they are inserted.
    pub rows: Vec<Row>,
    /// Rows that are inserted before those and deleted after them.
    pub passing: Vec<Row>,
}

/// The cells of a row.
pub type Row = Vec<Value>;

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub data_type: DataType,
    /// Whether it may be null.
    pub nullable: bool,
}

/// An index.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its columns.
    pub columns: Vec<usize>,
    /// Whether it goes by hash.
    pub hash: bool,
    /// Which of its columns go from high to low.
    pub descending: Vec<usize>,
}

/// What a model holds ready for reads.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Which rows.
    pub filter: Option<Filter>,
    /// In which order.
    pub order: Vec<Order>,
}

/// An association.
#[derive(Clone, Debug)]
pub struct Association {
    /// The model that declares it.
    pub source: usize,
    /// The model that it leads to.
    pub target: usize,
    /// Under which name. No other association has it.
    pub alias: String,
    /// Of which sort it is.
    pub sort: Sort,
    /// The key of the holder, or of the junction to the source.
    pub key: Key,
    /// What targets have in common.
    pub scope: Vec<(usize, Value)>,
    /// What is true of targets besides.
    pub condition: Option<Filter>,
    /// Whether its keys are enforced.
    pub constraints: bool,
    /// The owner that it is one side of: the source belongs to one, or targets have the source as theirs.
    pub owner: Option<usize>,
}

/// An owner: a `belongs_to` for each of several models, of which a row follows the one that its type says.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The model whose rows have owners.
    pub source: usize,
    /// Under which name. No association and no other owner has it.
    pub alias: String,
    /// The column that says of which model the owner of a row is.
    pub type_column: usize,
    /// Its associations, one for each model, with what the type is.
    pub members: Vec<(usize, Value)>,
}

/// The sorts of associations.
#[derive(Clone, Debug)]
pub enum Sort {
    /// The source holds the key.
    BelongsTo,
    /// One target holds the key.
    HasOne,
    /// Targets hold the key.
    HasMany,
    /// Rows of a junction hold both keys.
    BelongsToMany(Junction),
    /// A path of others leads to targets, to each of them once.
    Chain(Chain),
}

/// A path of associations that are no chains.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Their numbers, two at least.
    pub steps: Vec<usize>,
    /// Whether each of them leads to one row at most.
    pub single: bool,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The columns that hold it.
    pub columns: Vec<usize>,
    /// The columns that it refers to.
    pub refers: Vec<usize>,
}

/// What stands between the two sides of a many-to-many.
#[derive(Clone, Debug)]
pub struct Junction {
    /// Its model.
    pub model: usize,
    /// Its key to the target.
    pub other: Key,
    /// What its rows have in common.
    pub scope: Vec<(usize, Value)>,
    /// Whether two rows may be linked more than once.
    pub repeats: bool,
}

impl World {
    /// The associations of a model, by their numbers.
    pub fn associations_of(&self, model: usize) -> Vec<usize> {
        let numbers = 0..self.associations.len();
        numbers
            .filter(|&number| self.associations[number].source == model)
            .collect()
    }

    /// What is true of the type of a row that a `belongs_to` of an owner leads from; nothing of others.
    pub fn guard(&self, association: usize) -> Option<(usize, &Value)> {
        let owner = &self.owners[self.associations[association].owner?];
        let mut members = owner.members.iter();
        let (_, value) = members.find(|(member, _)| *member == association)?;
        Some((owner.type_column, value))
    }

    /// The owners of a model's rows, by their numbers.
    pub fn owners_of(&self, model: usize) -> Vec<usize> {
        let numbers = 0..self.owners.len();
        numbers
            .filter(|&number| self.owners[number].source == model)
            .collect()
    }

    /// Shows the number of every association that a declaration speaks of.
    pub fn associations_named(&mut self, show: &mut dyn FnMut(&mut usize)) {
        for association in &mut self.associations {
            if let Sort::Chain(chain) = &mut association.sort {
                chain.steps.iter_mut().for_each(&mut *show);
            }
        }
        for owner in &mut self.owners {
            owner
                .members
                .iter_mut()
                .for_each(|(member, _)| show(member));
        }
    }

    /// The association to many over which a filter reads columns, if there is one: it is the first step of their path.
    pub fn to_many(&self, filter: &Filter) -> Option<usize> {
        let mut steps = filter.paths().into_iter().filter_map(|path| path.first());
        steps
            .find(|&&step| !self.associations[step].is_single())
            .copied()
    }

    /// Whether a cell holds what SQLite has no value for.
    pub fn holds_nan(&self) -> bool {
        let rows = self.models.iter().flat_map(|model| &model.rows);
        rows.flatten().any(is_nan)
    }

    /// Whether a text holds a letter that is not ASCII.
    pub fn holds_letters(&self) -> bool {
        let rows = self.models.iter().flat_map(|model| &model.rows);
        let mut texts = rows.flatten().filter_map(Value::as_str);
        texts.any(|text| !text.is_ascii())
    }
}

/// Whether a value is the number that is none.
pub fn is_nan(value: &Value) -> bool {
    value.as_float().is_some_and(f64::is_nan)
}

impl Model {
    /// The column that says when a row was softly deleted, if its rows are.
    pub fn deleted_at(&self) -> Option<usize> {
        self.soft_delete.then(|| self.columns.len() - 1)
    }
}

impl Association {
    /// Whether it leads to one row at most.
    pub fn is_single(&self) -> bool {
        match &self.sort {
            Sort::BelongsTo | Sort::HasOne => true,
            Sort::HasMany | Sort::BelongsToMany(_) => false,
            Sort::Chain(chain) => chain.single,
        }
    }

    /// Whether it leads from a model to itself.
    pub fn is_self(&self) -> bool {
        self.source == self.target
    }

    /// The junction that it goes through, if it does.
    pub fn junction(&self) -> Option<&Junction> {
        match &self.sort {
            Sort::BelongsToMany(junction) => Some(junction),
            _ => None,
        }
    }

    /// The word for it.
    pub fn sort_name(&self) -> &'static str {
        match self.sort {
            Sort::BelongsTo => "belongs_to",
            Sort::HasOne => "has_one",
            Sort::HasMany => "has_many",
            Sort::BelongsToMany(_) => "belongs_to_many",
            Sort::Chain(_) => "chain",
        }
    }
}
