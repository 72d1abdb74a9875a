//! Says of a plan, in names, what the executor will obey on a version, or obeyed.

use crate::association::registry::ModelEntry;
use crate::engine::{AccessPath, Limit, Range, Snapshot, Sought};
use crate::error::Result;
use crate::query::counting::Counting;
use crate::query::execute::{self, Figures, Watched};
use crate::query::explain::{
    Actual, Explained, Explanation, Means, Method, Operation, Ordered, Recursive, SplitWork, Step,
    StepSide, advice,
};
use crate::query::node::OrderKey;
use crate::query::plan::{
    Access, Arrangement, Crossing, FarEnd, FirstBelow, FoundOrder, Keep, Lookup, Plan, PlanNode,
    Probe, RowOrder, Split, ValueJoin, Walk, Way,
};
use crate::query::reach::{At, Origin};
use crate::query::reason::Reason;
use crate::query::shape::Side;
use crate::query::{Direction, Nulls};
use crate::schema::{Table, TableId};
use crate::value::Value;

/// A plan as it would be run on a snapshot.
pub(crate) fn explain(plan: &Plan, snapshot: &Snapshot) -> Explanation {
    describe(plan, snapshot, Wanted::Rows(None))
}

/// How the rows would be counted, of a plan that only counts.
pub(crate) fn explain_count(plan: &Plan, snapshot: &Snapshot) -> Explanation {
    describe(plan, snapshot, Wanted::Number(plan.counting()))
}

/// How it would be found out whether there is a row, of a plan that only counts.
pub(crate) fn explain_exists(plan: &Plan, snapshot: &Snapshot) -> Explanation {
    describe(plan, snapshot, Wanted::Whether(plan.asking()))
}

/// A plan as it is run on a snapshot.
///
/// # Errors
/// Those of running it.
pub(crate) fn analyze(plan: &Plan, given: &[Value], snapshot: &Snapshot) -> Result<Explanation> {
    let watched = execute::watch(plan, given, snapshot)?;
    Ok(describe(plan, snapshot, Wanted::Rows(Some(&watched))))
}

/// What a plan is run for.
#[derive(Clone, Copy)]
enum Wanted<'w> {
    /// Its rows; what it cost, if it was run.
    Rows(Option<&'w Watched>),
    /// How many there are.
    Number(Counting),
    /// Whether there is one.
    Whether(Counting),
}

fn describe(plan: &Plan, snapshot: &Snapshot, wanted: Wanted<'_>) -> Explanation {
    let watched = match wanted {
        Wanted::Rows(watched) => watched,
        Wanted::Number(_) | Wanted::Whether(_) => None,
    };
    let described = Described {
        plan,
        snapshot,
        figures: watched.map(|it| &*it.by_node),
    };
    let mut root = described.node(0);
    match wanted {
        Wanted::Rows(_) => {}
        Wanted::Number(counting) => described.count(&mut root, Operation::Count, counting),
        Wanted::Whether(counting) => described.count(&mut root, Operation::Exists, counting),
    }
    Explanation {
        root,
        time: watched.map(|it| it.time),
    }
}

struct Described<'p> {
    plan: &'p Plan,
    snapshot: &'p Snapshot,
    figures: Option<&'p [Figures]>,
}

impl Described<'_> {
    /// A node with those below it. Calls itself as deep as the request is nested, which is limited.
    fn node(&self, position: usize) -> Explained {
        let planned = &self.plan.nodes[position];
        let node = &planned.node;
        let include = node.include.as_ref();
        let operation = operation(planned);
        let implied = include.is_some_and(|it| it.origin != Origin::Request);
        let joined = planned.joins.iter().flat_map(|join| &join.terms);
        let computed = node.attributes.computed.iter().zip(&node.worked);
        let asked = node.filter.iter().chain(&planned.asks);
        Explained {
            operation,
            model: self.plan.model(planned).name.to_string(),
            table: self.table(node.table).name.to_string(),
            association: include.map(|it| it.association.key.to_string()),
            owner: include.and_then(|it| Some(it.owner.as_ref()?.key.to_string())),
            required: planned.is_required(),
            shown: !implied && include.is_none_or(|it| it.counted || !it.hidden),
            steps: self.steps(planned),
            filters: asked.map(ToString::to_string).collect(),
            joined_filters: joined.map(|(term, _)| term.to_string()).collect(),
            order: self.order(position, planned),
            limit: planned.cut.limit,
            offset: planned.cut.offset,
            attributes: computed
                .map(|(name, worked)| format!("{name}: {}", worked.value))
                .collect(),
            recursive: self.recursive(planned),
            unread: false,
            stops_after: planned.stop(self.snapshot).map(|stop| stop.rows as u64),
            split: self.split(planned),
            estimated_rows: rounded(planned.estimate),
            reason: told(planned.reason),
            actual: self.figures.map(|figures| actual(figures[position])),
            below: node
                .children
                .iter()
                .map(|&child| self.node(child))
                .collect(),
        }
    }

    /// What is done for the rows of the root becomes what is done for their number.
    fn count(&self, root: &mut Explained, operation: Operation, counting: Counting) {
        root.operation = operation;
        let table = self.table(self.plan.root().node.table);
        match counting {
            Counting::OfTable => {
                root.steps = vec![Step {
                    table_rows: Some(self.rows(table)),
                    ..step(Method::NumberOfRows, table)
                }];
            }
            Counting::Found => root.unread = true,
            Counting::Judged => {}
            Counting::First => root.stops_after = Some(1),
        }
    }

    fn steps(&self, planned: &PlanNode) -> Vec<Step> {
        let table = self.table(planned.node.table);
        let above = |parent: &usize| self.table(self.plan.node(*parent).table);
        // Where the table of given sources would be told, values are looked up; they are found over edges alone.
        let above_or_given = |parent: &Option<usize>| parent.as_ref().map_or(table, above);
        match &planned.access {
            Access::Root(path) => vec![self.path(planned, path)],
            Access::FarEnd(way) => self.far_end(way),
            Access::Given => vec![step(Method::Given, table)],
            Access::On { condition, .. } => vec![Step {
                condition: Some(condition.to_string()),
                table_rows: Some(self.rows(table)),
                ..step(Method::ScanForEach, table)
            }],
            Access::Direct {
                walk: Walk::ToChildren(key),
                ..
            } if planned.keep == Keep::Number => {
                let key = self.plan.schema.foreign_key(*key);
                vec![step(Method::NumberOfEdges, table).by(&key.name)]
            }
            Access::FirstBelow { first, .. } => vec![self.first_below(planned, first)],
            Access::Direct { parent, walk } => vec![self.walk(walk, above_or_given(parent), table)],
            Access::Through { parent, through } => self.crossing(through, above(parent), table),
            Access::Chain { steps, .. } => {
                let steps = steps.iter().flat_map(|it| {
                    let association = &it.association;
                    let from = self.table(self.plan.registry.model(association.source).table);
                    let to = self.table(it.table);
                    let mut found = match &it.way {
                        Way::Direct(walk) => vec![self.walk(walk, from, to)],
                        Way::Through(through) => self.crossing(through, from, to),
                    };
                    for step in &mut found {
                        step.of_chain = Some(association.key.to_string());
                    }
                    if let Some(last) = found.last_mut() {
                        last.filters
                            .extend(it.filter.iter().map(ToString::to_string));
                        last.lowest = it.one;
                    }
                    found
                });
                steps.collect()
            }
        }
    }

    /// From what is found first up to the root.
    fn far_end(&self, way: &FarEnd) -> Vec<Step> {
        let of = &self.plan.nodes[way.node];
        let key = of.node.include.as_ref().map(|it| &*it.association.key);
        let key = key.unwrap_or_default().to_owned();
        let mut first = self.path(of, &way.path);
        first
            .filters
            .extend(way.filter.iter().map(ToString::to_string));
        let terms = way.terms.iter().map(|far| far.term.to_string());
        first.filters.extend(terms);
        let mut steps = vec![first];
        let mut from = self.table(way.table);
        for (walk, to) in &way.climb {
            let to = self.table(*to);
            steps.push(self.walk(walk, from, to));
            from = to;
        }
        for step in &mut steps {
            step.far_end = Some(key.clone());
        }
        steps
    }

    fn path(&self, planned: &PlanNode, path: &AccessPath) -> Step {
        Step {
            look_ups: match path {
                AccessPath::Scan | AccessPath::Intersection(_) => None,
                _ => Some(path.look_ups() as u64),
            },
            ..self.path_itself(planned, path)
        }
    }

    fn path_itself(&self, planned: &PlanNode, path: &AccessPath) -> Step {
        let table = self.table(planned.node.table);
        let equalities = |columns: &[u32], values| Some(self.equalities(planned, columns, values));
        match path {
            AccessPath::Key { key, values } => {
                let unique = &table.keys[*key];
                let method = match key {
                    0 => Method::PrimaryKey,
                    _ => Method::UniqueKey,
                };
                Step {
                    condition: equalities(&unique.columns, values),
                    ..step(method, table).by(&unique.name)
                }
            }
            AccessPath::Children { key, values } => {
                let key = self.plan.schema.foreign_key(*key);
                Step {
                    condition: equalities(&key.key_order, values),
                    ..step(Method::Children, table).by(&key.name)
                }
            }
            AccessPath::Index { index, values, .. } => {
                let index = &table.indexes[*index];
                Step {
                    condition: equalities(&index.columns, values),
                    ..step(Method::Index, table).by(&index.name)
                }
            }
            AccessPath::Range {
                index,
                values,
                range,
            } => {
                let index = &table.indexes[*index];
                let model = self.plan.model(planned);
                let column = index.columns.get(values.len());
                let column = column.map_or("", |it| attribute_name(model, *it));
                let equal = Some(self.equalities(planned, &index.columns, values));
                let said = [equal.filter(|it| !it.is_empty()), self.range(column, range)];
                let said: Vec<String> = said.into_iter().flatten().collect();
                Step {
                    condition: (!said.is_empty()).then(|| said.join(", ")),
                    ..step(Method::IndexRange, table).by(&index.name)
                }
            }
            AccessPath::KeyRange { low, high } => {
                let unique = table.primary_key();
                let column = attribute_name(self.plan.model(planned), unique.columns[0]);
                Step {
                    condition: Some(self.between(column, low.as_ref(), high.as_ref())),
                    ..step(Method::KeyRange, table).by(&unique.name)
                }
            }
            AccessPath::Intersection(paths) => Step {
                parts: paths.iter().map(|it| self.path(planned, it)).collect(),
                ..step(Method::Intersection, table)
            },
            AccessPath::Scan => Step {
                table_rows: Some(self.rows(table)),
                missing_index: advice::for_filter(
                    table,
                    planned.node.filter.as_ref(),
                    &planned.no_index,
                    self.snapshot,
                ),
                ..step(Method::Scan, table)
            },
        }
    }

    fn first_below(&self, planned: &PlanNode, first: &FirstBelow) -> Step {
        let table = self.table(planned.node.table);
        let index = &table.indexes[first.index];
        let column = index.columns.get(first.probe.len());
        let column = column.map_or("", |&it| attribute_name(self.plan.model(planned), it));
        let equal = probed(table, &index.columns, &first.probe);
        let range = self.range(column, &first.range);
        let said: Vec<String> = std::iter::once(equal).chain(range).collect();
        Step {
            condition: Some(said.join(", ")),
            ..step(Method::FirstOfIndex, table).by(&index.name)
        }
    }

    /// A range of a column; none of a whole index.
    fn range(&self, column: &str, range: &Range) -> Option<String> {
        Some(match range {
            Range::All => return None,
            Range::Prefix(text) => format!("{column} begins with '{text}'"),
            Range::Between { low, high } => self.between(column, low.as_ref(), high.as_ref()),
        })
    }

    fn between(&self, column: &str, low: Option<&Limit>, high: Option<&Limit>) -> String {
        let end = |limit: &Limit, sign: &str| {
            let equal = if limit.included { "=" } else { "" };
            format!("{column} {sign}{equal} {}", self.sought(&limit.sought))
        };
        let low = low.map(|it| end(it, ">"));
        let high = high.map(|it| end(it, "<"));
        let ends: Vec<String> = low.into_iter().chain(high).collect();
        ends.join(" and ")
    }

    fn crossing(&self, through: &Crossing, from: &Table, to: &Table) -> Vec<Step> {
        let junction = self.table(through.junction);
        let filter = through.filter.iter();
        vec![
            Step {
                side: StepSide::Junction,
                filters: filter.map(ToString::to_string).collect(),
                ..self.walk(&through.to_junction, from, junction)
            },
            Step {
                side: StepSide::Target,
                ..self.walk(&through.to_target, junction, to)
            },
        ]
    }

    fn walk(&self, walk: &Walk, from: &Table, to: &Table) -> Step {
        let key_name = |key| &self.plan.schema.foreign_key(key).name;
        match walk {
            Walk::ToParent(key) => step(Method::EdgeToParent, to).by(key_name(*key)),
            Walk::ToChildren(key) => step(Method::EdgesToChildren, to).by(key_name(*key)),
            Walk::ByValue(join) => self.by_value(join, from, to),
        }
    }

    fn by_value(&self, join: &ValueJoin, from: &Table, to: &Table) -> Step {
        Step {
            reason: told(join.reason),
            ..self.lookup(join, from, to)
        }
    }

    fn lookup(&self, join: &ValueJoin, from: &Table, to: &Table) -> Step {
        match &join.lookup {
            Lookup::Key { key, probe } => {
                let unique = &to.keys[*key];
                Step {
                    condition: Some(probed(to, &unique.columns, probe)),
                    ..step(Method::LookUpInKey, to).by(&unique.name)
                }
            }
            Lookup::Index { index, probe, .. } => {
                let index = &to.indexes[*index];
                Step {
                    condition: Some(probed(to, &index.columns, probe)),
                    ..step(Method::LookUpInIndex, to).by(&index.name)
                }
            }
            Lookup::Scan => {
                let columns: Vec<&str> = join.to.iter().map(|&it| column_name(to, it)).collect();
                Step {
                    condition: Some(columns.join(", ")),
                    table_rows: Some(self.rows(to)),
                    missing_index: advice::for_join(from, to, join, self.snapshot),
                    ..step(Method::MatchingScan, to)
                }
            }
        }
    }

    fn order(&self, position: usize, planned: &PlanNode) -> Option<Ordered> {
        let by_key = |means| Ordered {
            by: "primary key".to_owned(),
            means,
            taken_by: None,
        };
        Some(match planned.arrangement(self.snapshot) {
            Arrangement::None => return None,
            Arrangement::AsFound => match (&planned.order, planned.found) {
                (RowOrder::Columns(keys), found) => Ordered {
                    by: self.order_keys(position, keys),
                    means: match found {
                        FoundOrder::Index(walk) if walk.backwards => Means::IndexBackwards,
                        FoundOrder::Index(_) => Means::Index,
                        FoundOrder::IdsBackwards => Means::Backwards,
                        FoundOrder::Ids => Means::AsFound,
                    },
                    taken_by: None,
                },
                _ => by_key(Means::AsFound),
            },
            Arrangement::SortByKey => by_key(
                match self.snapshot.ids_are_in_key_order(planned.node.table) {
                    true => Means::SortOfUnordered,
                    false => Means::SortOfUnsettled,
                },
            ),
            Arrangement::SortByColumns | Arrangement::SortLater => {
                let (keys, taking) = match &planned.order {
                    RowOrder::Columns(keys) => (keys, keys),
                    RowOrder::Reaching(order) => (&order.keys, &order.taking),
                    RowOrder::Any | RowOrder::Key => return None,
                };
                let cuts = planned.cut.limit.is_some() || planned.cut.offset > 0;
                let taken_by = (cuts && taking != keys).then(|| match taking.is_empty() {
                    true => "primary key".to_owned(),
                    false => format!("{}, then primary key", self.order_keys(position, taking)),
                });
                Ordered {
                    by: self.order_keys(position, keys),
                    means: Means::Sort,
                    taken_by,
                }
            }
        })
    }

    fn order_keys(&self, position: usize, keys: &[OrderKey]) -> String {
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
            format!("{}{direction}{nulls}", self.place(position, key))
        };
        keys.iter().map(key).collect::<Vec<_>>().join(", ")
    }

    /// The column of an order, with the path to it.
    fn place(&self, position: usize, key: &OrderKey) -> String {
        let (node, side) = match key.at {
            At::Row => (position, Side::Target),
            At::Junction => (position, Side::Junction),
            At::Below { node, side } => (node, side),
            At::Worked => {
                let worked = &self.plan.node(position).worked[key.ordinal as usize];
                return worked.value.to_string();
            }
        };
        let (model, _) = self.plan.shape(node, side);
        let mut path = attribute_name(model, key.ordinal).to_owned();
        if side == Side::Junction {
            path = format!("{}.{path}", model.name);
        }
        let mut above = node;
        while above != position {
            let Some(include) = &self.plan.node(above).include else {
                break;
            };
            path = format!("{}.{path}", include.association.key);
            above = include.parent;
        }
        path
    }

    fn split(&self, planned: &PlanNode) -> Option<SplitWork> {
        let from = match planned.split {
            Split::Never => return None,
            Split::From(least) => least,
            Split::Always => 1,
        };
        let rows = match &planned.node.include {
            Some(include) => rounded(self.plan.nodes[include.parent].estimate),
            None => self.rows_worked_on(planned)?,
        };
        let is_split = usize::try_from(rows).is_ok_and(|rows| planned.split.parts(rows) > 1);
        is_split.then_some(SplitWork {
            rows,
            from: from as u64,
        })
    }

    /// How many rows of a root are tested or sorted after they are found; none where there is nothing to be done.
    fn rows_worked_on(&self, planned: &PlanNode) -> Option<u64> {
        let table = self.table(planned.node.table);
        let is_sorted = matches!(
            planned.arrangement(self.snapshot),
            Arrangement::SortByKey | Arrangement::SortByColumns
        );
        let is_scan = matches!(
            planned.access,
            Access::Root(AccessPath::Scan | AccessPath::KeyRange { .. })
        ) && planned.found == FoundOrder::Ids;
        match &planned.node.filter {
            Some(_) if is_scan && planned.stop(self.snapshot).is_none() => Some(self.rows(table)),
            None if is_scan && is_sorted => Some(self.rows(table)),
            _ => is_sorted.then(|| rounded(planned.estimate)),
        }
    }

    fn recursive(&self, planned: &PlanNode) -> Option<Recursive> {
        let include = planned.node.include.as_ref()?;
        let recursion = include.recursion.filter(|_| !include.hidden)?;
        let above = self.plan.node(include.parent);
        Some(Recursive {
            under: self.plan.registry.model(above.model).name.to_string(),
            depth_max: recursion.depth_max,
        })
    }

    fn equalities(&self, planned: &PlanNode, columns: &[u32], values: &[Sought]) -> String {
        let model = self.plan.model(planned);
        let pairs = columns.iter().zip(values);
        let texts = pairs.map(|(&ordinal, sought)| {
            let name = attribute_name(model, ordinal);
            match sought {
                Sought::Null => format!("{name} is null"),
                Sought::OneOf(_) => format!("{name} in ({})", self.sought(sought)),
                Sought::Constant(_) | Sought::Parameter(_) => {
                    format!("{name} = {}", self.sought(sought))
                }
            }
        });
        texts.collect::<Vec<_>>().join(", ")
    }

    fn sought(&self, sought: &Sought) -> String {
        /// Of a long list this many are shown.
        const SHOWN: usize = 5;
        match sought {
            Sought::Constant(value) => value.to_string(),
            Sought::Null => "null".to_owned(),
            Sought::Parameter(position) => self.plan.wanted.shown(*position),
            Sought::OneOf(list) => {
                let shown = list.iter().take(SHOWN).map(ToString::to_string);
                let more = list.len().checked_sub(SHOWN + 1).map(|more| more + 1);
                let more = more.map(|more| format!("{more} more"));
                shown.chain(more).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn rows(&self, table: &Table) -> u64 {
        self.snapshot.row_count(table.id) as u64
    }

    fn table(&self, id: TableId) -> &Table {
        self.plan.schema.table(id)
    }
}

fn operation(planned: &PlanNode) -> Operation {
    match &planned.node.include {
        None => Operation::Select,
        Some(include) if include.counted => Operation::Count,
        Some(include) if include.aggregated => Operation::Aggregate,
        Some(include) if include.origin != Origin::Request && !include.required => Operation::Join,
        Some(_) => Operation::Include,
    }
}

/// A reason, where there was a choice.
fn told(reason: Reason) -> Option<String> {
    match reason {
        Reason::OnlyWay | Reason::ByRule => None,
        Reason::OneRow | Reason::Cheaper { .. } | Reason::Asked(_) => Some(reason.to_string()),
    }
}

fn step(method: Method, table: &Table) -> Step {
    Step {
        method,
        table: table.name.to_string(),
        by: None,
        condition: None,
        look_ups: None,
        parts: Vec::new(),
        table_rows: None,
        missing_index: None,
        side: StepSide::Direct,
        of_chain: None,
        far_end: None,
        filters: Vec::new(),
        lowest: false,
        reason: None,
    }
}

impl Step {
    fn by(self, name: &str) -> Self {
        Step {
            by: Some(name.to_owned()),
            ..self
        }
    }
}

/// What is expected, as a number of rows.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate is no negative number, and a very large one is as good as the largest"
)]
fn rounded(rows: f64) -> u64 {
    rows.round() as u64
}

fn actual(figures: Figures) -> Actual {
    Actual {
        rows: figures.rows as u64,
        rows_read: figures.rows_read as u64,
        probes: figures.probes as u64,
        time: figures.time,
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
