//! Getters with options: a getter is a request whose candidates are the associated rows.

use relata::error::RequestKind;
use relata::query::Scope;
use relata::{
    Attribute, BelongsTo, BelongsToMany, DataType, HasMany, Models, Result, Through, col, desc,
    include, select, targets, values,
};

use super::{assert_request, filled, loaded, office, shown};
use crate::associations::text;

// rules: HM-3, BTM-16, HO-4
// Broken: the newest two tasks of a user are the newest two of everybody, or come in another order.
#[test]
fn filters_order_and_limit_work_on_the_associated_rows() -> Result<()> {
    let (db, [ada, bob, cy]) = filled()?;
    let tasks = db.related_view(&ada, "tasks")?;
    let by_rank = tasks.clone().order_by("rank");
    assert_eq!(shown(&by_rank.get()?, "title"), "c b a");
    assert_eq!(shown(&by_rank.clone().limit(2).get()?, "title"), "c b");
    assert_eq!(
        shown(&by_rank.clone().offset(1).limit(1).get()?, "title"),
        "b"
    );
    assert_eq!(
        shown(&by_rank.filter(col("title").ne("b")).get()?, "title"),
        "c a"
    );
    assert_eq!(shown(&tasks.filter(col("rank").eq(0)).get()?, "title"), "");
    let groups = db.related_view(&ada, "groups")?.order_by(desc("name"));
    assert_eq!(shown(&groups.get()?, "name"), "y x");
    assert_eq!(shown(&groups.offset(1).get()?, "name"), "x");
    assert_eq!(db.related_view(&cy, "tasks")?.limit(3).get()?, []);
    // Of several targets of a has_one, the first by key or by the order asked for.
    let desk = db.related_view(&ada, "desk")?;
    assert_eq!(shown(&desk.get()?, "room"), "north");
    assert_eq!(
        shown(&desk.clone().order_by(desc("room")).get()?, "room"),
        "south"
    );
    assert_eq!(
        shown(&desk.filter(col("room").eq("south")).get()?, "room"),
        "south"
    );
    assert_eq!(db.related_view(&bob, "desk")?.one()?, None);
    Ok(())
}

// rules: BT-4, BT-5
// Broken: a task's user is given although a filter excludes it, or to have none cannot be made an error.
#[test]
fn a_belongs_to_is_read_with_the_same_options() -> Result<()> {
    let (mut db, [ada, ..]) = filled()?;
    let (mut task, free) = (db.find("Task", 1)?.unwrap(), db.find("Task", 4)?.unwrap());
    let user = db.related_view(&task, "user")?;
    assert_eq!(
        user.clone().filter(col("name").eq("ada")).one()?,
        Some(ada.clone())
    );
    let other = user.filter(col("name").eq("bob"));
    assert_eq!(other.one()?, None);
    assert_request(
        other.reject_empty().one(),
        RequestKind::NotFound,
        "Task.user: nothing",
    );
    let none = db.related_view(&free, "user")?;
    assert_eq!((none.one()?, none.rows()?.len()), (None, 0));
    assert_request(
        none.reject_empty().rows(),
        RequestKind::NotFound,
        "Task.user: nothing",
    );
    // A key that was changed in memory counts, and so does one of a task that was never saved.
    task.set("userId", 2)?;
    let rows = db.related_view(&task, "user")?.include("tasks");
    assert_eq!(shown(&rows.get()?, "name"), "bob");
    let built = db.build("Task", values! { userId: 1 })?;
    let view = db.related(&built, "user")?.select()?.include("tasks");
    assert_eq!(view.one()?.unwrap().many("tasks")?.len(), 3);
    Ok(())
}

// rules: MX-7, BT-5
// Broken: the groups of a user come without their members, or those without a member named Bob too.
#[test]
fn associated_rows_come_with_their_own_associations() -> Result<()> {
    let (db, [ada, ..]) = filled()?;
    let groups = db.related_view(&ada, "groups")?.include("members");
    let rows = groups.rows()?;
    let members = rows.iter().map(|group| Ok(group.many("members")?.len()));
    assert_eq!(members.collect::<Result<Vec<_>>>()?, [2, 1]);
    let found = groups.get()?;
    assert_eq!(shown(found[0].many("members")?, "name"), "ada bob");
    let role = found[0].many("members")?[1]
        .junction()
        .unwrap()
        .get("role")?;
    assert_eq!(role, &"guest".into());
    let bobs = include("members").filter(col("name").eq("bob"));
    let with_bob = db.related_view(&ada, "groups")?.include(bobs);
    assert_eq!(shown(&with_bob.get()?, "name"), "x");
    assert_eq!(
        (with_bob.count()?, with_bob.has(1)?, with_bob.has(2)?),
        (1, true, false)
    );
    assert_request(
        db.related_view(&ada, "groups")?.include("tasks").rows(),
        RequestKind::UnknownAssociation,
        "tasks",
    );
    Ok(())
}

// rules: BTM-13, BTM-14
// Broken: the role of a member is missing, cannot be changed, or comes along although nobody wants it.
#[test]
fn targets_carry_their_row_of_the_junction() -> Result<()> {
    let (mut db, [ada, ..]) = filled()?;
    let rows = db
        .related_view(&ada, "groups")?
        .through_attributes(["role"])
        .rows()?;
    let member = rows.first().unwrap().through().unwrap();
    assert_eq!(member.get("role")?.to_value(), "boss".into());
    assert_eq!(member.attributes().len(), 1);
    drop(rows);
    let none = db.related_view(&ada, "groups")?.through_attributes([""; 0]);
    assert!(none.rows()?.first().unwrap().through().is_none());
    assert_eq!(none.get()?[0].junction(), None);
    // The row is one of the junction's model, whole, and saved as such.
    let mut found = db
        .related_view(&ada, "groups")?
        .order_by(desc("name"))
        .get()?;
    let member = found[1].junction_mut().unwrap();
    assert_eq!(
        (member.model(), member.get("since")?),
        ("Member", &7.into())
    );
    member.set("role", "guest")?;
    db.save(member)?;
    let stored = db.find("Member", (1, 1))?.unwrap();
    assert_eq!(stored.get("role")?, &"guest".into());
    assert_request(
        db.related_view(&ada, "groups")?
            .through_attributes(["role"])
            .get(),
        RequestKind::Unsupported,
        "rows",
    );
    assert_request(
        db.related_view(&ada, "tasks")?
            .through_attributes(["role"])
            .rows(),
        RequestKind::Unsupported,
        "goes through no junction",
    );
    Ok(())
}

// rules: BTM-15, BTM-18, HM-15, HM-16
// Broken: asking for the groups that Ada leads counts or names all her groups.
#[test]
fn counting_and_asking_take_filters_as_well() -> Result<()> {
    let (db, [ada, ..]) = filled()?;
    let led = db
        .related_view(&ada, "groups")?
        .through_filter(col("role").eq("boss"));
    assert_eq!(shown(&led.get()?, "name"), "x");
    assert_eq!((led.count()?, led.has(1)?, led.has(2)?), (1, true, false));
    assert!(led.has(())? && led.has([1, 1])? && !led.has([1, 2])?);
    // Neither order nor limit is part of the question.
    let limited = db.related_view(&ada, "groups")?.limit(1).order_by("name");
    assert_eq!((limited.count()?, limited.has([1, 2])?), (2, true));
    let ranked = db.related_view(&ada, "tasks")?.filter(col("rank").gt(1));
    assert_eq!(
        (ranked.count()?, ranked.has(targets![1, 2])?, ranked.has(3)?),
        (2, true, false)
    );
    assert!(!ranked.has(99)?);
    assert_request(
        db.related_view(&ada, "tasks")?
            .through_filter(col("role").eq("x"))
            .count(),
        RequestKind::Unsupported,
        "goes through no junction",
    );
    Ok(())
}

// rules: D10, HM-3
// Broken: a task that was asked for its title alone has lost its key, or a group has more than was asked for.
#[test]
fn listed_attributes_are_what_is_loaded() -> Result<()> {
    let (db, [ada, ..]) = filled()?;
    let titles = db.related_view(&ada, "tasks")?.attributes(["title"]);
    assert_eq!(loaded(&titles.rows()?), "title id");
    assert_eq!(
        loaded(
            &db.related_view(&ada, "tasks")?
                .attributes(["id", "rank"])
                .rows()?
        ),
        "id rank"
    );
    let names = db.related_view(&ada, "groups")?.attributes(["name"]);
    assert_eq!(loaded(&names.rows()?), "name");
    assert_eq!(names.rows()?.first().unwrap().key(), 1.into());
    assert_request(
        titles.get(),
        RequestKind::Unsupported,
        "read some of them with `rows`",
    );
    assert_request(
        db.related_view(&ada, "tasks")?.attributes(["titel"]).rows(),
        RequestKind::UnknownColumn,
        "titel",
    );
    Ok(())
}

// rules: SC-11, SC-12, SC-14, HM-8
// Broken: a default scope keeps a task from being added or asked for, or cannot be left out.
#[test]
fn a_default_scope_is_for_get_and_count() -> Result<()> {
    let mut models = office();
    let low = Scope::new().filter(col("level").le(5));
    let none = Scope::new().filter(col("level").gt(100));
    models.define_with("Step", |it| {
        it.attribute(super::int("level"))
            .default_scope(low)
            .scope("none", none)
    });
    models.has_many("User", HasMany::new("Step").alias("steps"));
    let mut db = models.sync()?;
    let ada = db.create("User", values! { name: "ada" })?;
    db.create_many("Step", [1, 9, 3].map(|level| values! { level: level }))?;
    db.related(&ada, "steps")?.add([1, 2, 3])?;
    let steps = db.related_view(&ada, "steps")?;
    assert_eq!(shown(&steps.get()?, "level"), "1 3");
    assert_eq!((steps.count()?, steps.has([1, 2])?), (2, true));
    assert_eq!(shown(&steps.clone().unscoped().get()?, "level"), "1 9 3");
    assert_eq!(steps.clone().scope("none").count()?, 0);
    assert_request(
        steps.clone().scope("?").get(),
        RequestKind::UnknownScope,
        "?",
    );
    // In a getter, both the filter and the scope hold.
    assert_eq!(steps.filter(col("level").gt(1)).count()?, 1);
    db.related(&ada, "steps")?.remove(2)?;
    assert_eq!(db.related_view(&ada, "steps")?.unscoped().count()?, 2);
    db.related(&ada, "steps")?.set([2])?;
    assert_eq!(db.related_view(&ada, "steps")?.unscoped().count()?, 1);
    Ok(())
}

// rules: BT-15
// Broken: the getter of a task finds a user whom an include of the same association does not find.
#[test]
fn a_belongs_to_is_read_alike_by_getter_and_include() -> Result<()> {
    let mut models = Models::new();
    let active = Scope::new().filter(col("active").eq(true));
    models.define_with("User", |it| {
        it.attribute(Attribute::new("active", DataType::Bool))
            .default_scope(active)
    });
    models.define_with("Task", |it| it);
    models.belongs_to("Task", BelongsTo::new("User").alias("user"));
    let mut db = models.sync()?;
    for active in [true, false] {
        let user = db.create("User", values! { active: active })?;
        let mut task = db.create("Task", values! {})?;
        db.related(&mut task, "user")?.set(&user)?;
        let by_getter = db.related_view(&task, "user")?;
        let request = select("Task").filter(col("id").eq(task.get("id")?.clone()));
        for (unscoped, expected) in [(false, active), (true, true)] {
            let (getter, include) = match unscoped {
                true => (by_getter.clone().unscoped(), include("user").unscoped()),
                false => (by_getter.clone(), include("user")),
            };
            let rows = request.clone().include(include.required(false)).run(&db)?;
            let below = rows.first().unwrap().one("user")?;
            assert_eq!(
                (getter.one()?.is_some(), below.is_some()),
                (expected, expected)
            );
        }
    }
    Ok(())
}

// rules: BTM-35
// Broken: a user without groups can be given none, because whoever reads them does not want to find nothing.
#[test]
fn to_reject_nothing_is_for_reading() -> Result<()> {
    let (mut db, [.., cy]) = filled()?;
    let groups = db.related_view(&cy, "groups")?.reject_empty();
    assert_request(
        groups.get(),
        RequestKind::NotFound,
        "User.groups: nothing is associated",
    );
    assert_eq!((groups.count()?, groups.has(1)?), (0, false));
    db.related(&cy, "groups")?.set([1, 2])?;
    db.related(&cy, "groups")?.add(3)?;
    assert_eq!(
        db.related_view(&cy, "groups")?.reject_empty().get()?.len(),
        3
    );
    Ok(())
}

// rules: BTM-15, BTM-33, HM-8, HM-9
// Broken: what was softly deleted cannot be read at all, or is taken for one of the associated rows when writing.
#[test]
fn what_was_softly_deleted_is_found_when_asked_for() -> Result<()> {
    let mut models = Models::new();
    models.define_with("User", |it| it.attribute(text("name")));
    models.define_with("Post", |it| it.attribute(text("title")).soft_delete());
    models.define_with("Group", |it| it.attribute(text("name")));
    models.has_many("User", HasMany::new("Post").alias("posts"));
    models.belongs_to_many(
        "User",
        BelongsToMany::new("Group")
            .alias("groups")
            .through(Through::new("Member").soft_delete()),
    );
    let mut db = models.sync()?;
    let ada = db.create("User", values! { name: "ada" })?;
    let posts = db.create_many("Post", ["a", "b"].map(|title| values! { title: title }))?;
    db.create_many("Group", ["x", "y"].map(|name| values! { name: name }))?;
    db.related(&ada, "posts")?.add(&posts)?;
    db.related(&ada, "groups")?.set([1, 2])?;
    db.destroy(&posts[0])?;
    let read = db.related_view(&ada, "posts")?;
    assert_eq!(
        (shown(&read.get()?, "title"), read.count()?),
        ("b".into(), 1)
    );
    let all = read.clone().with_deleted();
    assert_eq!(
        (shown(&all.get()?, "title"), all.count()?),
        ("a b".into(), 2)
    );
    assert!(all.has([1, 2])? && !read.has(1)?);
    let each = db.related_each([&ada, &ada], "posts")?.with_deleted();
    assert_eq!(each.count()?, [2, 2]);
    // Clearing and adding leave a deleted post alone.
    db.related(&ada, "posts")?.set(())?;
    assert_eq!(
        shown(
            &db.related_view(&ada, "posts")?.with_deleted().get()?,
            "title"
        ),
        "a"
    );
    let before = db.fingerprint();
    db.related(&ada, "posts")?.add(1)?;
    assert_eq!(db.fingerprint(), before);
    // A removed membership is softly deleted, and the same when it is back.
    db.related(&ada, "groups")?.remove(1)?;
    let groups = db.related_view(&ada, "groups")?;
    assert_eq!(
        (shown(&groups.get()?, "name"), groups.count()?),
        ("y".into(), 1)
    );
    let once = groups.through_with_deleted();
    assert_eq!(
        (shown(&once.get()?, "name"), once.count()?),
        ("x y".into(), 2)
    );
    assert!(once.has(1)?);
    db.related(&ada, "groups")?.add(1)?;
    assert_eq!(db.related_view(&ada, "groups")?.count()?, 2);
    Ok(())
}
