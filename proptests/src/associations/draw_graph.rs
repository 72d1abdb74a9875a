//! Random graphs of associations that may be declared: 2 to 5 models and 2 to 8 associations.
//!
//! Enforced keys lead from later models to earlier ones or to themselves, since rings of tables are refused (D8); what
//! would lead the other way is declared without constraints. Keys are shared on purpose: a second association takes up a
//! key that is there, from the other side, with a scope, or to another model where nothing is enforced (PO-1).

use relata::value::Value;

use crate::associations::graph::{
    Association, Attribute, Graph, Junction, Key, Model, PrimaryKey, Sort, Unique,
};
use crate::associations::names;
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
            default_scope: match self.choices.below(20) {
                0 => Some(("label".to_owned(), Value::Null)),
                1 | 2 => Some(("label".to_owned(), Value::from("a"))),
                3 => Some(("kind".to_owned(), Value::from("a"))),
                _ => None,
            },
            soft_delete: self.choices.percent(20),
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
        let mut slot = reused.unwrap_or_else(|| self.new_slot());
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
        let alias = self.alias(&sort, source, target);
        if first && self.choices.percent(40) {
            self.leave_open(&mut slot, &sort, &alias);
        }
        // Whoever uses it again gives its names.
        let named = Key {
            named: true,
            ..slot.key.clone()
        };
        self.slots.push(Slot {
            key: named,
            ..slot.clone()
        });
        let scope = match !from_holder && self.choices.percent(35) {
            true => self.scope("kind"),
            false => Vec::new(),
        };
        let mut key = slot.key;
        if !first {
            // Whoever came first has said it (FK-4).
            key.nullable = [None, None, Some(true), Some(false)][self.choices.below(4)];
        }
        self.declare((source, target), alias, sort, key, scope, slot.constraints);
    }

    /// What an association is called, and whether that is said; not, where the target's name is free.
    fn alias(&mut self, sort: &Sort, source: usize, target: usize) -> (String, bool) {
        let through_itself = matches!(sort, Sort::BelongsToMany(_)) && source == target;
        let name = names::association_name(sort, &self.graph.models[target].name);
        let free = self.graph.association(&name).is_none() && !through_itself;
        match free && self.choices.percent(30) {
            true => (name, false),
            false => (format!("a{}", self.graph.associations.len()), true),
        }
    }

    /// Leaves the names of a key open, unless another key of the holder has them then.
    fn leave_open(&mut self, slot: &mut Slot, sort: &Sort, (alias, aliased): &(String, bool)) {
        let (source, target) = match sort {
            Sort::BelongsTo => (slot.holder, slot.parent),
            _ => (slot.parent, slot.holder),
        };
        let association = Association {
            source: self.graph.models[source].name.clone(),
            target: self.graph.models[target].name.clone(),
            alias: alias.clone(),
            aliased: *aliased,
            sort: sort.clone(),
            key: slot.key.clone(),
            scope: Vec::new(),
            constraints: slot.constraints,
            on_delete: None,
            on_update: None,
            timing: Timing::Immediate,
        };
        let open = names::default_names(&self.graph, &association);
        let holder = &self.graph.models[slot.holder];
        let is_declared = |name: &String| holder.attributes.iter().any(|it| it.name == *name);
        let mut others = self.slots.iter().filter(|it| it.holder == slot.holder);
        let taken = others.any(|it| it.key.names.iter().any(|name| open.contains(name)));
        if !taken && !slot.key.names.iter().any(is_declared) {
            slot.key.names = open;
            slot.key.named = false;
        }
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
        let is_new = reused.is_none();
        let mut bridge = reused.unwrap_or_else(|| self.new_bridge());
        let (source, target) = (bridge.source, bridge.target);
        let sort = Sort::BelongsToMany(bridge.junction.clone());
        let alias = self.alias(&sort, source, target);
        let mut back = None;
        if is_new {
            back = self.leave_bridge_open(&mut bridge, &alias);
        }
        let mut known = bridge.clone();
        (known.own.named, known.junction.other.named) = (true, true);
        self.bridges.push(known);
        bridge.junction.scope = match bridge.has_attributes && self.choices.percent(45) {
            true => self.scope("kind"),
            false => Vec::new(),
        };
        let scope = match self.choices.percent(25) {
            true => self.scope("kind"),
            false => Vec::new(),
        };
        let sort = Sort::BelongsToMany(bridge.junction);
        let ends = (bridge.source, bridge.target);
        self.declare(ends, alias, sort, bridge.own, scope, bridge.constraints);
        if let Some(back) = back {
            let sort = Sort::BelongsToMany(back.junction);
            let alias = self.alias(&sort, back.source, back.target);
            let ends = (back.source, back.target);
            self.declare(ends, alias, sort, back.own, Vec::new(), back.constraints);
        }
    }

    /// Leaves names of a junction's keys open. Gives the other side where that has to say one (BTM-4).
    fn leave_bridge_open(&mut self, bridge: &mut Bridge, alias: &(String, bool)) -> Option<Bridge> {
        let association = Association {
            source: self.graph.models[bridge.source].name.clone(),
            target: self.graph.models[bridge.target].name.clone(),
            alias: alias.0.clone(),
            aliased: alias.1,
            sort: Sort::BelongsToMany(bridge.junction.clone()),
            key: bridge.own.clone(),
            scope: Vec::new(),
            constraints: bridge.constraints,
            on_delete: None,
            on_update: None,
            timing: Timing::Immediate,
        };
        if self.choices.percent(25) {
            bridge.own.names = names::default_names(&self.graph, &association);
            bridge.own.named = false;
        }
        if self.choices.percent(30) {
            let names = names::default_other_names(&self.graph, &association, &bridge.junction);
            bridge.junction.other.names = names;
            bridge.junction.other.named = false;
            return None;
        }
        if bridge.source == bridge.target || !self.choices.percent(30) {
            return None;
        }
        let mut back = Bridge {
            source: bridge.target,
            target: bridge.source,
            own: bridge.junction.other.clone(),
            junction: Junction {
                other: bridge.own.clone(),
                unique: None,
                ..bridge.junction.clone()
            },
            ..bridge.clone()
        };
        bridge.junction.other.named = false;
        back.junction.other.named = self.choices.percent(50);
        Some(back)
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
                soft_delete: self.choices.percent(25),
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
            default_scope: None,
            soft_delete: false,
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

    /// The same junction from another source, where nothing is enforced (PO-4). Models that it joins already say together what
    /// its keys hold (BTM-4).
    fn bridge_for_another(&mut self) -> Option<Bridge> {
        let mut bridge = self.bridge_again()?;
        let source = self.any_model();
        let ends = [(source, bridge.target), (bridge.target, source)];
        let is_through = |it: &&Bridge| it.junction.through == bridge.junction.through;
        let mut joined = self.bridges.iter().filter(is_through);
        if joined.any(|it| ends.contains(&(it.source, it.target))) {
            return None;
        }
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
        (source, target): (usize, usize),
        (alias, aliased): (String, bool),
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
            alias,
            aliased,
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
            named: true,
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
