//! Which attributes of a row are part of a result: those that are columns, and those that are worked out.
//!
//! A computed attribute has an ordinal beyond all columns, so that whatever goes through the attributes of a row goes
//! through these as well. Its values are worked out once, for the rows of its node that are left, and stand beside the
//! levels. How is for `reach` to find out: it may read associated rows.

use crate::association::registry::ModelEntry;
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::Expr;
use crate::query::criteria::Criteria;

/// The first ordinal that is no column's: a table has fewer.
const COMPUTED: u32 = 1 << 16;

/// Which attributes of a row are part of the result.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Their ordinals, in the order asked for.
    pub(crate) ordinals: Vec<u32>,
    /// All that are columns are among them.
    pub(crate) all: bool,
    /// The names of those that are worked out: the first values that the node works out, in their order.
    pub(crate) computed: Vec<String>,
}

/// Which computed attribute an ordinal means; none for a column.
#[inline(always)]
pub(crate) fn computed_position(ordinal: u32) -> Option<usize> {
    ordinal.checked_sub(COMPUTED).map(|it| it as usize)
}

impl Shown {
    /// Columns by name, each once, in this order; all if none are named.
    ///
    /// # Errors
    /// `UnknownColumn`.
    pub(crate) fn columns(model: &ModelEntry, names: Option<&[String]>) -> Result<Self> {
        let ordinals = match names {
            None => model.attributes().iter().map(|it| it.ordinal).collect(),
            Some(names) => {
                let mut ordinals = Vec::with_capacity(names.len());
                for name in names {
                    let ordinal = model.attribute(name)?.ordinal;
                    if !ordinals.contains(&ordinal) {
                        ordinals.push(ordinal);
                    }
                }
                ordinals
            }
        };
        Ok(Shown {
            ordinals,
            all: names.is_none(),
            computed: Vec::new(),
        })
    }

    /// What a request asks for: first what it lists, then without what it excludes, then with what is worked out.
    ///
    /// # Errors
    /// `UnknownColumn`, and `Repeated` for a name that two attributes would have.
    pub(crate) fn of(model: &ModelEntry, criteria: &Criteria) -> Result<Self> {
        let mut shown = Shown::columns(model, criteria.attributes.as_deref())?;
        for name in &criteria.excluded {
            let ordinal = model.attribute(name)?.ordinal;
            shown.ordinals.retain(|it| *it != ordinal);
            shown.all = false;
        }
        for ((name, _), ordinal) in criteria.computed.iter().zip(COMPUTED..) {
            shown.refuse_repeated(model, name)?;
            shown.ordinals.push(ordinal);
            shown.computed.push(name.clone());
        }
        Ok(shown)
    }

    /// Leaves those that are columns.
    pub(crate) fn without_computed(&mut self) {
        self.computed.clear();
        self.ordinals.retain(|&it| computed_position(it).is_none());
    }

    /// The name of an attribute.
    pub(crate) fn name<'a>(&'a self, model: &'a ModelEntry, ordinal: u32) -> &'a str {
        match computed_position(ordinal) {
            Some(position) => &self.computed[position],
            None => model.attribute_of(ordinal).map_or("", |it| &it.name),
        }
    }

    /// The ordinal of a computed attribute.
    pub(crate) fn find_computed(&self, name: &str) -> Option<u32> {
        let mut named = (COMPUTED..).zip(&self.computed);
        named.find(|(_, it)| *it == name).map(|(at, _)| at)
    }

    fn refuse_repeated(&self, model: &ModelEntry, name: &str) -> Result<()> {
        let column = model.find_attribute(name);
        let is_column = column.is_some_and(|it| self.ordinals.contains(&it.ordinal));
        let owner = model.associations().iter().any(|it| *it.key == *name);
        if !is_column && !owner && self.find_computed(name).is_none() {
            return Ok(());
        }
        let detail = format!("a computed attribute {name} beside another of that name");
        Err(RequestError::new(RequestKind::Repeated, &*model.name, detail).into())
    }
}

/// One more computed attribute; of two with one name the later one counts.
pub(crate) fn add_computed(computed: &mut Vec<(String, Expr)>, name: String, expr: Expr) {
    match computed.iter_mut().find(|(it, _)| *it == name) {
        Some((_, known)) => *known = expr,
        None => computed.push((name, expr)),
    }
}
