//! Values with what is to be created below them, as they are given to a nested creation.
//!
//! A tree is plain data and holds names; creating it checks them. Trees nest at most as deep as includes: what would be
//! deeper is left out while the tree is built, and noted, so that cloning, printing and dropping one never go deeper, and
//! creating it is an error.

use std::borrow::Cow;

use crate::model::Values;
use crate::query::{DEPTH_MAX, Include};
use crate::value::Value;

/// Attributes of one row to be, and the rows to be of its associations, by name.
///
/// ```
/// use relata::tree;
///
/// let chair = tree! {
///     title: "Chair",
///     user: { name: "Mick", addresses: [{ city: "Austin" }, { city: "Tulsa" }] },
/// };
/// let addresses = ["Austin", "Tulsa"].map(|city| tree! { city: city });
/// let same = tree! { title: "Chair", user: tree! { name: "Mick" }.with("addresses", addresses) };
/// assert_eq!(format!("{chair:?}"), format!("{same:?}"));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Tree {
    pub(super) parts: Vec<(Cow<'static, str>, Part)>,
    /// None for every association that is named.
    pub(super) includes: Option<Vec<Include>>,
    /// How many levels of trees there are below.
    depth: u32,
    /// A tree that would have been nested too deep was left out.
    pub(super) too_deep: bool,
}

/// What stands under a name in a [`Tree`].
#[derive(Clone, Debug)]
pub enum Part {
    /// The value of an attribute, or null where an association is to have nothing.
    Value(Value),
    /// The row of an association to one, or the attributes of the junction's row.
    One(Tree),
    /// The rows of an association to many, in their order.
    Many(Vec<Tree>),
}

impl Tree {
    /// Nothing given.
    pub fn new() -> Self {
        Tree::default()
    }

    /// One more value, tree or list of trees.
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, part: impl Into<Part>) -> Self {
        self.push(name, part);
        self
    }

    /// One more value, tree or list of trees.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, part: impl Into<Part>) {
        let part = part.into();
        let trees = match &part {
            Part::Value(_) => &[],
            Part::One(tree) => std::slice::from_ref(tree),
            Part::Many(trees) => &trees[..],
        };
        let depth = trees.iter().map(|tree| tree.depth + 1).max();
        self.too_deep |= trees.iter().any(|tree| tree.too_deep);
        match depth {
            Some(depth) if depth > DEPTH_MAX => self.too_deep = true,
            _ => {
                self.depth = self.depth.max(depth.unwrap_or(0));
                self.parts.push((name.into(), part));
            }
        }
    }

    /// Only these associations are created, with what they include; what is given for others is left out (associations
    /// CR-1). Without this, whatever is named is created.
    pub fn including(mut self, includes: impl IntoIterator<Item = impl Into<Include>>) -> Self {
        self.includes = Some(includes.into_iter().map(Into::into).collect());
        self
    }

    /// Whether it has values alone.
    pub(super) fn is_flat(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.all(|(_, part)| matches!(part, Part::Value(_)))
    }
}

impl From<Values> for Tree {
    fn from(values: Values) -> Self {
        let mut tree = Tree::new();
        values
            .into_iter()
            .for_each(|(name, value)| tree.push(name, value));
        tree
    }
}

impl<V: Into<Value>> From<V> for Part {
    fn from(value: V) -> Self {
        Part::Value(value.into())
    }
}

impl From<Tree> for Part {
    fn from(tree: Tree) -> Self {
        Part::One(tree)
    }
}

impl From<Option<Tree>> for Part {
    fn from(tree: Option<Tree>) -> Self {
        tree.map_or(Part::Value(Value::Null), Part::One)
    }
}

impl From<Values> for Part {
    fn from(values: Values) -> Self {
        Part::One(values.into())
    }
}

impl<T: Into<Tree>> From<Vec<T>> for Part {
    fn from(trees: Vec<T>) -> Self {
        Part::Many(trees.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Tree>, const LENGTH: usize> From<[T; LENGTH]> for Part {
    fn from(trees: [T; LENGTH]) -> Self {
        Part::Many(trees.into_iter().map(Into::into).collect())
    }
}

/// A [`Tree`](crate::Tree) as it is thought: `name: value`, `name: { .. }` for one row below, `name: [{ .. }, { .. }]` for
/// several; `"any text" => ..` where the name is no Rust identifier.
///
/// ```
/// use relata::tree;
///
/// let post = tree! {
///     title: "On trees",
///     tags: [{ name: "rust" }, { name: "orm", "PostTag" => { note: "by hand" } }],
///     author: None::<relata::Tree>,
/// };
/// assert!(format!("{post:?}").contains("by hand"));
/// ```
#[macro_export]
macro_rules! tree {
    () => { $crate::model::Tree::new() };
    (@given $tree:ident $(,)?) => { $tree };
    (@given $tree:ident $name:ident : { $($inner:tt)* } $(, $($rest:tt)*)?) => {{
        $tree.push(stringify!($name), $crate::model::tree! { $($inner)* });
        $crate::model::tree!(@given $tree $($($rest)*)?)
    }};
    (@given $tree:ident $name:ident : [ $({ $($inner:tt)* }),* $(,)? ] $(, $($rest:tt)*)?) => {{
        let trees: ::std::vec::Vec<$crate::model::Tree> = ::std::vec![$($crate::model::tree! { $($inner)* }),*];
        $tree.push(stringify!($name), trees);
        $crate::model::tree!(@given $tree $($($rest)*)?)
    }};
    (@given $tree:ident $name:ident : $part:expr $(, $($rest:tt)*)?) => {{
        $tree.push(stringify!($name), $part);
        $crate::model::tree!(@given $tree $($($rest)*)?)
    }};
    (@given $tree:ident $name:expr => { $($inner:tt)* } $(, $($rest:tt)*)?) => {{
        $tree.push($name, $crate::model::tree! { $($inner)* });
        $crate::model::tree!(@given $tree $($($rest)*)?)
    }};
    (@given $tree:ident $name:expr => [ $({ $($inner:tt)* }),* $(,)? ] $(, $($rest:tt)*)?) => {{
        let trees: ::std::vec::Vec<$crate::model::Tree> = ::std::vec![$($crate::model::tree! { $($inner)* }),*];
        $tree.push($name, trees);
        $crate::model::tree!(@given $tree $($($rest)*)?)
    }};
    (@given $tree:ident $name:expr => $part:expr $(, $($rest:tt)*)?) => {{
        $tree.push($name, $part);
        $crate::model::tree!(@given $tree $($($rest)*)?)
    }};
    ($($given:tt)+) => {{
        let mut tree = $crate::model::Tree::new();
        $crate::model::tree!(@given tree $($given)+)
    }};
}

#[doc(inline)]
pub use tree;
