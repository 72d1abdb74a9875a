//! Random graphs of associations that may be declared: 2 to 5 models and 2 to 8 associations.
//!
//! Enforced keys lead from later models to earlier ones or to themselves, since rings of tables are refused (D8); what
//! would lead the other way is declared without constraints. Keys are shared on purpose: a second association takes up a
//! key that is there, from the other side, with a scope, or to another model where nothing is enforced (PO-1).

use relata::value::Value;

use crate::associations::graph::{
    Association, Attribute, Graph, Junction, Key, Model, PrimaryKey, Sort, Unique,
};
use crate::choices::Choices;
use crate::shape::{Kind, Rule, Timing};

/// Whether keys refer to attributes that are not unique (FK-19, BY-18).
const TO_ANY_ROW: bool = true;

const MODELS: [&str; 5] = ["User", "Team", "Task", "Note", "Tag"];

/// A key that associations use.
#[derive(Clone, Debug)]
struct Slot {
    holder: usize,
    parent: usize,
    key: Key,
    constraints: bool,
}

/// A junction that associations use, from one side.
#[derive(Clone, Debug)]
struct Bridge {
    source: usize,
    target: usize,
    own: Key,
    junction: Junction,
    constraints: bool,
    has_attributes: bool,
}

struct Draw<'c> {
    choices: &'c mut Choices,
    graph: Graph,
    slots: Vec<Slot>,
    bridges: Vec<Bridge>,
    /// How many of the models are no junctions.
    models: usize,
}

/// A random graph.
pub fn draw(choices: &mut Choices) -> Graph {
    let mut draw = Draw {
        choices,
        graph: Graph::default(),
        slots: Vec::new(),
        bridges: Vec::new(),
        models: 0,
    };
    draw.models = 2 + draw.choices.below(4);
    for position in 0..draw.models {
        let model = draw.model(position);
        draw.graph.models.push(model);
    }
    let number = 2 + draw.choices.below(7);
    for _ in 0..number {
        match draw.choices.below(10) {
            0..=5 => draw.direct(),
            _ => draw.many_to_many(),
        }
    }
    draw.graph.watched = draw.choices.below(2) == 0;
    draw.graph
}

/// The values of attributes and keys: few, so that they meet.
pub fn value(choices: &mut Choices, kind: Kind) -> Value {
    match kind {
        Kind::Int => Value::Int(1 + i64::try_from(choices.below(6)).unwrap_or(0)),
        _ => Value::from(
            *choices
                .pick(&["a", "b", "c", "d", "e", "f"])
                .unwrap_or(&"a"),
        ),
    }
}

impl Draw<'_> {
    fn model(&mut self, position: usize) -> Model {
        let key = match self.choices.below(10) {
            0..=5 => PrimaryKey::Undeclared,
            6 => PrimaryKey::Int,
            7 => PrimaryKey::Text,
            8 => PrimaryKey::Numbered,
            _ => PrimaryKey::Pair,
        };
        let mut attributes = vec![text("label"), text("kind")];
        // What keys may refer to instead of the primary key: one that is unique, one that is not (FK-19).
        attributes.push(Attribute {
            unique: true,
            kind: [Kind::Text, Kind::Int][self.choices.below(2)],
            nullable: self.choices.percent(30).then_some(false),
            ..text("code")
        });
        attributes.push(text("city"));
        Model {
            name: MODELS[position].to_owned(),
            key,
            attributes,
        }
    }

    // ---- Keys of models ----

    fn direct(&mut self) {
        let reused = match self.choices.below(100) {
            0..=34 => self.slot_again(),
            35..=49 => self.slot_for_another(),
            _ => None,
        };
        let first = reused.is_none();
        let slot = reused.unwrap_or_else(|| self.new_slot());
        self.slots.push(slot.clone());
        let from_holder = self.choices.percent(35);
        let sort = match (from_holder, self.choices.percent(35)) {
            (true, _) => Sort::BelongsTo,
            (false, true) => Sort::HasOne,
            (false, false) => Sort::HasMany,
        };
        let (source, target) = match from_holder {
            true => (slot.holder, slot.parent),
            false => (slot.parent, slot.holder),
        };
        let scope = match !from_holder && self.choices.percent(35) {
            true => self.scope("kind"),
            false => Vec::new(),
        };
        let mut key = slot.key;
        if !first {
            // Whoever came first has said it (FK-4).
            key.nullable = [None, None, Some(true), Some(false)][self.choices.below(4)];
        }
        self.declare(source, target, sort, key, scope, slot.constraints);
    }

    fn new_slot(&mut self) -> Slot {
        let (mut holder, mut parent) = (self.any_model(), self.any_model());
        let constraints = self.choices.percent(75);
        if constraints && parent > holder {
            (holder, parent) = (parent, holder);
        }
        let name = format!("f{}", self.slots.len());
        let mut key = self.key(&name, parent, 8);
        if key.names.len() == 1 && self.choices.percent(12) {
            let kind = self.kind_of(parent, &key);
            let nullable = [None, None, Some(true), Some(false)][self.choices.below(4)];
            let default = self.default(kind);
            // What the holder says goes before what an association says (FK-1).
            key.nullable = None;
            key.default = None;
            self.graph.models[holder].attributes.push(Attribute {
                kind,
                nullable,
                default,
                ..text(&name)
            });
        }
        Slot {
            holder,
            parent,
            key,
            constraints,
        }
    }

    /// A key that is there, as somebody else may declare it.
    fn slot_again(&mut self) -> Option<Slot> {
        let mut slot = self.choices.pick(&self.slots)?.clone();
        slot.key.nullable = None;
        slot.key.default = None;
        slot.key.unique = false;
        Some(slot)
    }

    /// A key of which nothing is enforced, taken to refer to another model.
    fn slot_for_another(&mut self) -> Option<Slot> {
        let free = self.slots.iter().filter(|slot| !slot.constraints);
        let free: Vec<Slot> = free.cloned().collect();
        let mut slot = self.choices.pick(&free)?.clone();
        let parent = self.any_model();
        let kind = self.kind_of(slot.parent, &slot.key);
        let refers = self.refers(parent);
        let key = Key {
            refers,
            nullable: None,
            default: None,
            unique: false,
            ..slot.key.clone()
        };
        let one = key.names.len() == 1 && self.width(parent, &key) == 1;
        if !one || self.kind_of(parent, &key) != kind {
            return None;
        }
        slot.parent = parent;
        slot.key = key;
        Some(slot)
    }

    // ---- Junctions ----

    fn many_to_many(&mut self) {
        let reused = match self.choices.below(100) {
            0..=24 => self.bridge_again(),
            25..=49 => self.bridge_back(),
            50..=59 => self.bridge_for_another(),
            _ => None,
        };
        let mut bridge = reused.unwrap_or_else(|| self.new_bridge());
        self.bridges.push(bridge.clone());
        bridge.junction.scope = match bridge.has_attributes && self.choices.percent(45) {
            true => self.scope("kind"),
            false => Vec::new(),
        };
        let scope = match self.choices.percent(25) {
            true => self.scope("kind"),
            false => Vec::new(),
        };
        let sort = Sort::BelongsToMany(bridge.junction);
        self.declare(
            bridge.source,
            bridge.target,
            sort,
            bridge.own,
            scope,
            bridge.constraints,
        );
    }

    fn new_bridge(&mut self) -> Bridge {
        let (source, target) = (self.any_model(), self.any_model());
        let number = self.bridges.len();
        let through = format!("Link{number}");
        let has_attributes = self.choices.percent(65);
        if has_attributes {
            let model = self.junction_model(&through);
            self.graph.models.push(model);
        }
        let unique = match self.choices.below(10) {
            0..=4 => None,
            5 => Some(Unique::Pair),
            6 => Some(Unique::PairAndScope),
            7 if has_attributes => Some(Unique::Attributes(vec!["data".to_owned()])),
            8 | 9 => Some(Unique::Off),
            _ => None,
        };
        let is_keyed = matches!(unique, None | Some(Unique::Pair | Unique::PairAndScope));
        let mut own = self.key(&format!("own{number}"), source, 0);
        let mut other = self.key(&format!("other{number}"), target, 0);
        for key in [&mut own, &mut other] {
            let nullable = !is_keyed && self.choices.percent(25);
            key.nullable = nullable.then_some(true);
        }
        Bridge {
            source,
            target,
            own,
            junction: Junction {
                through,
                other,
                unique,
                scope: Vec::new(),
            },
            constraints: self.choices.percent(75),
            has_attributes,
        }
    }

    fn junction_model(&mut self, name: &str) -> Model {
        let key = match self.choices.percent(30) {
            true => PrimaryKey::Numbered,
            false => PrimaryKey::Undeclared,
        };
        let kind = Attribute {
            default: self.choices.percent(50).then(|| Value::from("a")),
            ..text("kind")
        };
        let data = Attribute {
            kind: Kind::Int,
            default: self.choices.percent(30).then_some(Value::Int(1)),
            ..text("data")
        };
        Model {
            name: name.to_owned(),
            key,
            attributes: vec![text("status"), data, kind],
        }
    }

    fn bridge_again(&mut self) -> Option<Bridge> {
        let mut bridge = self.choices.pick(&self.bridges)?.clone();
        bridge.junction.unique = None;
        Some(bridge)
    }

    /// The same relation from the other side (BTM-4).
    fn bridge_back(&mut self) -> Option<Bridge> {
        let bridge = self.bridge_again()?;
        Some(Bridge {
            source: bridge.target,
            target: bridge.source,
            own: bridge.junction.other.clone(),
            junction: Junction {
                other: bridge.own,
                ..bridge.junction
            },
            ..bridge
        })
    }

    /// The same junction from another source, where nothing is enforced (PO-4).
    fn bridge_for_another(&mut self) -> Option<Bridge> {
        let mut bridge = self.bridge_again()?;
        let source = self.any_model();
        let own = Key {
            refers: self.refers(source),
            ..bridge.own.clone()
        };
        let one = own.names.len() == 1 && self.width(source, &own) == 1;
        let same = self.kind_of(source, &own) == self.kind_of(bridge.source, &bridge.own);
        if bridge.constraints || !one || !same {
            return None;
        }
        bridge.source = source;
        bridge.own = own;
        Some(bridge)
    }

    // ---- Parts ----

    fn declare(
        &mut self,
        source: usize,
        target: usize,
        sort: Sort,
        key: Key,
        scope: Vec<(String, Value)>,
        constraints: bool,
    ) {
        // The first association over a key says what may stand in it.
        let mut before = self.graph.associations.iter();
        let first = !before.any(|it| it.key.names == key.names);
        let association = Association {
            source: self.graph.models[source].name.clone(),
            target: self.graph.models[target].name.clone(),
            alias: format!("a{}", self.graph.associations.len()),
            on_delete: self.rule(&key, &sort, constraints, first),
            on_update: self.rule(&key, &sort, constraints, first),
            timing: match constraints && self.choices.percent(6) {
                true => Timing::InitiallyDeferred,
                false => Timing::Immediate,
            },
            sort,
            key,
            scope,
            constraints,
        };
        self.graph.associations.push(association);
    }

    /// What could never succeed is refused when it is declared: SET NULL where null may not stand (RI-22), SET DEFAULT
    /// where there is no default either.
    fn rule(&mut self, key: &Key, sort: &Sort, constraints: bool, first: bool) -> Option<Rule> {
        if !constraints || self.choices.percent(50) {
            return None;
        }
        let rule = *self.choices.pick(&Rule::ALL)?;
        let is_junction = matches!(sort, Sort::BelongsToMany(_));
        let may_be_null = first && !is_junction && key.nullable == Some(true);
        let may_stand = match rule {
            Rule::SetNull => may_be_null,
            Rule::SetDefault => may_be_null || (first && !is_junction && key.default.is_some()),
            Rule::NoAction | Rule::Restrict | Rule::Cascade => true,
        };
        may_stand.then_some(rule)
    }

    fn key(&mut self, name: &str, parent: usize, unique_percent: usize) -> Key {
        let refers = self.refers(parent);
        let mut key = Key {
            names: vec![name.to_owned()],
            refers,
            nullable: match self.choices.below(4) {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            },
            default: None,
            unique: self.choices.percent(unique_percent),
        };
        match self.width(parent, &key) {
            1 => {
                let kind = self.kind_of(parent, &key);
                key.default = self.default(kind);
            }
            _ => {
                key.names = vec![format!("{name}left"), format!("{name}right")];
                key.unique = false;
            }
        }
        key
    }

    fn default(&mut self, kind: Kind) -> Option<Value> {
        let given = self.choices.percent(15);
        given.then(|| value(self.choices, kind))
    }

    /// The primary key mostly; of two columns it has to be told (BY-20).
    fn refers(&mut self, parent: usize) -> Vec<String> {
        let names: &[&str] = match self.choices.below(10) {
            0 | 1 => &["code"],
            2 if TO_ANY_ROW => &["city"],
            _ => match self.graph.models[parent].key {
                PrimaryKey::Pair => &["left", "right"],
                _ => &[],
            },
        };
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn width(&self, parent: usize, key: &Key) -> usize {
        match key.refers.len() {
            0 => self.graph.models[parent].key_columns().len().max(1),
            width => width,
        }
    }

    fn kind_of(&self, parent: usize, key: &Key) -> Kind {
        let model = &self.graph.models[parent];
        let mut attributes = model.attributes.iter();
        let attribute = attributes.find(|it| key.refers.first() == Some(&it.name));
        let own = model.key_columns().first().map_or(Kind::Int, |it| it.1);
        attribute.map_or(own, |attribute| attribute.kind)
    }

    fn scope(&mut self, attribute: &str) -> Vec<(String, Value)> {
        let value = match self.choices.below(12) {
            0 => Value::Null,
            1..=5 => Value::from("a"),
            _ => Value::from("b"),
        };
        vec![(attribute.to_owned(), value)]
    }

    fn any_model(&mut self) -> usize {
        self.choices.below(self.models)
    }
}

fn text(name: &str) -> Attribute {
    Attribute {
        name: name.to_owned(),
        kind: Kind::Text,
        nullable: None,
        unique: false,
        default: None,
    }
}
