//! An explanation as text: one block per node, indented by two spaces below its parent.

use std::fmt;
use std::time::Duration;

use crate::query::explain::{
    Actual, Explained, Explanation, Means, Method, Operation, Ordered, Recursive, SplitWork, Step,
    StepSide,
};

/// One block per node, indented below its parent. Each line ends with a line break.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The next one is the last: each node right before what is below it.
        let mut pending: Vec<(&Explained, usize)> = vec![(&self.root, 0)];
        while let Some((node, depth)) = pending.pop() {
            let below = node.below.iter().rev();
            pending.extend(below.map(|below| (below, depth + 1)));
            for (position, line) in lines(node).iter().enumerate() {
                let indent = 2 * (depth + usize::from(position > 0));
                writeln!(f, "{:indent$}{line}", "")?;
            }
        }
        match self.time {
            Some(time) => writeln!(f, "in {}", shown(time)),
            None => Ok(()),
        }
    }
}

fn lines(node: &Explained) -> Vec<String> {
    let mut lines = vec![title(node)];
    lines.extend(found(&node.steps));
    lines.extend(
        node.reason
            .iter()
            .map(|reason| format!("because: {reason}")),
    );
    lines.extend(node.filters.iter().map(|term| format!("filter: {term}")));
    let joined = node.joined_filters.iter();
    lines.extend(joined.map(|term| format!("filter over joined rows: {term}")));
    lines.extend(node.order.as_ref().map(order));
    let taken_by = node.order.as_ref().and_then(|it| it.taken_by.as_ref());
    lines.extend(taken_by.map(|taken_by| format!("taken by: {taken_by}")));
    lines.extend(cut(node));
    if node.unread {
        lines.push("counted as found: no row is read".to_owned());
    }
    lines.extend(node.stops_after.map(|rows| {
        let rows = rows_of(rows);
        format!("stop: after {rows}{}", per_parent(node))
    }));
    let attributes = node.attributes.iter();
    lines.extend(attributes.map(|attribute| format!("attribute {attribute}")));
    lines.extend(node.recursive.as_ref().map(recursive));
    lines.extend(node.split.map(|it| split(it, node)));
    lines.extend(node.actual.map(actual));
    lines
}

fn title(node: &Explained) -> String {
    let model = &node.model;
    let association = node.association.as_deref().unwrap_or_default();
    let of = node.owner.as_deref();
    let of = of.map_or_else(String::new, |owner| format!(" of {owner}"));
    let required = if node.required { ", required" } else { "" };
    let hidden = if node.shown { "" } else { ", not shown" };
    let title = match node.operation {
        Operation::Select => format!("select {model}"),
        Operation::Include => format!("include {association} ({model}){of}{required}{hidden}"),
        Operation::Join => format!("join {association} ({model}){hidden}"),
        Operation::Count if node.association.is_none() => format!("count {model}"),
        Operation::Count => format!("count {association} ({model}){hidden}"),
        Operation::Exists => format!("exists {model}"),
        Operation::Aggregate => format!("aggregate {association} ({model}){hidden}"),
    };
    format!("{title}, about {}", rows_of(node.estimated_rows))
}

/// What is found by the steps. Those of a chain stand indented below the association that they are of, those from the far
/// end below the first of them.
fn found(steps: &[Step]) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(key) = steps.first().and_then(|first| first.far_end.as_ref()) {
        for (position, step) in steps.iter().enumerate() {
            let (table, mut of_step) = (&step.table, step_lines(step));
            of_step[0] = match position {
                0 => format!("from the far end, {key}: {}", of_step[0]),
                _ => format!("  up to {table}: {}", of_step[0]),
            };
            of_step[1..]
                .iter_mut()
                .for_each(|line| line.insert_str(0, "  "));
            lines.extend(of_step);
        }
        return lines;
    }
    let mut chain = None;
    for step in steps {
        if step.of_chain.is_some() && chain.is_none() {
            lines.push("chain, each row once".to_owned());
        }
        let indent = if step.of_chain.is_some() { "  " } else { "" };
        // A step over a junction is two.
        let begins = step.side != StepSide::Target;
        if let Some(association) = step.of_chain.as_ref().filter(|_| begins) {
            lines.push(format!("step {association}"));
        }
        chain = step.of_chain.as_ref();
        lines.extend(
            step_lines(step)
                .iter()
                .map(|line| format!("{indent}{line}")),
        );
    }
    lines
}

fn step_lines(step: &Step) -> Vec<String> {
    let (to, filter) = match step.side {
        StepSide::Direct => ("", "filter"),
        StepSide::Junction => ("to junction: ", "junction filter"),
        StepSide::Target => ("to target: ", "filter"),
    };
    let mut lines = vec![format!("{to}{}", method(step))];
    let reason = step.reason.iter();
    lines.extend(reason.map(|reason| format!("because: {reason}")));
    lines.extend(step.missing_index.as_ref().map(|index| {
        let columns = index.columns.join(", ");
        let (name, table) = (&index.name, &index.table);
        format!("for want of an index: {name} on {table} ({columns}) would spare it")
    }));
    lines.extend(step.filters.iter().map(|term| format!("{filter}: {term}")));
    if step.lowest {
        lines.push("the lowest primary key".to_owned());
    }
    lines
}

fn method(step: &Step) -> String {
    let by = step.by.as_deref().unwrap_or_default();
    let condition = step.condition.as_deref().unwrap_or_default();
    let table = || match step.table_rows {
        Some(1) => format!("{}: 1 row", step.table),
        Some(rows) => format!("{}: {rows} rows", step.table),
        None => step.table.clone(),
    };
    match step.method {
        Method::PrimaryKey => format!("by primary key {by}: {condition}"),
        Method::UniqueKey => format!("by unique key {by}: {condition}"),
        Method::KeyRange => format!("by range of primary key {by}: {condition}"),
        Method::Children => {
            let parents = match step.look_ups {
                None | Some(1) => "one parent".to_owned(),
                Some(parents) => format!("{parents} parents"),
            };
            format!("by edges {by} under {parents}: {condition}")
        }
        Method::Index => format!("by index {by}: {condition}"),
        Method::IndexRange if step.condition.is_none() => format!("all of index {by}"),
        Method::IndexRange => format!("by range of index {by}: {condition}"),
        Method::Intersection => {
            let parts: Vec<String> = step.parts.iter().map(method).collect();
            format!("where these agree: {}", parts.join("; "))
        }
        Method::Scan => format!("scan of {}", table()),
        Method::Given => "given".to_owned(),
        Method::EdgeToParent => format!("edge {by} to its parent"),
        Method::EdgesToChildren => format!("edges {by} to its children"),
        Method::NumberOfRows => format!("number of rows of {}", table()),
        Method::NumberOfEdges => format!("number of edges {by} to its children"),
        Method::LookUpInKey => format!("look-up in unique key {by}: {condition}"),
        Method::LookUpInIndex => format!("look-up in index {by}: {condition}"),
        Method::FirstOfIndex => format!("first of index {by} for each row above: {condition}"),
        Method::MatchingScan => format!("one scan of {}, matched by {condition}", table()),
        Method::ScanForEach => format!("scan of {} for each row above, on {condition}", table()),
    }
}

fn order(order: &Ordered) -> String {
    let by = &order.by;
    match order.means {
        Means::AsFound => format!("order: {by}, as found"),
        Means::Backwards => format!("order: {by}, as found backwards"),
        Means::Index => format!("order: {by}, as the index"),
        Means::IndexBackwards => format!("order: {by}, as the index, backwards"),
        Means::Sort => format!("order: {by}, sort"),
        Means::SortOfUnordered => format!("order: {by}, sort (not found in key order)"),
        Means::SortOfUnsettled => format!("order: {by}, sort (rows do not stand in key order)"),
    }
}

fn cut(node: &Explained) -> Option<String> {
    let per = per_parent(node);
    match (node.limit, node.offset) {
        (None, 0) => None,
        (None, offset) => Some(format!("offset: {offset}{per}")),
        (Some(limit), 0) => Some(format!("limit: {limit}{per}")),
        (Some(limit), offset) => Some(format!("limit: {limit} after {offset}{per}")),
    }
}

fn per_parent(node: &Explained) -> &'static str {
    match node.association {
        Some(_) => " per parent",
        None => "",
    }
}

fn recursive(recursive: &Recursive) -> String {
    let under = &recursive.under;
    let to = recursive.depth_max;
    let to = to.map_or_else(String::new, |depth| format!(" to depth {depth}"));
    format!("recursive{to}: the same below each row that is new under its {under}")
}

fn split(split: SplitWork, node: &Explained) -> String {
    let above = match node.operation {
        Operation::Select => "",
        _ => " above",
    };
    let (rows, from) = (rows_of(split.rows), split.from);
    format!("split between threads: about {rows}{above}, from {from} on")
}

fn actual(actual: Actual) -> String {
    let rows = rows_of(actual.rows);
    let probes = match actual.probes {
        1 => "1 probe".to_owned(),
        probes => format!("{probes} probes"),
    };
    let time = shown(actual.time);
    format!(
        "actual: {rows}, {} read, {probes}, {time}",
        actual.rows_read
    )
}

fn rows_of(rows: u64) -> String {
    match rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    }
}

/// In microseconds, to a tenth where they are few.
fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros < 100.0 {
        true => format!("{micros:.1} µs"),
        false => format!("{micros:.0} µs"),
    }
}
