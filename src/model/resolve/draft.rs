//! The models while they are resolved, by position.

use std::collections::BTreeMap;

use crate::association::naming::keys::Casing;
use crate::association::{Names, Uniqueness};
use crate::error::{Problem, ProblemKind};
use crate::model::resolve::keys::Hop;
use crate::model::resolve::{ModelSettings, Timestamps};
use crate::schema::{Action, CheckDef, DefaultValue, Deferral, IndexDef, UniqueDef};
use crate::value::{DataType, Value};

/// All models so far, and what is wrong.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) models: Vec<Model>,
    /// The first model of each name.
    pub(super) by_name: BTreeMap<String, usize>,
    pub(super) problems: Vec<Problem>,
}

/// One model so far.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) names: Names,
    pub(super) table: String,
    pub(super) underscored: bool,
    /// The declared ones, a generated key first, then timestamps, then the keys of associations (associations SY-9).
    pub(super) attributes: Vec<Attribute>,
    pub(super) primary_key: PrimaryKey,
    /// The positions of the attributes that follow the clock.
    pub(super) timestamps: Option<(usize, usize)>,
    /// The position of the attribute that says when an instance was softly deleted.
    pub(super) deleted_at: Option<usize>,
    /// What the attributes declare about foreign keys, to be looked up when all models are known.
    pub(super) declared_references: Vec<DeclaredReference>,
    pub(super) references: Vec<Reference>,
    pub(super) uniques: Vec<UniqueDef>,
    pub(super) indexes: Vec<IndexDef>,
    pub(super) checks: Vec<CheckDef>,
    /// For a junction, how often it may link a pair.
    pub(super) uniqueness: Option<Uniqueness>,
}

/// What a model is keyed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PrimaryKey {
    /// By the attributes that were marked.
    Declared(Vec<usize>),
    /// By the attribute that was made because none was marked, which is the first.
    Generated,
    /// By what its associations choose; none for a key without a name. Only junctions are keyed so.
    Junction(Option<Vec<usize>>),
}

/// One attribute so far. What is none was not said and follows from elsewhere.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) field: Option<String>,
    pub(super) declared_type: Option<DataType>,
    /// The type of what it refers to, for keys that associations add.
    pub(super) inferred_type: Option<DataType>,
    pub(super) nullable: Option<bool>,
    pub(super) default: Option<DefaultValue>,
    pub(super) unique: bool,
    /// Whether it is a key in a junction, and so not null unless that is said (associations D21).
    pub(super) links: bool,
    /// Whether it was declared to be no foreign key.
    pub(super) refuses_references: bool,
}

/// What an attribute declares about a foreign key.
#[derive(Debug)]
pub(super) struct DeclaredReference {
    pub(super) attribute: usize,
    pub(super) parent: String,
    pub(super) key: String,
    pub(super) on_delete: Option<Action>,
    pub(super) on_update: Option<Action>,
    pub(super) deferral: Option<Deferral>,
    pub(super) to_any_row: bool,
}

/// One foreign key so far.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) attributes: Vec<usize>,
    pub(super) parent: usize,
    pub(super) parent_attributes: Vec<usize>,
    pub(super) guard: Option<Guard>,
    pub(super) on_delete: Choice,
    pub(super) on_update: Choice,
    pub(super) deferral: Option<Deferral>,
    pub(super) defaults: Defaults,
    /// Whether what it refers to need not be unique (beyond BY-18).
    pub(super) to_any_row: bool,
    /// How messages call the declaration that made it.
    pub(super) declared_by: String,
}

/// What must be true of an instance for a key to refer to anything: the value of an attribute (beyond BY-11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Guard {
    pub(super) attribute: usize,
    pub(super) value: Value,
}

/// The action that declarations choose explicitly for one event. In a junction the side whose key it is goes first
/// (associations FK-11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) own: Option<Action>,
    pub(super) other: Option<Action>,
}

/// What happens where no action was chosen, from the weakest rule to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Defaults {
    /// Nothing: the attribute declares the key without an association (associations FK-12).
    Nothing,
    /// By whether the key may be null (associations FK-8).
    ByNullability,
    /// Rows of a junction follow their ends.
    Junction,
}

impl Draft {
    /// One more problem of a model.
    pub(super) fn report(
        &mut self,
        kind: ProblemKind,
        model: impl Into<String>,
        detail: impl Into<String>,
    ) {
        self.problems.push(Problem::new(kind, model, detail));
    }

    /// The names of attributes of a model, as messages list them.
    pub(super) fn attribute_names(&self, model: usize, attributes: &[usize]) -> String {
        let model = &self.models[model];
        let names = attributes
            .iter()
            .map(|&position| model.attributes[position].name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// Whether a foreign key enforces a step, and every row has an edge to the one that it refers to. A key to any row has
    /// no edges: it is walked by value.
    pub(super) fn is_walked_by_edges(&self, hop: &Hop) -> bool {
        self.models[hop.parent].is_unique(&hop.parent_attributes) && self.is_enforced(hop)
    }

    /// Whether a foreign key enforces a step.
    pub(super) fn is_enforced(&self, hop: &Hop) -> bool {
        let mut references = self.models[hop.child].references.iter();
        references.any(|reference| reference.is_over(hop))
    }
}

impl Model {
    /// A model of this name without attributes.
    pub(super) fn new(name: &str, names: Names, table: &str) -> Model {
        Model {
            name: name.to_owned(),
            names,
            table: table.to_owned(),
            underscored: false,
            attributes: Vec::new(),
            primary_key: PrimaryKey::Declared(Vec::new()),
            timestamps: None,
            deleted_at: None,
            declared_references: Vec::new(),
            references: Vec::new(),
            uniques: Vec::new(),
            indexes: Vec::new(),
            checks: Vec::new(),
            uniqueness: None,
        }
    }

    /// The position of the attribute of this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.attributes.iter().position(|found| found.name == name)
    }

    /// The positions of the attributes that it is keyed by, as far as that is known.
    pub(super) fn key(&self) -> &[usize] {
        match &self.primary_key {
            PrimaryKey::Declared(attributes) | PrimaryKey::Junction(Some(attributes)) => attributes,
            PrimaryKey::Generated => &[0],
            PrimaryKey::Junction(None) => &[],
        }
    }

    /// The attribute that it is keyed by, if that is a single one.
    pub(super) fn single_key(&self) -> Option<usize> {
        match self.key() {
            &[attribute] => Some(attribute),
            _ => None,
        }
    }

    /// Whether no two instances can have the same values in these attributes.
    pub(super) fn is_unique(&self, attributes: &[usize]) -> bool {
        let covers = |key: &[usize]| {
            key.len() == attributes.len() && key.iter().all(|found| attributes.contains(found))
        };
        let whole = self.uniques.iter().filter(|unique| unique.filter.is_none());
        let declared = whole.map(|unique| {
            let positions = unique.columns.iter().map(|name| self.find(name));
            positions.collect::<Option<Vec<usize>>>()
        });
        let marked = (0..self.attributes.len()).filter(|&i| self.attributes[i].unique);
        covers(self.key())
            || marked.into_iter().any(|attribute| covers(&[attribute]))
            || declared.flatten().any(|key| covers(&key))
    }

    /// Whether an attribute admits null.
    pub(super) fn is_nullable(&self, attribute: usize) -> bool {
        let found = &self.attributes[attribute];
        found.nullable.unwrap_or(!found.links) && !self.key().contains(&attribute)
    }

    /// How names that are made up for it are joined.
    pub(super) fn casing(&self) -> Casing {
        Casing::of(self.underscored)
    }

    /// What writing its instances needs to know.
    pub(super) fn settings(&self) -> ModelSettings {
        ModelSettings {
            timestamps: self.timestamps.map(|(created_at, updated_at)| Timestamps {
                created_at: ordinal(created_at),
                updated_at: ordinal(updated_at),
            }),
            underscored: self.underscored,
        }
    }
}

impl Reference {
    /// Whether it enforces a step.
    pub(super) fn is_over(&self, hop: &Hop) -> bool {
        self.attributes == hop.attributes
            && self.parent == hop.parent
            && self.parent_attributes == hop.parent_attributes
            && self.guard == hop.guard
    }
}

impl Choice {
    /// The choice of the side whose key it is.
    pub(super) fn own(action: Option<Action>) -> Choice {
        Choice {
            own: action,
            other: None,
        }
    }

    /// The choice of a junction's other side.
    pub(super) fn other(action: Option<Action>) -> Choice {
        Choice {
            own: None,
            other: action,
        }
    }
}

impl Attribute {
    /// An attribute of which nothing is said but the name.
    pub(super) fn new(name: impl Into<String>) -> Attribute {
        Attribute {
            name: name.into(),
            field: None,
            declared_type: None,
            inferred_type: None,
            nullable: None,
            default: None,
            unique: false,
            links: false,
            refuses_references: false,
        }
    }

    /// The name of its column.
    pub(super) fn column(&self) -> &str {
        self.field.as_deref().unwrap_or(&self.name)
    }

    /// Its type. Declared attributes have one, and keys are added with that of what they refer to.
    pub(super) fn data_type(&self) -> DataType {
        let known = self.declared_type.or(self.inferred_type);
        known.expect("an attribute is made with one of the two types")
    }
}

/// A position as an ordinal or an id. Positions that do not fit are over a limit of the schema, which refuses them.
pub(super) fn ordinal(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// Positions as ordinals.
pub(super) fn ordinals(positions: &[usize]) -> Vec<u32> {
    positions
        .iter()
        .map(|&position| ordinal(position))
        .collect()
}
