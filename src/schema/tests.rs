//! What a schema is made of, what is refused, and in which order its tables come.

use std::sync::Arc;

use super::{
    Action, CheckDef, ColumnDef, DefaultValue, Deferral, ForeignKeyDef, IndexDef, IndexKind,
    Schema, SchemaBuilder, TableDef, TableId, UniqueDef,
};
use crate::error::{ErrorKind, Problem, ProblemKind, RequestKind};
use crate::expr::{col, val};
use crate::value::{DataType, Value};

fn int(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Int)
}

fn text(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Text)
}

/// A table with an `id` and, for each parent, a column `<parent>_id` that refers to it.
fn table(name: &str, parents: &[&str]) -> TableDef {
    let start = TableDef::new(name).column(int("id").auto_increment().primary_key());
    parents.iter().fold(start, |table, parent| {
        let column = format!("{parent}_id");
        table
            .column(int(&column))
            .foreign_key(ForeignKeyDef::new([column]).references(*parent, ["id"]))
    })
}

fn tables(definitions: impl IntoIterator<Item = TableDef>) -> SchemaBuilder {
    definitions
        .into_iter()
        .fold(Schema::builder(), SchemaBuilder::table)
}

fn schema(definitions: impl IntoIterator<Item = TableDef>) -> Schema {
    tables(definitions).build().unwrap()
}

fn problems(definitions: impl IntoIterator<Item = TableDef>) -> Vec<Problem> {
    let error = tables(definitions).build().unwrap_err();
    error.as_declaration().unwrap().problems.clone()
}

/// The only problem, as `kind: message`.
fn problem(definitions: impl IntoIterator<Item = TableDef>) -> String {
    let found = problems(definitions);
    assert_eq!(found.len(), 1, "{found:?}");
    format!("{:?}: {}", found[0].kind, found[0])
}

fn order(schema: &Schema) -> Vec<&str> {
    names(schema, schema.sync_order().unwrap())
}

fn names(schema: &Schema, order: Vec<TableId>) -> Vec<&str> {
    order
        .into_iter()
        .map(|id| &*schema.table(id).name)
        .collect()
}

/// `regions` with a key of two columns, to be referred to.
fn regions() -> TableDef {
    TableDef::new("regions")
        .column(text("country").not_null())
        .column(int("code"))
        .column(text("name"))
        .primary_key(["code", "country"])
}

/// `cities`, which refers to `regions` with the columns in another order than its key.
fn cities(columns: [&str; 2], parent_columns: [&str; 2]) -> TableDef {
    TableDef::new("cities")
        .column(text("region_country"))
        .column(int("region_code"))
        .column(int("code"))
        .primary_key(["code"])
        .foreign_key(ForeignKeyDef::new(columns).references("regions", parent_columns))
}

#[test]
fn names_become_ids_and_ordinals() {
    let schema = schema([
        table("posts", &["authors"])
            .column(text("slug").not_null().default("none").unique())
            .column(ColumnDef::new("at", DataType::Timestamp).default_now())
            .column(ColumnDef::new("token", DataType::Uuid).default_uuid())
            .unique(UniqueDef::new(["slug", "at"]).nulls_not_distinct())
            .index(IndexDef::new(["at", "slug"]).descending(["at"]))
            .index(IndexDef::new(["token"]).hash().named("by_token")),
        table("authors", &[]),
    ]);
    let posts = schema.table(schema.table_id("posts").unwrap());
    assert_eq!(posts.id.index(), 0);
    assert_eq!(posts.column("slug").unwrap(), 2);
    assert_eq!(posts.auto_increment, Some(0));
    assert_eq!(posts.data_types().len(), 5);

    let slug = &posts.columns[2];
    assert!(!slug.nullable && !slug.hidden);
    assert_eq!(slug.default.constant(), Value::from("none"));
    assert_eq!(posts.columns[3].default, DefaultValue::Now);
    assert_eq!(posts.columns[4].default, DefaultValue::RandomUuid);

    let keys: Vec<_> = posts.keys.iter().map(|k| (&*k.name, &*k.columns)).collect();
    assert_eq!(
        keys,
        [
            ("posts_pkey", &[0][..]),
            ("posts_slug_key", &[2]),
            ("posts_slug_at_key", &[2, 3])
        ]
    );
    assert!(posts.keys[1].nulls_distinct && !posts.keys[2].nulls_distinct);

    let [by_time, by_token] = &posts.indexes[..] else {
        panic!("{:?}", posts.indexes)
    };
    assert_eq!(
        (&*by_time.name, by_time.kind),
        ("posts_at_slug_idx", IndexKind::Ordered)
    );
    assert_eq!(
        (&*by_time.columns, &*by_time.descending),
        (&[3, 2][..], &[true, false][..])
    );
    assert_eq!(
        (&*by_token.name, by_token.kind),
        ("by_token", IndexKind::Hash)
    );
}

#[test]
fn both_ends_know_their_foreign_keys() {
    let schema = schema([
        table("comments", &["posts", "authors", "comments"]),
        table("posts", &["authors"]),
        table("authors", &[]),
    ]);
    let [comments, posts, authors] = schema.tables() else {
        panic!("{schema:?}")
    };
    let ids = |ids: &[super::ForeignKeyId]| ids.iter().map(|id| id.index()).collect::<Vec<_>>();
    assert_eq!(ids(&comments.foreign_keys), [0, 1, 2]);
    assert_eq!(ids(&comments.referenced_by), [2]);
    assert_eq!(ids(&posts.foreign_keys), [3]);
    assert_eq!(ids(&posts.referenced_by), [0]);
    assert_eq!(ids(&authors.referenced_by), [1, 3]);
    for (position, foreign_key) in schema.foreign_keys().iter().enumerate() {
        assert_eq!(foreign_key.id.index(), position);
        let child = schema.table(foreign_key.child);
        assert_eq!(
            child.foreign_keys[foreign_key.link as usize],
            foreign_key.id
        );
    }
}

#[test]
fn unknown_names_are_request_errors() {
    let schema = schema([TableDef::new("notes").column(text("body"))]);
    let error = schema.table_id("note").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::UnknownTable));
    assert_eq!(error.to_string(), "note: no table of this name");
    let error = schema.tables()[0].column("text").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::UnknownColumn));
    assert_eq!(error.to_string(), "notes: no column text");
}

// Broken, rows of such a table could not be told apart, or a request could name what nobody declared.
#[test]
fn a_table_without_a_primary_key_gets_a_hidden_one() {
    let schema = schema([TableDef::new("log")
        .column(text("line"))
        .column(int("level"))]);
    let log = &schema.tables()[0];
    let hidden = &log.columns[2];
    assert!(hidden.hidden && !hidden.nullable);
    assert_eq!(hidden.data_type, DataType::Int);
    assert_eq!(log.primary_key().columns, [2]);
    assert_eq!(log.auto_increment, Some(2));
    assert!(log.column(&hidden.name).is_err());
}

// A table has one sequence: with two columns that take from it, each would see the other's gaps.
#[test]
fn a_sequence_counts_for_one_column() {
    assert_eq!(
        problem([TableDef::new("log").column(int("number").auto_increment())]),
        "Unsupported: log: column number has auto increment in a table without a primary key"
    );
    assert_eq!(
        problem([table("log", &[]).column(int("number").auto_increment())]),
        "Duplicate: log: columns id and number both have auto increment"
    );
}

// rules: RI-44
// Broken, a row could have no key, or a key of the wrong columns in the wrong order.
#[test]
fn a_primary_key_is_never_null() {
    let marked = TableDef::new("pairs")
        .column(int("left").primary_key())
        .column(int("right").primary_key());
    let listed = TableDef::new("links")
        .column(int("left"))
        .column(int("right"))
        .column(int("weight"))
        .primary_key(["right", "left"]);
    let schema = schema([marked, listed]);
    let [pairs, links] = schema.tables() else {
        panic!("{schema:?}")
    };
    assert_eq!(pairs.primary_key().columns, [0, 1]);
    assert_eq!(links.primary_key().columns, [1, 0]);
    let nullable: Vec<bool> = links.columns.iter().map(|column| column.nullable).collect();
    assert_eq!(nullable, [false, false, true]);
    assert_eq!(
        problem([table("both", &[]).primary_key(["id"])]),
        "Duplicate: both: a primary key is declared both on columns and on the table"
    );
}

#[test]
fn made_up_names_make_way_for_chosen_ones() {
    let schema = schema([
        table("users", &[]),
        TableDef::new("posts")
            .column(int("user_id"))
            .column(text("slug").unique())
            .foreign_key(ForeignKeyDef::new(["user_id"]).references("users", ["id"]))
            .foreign_key(ForeignKeyDef::new(["user_id"]).references("users", ["id"]))
            .foreign_key(
                ForeignKeyDef::new(["user_id"])
                    .references("users", ["id"])
                    .named("posts_slug_key"),
            ),
    ]);
    let names: Vec<&str> = schema.foreign_keys().iter().map(|key| &*key.name).collect();
    assert_eq!(
        names,
        [
            "posts_user_id_fkey",
            "posts_user_id_fkey1",
            "posts_slug_key"
        ]
    );
    assert_eq!(&*schema.tables()[1].keys[1].name, "posts_slug_key1");
}

// Broken, every write would keep two indexes that say the same.
#[test]
fn a_unique_key_that_repeats_another_is_that_one() {
    let schema = schema([TableDef::new("users")
        .column(int("id").primary_key().unique())
        .column(text("email").unique())
        .column(text("login").unique())
        .unique(UniqueDef::new(["email"]).named("one_account_each"))
        .unique(UniqueDef::new(["login"]))
        .unique(UniqueDef::new(["login"]).nulls_not_distinct())]);
    let keys: Vec<_> = schema.tables()[0]
        .keys
        .iter()
        .map(|key| &*key.name)
        .collect();
    assert_eq!(
        keys,
        [
            "users_pkey",
            "users_login_key",
            "one_account_each",
            "users_login_key1"
        ]
    );
}

// rules: RI-45
// Broken, a check would be judged on another column than it names, or skipped when its column changes.
#[test]
fn checks_know_their_columns() {
    let ordered = col("low").lt(col("high"));
    let schema = schema([table("ranges", &[])
        .column(int("low"))
        .column(text("unit"))
        .column(int("high"))
        .check(CheckDef::new("ordered", ordered.clone()))]);
    let check = &schema.tables()[0].checks[0];
    assert_eq!((&*check.name, &check.expr), ("ordered", &ordered));
    assert_eq!(check.columns, [1, 3]);
    let row = |low: Value, high: Value| [Value::from(1), low, Value::Null, high];
    let test = |row: [Value; 4]| check.bound.test(&row[..]).unwrap();
    assert_eq!(test(row(1.into(), 2.into())), Some(true));
    assert_eq!(test(row(2.into(), 2.into())), Some(false));
    assert_eq!(test(row(Value::Null, 2.into())), None);
}

// Broken, the first row written would find out that the check makes no sense.
#[test]
fn checks_name_columns_and_compare_what_can_be_compared() {
    let found = problems([table("ranges", &[])
        .column(text("unit"))
        .check(CheckDef::new("known", col("size").gt(1)))
        .check(CheckDef::new("typed", col("unit").gt(1)))
        .check(CheckDef::new("predicate", val(1)))
        .check(CheckDef::new("known", col("id").gt(0)))]);
    let kinds: Vec<_> = found.iter().map(|problem| problem.kind).collect();
    assert_eq!(
        kinds,
        [
            ProblemKind::Duplicate,
            ProblemKind::Unknown,
            ProblemKind::Type,
            ProblemKind::Type
        ]
    );
    assert_eq!(found[1].to_string(), "ranges: check known: no column size");
}

// rules: RI-5
// Broken, a child would be linked to the row that has its values in the wrong columns.
#[test]
fn key_columns_correspond_by_position() {
    let straight = cities(["region_country", "region_code"], ["country", "code"]);
    let schema = schema([straight, regions()]);
    let foreign_key = &schema.foreign_keys()[0];
    assert_eq!(foreign_key.child_columns, [0, 1]);
    assert_eq!(foreign_key.parent_columns, [0, 1]);
    // The parent's key is (code, country).
    assert_eq!(foreign_key.parent_key, Some(0));
    assert_eq!(foreign_key.key_order, [1, 0]);
}

#[test]
fn a_foreign_key_may_refer_to_any_unique_key() {
    let schema = schema([
        table("people", &[])
            .column(text("first"))
            .column(text("last"))
            .unique(UniqueDef::new(["last", "first"])),
        TableDef::new("letters")
            .column(text("to_first"))
            .column(text("to_last"))
            .foreign_key(
                ForeignKeyDef::new(["to_first", "to_last"]).references("people", ["first", "last"]),
            ),
    ]);
    let foreign_key = &schema.foreign_keys()[0];
    assert_eq!(foreign_key.parent_key, Some(1));
    assert_eq!(foreign_key.key_order, [1, 0]);
}

// rules: FK-5
// Broken, children would be declared that can never find a parent.
#[test]
fn key_columns_have_the_types_of_their_parent_columns() {
    let crossed = cities(["region_country", "region_code"], ["code", "country"]);
    let found = problems([crossed, regions()]);
    let messages: Vec<String> = found.iter().map(Problem::to_string).collect();
    let what = "cities: foreign key cities_region_country_region_code_fkey";
    assert_eq!(
        messages,
        [
            format!("{what}: column region_country is text, but code of regions is int"),
            format!("{what}: column region_code is int, but country of regions is text"),
        ]
    );
    assert!(
        found
            .iter()
            .all(|problem| problem.kind == ProblemKind::Type)
    );
}

// rules: RI-90, BY-18, BY-20
// Broken, an action could find several parents for one child, or the wrong one.
#[test]
fn referenced_columns_are_exactly_one_unique_key() {
    let refer = |columns: &[&str], parent_columns: &[&str]| {
        let columns = columns.iter().copied();
        let parent_columns = parent_columns.iter().copied();
        let foreign_key = ForeignKeyDef::new(columns).references("regions", parent_columns);
        table("towns", &[])
            .column(text("region"))
            .column(int("code"))
            .foreign_key(foreign_key.named("fk"))
    };
    let no_key = "which is no unique key; a key that any row may meet is declared `to_any_row`";
    assert_eq!(
        problem([refer(&["region"], &["name"]), regions()]),
        format!("NotUnique: towns: foreign key fk refers to (name) of regions, {no_key}")
    );
    // A part of a key is no key either.
    assert_eq!(
        problem([refer(&["code"], &["code"]), regions()]),
        format!("NotUnique: towns: foreign key fk refers to (code) of regions, {no_key}")
    );
    assert_eq!(
        problem([refer(&["region"], &["country", "code"]), regions()]),
        "Key: towns: foreign key fk: (region) is not as long as (country, code) of regions"
    );
    let error = tables([refer(&["region"], &["name"]), regions()]).build();
    assert_eq!(error.unwrap_err().sqlstate(), "42830");
}

// Broken, one slip of the pen in a key would be reported once more for each table that refers to it.
#[test]
fn a_wrong_key_is_not_held_against_those_who_refer_to_it() {
    let parent = TableDef::new("users").column(int("id")).primary_key(["ID"]);
    assert_eq!(
        problem([parent, table("posts", &["users"])]),
        "Unknown: users: primary key: users has no column ID"
    );
}

// rules: RI-22, RI-23
// Broken, a declared action would be discovered as impossible by the first delete that needs it.
#[test]
fn actions_that_can_never_succeed_are_refused() {
    let owned = |column: ColumnDef, action| {
        let foreign_key = ForeignKeyDef::new(["owner"]).references("users", ["id"]);
        let items = table("items", &[])
            .column(column)
            .foreign_key(foreign_key.on_delete(action));
        [table("users", &[]), items]
    };
    let what = "Action: items: foreign key items_owner_fkey: on delete";
    assert_eq!(
        problem(owned(int("owner").not_null(), Action::SetNull)),
        format!("{what} SET NULL can never succeed, column owner is never null")
    );
    assert_eq!(
        problem(owned(int("owner").not_null(), Action::SetDefault)),
        format!(
            "{what} SET DEFAULT can never succeed, column owner is never null and has no constant default"
        )
    );
    for (column, action) in [
        (int("owner"), Action::SetNull),
        (int("owner"), Action::SetDefault),
        (int("owner").not_null().default(1), Action::SetDefault),
        (int("owner").not_null(), Action::Cascade),
    ] {
        schema(owned(column, action));
    }
}

// rules: RI-22, RI-44
// Broken, it would be accepted on a key column that nothing but the primary key keeps from being null.
#[test]
fn set_null_is_refused_on_a_primary_key_and_on_update() {
    let members = TableDef::new("members")
        .column(int("user_id").primary_key())
        .foreign_key(
            ForeignKeyDef::new(["user_id"])
                .references("users", ["id"])
                .on_update(Action::SetNull),
        );
    let found = problem([table("users", &[]), members]);
    assert!(found.starts_with("Action: members: foreign key members_user_id_fkey: on update"));
}

#[test]
fn defaults_have_the_type_of_their_column() {
    let found = problems([table("things", &[])
        .column(int("size").default("large"))
        .column(text("made").default_now())
        .column(text("token").default_uuid())
        .column(text("number").auto_increment())
        .column(int("weight").default(None::<i64>))]);
    let messages: Vec<String> = found.iter().map(Problem::to_string).collect();
    assert_eq!(
        messages,
        [
            "things: column size is int, its default is text",
            "things: column made is text, its default of the current time is timestamp",
            "things: column token is text, its default of a random uuid is uuid",
            "things: column number is text, its auto increment is int",
            "things: columns id and number both have auto increment",
        ]
    );
}

// rules: RI-90, FK-14
// Broken, whoever writes a schema would find one mistake per build.
#[test]
fn every_problem_is_reported_in_the_order_of_the_definitions() {
    let found = problems([
        TableDef::new("posts")
            .column(int("id"))
            .column(text("id"))
            .column(text(""))
            .primary_key(["id", "id"])
            .unique(UniqueDef::new(["slug"]).named("twice"))
            .index(IndexDef::new(["id"]).named("twice"))
            .index(IndexDef::new([""; 0]).named("nothing"))
            .index(IndexDef::new(["id"]).hash().descending(["up"]))
            .foreign_key(ForeignKeyDef::new(["id"]).references("authors", ["id"])),
        table("users", &[]),
        table("users", &[]).foreign_key(ForeignKeyDef::new(["idd"]).references("users", ["key"])),
    ]);
    let messages: Vec<_> = found.iter().map(Problem::to_string).collect();
    assert_eq!(
        messages,
        [
            "posts: two columns are named id",
            "posts: a column has an empty name",
            "posts: two constraints are named twice",
            "posts: primary key has column id twice",
            "posts: unique key twice: posts has no column slug",
            "posts: index nothing has no columns",
            "posts: index (id) descends by column up, which is none of its own",
            "posts: index (id) is by hash and cannot descend",
            "posts: foreign key posts_id_fkey refers to table authors, which does not exist",
            "users: two tables are named users",
            "users: foreign key users_idd_fkey: users has no column idd",
            "users: foreign key users_idd_fkey: users has no column key",
        ]
    );
    let kinds: Vec<_> = found.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds[3], ProblemKind::Key);
    assert_eq!(kinds[8], ProblemKind::Unknown);
    assert_eq!(kinds[9], ProblemKind::Duplicate);
}

#[test]
fn names_that_nothing_can_have_are_refused() {
    assert_eq!(
        problem([TableDef::new("")]),
        "Unknown: table without a name: a table has an empty name"
    );
    assert_eq!(
        problem([table("notes", &[]).column(int("(row)"))]),
        "Duplicate: notes: column name (row) is that of hidden keys"
    );
    assert_eq!(
        problem([table("notes", &[]).index(IndexDef::new(["id"]).named(""))]),
        "Unknown: notes: a constraint has an empty name"
    );
    assert_eq!(
        problem([table("notes", &[]).foreign_key(ForeignKeyDef::new(["id"]))]),
        "Unknown: notes: foreign key notes_id_fkey refers to no table"
    );
}

#[test]
fn sizes_have_limits() {
    let columns = |count| (0..count).map(|number| format!("c{number}"));
    let wide = |count| columns(count).fold(TableDef::new("wide"), |t, name| t.column(int(&name)));
    schema([wide(1_024)]);
    assert_eq!(
        problem([wide(1_025)]),
        "Limit(Columns): wide: 1025 columns, more than 1024"
    );
    schema([wide(40).primary_key(columns(32))]);
    assert_eq!(
        problem([wide(40).primary_key(columns(33))]),
        "Limit(KeyColumns): wide: 33 columns in primary key, more than 32"
    );
    let many = |count| (0..count).map(|number| TableDef::new(format!("t{number}")));
    schema(many(4_096));
    assert_eq!(
        problem(many(4_097)),
        "Limit(Tables): schema: 4097 tables, more than 4096"
    );
}

// rules: SY-1, SY-2
// Broken, a table would be created before one that it refers to, or in an order that changes from run to run.
#[test]
fn tables_come_after_those_that_they_refer_to() {
    let schema = schema([
        table("comments", &["tasks"]),
        table("tasks", &["users"]),
        table("users", &[]),
    ]);
    assert_eq!(order(&schema), ["users", "tasks", "comments"]);
    assert_eq!(
        names(&schema, schema.drop_order()),
        ["comments", "tasks", "users"]
    );
}

// rules: SY-1
// Broken, the order would follow the order in which associations were declared rather than that of the attributes.
#[test]
fn dependencies_are_met_in_the_order_of_their_columns() {
    let refer =
        |column: &str, parent: &str| ForeignKeyDef::new([column]).references(parent, ["id"]);
    let schema = schema([
        TableDef::new("d")
            .column(int("first"))
            .column(int("second"))
            .foreign_key(refer("second", "a"))
            .foreign_key(refer("first", "b"))
            .foreign_key(refer("first", "c")),
        table("a", &[]),
        table("c", &[]),
        table("b", &[]),
    ]);
    assert_eq!(order(&schema), ["b", "c", "a", "d"]);
}

// rules: SY-3, FK-18
// Broken, no table could hold a tree.
#[test]
fn a_reference_to_itself_is_no_cycle() {
    let schema = schema([table("people", &["people", "towns"]), table("towns", &[])]);
    assert_eq!(order(&schema), ["towns", "people"]);
}

// rules: SY-4, SY-5
// Broken, users would not find their cycle by the sentence that the guide shows, or a program not at all.
#[test]
fn a_mutual_pair_reports_the_one_defined_first() {
    let schema = schema([
        table("documents", &["versions"]),
        table("versions", &["documents"]),
    ]);
    let error = schema.sync_order().unwrap_err();
    assert_eq!(
        error.to_string(),
        "Cyclic dependency found. 'documents' is dependent of itself. \
         Dependency Chain: documents -> versions => documents"
    );
    let problem = &error.as_declaration().unwrap().problems[0];
    assert_eq!(problem.kind, ProblemKind::Cycle);
    assert_eq!(problem.subject, "documents");
    assert_eq!(problem.chain, ["documents", "versions", "documents"]);
}

// rules: SY-5
// Broken, the chain would start at the repeated table and hide how the walk came there.
#[test]
fn a_chain_keeps_its_lead_in() {
    let schema = schema([
        table("x", &["done", "a"]),
        table("a", &["b"]),
        table("b", &["c"]),
        table("c", &["done", "a"]),
        table("done", &[]),
    ]);
    assert_eq!(
        schema.sync_order().unwrap_err().to_string(),
        "Cyclic dependency found. 'a' is dependent of itself. Dependency Chain: x -> a -> b -> c => a"
    );
}

// rules: SY-7
// Broken, a schema with a ring could not be dropped.
#[test]
fn dropping_does_not_mind_a_ring() {
    let schema = schema([
        table("labels", &["versions"]),
        table("documents", &["versions"]),
        table("versions", &["documents"]),
    ]);
    assert_eq!(
        names(&schema, schema.drop_order()),
        ["labels", "versions", "documents"]
    );
}

// Broken, a long chain of tables would overflow the stack instead of being walked.
#[test]
fn a_long_chain_costs_no_stack() {
    let name = |number: usize| format!("t{number}");
    let link = move |number: usize| match number {
        4_095 => table(&name(number), &[]),
        _ => table(&name(number), &[&name(number + 1)]),
    };
    let walk = move || {
        let schema = schema((0..4_096).map(link));
        let order = schema.sync_order().unwrap();
        assert_eq!((order[0].index(), order[4_095].index()), (4_095, 0));
    };
    let thread = std::thread::Builder::new().stack_size(64 * 1_024);
    thread.spawn(walk).unwrap().join().unwrap();
}

// rules: FK-9
// Broken, the actions of a Sequelize model could not be taken over as they are written there.
#[test]
fn actions_are_read_in_any_case() {
    for action in Action::ALL {
        assert_eq!(action.to_string().parse(), Ok(action));
        assert_eq!(action.to_string().to_lowercase().parse(), Ok(action));
    }
    let error = "SET-NULL".parse::<Action>().unwrap_err();
    assert_eq!(
        error.as_declaration().unwrap().problems[0].kind,
        ProblemKind::Action
    );
    assert_eq!(
        error.to_string(),
        "SET-NULL: no such action; the actions are NO ACTION, RESTRICT, CASCADE, SET NULL, SET DEFAULT"
    );
}

// rules: RI-10, RI-50
// Broken, a key that says nothing about it would act, or wait for the commit.
#[test]
fn a_foreign_key_takes_no_action_and_does_not_wait_by_itself() {
    let plain = schema([table("posts", &["users"]), table("users", &[])]);
    let key = &plain.foreign_keys()[0];
    assert_eq!(
        (key.on_delete, key.on_update),
        (Action::NoAction, Action::NoAction)
    );
    assert!(!key.deferral.is_deferrable());

    let declared = ForeignKeyDef::new(["user_id"])
        .references("users", ["id"])
        .on_delete(Action::Cascade)
        .on_update(Action::SetNull)
        .deferrable(Deferral::InitiallyDeferred);
    let posts = TableDef::new("posts")
        .column(int("user_id"))
        .foreign_key(declared);
    let schema = schema([posts, table("users", &[])]);
    let key = Arc::clone(&schema.foreign_keys()[0]);
    assert_eq!(
        (key.on_delete, key.on_update),
        (Action::Cascade, Action::SetNull)
    );
    assert!(key.deferral.is_initially_deferred());
}
