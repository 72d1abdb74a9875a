//! What is called how where a declaration leaves it open: NM-3, NM-11 to NM-13 and BTM-4, for the plain English names that
//! graphs have.

use crate::associations::graph::{Association, Graph, Junction, Key, PrimaryKey, Sort};

/// The name of an association without an alias: a form of its target's.
pub fn association_name(sort: &Sort, target: &str) -> String {
    match sort.is_single() {
        true => target.to_owned(),
        false => format!("{target}s"),
    }
}

/// The names of an association's key, if it gives none and nobody else does.
pub fn default_names(graph: &Graph, association: &Association) -> Vec<String> {
    let (parent, stem) = match &association.sort {
        Sort::BelongsTo if association.aliased => (&association.target, &association.alias),
        Sort::BelongsTo => (&association.target, &association.target),
        Sort::HasOne if association.aliased => (&association.source, &association.alias),
        Sort::HasOne | Sort::HasMany | Sort::BelongsToMany(_) => {
            (&association.source, &association.source)
        }
    };
    let of_junction = matches!(association.sort, Sort::BelongsToMany(_));
    joined(stem, &parts(graph, parent, &association.key, of_junction))
}

/// The names of a junction's key to the target, if nobody gives any.
pub fn default_other_names(
    graph: &Graph,
    association: &Association,
    junction: &Junction,
) -> Vec<String> {
    let stem = match association.source == association.target {
        true => &association.alias,
        false => &association.target,
    };
    joined(
        stem,
        &parts(graph, &association.target, &junction.other, true),
    )
}

/// Whether every name that is left open is what the graph says.
pub fn are_consistent(graph: &Graph) -> bool {
    graph.associations.iter().all(|association| {
        let named = association.aliased
            || association.alias == association_name(&association.sort, &association.target);
        let own =
            association.key.named || association.key.names == default_names(graph, association);
        let other = match &association.sort {
            Sort::BelongsToMany(junction) if !junction.other.named => {
                let names = match other_side(graph, association, junction) {
                    Some(names) => names.to_vec(),
                    None => default_other_names(graph, association, junction),
                };
                junction.other.names == names
            }
            _ => true,
        };
        named && own && other
    })
}

/// BTM-4: the key that the same relation names from the other side.
fn other_side<'g>(
    graph: &'g Graph,
    association: &Association,
    junction: &Junction,
) -> Option<&'g [String]> {
    let mut others = graph.associations.iter().filter(|other| match &other.sort {
        Sort::BelongsToMany(found) => {
            found.through == junction.through
                && other.alias != association.alias
                && (&other.source, &other.target) == (&association.target, &association.source)
        }
        _ => false,
    });
    let named = others.find(|other| other.key.named)?;
    Some(&named.key.names)
}

/// D4: a single attribute is called after the primary key, whatever it holds, but in a junction.
fn parts(graph: &Graph, parent: &str, key: &Key, of_junction: bool) -> Vec<String> {
    let primary: &[&str] = match graph.model(parent).map(|model| model.key) {
        Some(PrimaryKey::Numbered | PrimaryKey::Int) => &["number"],
        Some(PrimaryKey::Text) => &["name"],
        Some(PrimaryKey::Pair) => &["left", "right"],
        Some(PrimaryKey::Undeclared) | None => &["id"],
    };
    let primary = primary.iter().map(|&name| name.to_owned());
    let primary: Vec<String> = primary.collect();
    match (key.refers.len(), primary.len()) {
        (0, _) => primary,
        (1, 1) if !of_junction => primary,
        _ => key.refers.clone(),
    }
}

fn joined(stem: &str, parts: &[String]) -> Vec<String> {
    let name = |part: &String| {
        let (first, rest) = part.split_at(1);
        format!("{stem}{}{rest}", first.to_uppercase())
    };
    parts.iter().map(name).collect()
}
