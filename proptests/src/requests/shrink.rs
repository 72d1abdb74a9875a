//! Makes a failing case small, for as long as it still fails, and prints it whole. Greedy and blind.

use std::fmt::Write;

use crate::requests::build;
use crate::requests::campaign::{self, Case};
use crate::requests::proof::{Proof, Question};
use crate::requests::request::{Body, Filter, Include, ScopeChoice};
use crate::requests::world::{Sort, World};

/// The smallest failing case that leaving out finds, and how it fails.
pub fn shrink(proof: &mut dyn Proof, message: String, case: Case) -> (String, Case) {
    let mut search = Search {
        proof,
        message,
        case,
        left: 8_000,
    };
    loop {
        let size = size(&search.case);
        drop_parts_of_request(&mut search);
        drop_rows(&mut search);
        drop_declarations(&mut search);
        if self::size(&search.case) >= size {
            return (search.message, search.case);
        }
    }
}

struct Search<'p> {
    proof: &'p mut dyn Proof,
    message: String,
    case: Case,
    /// How many more cases may be tried.
    left: usize,
}

impl Search<'_> {
    /// Takes a case if it still fails, and is not one that may not be declared instead. Gives whether it was taken.
    fn attempt(&mut self, change: impl FnOnce(&mut Case)) -> bool {
        let mut case = self.case.clone();
        change(&mut case);
        if self.left == 0 || size(&case) == size(&self.case) {
            return false;
        }
        self.left -= 1;
        let refused = |message: &str| message.starts_with("declaration");
        match campaign::replay(self.proof, &case) {
            Err(message) if refused(&message) == refused(&self.message) => {
                self.message = message;
                self.case = case;
                true
            }
            _ => false,
        }
    }
}

fn size(case: &Case) -> usize {
    format!("{case:?}").len()
}

fn drop_parts_of_request(search: &mut Search<'_>) {
    let mut number = 0;
    while nth(&mut search.case.question.request.body, &mut number.clone()).is_some() {
        for edit in 0..EDITS {
            for place in (0..4).rev() {
                search.attempt(|case| {
                    let body = &mut case.question.request.body;
                    if let Some(body) = nth(body, &mut number.clone()) {
                        edit_body(body, edit, place);
                    }
                });
            }
        }
        number += 1;
    }
    for place in 0..4 {
        search.attempt(|case| {
            if let Some(cut) = &mut case.question.cut
                && !matches!(cut.filter, Filter::Related(_))
                && let Some(part) = cut.filter.parts().get(place)
            {
                cut.filter = (*part).clone();
            }
        });
    }
}

const EDITS: usize = 18;

/// The body of a number, counted from the root on.
fn nth<'b>(body: &'b mut Body, number: &mut usize) -> Option<&'b mut Body> {
    if *number == 0 {
        return Some(body);
    }
    *number -= 1;
    let of_owners = body.owners.iter_mut().flat_map(|owner| &mut owner.members);
    let mut below = body
        .includes
        .iter_mut()
        .chain(&mut body.counts)
        .chain(of_owners);
    below.find_map(|include| nth(&mut include.body, number))
}

fn edit_body(body: &mut Body, edit: usize, place: usize) {
    let includes = body.includes.len();
    let include = match place < includes {
        true => body.includes.get_mut(place),
        false => body.counts.get_mut(place - includes),
    };
    match edit {
        0 => take(&mut body.includes, place),
        1 => take(&mut body.counts, place),
        2 => take(&mut body.filters, place),
        16 => take(&mut body.owners, place),
        3 => take(&mut body.order, place),
        4 => body.limit = None,
        5 => body.offset = None,
        6 => body.attributes = None,
        7 => body.scope = ScopeChoice::Default,
        8 => body.with_deleted = false,
        9 => {
            if let Some(filter) = body.filters.first_mut()
                && !matches!(filter, Filter::Related(_))
                && let Some(part) = filter.parts().get(place)
            {
                *filter = (*part).clone();
            }
        }
        10 => match body.filters.first_mut() {
            Some(Filter::All(parts) | Filter::Any(parts)) => take(parts, place),
            Some(Filter::Related(related)) => take(&mut related.filters, place),
            _ => {}
        },
        11 => {
            if let Some(attributes) = &mut body.attributes {
                take(attributes, place);
            }
        }
        _ => {
            if let Some(include) = include {
                edit_include(include, edit);
            }
        }
    }
}

fn edit_include(include: &mut Include, edit: usize) {
    match edit {
        12 => include.required = None,
        13 => _ = include.through_filters.pop(),
        14 => include.through_attributes = None,
        17 => include.recursion = None,
        _ => include.through_with_deleted = false,
    }
}

fn drop_rows(search: &mut Search<'_>) {
    for model in 0..search.case.world.models.len() {
        search.attempt(|case| case.world.models[model].passing.clear());
        let mut width = search.case.world.models[model].rows.len();
        while width > 0 {
            let mut end = search.case.world.models[model].rows.len();
            while end > 0 {
                let start = end.saturating_sub(width);
                search.attempt(|case| _ = case.world.models[model].rows.drain(start..end));
                end = start.min(search.case.world.models[model].rows.len());
            }
            width /= 2;
        }
    }
}

fn drop_declarations(search: &mut Search<'_>) {
    for number in (0..search.case.world.associations.len()).rev() {
        search.attempt(|case| case.world.associations[number].condition = None);
        search.attempt(|case| {
            let association = &mut case.world.associations[number];
            if association.owner.is_none() {
                association.scope.clear();
            }
        });
        let unused = {
            let mut used = Vec::new();
            let mut question = search.case.question.clone();
            associations(&mut question, &mut |it| used.push(*it));
            let mut world = search.case.world.clone();
            world.associations_named(&mut |it| used.push(*it));
            !used.contains(&number)
        };
        if unused {
            search.attempt(|case| {
                case.world.associations.remove(number);
                // Those behind it count down.
                let mut show = |it: &mut usize| *it -= usize::from(*it > number);
                associations(&mut case.question, &mut show);
                case.world.associations_named(&mut show);
            });
        }
    }
    for model in 0..search.case.world.models.len() {
        for place in (0..3).rev() {
            search.attempt(|case| take(&mut case.world.models[model].indexes, place));
            search.attempt(|case| take(&mut case.world.models[model].uniques, place));
        }
        search.attempt(|case| case.world.models[model].default_scope = None);
        search.attempt(|case| {
            if let Some(scope) = &mut case.world.models[model].default_scope {
                scope.order.clear();
            }
        });
    }
}

/// Shows the number of every association that a question speaks of.
fn associations(question: &mut Question, show: &mut dyn FnMut(&mut usize)) {
    question.request.body.associations(show);
    if let Some(cut) = &mut question.cut {
        cut.filter.associations(show);
    }
}

fn take<T>(list: &mut Vec<T>, place: usize) {
    if place < list.len() {
        list.remove(place);
    }
}

/// A case as text: what is declared, the rows, and the request.
pub fn show(case: &Case) -> String {
    let mut text = String::new();
    models(&case.world, &mut text);
    for association in &case.world.associations {
        let world = &case.world;
        let name = |model: usize| &world.models[model].name;
        let (holder, parent) = match association.sort {
            Sort::BelongsTo => (association.source, association.target),
            Sort::HasOne | Sort::HasMany => (association.target, association.source),
            Sort::BelongsToMany(_) | Sort::Chain(_) => (association.source, association.target),
        };
        _ = writeln!(
            text,
            "{}.{}({}) as {}, key {:?}, scope {:?} {:?}, {}",
            name(association.source),
            association.sort_name(),
            name(association.target),
            association.alias,
            association.key,
            association.scope,
            association.condition,
            if association.constraints {
                "enforced"
            } else {
                "not enforced"
            },
        );
        if let Sort::Chain(chain) = &association.sort {
            _ = writeln!(text, "  over {chain:?}");
        }
        match association.junction() {
            Some(junction) => {
                _ = writeln!(text, "  through {} {junction:?}", name(junction.model));
            }
            None => _ = writeln!(text, "  {} refers to {}", name(holder), name(parent)),
        }
    }
    for owner in &case.world.owners {
        _ = writeln!(text, "{owner:?}");
    }
    let request = &case.question.request;
    _ = writeln!(text, "{request:?}");
    _ = writeln!(
        text,
        "{:#?}",
        build::request(&case.world, request, &mut None)
    );
    if let Some(cut) = &case.question.cut {
        _ = writeln!(text, "cut {cut:?}");
    }
    text
}

fn models(world: &World, text: &mut String) {
    for model in &world.models {
        _ = writeln!(
            text,
            "{} key {:?}{} unique {:?} soft {} default {:?} scopes {:?}",
            model.name,
            model.key,
            if model.numbered { " numbered" } else { "" },
            model.uniques,
            model.soft_delete,
            model.default_scope,
            model.scopes,
        );
        for index in &model.indexes {
            _ = writeln!(text, "  {index:?}");
        }
        for (at, column) in model.columns.iter().enumerate() {
            let null = if column.nullable { "" } else { " not null" };
            _ = writeln!(text, "  {at}: {} {}{null}", column.name, column.data_type);
        }
        for (what, rows) in [("passing", &model.passing), ("row", &model.rows)] {
            for row in rows {
                let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
                _ = writeln!(text, "  {what} ({})", cells.join(", "));
            }
        }
    }
}
