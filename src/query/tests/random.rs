//! Random requests on random rows, against loops over vectors.

use proptest::prelude::*;

use crate::association::link::Link;
use crate::association::registry::{ModelEntry, ModelId};
use crate::error::{ErrorKind, Limit, RequestKind};
use crate::expr::aggregate::{self, AggregateFunction};
use crate::expr::{Expr, RelatedRows, Scope, all, any, col, not, related};
use crate::query::criteria::Criteria;
use crate::query::tests::fixture::{World, uuid};
use crate::query::tests::reference::{Names, Reference, Tree, names_of};
use crate::query::{Include, Order, Record, Records, Select, Strategy, asc, desc, include, select};
use crate::value::{DataType, Value};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    // rules: BY-1, BY-6, BY-8, BY-19
    // Broken: some request gives other rows, or the same in another order.
    #[test]
    fn a_request_finds_what_loops_find(
        rows in proptest::collection::vec(proptest::num::u16::ANY, 0..250),
        request in proptest::collection::vec(proptest::num::u16::ANY, 0..120),
    ) {
        let world = random_world(&mut Choices::new(&rows));
        let request = random_request(&world, &mut Choices::new(&request));
        let reference = Reference::new(&world);
        let model = world.registry.by_name(&request.model).unwrap();
        let expected = reference.roots(model, &request.criteria);
        let found = match request.run(&world) {
            Ok(found) => found,
            // Siblings that one condition is about multiply.
            Err(error) => {
                let limit = RequestKind::Limit(Limit::IncludedRows);
                prop_assert_eq!(error.kind(), ErrorKind::Request(limit));
                return Ok(());
            }
        };
        prop_assert_eq!(&trees(found.iter()), &expected.shown, "{:?}", &request);
        prop_assert_eq!(request.count(&world).unwrap(), expected.count);
        let prepared = request.prepare(&world).unwrap();
        prop_assert_eq!(&trees(prepared.run_owned(&world).unwrap().rows().iter()), &expected.shown);
        let explained = request.explain_analyze(&world).unwrap();
        prop_assert_eq!(explained.root.actual.unwrap().rows, expected.shown.len() as u64);
        for strategy in Strategy::ALL {
            let forced = request.clone().strategy(strategy);
            let found = forced.run(&world).unwrap();
            prop_assert_eq!(&trees(found.iter()), &expected.shown, "{:?}", &forced);
            prop_assert_eq!(forced.count(&world).unwrap(), expected.count, "{:?}", &forced);
            let exists = forced.exists(&world).unwrap();
            prop_assert_eq!(exists, expected.count > 0, "{:?}", &forced);
        }
        let [one, parts] = [Strategy::Sequential, Strategy::Parallel].map(|strategy| {
            let analyzed = request.clone().strategy(strategy).explain_analyze(&world).unwrap();
            analyzed.nodes().map(|node| {
                let actual = node.actual.unwrap();
                (actual.rows, actual.rows_read, actual.probes)
            }).collect::<Vec<_>>()
        });
        prop_assert_eq!(one, parts, "{:?}", &request);
        let mut given = Vec::new();
        let mut parametrized = request;
        parametrize(&mut parametrized.criteria, &mut given);
        let prepared = parametrized.prepare(&world).unwrap();
        let given = || given.iter().map(|(name, value)| (&**name, value.clone()));
        let found = prepared.run_with(&world, given()).unwrap();
        prop_assert_eq!(&trees(found.iter()), &expected.shown, "{:?}", &parametrized);
        prop_assert_eq!(prepared.count_with(&world, given()).unwrap(), expected.count);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    // rules: BY-1, BY-3
    // Broken: an index gives other rows below each row than a sort of all of them would.
    #[test]
    fn the_first_rows_of_an_index_are_what_loops_find(
        rows in proptest::collection::vec(proptest::num::u16::ANY, 150..300),
        request in proptest::collection::vec(proptest::num::u16::ANY, 200..300),
    ) {
        let mut world = random_world(&mut Choices::new(&rows));
        let mut choices = Choices::new(&request);
        for id in 40..40 + choices.int(40) {
            let title = maybe(&mut choices, |it| it.of(&NAMES).into());
            let done = maybe(&mut choices, |it| it.once_in(2).into());
            let user = choices.int(USERS).into();
            let _ = world.try_add("tasks", [id.into(), user, title, done]);
        }
        let task = world.registry.by_name("Task").unwrap();
        let mut few = include("tasks").order_by(random_order("title", &mut choices));
        let mut is_simple = true;
        if choices.once_in(3) {
            few = few.order_by(random_order("done", &mut choices));
            is_simple = false;
        }
        few = few.limit(choices.pick(4)).offset(choices.of(&[0, 0, 1, 2]));
        if choices.once_in(3) {
            few = few.required(true);
        }
        if choices.once_in(2) {
            few = few.filter(random_filter(&world, task, &mut choices, 0));
            is_simple = false;
        }
        let request = select("User").include(few);
        let user = world.registry.by_name("User").unwrap();
        let expected = Reference::new(&world).roots(user, &request.criteria);
        for strategy in [Strategy::InOrder, Strategy::Cheapest, Strategy::Sort] {
            let forced = request.clone().strategy(strategy);
            let found = forced.run(&world).unwrap();
            let plan = forced.explain(&world).unwrap().to_string();
            prop_assert_eq!(&trees(found.iter()), &expected.shown, "{}", &plan);
            let is_first = plan.contains("first of index tasks_user_id_title_done_idx");
            prop_assert!(is_first || !is_simple || strategy != Strategy::InOrder, "{}", &plan);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    // rules: BY-1, BY-3, EL-45
    // Broken: the first children below each row are others than those that are left of all of them.
    #[test]
    fn the_first_children_are_what_loops_find(
        rows in proptest::collection::vec(proptest::num::u16::ANY, 150..300),
        request in proptest::collection::vec(proptest::num::u16::ANY, 300..400),
    ) {
        let mut world = random_world(&mut Choices::new(&rows));
        let mut choices = Choices::new(&request);
        for _ in 0..choices.int(60) {
            let title = maybe(&mut choices, |it| it.of(&NAMES).into());
            let done = maybe(&mut choices, |it| it.once_in(2).into());
            // Far from each other, ids do not give a row its place.
            let id = choices.int(80) * choices.of(&[1, 1, 1, 1, 1, 1, 1, 1, 1, 9_999]);
            let user = choices.int(USERS).into();
            let _ = world.try_add("tasks", [id.into(), user, title, done]);
        }
        let task = world.registry.by_name("Task").unwrap();
        let order = choices.pick(4);
        let mut few = include("tasks");
        few = match order {
            0 => few,
            1 => few.order_by("id"),
            2 => few.order_by(desc("id")),
            _ => few.order_by(desc("id")).order_by(random_order("title", &mut choices)),
        };
        let (limit, offset) = (choices.pick(5), choices.of(&[0, 0, 1, 3]));
        few = few.limit(limit).offset(offset);
        if choices.once_in(2) {
            few = few.filter(random_filter(&world, task, &mut choices, 0));
        }
        if choices.once_in(3) {
            few = few.required(true);
        }
        if choices.once_in(3) {
            few = few.include(include("tags").limit(1));
        }
        let mut users = include("users").include(few);
        if choices.once_in(2) {
            users = users.order_by(desc("id")).limit(1 + choices.pick(3));
        }
        let request = select("Company").include(users);
        let company = world.registry.by_name("Company").unwrap();
        let expected = Reference::new(&world).roots(company, &request.criteria);
        let dense = world.db.ids_are_in_key_order(task.table);
        let stop = match (offset + limit).max(1) {
            1 => "stop: after 1 row per parent".to_owned(),
            rows => format!("stop: after {rows} rows per parent"),
        };
        for strategy in Strategy::ALL {
            let forced = request.clone().strategy(strategy);
            let plan = forced.explain(&world).unwrap();
            let found = forced.run(&world).unwrap();
            prop_assert_eq!(&trees(found.iter()), &expected.shown, "{}", &plan);
            let tasks = plan.nodes().find(|node| node.model == "Task").unwrap();
            let stops = tasks.stops_after.is_some();
            let reads_all = matches!(strategy, Strategy::Rules | Strategy::Sort);
            prop_assert_eq!(stops, dense && !reads_all, "{}", &plan);
            prop_assert!(!stops || plan.to_string().contains(&stop), "{}", &plan);
        }
    }
}

/// Constants become parameters.
fn parametrize(criteria: &mut Criteria, given: &mut Vec<(String, Value)>) {
    for filter in &mut criteria.filters {
        *filter = filter.parametrized(given);
    }
    for include in &mut criteria.includes {
        for filter in &mut include.through_filters {
            *filter = filter.parametrized(given);
        }
        parametrize(&mut include.criteria, given);
    }
    for counted in &mut criteria.counts {
        parametrize(&mut counted.criteria, given);
    }
}

/// Small numbers, one after the other; zeros when there are no more.
struct Choices<'a> {
    left: std::slice::Iter<'a, u16>,
}

impl<'a> Choices<'a> {
    fn new(numbers: &'a [u16]) -> Self {
        Choices {
            left: numbers.iter(),
        }
    }

    /// Below `end`.
    fn pick(&mut self, end: usize) -> usize {
        self.left.next().map_or(0, |&it| usize::from(it)) % end
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.pick(list.len())].clone()
    }

    fn int(&mut self, end: i64) -> i64 {
        i64::try_from(self.pick(usize::try_from(end).unwrap())).unwrap()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.pick(times) + 1 == times
    }
}

/// Few, so that many things are below one of them.
const USERS: i64 = 6;
const NAMES: [&str; 3] = ["Ada", "Bob", "Cy"];
const CODES: [&str; 3] = ["acme", "umbra", "void"];
const COLOURS: [&str; 4] = ["red", "green", "blue", "black"];

/// Rows that refer to others at random; those that may not stand are left out.
fn random_world(choices: &mut Choices<'_>) -> World {
    let mut world = World::empty();
    for name in 0..choices.pick(4) {
        let source = choices.of(&[0, 1, 3, 4]);
        let (length, name) = (1 + choices.pick(4), format!("way{name}"));
        world.add_chain(ModelId(source), &name, length, |own| choices.of(own));
    }
    for code in CODES {
        world.add("companies", [code.into(), code.to_uppercase().into()]);
    }
    for colour in COLOURS {
        world.add("tags", [colour.into()]);
    }
    for _ in 0..4 + choices.pick(8) {
        let row = [
            choices.int(USERS).into(),
            maybe(choices, |it| it.of(&NAMES).into()),
            maybe(choices, |it| it.int(3).into()),
            maybe(choices, |it| it.of(&CODES).into()),
        ];
        let _ = world.try_add("users", row);
    }
    for _ in 0..choices.pick(40) {
        let (table, row): (_, Vec<Value>) = match choices.pick(6) {
            0 => {
                let number = u64::try_from(choices.int(9)).unwrap();
                let user = maybe(choices, |it| it.int(USERS).into());
                (
                    "profiles",
                    vec![uuid(number), user, choices.of(&NAMES).into()],
                )
            }
            1 => {
                let user = maybe(choices, |it| it.int(USERS).into());
                let title = choices.of(&NAMES).into();
                let done = maybe(choices, |it| it.once_in(2).into());
                ("tasks", vec![choices.int(9).into(), user, title, done])
            }
            2 => {
                let pair = [choices.int(9).into(), choices.of(&COLOURS).into()];
                ("task_tags", [&pair[..], &[choices.int(4).into()]].concat())
            }
            3 => {
                let kind = choices.of(&["user", "task"]).into();
                let owner = maybe(choices, |it| it.int(USERS).into());
                (
                    "notes",
                    vec![
                        choices.int(9).into(),
                        kind,
                        owner,
                        choices.of(&NAMES).into(),
                    ],
                )
            }
            4 => {
                let user = maybe(choices, |it| it.int(USERS).into());
                let task = choices.int(9).into();
                ("pins", vec![choices.int(20).into(), user, task])
            }
            _ => {
                let user = maybe(choices, |it| it.of(&NAMES).into());
                ("badges", vec![choices.int(9).into(), user])
            }
        };
        let _ = world.try_add(table, row);
    }
    // Keys that move, and rows that go, so that rows do not stand in key order.
    for table in ["users", "tasks", "notes", "pins"] {
        if choices.once_in(3) {
            let (from, to) = (choices.int(9), choices.int(9) + 9);
            let _ = world.db.update_key(table, from, [("id", Value::from(to))]);
            let _ = world.db.delete_key(table, choices.int(9));
            let _ = world.try_add(table, [choices.int(9).into()]);
        }
    }
    world.db.check_integrity().unwrap();
    world
}

fn maybe(choices: &mut Choices<'_>, value: impl Fn(&mut Choices<'_>) -> Value) -> Value {
    match choices.once_in(4) {
        true => Value::Null,
        false => value(choices),
    }
}

fn random_request(world: &World, choices: &mut Choices<'_>) -> Select {
    let models = world.registry.models();
    let model = &models[choices.of(&[1, 0, 3, 4, 2, 5, 6, 7, 8])];
    let mut request = select(&*model.name);
    request.criteria = random_criteria(world, model, choices, 3);
    request
}

fn random_criteria(
    world: &World,
    model: &ModelEntry,
    choices: &mut Choices<'_>,
    depth: usize,
) -> Criteria {
    let mut criteria = Criteria::default();
    for _ in 0..choices.of(&[0, 0, 1, 1, 2]) {
        criteria
            .filters
            .push(random_filter(world, model, choices, 2));
    }
    for _ in 0..choices.of(&[0, 0, 1, 2]) {
        let name = random_column(world, model, choices, 2).0;
        criteria.order.push(random_order(&name, choices));
    }
    criteria.limit = choices.once_in(4).then(|| choices.pick(4));
    criteria.offset = choices.once_in(4).then(|| choices.pick(3));
    if choices.once_in(4) {
        let name = choices.of(&names_of(model));
        criteria.attributes = Some(vec![name]);
    }
    if depth > 0 && !model.associations().is_empty() {
        for _ in 0..choices.of(&[0, 1, 1, 2]) {
            criteria.include(random_include(world, model, choices, depth - 1));
        }
    }
    if choices.once_in(3) && !model.associations().is_empty() {
        criteria.count(random_count(world, model, choices));
    }
    criteria
}

fn random_order(name: &str, choices: &mut Choices<'_>) -> Order {
    let order = match choices.once_in(2) {
        true => desc(name),
        false => asc(name),
    };
    match choices.pick(4) {
        0 => order.nulls_first(),
        1 => order.nulls_last(),
        _ => order,
    }
}

/// With nothing to it, half of them; otherwise with filters, or something required below.
fn random_count(world: &World, model: &ModelEntry, choices: &mut Choices<'_>) -> Include {
    let association = choices.of(model.associations());
    let target = world.registry.model(association.target);
    let mut counted = include(&*association.key);
    if choices.once_in(2) {
        return counted;
    }
    if choices.once_in(2) {
        counted = counted.filter(random_filter(world, target, choices, 2));
    }
    if let Link::Through(through) = &association.link
        && choices.once_in(2)
    {
        let junction = world.registry.model(through.model);
        counted = counted.through_filter(random_filter(world, junction, choices, 0));
    }
    if !target.associations().is_empty() && choices.once_in(3) {
        let below = include(&*choices.of(target.associations()).key);
        counted = counted.include(below.required(true));
    }
    counted
}

fn random_include(
    world: &World,
    model: &ModelEntry,
    choices: &mut Choices<'_>,
    depth: usize,
) -> Include {
    let association = choices.of(model.associations());
    let target = world.registry.model(association.target);
    let mut include = include(&*association.key);
    include.criteria = random_criteria(world, target, choices, depth);
    include.required = choices.of(&[None, Some(false), Some(true)]);
    if let Link::Through(through) = &association.link
        && choices.once_in(3)
    {
        let junction = world.registry.model(through.model);
        include
            .through_filters
            .push(random_filter(world, junction, choices, 0));
        include.through_attributes = choices.of(&[None, Some(names_of(junction))]);
    }
    include
}

/// With questions in it so deep, and columns over paths if they may be.
fn random_filter(
    world: &World,
    model: &ModelEntry,
    choices: &mut Choices<'_>,
    depth: usize,
) -> Expr {
    let terms = (0..1 + choices.pick(2)).map(|_| random_term(world, model, choices, depth));
    let terms: Vec<Expr> = terms.collect();
    match choices.pick(4) {
        0 => not(all(terms)),
        1 => any(terms),
        _ => all(terms),
    }
}

/// An attribute of a model or, where associations lead on, of what is at the end of a path, and its type.
fn random_column(
    world: &World,
    model: &ModelEntry,
    choices: &mut Choices<'_>,
    steps_max: usize,
) -> (String, DataType) {
    let (mut model, mut path) = (model, String::new());
    for _ in 0..choices.of(&[0, 0, 0, 1, 1, 2]).min(steps_max) {
        if model.associations().is_empty() {
            break;
        }
        let association = choices.of(model.associations());
        path = format!("{path}{}.", association.key);
        model = world.registry.model(association.target);
        if let Some(through) = association.junction()
            && choices.once_in(3)
        {
            model = world.registry.model(through.model);
            path = format!("{path}{}.", model.name);
            break;
        }
    }
    let name = choices.of(&names_of(model));
    let (_, data_type) = Names::new(world, model, None).column(&name).unwrap();
    (format!("{path}{name}"), data_type)
}

/// Something about the rows at the end of a path.
fn random_question(
    world: &World,
    model: &ModelEntry,
    choices: &mut Choices<'_>,
    depth: usize,
) -> Expr {
    let association = choices.of(model.associations());
    let (mut path, mut target) = (association.key.to_string(), association.target);
    let onward = world.registry.model(target).associations();
    if !onward.is_empty() && choices.once_in(3) {
        let association = choices.of(onward);
        path = format!("{path}.{}", association.key);
        target = association.target;
    }
    let target = world.registry.model(target);
    let mut rows = related(path);
    let mut filter = || random_filter(world, target, choices, depth - 1);
    let (first, second) = (filter(), filter());
    if choices.once_in(3) {
        rows = rows.filter(first);
    }
    match choices.pick(8) {
        6 | 7 => random_aggregate(world, target, rows, choices),
        0 => rows.exists(),
        1 => rows.any(second),
        2 => rows.none(second),
        3 => rows.all(second),
        4 => rows.count().ge(choices.int(3)),
        _ => rows.count().eq(choices.int(3)),
    }
}

/// Something about a value of rows.
fn random_aggregate(
    world: &World,
    model: &ModelEntry,
    rows: RelatedRows,
    choices: &mut Choices<'_>,
) -> Expr {
    let name = choices.of(&names_of(model));
    let (_, data_type) = Names::new(world, model, None).column(&name).unwrap();
    let aggregate = match (choices.pick(5), data_type) {
        (0, DataType::Int) => aggregate::sum(name),
        (1, DataType::Int) => aggregate::avg(name),
        (2, _) => aggregate::min(name),
        (3, _) => aggregate::max(name),
        _ => aggregate::count(name),
    };
    let is_number = data_type == DataType::Int || aggregate.function == AggregateFunction::Count;
    let aggregate = match choices.once_in(3) {
        true => aggregate.distinct(),
        false => aggregate,
    };
    let value = rows.aggregate(aggregate);
    match (is_number, choices.pick(3)) {
        (true, 0) => value.ge(choices.int(9)),
        (true, 1) => value.eq(choices.int(4)),
        _ => value.is_null(),
    }
}

fn random_term(world: &World, model: &ModelEntry, choices: &mut Choices<'_>, depth: usize) -> Expr {
    if depth > 0 && !model.associations().is_empty() && choices.once_in(4) {
        return random_question(world, model, choices, depth);
    }
    let (name, data_type) = random_column(world, model, choices, 2 * depth.min(1));
    let value: Value = match data_type {
        DataType::Int => choices.int(9).into(),
        DataType::Text => {
            let texts = [&NAMES[..], &CODES, &COLOURS, &["user"]].concat();
            choices.of(&texts).into()
        }
        DataType::Bool => choices.once_in(2).into(),
        _ => uuid(u64::try_from(choices.int(9)).unwrap()),
    };
    let column = col(name);
    match choices.pick(6) {
        0 => column.is_null(),
        1 => column.lt(value),
        2 => column.ge(value),
        3 => column.is_in([value, Value::Null]),
        _ => column.eq(value),
    }
}

/// A result in the terms of the reference.
fn trees(records: Records<'_>) -> Vec<Tree> {
    records.map(tree_of).collect()
}

fn tree_of(record: Record<'_>) -> Tree {
    let values = |record: Record<'_>| {
        let values = record.attributes();
        values
            .map(|(name, value)| (name.to_owned(), value.to_value()))
            .collect()
    };
    let below = record
        .includes()
        .map(|(include, records)| (include.association.key.to_string(), trees(records)));
    Tree {
        values: values(record),
        through: record.through().map(values),
        below: below.collect(),
        counts: record
            .counts()
            .map(|(include, count)| (include.association.key.to_string(), count))
            .collect(),
    }
}
