//! Foreign keys, declared by attributes or made by associations, and how several declarations of one are merged.

use crate::error::ProblemKind;
use crate::model::resolve::draft::{Choice, DeclaredReference, Defaults, Draft, Model, Reference};

/// The foreign keys that attributes declare by themselves (associations FK-12).
pub(super) fn add_declared(draft: &mut Draft) {
    for child in 0..draft.models.len() {
        for declared in std::mem::take(&mut draft.models[child].declared_references) {
            if let Some(reference) = resolve(child, &declared, draft) {
                add(child, reference, draft);
            }
        }
    }
}

/// One more foreign key of a model. If the model has one over the same attributes, the two are one and what the earlier
/// chooses stands; unless they refer to different attributes, which cannot be (associations FK-4, FK-15). Two that are
/// guarded by different types never speak of the same row, and are two.
pub(super) fn add(child: usize, reference: Reference, draft: &mut Draft) {
    let references = &draft.models[child].references;
    let same = |found: &Reference| {
        found.attributes == reference.attributes && !exclude_each_other(found, &reference)
    };
    let Some(position) = references.iter().position(same) else {
        draft.models[child].references.push(reference);
        return;
    };
    let found = &references[position];
    let differ = (found.parent, &found.parent_attributes, &found.guard)
        != (
            reference.parent,
            &reference.parent_attributes,
            &reference.guard,
        );
    if differ {
        let detail = conflict(child, found, &reference, draft);
        let model = draft.models[child].name.clone();
        draft.report(ProblemKind::Association, model, detail);
        return;
    }
    merge(&mut draft.models[child].references[position], &reference);
}

/// Whether no row can be under both: one type attribute has a different value for each.
fn exclude_each_other(one: &Reference, other: &Reference) -> bool {
    match (&one.guard, &other.guard) {
        (Some(one), Some(other)) => one.attribute == other.attribute && one.value != other.value,
        _ => false,
    }
}

fn merge(earlier: &mut Reference, later: &Reference) {
    merge_choice(&mut earlier.on_delete, later.on_delete);
    merge_choice(&mut earlier.on_update, later.on_update);
    earlier.deferral = earlier.deferral.or(later.deferral);
    earlier.defaults = earlier.defaults.max(later.defaults);
    earlier.to_any_row |= later.to_any_row;
}

fn merge_choice(earlier: &mut Choice, later: Choice) {
    earlier.own = earlier.own.or(later.own);
    earlier.other = earlier.other.or(later.other);
}

fn conflict(child: usize, found: &Reference, reference: &Reference, draft: &Draft) -> String {
    let parent = |of: &Reference| {
        let attributes = draft.attribute_names(of.parent, &of.parent_attributes);
        format!("{}({attributes})", draft.models[of.parent].name)
    };
    format!(
        "{}: foreign key ({}) cannot reference {}, since it references {} by {}; turn constraints off for all but one",
        reference.declared_by,
        draft.attribute_names(child, &reference.attributes),
        parent(reference),
        parent(found),
        found.declared_by,
    )
}

/// The parent by the name of its model or of its table, and the key by that of its attribute or of its column.
fn resolve(child: usize, declared: &DeclaredReference, draft: &mut Draft) -> Option<Reference> {
    let attribute = &draft.models[child].attributes[declared.attribute];
    let declared_by = format!("attribute {}", attribute.name);
    let (parent_name, key_name) = (&declared.parent, &declared.key);
    let problem = match find_model(parent_name, draft) {
        None => {
            format!("{declared_by} references {parent_name}, which is neither a model nor a table")
        }
        Some(parent) => match find_attribute(key_name, &draft.models[parent]) {
            None => {
                format!(
                    "{declared_by} references {key_name} of {parent_name}, which has no such attribute"
                )
            }
            Some(key) => {
                return Some(Reference {
                    attributes: vec![declared.attribute],
                    parent,
                    parent_attributes: vec![key],
                    guard: None,
                    on_delete: Choice::own(declared.on_delete),
                    on_update: Choice::own(declared.on_update),
                    deferral: declared.deferral,
                    to_any_row: declared.to_any_row,
                    defaults: Defaults::Nothing,
                    declared_by,
                });
            }
        },
    };
    let model = draft.models[child].name.clone();
    draft.report(ProblemKind::Unknown, model, problem);
    None
}

fn find_model(name: &str, draft: &Draft) -> Option<usize> {
    let by_table = || draft.models.iter().position(|model| model.table == name);
    draft.by_name.get(name).copied().or_else(by_table)
}

fn find_attribute(name: &str, model: &Model) -> Option<usize> {
    let by_column = || model.attributes.iter().position(|a| a.column() == name);
    model.find(name).or_else(by_column)
}
