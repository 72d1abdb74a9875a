//! What verbs write, and what they leave alone.

use relata::error::{ConstraintKind, ErrorKind, RequestKind};
use relata::schema::CheckDef;
use relata::{
    BelongsTo, BelongsToMany, HasMany, HasOne, Models, Result, SharedDatabase, Through, col,
    targets, values,
};

use super::{assert_request, filled, office, shown};
use crate::associations::{attributes, int, text};

// rules: BT-10, BT-6
// Broken: a user that is set without saving is stored at once, or is forgotten by the next save.
#[test]
fn a_key_is_assigned_in_memory_and_saved_later() -> Result<()> {
    let (mut db, [ada, bob, _]) = filled()?;
    let mut task = db.find("Task", 4)?.unwrap();
    let before = db.fingerprint();
    db.related(&mut task, "user")?.assign(&ada)?;
    assert_eq!(task.get("userId")?, &1.into());
    assert_eq!(task.changed().collect::<Vec<_>>(), ["userId"]);
    assert_eq!(db.fingerprint(), before);
    assert_eq!(db.related_view(&task, "user")?.one()?, Some(ada));
    db.save(&mut task)?;
    assert!(db.related_view(&bob, "tasks")?.get()?.is_empty());
    assert_eq!(db.find("Task", 4)?.unwrap().get("userId")?, &1.into());
    db.related(&mut task, "user")?.assign(())?;
    assert_eq!(task.get("userId")?, &relata::Value::Null);
    // A key that nobody has is for saving to find out.
    db.related(&mut task, "user")?.assign(99)?;
    let error = db.save(&mut task).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Constraint(ConstraintKind::Reference)
    );
    let refused = [
        (
            db.related(&task, "user")?.assign(1),
            RequestKind::Unsupported,
            "give that as `&mut`",
        ),
        (
            db.related(&mut task, "user")?.assign("abc"),
            RequestKind::Type,
            "Task.user",
        ),
    ];
    for (result, kind, text) in refused {
        assert_request(result, kind, text);
    }
    let mut bob = bob;
    assert_request(
        db.related(&mut bob, "tasks")?.assign(1),
        RequestKind::Unsupported,
        "User.tasks: a has_many has no verb assign",
    );
    let mut built = db.build("Task", values! { title: "new" })?;
    db.related(&mut built, "user")?.assign(&bob)?;
    db.save(&mut built)?;
    assert_eq!(
        shown(&db.related_view(&bob, "tasks")?.get()?, "title"),
        "new"
    );
    Ok(())
}

// rules: HM-17
// Broken: a caller who may set the title alone sets the rank, or the task is nobody's because the key was not listed.
#[test]
fn only_listed_fields_are_taken_besides_the_key() -> Result<()> {
    let (mut db, [ada, ..]) = filled()?;
    let sent = values! { title: "new", rank: 9, userId: 2 };
    let made = db.related(&ada, "tasks")?.create(sent.only(["title"]))?;
    let got = (made.get("title")?, made.get("rank")?, made.get("userId")?);
    assert_eq!(got, (&"new".into(), &relata::Value::Null, &1.into()));
    Ok(())
}

// rules: BTM-30
// Broken: a role that members may not have is stored because it came through the association.
#[test]
fn what_the_junction_forbids_is_refused_whole() -> Result<()> {
    let mut models = Models::new();
    models.define_with("User", |it| it.attribute(text("name")));
    models.define_with("Group", |it| it.attribute(text("name")));
    models.define_with("Member", |it| {
        let known = CheckDef::new("known_role", col("role").ne("spy"));
        it.attribute(text("role")).check(known)
    });
    models.belongs_to_many(
        "User",
        BelongsToMany::new("Group")
            .alias("groups")
            .through("Member"),
    );
    let mut db = models.sync()?;
    let ada = db.create("User", values! {})?;
    db.create_many("Group", [values! {}, values! {}])?;
    db.related(&ada, "groups")?.add(2)?;
    let before = db.fingerprint();
    let spy = || values! { role: "spy" };
    let one_spy = [(1, spy()), (2, values! {})];
    let errors = [
        db.related(&ada, "groups")?
            .add_with([1, 2], spy())
            .map(drop),
        db.related(&ada, "groups")?.set(one_spy).map(drop),
        db.related(&ada, "groups")?
            .create_with(values! {}, spy())
            .map(drop),
    ];
    for error in errors {
        let kind = ErrorKind::Constraint(ConstraintKind::Check);
        assert_eq!(error.unwrap_err().kind(), kind);
        assert_eq!(db.fingerprint(), before);
    }
    Ok(())
}

// rules: BTM-34
// Broken: a junction cannot be walked from its own model, or the ends get associations that nobody declared.
#[test]
fn a_junction_may_have_associations_of_its_own() -> Result<()> {
    let mut models = office();
    models.belongs_to("Member", BelongsTo::new("User"));
    models.has_many("Group", HasMany::new("Member"));
    let mut db = models.sync()?;
    let ada = db.create("User", values! { name: "ada" })?;
    let group = db.create("Group", values! { name: "x" })?;
    db.related(&ada, "groups")?
        .add_with(&group, values! { role: "boss" })?;
    let members = db.related_view(&group, "Members")?.include("User").get()?;
    assert_eq!(shown(&members, "role"), "boss");
    assert_eq!(members[0].one("User")?, Some(&ada));
    assert_eq!(
        attributes(&db, "Member"),
        "role since createdAt updatedAt UserId GroupId"
    );
    assert_eq!(crate::associations::keys(&db, "User"), "tasks desk groups");
    assert_eq!(crate::associations::keys(&db, "Group"), "members Members");
    Ok(())
}

// rules: HO-13, HO-15
// Broken: a second match of the same home team is refused, or its home and away teams are one.
#[test]
fn a_team_plays_at_home_and_away() -> Result<()> {
    let mut models = Models::new();
    models.define_with("Team", |it| it.attribute(text("name")));
    models.define_with("Game", |it| it.attribute(int("round")));
    for (alias, key) in [("HomeTeam", "homeTeamId"), ("AwayTeam", "awayTeamId")] {
        models.belongs_to("Game", BelongsTo::new("Team").alias(alias).foreign_key(key));
    }
    models.belongs_to("Game", BelongsTo::new("Team").alias("team"));
    models.has_one(
        "Team",
        HasOne::new("Game")
            .alias("homeGame")
            .foreign_key("homeTeamId"),
    );
    let mut db = models.sync()?;
    assert_eq!(
        attributes(&db, "Game"),
        "id round createdAt updatedAt homeTeamId awayTeamId teamId"
    );
    let teams = db.create_many("Team", ["a", "b"].map(|name| values! { name: name }))?;
    let mut games = Vec::new();
    for round in [1, 2] {
        games.push(
            db.related(&teams[0], "homeGame")?
                .create(values! { round: round })?,
        );
    }
    db.related(&games[0], "AwayTeam")?.set(&teams[1])?;
    let name =
        |key: &str| Ok::<_, relata::Error>(shown(&db.related_view(&games[0], key)?.get()?, "name"));
    assert_eq!(
        (name("HomeTeam")?, name("AwayTeam")?, name("team")?),
        ("a".into(), "b".into(), String::new())
    );
    assert_eq!(
        db.related_view(&teams[0], "homeGame")?
            .one()?
            .unwrap()
            .get("round")?,
        &1.into()
    );
    Ok(())
}

// rules: MX-6, BTM-25, HM-9
// Broken: setting what is mostly so already writes every row again.
#[test]
fn a_verb_writes_the_rows_that_differ_and_no_others() -> Result<()> {
    let (mut db, [ada, ..]) = filled()?;
    let mut rows = |key: &str, targets: relata::Targets<'_>| {
        let mut tx = db.begin();
        tx.related(&ada, key)?.set(targets)?;
        Ok::<_, relata::Error>(tx.commit_with_changes()?.rows.len())
    };
    assert_eq!(rows("tasks", targets![1, 2, 3])?, 0);
    assert_eq!(rows("tasks", targets![1, 2, 4])?, 2);
    assert_eq!(rows("groups", targets![2, 1])?, 0);
    assert_eq!(rows("groups", targets![1, 3])?, 2);
    assert_eq!(
        rows("groups", targets![(1, values! { role: "boss" }), 3])?,
        0
    );
    assert_eq!(
        rows("groups", targets![(1, values! { role: "cook" }), 3])?,
        1
    );
    let member = db.find("Member", (1, 1))?.unwrap();
    assert_eq!(
        (member.get("role")?, member.get("since")?),
        (&"cook".into(), &7.into())
    );
    Ok(())
}

// rules: TX-2
// Broken: another thread sees a task change hands before the transaction is committed, or after it was undone.
#[test]
fn a_verb_shows_outside_once_it_is_committed() -> Result<()> {
    let (db, [ada, bob, _]) = filled()?;
    let shared = SharedDatabase::new(db);
    let of_bob = || shared.read().related_view(&bob, "tasks")?.count();
    let undone = shared.write(|tx| {
        tx.related(&bob, "tasks")?.set([1, 4])?;
        assert_eq!((tx.related(&bob, "tasks")?.count()?, of_bob()?), (2, 0));
        tx.related(&ada, "groups")?.add(99)
    });
    assert!(undone.is_err());
    assert_eq!(of_bob()?, 0);
    shared.write(|tx| tx.related(&bob, "tasks")?.set([1, 4]))?;
    assert_eq!(of_bob()?, 2);
    Ok(())
}

// rules: MX-5
// Broken: the tasks that came with a user grow by themselves.
#[test]
fn what_was_loaded_stays_as_it_was() -> Result<()> {
    let (mut db, [_, bob, _]) = filled()?;
    let task = db.find("Task", 1)?.unwrap();
    let loaded = db
        .related_view(&task, "user")?
        .include("tasks")
        .one()?
        .unwrap();
    db.related(&bob, "tasks")?.add(1)?;
    assert_eq!(loaded.many("tasks")?.len(), 3);
    assert_eq!(db.related_view(&loaded, "tasks")?.count()?, 2);
    Ok(())
}

// Broken: a has_many with a home takes the home of another for its own.
#[test]
fn a_scoped_junction_is_read_within_its_scope() -> Result<()> {
    let mut models = Models::new();
    models.define_with("Post", |it| it.attribute(text("title")));
    models.define_with("Tag", |it| it.attribute(text("name")));
    models.define_with("Tagging", |it| {
        it.attribute(text("kind")).attribute(int("weight"))
    });
    for (kind, alias) in [("main", "mainTags"), ("side", "sideTags")] {
        models.belongs_to_many(
            "Post",
            BelongsToMany::new("Tag")
                .alias(alias)
                .through(Through::new("Tagging").scope("kind", kind)),
        );
    }
    let mut db = models.sync()?;
    let post = db.create("Post", values! { title: "p" })?;
    db.create_many("Tag", ["x", "y"].map(|name| values! { name: name }))?;
    db.related(&post, "mainTags")?
        .add_with([1, 2], values! { weight: 1 })?;
    db.related(&post, "sideTags")?
        .add_with(2, values! { weight: 5 })?;
    let heavy = |key: &str| {
        db.related_view(&post, key)
            .map(|it| it.through_filter(col("weight").gt(2)))
    };
    assert_eq!(
        (heavy("mainTags")?.count()?, heavy("sideTags")?.count()?),
        (0, 1)
    );
    assert!(heavy("sideTags")?.has(2)? && !heavy("mainTags")?.has(2)?);
    Ok(())
}
