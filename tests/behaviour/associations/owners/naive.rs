//! Random verbs on owners beside a list of pairs: the type and the key that each comment holds.

use relata::{Action, Database, Result, Value, select, values};

use super::super::synced;
use super::{commentable, comments, declared, get};

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % limit
    }
}

const NAMES: [&str; 2] = ["Post", "Image"];

// rules: BY-11, TX-3
// Broken: after some sequence of verbs an owner, an include, a count or a list is not what the pairs (type, key) say.
#[test]
fn any_sequence_of_verbs_leaves_what_the_pairs_say() -> Result<()> {
    for seed in 0..40 {
        let mut numbers = Numbers(seed);
        let cascades = seed % 2 == 1;
        let action = if cascades {
            Action::Cascade
        } else {
            Action::SetNull
        };
        let mut db = synced(&declared(commentable().on_delete(action)));
        // The keys that are there of each model, and the owner of each comment that is there.
        let mut owners: [Vec<i64>; 2] = [Vec::new(), Vec::new()];
        let mut pairs: Vec<(i64, Option<(usize, i64)>)> = Vec::new();
        for _ in 0..60 {
            step(&mut db, &mut numbers, &mut owners, &mut pairs, cascades)?;
            check(&mut db, &owners, &pairs)?;
        }
        db.check_integrity().unwrap();
    }
    Ok(())
}

fn step(
    db: &mut Database,
    numbers: &mut Numbers,
    owners: &mut [Vec<i64>; 2],
    pairs: &mut Vec<(i64, Option<(usize, i64)>)>,
    cascades: bool,
) -> Result<()> {
    let kind = usize::try_from(numbers.below(2)).unwrap();
    let verb = numbers.below(9);
    if verb == 0 || owners[kind].is_empty() {
        let made = db.create(NAMES[kind], values! { title: NAMES[kind] })?;
        owners[kind].push(made.get("id")?.as_int().unwrap());
        return Ok(());
    }
    let at = usize::try_from(numbers.below(owners[kind].len().try_into().unwrap())).unwrap();
    let key = owners[kind][at];
    let owner = get(db, NAMES[kind], key);
    if verb == 1 {
        db.destroy(&owner)?;
        owners[kind].remove(at);
        let held = |it: &(i64, Option<(usize, i64)>)| it.1 == Some((kind, key));
        match cascades {
            true => pairs.retain(|it| !held(it)),
            false => pairs
                .iter_mut()
                .filter(|it| held(it))
                .for_each(|it| it.1 = None),
        }
        return Ok(());
    }
    if verb == 2 || pairs.is_empty() {
        let made = db.related(&owner, "comments")?.create(values! {})?;
        pairs.push((made.get("id")?.as_int().unwrap(), Some((kind, key))));
        return Ok(());
    }
    let chosen = usize::try_from(numbers.below(pairs.len().try_into().unwrap())).unwrap();
    let (comment, held) = &mut pairs[chosen];
    let instance = get(db, "Comment", *comment);
    match verb {
        3 => {
            db.related(&instance, "commentable")?.set(&owner)?;
            *held = Some((kind, key));
        }
        4 => {
            db.related(&instance, "commentable")?.set(())?;
            *held = None;
        }
        5 => {
            db.related(&instance, NAMES[kind])?.set(())?;
            *held = held.filter(|it| it.0 != kind);
        }
        6 => {
            db.related(&owner, "comments")?.add(*comment)?;
            *held = Some((kind, key));
        }
        7 => {
            db.related(&owner, "comments")?.remove(*comment)?;
            *held = held.filter(|it| *it != (kind, key));
        }
        _ => {
            db.related(&owner, "comments")?.set(*comment)?;
            for (position, (_, held)) in pairs.iter_mut().enumerate() {
                if position == chosen {
                    *held = Some((kind, key));
                } else if *held == Some((kind, key)) {
                    *held = None;
                }
            }
        }
    }
    Ok(())
}

fn check(
    db: &mut Database,
    owners: &[Vec<i64>; 2],
    pairs: &[(i64, Option<(usize, i64)>)],
) -> Result<()> {
    let snapshot = db.snapshot();
    let rows = select("Comment").include("commentable").run(&snapshot)?;
    let all = db.find_all("Comment")?;
    let each = db.related_each(&all, "commentable")?.one()?;
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable();
    assert_eq!(rows.len(), sorted.len());
    for (position, (comment, held)) in sorted.iter().enumerate() {
        let expected = held.map(|(kind, key)| (NAMES[kind].to_owned(), Value::Int(key)));
        let row = rows.get(position).unwrap();
        assert_eq!(row.get("id")?.as_int(), Some(*comment));
        let included = row.one("commentable")?;
        let included = included.map(|it| (it.model().to_owned(), it.get("id").unwrap().to_value()));
        assert_eq!(included, expected);
        let found = each[position].as_ref();
        let found = found.map(|it| (it.model().to_owned(), it.get("id").unwrap().clone()));
        assert_eq!(found, expected);
    }
    for (kind, keys) in owners.iter().enumerate() {
        for &key in keys {
            let own = sorted.iter().filter(|it| it.1 == Some((kind, key)));
            let expected: Vec<i64> = own.map(|it| it.0).collect();
            let owner = get(db, NAMES[kind], key);
            assert_eq!(comments(db, &owner), expected);
            assert_eq!(db.related(&owner, "comments")?.count()?, expected.len());
        }
    }
    Ok(())
}
