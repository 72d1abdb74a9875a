//! Rows that are softly deleted: nobody finds them, they keep what refers to them, and they can come back.

use relata::association::{BelongsTo, BelongsToMany, HasMany, Through, Uniqueness};
use relata::error::{ErrorKind, RequestKind};
use relata::query::{Include, Scope};
use relata::{
    Attribute, DataType, Database, Instance, Models, Value, col, include, select, targets, values,
};

use super::text;

/// Users with posts and groups; users, posts and memberships are softly deleted, visits are not.
fn club() -> Database {
    let mut models = Models::new();
    let text = |name: &str| Attribute::new(name, DataType::Text);
    models.define_with("User", |it| it.attribute(text("name")).soft_delete());
    models.define_with("Post", |it| {
        it.attribute(text("title")).underscored(true).soft_delete()
    });
    models.define_with("Group", |it| it.attribute(text("name")));
    models.has_many(
        "User",
        HasMany::new("Post").alias("posts").foreign_key("userId"),
    );
    models.belongs_to(
        "Post",
        BelongsTo::new("User").alias("user").foreign_key("userId"),
    );
    let groups = |junction| {
        BelongsToMany::new("Group")
            .alias("groups")
            .through(junction)
    };
    models.belongs_to_many("User", groups(Through::new("Membership").soft_delete()));
    models.belongs_to_many("User", groups(Through::new("Visit")).alias("visited"));
    let members = BelongsToMany::new("User")
        .alias("members")
        .through("Membership");
    models.belongs_to_many("Group", members);
    models.sync().unwrap()
}

fn user(db: &mut Database, name: &str) -> Instance {
    db.create("User", values! { name: name }).unwrap()
}

fn post(db: &mut Database, user: &Instance, title: &str) -> Instance {
    let values = values! { title: title };
    db.related(user, "posts").unwrap().create(values).unwrap()
}

fn count(db: &mut Database, source: &Instance, key: &str) -> usize {
    let related = db.related(source, key).unwrap();
    let count = related.count().unwrap();
    assert_eq!(related.get().unwrap().len(), count);
    count
}

// rules: PA-1, PA-2
// Broken: a deleted post is still shown somewhere, or a user without posts is left out.
#[test]
fn reads_do_not_find_what_was_deleted() {
    let mut db = club();
    let ada = user(&mut db, "ada");
    let gone = post(&mut db, &ada, "gone");
    let mut stays = post(&mut db, &ada, "stays");
    db.destroy(&gone).unwrap();
    assert_eq!(count(&mut db, &ada, "posts"), 1);
    assert!(!db.related(&ada, "posts").unwrap().has(&gone).unwrap());
    assert_eq!(db.find("Post", gone.key().unwrap()).unwrap(), None);
    assert_eq!(
        (
            db.count("Post").unwrap(),
            db.find_all("Post").unwrap().len()
        ),
        (1, 1)
    );
    assert_eq!(db.find_by("Post", col("title").eq("gone")).unwrap(), []);
    assert_eq!(db.count_by("Post", col("title").eq("gone")).unwrap(), 0);
    let shown = |request: Include| {
        let rows = select("User").include(request).run(&db).unwrap();
        rows.iter()
            .map(|user| user.many("posts").unwrap().count())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(include("posts")), [1]);
    assert_eq!(shown(include("posts").with_deleted()), [2]);
    assert_eq!(
        shown(include("posts").filter(col("title").eq("gone"))),
        [] as [usize; 0]
    );
    assert_eq!(select("Post").count(&db).unwrap(), 1);
    assert_eq!(select("Post").with_deleted().count(&db).unwrap(), 2);
    let found = db.find_selected(&select("Post").with_deleted()).unwrap();
    assert!(!found[0].get("deleted_at").unwrap().is_null());
    // Without any posts that can be seen, the user stays.
    db.destroy(&stays).unwrap();
    let rows = select("User").include("posts").run(&db).unwrap();
    assert_eq!(rows.first().unwrap().many("posts").unwrap().count(), 0);
    drop(rows);
    db.reload(&mut stays).unwrap();
    db.restore(&mut stays).unwrap();
    assert_eq!(stays.get("deleted_at").unwrap(), &Value::Null);
    assert_eq!(count(&mut db, &ada, "posts"), 1);
}

// rules: PA-3, PA-7
// Broken: deleting a user softly takes posts along, or a post of such a user cannot be written.
#[test]
fn a_deleted_parent_is_still_referred_to() {
    let mut db = club();
    let ada = user(&mut db, "ada");
    let one = post(&mut db, &ada, "one");
    assert_eq!(db.destroy(&ada).unwrap().by_actions, 0);
    assert_eq!(db.related(&one, "user").unwrap().one().unwrap(), None);
    let rows = select("Post").include("user").run(&db).unwrap();
    let found = rows.first().unwrap();
    assert!(found.one("user").unwrap().is_none());
    assert_eq!(found.get("userId").unwrap(), ada.key().unwrap()[0].as_ref());
    drop(rows);
    let key = ada.key().unwrap()[0].clone();
    db.create("Post", values! { title: "two", userId: key })
        .unwrap();
    // A second time changes nothing, not even the time.
    let before = db.fingerprint();
    db.destroy(&ada).unwrap();
    assert_eq!(db.fingerprint(), before);
    // To delete it in earnest takes the actions.
    assert_eq!(db.destroy_forced(&ada).unwrap().by_actions, 2);
    let posts = db.find_all("Post").unwrap();
    assert!(
        posts
            .iter()
            .all(|post| post.get("userId").unwrap().is_null())
    );
    db.check_integrity().unwrap();
    let mut group = db.create("Group", values! { name: "g" }).unwrap();
    let error = db.restore(&mut group).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
}

// rules: PA-4, HM-8
// Broken: setting the posts of a user takes a deleted post off it, or adding one brings it to another user.
#[test]
fn writing_verbs_leave_deleted_targets_alone() {
    let mut db = club();
    let (ada, bob) = (user(&mut db, "ada"), user(&mut db, "bob"));
    let (mut gone, stays) = (post(&mut db, &ada, "gone"), post(&mut db, &ada, "stays"));
    db.destroy_where("Post", col("title").eq("gone")).unwrap();
    db.reload(&mut gone).unwrap();
    db.related(&bob, "posts")
        .unwrap()
        .add(targets![&gone])
        .unwrap();
    assert_eq!(db.related(&ada, "posts").unwrap().remove(&gone).unwrap(), 0);
    db.related(&ada, "posts").unwrap().set(()).unwrap();
    db.update_where("Post", col("id").gt(0), values! { title: "same" })
        .unwrap();
    db.reload(&mut gone).unwrap();
    assert_eq!(gone.get("title").unwrap(), &Value::from("gone"));
    db.restore(&mut gone).unwrap();
    assert_eq!(db.related(&ada, "posts").unwrap().get().unwrap(), [gone]);
    let left = db.find("Post", stays.key().unwrap()).unwrap().unwrap();
    assert!(left.get("userId").unwrap().is_null());
}

// rules: PA-5, PA-6
// Broken: a deleted member loses its groups for good, or a junction that was not asked to keeps what is removed.
#[test]
fn links_of_a_deleted_target_come_back_with_it() {
    let mut db = club();
    let mut ada = user(&mut db, "ada");
    let group = db.create("Group", values! { name: "g" }).unwrap();
    db.related(&group, "members").unwrap().add(&ada).unwrap();
    db.related(&ada, "visited").unwrap().add(&group).unwrap();
    db.destroy(&ada).unwrap();
    assert_eq!(count(&mut db, &group, "members"), 0);
    db.related(&group, "members").unwrap().set(()).unwrap();
    db.restore(&mut ada).unwrap();
    db.reload(&mut ada).unwrap();
    assert_eq!(count(&mut db, &group, "members"), 1);
    let visits = db.schema().table(db.schema().table_id("Visit").unwrap());
    assert!(
        visits
            .columns
            .iter()
            .all(|column| &*column.name != "deletedAt")
    );
    db.related(&ada, "visited").unwrap().remove(&group).unwrap();
    assert_eq!(select("Visit").with_deleted().count(&db).unwrap(), 0);
}

// rules: BTM-33, PA-6
// Broken: a link that was removed is lost, is still counted, or cannot be made again.
#[test]
fn a_junction_can_keep_what_is_removed() {
    let mut db = club();
    let ada = user(&mut db, "ada");
    let group = db.create("Group", values! { name: "g" }).unwrap();
    let other = db.create("Group", values! { name: "h" }).unwrap();
    db.related(&ada, "groups")
        .unwrap()
        .set([&group, &other])
        .unwrap();
    assert_eq!(
        db.related(&ada, "groups").unwrap().remove(&group).unwrap(),
        1
    );
    db.related(&ada, "groups").unwrap().set(()).unwrap();
    let groups = db.related(&ada, "groups").unwrap();
    assert!(!groups.has(&group).unwrap());
    assert_eq!(count(&mut db, &ada, "groups"), 0);
    assert_eq!(select("Membership").with_deleted().count(&db).unwrap(), 2);
    let shown = |request: Include| {
        let rows = select("User").include(request).run(&db).unwrap();
        rows.first().unwrap().many("groups").unwrap().count()
    };
    assert_eq!(shown(include("groups")), 0);
    assert_eq!(shown(include("groups").through_with_deleted()), 2);
    db.related(&ada, "groups").unwrap().add(&group).unwrap();
    assert_eq!(count(&mut db, &ada, "groups"), 1);
    db.related(&ada, "groups").unwrap().set([&other]).unwrap();
    assert_eq!(count(&mut db, &ada, "groups"), 1);
    assert_eq!(select("Membership").with_deleted().count(&db).unwrap(), 2);
    db.check_integrity().unwrap();
}

// rules: BTM-33
// Broken: where a pair may be linked any number of times, linking it again brings an old row back.
#[test]
fn where_pairs_repeat_a_new_row_comes() {
    let mut models = Models::new();
    models.define("User");
    models.define("Group");
    let junction = Through::new("Visit").unique(Uniqueness::Off).soft_delete();
    models.belongs_to_many(
        "User",
        BelongsToMany::new("Group")
            .alias("groups")
            .through(junction),
    );
    let mut db = models.sync().unwrap();
    let user = db.create("User", values! {}).unwrap();
    let group = db.create("Group", values! {}).unwrap();
    let mut groups = db.related(&user, "groups").unwrap();
    groups.add(&group).unwrap();
    assert_eq!(groups.remove(&group).unwrap(), 1);
    groups.add(&group).unwrap();
    assert_eq!(groups.count().unwrap(), 1);
    assert_eq!(select("Visit").with_deleted().count(&db).unwrap(), 2);
}

// rules: BTM-33, BY-1
// Broken: of two links that scopes told apart, the one that was made first comes back, or any.
#[test]
fn of_several_removed_links_the_first_by_key_comes_back() {
    let mut models = Models::new();
    models.define("User");
    models.define("Article");
    models.define_with("Mark", |it| it.attribute(text("kind")));
    let marked = |alias: &str, through: Through| {
        BelongsToMany::new("Article")
            .alias(alias)
            .through(through.soft_delete())
    };
    let of_kind = |kind: &str| Through::new("Mark").scope("kind", kind);
    models.belongs_to_many("User", marked("marked", Through::new("Mark")));
    models.belongs_to_many("User", marked("seen", of_kind("seen")));
    models.belongs_to_many("User", marked("liked", of_kind("liked")));
    let mut db = models.sync().unwrap();
    let user = db.create("User", values! {}).unwrap();
    let article = db.create("Article", values! {}).unwrap();
    for alias in ["seen", "liked"] {
        db.related(&user, alias).unwrap().add(&article).unwrap();
    }
    let mut marked = db.related(&user, "marked").unwrap();
    assert_eq!(marked.remove(&article).unwrap(), 2);
    marked.set([&article]).unwrap();
    let counts = ["marked", "liked", "seen"].map(|alias| count(&mut db, &user, alias));
    assert_eq!(counts, [1, 1, 0]);
}

// rules: PA-1, SC-11, D23
// Broken: of two countries with one code, a city is shown the one that was deleted or is out of scope, or none.
#[test]
fn of_several_parents_the_first_that_is_found_counts() {
    let mut models = Models::new();
    models.define_with("Country", |it| {
        let shown = Scope::new().filter(col("name").ne("hidden"));
        it.attribute(text("name"))
            .attribute(text("code"))
            .soft_delete()
            .default_scope(shown)
    });
    models.define("City");
    let country = BelongsTo::new("Country")
        .alias("country")
        .target_key("code");
    models.belongs_to("City", country.foreign_key("code"));
    let mut db = models.sync().unwrap();
    for name in ["gone", "hidden", "there"] {
        let country = db
            .create("Country", values! { name: name, code: "FR" })
            .unwrap();
        if name == "gone" {
            db.destroy(&country).unwrap();
        }
    }
    let mut city = db.create("City", values! {}).unwrap();
    let name = |found: &[Instance]| found[0].get("name").unwrap().clone();
    let set = db.related(&mut city, "country").unwrap().set("FR").unwrap();
    assert_eq!((set.len(), name(&set)), (1, "there".into()));
    let found = db.related(&city, "country").unwrap().get().unwrap();
    assert_eq!((found.len(), name(&found)), (1, "there".into()));
    let rows = select("City").include("country").run(&db).unwrap();
    let included = rows.first().unwrap().one("country").unwrap().unwrap();
    assert_eq!(included.get("name").unwrap().as_str(), Some("there"));
    let all = db.related_view(&city, "country").unwrap().unscoped();
    assert_eq!(name(&all.with_deleted().get().unwrap()), "gone".into());
}
