//! How the rows of the root are found: of all ways that there are, the one that is expected to cost least.
//!
//! 1. A key that names one row is the way, and nothing is counted.
//! 2. Else each candidate of the filter is one way, and may be so a second time: in the order of its index, or of the key
//!    backwards, where that is the order wanted. An index whose columns are the order is a way without a filter, too.
//! 3. Another way begins at rows below that a root has to have (`far_end`).
//! 4. To the rows that a way reads comes what is read below them to judge them, and the sort that it makes necessary. Where
//!    rows come in the order wanted, a limit lets the way stop before its end.

use crate::engine::{
    AccessPath, Candidate, Candidates, Cost, PathKind, Range, Snapshot, Terms, as_rows,
};
use crate::query::plan::{Access, Cut, FoundOrder, IdOrder, Keep, Plan, PlanNode, RowOrder, Stop};
use crate::query::planner::{estimate, far_end, in_order};
use crate::query::reach::Origin;
use crate::query::reason::{Contender, Reason};
use crate::query::{Strategy, Version};
use crate::schema::Table;

/// A table with fewer rows is not looked at to estimate what a filter leaves of it: reading it costs little more.
pub(super) const SAMPLED_MIN: f64 = 512.0;

/// The share of roots that is expected to have what a required include asks for.
const HAVE_REQUIRED: f64 = 0.5;

/// One way to find the rows of the root.
#[derive(Debug)]
struct RootChoice {
    way: Contender,
    access: Access,
    found: FoundOrder,
    /// Whether the filter has nothing left to test.
    answers_filter: bool,
    cost: f64,
    /// How many rows that pass the filter are judged by what is below them.
    judged: f64,
}

/// Chooses how the root is found; how many of its rows are judged by what is below them.
pub(super) fn choose(plan: &mut Plan, strategy: Strategy, version: Version<'_>) -> f64 {
    let snapshot = version.snapshot;
    let no_index;
    let (chosen, reason, rows) = {
        let root = &plan.nodes[0];
        let terms = Terms::of(root.node.filter.as_ref());
        let mut candidates = snapshot.candidates(root.node.table, &terms);
        no_index = match candidates.all.len() {
            1 if candidates.all[0].path == AccessPath::Scan => terms.columns(),
            _ => Vec::new(),
        };
        if strategy == Strategy::Rules {
            let rule = candidates.by_rule();
            let answers_filter = candidates.answers_filter(rule);
            let candidate = candidates.all.swap_remove(rule);
            let rows = candidate.rows;
            let choice = RootChoice::of(candidate.path, answers_filter, rows);
            (choice, Reason::ByRule, rows)
        } else if strategy == Strategy::Scan {
            let answers_filter = root.node.filter.is_none();
            let rows = snapshot.rows_of(root.node.table);
            let choice = RootChoice::of(AccessPath::Scan, answers_filter, rows);
            (choice, Reason::Asked(strategy), rows)
        } else if candidates.all[0].path.names_one_row() {
            let answers_filter = candidates.answers_filter(0);
            let candidate = candidates.all.swap_remove(0);
            let choice = RootChoice::of(candidate.path, answers_filter, 1.0);
            (choice, Reason::OneRow, 1.0)
        } else {
            let ways = Ways::new(plan, snapshot, strategy);
            let (all, rows) = ways.all(&candidates);
            let (choice, reason) = chosen(all, strategy);
            (choice, reason, rows)
        }
    };
    if matches!(reason, Reason::Cheaper { .. } | Reason::Asked(_)) {
        note_counts(plan, snapshot);
    }
    let answers_filter = chosen.answers_filter;
    let is_far = matches!(chosen.access, Access::FarEnd(_));
    let stop = stop(plan, strategy);
    let root = &mut plan.nodes[0];
    if answers_filter && !is_far {
        root.node.filter = None;
    }
    (root.access, root.found, root.reason) = (chosen.access, chosen.found, reason);
    let is_one = root.access.id_order() == IdOrder::One;
    if is_one && root.cut.is_idle_for(1) {
        root.cut = Cut::default();
    }
    root.no_index = no_index;
    root.stop = stop.filter(|_| !is_one);
    root.estimate = estimate::cut(rows, 1.0, root.cut);
    chosen.judged
}

impl RootChoice {
    fn of(path: AccessPath, answers_filter: bool, judged: f64) -> Self {
        RootChoice {
            way: Contender::Path(path.kind()),
            access: Access::Root(path),
            found: FoundOrder::Ids,
            answers_filter,
            cost: 0.0,
            judged,
        }
    }
}

/// The cheapest of those that a strategy asks for, or of all.
fn chosen(all: Vec<RootChoice>, strategy: Strategy) -> (RootChoice, Reason) {
    let is_asked = |choice: &RootChoice| match strategy {
        Strategy::Cheapest | Strategy::Rules | Strategy::Scan => false,
        Strategy::Probe | Strategy::OnePass => false,
        Strategy::Sequential | Strategy::Parallel => false,
        Strategy::Key => choice.way == Contender::Path(PathKind::Key),
        Strategy::Edges => choice.way == Contender::Path(PathKind::Edges),
        Strategy::Index => choice.way == Contender::Path(PathKind::Index),
        Strategy::Range => choice.way == Contender::Path(PathKind::Range),
        Strategy::KeyRange => choice.way == Contender::Path(PathKind::KeyRange),
        Strategy::Intersection => choice.way == Contender::Path(PathKind::Intersection),
        Strategy::InOrder => choice.way == Contender::InOrder,
        Strategy::Sort => choice.way != Contender::InOrder,
        Strategy::FarEnd => choice.way == Contender::FarEnd,
        Strategy::NearEnd => choice.way != Contender::FarEnd,
    };
    let asked = all.iter().any(is_asked);
    let mut ways: Vec<RootChoice> = match asked {
        true => all.into_iter().filter(is_asked).collect(),
        false => all,
    };
    ways.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let mut ways = ways.into_iter();
    let first = ways.next().expect("a scan is always there");
    let reason = match ways.find(|it| it.way != first.way) {
        _ if asked => Reason::Asked(strategy),
        None => Reason::OnlyWay,
        Some(next) => Reason::Cheaper {
            cost: first.cost,
            than: next.way,
            other: next.cost,
        },
    };
    (first, reason)
}

/// When nothing more has to be read of a root that comes in the order wanted.
fn stop(plan: &Plan, strategy: Strategy) -> Option<Stop> {
    let root = plan.root();
    let limit = root.cut.limit?;
    let stops = plan.is_total && !matches!(strategy, Strategy::Rules | Strategy::Sort);
    stops.then(|| Stop {
        rows: root.cut.offset.saturating_add(limit),
        in_batches: is_judged_below(plan),
    })
}

/// Whether rows of the root may be taken out by what is below them.
pub(super) fn is_judged_below(plan: &Plan) -> bool {
    let root = plan.root();
    let mut children = root.node.children.iter();
    !root.asks.is_empty()
        || !root.joins.is_empty()
        || children.any(|&child| plan.nodes[child].is_required())
}

/// Notes every table whose number of rows may have decided.
fn note_counts(plan: &mut Plan, snapshot: &Snapshot) {
    estimate::count(plan, plan.nodes[0].node.table, snapshot);
    if is_judged_below(plan) {
        for node in 1..plan.nodes.len() {
            let table = plan.nodes[node].node.table;
            estimate::count(plan, table, snapshot);
        }
    }
}

/// What all ways to find the root have in common.
struct Ways<'p> {
    plan: &'p Plan,
    root: &'p PlanNode,
    table: &'p Table,
    snapshot: &'p Snapshot,
    strategy: Strategy,
    /// What it costs to judge a root by what is below it, in rows.
    below: f64,
    /// How many roots are wanted, if nothing more has to be read then.
    wanted: Option<f64>,
}

impl<'p> Ways<'p> {
    fn new(plan: &'p Plan, snapshot: &'p Snapshot, strategy: Strategy) -> Self {
        let root = plan.root();
        Ways {
            plan,
            root,
            table: snapshot.schema().table(root.node.table),
            snapshot,
            strategy,
            below: below(plan, snapshot),
            wanted: stop(plan, strategy).map(|stop| as_rows(stop.rows)),
        }
    }

    /// Each way with its cost, and how many roots are expected.
    fn all(&self, candidates: &Candidates) -> (Vec<RootChoice>, f64) {
        let far_ends = far_end::all(self.plan, self.snapshot, self.strategy);
        let passing = self.passing(candidates);
        let all = self.snapshot.rows_of(self.root.node.table).max(1.0);
        let least = far_ends.iter().map(|it| it.roots / all);
        let share = least.fold(self.share_below(), f64::min);
        let left = passing * share;
        let mut ways = Vec::with_capacity(candidates.all.len() + 2);
        for (place, candidate) in candidates.all.iter().enumerate() {
            let answers_filter = candidates.answers_filter(place);
            let ordered = self.is_ordered_by_ids(&candidate.path);
            let read = self.read(left, ordered);
            let cost = self.cost(candidate, passing, left, ordered)
                + candidate.cost_of_unread(candidate.rows * read);
            let path = candidate.path.clone();
            ways.push(RootChoice {
                cost,
                ..RootChoice::of(path, answers_filter, passing * read)
            });
            self.add_in_order(candidate, answers_filter, (passing, left), &mut ways);
        }
        self.add_indexes(candidates, (passing, left), &mut ways);
        for far in far_ends {
            let cost = self.cost_of_far_end(&far, passing / all);
            let judged = far.roots * passing / all;
            ways.push(RootChoice {
                way: Contender::FarEnd,
                access: Access::FarEnd(far.way),
                found: FoundOrder::Ids,
                answers_filter: false,
                cost,
                judged,
            });
        }
        (ways, left)
    }

    /// How many rows are expected for which the filter is true.
    fn passing(&self, candidates: &Candidates) -> f64 {
        let all = self.snapshot.rows_of(self.root.node.table);
        let Some(filter) = &self.root.node.filter else {
            return all;
        };
        let exact = (0..candidates.all.len()).find(|&it| candidates.answers_filter(it));
        if let Some(exact) = exact {
            return candidates.all[exact].rows;
        }
        let most = candidates.all.iter().map(|it| it.rows);
        let most = most.fold(all, f64::min);
        let share = self
            .snapshot
            .share(self.root.node.table, filter, all >= SAMPLED_MIN);
        (all * share).min(most)
    }

    /// The share of roots that what is below leaves, for all that is known.
    fn share_below(&self) -> f64 {
        let children = self.root.node.children.iter();
        let required = children.filter(|&&it| self.plan.nodes[it].is_required());
        let asked = self.root.asks.len() + self.root.joins.len();
        (0..required.count() + asked)
            .map(|_| HAVE_REQUIRED)
            .product()
    }

    /// What a candidate costs: of the roots that pass, `left` are left in the end.
    fn cost(&self, candidate: &Candidate, passing: f64, left: f64, ordered: bool) -> f64 {
        let read = self.read(left, ordered);
        let judged = self.below * passing * read;
        let sort = match (ordered, &self.root.order) {
            (true, _) | (_, RowOrder::Any) => 0.0,
            _ => Cost::sort(left, self.wanted.unwrap_or(left)),
        };
        candidate.cost_of(candidate.rows * read) + judged + sort
    }

    /// The share of its rows that a way reads, if `left` of all are left in the end.
    fn read(&self, left: f64, ordered: bool) -> f64 {
        match self.wanted {
            Some(wanted) if ordered => (wanted / left.max(1.0)).min(1.0),
            _ => 1.0,
        }
    }

    fn cost_of_far_end(&self, far: &far_end::Found, passing: f64) -> f64 {
        let sort = match self.is_ordered_by_ids(&AccessPath::Scan) {
            true => 0.0,
            false => Cost::sort(far.roots, self.wanted.unwrap_or(far.roots)),
        };
        Cost::SCAN + far.cost + far.roots * Cost::FETCH + far.roots * passing * self.below + sort
    }

    /// Whether ids that a path finds are in the order wanted.
    fn is_ordered_by_ids(&self, path: &AccessPath) -> bool {
        match &self.root.order {
            RowOrder::Any => true,
            RowOrder::Key => {
                path.ascends() && self.snapshot.ids_are_in_key_order(self.root.node.table)
            }
            RowOrder::Columns(_) | RowOrder::Reaching(_) => false,
        }
    }

    /// The same candidate in the order wanted, if it can be walked so.
    fn add_in_order(
        &self,
        candidate: &Candidate,
        answers_filter: bool,
        (passing, left): (f64, f64),
        ways: &mut Vec<RootChoice>,
    ) {
        let found = match &candidate.path {
            AccessPath::Scan | AccessPath::KeyRange { .. }
                if in_order::is_key_backwards(self.root, self.table, self.snapshot) =>
            {
                Some((candidate.path.clone(), FoundOrder::IdsBackwards))
            }
            AccessPath::Range { .. } | AccessPath::Index { .. } => {
                in_order::walked(&candidate.path, self.root, self.table)
            }
            _ => None,
        };
        if let Some((path, found)) = found {
            ways.push(RootChoice {
                way: Contender::InOrder,
                access: Access::Root(path),
                found,
                answers_filter,
                cost: self.cost(candidate, passing, left, true),
                judged: passing * self.read(left, true),
            });
        }
    }

    /// Whole indexes that give the order wanted, where the filter says nothing of their first columns.
    fn add_indexes(
        &self,
        candidates: &Candidates,
        (passing, left): (f64, f64),
        ways: &mut Vec<RootChoice>,
    ) {
        if !matches!(self.root.order, RowOrder::Columns(_)) {
            return;
        }
        for index in 0..self.table.indexes.len() {
            let is_of_it = |path: &AccessPath| matches!(path, AccessPath::Range { index: of, .. } | AccessPath::Index { index: of, .. } if *of == index);
            if candidates.all.iter().any(|it| is_of_it(&it.path)) {
                continue;
            }
            let path = AccessPath::Range {
                index,
                values: Vec::new(),
                range: Range::All,
            };
            let Some((path, found)) = in_order::walked(&path, self.root, self.table) else {
                continue;
            };
            let all = self.snapshot.rows_of(self.table.id);
            let candidate = Candidate::of_index(path.clone(), all);
            ways.push(RootChoice {
                way: Contender::InOrder,
                access: Access::Root(path),
                found,
                answers_filter: self.root.node.filter.is_none(),
                cost: self.cost(&candidate, passing, left, true),
                judged: passing * self.read(left, true),
            });
        }
    }
}

/// What it costs to judge one root by what is below it: the rows that are read of required includes and of what filters
/// reach.
fn below(plan: &Plan, snapshot: &Snapshot) -> f64 {
    let mut under_one: Vec<Option<f64>> = vec![None; plan.nodes.len()];
    under_one[0] = Some(1.0);
    let mut cost = 0.0;
    for (position, node) in plan.nodes.iter().enumerate().skip(1) {
        let Some(include) = &node.node.include else {
            continue;
        };
        let judges = include.required || include.origin != Origin::Request;
        let Some(above) = under_one[include.parent].filter(|_| judges) else {
            continue;
        };
        let source = plan.nodes[include.parent].node.table;
        let rows = above * estimate::fan_out(node, source, snapshot);
        cost += match node.keep {
            Keep::Number => above * Cost::PROBE,
            Keep::Rows | Keep::Passing => rows * Cost::FETCH,
        };
        under_one[position] = Some(rows);
    }
    cost
}
