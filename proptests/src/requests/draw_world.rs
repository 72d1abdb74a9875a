//! Random worlds: 2 to 6 models, associations of every kind between them, and rows.
//!
//! Enforced keys lead from later models to earlier ones or to themselves, since rings of tables are refused (D8); what
//! leads the other way is not enforced, and neither are some of the others. Rows are made to stand: what is enforced
//! refers to rows that are there, the rest to whatever it likes. Some tables are empty, some rows have most of the rest
//! below them, and some tables have had rows that are gone.

use relata::value::{DataType, Timestamp, Value};

use crate::choices::Choices;
use crate::requests::request::Order;
use crate::requests::world::{
    Association, Chain, Column, Index, Junction, Key, Model, Owner, Row, Scope, Sort, World,
};
use crate::requests::{draw_filter, draw_values};

/// A foreign key, which associations use from both of its ends.
#[derive(Clone, Debug)]
struct Slot {
    holder: usize,
    parent: usize,
    key: Key,
    enforced: bool,
}

/// What rows of a model have as owners.
#[derive(Clone, Debug)]
struct OwnedSlot {
    holder: usize,
    type_column: usize,
    key: Key,
    /// The models, each with what the type is.
    owners: Vec<(usize, Value)>,
}

struct Draw<'c> {
    choices: &'c mut Choices,
    world: World,
    slots: Vec<Slot>,
    owned: Vec<OwnedSlot>,
    /// Columns that are together unique: the pairs of junctions.
    pairs: Vec<(usize, Vec<usize>)>,
    with_nan: bool,
}

/// A random world.
pub fn draw(choices: &mut Choices) -> World {
    let with_nan = choices.percent(5);
    let mut draw = Draw {
        choices,
        world: World::default(),
        slots: Vec::new(),
        owned: Vec::new(),
        pairs: Vec::new(),
        with_nan,
    };
    let models = 2 + draw.choices.below(3);
    for number in 0..models {
        let model = draw.model(number);
        draw.world.models.push(model);
    }
    for _ in 0..1 + draw.choices.below(4) {
        draw.slot(models);
    }
    for _ in 0..draw.choices.weighted(&[20, 50, 30]) {
        draw.many_to_many(models);
    }
    if draw.choices.percent(35) {
        draw.owner(models);
    }
    for number in 0..draw.world.models.len() {
        draw.finish(number);
    }
    draw.scopes(models);
    for _ in 0..draw.choices.weighted(&[50, 35, 15]) {
        draw.chain(models);
    }
    draw.world
}

impl Draw<'_> {
    fn model(&mut self, number: usize) -> Model {
        let mut model = Model {
            name: format!("Model{number}"),
            columns: Vec::new(),
            key: vec![0],
            numbered: false,
            uniques: Vec::new(),
            indexes: Vec::new(),
            soft_delete: false,
            default_scope: None,
            scopes: Vec::new(),
            rows: Vec::new(),
            passing: Vec::new(),
        };
        let types: &[DataType] = match self.choices.weighted(&[30, 15, 15, 15, 15, 5, 5]) {
            0 => {
                model.numbered = true;
                &[DataType::Int]
            }
            1 => &[DataType::Int],
            2 => &[DataType::Text],
            3 => &[DataType::Uuid],
            4 => &[DataType::Int, DataType::Text],
            5 => &[DataType::Timestamp],
            _ => &[DataType::Date, DataType::Bytes],
        };
        model.key = (0..types.len()).collect();
        for (place, &data_type) in types.iter().enumerate() {
            model
                .columns
                .push(column(format!("key{place}"), data_type, false));
        }
        self.attributes(&mut model);
        model
    }

    fn attributes(&mut self, model: &mut Model) {
        for place in 0..1 + self.choices.below(5) {
            let types = draw_values::TYPES;
            let data_type = types[self.choices.weighted(&[12, 22, 10, 22, 6, 6, 8, 6, 8])];
            let nullable = self.choices.percent(70);
            model
                .columns
                .push(column(format!("cell{place}"), data_type, nullable));
        }
    }

    /// A foreign key, and associations over it.
    fn slot(&mut self, models: usize) {
        let holder = self.choices.below(models);
        let parent = match self.choices.percent(10) {
            true => holder,
            false => self.choices.below(models),
        };
        let refers = self.refers(parent);
        let enforced = parent <= holder && self.choices.percent(75);
        let name = format!("ref{}", self.slots.len());
        let key = self.key(holder, parent, refers, &name, true);
        let slot = Slot {
            holder,
            parent,
            key,
            enforced,
        };
        self.slots.push(slot.clone());
        let mut any = false;
        if self.choices.percent(70) {
            self.associate(&slot, holder, parent, Sort::BelongsTo);
            any = true;
        }
        for sort in [Sort::HasMany, Sort::HasOne] {
            let percent = if any { 60 } else { 80 };
            if self.choices.percent(percent) {
                self.associate(&slot, parent, holder, sort);
                any = true;
            }
        }
        if !any || self.choices.percent(25) {
            self.associate(&slot, parent, holder, Sort::HasMany);
            self.constrict();
        }
    }

    /// What a key to a model refers to: its primary key, or one of its attributes, which is unique then or not.
    fn refers(&mut self, parent: usize) -> Vec<usize> {
        let model = &mut self.world.models[parent];
        let others: Vec<usize> = (0..model.columns.len())
            .filter(|&at| {
                let column = &model.columns[at];
                column.name.starts_with("cell") && is_key_type(column.data_type)
            })
            .collect();
        if self.choices.percent(70) || others.is_empty() {
            return model.key.clone();
        }
        let at = *self.choices.pick(&others).expect("it is not empty");
        if self.choices.percent(50) && !model.uniques.contains(&at) {
            model.columns[at].nullable = true;
            model.uniques.push(at);
        }
        vec![at]
    }

    /// The columns of a new key.
    fn key(
        &mut self,
        holder: usize,
        parent: usize,
        refers: Vec<usize>,
        name: &str,
        nullable: bool,
    ) -> Key {
        let mut columns = Vec::new();
        for (place, &at) in refers.iter().enumerate() {
            let data_type = self.world.models[parent].columns[at].data_type;
            let model = &mut self.world.models[holder];
            columns.push(model.columns.len());
            let name = format!("{name}_{place}");
            model.columns.push(column(name, data_type, nullable));
        }
        Key { columns, refers }
    }

    fn associate(&mut self, slot: &Slot, source: usize, target: usize, sort: Sort) {
        let alias = format!("to{}", self.world.associations.len());
        self.world.associations.push(Association {
            source,
            target,
            alias,
            sort,
            key: slot.key.clone(),
            scope: Vec::new(),
            condition: None,
            constraints: slot.enforced,
            owner: None,
        });
    }

    /// Owners of the rows of a model, in earlier models whose keys are of one type, and perhaps the other side.
    fn owner(&mut self, models: usize) {
        let holder = self.choices.below(models);
        let types = |model: &Model| -> Vec<DataType> {
            let key = model.key.iter();
            key.map(|&at| model.columns[at].data_type).collect()
        };
        let first = self.choices.below(holder + 1);
        let of_first = types(&self.world.models[first]);
        let mut targets: Vec<usize> = (0..holder)
            .filter(|&it| it == first || types(&self.world.models[it]) == of_first)
            .collect();
        if targets.is_empty() {
            return;
        }
        targets.truncate(3);
        let number = self.world.owners.len();
        let refers = self.world.models[targets[0]].key.clone();
        let key = self.key(holder, targets[0], refers, &format!("owner{number}"), true);
        let type_column = self.world.models[holder].columns.len();
        let name = format!("owner{number}_type");
        self.world.models[holder]
            .columns
            .push(column(name, DataType::Text, true));
        let mut owners = Vec::new();
        let mut members = Vec::new();
        let slot = |parent| Slot {
            holder,
            parent,
            key: key.clone(),
            enforced: true,
        };
        for &target in &targets {
            let value: Value = format!("kind{target}").into();
            members.push((self.world.associations.len(), value.clone()));
            self.associate(&slot(target), holder, target, Sort::BelongsTo);
            self.owned_by(number);
            owners.push((target, value));
        }
        for (target, value) in owners.clone() {
            if self.choices.percent(60) {
                self.associate(&slot(target), target, holder, Sort::HasMany);
                self.owned_by(number);
                let association = self.world.associations.last_mut().expect("one was added");
                association.scope.push((type_column, value));
            }
        }
        self.world.owners.push(Owner {
            source: holder,
            alias: format!("owner{number}"),
            type_column,
            members,
        });
        self.owned.push(OwnedSlot {
            holder,
            type_column,
            key,
            owners,
        });
    }

    /// Makes the last association one side of an owner.
    fn owned_by(&mut self, owner: usize) {
        let association = self.world.associations.last_mut().expect("one was added");
        association.owner = Some(owner);
    }

    /// A path of associations. Which of several rows a step to one leads to is decided by a primary key: where an order of a
    /// scope would say otherwise, it is no step.
    fn chain(&mut self, models: usize) {
        let source = self.choices.below(models);
        let (mut steps, mut model) = (Vec::new(), source);
        for _ in 0..2 + self.choices.weighted(&[75, 25]) {
            let mut next = self.world.associations_of(model);
            next.retain(|&step| {
                let association = &self.world.associations[step];
                let scope = &self.world.models[association.target].default_scope;
                let ordered = scope.as_ref().is_some_and(|scope| !scope.order.is_empty());
                !matches!(association.sort, Sort::Chain(_)) && !(association.is_single() && ordered)
            });
            let Some(&step) = self.choices.pick(&next) else {
                break;
            };
            steps.push(step);
            model = self.world.associations[step].target;
        }
        if steps.len() < 2 {
            return;
        }
        let single = steps
            .iter()
            .all(|&it| self.world.associations[it].is_single());
        let alias = format!("to{}", self.world.associations.len());
        self.world.associations.push(Association {
            source,
            target: model,
            alias,
            sort: Sort::Chain(Chain { steps, single }),
            key: Key {
                columns: Vec::new(),
                refers: Vec::new(),
            },
            scope: Vec::new(),
            condition: None,
            constraints: true,
            owner: None,
        });
    }

    /// Gives the last association a scope, on attributes of its target.
    fn constrict(&mut self) {
        let association = self.world.associations.last().expect("one was added");
        let model = self.world.models[association.target].clone();
        let mut scope = Vec::new();
        let mut condition = None;
        let cells: Vec<usize> = (0..model.columns.len())
            .filter(|&at| model.columns[at].name.starts_with("cell"))
            .collect();
        match (self.choices.percent(60), self.choices.pick(&cells).copied()) {
            (true, Some(at)) => {
                let value = draw_values::value(self.choices, model.columns[at].data_type, false);
                scope.push((at, value));
            }
            // A scope does not take what can fail for a row, even if here it never does.
            _ => {
                let drawn = draw_filter::filter(self.choices, &model, false);
                condition = drawn.functions().is_empty().then_some(drawn);
            }
        }
        let association = self.world.associations.last_mut().expect("one was added");
        association.scope = scope;
        association.condition = condition;
    }

    /// A junction between two models, and associations through it.
    fn many_to_many(&mut self, models: usize) {
        let junction = self.world.models.len();
        let mut model = self.model(junction);
        model.name = format!("Junction{junction}");
        model.numbered = false;
        // 0: the pair is its key; 1: a key of its own and each pair once; 2: as often as one likes; 3: without a key.
        let sort = self.choices.weighted(&[50, 20, 15, 15]);
        if matches!(sort, 0 | 3) {
            model
                .columns
                .retain(|column| !column.name.starts_with("key"));
            model.key.clear();
        }
        self.world.models.push(model);
        let source = self.choices.below(models);
        let target = match self.choices.percent(20) {
            true => source,
            false => self.choices.below(models),
        };
        let enforced = self.choices.percent(80);
        let mut slots = Vec::new();
        for (parent, name) in [(source, "own"), (target, "other")] {
            let refers = self.refers(parent);
            let key = self.key(junction, parent, refers, name, sort != 0);
            slots.push(Slot {
                holder: junction,
                parent,
                key,
                enforced,
            });
        }
        self.slots.extend(slots.clone());
        let pair = [&*slots[0].key.columns, &slots[1].key.columns].concat();
        if sort == 0 {
            self.world.models[junction].key = pair.clone();
        }
        if sort < 2 {
            self.pairs.push((junction, pair));
        }
        let scope = self.junction_scope(junction);
        let through = |other: &Slot, scope| {
            Sort::BelongsToMany(Junction {
                model: junction,
                other: other.key.clone(),
                scope,
                repeats: sort >= 2,
            })
        };
        self.associate(&slots[0], source, target, through(&slots[1], scope));
        if self.choices.percent(25) {
            self.constrict();
        }
        if self.choices.percent(60) {
            self.associate(&slots[1], target, source, through(&slots[0], Vec::new()));
        }
        if self.choices.percent(30) {
            self.associate(&slots[0], source, junction, Sort::HasMany);
        }
        if self.choices.percent(30) {
            self.associate(&slots[1], junction, target, Sort::BelongsTo);
        }
    }

    fn junction_scope(&mut self, junction: usize) -> Vec<(usize, Value)> {
        let model = &self.world.models[junction];
        let cells: Vec<usize> = (0..model.columns.len())
            .filter(|&at| model.columns[at].name.starts_with("cell"))
            .collect();
        match (self.choices.percent(25), self.choices.pick(&cells).copied()) {
            (true, Some(at)) => {
                let data_type = model.columns[at].data_type;
                vec![(at, draw_values::value(self.choices, data_type, false))]
            }
            _ => Vec::new(),
        }
    }

    /// Indexes and rows, once all columns are there.
    fn finish(&mut self, number: usize) {
        let columns = self.world.models[number].columns.len();
        for _ in 0..self.choices.weighted(&[35, 30, 20, 15]) {
            let first = self.choices.below(columns);
            let second = self.choices.below(columns);
            let mut indexed = vec![first];
            if second != first && self.choices.percent(40) {
                indexed.push(second);
            }
            let hash = self.choices.percent(30);
            let descending = match !hash && self.choices.percent(30) {
                true => vec![indexed[self.choices.below(indexed.len())]],
                false => Vec::new(),
            };
            self.world.models[number].indexes.push(Index {
                columns: indexed,
                hash,
                descending,
            });
        }
        if self.choices.percent(20) {
            let model = &mut self.world.models[number];
            model.soft_delete = true;
            let deleted_at = column("deletedAt".to_owned(), DataType::Timestamp, true);
            model.columns.push(deleted_at);
        }
        let rows = match self.choices.weighted(&[8, 20, 45, 27]) {
            0 => 0,
            1 => 1 + self.choices.below(3),
            2 => 4 + self.choices.below(8),
            _ => 12 + self.choices.below(14),
        };
        for _ in 0..rows {
            if let Some(row) = self.row(number) {
                self.world.models[number].rows.push(row);
            }
        }
        let model = &self.world.models[number];
        let is_junction = self.pairs.iter().any(|(junction, _)| *junction == number);
        if model.key.is_empty() || is_junction || !self.choices.percent(35) {
            return;
        }
        for _ in 0..1 + self.choices.below(4) {
            if let Some(mut row) = self.row(number) {
                let slots = self.slots.iter().filter(|slot| slot.holder == number);
                for &at in slots.flat_map(|slot| &slot.key.columns) {
                    row[at] = Value::Null;
                }
                let owned = self.owned.iter().filter(|owned| owned.holder == number);
                for owned in owned {
                    for &at in owned.key.columns.iter().chain([&owned.type_column]) {
                        row[at] = Value::Null;
                    }
                }
                self.world.models[number].passing.push(row);
            }
        }
    }

    /// A row that stands beside those that are there; none if there is no room for one more.
    fn row(&mut self, number: usize) -> Option<Row> {
        let model = self.world.models[number].clone();
        let mut row = Vec::new();
        for (at, column) in model.columns.iter().enumerate() {
            let is_unique = model.uniques.contains(&at);
            row.push(if model.key.contains(&at) || is_unique {
                draw_values::key(self.choices, column.data_type)
            } else if model.deleted_at() == Some(at) {
                let time = Timestamp::from_micros(1_000);
                let deleted = self.choices.percent(25);
                deleted.then_some(time).into()
            } else if column.nullable && self.choices.percent(22) {
                Value::Null
            } else {
                draw_values::value(self.choices, column.data_type, self.with_nan)
            });
        }
        let others = model.rows.iter().chain(&model.passing);
        let taken = |columns: &[usize], row: &Row| {
            let whole = columns.iter().all(|&at| !row[at].is_null());
            let mut others = others.clone();
            whole && others.any(|other| columns.iter().all(|&at| other[at] == row[at]))
        };
        for &unique in &model.uniques {
            if taken(&[unique], &row) || self.choices.percent(10) {
                row[unique] = Value::Null;
            }
        }
        // A hub, which is the first row of its table, has half of what refers to it.
        let hubs = !number.is_multiple_of(3);
        let slots = self.slots.iter().filter(|slot| slot.holder == number);
        for slot in slots.cloned().collect::<Vec<_>>() {
            self.refer(&slot, &model, hubs, &mut row)?;
        }
        let owned = self.owned.iter().filter(|owned| owned.holder == number);
        for owned in owned.cloned().collect::<Vec<_>>() {
            self.own(&owned, &mut row);
        }
        if taken(&model.key, &row) && !model.key.is_empty() {
            return None;
        }
        let pairs = self
            .pairs
            .iter()
            .filter(|(junction, _)| *junction == number);
        for (_, pair) in pairs {
            if taken(pair, &row) {
                return None;
            }
        }
        Some(row)
    }

    /// Makes a row refer to another one; none if it must and there is none.
    fn refer(&mut self, slot: &Slot, model: &Model, hubs: bool, row: &mut Row) -> Option<()> {
        let columns = &slot.key.columns;
        let parent = &self.world.models[slot.parent];
        let nullable = model.columns[columns[0]].nullable;
        if !slot.enforced && (slot.parent > slot.holder || self.choices.percent(20)) {
            for (&at, other) in columns.iter().zip(&slot.key.refers) {
                let data_type = model.columns[at].data_type;
                row[at] = match parent.key.contains(other) || parent.uniques.contains(other) {
                    true => draw_values::key(self.choices, data_type),
                    false => draw_values::value(self.choices, data_type, false),
                };
            }
            return Some(());
        }
        let own = row.clone();
        let mut candidates: Vec<&Row> = parent.rows.iter().collect();
        if slot.holder == slot.parent {
            candidates.push(&own);
        }
        let candidate = match hubs && self.choices.percent(50) {
            true => candidates.first().copied(),
            false => self.choices.pick(&candidates).copied(),
        };
        match candidate {
            _ if nullable && self.choices.percent(15) => {
                // Of a key of two columns, at least one is null.
                columns.iter().for_each(|&at| row[at] = Value::Null);
                if columns.len() > 1 && self.choices.percent(50) {
                    row[columns[0]] =
                        draw_values::key(self.choices, model.columns[columns[0]].data_type);
                }
            }
            Some(parent) => {
                let pairs = columns.iter().zip(&slot.key.refers);
                let cells: Vec<_> = pairs
                    .map(|(&at, &other)| (at, parent[other].clone()))
                    .collect();
                if cells.iter().any(|(_, value)| value.is_null()) && !nullable {
                    return None;
                }
                for (at, value) in cells {
                    row[at] = value;
                }
            }
            None if nullable => columns.iter().for_each(|&at| row[at] = Value::Null),
            None => return None,
        }
        Some(())
    }

    /// Gives a row an owner, or none.
    fn own(&mut self, owned: &OwnedSlot, row: &mut Row) {
        for &at in owned.key.columns.iter().chain([&owned.type_column]) {
            row[at] = Value::Null;
        }
        let at = self.choices.below(owned.owners.len());
        let (parent, value) = &owned.owners[at];
        let parents = &self.world.models[*parent].rows;
        if self.choices.percent(15) {
            return;
        }
        if let Some(parent) = self.choices.pick(parents) {
            row[owned.type_column] = value.clone();
            for (&at, &refers) in owned.key.columns.iter().zip(&owned.key.refers) {
                row[at] = parent[refers].clone();
            }
        }
    }

    /// Default scopes and named ones, of models that are no junctions.
    fn scopes(&mut self, models: usize) {
        for number in 0..models {
            let model = self.world.models[number].clone();
            if self.choices.percent(15) {
                self.world.models[number].default_scope = Some(self.scope(&model));
            }
            if self.choices.percent(30) {
                let scopes = [self.scope(&model), self.scope(&model)];
                self.world.models[number].scopes = scopes.into();
            }
        }
    }

    fn scope(&mut self, model: &Model) -> Scope {
        let filter = self.choices.percent(80);
        let order = self.choices.percent(30);
        Scope {
            filter: filter.then(|| draw_filter::filter(self.choices, model, false)),
            order: order
                .then(|| Order {
                    path: Vec::new(),
                    column: self.choices.below(model.columns.len()),
                    descending: self.choices.percent(50),
                    nulls_first: None,
                })
                .into_iter()
                .collect(),
        }
    }
}

fn is_key_type(data_type: DataType) -> bool {
    !matches!(data_type, DataType::Bool | DataType::Float | DataType::Json)
}

fn column(name: String, data_type: DataType, nullable: bool) -> Column {
    Column {
        name,
        data_type,
        nullable,
    }
}
