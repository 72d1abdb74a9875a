//! How a request is answered, as data: what `explain` prints is what `execute` obeys.
//!
//! A plan is for one schema and the models over it, and holds ids of both. It may be kept and run on any version of that
//! schema, and finds the same there as any other plan. Which one is good depends on how many rows there are: it knows the
//! counts that decided, and whether they are still about the same ([`Plan::fits`]). What has to be right for every version,
//! namely whether a table's rows stand in key order, is asked when it runs, by [`PlanNode::arrangement`].

use std::sync::Arc;

use crate::association::link::Association;
use crate::association::registry::{ModelEntry, Registry};
use crate::engine::{AccessPath, IndexWalk, Range, Snapshot, parallel};
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::Bound;
use crate::query::node::{Node, OrderKey};
use crate::query::parameters::Wanted;
use crate::query::reach::At;
use crate::query::reason::Reason;
use crate::query::{Direction, Version};
use crate::schema::{ForeignKeyId, Schema, TableId};
use crate::value::Value;

/// The nodes of a request, each with how it is read. The root comes first, and every node before what it contains.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) schema: Arc<Schema>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) wanted: Wanted,
    pub(crate) nodes: Vec<PlanNode>,
    /// The tables whose numbers of rows decided about something, each with the power of two that it was near.
    pub(crate) counted: Vec<(TableId, u32)>,
    /// Whether no filter in it can fail for a row: then it does not matter which rows are looked at.
    pub(crate) is_total: bool,
}

/// A node, and how its rows are found, ordered and cut.
#[derive(Clone, Debug)]
pub(crate) struct PlanNode {
    /// What was asked for. Its filter is only what is left to test: the access path answers the rest.
    pub(crate) node: Node,
    pub(crate) access: Access,
    /// Terms that the filter leaves to be tested: those over numbers and aggregates of rows below, then those over joined rows.
    pub(crate) asks: Vec<Bound>,
    pub(crate) joins: Vec<Join>,
    pub(crate) order: RowOrder,
    pub(crate) cut: Cut,
    pub(crate) keep: Keep,
    /// In which order its rows are found, of a root and of the first rows below each row.
    pub(crate) found: FoundOrder,
    /// When nothing more is read, of a root and of children below each row if they are found in the order wanted, and of the
    /// first rows of an index below each row.
    pub(crate) stop: Option<Stop>,
    /// Whether the work for its rows is split between threads.
    pub(crate) split: Split,
    /// How many rows are expected to be left of it, under all rows of its parent node.
    pub(crate) estimate: f64,
    /// Why its rows are found as they are.
    pub(crate) reason: Reason,
    /// Of a root that is scanned: the columns of which the filter gives a value or a range, and no key and no index begins
    /// with any.
    pub(crate) no_index: Vec<u32>,
}

/// In which order the rows of a node are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoundOrder {
    /// As their ids are.
    Ids,
    /// From the last id to the first: backwards by primary key, where ids stand in its order.
    IdsBackwards,
    /// As columns say that an index begins with; the node has its range as path. Those of which all these columns are the
    /// same are put in the order of their primary key.
    Index(IndexWalk),
}

/// When no more rows are read, of a root or below one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// When so many are left.
    pub(crate) rows: usize,
    /// Whether rows that pass the filter may be taken out again by what is below them: then they are read in batches.
    pub(crate) in_batches: bool,
}

/// Whether work for the rows of a node is split between threads: of a root, to test and to sort them; of an include, all of
/// it. That changes neither rows nor order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    Never,
    /// If it begins at so many rows at least: of a root, those that are tested or sorted; else those above.
    From(usize),
    /// However few rows there are, and if there is but one thread: somebody asked for it.
    Always,
}

/// How many parts there are for each thread: who is done with his takes another one, for parts do not cost the same.
const PARTS_PER_THREAD: usize = 4;

/// What is kept of the rows of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The rows.
    Rows,
    /// How many there are under each parent of those that pass what is asked of them.
    Passing,
    /// How many there are under each parent: nothing is asked of them, and they are not read.
    Number,
}

/// How the rows of a node are found.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// The rows of the root.
    Root(AccessPath),
    /// The rows of the root above rows that what is below it has to have.
    FarEnd(FarEnd),
    /// Rows of the root that were found before the request runs, under each of some sources.
    Given,
    /// From the rows of a node before it, or from given ones, straight to the target.
    Direct { parent: Option<usize>, walk: Walk },
    /// From the rows of a node before it, or from given ones, to the first of an index below each, in the order wanted. Its
    /// filter is tested as they are read, and no more are read than the node's stop says.
    FirstBelow {
        parent: Option<usize>,
        first: FirstBelow,
    },
    /// From the rows of a node before it to those for which a condition on both is true: columns of the row found, and behind
    /// them those of the other.
    On { parent: usize, condition: Bound },
    /// From the rows of a node before it to a junction and on to the target.
    Through { parent: usize, through: Crossing },
    /// From the rows of a node before it, or from given ones, step by step; under each of those, each row once.
    Chain {
        parent: Option<usize>,
        steps: Vec<Step>,
    },
}

/// The rows of an ordered index below a given row: its first columns are those by which they are found, and the next ones
/// those of the order.
#[derive(Clone, Debug)]
pub(crate) struct FirstBelow {
    pub(crate) index: usize,
    /// What the first columns are equal to. Nulls match nothing.
    pub(crate) probe: Vec<Probe>,
    /// Where the next column lies.
    pub(crate) range: Range,
}

/// The children that are read below each row: the first ones of those that stand in the order wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstChildren {
    pub(crate) key: ForeignKeyId,
    /// Whether the last ids come first.
    pub(crate) backwards: bool,
    /// No more are read when so many are left below a row.
    pub(crate) rows: usize,
}

/// How the rows of a root are found from below. Others than those above the rows found there would not be left; those are
/// looked at like all others.
#[derive(Clone, Debug)]
pub(crate) struct FarEnd {
    /// The node whose rows are found first, and how.
    pub(crate) node: usize,
    pub(crate) table: TableId,
    pub(crate) path: AccessPath,
    /// What they are tested for; it cannot fail.
    pub(crate) filter: Option<Bound>,
    /// Terms of the root's filter that are about these rows alone.
    pub(crate) terms: Vec<FarTerm>,
    /// From table to table up to the root.
    pub(crate) climb: Vec<(Walk, TableId)>,
}

/// A term of a root's filter about one row below it. It cannot fail.
#[derive(Clone, Debug)]
pub(crate) struct FarTerm {
    pub(crate) term: Bound,
    /// What it reads, and which columns of the row those are.
    pub(crate) columns: Vec<(u32, u32)>,
}

/// One step of a chain.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) association: Arc<Association>,
    /// Where it leads.
    pub(crate) table: TableId,
    pub(crate) way: Way,
    /// What its rows are tested for.
    pub(crate) filter: Option<Bound>,
    /// Of several rows below one only the one with the lowest primary key counts (associations D23).
    pub(crate) one: bool,
}

/// The way of an association that is no chain.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Direct(Walk),
    Through(Crossing),
}

/// A way over a junction.
#[derive(Clone, Debug)]
pub(crate) struct Crossing {
    pub(crate) junction: TableId,
    pub(crate) to_junction: Walk,
    /// What junction rows are tested for.
    pub(crate) filter: Option<Bound>,
    /// Whether junction rows are part of the result, or read by a filter or an order.
    pub(crate) shown: bool,
    pub(crate) to_target: Walk,
}

/// How rows of one table lead to rows of another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Walk {
    /// Over the edge that a child row has to its parent row.
    ToParent(ForeignKeyId),
    /// Over the edges that a parent row has to its child rows.
    ToChildren(ForeignKeyId),
    /// To the rows with equal values.
    ByValue(ValueJoin),
}

/// The rows of a table whose columns have the values of other columns of a given row. Nulls match nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ValueJoin {
    /// Columns of the given row.
    pub(crate) from: Vec<u32>,
    /// Columns to be found, each at the position of the one it equals.
    pub(crate) to: Vec<u32>,
    pub(crate) lookup: Lookup,
    /// Why values are looked up, or matched in one pass.
    pub(crate) reason: Reason,
}

/// How equal values are found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lookup {
    /// In a unique key.
    Key { key: usize, probe: Vec<Probe> },
    /// In an index, or in its first columns.
    Index {
        index: usize,
        probe: Vec<Probe>,
        whole: bool,
    },
    /// In one pass over the table.
    Scan,
}

/// What to look up in one column of a key or index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Probe {
    /// The value of this column of the given row.
    Column(u32),
    /// The same for all rows: a scope.
    Constant(Value),
}

/// Rows of nodes below one that are looked at together with its rows.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    /// Ascending; each below the node or below one before it.
    pub(crate) nodes: Vec<usize>,
    /// What has to be true, and how many of the nodes it reads at most.
    pub(crate) terms: Vec<(Bound, usize)>,
}

/// An order by more than the columns of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReachingOrder {
    pub(crate) keys: Vec<OrderKey>,
    /// Those that decide which rows a limit takes: all that no association to many leads to (associations EL-41).
    pub(crate) taking: Vec<OrderKey>,
    /// The nodes below that are read, those that depend on each other together; each list as in a [`Join`].
    pub(crate) branches: Vec<Vec<usize>>,
}

/// The order in which rows are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowOrder {
    /// None in particular: the rows are only counted.
    Any,
    /// By primary key.
    Key,
    /// By these columns, then by primary key.
    Columns(Vec<OrderKey>),
    /// By columns of other rows among others, then by primary key.
    Reaching(ReachingOrder),
}

/// Which of a parent's rows are kept, by position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) offset: usize,
    pub(crate) limit: Option<usize>,
}

/// What is known about the ids that an access finds under one parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdOrder {
    /// There is one at most.
    One,
    Ascending,
    Unknown,
}

/// What has to be done so that rows stand in the order wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// Nothing: the order does not matter, or one row has none.
    None,
    /// Nothing: the rows are found in key order.
    AsFound,
    /// A sort by primary key: the rows are found in another order.
    SortByKey,
    /// A sort by columns.
    SortByColumns,
    /// A sort by columns, once what else they are of is read.
    SortLater,
}

impl Plan {
    pub(crate) fn root(&self) -> &PlanNode {
        &self.nodes[0]
    }

    /// Some nodes below one node, those of one owner together.
    pub(crate) fn by_owner<'n>(
        &'n self,
        children: &'n [usize],
    ) -> impl Iterator<Item = &'n [usize]> {
        children.chunk_by(|&one, &other| {
            let includes = (
                &self.nodes[one].node.include,
                &self.nodes[other].node.include,
            );
            matches!(includes, (Some(one), Some(other)) if one.is_of_one_owner(other))
        })
    }

    pub(crate) fn model(&self, node: &PlanNode) -> &ModelEntry {
        self.registry.model(node.node.model)
    }

    /// Whether the tables that decided have about as many rows in a version as when the request was planned: none has grown
    /// or shrunk more than four- to eightfold.
    pub(crate) fn fits(&self, snapshot: &Snapshot) -> bool {
        let near = |&(table, before): &(TableId, u32)| {
            magnitude(snapshot.row_count(table)).abs_diff(before) <= 2
        };
        self.counted.iter().all(near)
    }

    /// # Errors
    /// `SchemaChanged` if the version has another schema than the one planned for.
    pub(crate) fn check_schema(&self, version: Version<'_>) -> Result<()> {
        if Arc::ptr_eq(&self.schema, version.snapshot.schema()) {
            return Ok(());
        }
        let subject = &*self.model(self.root()).name;
        let detail = "the request was prepared for another schema";
        Err(RequestError::new(RequestKind::SchemaChanged, subject, detail).into())
    }
}

impl Way {
    /// What junction rows are tested for on it.
    pub(crate) fn filter(&self) -> Option<&Bound> {
        match self {
            Way::Through(crossing) => crossing.filter.as_ref(),
            Way::Direct(_) => None,
        }
    }
}

/// The power of two that a number of rows is near.
pub(crate) fn magnitude(rows: usize) -> u32 {
    usize::BITS - rows.leading_zeros()
}

impl Split {
    /// In how many parts work is done that begins at so many rows.
    #[inline]
    pub(crate) fn parts(self, rows: usize) -> usize {
        match self {
            Split::Never => 1,
            Split::From(least) if rows < least => 1,
            Split::From(_) | Split::Always => self.parts_of_many(rows),
        }
    }

    #[inline(never)]
    fn parts_of_many(self, rows: usize) -> usize {
        let parts = match (self, parallel::threads()) {
            (Split::Never | Split::From(_), 1) => 1,
            (_, threads) => threads * PARTS_PER_THREAD,
        };
        parts.min(rows)
    }
}

impl PlanNode {
    /// Whether rows of the parent node without rows here are left out.
    pub(crate) fn is_required(&self) -> bool {
        self.node.is_required()
    }

    /// What has to be done in this version for the order wanted.
    pub(crate) fn arrangement(&self, snapshot: &Snapshot) -> Arrangement {
        let found = self.access.id_order();
        match &self.order {
            RowOrder::Any => Arrangement::None,
            _ if found == IdOrder::One => Arrangement::None,
            RowOrder::Key => {
                let in_order = snapshot.ids_are_in_key_order(self.node.table);
                match in_order && found == IdOrder::Ascending {
                    true => Arrangement::AsFound,
                    false => Arrangement::SortByKey,
                }
            }
            RowOrder::Columns(_) => match self.found {
                FoundOrder::Index(_) => Arrangement::AsFound,
                FoundOrder::IdsBackwards if snapshot.ids_are_in_key_order(self.node.table) => {
                    Arrangement::AsFound
                }
                FoundOrder::Ids | FoundOrder::IdsBackwards => Arrangement::SortByColumns,
            },
            RowOrder::Reaching(_) => Arrangement::SortLater,
        }
    }

    /// When no more rows of the root, or below each row, are read in this version.
    pub(crate) fn stop(&self, snapshot: &Snapshot) -> Option<Stop> {
        let stop = self.stop?;
        match self.arrangement(snapshot) {
            Arrangement::None | Arrangement::AsFound => Some(stop),
            Arrangement::SortByKey | Arrangement::SortByColumns | Arrangement::SortLater => None,
        }
    }

    /// Which children are read below each row in this version, where that need not be all.
    pub(crate) fn first_children(&self, snapshot: &Snapshot) -> Option<FirstChildren> {
        let Access::Direct {
            walk: Walk::ToChildren(key),
            ..
        } = self.access
        else {
            return None;
        };
        let stop = self.stop(snapshot)?;
        Some(FirstChildren {
            key,
            backwards: self.found == FoundOrder::IdsBackwards,
            rows: stop.rows,
        })
    }
}

impl Access {
    /// Whether each row is found below one row alone, whichever rows it begins at.
    pub(crate) fn leads_from_one_row(&self) -> bool {
        match self {
            Access::Direct { walk, .. } => match walk {
                Walk::ToChildren(_) => true,
                Walk::ToParent(_) | Walk::ByValue(_) => false,
            },
            Access::Root(_) | Access::FarEnd(_) | Access::Given | Access::On { .. } => false,
            Access::Through { .. } | Access::Chain { .. } | Access::FirstBelow { .. } => false,
        }
    }

    pub(crate) fn id_order(&self) -> IdOrder {
        match self {
            Access::Root(path) if path.names_one_row() => IdOrder::One,
            Access::Root(path) if path.ascends() => IdOrder::Ascending,
            Access::Root(_) => IdOrder::Unknown,
            // Sorted to find repeats.
            Access::FarEnd(_) => IdOrder::Ascending,
            Access::Direct { walk, .. } => walk.id_order(),
            Access::On { .. } => IdOrder::Ascending,
            // The last step sorts them to find repeats.
            Access::Chain { .. } => IdOrder::Ascending,
            Access::Given | Access::Through { .. } | Access::FirstBelow { .. } => IdOrder::Unknown,
        }
    }
}

impl Walk {
    pub(crate) fn id_order(&self) -> IdOrder {
        match self {
            Walk::ToParent(_) => IdOrder::One,
            Walk::ToChildren(_) => IdOrder::Ascending,
            Walk::ByValue(join) => match join.lookup {
                Lookup::Key { .. } => IdOrder::One,
                Lookup::Index { whole, .. } => IdOrder::in_index(whole),
                Lookup::Scan => IdOrder::Ascending,
            },
        }
    }
}

impl IdOrder {
    /// Rows ascend under one value of an index; under its first columns they come in the order of the others.
    fn in_index(whole: bool) -> Self {
        match whole {
            true => IdOrder::Ascending,
            false => IdOrder::Unknown,
        }
    }
}

/// The keys of an order that decide about rows of which some columns are fixed: none behind the primary key, which is the
/// last to decide anyway.
pub(crate) fn decisive_keys<'k>(
    keys: &'k [OrderKey],
    fixed: &[u32],
    primary_key: &[u32],
) -> Vec<&'k OrderKey> {
    let is_free = |key: &&OrderKey| key.at != At::Row || !fixed.contains(&key.ordinal);
    let mut keys: Vec<&OrderKey> = keys.iter().filter(is_free).collect();
    if let &[only] = primary_key
        && let Some(last) = keys
            .iter()
            .position(|it| it.at == At::Row && it.ordinal == only)
        && keys[last].direction == Direction::Ascending
    {
        keys.truncate(last);
    }
    keys
}

impl RowOrder {
    /// By these columns; by key alone where they begin with the key and say the same.
    pub(crate) fn new(columns: Vec<OrderKey>, primary_key: &[u32]) -> Self {
        let mut expected = primary_key.iter();
        let is_key = |key: &OrderKey, ordinal: &u32| {
            key.at == At::Row && key.ordinal == *ordinal && key.direction == Direction::Ascending
        };
        let begins = columns.len() >= primary_key.len()
            && columns
                .iter()
                .zip(expected.by_ref())
                .all(|(key, ordinal)| is_key(key, ordinal));
        if columns.is_empty() || begins {
            RowOrder::Key
        } else if columns.iter().any(|key| key.at != At::Row) {
            let taking = columns.iter().filter(|key| !key.over_many);
            RowOrder::Reaching(ReachingOrder {
                taking: taking.copied().collect(),
                keys: columns,
                branches: Vec::new(),
            })
        } else {
            RowOrder::Columns(columns)
        }
    }
}

impl Cut {
    /// Of a node that leads to one row at most, whichever more there are.
    pub(crate) fn to_one(self) -> Self {
        let limit = match self.offset {
            0 => self.limit.map_or(1, |limit| limit.min(1)),
            _ => 0,
        };
        Cut {
            offset: 0,
            limit: Some(limit),
        }
    }

    /// Whether it never takes a row away from so few.
    pub(crate) fn is_idle_for(self, rows_max: usize) -> bool {
        self.offset == 0 && self.limit.is_none_or(|limit| limit >= rows_max)
    }

    /// Whether the row at a position is kept.
    #[inline]
    pub(crate) fn keeps(self, position: usize) -> bool {
        position >= self.offset
            && self
                .limit
                .is_none_or(|limit| position - self.offset < limit)
    }
}
