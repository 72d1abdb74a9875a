//! Whether the few rows that a limit leaves below each row are read in their order, instead of all that stand there.
//!
//! 1. Children that are wanted by key, or backwards so, and whose ids stand in the order of keys, come in that order over the
//!    edges. To read the first of them never costs more than to read all.
//! 2. An index begins with the columns by which the rows are found, and goes on with those of the order. Each row above costs
//!    a descent into it, and then only the rows that the limit reaches; so it pays where many more stand below one row.
//!
//! Only where no filter can fail, for rows are not looked at that otherwise would be, and where nobody else reads the rows.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use crate::engine::{Cost, Range, Ranged, Snapshot, Terms, as_rows, finds_every_child};
use crate::query::Strategy;
use crate::query::plan::{
    Access, FirstBelow, FoundOrder, Keep, Plan, PlanNode, RowOrder, Stop, Walk,
};
use crate::query::planner::walk::Probes;
use crate::query::planner::{in_order, reach};
use crate::query::reach::Origin;
use crate::query::reason::{Contender, Reason};
use crate::schema::{Table, TableId};

/// What is known where first rows are chosen.
pub(super) struct FirstRows<'s> {
    snapshot: &'s Snapshot,
    strategy: Strategy,
    /// The nodes all rows of which are read before they are cut.
    read_whole: BTreeSet<usize>,
}

/// A way to the first rows in an index.
struct Way {
    first: FirstBelow,
    found: FoundOrder,
    /// Whether the filter has nothing left to test.
    answers_filter: bool,
}

impl Way {
    /// How many rows of an index are read below each row until so many are left by a filter that leaves this share of them:
    /// those that are wanted and the one behind them.
    fn read(&self, rows: usize, below_each: f64, share: f64) -> f64 {
        let wanted = as_rows(rows) + 1.0;
        match self.answers_filter {
            true => wanted.min(below_each * share),
            false => (wanted / share).min(below_each),
        }
    }
}

impl<'s> FirstRows<'s> {
    /// None where no node asks for a few rows below each row, or nobody wants them so. The root may stand below given sources.
    pub(super) fn new(
        plan: &Plan,
        sources: Option<TableId>,
        strategy: Strategy,
        snapshot: &'s Snapshot,
    ) -> Option<Self> {
        let unwanted = matches!(strategy, Strategy::Rules | Strategy::Sort);
        let mut below = plan.nodes.iter().skip(usize::from(sources.is_none()));
        if unwanted || !plan.is_total || !below.any(|it| it.cut.limit.is_some()) {
            return None;
        }
        let mut read_whole = reach::joined(&plan.nodes);
        for (position, node) in plan.nodes.iter().enumerate() {
            read_whole.extend(node.node.reached());
            let mut children = node.node.children.iter();
            let judged = !node.asks.is_empty() || !node.joins.is_empty();
            if judged || children.any(|&child| plan.nodes[child].is_required()) {
                read_whole.insert(position);
            }
        }
        Some(FirstRows {
            snapshot,
            strategy,
            read_whole,
        })
    }

    /// Decides about a node below so many rows with so many rows below each; whether the numbers of rows decided.
    pub(super) fn choose(
        &self,
        position: usize,
        node: &mut PlanNode,
        source: TableId,
        (parents, below_each): (f64, f64),
    ) -> bool {
        let Some(rows) = self.wanted(position, node) else {
            return false;
        };
        let stop = Some(Stop {
            rows,
            in_batches: false,
        });
        let children = self.children(node);
        if let Some(found) = children {
            (node.found, node.stop) = (found, stop);
        }
        // Rows are looked at to know it: once, however many ways there are, and not if there is none.
        let share = LazyCell::new(|| {
            let filter = node.node.filter.as_ref();
            filter.map_or(1.0, |it| self.snapshot.share(node.node.table, it, true))
        });
        let ways = self.ways(node, source).into_iter().map(|way| {
            let read = way.read(rows, below_each, *share);
            (parents * (Cost::DESCENT + read * Cost::FETCH), way)
        });
        let Some((of_way, way)) = ways.min_by(|(a, _), (b, _)| a.total_cmp(b)) else {
            return false;
        };
        let (contender, of_edges) = match children {
            Some(_) => {
                let read = (as_rows(rows) / *share).min(below_each);
                let cost = parents * (Cost::PROBE + read * Cost::FETCH);
                (Contender::FirstChildren, cost)
            }
            None => {
                let found = parents * below_each;
                let kept = as_rows(rows).min(below_each);
                let cost = parents * Cost::PROBE + found * Cost::FETCH + Cost::sort(found, kept);
                (Contender::AllSorted, cost)
            }
        };
        let is_cheaper = of_way < of_edges;
        let (cost, than, other) = match is_cheaper {
            true => (of_way, contender, of_edges),
            false => (of_edges, Contender::InOrder, of_way),
        };
        let is_asked = self.strategy == Strategy::InOrder;
        node.reason = match is_asked {
            true => Reason::Asked(self.strategy),
            false => Reason::Cheaper { cost, than, other },
        };
        if (is_asked || is_cheaper)
            && let Access::Direct { parent, .. } = node.access
        {
            node.access = Access::FirstBelow {
                parent,
                first: way.first,
            };
            (node.found, node.stop) = (way.found, stop);
            if way.answers_filter {
                node.node.filter = None;
            }
        }
        !is_asked
    }

    /// In which order the edges give the children, if that is the order wanted. Whether ids stand in the order of keys, on
    /// which it depends, is asked again when the plan is run.
    fn children(&self, node: &PlanNode) -> Option<FoundOrder> {
        let Access::Direct {
            walk: Walk::ToChildren(_),
            ..
        } = &node.access
        else {
            return None;
        };
        let table = self.snapshot.schema().table(node.node.table);
        match &node.order {
            RowOrder::Any | RowOrder::Key => Some(FoundOrder::Ids),
            RowOrder::Columns(_) => in_order::is_key_backwards(node, table, self.snapshot)
                .then_some(FoundOrder::IdsBackwards),
            RowOrder::Reaching(_) => None,
        }
    }

    /// How many rows are wanted below each row, where no others have to be looked at.
    fn wanted(&self, position: usize, node: &PlanNode) -> Option<usize> {
        let asked_otherwise = match (self.strategy, &node.access) {
            (Strategy::Probe | Strategy::OnePass, Access::Direct { walk, .. }) => {
                matches!(walk, Walk::ByValue(_))
            }
            _ => false,
        };
        let include = node.node.include.as_ref();
        let is_plain =
            include.is_none_or(|it| it.origin == Origin::Request && it.recursion.is_none());
        let is_apart = is_plain && !self.read_whole.contains(&position);
        let usable = is_apart && !asked_otherwise && node.keep == Keep::Rows;
        // Whether there is any row decides about those above.
        let wanted = |limit: usize| node.cut.offset.saturating_add(limit).max(1);
        node.cut.limit.filter(|_| usable).map(wanted)
    }

    /// The indexes that begin with what rows are found by and go on with what they are ordered by.
    fn ways(&self, node: &PlanNode, source: TableId) -> Vec<Way> {
        let schema = self.snapshot.schema();
        let (Access::Direct { walk, .. }, RowOrder::Columns(order)) = (&node.access, &node.order)
        else {
            return Vec::new();
        };
        let (from, to) = match walk {
            Walk::ToChildren(key) => {
                let key = schema.foreign_key(*key);
                match finds_every_child(schema, key) {
                    true => (&*key.parent_columns, &*key.child_columns),
                    false => return Vec::new(),
                }
            }
            Walk::ByValue(join) => (&*join.from, &*join.to),
            Walk::ToParent(_) => return Vec::new(),
        };
        let (source, table) = (schema.table(source), schema.table(node.node.table));
        if !are_of_one_type((source, from), (table, to)) {
            return Vec::new();
        }
        let include = node.node.include.as_ref();
        let scope = include.map_or(&[][..], |it| &it.association.scope);
        let probes = Probes { from, to, scope };
        let filter = node.node.filter.as_ref();
        let terms = Terms::of(filter);
        let way = |index: usize| {
            let columns = &table.indexes[index].columns;
            let probe = probes.first_of(columns);
            let fixed = probe.len();
            if !probes.decides(&columns[..fixed]) {
                return None;
            }
            let next = columns.get(fixed)?;
            let ranged = terms.range(table, *next).unwrap_or(Ranged {
                range: Range::All,
                answered: 0,
            });
            let range = ranged.range;
            let walk = in_order::walk(order, table, index, fixed, range == Range::All)?;
            Some(Way {
                first: FirstBelow {
                    index,
                    probe,
                    range,
                },
                found: FoundOrder::Index(walk),
                answers_filter: terms.are_all(ranged.answered),
            })
        };
        (0..table.indexes.len()).filter_map(way).collect()
    }
}

/// A value of another type may be equal, but is not found in an index.
fn are_of_one_type((source, from): (&Table, &[u32]), (table, to): (&Table, &[u32])) -> bool {
    let mut pairs = from.iter().zip(to);
    pairs.all(|(&from, &to)| {
        source.columns[from as usize].data_type == table.columns[to as usize].data_type
    })
}
