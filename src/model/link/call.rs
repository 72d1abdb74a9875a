//! Dispatch by the name of an accessor: `getTasks`, `addTask` (associations MX-4).
//!
//! Rust cannot grow methods at run time, so a name that was put together from data, as in the guide's `getItem`, is looked up
//! here; arguments and answers are data too. An argument that the verb has no use for is refused, never left aside.

use crate::association::link::Association;
use crate::association::naming::accessors::Verb;
use crate::association::naming::nearest::nearest;
use crate::association::registry::ModelEntry;
use crate::error::{Error, RequestError, RequestKind, Result};
use crate::model::link::options::{self, option_methods};
use crate::model::link::owner;
use crate::model::link::view::View;
use crate::model::link::{Place, Related, RelatedView, Source, Store, Target, Targets};
use crate::model::reader::Reader;
use crate::model::{Instance, Values};
use crate::query::{Include, include};
use crate::value::Key;

/// What an accessor is called with. Made of what it is about, `()`, a target or several, or values, and extended from
/// there.
///
/// ```
/// use relata::{Arguments, col, values};
///
/// let of_get = Arguments::new().filter(col("done").eq(true)).limit(3);
/// let of_add = Arguments::targets([1, 2]).through(values! { role: "guest" });
/// let of_create = Arguments::from(values! { title: "x" });
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Arguments<'t> {
    targets: Option<Targets<'t>>,
    values: Option<Values>,
    through: Values,
    options: Include,
    destroy_previous: bool,
}

/// What an accessor gives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// The target of an association to one, after `get` and `set`; what was created.
    One(Option<Instance>),
    /// The targets of an association to many, after `get` and `set`; the rows of the junction that `add` inserted.
    Many(Vec<Instance>),
    /// How many there are, or for how many `remove` ended the association.
    Count(usize),
    /// Whether all are associated.
    Has(bool),
}

/// The method that calls an accessor, for a [`Store`].
macro_rules! call_method {
    () => {
        /// Calls an accessor by its name, such as `getTasks`, with arguments as data.
        ///
        /// ```
        /// use relata::{Answer, Attribute, BelongsTo, DataType, Models, values};
        ///
        /// let mut models = Models::new();
        /// for name in ["post", "image"] {
        ///     models.define_with(name, |it| it.attribute(Attribute::new("title", DataType::Text)));
        /// }
        /// models.define_with("comment", |it| it.attribute(Attribute::new("commentable", DataType::Text)));
        /// for name in ["post", "image"] {
        ///     let to = BelongsTo::new(name).foreign_key("commentable_id").constraints(false);
        ///     models.belongs_to("comment", to);
        /// }
        /// let mut db = models.sync()?;
        /// let image = db.create("image", values! { title: "Sunset" })?;
        /// let comment = db.create("comment", values! { commentable: "image", commentable_id: 1 })?;
        ///
        /// // The guide's `getItem`: the accessor's name is made of the comment's own data.
        /// let accessor = if comment.get("commentable")? == &"post".into() { "getPost" } else { "getImage" };
        /// assert_eq!(db.call(&comment, accessor, ())?, Answer::One(Some(image)));
        /// # Ok::<(), relata::Error>(())
        /// ```
        ///
        /// # Errors
        ///
        /// `UnknownAccessor`, with the nearest names; `Unsupported` for an argument that the accessor has no use for;
        /// otherwise as the verb of [`Related`].
        pub fn call<'a, 't>(
            &'a mut self,
            source: impl Into<Source<'a>>,
            accessor: &str,
            arguments: impl Into<$crate::model::Arguments<'t>>,
        ) -> Result<$crate::model::Answer> {
            $crate::model::Answer::of_call(self, source.into(), accessor, arguments.into())
        }
    };
}

pub(in crate::model) use call_method;

impl<'t> Arguments<'t> {
    /// None.
    pub fn new() -> Self {
        Arguments {
            targets: None,
            values: None,
            through: Values::new(),
            // The accessor says which association.
            options: include(String::new()),
            destroy_previous: false,
        }
    }

    /// These targets: for `set`, `add`, `remove` and `has`.
    pub fn targets(targets: impl Into<Targets<'t>>) -> Self {
        Arguments {
            targets: Some(targets.into()),
            ..Arguments::new()
        }
    }

    /// These values: for `create`.
    pub fn values(values: impl Into<Values>) -> Self {
        Arguments {
            values: Some(values.into()),
            ..Arguments::new()
        }
    }

    /// With attributes for the rows of the junction: for `set`, `add` and `create`.
    pub fn through(mut self, values: impl Into<Values>) -> Self {
        self.through = values.into();
        self
    }

    /// See [`Related::destroy_previous`]: for `set` and `remove`.
    pub fn destroy_previous(mut self) -> Self {
        self.destroy_previous = true;
        self
    }

    option_methods!();

    /// Refuses what was given and is none of these.
    fn require_only(&self, used: &[Part], place: Place<'_>, accessor: &str) -> Result<()> {
        let given = [
            (Part::Targets, self.targets.is_some()),
            (Part::Values, self.values.is_some()),
            (Part::Through, !self.through.is_empty()),
            (Part::Options, !options::are_none(&self.options)),
            (Part::DestroyPrevious, self.destroy_previous),
        ];
        for (part, given) in given {
            if given && !used.contains(&part) {
                let detail = format!("{accessor} has no use for {}", part.as_str());
                return Err(place.refuse(RequestKind::Unsupported, detail));
            }
        }
        Ok(())
    }
}

/// A part of the arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Targets,
    Values,
    Through,
    Options,
    DestroyPrevious,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Part::Targets => "targets",
            Part::Values => "values",
            Part::Through => "attributes of a junction",
            Part::Options => "options of reading",
            Part::DestroyPrevious => "destroy_previous",
        }
    }

    fn of(verb: Verb) -> &'static [Part] {
        match verb {
            Verb::Get | Verb::Count => &[Part::Options],
            Verb::Has => &[Part::Targets, Part::Options],
            Verb::Set => &[Part::Targets, Part::Through, Part::DestroyPrevious],
            Verb::Add => &[Part::Targets, Part::Through],
            Verb::Remove => &[Part::Targets, Part::DestroyPrevious],
            Verb::Create => &[Part::Values, Part::Through],
        }
    }
}

impl Answer {
    /// The one instance, or the first of several.
    pub fn into_one(self) -> Option<Instance> {
        match self {
            Answer::One(one) => one,
            Answer::Many(many) => many.into_iter().next(),
            Answer::Count(_) | Answer::Has(_) => None,
        }
    }

    /// All instances.
    pub fn into_many(self) -> Vec<Instance> {
        match self {
            Answer::One(one) => one.into_iter().collect(),
            Answer::Many(many) => many,
            Answer::Count(_) | Answer::Has(_) => Vec::new(),
        }
    }

    pub(in crate::model) fn of_call(
        store: &mut dyn Store,
        source: Source<'_>,
        accessor: &str,
        arguments: Arguments<'_>,
    ) -> Result<Answer> {
        let (key, association, verb) = find(store.reader(), source.instance(), accessor)?;
        if is_reading(verb) {
            return Answer::read(store.reader(), source.instance(), accessor, arguments);
        }
        let (key, single) = (key.to_owned(), association.is_single());
        let place = Place::new(store.reader(), association);
        arguments.require_only(Part::of(verb), place, accessor)?;
        let mut related = Related::new(store, source, &key)?;
        related.destroy_previous = arguments.destroy_previous;
        let targets = arguments.targets.unwrap_or_default();
        Ok(match verb {
            Verb::Set if single => {
                let mut now = related.set_with(targets, arguments.through)?;
                Answer::One(now.pop())
            }
            Verb::Set => Answer::Many(related.set_with(targets, arguments.through)?),
            Verb::Add => Answer::Many(related.add_with(targets, arguments.through)?),
            Verb::Remove => Answer::Count(related.remove(targets)?),
            Verb::Create => {
                let values = arguments.values.unwrap_or_default();
                Answer::One(Some(related.create_with(values, arguments.through)?))
            }
            // Answered above.
            Verb::Get | Verb::Has | Verb::Count => Answer::One(None),
        })
    }

    pub(in crate::model) fn read(
        reader: Reader<'_>,
        source: &Instance,
        accessor: &str,
        arguments: Arguments<'_>,
    ) -> Result<Answer> {
        let (_, association, verb) = find(reader, source, accessor)?;
        let place = Place::new(reader, association);
        if !is_reading(verb) {
            let detail = format!("{accessor} writes, and a snapshot is for reading");
            return Err(place.refuse(RequestKind::Unsupported, detail));
        }
        arguments.require_only(Part::of(verb), place, accessor)?;
        let view = View::of(reader, source, association);
        let view = RelatedView::with(view, arguments.options);
        Ok(match verb {
            Verb::Get if association.is_single() => Answer::One(view.one()?),
            Verb::Get => Answer::Many(view.get()?),
            Verb::Count => Answer::Count(view.count()?),
            _ => Answer::Has(view.has(arguments.targets.unwrap_or_default())?),
        })
    }
}

fn is_reading(verb: Verb) -> bool {
    match verb {
        Verb::Get | Verb::Has | Verb::Count => true,
        Verb::Set | Verb::Add | Verb::Remove | Verb::Create => false,
    }
}

/// The association or owner of an accessor by its key, the association to read along, and the verb.
fn find<'m>(
    reader: Reader<'m>,
    source: &Instance,
    accessor: &str,
) -> Result<(&'m str, &'m Association, Verb)> {
    let model = reader.model_of(source)?;
    if let Some((association, found)) = model.find_accessor(accessor) {
        return Ok((&association.key, association, found.verb));
    }
    match model.find_owner_accessor(accessor) {
        Some((owner, found)) => {
            let association = owner::followed(reader, source, owner)?;
            Ok((&owner.key, association, found.verb))
        }
        None => Err(unknown(model, accessor)),
    }
}

/// The error for a name that is no accessor, with those that it is most like (associations MX-4).
fn unknown(model: &ModelEntry, accessor: &str) -> Error {
    let mut detail = format!("no accessor {accessor}");
    if model.find_attribute(accessor).is_some() {
        detail.push_str(": it is an attribute");
    } else {
        let associations = model.associations().iter();
        let names = associations.flat_map(|association| association.accessors.iter());
        let of_owners = model.owners().iter().flat_map(|it| it.accessors.iter());
        let names = names.chain(of_owners);
        let near = nearest(accessor, names.map(|accessor| accessor.name.as_str()));
        if let [first, rest @ ..] = &near[..] {
            detail.push_str(&format!("; did you mean {first}"));
            for name in rest {
                detail.push_str(&format!(" or {name}"));
            }
            detail.push('?');
        }
    }
    RequestError::new(RequestKind::UnknownAccessor, &*model.name, detail).into()
}

impl Default for Arguments<'_> {
    fn default() -> Self {
        Arguments::new()
    }
}

/// Nothing: no options for what reads, no targets for what writes.
impl From<()> for Arguments<'_> {
    fn from((): ()) -> Self {
        Arguments::new()
    }
}

impl From<Values> for Arguments<'_> {
    fn from(values: Values) -> Self {
        Arguments::values(values)
    }
}

impl<'t> From<Targets<'t>> for Arguments<'t> {
    fn from(targets: Targets<'t>) -> Self {
        Arguments::targets(targets)
    }
}

macro_rules! arguments_from_target {
    ($($from:ty),* $(,)?) => {$(
        impl<'t> From<$from> for Arguments<'t> {
            fn from(target: $from) -> Self {
                Arguments::targets(Target::from(target))
            }
        }
    )*};
}

arguments_from_target!(&'t Instance, Key, i64, i32, &str);

impl<'t, T: Into<Target<'t>>> From<Vec<T>> for Arguments<'t> {
    fn from(targets: Vec<T>) -> Self {
        Arguments::targets(targets)
    }
}

impl<'t, T: Into<Target<'t>>, const LENGTH: usize> From<[T; LENGTH]> for Arguments<'t> {
    fn from(targets: [T; LENGTH]) -> Self {
        Arguments::targets(targets)
    }
}
