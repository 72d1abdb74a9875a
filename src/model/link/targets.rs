//! What a verb takes: instances, keys, lists and mixtures of both, or nothing.

use smallvec::SmallVec;

use crate::association::registry::ModelEntry;
use crate::engine::RowId;
use crate::error::{RequestKind, Result};
use crate::model::link::Place;
use crate::model::reader::{Reader, check_key, check_origin};
use crate::model::{Instance, Values};
use crate::value::{Date, Key, Timestamp, Uuid, Value};

/// One target of a verb: an instance, or the values of a key.
///
/// In a list, a target may bring values for its own row of the junction, which go before those given for all:
/// `[(&first, values! { status: "old" }), (&second, values! {})]` (associations BTM-20).
#[derive(Clone, Debug)]
pub struct Target<'t> {
    name: Name<'t>,
    through: Values,
}

#[derive(Clone, Debug)]
enum Name<'t> {
    Instance(&'t Instance),
    Key(Key),
}

/// The targets of a verb. Made of one [`Target`] or of what becomes one, of a list of such, or of nothing: `()`, an
/// empty list, `None`. For a list of both instances and keys see [`targets!`](crate::targets).
///
/// A key is the target's primary key (associations HM-4, BTM-7), but for a `belongs_to`, which stores what it is given
/// (associations BT-7).
#[derive(Clone, Debug, Default)]
pub struct Targets<'t> {
    list: SmallVec<[Target<'t>; 1]>,
}

/// A target as the database knows it.
#[derive(Debug)]
pub(super) enum Found<'t> {
    /// A row.
    Row(RowId),
    /// A key without a row. An instance whose row is gone is one of these.
    Unknown(Key),
    /// An instance that was never saved.
    Unsaved(&'t Instance),
}

impl<'t> Target<'t> {
    /// The instance, if it was given as one.
    pub(super) fn instance(&self) -> Option<&'t Instance> {
        match &self.name {
            Name::Instance(instance) => Some(instance),
            Name::Key(_) => None,
        }
    }

    /// The key, if it was given as one.
    pub(super) fn key(&self) -> Option<&Key> {
        match &self.name {
            Name::Instance(_) => None,
            Name::Key(key) => Some(key),
        }
    }

    /// The values that it brings for its row of the junction.
    pub(super) fn through(&self) -> &Values {
        &self.through
    }

    /// Looks it up among the rows of the target's model, by primary key. What was softly deleted is there for nobody who
    /// writes (associations HM-8, PA-4).
    pub(super) fn find(
        &self,
        reader: Reader<'_>,
        place: Place<'_>,
        model: &ModelEntry,
    ) -> Result<Found<'t>> {
        Ok(match self.find_with_deleted(reader, place, model)? {
            Found::Row(row) if reader.is_deleted(model, row) => {
                Found::Unknown(reader.view(model, row).key())
            }
            found => found,
        })
    }

    /// The same among all rows, those that were softly deleted as well.
    pub(super) fn find_with_deleted(
        &self,
        reader: Reader<'_>,
        place: Place<'_>,
        model: &ModelEntry,
    ) -> Result<Found<'t>> {
        let (key, row) = match &self.name {
            Name::Key(key) => {
                let table = reader.table(model);
                check_key(table, &place, &table.primary_key().columns, key)?;
                (key, reader.snapshot.find(model.table, 0, key))
            }
            Name::Instance(instance) => {
                check_model(reader, place, model, instance)?;
                if !instance.is_saved() {
                    return Ok(Found::Unsaved(instance));
                }
                (instance.key()?, reader.row_of(instance)?)
            }
        };
        Ok(row.map_or_else(|| Found::Unknown(key.clone()), Found::Row))
    }
}

impl<'t> Targets<'t> {
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Target<'t>> {
        self.list.iter()
    }

    /// The one target or none, for an association to one.
    pub(super) fn at_most_one(&self, place: Place<'_>) -> Result<Option<&Target<'t>>> {
        match &self.list[..] {
            [] => Ok(None),
            [target] => Ok(Some(target)),
            several => {
                let detail = format!("takes one target, not {}", several.len());
                Err(place.refuse(RequestKind::Unsupported, detail))
            }
        }
    }
}

/// Refuses an instance of another model than the one that the association leads to (associations BT-13).
pub(super) fn check_model(
    reader: Reader<'_>,
    place: Place<'_>,
    model: &ModelEntry,
    instance: &Instance,
) -> Result<()> {
    check_origin(reader.models, instance)?;
    if instance.model_id() == model.id {
        return Ok(());
    }
    let detail = format!(
        "leads to {}, and this is a {}",
        model.name,
        instance.model()
    );
    Err(place.refuse(RequestKind::Type, detail))
}

impl<'t> From<&'t Instance> for Target<'t> {
    fn from(instance: &'t Instance) -> Self {
        Target {
            name: Name::Instance(instance),
            through: Values::new(),
        }
    }
}

impl<'t> From<&'t mut Instance> for Target<'t> {
    fn from(instance: &'t mut Instance) -> Self {
        Target::from(&*instance)
    }
}

impl From<Key> for Target<'_> {
    fn from(key: Key) -> Self {
        Target {
            name: Name::Key(key),
            through: Values::new(),
        }
    }
}

impl<'t, T: Into<Target<'t>>> From<(T, Values)> for Target<'t> {
    fn from((target, through): (T, Values)) -> Self {
        Target {
            through,
            ..target.into()
        }
    }
}

impl<'t> From<&Target<'t>> for Target<'t> {
    fn from(target: &Target<'t>) -> Self {
        target.clone()
    }
}

macro_rules! target_from_key {
    ($($from:ty),* $(,)?) => {$(
        impl From<$from> for Target<'_> {
            fn from(key: $from) -> Self {
                Target::from(Key::from(Value::from(key)))
            }
        }
    )*};
}

target_from_key!(
    i64, i32, u32, &str, String, &String, Uuid, Timestamp, Date, Value, &Value
);

impl From<&Key> for Target<'_> {
    fn from(key: &Key) -> Self {
        Target::from(key.clone())
    }
}

macro_rules! targets_from_one {
    ($($from:ty),* $(,)?) => {$(
        impl<'t> From<$from> for Targets<'t> {
            fn from(target: $from) -> Self {
                Targets { list: SmallVec::from_iter([target.into()]) }
            }
        }
    )*};
}

targets_from_one!(
    Target<'t>,
    &'t Instance,
    &'t mut Instance,
    Key,
    &Key,
    i64,
    i32,
    u32,
    &str,
    String,
    &String,
    Uuid,
    Timestamp,
    Date,
    Value,
    &Value,
);

impl<'t, T: Into<Target<'t>>> From<(T, Values)> for Targets<'t> {
    fn from(target: (T, Values)) -> Self {
        Target::from(target).into()
    }
}

impl<'t, T: Into<Target<'t>>> From<Vec<T>> for Targets<'t> {
    fn from(targets: Vec<T>) -> Self {
        targets.into_iter().collect()
    }
}

impl<'t, T: Into<Target<'t>>, const LENGTH: usize> From<[T; LENGTH]> for Targets<'t> {
    fn from(targets: [T; LENGTH]) -> Self {
        targets.into_iter().collect()
    }
}

impl<'t, T> From<&'t [T]> for Targets<'t>
where
    &'t T: Into<Target<'t>>,
{
    fn from(targets: &'t [T]) -> Self {
        targets.iter().collect()
    }
}

impl<'t, T> From<&'t Vec<T>> for Targets<'t>
where
    &'t T: Into<Target<'t>>,
{
    fn from(targets: &'t Vec<T>) -> Self {
        targets.iter().collect()
    }
}

impl<'t, T> From<Option<T>> for Targets<'t>
where
    Targets<'t>: From<T>,
{
    fn from(targets: Option<T>) -> Self {
        targets.map_or_else(Targets::default, Targets::from)
    }
}

impl From<()> for Targets<'_> {
    fn from((): ()) -> Self {
        Targets::default()
    }
}

impl<'t, T: Into<Target<'t>>> FromIterator<T> for Targets<'t> {
    fn from_iter<I: IntoIterator<Item = T>>(targets: I) -> Self {
        Targets {
            list: targets.into_iter().map(Into::into).collect(),
        }
    }
}

/// A list of targets in which instances and keys may stand beside each other: `targets![&ada, 7, "key"]`.
#[macro_export]
macro_rules! targets {
    ($($target:expr),* $(,)?) => {{
        let targets: ::std::vec::Vec<$crate::model::Target<'_>> =
            ::std::vec![$($crate::model::Target::from($target)),*];
        $crate::model::Targets::from(targets)
    }};
}

#[doc(inline)]
pub use targets;
