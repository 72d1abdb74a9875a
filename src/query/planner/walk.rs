//! How an include's rows are found: over edges where a foreign key carries the association, else by value.

use crate::association::link::{Association, Hop, Link};
use crate::expr::Bound;
use crate::query::Version;
use crate::query::node::{IncludeNode, Node};
use crate::query::plan::{Access, Crossing, Lookup, Probe, ValueJoin, Walk, Way};
use crate::query::planner::chain;
use crate::query::reason::Reason;
use crate::schema::{IndexKind, Table, TableId};
use crate::value::Value;

/// From rows of the source's table to those of the target's.
pub(super) fn choose(
    node: &mut Node,
    include: &IncludeNode,
    source: TableId,
    version: Version<'_>,
) -> Access {
    if let Some(condition) = &include.on {
        return Access::On {
            parent: include.parent,
            condition: condition.clone(),
        };
    }
    let (parent, association) = (include.parent, &include.association);
    if let Link::Chain(_) = association.link {
        return chain::choose(node, association, Some(parent), version);
    }
    let junction = node.junction.as_ref();
    let shown = junction.is_some_and(|it| it.read || it.is_shown() && !include.counted);
    let filter = junction.and_then(|it| it.filter.clone());
    match way(association, source, filter, shown, version) {
        Way::Direct(walk) => Access::Direct {
            parent: Some(parent),
            walk,
        },
        Way::Through(through) => Access::Through { parent, through },
    }
}

/// From given rows of the source's table over the edges to those of the target's.
pub(super) fn from_given(
    association: &Association,
    source: TableId,
    version: Version<'_>,
) -> Access {
    match way(association, source, None, false, version) {
        Way::Direct(walk) => Access::Direct { parent: None, walk },
        Way::Through(_) => unreachable!("over a junction the targets are given"),
    }
}

/// From rows of a table to those of the target of an association that is no chain, over junction rows that pass a filter.
pub(super) fn way(
    association: &Association,
    source: TableId,
    filter: Option<Bound>,
    shown: bool,
    version: Version<'_>,
) -> Way {
    let (schema, registry) = (version.snapshot.schema(), version.registry);
    let tables = |from, to| Tables {
        from: schema.table(from),
        to: schema.table(to),
    };
    let target = registry.model(association.target).table;
    match &association.link {
        Link::ToParent(hop) => Way::Direct(tables(source, target).to_parent(hop)),
        Link::ToChildren(hop) => {
            Way::Direct(tables(source, target).to_children(hop, &association.scope))
        }
        Link::Through(through) => {
            let junction = registry.model(through.model).table;
            Way::Through(Crossing {
                junction,
                to_junction: tables(source, junction).to_children(&through.own, &through.scope),
                filter,
                shown,
                to_target: tables(junction, target).to_parent(&through.other),
            })
        }
        Link::Chain(_) => unreachable!("the steps of a chain are written out"),
    }
}

/// Where a walk begins and ends.
struct Tables<'s> {
    from: &'s Table,
    to: &'s Table,
}

impl Tables<'_> {
    fn to_parent(&self, hop: &Hop) -> Walk {
        match hop.key {
            Some(key) => Walk::ToParent(key),
            None => self.by_value(&hop.child_columns, &hop.parent_columns, &[]),
        }
    }

    fn to_children(&self, hop: &Hop, scope: &[(u32, Value)]) -> Walk {
        match hop.key {
            Some(key) => Walk::ToChildren(key),
            None => self.by_value(&hop.parent_columns, &hop.child_columns, scope),
        }
    }

    fn by_value(&self, from: &[u32], to: &[u32], scope: &[(u32, Value)]) -> Walk {
        let probes = Probes { from, to, scope };
        // A value of another type may be equal, but is not found in an index.
        let one_type = from.iter().zip(to).all(|(&from, &to)| {
            let (from, to) = (
                &self.from.columns[from as usize],
                &self.to.columns[to as usize],
            );
            from.data_type == to.data_type
        });
        let lookup = match one_type {
            true => probes.in_key(self.to).or_else(|| probes.in_index(self.to)),
            false => None,
        };
        Walk::ByValue(ValueJoin {
            from: from.to_vec(),
            to: to.to_vec(),
            lookup: lookup.unwrap_or(Lookup::Scan),
            reason: Reason::OnlyWay,
        })
    }
}

/// What is known of the rows to be found.
pub(super) struct Probes<'a> {
    pub(super) from: &'a [u32],
    pub(super) to: &'a [u32],
    pub(super) scope: &'a [(u32, Value)],
}

impl Probes<'_> {
    fn in_key(&self, table: &Table) -> Option<Lookup> {
        table.keys.iter().enumerate().find_map(|(key, unique)| {
            let probe = self.first_of(&unique.columns);
            let whole = probe.len() == unique.columns.len();
            let usable = whole && unique.names_one_row() && self.decides(&unique.columns);
            usable.then_some(Lookup::Key { key, probe })
        })
    }

    fn in_index(&self, table: &Table) -> Option<Lookup> {
        table
            .indexes
            .iter()
            .enumerate()
            .find_map(|(position, index)| {
                let probe = self.first_of(&index.columns);
                let whole = probe.len() == index.columns.len();
                let usable = whole || index.kind == IndexKind::Ordered;
                (usable && self.decides(&index.columns[..probe.len()])).then_some(Lookup::Index {
                    index: position,
                    probe,
                    whole,
                })
            })
    }

    /// What to look up in the first columns, as far as it is known.
    pub(super) fn first_of(&self, columns: &[u32]) -> Vec<Probe> {
        columns.iter().map_while(|&it| self.probe(it)).collect()
    }

    fn probe(&self, column: u32) -> Option<Probe> {
        if let Some(position) = self.to.iter().position(|&to| to == column) {
            return Some(Probe::Column(self.from[position]));
        }
        let scoped = self.scope.iter().find(|(ordinal, _)| *ordinal == column);
        scoped.map(|(_, value)| Probe::Constant(value.clone()))
    }

    /// Whether these columns say all that is asked of a row, scope aside, which is tested again.
    pub(super) fn decides(&self, columns: &[u32]) -> bool {
        self.to.iter().all(|to| columns.contains(to))
    }
}
