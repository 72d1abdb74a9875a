//! Questions about the rows at the end of a path of associations.
//!
//! Here they are plain data: a path, what is asked, and a filter over the rows at its end. What a path means is for the
//! request to say in which they stand; outside of one they are refused. To an expression the answer is a number or a value
//! that its row comes with, and so evaluating it still sees one row and cannot fail.
//!
//! Questions stand in one another at most [`NESTING_MAX`] deep: what would be deeper is left out while the expression is
//! built, and noted, so that cloning, printing and dropping never go deeper, and running it is an error.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::expr::aggregate::{self, Aggregate};
use crate::expr::{Expr, Op, Operand, all, not};
use crate::value::DataType;

/// How deep questions may stand in one another.
pub(crate) const NESTING_MAX: u32 = 64;

/// The rows at the end of a path of associations, below the row that a filter is about: made by [`related`], and asked by
/// one of its methods. Which rows they are depends on the association and the scopes of the target alone, never on what
/// the request includes, and asking never changes what it shows.
#[derive(Clone, Debug)]
#[must_use]
pub struct RelatedRows {
    path: Arc<str>,
    filters: Vec<Expr>,
}

/// The rows at the end of a path of association keys, such as `posts.comments`, for a request: its filters, its order, its
/// groups, and attributes worked out of each row ([`Select::with_attribute`](crate::query::Select::with_attribute)). None
/// of them is loaded.
///
/// ```
/// use relata::{HasMany, Attribute, DataType, Models, col, related, select, values};
///
/// let mut models = Models::new();
/// models.define_with("User", |user| user.attribute(Attribute::new("name", DataType::Text)));
/// models.define_with("Post", |post| post.attribute(Attribute::new("score", DataType::Int)));
/// models.has_many("User", HasMany::new("Post").alias("posts"));
/// let mut db = models.sync()?;
/// for (name, scores) in [("Ada", &[3, 9][..]), ("Bob", &[2]), ("Cy", &[])] {
///     let mut user = db.create("User", values! { name: name })?;
///     for score in scores {
///         db.related(&mut user, "posts")?.create(values! { score: *score })?;
///     }
/// }
/// let names = |filter| -> relata::Result<Vec<String>> {
///     let found = select("User").filter(filter).run_owned(&db)?;
///     let rows = found.rows();
///     Ok(rows.iter().map(|it| it.get("name").unwrap().as_str().unwrap().to_owned()).collect())
/// };
/// assert_eq!(names(related("posts").any(col("score").gt(5)))?, ["Ada"]);
/// assert_eq!(names(related("posts").none(col("score").gt(5)))?, ["Bob", "Cy"]);
/// assert_eq!(names(related("posts").all(col("score").gt(5)))?, ["Cy"]);
/// assert_eq!(names(related("posts").count().ge(1))?, ["Ada", "Bob"]);
/// # Ok::<(), relata::Error>(())
/// ```
pub fn related(path: impl Into<Arc<str>>) -> RelatedRows {
    RelatedRows {
        path: path.into(),
        filters: Vec::new(),
    }
}

/// A question as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Related {
    pub(crate) path: Arc<str>,
    pub(crate) question: Question,
    /// Which rows it is about; none for all.
    pub(crate) filter: Option<Expr>,
    /// How deep questions stand in this one, itself included.
    depth: u32,
}

/// What is asked about rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Whether there are any.
    Any,
    /// Whether something is true for each of them.
    All(Expr),
    /// How many there are.
    Count,
    /// One value about them.
    Aggregate(Aggregate),
}

/// What an expression may reach beyond its row.
pub(crate) trait Reach {
    /// The ordinal by which the row's cells give the column at the end of a path, and its type.
    fn column(&self, path: &str) -> Result<(u32, DataType)>;

    /// The ordinals by which they give the numbers that answer a question.
    fn numbers(&self, related: &Related) -> Result<Numbers>;

    /// The ordinal by which they give an aggregate of the rows that a question is about, and its type.
    fn aggregate(&self, related: &Related, aggregate: &Aggregate) -> Result<(u32, DataType)>;
}

/// The ordinals of the numbers that answer a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Of the rows that it is about.
    pub(crate) of_all: u32,
    /// Where it asks whether something is true for all of them, of those for which it is; else the same.
    pub(crate) of_true: u32,
}

impl RelatedRows {
    /// Only rows for which this is true. Of several filters, all have to be.
    pub fn filter(mut self, filter: impl Into<Expr>) -> Self {
        self.filters.push(filter.into());
        self
    }

    /// Whether there is a row. Never unknown, as all of these questions.
    pub fn exists(self) -> Expr {
        self.ask(Question::Any)
    }

    /// Whether the filter is true for a row.
    pub fn any(self, filter: impl Into<Expr>) -> Expr {
        self.filter(filter).exists()
    }

    /// Whether the filter is true for no row. It is where there are no rows.
    pub fn none(self, filter: impl Into<Expr>) -> Expr {
        not(self.any(filter))
    }

    /// Whether the filter is true for each row: neither false nor unknown. It is where there are no rows. Where the last
    /// association of the path is to one and leads to several, all of them are asked.
    pub fn all(self, filter: impl Into<Expr>) -> Expr {
        self.ask(Question::All(filter.into()))
    }

    /// How many rows there are, to be compared: `related("posts").count().ge(3)`. A row counts as often as the path leads
    /// to it.
    pub fn count(self) -> Expr {
        self.ask(Question::Count)
    }

    /// The sum of an attribute or expression of the rows, as [`aggregate::sum`](crate::query::aggregate::sum): null where
    /// there are no values.
    ///
    /// ```
    /// use relata::{HasMany, Attribute, DataType, Models, desc, related, select, values};
    ///
    /// let mut models = Models::new();
    /// models.define_with("User", |user| user.attribute(Attribute::new("name", DataType::Text)));
    /// models.define_with("Post", |post| post.attribute(Attribute::new("likes", DataType::Int)));
    /// models.has_many("User", HasMany::new("Post").alias("posts"));
    /// let mut db = models.sync()?;
    /// for (name, likes) in [("Ada", &[3, 9][..]), ("Bob", &[20]), ("Cy", &[])] {
    ///     let mut user = db.create("User", values! { name: name })?;
    ///     for likes in likes {
    ///         db.related(&mut user, "posts")?.create(values! { likes: *likes })?;
    ///     }
    /// }
    ///
    /// let liked = select("User")
    ///     .with_attribute("likes", related("posts").sum("likes"))
    ///     .order_by(desc("likes").nulls_last());
    /// let rows = liked.run(&db)?;
    /// let found: Vec<(&str, Option<i64>)> = rows
    ///     .iter()
    ///     .map(|user| Ok((user.get_as("name")?, user.get_as("likes")?)))
    ///     .collect::<relata::Result<_>>()?;
    /// assert_eq!(found, [("Bob", Some(20)), ("Ada", Some(12)), ("Cy", None)]);
    ///
    /// let more = select("User").filter(related("posts").max("likes").gt(10));
    /// assert_eq!(more.count(&db)?, 1);
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn sum(self, of: impl Into<Operand>) -> Expr {
        self.aggregate(aggregate::sum(of))
    }

    /// The average of an attribute or expression of the rows, as [`aggregate::avg`](crate::query::aggregate::avg).
    pub fn avg(self, of: impl Into<Operand>) -> Expr {
        self.aggregate(aggregate::avg(of))
    }

    /// The least value of an attribute or expression of the rows, as [`aggregate::min`](crate::query::aggregate::min).
    pub fn min(self, of: impl Into<Operand>) -> Expr {
        self.aggregate(aggregate::min(of))
    }

    /// The greatest value of an attribute or expression of the rows, as
    /// [`aggregate::max`](crate::query::aggregate::max).
    pub fn max(self, of: impl Into<Operand>) -> Expr {
        self.aggregate(aggregate::max(of))
    }

    /// An aggregate of the rows, such as `count("author").distinct()`. As for a [`count`](RelatedRows::count), a row counts
    /// as often as the path leads to it; `distinct` is about values, not about rows. Nulls are left out, and of no values
    /// the count is 0 and everything else null, as in SQL. Floats are added in the order of the path: by primary key at each
    /// step.
    ///
    /// What it is of is an attribute of the rows at the end of the path, or an expression over them, which may itself ask
    /// about what is associated with them, and may name columns over associations to one.
    pub fn aggregate(self, aggregate: Aggregate) -> Expr {
        match aggregate.is_of_rows() {
            true => self.count(),
            false => self.ask(Question::Aggregate(aggregate)),
        }
    }

    fn ask(mut self, question: Question) -> Expr {
        let filter = match self.filters.len() {
            0 => None,
            1 => self.filters.pop(),
            _ => Some(all(self.filters)),
        };
        Expr::leaf(Op::Related(Arc::new(Related::new(
            self.path, question, filter,
        ))))
    }
}

impl Question {
    /// Whether the answer is a number or a value; else it is true or false.
    pub(crate) fn gives_cell(&self) -> bool {
        match self {
            Question::Count | Question::Aggregate(_) => true,
            Question::Any | Question::All(_) => false,
        }
    }
}

impl Related {
    fn new(path: Arc<str>, question: Question, filter: Option<Expr>) -> Self {
        let inner = match &question {
            Question::All(condition) => condition.nesting(),
            Question::Aggregate(aggregate) => aggregate.of.as_ref().map_or(0, Expr::nesting),
            Question::Any | Question::Count => 0,
        };
        let depth = 1 + inner.max(filter.as_ref().map_or(0, Expr::nesting));
        match depth > NESTING_MAX {
            false => Related {
                path,
                question,
                filter,
                depth,
            },
            true => Related {
                path,
                question: Question::Any,
                filter: None,
                depth: NESTING_MAX + 1,
            },
        }
    }

    /// A question that would have been nested too deep was left out.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.depth > NESTING_MAX
    }
}

impl Expr {
    /// Whether it reads more than the columns of its row: it asks about associated rows, or names a column over a path.
    pub(crate) fn reaches(&self, is_column: impl Fn(&str) -> bool) -> bool {
        self.ops.iter().any(|op| match op {
            Op::Related(_) => true,
            Op::Column(name) => name.contains('.') && !is_column(name),
            _ => false,
        })
    }

    /// The paths that it names, those within questions left out: each with the expressions over the rows at its end.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&str, Vec<&Expr>)> {
        self.ops.iter().filter_map(|op| match op {
            Op::Column(name) => Some((name.rsplit_once('.')?.0, Vec::new())),
            Op::Related(related) => {
                let asked = match &related.question {
                    Question::All(condition) => Some(condition),
                    Question::Aggregate(aggregate) => aggregate.of.as_ref(),
                    Question::Any | Question::Count => None,
                };
                let filters = related.filter.iter().chain(asked);
                Some((&*related.path, filters.collect()))
            }
            _ => None,
        })
    }

    /// How deep questions stand in it.
    fn nesting(&self) -> u32 {
        let depths = self.ops.iter().map(|op| match op {
            Op::Related(related) => related.depth,
            _ => 0,
        });
        depths.max().unwrap_or(0)
    }
}

/// `any posts (score > 5)`, `all posts (score > 5)`, `count posts`, `sum(score) of posts`; what it is about stands behind
/// `where`. As deep as questions stand in one another, which is limited.
impl fmt::Display for Related {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.question, &self.filter) {
            (Question::Any, None) => write!(f, "any {path}"),
            (Question::Any, Some(filter)) => write!(f, "any {path} ({filter})"),
            (Question::Count, None) => write!(f, "count {path}"),
            (Question::Count, Some(filter)) => write!(f, "count {path} ({filter})"),
            (Question::Aggregate(aggregate), None) => write!(f, "{aggregate} of {path}"),
            (Question::Aggregate(aggregate), Some(filter)) => {
                write!(f, "{aggregate} of {path} ({filter})")
            }
            (Question::All(condition), None) => write!(f, "all {path} ({condition})"),
            (Question::All(condition), Some(filter)) => {
                write!(f, "all {path} ({condition}) where ({filter})")
            }
        }
    }
}
