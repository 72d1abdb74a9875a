//! One schema with every kind of association, dense and indexed tables, and associations without a foreign key.

use std::sync::Arc;

use crate::association::link::{Association, AssociationKind, Hop, Junction, Link};
use crate::association::naming::Names;
use crate::association::naming::accessors::Accessors;
use crate::association::registry::{AttributeEntry, ModelEntry, ModelId, Registry};
use crate::engine::{Clock, Database, DatabaseOptions, Snapshot};
use crate::error::Result;
use crate::query::{Queryable, Records, Rows, Version};
use crate::schema::{Action, ColumnDef, ForeignKeyDef, IndexDef, Schema, TableDef};
use crate::value::{DataType, Timestamp, Uuid, Value};

/// A database and the models over it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) db: Database,
    pub(super) registry: Arc<Registry>,
}

/// A snapshot of it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) snapshot: Snapshot,
    registry: Arc<Registry>,
}

impl Queryable for World {
    fn version(&self) -> Version<'_> {
        Version::new(&self.db, &self.registry)
    }
}

impl Queryable for Held {
    fn version(&self) -> Version<'_> {
        Version::new(&self.snapshot, &self.registry)
    }
}

impl World {
    /// No rows.
    pub(super) fn empty() -> World {
        let schema = Arc::new(schema());
        let registry = Arc::new(Registry::new(models(&schema), &schema));
        let options = DatabaseOptions {
            clock: Clock::Fixed(Timestamp::from_micros(0)),
            seed: Some(1),
            ..DatabaseOptions::default()
        };
        World {
            db: Database::with_options(schema, options),
            registry,
        }
    }

    /// Four users, with something of everything below them.
    pub(super) fn example() -> World {
        let mut world = World::empty();
        let int = |it: i64| Value::from(it);
        for (code, name) in [("acme", "Acme"), ("umbra", "Umbra"), ("void", "Void")] {
            world.add("companies", [code.into(), name.into()]);
        }
        for (id, name, age, company) in [
            (3, "Cy", Some(20), Some("umbra")),
            (1, "Ada", Some(36), Some("acme")),
            (4, "Di", Some(20), None),
            (2, "Bob", None, Some("acme")),
        ] {
            world.add("users", [int(id), name.into(), age.into(), company.into()]);
        }
        for (id, user, bio) in [(9, 1, "late"), (5, 1, "early"), (7, 3, "only")] {
            world.add("profiles", [uuid(id), int(user), bio.into()]);
        }
        for (id, user, title, done) in [
            (11, Some(1), "read", false),
            (10, Some(1), "write", true),
            (20, Some(2), "rest", false),
            (12, Some(1), "check", true),
            (30, None, "none", true),
        ] {
            world.add("tasks", [int(id), user.into(), title.into(), done.into()]);
        }
        for name in ["red", "green", "blue"] {
            world.add("tags", [name.into()]);
        }
        for (task, tag, weight) in [
            (10, "red", 1),
            (10, "blue", 2),
            (20, "red", 3),
            (11, "green", 4),
        ] {
            world.add("task_tags", [int(task), tag.into(), int(weight)]);
        }
        for (id, user, task) in [(4, 1, 20), (3, 1, 11), (2, 1, 20), (1, 2, 11)] {
            world.add("pins", [int(id), int(user), int(task)]);
        }
        for (id, kind, owner, text) in [
            (1, "user", 1, "hello"),
            (2, "task", 1, "not hers"),
            (3, "user", 3, "bye"),
            (4, "user", 1, "again"),
        ] {
            world.add("notes", [int(id), kind.into(), int(owner), text.into()]);
        }
        for (id, name) in [
            (1, Some("Ada")),
            (2, Some("Cy")),
            (3, Some("Ada")),
            (4, None),
        ] {
            world.add("badges", [int(id), name.into()]);
        }
        world
    }

    /// One more chain: a name, and steps, each chosen from the associations of the model reached.
    pub(super) fn add_chain(
        &mut self,
        source: ModelId,
        key: &str,
        length: usize,
        mut choose: impl FnMut(&[Arc<Association>]) -> Arc<Association>,
    ) {
        let mut models = self.registry.models().to_vec();
        let (mut target, mut steps) = (source, Vec::new());
        for _ in 0..length {
            let own = models[target.index()].associations();
            let own: Vec<_> = own
                .iter()
                .filter(|it| it.kind != AssociationKind::Chain)
                .cloned()
                .collect();
            let step = choose(&own);
            target = step.target;
            steps.push(step.key.to_string());
        }
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        add_chain(&mut models, source, key, &steps);
        let schema = self.registry.schema().clone();
        self.registry = Arc::new(Registry::new(models, &schema));
    }

    /// Inserts a row given in column order.
    pub(super) fn try_add(
        &mut self,
        table: &str,
        row: impl IntoIterator<Item = Value>,
    ) -> Result<()> {
        let schema = self.db.schema().clone();
        let columns = &schema.table(schema.table_id(table)?).columns;
        let cells = columns.iter().map(|column| &*column.name).zip(row);
        self.db.insert(table, cells).map(|_| ())
    }

    pub(super) fn add(&mut self, table: &str, row: impl IntoIterator<Item = Value>) {
        self.try_add(table, row).unwrap();
    }

    /// Makes a table with an integer key one whose rows do not stand in key order: by moving a key to and fro.
    pub(super) fn unsettle(&mut self, table: &str, id: i64) {
        for (from, to) in [(id, -1), (-1, id)] {
            let change = [("id", Value::from(to))];
            self.db.update_key(table, from, change).unwrap();
        }
        let table = self.db.schema().table_id(table).unwrap();
        assert!(!self.db.ids_are_in_key_order(table));
    }

    pub(super) fn hold(&self) -> Held {
        Held {
            snapshot: self.db.snapshot(),
            registry: self.registry.clone(),
        }
    }
}

/// The keys of a result as text: `1{company:'acme' tasks:[10 11]} 2{..}`.
pub(super) fn outline(rows: &Rows<'_>) -> String {
    outline_of(rows.iter())
}

pub(super) fn outline_of(records: Records<'_>) -> String {
    let texts = records.map(|record| {
        let below = record.includes().map(|(include, below)| {
            let key = &include.association.key;
            match (include.association.is_single(), below.len()) {
                (true, 0) => format!("{key}:-"),
                (true, _) => format!("{key}:{}", outline_of(below)),
                (false, _) => format!("{key}:[{}]", outline_of(below)),
            }
        });
        let below = below.collect::<Vec<_>>().join(" ");
        match below.is_empty() {
            true => record.key().to_string(),
            false => format!("{}{{{below}}}", record.key()),
        }
    });
    texts.collect::<Vec<_>>().join(" ")
}

pub(super) fn uuid(number: u64) -> Value {
    Value::from(Uuid::from_u64_pair(0, number))
}

fn schema() -> Schema {
    let int = |name: &str| ColumnDef::new(name, DataType::Int);
    let text = |name: &str| ColumnDef::new(name, DataType::Text);
    let key = |columns: &[&str], table: &str, parents: &[&str]| {
        ForeignKeyDef::new(columns.iter().copied())
            .references(table, parents.iter().copied())
            .on_delete(Action::Cascade)
            .on_update(Action::Cascade)
    };
    Schema::builder()
        .table(
            TableDef::new("companies")
                .column(text("code").primary_key())
                .column(text("name").unique()),
        )
        .table(
            TableDef::new("users")
                .column(int("id").primary_key())
                .column(text("name"))
                .column(int("age"))
                .column(text("company_code"))
                .index(IndexDef::new(["age", "name"]))
                .foreign_key(key(&["company_code"], "companies", &["code"])),
        )
        .table(
            TableDef::new("profiles")
                .column(ColumnDef::new("id", DataType::Uuid).primary_key())
                .column(int("user_id"))
                .column(text("bio"))
                .foreign_key(key(&["user_id"], "users", &["id"])),
        )
        .table(
            TableDef::new("tasks")
                .column(int("id").primary_key())
                .column(int("user_id"))
                .column(text("title"))
                .column(ColumnDef::new("done", DataType::Bool))
                .index(IndexDef::new(["title"]).hash())
                .index(IndexDef::new(["user_id", "title", "done"]))
                .foreign_key(key(&["user_id"], "users", &["id"])),
        )
        .table(TableDef::new("tags").column(text("name").primary_key()))
        .table(
            TableDef::new("task_tags")
                .column(int("task_id"))
                .column(text("tag_name"))
                .column(int("weight"))
                .primary_key(["task_id", "tag_name"])
                .foreign_key(key(&["task_id"], "tasks", &["id"]))
                .foreign_key(key(&["tag_name"], "tags", &["name"])),
        )
        .table(
            TableDef::new("notes")
                .column(int("id").primary_key())
                .column(text("owner_type"))
                .column(int("owner_id"))
                .column(text("text"))
                .index(IndexDef::new(["owner_type", "owner_id"])),
        )
        .table(
            TableDef::new("badges")
                .column(int("id").primary_key())
                .column(text("user_name")),
        )
        .table(
            TableDef::new("pins")
                .column(int("id").primary_key())
                .column(int("user_id"))
                .column(int("task_id"))
                .foreign_key(key(&["user_id"], "users", &["id"]))
                .foreign_key(key(&["task_id"], "tasks", &["id"])),
        )
        .build()
        .unwrap()
}

const MODELS: [&str; 9] = [
    "Company", "User", "Profile", "Task", "Tag", "TaskTag", "Note", "Badge", "Pin",
];

/// The models in the order of their tables. `Task.userId` is the column `user_id`; the others have their columns' names.
fn models(schema: &Arc<Schema>) -> Vec<ModelEntry> {
    let mut models: Vec<ModelEntry> = (0..)
        .map(ModelId)
        .zip(MODELS)
        .zip(schema.tables())
        .map(|((id, name), table)| {
            let attributes = (0..)
                .zip(&table.columns)
                .map(|(ordinal, column)| AttributeEntry {
                    name: match (name, &*column.name) {
                        ("Task", "user_id") => "userId".into(),
                        (_, column) => column.into(),
                    },
                    ordinal,
                });
            ModelEntry::new(
                id,
                name,
                Names::of_model(name),
                table.id,
                attributes.collect(),
            )
        })
        .collect();
    let hops = Hops { schema };
    let junction = |name: &str, own: Hop, other: Hop| {
        Link::Through(Junction {
            conditions: None,
            model: model(name),
            own,
            other,
            scope: Vec::new(),
            unique: name == "TaskTag",
        })
    };
    let heavy = |mut link: Link| {
        if let Link::Through(through) = &mut link {
            through.scope = vec![(2, Value::from(2))];
        }
        link
    };
    let (one, has, many, pairs) = (
        AssociationKind::BelongsTo,
        AssociationKind::HasOne,
        AssociationKind::HasMany,
        AssociationKind::BelongsToMany,
    );
    let user_company = hops.hop("users", "company_code", "companies", "code");
    let user_profile = hops.hop("profiles", "user_id", "users", "id");
    let user_task = hops.hop("tasks", "user_id", "users", "id");
    let pair_task = hops.hop("task_tags", "task_id", "tasks", "id");
    let pair_tag = hops.hop("task_tags", "tag_name", "tags", "name");
    let user_note = hops.hop("notes", "owner_id", "users", "id");
    let user_badge = hops.hop("badges", "user_name", "users", "name");
    let pinned = junction(
        "Pin",
        hops.hop("pins", "user_id", "users", "id"),
        hops.hop("pins", "task_id", "tasks", "id"),
    );
    let of_users = vec![(1, Value::from("user"))];
    let tags = junction("TaskTag", pair_task.clone(), pair_tag.clone());
    let tasks = junction("TaskTag", pair_tag, pair_task);
    for (source, key, kind, target, link, scope) in [
        (
            "User",
            "company",
            one,
            "Company",
            Link::ToParent(user_company.clone()),
            vec![],
        ),
        (
            "Company",
            "users",
            many,
            "User",
            Link::ToChildren(user_company),
            vec![],
        ),
        (
            "User",
            "profile",
            has,
            "Profile",
            Link::ToChildren(user_profile.clone()),
            vec![],
        ),
        (
            "Profile",
            "user",
            one,
            "User",
            Link::ToParent(user_profile),
            vec![],
        ),
        (
            "User",
            "tasks",
            many,
            "Task",
            Link::ToChildren(user_task.clone()),
            vec![],
        ),
        (
            "Task",
            "owner",
            one,
            "User",
            Link::ToParent(user_task),
            vec![],
        ),
        ("Task", "tags", pairs, "Tag", tags.clone(), vec![]),
        ("Task", "heavyTags", pairs, "Tag", heavy(tags), vec![]),
        ("User", "pinned", pairs, "Task", pinned, vec![]),
        ("Tag", "tasks", pairs, "Task", tasks, vec![]),
        (
            "User",
            "notes",
            many,
            "Note",
            Link::ToChildren(user_note.clone()),
            of_users,
        ),
        (
            "Note",
            "user",
            one,
            "User",
            Link::ToParent(user_note),
            vec![],
        ),
        (
            "User",
            "badges",
            many,
            "Badge",
            Link::ToChildren(user_badge.clone()),
            vec![],
        ),
        (
            "Badge",
            "user",
            one,
            "User",
            Link::ToParent(user_badge),
            vec![],
        ),
    ] {
        let accessors = match kind {
            AssociationKind::BelongsTo | AssociationKind::HasOne => Accessors::single(key),
            AssociationKind::HasMany | AssociationKind::BelongsToMany | AssociationKind::Chain => {
                Accessors::multi(&Names::of_model(key))
            }
        };
        let source = model(source);
        models[source.index()].add_association(Association {
            key: key.into(),
            kind,
            source,
            target: model(target),
            link,
            scope,
            conditions: None,
            accessors,
            hooks: false,
        });
    }
    for (source, key, steps) in CHAINS {
        add_chain(&mut models, model(source), key, steps);
    }
    models
}

/// Chains over edges, values and junctions; to one, to many by steps to one, and with several rows below a `has_one`.
const CHAINS: [(&str, &str, &[&str]); 10] = [
    ("Company", "tasks", &["users", "tasks"]),
    ("Company", "tags", &["users", "tasks", "tags"]),
    ("Company", "profiles", &["users", "profile"]),
    ("Task", "company", &["owner", "company"]),
    ("User", "colleagues", &["company", "users"]),
    ("User", "pinnedTags", &["pinned", "heavyTags"]),
    ("User", "namesake", &["badges", "user"]),
    ("Profile", "company", &["user", "company"]),
    ("Tag", "notes", &["tasks", "owner", "notes"]),
    ("Note", "writer", &["user"]),
];

fn add_chain(models: &mut [ModelEntry], source: ModelId, key: &str, steps: &[&str]) {
    let (mut target, mut found) = (source, Vec::new());
    for step in steps {
        let step = models[target.index()].association(step).unwrap().clone();
        target = step.target;
        found.push(step);
    }
    models[source.index()].add_association(Association {
        key: key.into(),
        kind: AssociationKind::Chain,
        source,
        target,
        scope: found[found.len() - 1].scope.clone(),
        link: Link::Chain(found),
        conditions: None,
        accessors: Accessors::multi(&Names::of_model(key)),
        hooks: false,
    });
}

fn model(name: &str) -> ModelId {
    let position = MODELS.iter().position(|model| *model == name).unwrap();
    ModelId(u32::try_from(position).unwrap())
}

struct Hops<'s> {
    schema: &'s Schema,
}

impl Hops<'_> {
    /// With the foreign key of these columns, if there is one.
    fn hop(&self, child: &str, column: &str, parent: &str, parent_column: &str) -> Hop {
        let table = |name| self.schema.table(self.schema.table_id(name).unwrap());
        let (child, parent) = (table(child), table(parent));
        let child_columns = vec![child.column(column).unwrap()];
        let keys = self.schema.foreign_keys().iter();
        let key = keys
            .filter(|key| key.child == child.id && key.child_columns == child_columns)
            .map(|key| key.id)
            .next();
        Hop {
            key,
            guard: None,
            child_columns,
            parent_columns: vec![parent.column(parent_column).unwrap()],
            index: None,
        }
    }
}
