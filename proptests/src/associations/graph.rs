//! A graph of associations as plain data: what the reference reads and what relata's declarations are made from.
//!
//! Every name is here, also those that a declaration leaves open: `names` says what they are then. Columns of one name in one model are
//! one column, however many associations use it; so keys are shared.

use relata::value::Value;

use crate::shape::{Kind, Rule, Timing};

/// Models and how they are associated.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The models, junctions with attributes among them.
    pub models: Vec<Model>,
    /// The associations in the order of their declarations.
    pub associations: Vec<Association>,
    /// Whether hooks around everything look on.
    pub watched: bool,
}

/// A model, which has the name of its table.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its primary key.
    pub key: PrimaryKey,
    /// Its other attributes.
    pub attributes: Vec<Attribute>,
    /// What its rows must have to be read: a value, or null.
    pub default_scope: Option<(String, Value)>,
    /// Whether its rows are softly deleted.
    pub soft_delete: bool,
}

/// The primary key that a model declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrimaryKey {
    /// None: it gets a numbered `id`, or as a junction the key that follows from its associations.
    Undeclared,
    /// A numbered `number`.
    Numbered,
    /// An integer `number`.
    Int,
    /// A text `name`.
    Text,
    /// Two integers, `left` and `right`.
    Pair,
}

/// An attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be null, if that is said.
    pub nullable: Option<bool>,
    /// Whether it is a unique key by itself.
    pub unique: bool,
    /// What it holds where nothing is given.
    pub default: Option<Value>,
}

/// An association.
#[derive(Clone, Debug)]
pub struct Association {
    /// The model that declares it.
    pub source: String,
    /// The model that it leads to.
    pub target: String,
    /// Under which name. No other association of the graph has it.
    pub alias: String,
    /// Whether that is said, or follows from the target.
    pub aliased: bool,
    /// Which of the four it is.
    pub sort: Sort,
    /// The key that it is declared with: of the holder, or the junction's to the source.
    pub key: Key,
    /// What targets have in common.
    pub scope: Vec<(String, Value)>,
    /// Whether its keys are enforced.
    pub constraints: bool,
    /// What a delete of the row that is referred to does.
    pub on_delete: Option<Rule>,
    /// What another key of that row does.
    pub on_update: Option<Rule>,
    /// When a missing row is held against the key.
    pub timing: Timing,
}

/// The four associations.
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
}

/// A foreign key as an association declares it.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its attributes.
    pub names: Vec<String>,
    /// Whether they are said, or follow from elsewhere.
    pub named: bool,
    /// The attributes that it refers to; the primary key if none.
    pub refers: Vec<String>,
    /// Whether it may be null, if that is said.
    pub nullable: Option<bool>,
    /// What it holds where nothing is given.
    pub default: Option<Value>,
    /// Whether it is a unique key by itself.
    pub unique: bool,
}

/// What stands between the two sides of a many-to-many.
#[derive(Clone, Debug)]
pub struct Junction {
    /// Its model, which is made if there is none of this name.
    pub through: String,
    /// Its key to the target.
    pub other: Key,
    /// How often two rows may be linked, if that is said.
    pub unique: Option<Unique>,
    /// What its rows have in common.
    pub scope: Vec<(String, Value)>,
    /// Whether its rows are softly deleted.
    pub soft_delete: bool,
}

/// How often two rows may be linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unique {
    /// Once.
    Pair,
    /// Once for each value of the junction's scope.
    PairAndScope,
    /// Once for each value of these attributes.
    Attributes(Vec<String>),
    /// As often as one likes.
    Off,
}

impl Graph {
    /// The model of a name, if it is declared.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// The association of a name.
    pub fn association(&self, alias: &str) -> Option<&Association> {
        let mut all = self.associations.iter();
        all.find(|association| association.alias == alias)
    }
}

impl Model {
    /// The columns of the primary key, if it is declared.
    pub fn key_columns(&self) -> Vec<(&'static str, Kind)> {
        match self.key {
            PrimaryKey::Undeclared => Vec::new(),
            PrimaryKey::Numbered | PrimaryKey::Int => vec![("number", Kind::Int)],
            PrimaryKey::Text => vec![("name", Kind::Text)],
            PrimaryKey::Pair => vec![("left", Kind::Int), ("right", Kind::Int)],
        }
    }
}

impl Sort {
    /// The word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Sort::BelongsTo => "belongs_to",
            Sort::HasOne => "has_one",
            Sort::HasMany => "has_many",
            Sort::BelongsToMany(_) => "belongs_to_many",
        }
    }

    /// Whether it leads to one target at most.
    pub fn is_single(&self) -> bool {
        matches!(self, Sort::BelongsTo | Sort::HasOne)
    }
}
