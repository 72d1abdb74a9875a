//! Makes a failing run small: drops steps, parts of steps, associations, their options and models, for as long as it
//! still fails. Greedy and blind.

use crate::associations::graph::{Graph, Sort};
use crate::associations::machine::{self, Difference, Program};
use crate::associations::names;
use crate::associations::steps::{Call, Named, Step};
use crate::shape::Timing;

/// The smallest failing run that dropping finds, and its failure.
pub fn shrink(difference: Difference) -> Difference {
    let mut search = Search {
        smallest: difference,
        left: 6_000,
    };
    loop {
        let size = size(&search.smallest.program);
        drop_steps(&mut search);
        drop_parts_of_steps(&mut search);
        drop_declarations(&mut search);
        if self::size(&search.smallest.program) >= size {
            return search.smallest;
        }
    }
}

struct Search {
    smallest: Difference,
    /// How many more programs may be tried.
    left: usize,
}

/// Takes a program if it still fails. One that may not be declared, or not for the same reason, is no smaller case.
fn attempt(search: &mut Search, change: impl FnOnce(&mut Program)) {
    if search.left == 0 {
        return;
    }
    search.left -= 1;
    let mut program = search.smallest.program.clone();
    change(&mut program);
    if !names::are_consistent(&program.graph) {
        return;
    }
    let refused = |message: &str| message.starts_with("declaration");
    let declares = refused(&search.smallest.message);
    match machine::replay(&program) {
        Ok(_) => {}
        Err(message) if refused(&message) != declares => {}
        Err(message) if declares && message != search.smallest.message => {}
        Err(message) if message.starts_with("panic: graphs name") => {}
        Err(message) => search.smallest = Difference { message, program },
    }
}

fn size(program: &Program) -> usize {
    format!("{program:?}").len()
}

fn drop_steps(search: &mut Search) {
    let mut width = search.smallest.program.steps.len().div_ceil(2);
    while width > 0 {
        let mut end = search.smallest.program.steps.len();
        while end > 0 {
            let start = end.saturating_sub(width);
            attempt(search, |program| _ = program.steps.drain(start..end));
            end = start.min(search.smallest.program.steps.len());
        }
        width /= 2;
    }
}

fn drop_parts_of_steps(search: &mut Search) {
    for position in 0..search.smallest.program.steps.len() {
        for part in (0..6).rev() {
            attempt(search, |program| match &mut program.steps[position] {
                Step::Create { values, .. }
                | Step::Update { values, .. }
                | Step::EditJunction { values, .. } => take(values, part),
                Step::Call(call) => drop_part_of_call(call, part),
                _ => {}
            });
        }
        for part in (0..4).rev() {
            attempt(search, |program| {
                if let Step::Call(call) = &mut program.steps[position] {
                    take(&mut call.targets, part);
                }
            });
            attempt(search, |program| {
                if let Step::Call(call) = &mut program.steps[position]
                    && let Some(target) = call.targets.get_mut(part)
                {
                    target.through.clear();
                }
            });
        }
    }
}

fn drop_part_of_call(call: &mut Call, part: usize) {
    match part {
        0 => call.attributes = None,
        1 => call.filter = None,
        2 => call.destroy_previous = false,
        _ => take(&mut call.values, part - 3),
    }
    if let (Some(attributes), true) = (&mut call.attributes, part > 2) {
        let attributes: &mut Named = attributes;
        take(attributes, part - 3);
    }
}

fn drop_declarations(search: &mut Search) {
    attempt(search, |program| program.graph.watched = false);
    for position in (0..search.smallest.program.graph.associations.len()).rev() {
        attempt(search, |program| {
            _ = program.graph.associations.remove(position);
            drop_models(&mut program.graph);
        });
    }
    for position in 0..search.smallest.program.graph.associations.len() {
        for option in 0..11 {
            attempt(search, |program| {
                drop_option(&mut program.graph, position, option)
            });
        }
    }
    for position in 0..search.smallest.program.graph.models.len() {
        attempt(search, |program| {
            program.graph.models[position].default_scope = None;
        });
        attempt(search, |program| {
            program.graph.models[position].soft_delete = false;
        });
        for attribute in (0..5).rev() {
            attempt(search, |program| {
                take(&mut program.graph.models[position].attributes, attribute);
            });
        }
    }
}

fn drop_option(graph: &mut Graph, position: usize, option: usize) {
    let association = &mut graph.associations[position];
    match option {
        0 => association.on_delete = None,
        1 => association.on_update = None,
        2 => association.scope.clear(),
        3 => association.timing = Timing::Immediate,
        4 => association.key.nullable = None,
        5 => association.key.default = None,
        6 => association.key.unique = false,
        _ => {
            if let Sort::BelongsToMany(junction) = &mut association.sort {
                match option {
                    7 => junction.scope.clear(),
                    8 => junction.unique = None,
                    9 => junction.soft_delete = false,
                    _ => junction.other.nullable = None,
                }
            }
        }
    }
}

/// Drops models that no association speaks of.
fn drop_models(graph: &mut Graph) {
    let associations = graph.associations.clone();
    graph.models.retain(|model| {
        associations.iter().any(|association| {
            let through = match &association.sort {
                Sort::BelongsToMany(junction) => junction.through == model.name,
                _ => false,
            };
            association.source == model.name || association.target == model.name || through
        })
    });
}

fn take<T>(list: &mut Vec<T>, part: usize) {
    if part < list.len() {
        list.remove(part);
    }
}
