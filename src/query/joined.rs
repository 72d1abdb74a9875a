//! A result as flat rows, as a JOIN in SQL gives them (associations EL-16).
//!
//! The result itself stays factorised (beyond BY-17): joined rows are made one at a time by turning the positions of the
//! levels like the wheels of a counter, the last include fastest. Nothing is recursive and nothing is built per level.
//!
//! Each root stands in as many rows as its includes multiply to, and at least in one: where an include has no row, its
//! cells are null. What only decides about other rows (associations EL-14) has no cells and multiplies nothing.

use std::fmt;
use std::ops::Range;

use smallvec::SmallVec;

use crate::error::{RequestError, RequestKind, Result};
use crate::query::Rows;
use crate::query::shape::Side;
use crate::value::ValueRef;

/// A result to be read as joined rows. See [`Rows::joined`].
#[derive(Debug)]
pub struct Joined<'r> {
    rows: &'r Rows<'r>,
    names: Vec<String>,
    cells: Vec<Cell>,
    /// Before the first row.
    wheels: Vec<Wheel>,
}

/// The joined rows of a result, in its order.
#[derive(Clone, Debug)]
pub struct JoinedRows<'j> {
    joined: &'j Joined<'j>,
    wheels: Vec<Wheel>,
    state: State,
}

/// One joined row: a cell for each attribute of the root and of every include.
#[derive(Clone)]
pub struct JoinedRow<'j> {
    joined: &'j Joined<'j>,
    /// By wheel; none where an include has no row.
    positions: SmallVec<[Option<usize>; 8]>,
}

/// Where the cells of one name are.
#[derive(Clone, Copy, Debug)]
struct Cell {
    wheel: usize,
    node: usize,
    source: Source,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Attribute(Side, u32),
    /// The number of rows of the node below.
    Count,
}

/// The rows of a node under the present row of its parent node.
#[derive(Clone, Debug)]
struct Wheel {
    node: usize,
    /// The wheel of the parent node; none at the root.
    parent: Option<usize>,
    left: Range<usize>,
    position: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Unread,
    Reading,
    Ended,
}

impl<'s> Rows<'s> {
    /// The result as flat rows, as joins in SQL give them: each root once for every combination of the rows that were
    /// included below it, with nulls where there are none. The first include varies slowest.
    ///
    /// Cells are named as attributes of the root (`name`), of includes with their path (`tasks.title`), and of junction
    /// rows with the model between (`tags.PostTag.weight`); counts as `_count.tasks`. There are as many rows as the includes
    /// multiply to: for most purposes the tree is better.
    ///
    /// ```
    /// # use relata::{HasMany, Models, include, select, tree, Attribute, DataType};
    /// # let mut models = Models::new();
    /// # models.define_with("User", |it| it.attribute(Attribute::new("name", DataType::Text)).timestamps(false));
    /// # models.define_with("Task", |it| it.attribute(Attribute::new("title", DataType::Text)).timestamps(false));
    /// # models.has_many("User", HasMany::new("Task").alias("tasks"));
    /// # let mut db = models.sync()?;
    /// db.create_tree("User", tree! { name: "Ada", tasks: [{ title: "think" }, { title: "write" }] })?;
    /// db.create_tree("User", tree! { name: "Bob" })?;
    ///
    /// let rows = select("User").attributes(["name"]).include(include("tasks").attributes(["title"])).run(&db)?;
    /// let joined = rows.joined();
    /// assert_eq!(joined.names(), ["name", "tasks.title"]);
    /// let titles: Vec<_> = joined.iter().map(|row| row.get("tasks.title").map(|it| it.to_value())).collect::<relata::Result<_>>()?;
    /// assert_eq!(titles, ["think".into(), "write".into(), relata::Value::Null]);
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn joined(&self) -> Joined<'_> {
        let mut joined = Joined {
            rows: self,
            names: Vec::new(),
            cells: Vec::new(),
            wheels: Vec::new(),
        };
        // Of each node that is part of the result its wheel, and the path to its cells.
        let mut shown: Vec<Option<(usize, String)>> = Vec::new();
        for node in 0..self.plan().nodes.len() {
            let include = self.plan().node(node).include.as_ref();
            let above = include.and_then(|it| Some((it, shown[it.parent].clone()?)));
            shown.push(match above {
                None if include.is_some() => None,
                None => Some(joined.add_node(node, None, String::new())),
                Some((include, (wheel, path))) if include.counted => {
                    let name = format!("{path}_count.{}", include.association.key);
                    joined.add(name, wheel, node, Source::Count);
                    None
                }
                Some((include, _)) if include.hidden => None,
                Some((include, (wheel, path))) => {
                    let path = format!("{path}{}.", include.association.key);
                    Some(joined.add_node(node, Some(wheel), path))
                }
            });
        }
        joined
    }
}

impl Joined<'_> {
    /// The names of the cells, in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The joined rows. Each costs O(cells) at most.
    pub fn iter(&self) -> JoinedRows<'_> {
        JoinedRows {
            joined: self,
            wheels: self.wheels.clone(),
            state: State::Unread,
        }
    }

    fn add(&mut self, name: String, wheel: usize, node: usize, source: Source) {
        self.names.push(name);
        self.cells.push(Cell {
            wheel,
            node,
            source,
        });
    }

    /// A wheel for a node, with the cells of its rows and of the junction rows that come with them.
    fn add_node(&mut self, node: usize, parent: Option<usize>, path: String) -> (usize, String) {
        let (plan, wheel) = (self.rows.plan(), self.wheels.len());
        self.wheels.push(Wheel {
            node,
            parent,
            left: 0..0,
            position: None,
        });
        let sides = match plan.node(node).junction {
            Some(_) => &[Side::Target, Side::Junction][..],
            None => &[Side::Target][..],
        };
        for &side in sides {
            let (model, attributes) = plan.shape(node, side);
            let between = match side {
                Side::Target => String::new(),
                Side::Junction => format!("{}.", model.name),
            };
            for &ordinal in &attributes.ordinals {
                let name = model.attribute_of(ordinal).map_or("", |it| &*it.name);
                let source = Source::Attribute(side, ordinal);
                self.add(format!("{path}{between}{name}"), wheel, node, source);
            }
        }
        (wheel, path)
    }
}

impl<'j> JoinedRows<'j> {
    /// Turns the last wheel that has something left, and winds those behind it.
    fn turn(&mut self) -> bool {
        for turned in (0..self.wheels.len()).rev() {
            if let Some(position) = self.wheels[turned].left.next() {
                self.wheels[turned].position = Some(position);
                return self.wind(turned + 1);
            }
        }
        false
    }

    /// Puts the wheels from here on at their first rows. Whether there is a row at all.
    fn wind(&mut self, first: usize) -> bool {
        for wound in first..self.wheels.len() {
            let wheel = &self.wheels[wound];
            let mut left = match wheel.parent {
                None => 0..self.joined.rows.len(),
                Some(parent) => match self.wheels[parent].position {
                    None => 0..0,
                    Some(position) => self.joined.rows.level(wheel.node).range(position),
                },
            };
            let position = left.next();
            let wheel = &mut self.wheels[wound];
            (wheel.left, wheel.position) = (left, position);
        }
        self.wheels
            .first()
            .is_some_and(|root| root.position.is_some())
    }
}

impl<'j> JoinedRow<'j> {
    /// The cell of this name.
    ///
    /// # Errors
    /// `UnknownColumn`.
    pub fn get(&self, name: &str) -> Result<ValueRef<'j>> {
        let position = self.joined.names.iter().position(|it| it == name);
        let position = position.ok_or_else(|| {
            let detail = format!("no cell {name} in the joined rows");
            RequestError::new(
                RequestKind::UnknownColumn,
                self.joined.rows.plan().root_name(),
                detail,
            )
        })?;
        Ok(self.value(self.joined.cells[position]))
    }

    /// The names and values of the cells, in their order.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = (&'j str, ValueRef<'j>)> + '_ {
        let names = self.joined.names.iter().map(String::as_str);
        names.zip(self.joined.cells.iter().map(|cell| self.value(*cell)))
    }

    fn value(&self, cell: Cell) -> ValueRef<'j> {
        let Some(position) = self.positions[cell.wheel] else {
            return ValueRef::Null;
        };
        let level = self.joined.rows.level(cell.node);
        match cell.source {
            Source::Attribute(Side::Target, ordinal) => level.rows.value(position, ordinal),
            Source::Attribute(Side::Junction, ordinal) => {
                let junction = level.junction.as_ref();
                junction.map_or(ValueRef::Null, |rows| rows.value(position, ordinal))
            }
            Source::Count => {
                let count = i64::try_from(level.range(position).len());
                ValueRef::Int(count.unwrap_or(i64::MAX))
            }
        }
    }
}

impl<'j> Iterator for JoinedRows<'j> {
    type Item = JoinedRow<'j>;

    fn next(&mut self) -> Option<JoinedRow<'j>> {
        let moved = match self.state {
            State::Unread => self.wind(0),
            State::Reading => self.turn(),
            State::Ended => false,
        };
        self.state = match moved {
            true => State::Reading,
            false => State::Ended,
        };
        moved.then(|| JoinedRow {
            joined: self.joined,
            positions: self.wheels.iter().map(|wheel| wheel.position).collect(),
        })
    }
}

impl<'j> IntoIterator for &'j Joined<'_> {
    type Item = JoinedRow<'j>;
    type IntoIter = JoinedRows<'j>;

    fn into_iter(self) -> JoinedRows<'j> {
        self.iter()
    }
}

impl fmt::Debug for JoinedRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.cells()).finish()
    }
}
