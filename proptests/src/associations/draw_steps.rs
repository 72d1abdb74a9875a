//! Random steps, drawn from the rows that are there: mostly what means something, with one part in five that must fail.

use relata::value::Value;

use crate::associations::draw_graph::value;
use crate::associations::layout::{DELETED_AT, Link, Way};
use crate::associations::rules::World;
use crate::associations::steps::{Call, Name, Named, Row, Source, Step, Target, Verb};
use crate::choices::Choices;
use crate::reference::key_of;
use crate::shape::DefaultShape;

/// How full tables get before more rows go than come.
const ROWS_MAX: usize = 9;

/// A random step.
pub fn draw(world: &World, in_transaction: bool, choices: &mut Choices) -> Step {
    let draw = Draw { world };
    match choices.weighted(&[6, 16, 5, 5, 1, 60, 7, 2]) {
        0 if !in_transaction => Step::Begin,
        0 => match choices.percent(50) {
            true => Step::Commit,
            false => Step::Rollback,
        },
        1 => draw.create(choices),
        2 => draw.update(choices),
        3 => draw.destroy(choices),
        4 => draw.destroy_where(choices),
        5 => draw.call(choices),
        6 => draw.edit_junction(choices),
        _ => draw.restore(choices),
    }
}

struct Draw<'w> {
    world: &'w World,
}

impl Draw<'_> {
    fn create(&self, choices: &mut Choices) -> Step {
        let table = choices.below(self.tables());
        let table = match self.rows(table) < ROWS_MAX {
            true => table,
            false => choices.below(self.tables()),
        };
        Step::Create {
            model: self.name(table),
            values: self.row(table, choices),
        }
    }

    fn update(&self, choices: &mut Choices) -> Step {
        let table = choices.below(self.tables());
        let Some(row) = self.some_row(table, choices) else {
            return self.create(choices);
        };
        Step::Update {
            row,
            values: self.some_values(table, choices),
        }
    }

    fn destroy(&self, choices: &mut Choices) -> Step {
        let table = choices.below(self.tables());
        match self.some_row(table, choices) {
            Some(row) => Step::Destroy {
                row,
                forced: choices.percent(35),
            },
            None => self.create(choices),
        }
    }

    fn restore(&self, choices: &mut Choices) -> Step {
        let table = choices.below(self.tables());
        match self.some_row(table, choices) {
            Some(row) => Step::Restore { row },
            None => self.create(choices),
        }
    }

    fn destroy_where(&self, choices: &mut Choices) -> Step {
        let table = choices.below(self.tables());
        let (attribute, value) = self.cell(table, choices);
        Step::DestroyWhere {
            model: self.name(table),
            attribute,
            value,
        }
    }

    fn edit_junction(&self, choices: &mut Choices) -> Step {
        let all = &self.world.graph.associations;
        let position = choices.below(all.len());
        let link = &self.world.layout.links[position];
        let (Way::Pairs(pairs), Some(source)) = (&link.way, self.some_row(link.source, choices))
        else {
            return self.call(choices);
        };
        Step::EditJunction {
            source,
            association: all[position].alias.clone(),
            position: choices.below(2),
            values: self.some_values(pairs.junction, choices),
        }
    }

    // ---- Verbs ----

    fn call(&self, choices: &mut Choices) -> Step {
        let position = choices.below(self.world.layout.links.len());
        let link = &self.world.layout.links[position];
        let alias = &self.world.graph.associations[position].alias;
        let Some(source) = self.source(link, choices) else {
            return Step::Create {
                model: self.name(link.source),
                values: self.row(link.source, choices),
            };
        };
        let is_single = !matches!(
            link.way,
            Way::Pairs(_) | Way::Children { single: false, .. }
        );
        let any = choices.percent(4);
        let verb = match choices.below(if is_single && !any { 12 } else { 26 }) {
            0 => Verb::Get,
            1 if is_single => Verb::One,
            1..=8 => Verb::Set,
            9..=11 => Verb::Create,
            12..=18 => Verb::Add,
            19..=22 => Verb::Remove,
            23 | 24 => Verb::Has,
            _ => Verb::Count,
        };
        let takes_targets = matches!(verb, Verb::Set | Verb::Add | Verb::Remove | Verb::Has);
        let number = match (takes_targets, is_single) {
            (false, _) => 0,
            (true, true) => [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2][choices.below(12)],
            (true, false) => [0, 1, 1, 1, 2, 2, 2, 3][choices.below(8)],
        };
        let mut targets: Vec<Target> = Vec::new();
        for _ in 0..number {
            let again = choices
                .percent(6)
                .then(|| targets.last().cloned())
                .flatten();
            targets.push(again.unwrap_or_else(|| self.target(link, choices)));
        }
        let attributes = match &link.way {
            Way::Pairs(pairs) if matches!(verb, Verb::Set | Verb::Add | Verb::Create) => choices
                .percent(40)
                .then(|| self.some_values(pairs.junction, choices)),
            _ => choices.percent(1).then(Vec::new),
        };
        let attributes =
            attributes.filter(|_| matches!(verb, Verb::Set | Verb::Add | Verb::Create));
        let filter = matches!(verb, Verb::Get | Verb::Count) && choices.percent(40);
        Step::Call(Call {
            source,
            association: alias.clone(),
            verb,
            targets,
            values: match verb {
                Verb::Create => self.row(link.target, choices),
                _ => Vec::new(),
            },
            filter: filter.then(|| self.cell(link.target, choices)),
            attributes,
            destroy_previous: matches!(link.way, Way::Children { .. }) && choices.percent(15),
        })
    }

    fn source(&self, link: &Link, choices: &mut Choices) -> Option<Source> {
        if choices.percent(3) {
            return Some(Source::Unsaved {
                model: self.name(link.source),
                values: Vec::new(),
            });
        }
        self.some_row(link.source, choices).map(Source::Row)
    }

    fn target(&self, link: &Link, choices: &mut Choices) -> Target {
        let name = match choices.below(40) {
            0 => Name::Unsaved {
                model: self.name(link.target),
                values: self.row(link.target, choices),
            },
            1..=2 if matches!(link.way, Way::Children { single: true, .. }) => Name::Unsaved {
                model: self.name(link.target),
                values: self.row(link.target, choices),
            },
            // Of a model that may be another one.
            3 => match self.some_row(choices.below(self.tables()), choices) {
                Some(row) => Name::Row(row),
                None => Name::Key(vec![value(choices, crate::shape::Kind::Int)]),
            },
            // Of a type that may be another one.
            4 => Name::Key(vec![Value::from("x")]),
            5 => Name::Key(vec![Value::Int(1), Value::Int(1)]),
            // Of no row, mostly.
            6 | 7 => Name::Key(self.new_key(link, choices)),
            8..=25 => match self.some_row(link.target, choices) {
                Some(row) => Name::Row(row),
                None => Name::Key(self.new_key(link, choices)),
            },
            _ => Name::Key(self.known_key(link, choices)),
        };
        let through = match &link.way {
            Way::Pairs(pairs) if choices.percent(20) => self.some_values(pairs.junction, choices),
            _ => Vec::new(),
        };
        Target { name, through }
    }

    /// The key of a row: for a belongs_to, what the source would hold.
    fn known_key(&self, link: &Link, choices: &mut Choices) -> Vec<Value> {
        let shape = &self.world.layout.shape;
        let rows = &self.world.reference.state().tables[link.target];
        let Some(row) = choices.pick(rows) else {
            return self.new_key(link, choices);
        };
        match &link.way {
            Way::Parent { refers, .. } => refers
                .iter()
                .map(|&column| row.values[column].clone())
                .collect(),
            Way::Children { .. } | Way::Pairs(_) => key_of(shape, link.target, row),
        }
    }

    fn new_key(&self, link: &Link, choices: &mut Choices) -> Vec<Value> {
        let shape = &self.world.layout.shape.tables[link.target];
        let columns = match &link.way {
            Way::Parent { refers, .. } => refers,
            Way::Children { .. } | Way::Pairs(_) => shape.primary(),
        };
        let kinds = columns.iter().map(|&column| shape.columns[column].kind);
        kinds.map(|kind| value(choices, kind)).collect()
    }

    // ---- Rows and values ----

    /// A row that is there; now and then one that is gone, and one as it was read long ago.
    fn some_row(&self, table: usize, choices: &mut Choices) -> Option<Row> {
        let shape = &self.world.layout.shape;
        let stale = choices.percent(20);
        let key = if choices.percent(6) {
            let seen = self.world.seen.keys().filter(|(of, _)| *of == table);
            let seen: Vec<&Vec<Value>> = seen.map(|(_, key)| key).collect();
            (*choices.pick(&seen)?).clone()
        } else {
            let row = choices.pick(&self.world.reference.state().tables[table])?;
            key_of(shape, table, row)
        };
        // A row of no key that can be named cannot be asked for.
        if shape.tables[table].hidden_key {
            return None;
        }
        Some(Row {
            model: self.name(table),
            key,
            stale,
        })
    }

    /// Values for a row that may stand, mostly.
    fn row(&self, table: usize, choices: &mut Choices) -> Named {
        let shape = &self.world.layout.shape.tables[table];
        let mut values = Named::new();
        for (column, shaped) in shape.columns[..shape.visible()].iter().enumerate() {
            // Deleting writes it, and nobody else.
            if shaped.name == DELETED_AT {
                continue;
            }
            let needed = !shaped.nullable && matches!(shaped.default, DefaultShape::Null);
            let given = match (shape.auto_increment == Some(column), needed) {
                (true, _) => choices.percent(3),
                (false, true) => choices.percent(95),
                (false, false) => choices.percent(45),
            };
            if given {
                values.push((shaped.name.clone(), self.value(table, column, choices)));
            }
        }
        values
    }

    /// One to three values of some attributes; now and then of one that there is not.
    fn some_values(&self, table: usize, choices: &mut Choices) -> Named {
        let mut values = Named::new();
        for _ in 0..1 + choices.below(2) {
            let (name, value) = self.cell(table, choices);
            if !values.iter().any(|(other, _)| *other == name) {
                values.push((name, value));
            }
        }
        if choices.percent(2) {
            values.push(("nothing".to_owned(), Value::Null));
        }
        values
    }

    fn cell(&self, table: usize, choices: &mut Choices) -> (String, Value) {
        let shape = &self.world.layout.shape.tables[table];
        let visible = shape.columns[..shape.visible()].iter().enumerate();
        let open = visible.filter(|(_, column)| column.name != DELETED_AT);
        let open: Vec<usize> = open.map(|(column, _)| column).collect();
        let column = open[choices.below(open.len())];
        let name = shape.columns[column].name.clone();
        (name, self.value(table, column, choices))
    }

    /// A value for a column: of a parent where it is part of a key, mostly.
    fn value(&self, table: usize, column: usize, choices: &mut Choices) -> Value {
        let shape = &self.world.layout.shape;
        let shaped = &shape.tables[table].columns[column];
        if shaped.nullable && choices.percent(8) {
            return Value::Null;
        }
        if choices.percent(1) {
            return Value::from("odd");
        }
        let mut references = shape.references.iter();
        let reference =
            references.find(|it| it.child == table && it.child_columns.contains(&column));
        if let Some(reference) = reference
            && choices.percent(85)
        {
            let part = reference.child_columns.iter().position(|it| *it == column);
            let refers = reference.parent_columns[part.unwrap_or(0)];
            let rows = &self.world.reference.state().tables[reference.parent];
            if let Some(row) = choices.pick(rows) {
                return row.values[refers].clone();
            }
        }
        value(choices, shaped.kind)
    }

    fn tables(&self) -> usize {
        self.world.layout.shape.tables.len()
    }

    fn rows(&self, table: usize) -> usize {
        self.world.reference.state().tables[table].len()
    }

    fn name(&self, table: usize) -> String {
        self.world.layout.shape.tables[table].name.clone()
    }
}
