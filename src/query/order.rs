//! By what rows are ordered.

/// One attribute to order by. A text is the attribute, ascending.
///
/// Without a word about nulls they come last when ascending and first when descending, as in PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub(crate) attribute: String,
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

/// By an attribute, from low to high.
pub fn asc(attribute: impl Into<String>) -> Order {
    Order::new(attribute, Direction::Ascending)
}

/// By an attribute, from high to low.
pub fn desc(attribute: impl Into<String>) -> Order {
    Order::new(attribute, Direction::Descending)
}

impl Order {
    fn new(attribute: impl Into<String>, direction: Direction) -> Self {
        Order {
            attribute: attribute.into(),
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

impl<T: Into<String>> From<T> for Order {
    fn from(attribute: T) -> Self {
        asc(attribute)
    }
}
