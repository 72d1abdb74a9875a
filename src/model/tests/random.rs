//! Random declarations: whatever is declared, resolving it gives problems or a registry that fits its schema.

use super::{int, text};
use crate::association::link::{Association, Hop, Link};
use crate::association::{
    BelongsTo, BelongsToMany, Chain, HasMany, HasOne, KeyAttribute, Through, Uniqueness,
};
use crate::model::Models;
use crate::model::resolve::Resolved;
use crate::schema::{Action, Table, UniqueDef};
use crate::value::DataType;

const MODELS: [&str; 4] = ["user", "Task", "region", "membership"];
const ALIASES: [&str; 4] = ["one", "Twos", "threes", "id"];
/// Keys that associations often have.
const STEPS: [&str; 8] = [
    "one",
    "Twos",
    "threes",
    "user",
    "users",
    "Tasks",
    "region",
    "memberships",
];
const KEYS: [&str; 5] = ["userId", "fk_a", "fk_b", "code", "id"];

/// Few names, so that everything meets everything: shared keys, pairs, collisions, rings.
fn declare(random: &mut fastrand::Rng) -> Models {
    let mut models = Models::new();
    for name in MODELS {
        models.define_with(name, |mut model| {
            model = model.timestamps(random.bool()).underscored(random.bool());
            let mut code = text("code");
            if random.u8(..12) == 0 {
                code = code.references(pick(random, &MODELS), "id");
            }
            match random.u8(..4) {
                0 => model.attribute(code.primary_key()),
                1 => model
                    .attribute(code.primary_key())
                    .attribute(int("n").primary_key()),
                2 => model.attribute(code).unique(UniqueDef::new(["code"])),
                _ => model.attribute(code.field("c").unique()),
            }
        });
    }
    for _ in 0..random.usize(1..5) {
        associate(&mut models, random);
    }
    // Mostly none, as most of them are over what is not there.
    for _ in 0..random.usize(..6).saturating_sub(3) {
        let steps = (0..random.usize(1..4)).map(|_| pick(random, &STEPS));
        let mut chain = Chain::new(steps.collect::<Vec<_>>());
        if random.bool() {
            chain = chain.alias(pick(random, &ALIASES));
        }
        models.chain(pick(random, &MODELS), chain);
    }
    models
}

fn pick<'a>(random: &mut fastrand::Rng, names: &[&'a str]) -> &'a str {
    names[random.usize(..names.len())]
}

macro_rules! with_options {
    ($declaration:expr, $random:expr) => {{
        let mut declaration = $declaration.constraints($random.u8(..3) > 0);
        if $random.bool() {
            declaration = declaration.alias(pick($random, &ALIASES));
        }
        declaration = match $random.u8(..9) {
            0 => declaration.foreign_key(pick($random, &KEYS)),
            1 => declaration.foreign_key(KeyAttribute::unnamed().not_null()),
            2 => declaration.foreign_key([pick($random, &KEYS), "second"]),
            _ => declaration,
        };
        match $random.u8(..6) {
            0 => declaration.on_delete(Action::Restrict),
            1 => declaration.on_delete("set null"),
            _ => declaration,
        }
    }};
}

fn associate(models: &mut Models, random: &mut fastrand::Rng) {
    let (source, target) = (pick(random, &MODELS), pick(random, &MODELS));
    let keys: &[&str] = match random.u8(..8) {
        0 => &["code"],
        1 => &["code", "n"],
        _ => &[],
    };
    let keys = keys.iter().copied();
    match random.u8(..5) {
        0 => models.belongs_to(
            source,
            with_options!(BelongsTo::new(target).target_keys(keys), random),
        ),
        1 => models.has_one(
            source,
            with_options!(HasOne::new(target).source_keys(keys), random),
        ),
        2 => {
            let many = HasMany::new(target).source_keys(keys).scope("code", "x");
            models.has_many(source, with_options!(many, random))
        }
        _ => {
            let junction = pick(random, &["membership", "made"]);
            let through = match random.u8(..4) {
                0 => Through::new(junction).scope("code", "x"),
                1 => Through::new(junction).unique(Uniqueness::Off),
                _ => Through::new(junction),
            };
            let linked = BelongsToMany::new(target)
                .through(through)
                .target_keys(keys);
            models.belongs_to_many(source, with_options!(linked, random))
        }
    };
}

fn check(resolved: &Resolved) {
    let (schema, registry) = (&resolved.schema, &resolved.registry);
    assert_eq!(resolved.models.len(), registry.models().len());
    for model in registry.models() {
        let table = schema.table(model.table);
        let visible = table.columns.iter().filter(|column| !column.hidden).count();
        assert_eq!(model.attributes().len(), visible);
        for association in model.associations() {
            let same = |found: &&std::sync::Arc<Association>| found.key == association.key;
            assert_eq!(model.associations().iter().filter(same).count(), 1);
            assert!(model.find_attribute(&association.key).is_none());
            check_link(association, resolved);
        }
    }
}

fn check_link(association: &Association, resolved: &Resolved) {
    let table_of = |id| resolved.schema.table(resolved.registry.model(id).table);
    let (source, target) = (table_of(association.source), table_of(association.target));
    match &association.link {
        Link::ToParent(hop) => {
            check_hop(hop, source, target, resolved);
            assert_eq!(hop.index, None);
        }
        Link::ToChildren(hop) => {
            check_hop(hop, target, source, resolved);
            assert_eq!(hop.index.is_some(), hop.key.is_none());
        }
        Link::Through(through) => {
            let table = table_of(through.model);
            check_hop(&through.own, table, source, resolved);
            check_hop(&through.other, table, target, resolved);
            assert_eq!(through.own.index.is_some(), through.own.key.is_none());
        }
        Link::Chain(steps) => {
            let mut at = association.source;
            for step in steps {
                assert_eq!(step.source, at);
                check_link(step, resolved);
                at = step.target;
            }
            assert_eq!(at, association.target);
        }
    }
}

fn check_hop(hop: &Hop, child: &Table, parent: &Table, resolved: &Resolved) {
    let same = |columns: &[u32]| {
        let in_hop = |column| hop.parent_columns.contains(column);
        columns.len() == hop.parent_columns.len() && columns.iter().all(in_hop)
    };
    // A key to any row has no edges, and finds its parents by an index (beyond BY-18).
    let unique = parent.keys.iter().any(|key| same(&key.columns));
    let found = || parent.indexes.iter().any(|index| same(&index.columns));
    assert!(unique || hop.key.is_none() && found());
    let data_type =
        |table: &Table, column: u32| -> DataType { table.columns[column as usize].data_type };
    for (&from, &to) in hop.child_columns.iter().zip(&hop.parent_columns) {
        assert_eq!(data_type(child, from), data_type(parent, to));
    }
    if let Some(id) = hop.key {
        let key = resolved.schema.foreign_key(id);
        assert_eq!((key.child, key.parent), (child.id, parent.id));
        assert_eq!(key.child_columns, hop.child_columns);
    }
    if let Some(index) = hop.index {
        assert!(child.indexes[index].columns.ends_with(&hop.child_columns));
    }
}

// rules: AS-5, AS-6, FK-5
// Broken: some combination of options panics, or gives a registry whose ids and ordinals are not those of its schema.
#[test]
fn whatever_is_declared_is_refused_or_fits() {
    let (mut stands, mut refused) = (0, 0);
    for seed in 0..2_000 {
        let models = declare(&mut fastrand::Rng::with_seed(seed));
        let before = models.clone();
        match models.resolve() {
            Ok(resolved) => {
                check(&resolved);
                stands += 1;
            }
            Err(error) => {
                assert!(!error.as_declaration().unwrap().problems.is_empty());
                refused += 1;
            }
        }
        assert_eq!(models, before, "seed {seed}");
    }
    assert!(
        stands > 100 && refused > 100,
        "{stands} stand, {refused} are refused"
    );
}
