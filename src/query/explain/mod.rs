//! How a request is answered, or was: a tree of what is done for each node, as data, as text and as JSON.
//!
//! [`Select::explain`] plans a request and says what the executor would obey; [`Select::explain_analyze`] runs it as well
//! and adds what each node cost. [`Select::explain_count`] and [`Select::explain_exists`] tell how its rows are counted, and how
//! it is known whether there is one. An [`Explanation`] prints itself for a person who knows databases: one block per node,
//! indented below its parent. What is not mentioned does not happen. With the feature `json` it is JSON as well.
//!
//! ```
//! use relata::{Attribute, DataType, HasMany, ModelDef, Models, col, include, select, tree};
//!
//! let mut models = Models::new();
//! models.define(ModelDef::new("Author").attribute(Attribute::new("name", DataType::Text)).timestamps(false));
//! models.define(ModelDef::new("Book").attribute(Attribute::new("pages", DataType::Int)).timestamps(false));
//! models.has_many("Author", HasMany::new("Book").alias("books"));
//! let mut db = models.sync()?;
//! db.create_tree("Author", tree! { name: "Ada", books: [{ pages: 66 }, { pages: 400 }] })?;
//! db.create_tree("Author", tree! { name: "Bob", books: [{ pages: 20 }] })?;
//!
//! let request = select("Author").include(include("books").filter(col("pages").gt(50)));
//! let explained = request.explain_analyze(&db)?;
//! let books = &explained.root.below[0];
//! let actual = books.actual.expect("it was run");
//! assert_eq!((actual.rows, actual.rows_read, actual.probes), (2, 3, 2));
//! assert!(explained.to_string().contains("edges Books_AuthorId_fkey to its children\n"));
//! # Ok::<(), relata::Error>(())
//! ```
//!
//! The text is for people, and may change with any version; so may plans. What a program looks at are the fields.
//!
//! `describe` makes the tree from a plan, `advice` knows which index is wanted, `text` and `json` write the tree.
//!
//! [`Select::explain`]: crate::query::Select::explain
//! [`Select::explain_count`]: crate::query::Select::explain_count
//! [`Select::explain_exists`]: crate::query::Select::explain_exists
//! [`Select::explain_analyze`]: crate::query::Select::explain_analyze

mod describe;
mod advice;
mod text;
#[cfg(feature = "json")]
mod json;

use std::time::Duration;

pub(super) use self::describe::{analyze, explain, explain_count, explain_exists};

/// How a request is answered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The root, with everything below it.
    pub root: Explained,
    /// How long everything took, planning aside; none if the request was not run.
    pub time: Option<Duration>,
}

/// What is done for the root of a request, or for an include, a count, or what a filter or an order reads besides.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explained {
    /// What it is for.
    pub operation: Operation,
    /// The model of its rows.
    pub model: String,
    /// The table of that model.
    pub table: String,
    /// The association that leads to its rows; none of the root.
    pub association: Option<String>,
    /// The association to an owner in one of several models, of which this is one.
    pub owner: Option<String>,
    /// Whether rows above it that have nothing here are left out.
    pub required: bool,
    /// Whether its rows, or their number, are part of the result.
    pub shown: bool,
    /// How its rows are found, one step after the other.
    pub steps: Vec<Step>,
    /// What rows are tested for besides, in this order.
    pub filters: Vec<String>,
    /// What is tested over rows of this node and those below it together, as a join has them.
    pub joined_filters: Vec<String>,
    /// In which order the rows come; none where it is not asked for or where there is one row.
    pub order: Option<Ordered>,
    /// At most so many rows, below each row above it.
    pub limit: Option<usize>,
    /// Without so many first rows, below each row above it.
    pub offset: usize,
    /// What is worked out of each row: the name of an attribute, and how.
    pub attributes: Vec<String>,
    /// What follows below each of its rows, of a recursive include.
    pub recursive: Option<Recursive>,
    /// Whether rows are only counted as they are found, and none is read: of a root that is counted or asked for.
    pub unread: bool,
    /// When no more rows are read, below each row above it, although there may be more.
    pub stops_after: Option<u64>,
    /// Whether its work is split between threads; none if it is not, as with one thread.
    pub split: Option<SplitWork>,
    /// How many rows the planner expects it to have, below all rows above it together.
    pub estimated_rows: u64,
    /// Why its rows are found so and not otherwise, where there was a choice. Costs are in rows of a scan.
    pub reason: Option<String>,
    /// What it cost; none if the request was not run.
    pub actual: Option<Actual>,
    /// What is done below.
    pub below: Vec<Explained>,
}

/// What a node of an [`Explanation`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// The rows of the root.
    Select,
    /// The rows of an association below each row above it.
    Include,
    /// Rows that a filter or an order looks at together with those above, and nobody includes.
    Join,
    /// How many rows of an association there are below each row above it; at the root, how many rows there are.
    Count,
    /// Whether there is a row.
    Exists,
    /// Rows of an association of which those above have aggregates.
    Aggregate,
}

/// One step on the way to rows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// How rows are found.
    pub method: Method,
    /// The table in which they are found.
    pub table: String,
    /// The key, index or foreign key that finds them.
    pub by: Option<String>,
    /// What is looked up, or matched.
    pub condition: Option<String>,
    /// How many values are looked up; none where there is a look-up for each row above, or there is nothing to be looked up.
    pub look_ups: Option<u64>,
    /// The ways that have to agree about a row.
    pub parts: Vec<Step>,
    /// How many rows the table has, where all of them are looked at.
    pub table_rows: Option<u64>,
    /// The index for want of which a large table is scanned.
    pub missing_index: Option<MissingIndex>,
    /// Which side of a junction is found.
    pub side: StepSide,
    /// The association of a chain that this is a step of.
    pub of_chain: Option<String>,
    /// The association whose rows are found first, where the way is from there up to the rows wanted, each of them once.
    pub far_end: Option<String>,
    /// What is tested before the next step.
    pub filters: Vec<String>,
    /// Of several rows below one only the one with the lowest primary key counts.
    pub lowest: bool,
    /// Why values are looked up one by one, or matched all at once, where there was a choice. Costs are in rows of a scan.
    pub reason: Option<String>,
}

/// How one step finds rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// The one row with given values of the primary key, or one for each value of a list.
    PrimaryKey,
    /// The same with another unique key.
    UniqueKey,
    /// The rows whose primary key lies between two bounds.
    KeyRange,
    /// The children of the parents that have given values.
    Children,
    /// The rows with given values of an index, or of its first columns.
    Index,
    /// The rows of a range of an index.
    IndexRange,
    /// The rows that each of several ways leads to.
    Intersection,
    /// All rows of the table.
    Scan,
    /// The rows of a getter, which are there before the request runs.
    Given,
    /// Over the edge that each row above has to its parent.
    EdgeToParent,
    /// Over the edges that each row above has to its children.
    EdgesToChildren,
    /// By how many rows the table has, none of which is looked at.
    NumberOfRows,
    /// By how many edges each row above has to its children, none of which is followed.
    NumberOfEdges,
    /// One look-up in a unique key for each row above.
    LookUpInKey,
    /// One look-up in an index for each row above.
    LookUpInIndex,
    /// The first rows of an index below each row above, in the order wanted.
    FirstOfIndex,
    /// All rows of the table once, each matched with the rows above.
    MatchingScan,
    /// All rows of the table for each row above.
    ScanForEach,
}

/// Which rows a [`Step`] finds, where a junction is on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepSide {
    /// Those that are wanted, without a junction.
    #[default]
    Direct,
    /// Those of the junction.
    Junction,
    /// Those that the junction leads to.
    Target,
}

/// An index that a table does not have, and that would spare a scan of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingIndex {
    /// The name that it would have.
    pub name: String,
    /// The table.
    pub table: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
}

/// The order in which rows come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ordered {
    /// By what, before the primary key.
    pub by: String,
    /// How it comes about.
    pub means: Means,
    /// By what a limit takes rows, if that is another order.
    pub taken_by: Option<String>,
}

/// How an order comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Means {
    /// Rows are found in it.
    AsFound,
    /// Rows are found from the last to the first.
    Backwards,
    /// It is that of an index.
    Index,
    /// It is that of an index backwards.
    IndexBackwards,
    /// By a sort.
    Sort,
    /// By a sort, since rows are not found in the order of their key.
    SortOfUnordered,
    /// By a sort, since the rows of the table do not stand in the order of their key.
    SortOfUnsettled,
}

/// What a recursive include goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recursive {
    /// The model of the rows above, under each of which a row is followed once.
    pub under: String,
    /// How deep it goes.
    pub depth_max: Option<usize>,
}

/// Work that is split between threads since there is much of it. That changes neither rows nor their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SplitWork {
    /// About how many rows it begins at: of the root, those that are tested or sorted; else those above.
    pub rows: u64,
    /// From how many on it is split.
    pub from: u64,
}

/// What a node cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Actual {
    /// How many rows it has in the end, or counts; of what is only looked at, how many passed.
    pub rows: u64,
    /// How many rows of its table, and of tables on the way, were read.
    pub rows_read: u64,
    /// How often a key, an index or the edges of a row were looked up.
    pub probes: u64,
    /// How long it took, without the nodes below it.
    pub time: Duration,
}

impl Explanation {
    /// Every node, each before those below it.
    pub fn nodes(&self) -> impl Iterator<Item = &Explained> {
        let mut pending = vec![&self.root];
        std::iter::from_fn(move || {
            let next = pending.pop()?;
            pending.extend(next.below.iter().rev());
            Some(next)
        })
    }

    /// What all nodes cost together; the rows are those of all nodes. None if the request was not run.
    pub fn total(&self) -> Option<Actual> {
        let mut actuals = self.nodes().map(|node| node.actual);
        actuals.try_fold(Actual::default(), |sum, actual| {
            let actual = actual?;
            Some(Actual {
                rows: sum.rows + actual.rows,
                rows_read: sum.rows_read + actual.rows_read,
                probes: sum.probes + actual.probes,
                time: sum.time + actual.time,
            })
        })
    }
}
