//! Models that watch: every hook that there is, and a rule that always holds.
//!
//! They must change nothing, so a graph that is watched has to do what the reference says like any other. What they can
//! see for themselves they check: whether an instance is saved, whether it is what its row is, and whether what a verb
//! said would join and leave has joined and left. What they find wrong they refuse, which the reference does not expect.

use relata::error::Error;
use relata::{Change, HookContext, HookEvent, Instance, Key, ModelDef, Result, all, select};

use crate::associations::graph::{Association, Graph, Sort};

/// A model of a graph that is watched.
pub(super) fn watch(definition: ModelDef, name: &str, graph: &Graph) -> ModelDef {
    let definition = definition
        .validate("always", all([]))
        .before_validate(changes_nothing)
        .after_validate(changes_nothing)
        .before_create(unsaved)
        .after_create(as_stored)
        .before_update(changes_nothing)
        // An instance that was read before others wrote keeps what it knows.
        .after_update(changes_nothing)
        .before_destroy(as_stored)
        .after_destroy(gone)
        .before_bulk_create(|hook, several| several.iter_mut().try_for_each(|it| unsaved(hook, it)))
        .after_bulk_create(each_as_stored)
        .before_bulk_update(|_, _| Ok(()))
        .after_bulk_update(each_as_stored)
        .before_bulk_destroy(each_as_stored)
        .after_bulk_destroy(|hook, several| several.iter_mut().try_for_each(|it| gone(hook, it)));
    let own = graph.associations.iter().filter(|it| it.source == name);
    own.fold(definition, |definition, association| {
        let alias = &association.alias;
        let [own, same] = [association.clone(), association.clone()];
        definition
            .before_change(alias, move |hook, change| before(hook, change, &own))
            .after_change(alias, move |hook, change| after(hook, change, &same))
    })
}

fn changes_nothing(_: &mut HookContext<'_, '_>, _: &mut Instance) -> Result<()> {
    Ok(())
}

fn unsaved(hook: &mut HookContext<'_, '_>, instance: &mut Instance) -> Result<()> {
    expect(hook, !instance.is_saved(), "is saved before it is created")
}

fn as_stored(hook: &mut HookContext<'_, '_>, instance: &mut Instance) -> Result<()> {
    let is_there = stored(hook, instance.model())?.contains(instance);
    expect(hook, is_there, "is not what its row is")
}

fn each_as_stored(hook: &mut HookContext<'_, '_>, several: &mut [Instance]) -> Result<()> {
    several.iter_mut().try_for_each(|it| as_stored(hook, it))
}

fn gone(hook: &mut HookContext<'_, '_>, instance: &mut Instance) -> Result<()> {
    let stored = hook.find(instance.model(), instance.key()?)?;
    expect(hook, stored.is_none(), "is there after it was destroyed")
}

fn before(
    hook: &mut HookContext<'_, '_>,
    change: Change<'_>,
    association: &Association,
) -> Result<()> {
    let changes = !change.joining.is_empty() || !change.leaving.is_empty();
    expect(hook, changes, "a change without anything that changes")?;
    // Of several targets of a `has_one` all leave, and one is shown.
    if matches!(association.sort, Sort::HasOne) || !change.source.is_saved() {
        return Ok(());
    }
    let now = associated(hook, &change)?;
    let were_there = keys(change.leaving).all(|key| now.contains(key));
    expect(hook, were_there, "what leaves was not there")
}

fn after(
    hook: &mut HookContext<'_, '_>,
    change: Change<'_>,
    association: &Association,
) -> Result<()> {
    let by_value = match &association.sort {
        Sort::BelongsToMany(junction) => !junction.other.refers.is_empty(),
        Sort::BelongsTo => !association.key.refers.is_empty(),
        Sort::HasOne | Sort::HasMany => false,
    };
    // Rows with one value are associated together, and a source that was not saved cannot be asked.
    if by_value || !change.source.is_saved() {
        return Ok(());
    }
    // Nor can one that was destroyed, as its own previous target or along with one.
    let sources = stored(hook, change.source.model())?;
    if !sources.iter().any(|it| it.key() == change.source.key()) {
        return Ok(());
    }
    let now = associated(hook, &change)?;
    // What joins may take the key of what was destroyed for it.
    let mut left = keys(change.leaving).filter(|key| !keys(change.joining).any(|it| it == *key));
    let stayed = left.any(|key| now.contains(key));
    expect(hook, !stayed, "what was to leave is still there")?;
    // A scope may leave out what was added, and of several targets of a single association one is shown.
    if association.scope.is_empty() && !association.sort.is_single() {
        let joined = keys(change.joining).all(|key| now.contains(key));
        expect(hook, joined, "what was to join is not there")?;
    }
    Ok(())
}

/// Every row of a model, whatever scopes say, and softly deleted or not.
fn stored(hook: &HookContext<'_, '_>, model: &str) -> Result<Vec<Instance>> {
    hook.find_selected(&select(model).unscoped().with_deleted())
}

fn keys(instances: &[Instance]) -> impl Iterator<Item = &Key> {
    instances.iter().filter_map(|it| it.key().ok())
}

/// The keys of what is associated now.
fn associated(hook: &HookContext<'_, '_>, change: &Change<'_>) -> Result<Vec<Key>> {
    let view = hook.related_view(change.source, change.association)?;
    Ok(keys(&view.unscoped().get()?).cloned().collect())
}

fn expect(hook: &HookContext<'_, '_>, holds: bool, otherwise: &str) -> Result<(), Error> {
    let event: HookEvent = hook.event();
    match holds {
        true => Ok(()),
        false => Err(hook.refuse(format!("{event:?}: {otherwise}"))),
    }
}
