//! By what rows are ordered.

use crate::expr::{Expr, Operand};

/// One attribute or expression to order by. A text is the attribute, ascending.
///
/// Without a word about nulls they come last when ascending and first when descending, as in PostgreSQL.
///
/// The name of an attribute that the request works out
/// ([`with_attribute`](crate::query::Select::with_attribute)) is that attribute; and an expression may stand here itself,
/// `desc(col("price") * col("amount"))` or `desc(related("posts").count())`. It is worked out once for each row that is
/// ordered.
///
/// An attribute may stand at the end of a path of associations (`company.name`), or in the junction on its way
/// (`tags.PostTag.weight`; inside an include of tags `PostTag.weight`). Rows without anything there have a null. Over an
/// association to many:
///
/// - a row comes where the first of its joined rows does: by the lowest value when ascending, by the highest when descending;
/// - the rows of that association are in the same order, if they are included without an order of their own;
/// - a limit takes rows by the other keys, and these only say in which order they come (associations EL-41).
///
/// ```
/// use relata::{Attribute, BelongsTo, DataType, HasMany, Models, desc, include, select, values};
///
/// let mut models = Models::new();
/// models.define_with("User", |user| user.attribute(Attribute::new("name", DataType::Text)));
/// models.define_with("Post", |post| post.attribute(Attribute::new("score", DataType::Int)));
/// models.has_many("User", HasMany::new("Post").alias("posts"));
/// models.belongs_to("Post", BelongsTo::new("User").alias("author").foreign_key("UserId"));
/// let mut db = models.sync()?;
/// for (name, scores) in [("Ada", [3, 9]), ("Bob", [12, 1])] {
///     let mut user = db.create("User", values! { name: name })?;
///     for score in scores {
///         db.related(&mut user, "posts")?.create(values! { score: score })?;
///     }
/// }
///
/// let best = select("User").order_by(desc("posts.score")).include("posts").run_owned(&db)?;
/// let mut shown = Vec::new();
/// for user in &best.rows() {
///     for post in user.many("posts")? {
///         shown.push((user.get_as::<String>("name")?, post.get_as::<i64>("score")?));
///     }
/// }
/// assert_eq!(shown, [("Bob".into(), 12), ("Bob".into(), 1), ("Ada".into(), 9), ("Ada".into(), 3)]);
/// let by_author = select("Post").order_by(desc("author.name")).order_by("score").run_owned(&db)?;
/// assert_eq!(by_author.rows().first().unwrap().get_as::<i64>("score")?, 1);
/// # Ok::<(), relata::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// An attribute or a path to one, or what is worked out.
    pub(crate) by: Expr,
    pub(crate) direction: Direction,
    pub(crate) nulls: Option<Nulls>,
}

/// From low to high, or from high to low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From low to high.
    #[default]
    Ascending,
    /// From high to low.
    Descending,
}

/// Where nulls stand in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before all values.
    First,
    /// After all values.
    Last,
}

/// By an attribute, or a path to one, or by an expression, from low to high.
pub fn asc(by: impl Into<Operand>) -> Order {
    Order::new(by, Direction::Ascending)
}

/// By an attribute, or a path to one, or by an expression, from high to low.
pub fn desc(by: impl Into<Operand>) -> Order {
    Order::new(by, Direction::Descending)
}

impl Order {
    fn new(by: impl Into<Operand>, direction: Direction) -> Self {
        Order {
            by: by.into().expr,
            direction,
            nulls: None,
        }
    }

    /// With nulls before all values.
    pub fn nulls_first(mut self) -> Self {
        self.nulls = Some(Nulls::First);
        self
    }

    /// With nulls after all values.
    pub fn nulls_last(mut self) -> Self {
        self.nulls = Some(Nulls::Last);
        self
    }

    /// Where nulls stand, said or not (associations EL-32).
    pub(crate) fn nulls(&self) -> Nulls {
        self.nulls.unwrap_or(match self.direction {
            Direction::Ascending => Nulls::Last,
            Direction::Descending => Nulls::First,
        })
    }
}

impl<T: Into<Operand>> From<T> for Order {
    fn from(by: T) -> Self {
        asc(by)
    }
}
