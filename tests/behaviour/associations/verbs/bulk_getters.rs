//! What is associated with each of many sources, in one request.

use relata::error::RequestKind;
use relata::{Result, col, desc};

use super::{assert_request, filled, shown};

// rules: HM-18
// Broken: a limit of two is two of everybody's tasks, or a user without tasks has no place in the result.
#[test]
fn each_source_has_its_own_order_and_limit() -> Result<()> {
    let (mut db, [ada, bob, cy]) = filled()?;
    db.related(&bob, "tasks")?.add(4)?;
    let new = db.build("User", relata::values! { name: "new" })?;
    let sources = [&cy, &ada, &new, &bob, &ada];
    let tasks = db
        .related_each(sources, "tasks")?
        .order_by(desc("id"))
        .limit(2);
    let found = tasks.get()?;
    let titles: Vec<_> = found.iter().map(|tasks| shown(tasks, "title")).collect();
    assert_eq!(titles, ["", "c b", "", "d", "c b"]);
    assert_eq!(tasks.count()?, [0, 3, 0, 1, 3]);
    let rows = tasks.rows()?;
    assert_eq!((rows.len(), rows.get(1).unwrap().len()), (5, 2));
    assert!(rows.get(5).is_none());
    let late = db.related_each(sources, "tasks")?.filter(col("rank").le(1));
    let late = late.get()?;
    assert_eq!(
        late.iter().map(Vec::len).collect::<Vec<_>>(),
        [0, 1, 0, 1, 1]
    );
    Ok(())
}

// rules: BT-16
// Broken: the users of many tasks are read one by one, or a task without one takes that of its neighbour.
#[test]
fn each_source_has_its_target_or_none() -> Result<()> {
    let (db, [ada, bob, _]) = filled()?;
    let tasks = db.find_all("Task")?;
    let users = db.related_each(&tasks, "user")?.one()?;
    let ada = Some(ada);
    assert_eq!(users, [ada.clone(), ada.clone(), ada.clone(), None]);
    let desks = db
        .related_each([&bob, ada.as_ref().unwrap()], "desk")?
        .one()?;
    assert_eq!(desks[0], None);
    assert_eq!(desks[1].as_ref().unwrap().get("room")?, &"north".into());
    Ok(())
}

// rules: HM-18, BTM-13
// Broken: a group that two users share comes once, or with the role of the wrong one.
#[test]
fn shared_targets_come_under_each_source_with_its_own_junction_row() -> Result<()> {
    let (db, users) = filled()?;
    let groups = db.related_each(&users, "groups")?.include("members");
    let found = groups.get()?;
    assert_eq!(shown(&found[0], "name"), "x y");
    assert_eq!(shown(&found[1], "name"), "x");
    assert_eq!(found[2], []);
    let role = |user: usize| found[user][0].junction().unwrap().get("role");
    assert_eq!((role(0)?, role(1)?), (&"boss".into(), &"guest".into()));
    assert_eq!(shown(found[1][0].many("members")?, "name"), "ada bob");
    let led = db
        .related_each(&users, "groups")?
        .through_filter(col("role").eq("boss"));
    assert_eq!(led.count()?, [1, 0, 0]);
    Ok(())
}

// Broken: sources of two models are read as if they were of one.
#[test]
fn sources_are_of_one_model_and_may_be_none() -> Result<()> {
    let (db, [ada, ..]) = filled()?;
    let task = db.find("Task", 1)?.unwrap();
    assert_request(
        db.related_each([&ada, &task], "tasks").map(drop),
        RequestKind::Type,
        "one source is a User, and another a Task",
    );
    assert_request(
        db.related_each([&ada], "task").map(drop),
        RequestKind::UnknownAssociation,
        "User",
    );
    assert_request(
        db.related_each([&ada], "tasks")?.one(),
        RequestKind::Unsupported,
        "User.tasks: a has_many has no verb one",
    );
    let nobody = db.related_each([], "tasks")?;
    assert!(nobody.get()?.is_empty() && nobody.rows()?.is_empty());
    Ok(())
}
