//! A plan as text, for a person who knows databases.
//!
//! One block per node, indented below its parent: how the rows are found, what is tested, in which order they come and
//! whether that takes a sort, what is cut. What is not mentioned does not happen.

use std::fmt::Write;

use crate::association::registry::ModelEntry;
use crate::engine::{AccessPath, Snapshot, Sought};
use crate::query::node::OrderKey;
use crate::query::plan::{
    Access, Arrangement, Crossing, Keep, Lookup, Plan, PlanNode, Probe, RowOrder, Step, ValueJoin,
    Walk, Way,
};
use crate::query::reach::{At, Origin};
use crate::query::shape::Side;
use crate::query::{Direction, Nulls};
use crate::schema::{Table, TableId};

/// The text of a plan as it would be run on a snapshot.
pub(crate) fn explain(plan: &Plan, snapshot: &Snapshot) -> String {
    let mut text = String::new();
    // The next one is the last: each node right before what is below it.
    let mut pending: Vec<(usize, usize)> = vec![(0, 0)];
    while let Some((position, depth)) = pending.pop() {
        let node = &plan.nodes[position];
        let children = node.node.children.iter().rev();
        pending.extend(children.map(|&child| (child, depth + 1)));
        let block = Block {
            plan,
            snapshot,
            position,
            node,
        };
        for (position, line) in block.lines().iter().enumerate() {
            let indent = 2 * (depth + usize::from(position > 0));
            let _ = writeln!(text, "{:indent$}{line}", "");
        }
    }
    text
}

struct Block<'p> {
    plan: &'p Plan,
    snapshot: &'p Snapshot,
    position: usize,
    node: &'p PlanNode,
}

impl Block<'_> {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.title()];
        lines.extend(self.found());
        if let Some(filter) = &self.node.node.filter {
            lines.push(format!("filter: {filter}"));
        }
        lines.extend(self.node.asks.iter().map(|term| format!("filter: {term}")));
        for (term, _) in self.node.joins.iter().flat_map(|join| &join.terms) {
            lines.push(format!("filter over joined rows: {term}"));
        }
        lines.extend(self.order());
        lines.extend(self.taking());
        lines.extend(self.cut());
        lines.extend(self.recursion());
        let node = &self.node.node;
        let computed = node.attributes.computed.iter().zip(&node.worked);
        lines.extend(computed.map(|(name, worked)| format!("attribute {name}: {}", worked.value)));
        lines
    }

    fn title(&self) -> String {
        let model = &self.plan.model(self.node).name;
        let Some(include) = &self.node.node.include else {
            return format!("select {model}");
        };
        let key = &include.association.key;
        let implied = include.origin != Origin::Request;
        let required = if include.required { ", required" } else { "" };
        let hidden = if include.hidden { ", not shown" } else { "" };
        let of = include.owner.as_ref();
        let of = of.map_or_else(String::new, |owner| format!(" of {}", owner.key));
        if include.aggregated {
            return format!("aggregate {key} ({model}), not shown");
        }
        match (include.counted, implied && !include.required) {
            (true, true) => format!("count {key} ({model}), not shown"),
            (true, false) => format!("count {key} ({model})"),
            (false, true) => format!("join {key} ({model}), not shown"),
            (false, false) => format!("include {key} ({model}){of}{required}{hidden}"),
        }
    }

    fn found(&self) -> Vec<String> {
        match &self.node.access {
            Access::Direct {
                walk: Walk::ToChildren(key),
                ..
            } if self.node.keep == Keep::Number => {
                let key = self.plan.schema.foreign_key(*key);
                vec![format!("number of edges {} to its children", key.name)]
            }
            Access::Root(path) => vec![self.path(path)],
            Access::Given => vec!["given".to_owned()],
            Access::On { condition, .. } => {
                let table = self.counted(self.table(self.node.node.table));
                vec![format!(
                    "scan of {table} for each row above, on {condition}"
                )]
            }
            Access::Direct { walk, .. } => vec![self.walk(walk, self.node.node.table)],
            Access::Through { through, .. } => self.crossing(through, self.node.node.table),
            Access::Chain { parent, steps } => {
                let from = if parent.is_some() {
                    ""
                } else {
                    " from given rows"
                };
                let mut lines = vec![format!("chain{from}, each row once")];
                for step in steps {
                    lines.push(format!("step {}", step.association.key));
                    let step_lines = self.step(step).into_iter();
                    lines.extend(step_lines.map(|line| format!("  {line}")));
                }
                lines
            }
        }
    }

    fn step(&self, step: &Step) -> Vec<String> {
        let mut lines = match &step.way {
            Way::Direct(walk) => vec![self.walk(walk, step.table)],
            Way::Through(through) => self.crossing(through, step.table),
        };
        if let Some(filter) = &step.filter {
            lines.push(format!("filter: {filter}"));
        }
        if step.one {
            lines.push("the lowest primary key".to_owned());
        }
        lines
    }

    fn crossing(&self, through: &Crossing, target: TableId) -> Vec<String> {
        let mut lines = vec![format!(
            "to junction: {}",
            self.walk(&through.to_junction, through.junction)
        )];
        if let Some(filter) = &through.filter {
            lines.push(format!("junction filter: {filter}"));
        }
        let on = self.walk(&through.to_target, target);
        lines.push(format!("to target: {on}"));
        lines
    }

    fn path(&self, path: &AccessPath) -> String {
        let table = self.table(self.node.node.table);
        match path {
            AccessPath::Key { key, values } => {
                let unique = &table.keys[*key];
                let sort = if *key == 0 {
                    "primary key"
                } else {
                    "unique key"
                };
                format!(
                    "by {sort} {}: {}",
                    unique.name,
                    self.equalities(&unique.columns, values)
                )
            }
            AccessPath::Children { key, values } => {
                let key = self.plan.schema.foreign_key(*key);
                let columns = self.equalities(&key.key_order, values);
                format!("by edges {} under one parent: {columns}", key.name)
            }
            AccessPath::Index { index, values, .. } => {
                let index = &table.indexes[*index];
                format!(
                    "by index {}: {}",
                    index.name,
                    self.equalities(&index.columns, values)
                )
            }
            AccessPath::Scan => {
                format!("scan of {}", self.counted(table))
            }
        }
    }

    fn walk(&self, walk: &Walk, to: TableId) -> String {
        let key_name = |key| &self.plan.schema.foreign_key(key).name;
        match walk {
            Walk::ToParent(key) => format!("edge {} to its parent", key_name(*key)),
            Walk::ToChildren(key) => format!("edges {} to its children", key_name(*key)),
            Walk::ByValue(join) => self.by_value(join, self.table(to)),
        }
    }

    fn by_value(&self, join: &ValueJoin, table: &Table) -> String {
        match &join.lookup {
            Lookup::Key { key, probe } => {
                let unique = &table.keys[*key];
                let columns = probed(table, &unique.columns, probe);
                format!("look-up in unique key {}: {columns}", unique.name)
            }
            Lookup::Index { index, probe, .. } => {
                let index = &table.indexes[*index];
                let columns = probed(table, &index.columns, probe);
                format!("look-up in index {}: {columns}", index.name)
            }
            Lookup::Scan => {
                let columns: Vec<&str> = join.to.iter().map(|&it| column_name(table, it)).collect();
                let columns = columns.join(", ");
                format!("one scan of {}, matched by {columns}", self.counted(table))
            }
        }
    }

    fn order(&self) -> Option<String> {
        let in_key_order = self.snapshot.ids_are_in_key_order(self.node.node.table);
        Some(match self.node.arrangement(self.snapshot) {
            Arrangement::None => return None,
            Arrangement::AsFound => "order: primary key, as found".into(),
            Arrangement::SortByKey if in_key_order => {
                "order: primary key, sort (not found in key order)".into()
            }
            Arrangement::SortByKey => {
                "order: primary key, sort (rows do not stand in key order)".into()
            }
            Arrangement::SortByColumns => match &self.node.order {
                RowOrder::Columns(keys) => format!("order: {}, sort", self.order_keys(keys)),
                RowOrder::Any | RowOrder::Key | RowOrder::Reaching(_) => return None,
            },
            Arrangement::SortLater => match &self.node.order {
                RowOrder::Reaching(order) => {
                    format!("order: {}, sort", self.order_keys(&order.keys))
                }
                RowOrder::Any | RowOrder::Key | RowOrder::Columns(_) => return None,
            },
        })
    }

    /// By what a limit takes rows, if that is not their order.
    fn taking(&self) -> Option<String> {
        let RowOrder::Reaching(order) = &self.node.order else {
            return None;
        };
        let cuts = self.node.cut.limit.is_some() || self.node.cut.offset > 0;
        (cuts && order.taking != order.keys).then(|| match order.taking.is_empty() {
            true => "taken by: primary key".into(),
            false => format!(
                "taken by: {}, then primary key",
                self.order_keys(&order.taking)
            ),
        })
    }

    fn order_keys(&self, keys: &[OrderKey]) -> String {
        let key = |key: &OrderKey| {
            let direction = match key.direction {
                Direction::Ascending => "",
                Direction::Descending => " desc",
            };
            let nulls = match (key.direction, key.nulls) {
                (Direction::Ascending, Nulls::First) => " nulls first",
                (Direction::Descending, Nulls::Last) => " nulls last",
                (Direction::Ascending, Nulls::Last) | (Direction::Descending, Nulls::First) => "",
            };
            format!("{}{direction}{nulls}", self.place(key))
        };
        keys.iter().map(key).collect::<Vec<_>>().join(", ")
    }

    /// The column of an order, with the path to it.
    fn place(&self, key: &OrderKey) -> String {
        let (node, side) = match key.at {
            At::Row => (self.position, Side::Target),
            At::Junction => (self.position, Side::Junction),
            At::Below { node, side } => (node, side),
            At::Worked => {
                return self.node.node.worked[key.ordinal as usize]
                    .value
                    .to_string();
            }
        };
        let (model, _) = self.plan.shape(node, side);
        let mut path = attribute_name(model, key.ordinal).to_owned();
        if side == Side::Junction {
            path = format!("{}.{path}", model.name);
        }
        let mut above = node;
        while above != self.position {
            let Some(include) = &self.plan.node(above).include else {
                break;
            };
            path = format!("{}.{path}", include.association.key);
            above = include.parent;
        }
        path
    }

    fn cut(&self) -> Option<String> {
        let cut = self.node.cut;
        let per = match self.node.node.include {
            Some(_) => " per parent",
            None => "",
        };
        match (cut.limit, cut.offset) {
            (None, 0) => None,
            (None, offset) => Some(format!("offset: {offset}{per}")),
            (Some(limit), 0) => Some(format!("limit: {limit}{per}")),
            (Some(limit), offset) => Some(format!("limit: {limit} after {offset}{per}")),
        }
    }

    fn recursion(&self) -> Option<String> {
        let include = self.node.node.include.as_ref()?;
        let recursion = include.recursion.filter(|_| !include.hidden)?;
        let to = recursion
            .depth_max
            .map_or_else(String::new, |depth| format!(" to depth {depth}"));
        let above = &self.plan.nodes[include.parent].node;
        let model = &self.plan.registry.model(above.model).name;
        Some(format!(
            "recursive{to}: the same below each row that is new under its {model}"
        ))
    }

    fn equalities(&self, columns: &[u32], values: &[Sought]) -> String {
        let model = self.plan.model(self.node);
        let pairs = columns.iter().zip(values);
        let texts = pairs.map(|(&ordinal, sought)| {
            let name = attribute_name(model, ordinal);
            match sought {
                Sought::Constant(value) => format!("{name} = {value}"),
                Sought::Parameter(position) => {
                    format!("{name} = {}", self.plan.wanted.shown(*position))
                }
            }
        });
        texts.collect::<Vec<_>>().join(", ")
    }

    /// A table, and how many rows it has.
    fn counted(&self, table: &Table) -> String {
        match self.snapshot.row_count(table.id) {
            1 => format!("{}: 1 row", table.name),
            rows => format!("{}: {rows} rows", table.name),
        }
    }

    fn table(&self, id: TableId) -> &Table {
        self.plan.schema.table(id)
    }
}

/// The columns that are looked up, and what a scope says of them.
fn probed(table: &Table, columns: &[u32], probe: &[Probe]) -> String {
    let pairs = columns.iter().zip(probe);
    let texts = pairs.map(|(&ordinal, probe)| {
        let name = column_name(table, ordinal);
        match probe {
            Probe::Column(_) => name.to_owned(),
            Probe::Constant(value) => format!("{name} = {value}"),
        }
    });
    texts.collect::<Vec<_>>().join(", ")
}

fn column_name(table: &Table, ordinal: u32) -> &str {
    &table.columns[ordinal as usize].name
}

fn attribute_name(model: &ModelEntry, ordinal: u32) -> &str {
    let attribute = model.attribute_of(ordinal);
    attribute.map_or("", |attribute| &attribute.name)
}
