//! Chains: associations over a path of others. They find what the steps find one below the other, each target once, and
//! are only read.

use relata::association::{BelongsTo, BelongsToMany, BelongsToOwner, HasMany, HasOne, Through};
use relata::error::{Limit, ProblemKind, RequestKind};
use relata::query::{Record, Scope};
use relata::{
    Answer, Arguments, Attribute, Chain, DataType, Database, Error, ErrorKind, Instance, ModelDef,
    Models, Result, col, desc, include, select, targets, values,
};

/// Countries with users, users with posts, posts with tags; a post may have a second user, its editor.
fn models() -> Models {
    let named = |name: &str| {
        let attribute = Attribute::new("name", DataType::Text);
        ModelDef::new(name).attribute(attribute).timestamps(false)
    };
    let mut models = Models::new();
    models
        .define(named("Country"))
        .define(named("User").soft_delete())
        .define(named("Post").soft_delete())
        .define(named("Tag"))
        .has_many("Country", HasMany::new("User").alias("users"))
        .belongs_to(
            "User",
            BelongsTo::new("Country")
                .alias("country")
                .foreign_key("CountryId"),
        )
        .has_many("User", HasMany::new("Post").alias("posts"))
        .belongs_to(
            "Post",
            BelongsTo::new("User").alias("author").foreign_key("UserId"),
        )
        .belongs_to_many(
            "Post",
            BelongsToMany::new("Tag").alias("tags").through("PostTag"),
        )
        .belongs_to_many(
            "Tag",
            BelongsToMany::new("Post").alias("posts").through("PostTag"),
        )
        .chain("Country", ["users", "posts"])
        .chain("Country", ["posts", "tags"])
        .chain("Post", ["author", "country"])
        .chain("Tag", Chain::new(["posts", "author"]).alias("writers"))
        .chain("Post", Chain::new(["tags", "posts"]).alias("related"))
        .chain(
            "User",
            Chain::new(["posts", "related", "author"]).alias(("peer", "peers")),
        );
    models
}

/// Two countries: users 1 and 2 in the first, 3 in the second; posts 1 and 2 of user 1, 3 of user 2, 4 of user 3. Tag 1 on
/// posts 1, 2 and 3, tag 2 on post 4 and 1.
fn world() -> Result<Database> {
    let mut db = models().sync()?;
    for name in ["Norway", "Chile"] {
        db.create("Country", values! { name: name })?;
    }
    for (name, country) in [("Ada", 1), ("Bo", 1), ("Cy", 2)] {
        db.create("User", values! { name: name, CountryId: country })?;
    }
    for (name, user) in [("d", 1), ("c", 1), ("b", 2), ("a", 3)] {
        db.create("Post", values! { name: name, UserId: user })?;
    }
    for name in ["red", "blue"] {
        db.create("Tag", values! { name: name })?;
    }
    for (tag, post) in [(1, 1), (1, 2), (1, 3), (2, 4), (2, 1)] {
        db.create("PostTag", values! { TagId: tag, PostId: post })?;
    }
    Ok(db)
}

fn ids<'r>(records: impl IntoIterator<Item = Record<'r>>) -> Vec<i64> {
    let id = |record: Record<'_>| record.get("id").ok().and_then(|id| id.to_value().as_int());
    records.into_iter().filter_map(id).collect()
}

fn names(instances: &[Instance]) -> Vec<&str> {
    let names = instances
        .iter()
        .filter_map(|it| it.get("name").ok()?.as_str());
    names.collect()
}

fn one(db: &Database, model: &str, id: i64) -> Result<Instance> {
    Ok(db.find(model, id)?.expect("there is such a row"))
}

// rules: BY-8, EL-11, EL-12
// Broken: a target comes as often as ways lead to it, or in the order of the ways.
#[test]
fn a_target_comes_once_in_key_order() -> Result<()> {
    let db = world()?;
    let request = select("Country").include("posts").include("tags");
    let countries = request.run(&db)?;
    let found: Vec<_> = countries
        .iter()
        .map(|it| Ok((ids(it.many("posts")?), ids(it.many("tags")?))))
        .collect::<Result<_>>()?;
    assert_eq!(found, [(vec![1, 2, 3], vec![1, 2]), (vec![4], vec![2])]);
    // Under each tag its writers once, though user 1 wrote two posts of the first.
    let tags = select("Tag").include("writers").run(&db)?;
    let found: Vec<_> = tags
        .iter()
        .map(|tag| Ok(ids(tag.many("writers")?)))
        .collect::<Result<_>>()?;
    assert_eq!(found, [vec![1, 2], vec![1, 3]]);
    Ok(())
}

// rules: BY-8, BY-2, BY-3
// Broken: an order, a limit or an offset is of all posts and not of those of each country.
#[test]
fn order_limit_and_offset_hold_under_each_source() -> Result<()> {
    let db = world()?;
    let posts = include("posts").order_by("name").limit(2);
    let countries = select("Country").include(posts.clone()).run(&db)?;
    let found: Vec<_> = countries
        .iter()
        .map(|it| Ok(ids(it.many("posts")?)))
        .collect::<Result<_>>()?;
    assert_eq!(found, [vec![3, 2], vec![4]]);
    let countries = select("Country").include(posts.offset(1)).run(&db)?;
    let found: Vec<_> = countries
        .iter()
        .map(|it| Ok(ids(it.many("posts")?)))
        .collect::<Result<_>>()?;
    assert_eq!(found, [vec![2, 1], vec![]]);
    Ok(())
}

// rules: BY-8, BY-7, EL-19, EL-23
// Broken: a filter over a chain leaves roots without a match, or counts a root for each match.
#[test]
fn filters_require_and_counts_count_targets() -> Result<()> {
    let db = world()?;
    let red = || include("tags").filter(col("name").eq("red"));
    let countries = select("Country").include(red()).run(&db)?;
    assert_eq!(ids(countries.iter()), [1]);
    let countries = select("Country").include(red().required(false));
    assert_eq!(ids(countries.run(&db)?.iter()), [1, 2]);
    assert_eq!(select("Country").include(red()).count(&db)?, 1);
    // Required below a chain ripples up over it.
    let tagged = include("posts").include(red()).required(true);
    let countries = select("Country").include(tagged).run(&db)?;
    assert_eq!(ids(countries.iter()), [1]);
    let counted = select("Country")
        .with_count("posts")
        .with_count(red())
        .run(&db)?;
    let counts: Vec<_> = counted
        .iter()
        .map(|it| Ok((it.count("posts")?, it.count("tags")?)))
        .collect::<Result<_>>()?;
    assert_eq!(counts, [(3, 1), (1, 0)]);
    Ok(())
}

// rules: BY-8
// Broken: a chain of steps to one gives a list, or something below what it found is not loaded.
#[test]
fn a_chain_of_steps_to_one_leads_to_one() -> Result<()> {
    let db = world()?;
    let request = select("Post").include(include("country").include("users"));
    let posts = request.run(&db)?;
    let last = posts.get(3).expect("there are four posts");
    let country = last.one("country")?.expect("its author has a country");
    assert_eq!(country.get("name")?.as_str(), Some("Chile"));
    assert_eq!(ids(country.many("users")?), [3]);
    let error = last.many("country").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Type));
    let post = one(&db, "Post", 1)?;
    let view = db.related_view(&post, "country")?;
    assert_eq!(names(&view.get()?), ["Norway"]);
    Ok(())
}

// rules: BY-8
// Broken: a chain in a chain is not followed, or finds targets twice.
#[test]
fn a_step_may_be_a_chain() -> Result<()> {
    let db = world()?;
    let users = select("User").include("peers").run(&db)?;
    let found: Vec<_> = users
        .iter()
        .map(|it| Ok(ids(it.many("peers")?)))
        .collect::<Result<_>>()?;
    // By tags: posts 1, 2, 3 and, over the blue one, 4.
    assert_eq!(found, [vec![1, 2, 3], vec![1, 2], vec![1, 3]]);
    let model = db.describe("User")?;
    let peers = model.associations().find(|it| it.key() == "peers");
    let peers = peers.expect("the chain is an association");
    let steps: Vec<_> = peers.steps().map(|step| step.key().to_owned()).collect();
    assert_eq!(steps, ["posts", "tags", "posts", "author"]);
    assert!(!peers.is_single() && peers.is_self());
    assert!(peers.foreign_key().is_empty() && peers.constraint().is_none());
    Ok(())
}

// rules: BY-8, PA-1
// Broken: a way leads over a row that was softly deleted, or ends at one.
#[test]
fn no_way_leads_over_what_was_softly_deleted() -> Result<()> {
    let mut db = world()?;
    let posts = |db: &Database, posts: relata::query::Include| -> Result<Vec<i64>> {
        let countries = select("Country").include(posts).run(db)?;
        let norway = countries.get(0).expect("there are countries");
        Ok(ids(norway.many("posts")?))
    };
    let post = one(&db, "Post", 1)?;
    db.destroy(&post)?;
    assert_eq!(posts(&db, include("posts"))?, [2, 3]);
    assert_eq!(posts(&db, include("posts").with_deleted())?, [1, 2, 3]);
    let ada = one(&db, "User", 1)?;
    db.destroy(&ada)?;
    assert_eq!(posts(&db, include("posts"))?, [3]);
    // Asking for deleted targets says nothing about the way.
    assert_eq!(posts(&db, include("posts").with_deleted())?, [3]);
    let norway = one(&db, "Country", 1)?;
    let view = || db.related_view(&norway, "posts");
    assert_eq!((view()?.count()?, view()?.has(3)?), (1, true));
    assert!(!view()?.has(1)? && !view()?.with_deleted().has(1)?);
    Ok(())
}

// rules: BY-8, SC-1, SC-11
// Broken: the scope of a step, or of the model between, is forgotten on the way.
#[test]
fn scopes_hold_on_each_step() -> Result<()> {
    let mut models = Models::new();
    let flagged = |name: &str| {
        ModelDef::new(name)
            .attribute(Attribute::new("flag", DataType::Bool).not_null())
            .timestamps(false)
    };
    let visible = Scope::new().filter(col("flag").eq(true)).limit(1);
    models
        .define("Country")
        .define(flagged("User").default_scope(visible))
        .define(flagged("Post"))
        .define("Tag")
        .has_many("Country", HasMany::new("User").alias("users"))
        .has_many(
            "User",
            HasMany::new("Post")
                .alias("flagged")
                .scope("flag", true)
                .scope_where(col("id").lt(6)),
        )
        .chain("Country", ["users", "flagged"]);
    let mut db = models.sync()?;
    let country = db.create("Country", values! {})?;
    for flag in [true, false, true] {
        db.create("User", values! { flag: flag, CountryId: 1 })?;
    }
    for (user, flag) in [
        (1, false),
        (1, true),
        (2, true),
        (3, true),
        (3, false),
        (3, true),
    ] {
        db.create("Post", values! { flag: flag, UserId: user })?;
    }
    // User 2 is not visible; the limit of the default scope is about what is shown. Post 6 fails the condition.
    let countries = select("Country").include("flagged").run(&db)?;
    let found = countries.get(0).expect("there is one").many("flagged")?;
    assert_eq!(ids(found), [2, 4]);
    assert_eq!(db.related(&country, "flagged")?.count()?, 2);
    assert!(!db.related(&country, "flagged")?.has(3)?);
    Ok(())
}

// rules: BY-8, D23
// Broken: of several rows below a step to one each leads on.
#[test]
fn a_step_to_one_takes_the_lowest_key() -> Result<()> {
    let mut models = Models::new();
    models
        .define("Team")
        .define("User")
        .define(ModelDef::new("Desk").attribute(Attribute::new("size", DataType::Int)))
        .has_many("Team", HasMany::new("User").alias("users"))
        .has_one(
            "User",
            HasOne::new("Desk").alias("desk").foreign_key("UserId"),
        )
        .chain("Team", ["users", "desk"]);
    let mut db = models.sync()?;
    let team = db.create("Team", values! {})?;
    db.create_many("User", [values! { TeamId: 1 }, values! { TeamId: 1 }])?;
    for (size, user) in [(9, 2), (5, 1), (7, 1)] {
        db.create("Desk", values! { size: size, UserId: user })?;
    }
    let teams = select("Team").include("desks").run(&db)?;
    let desks = teams.get(0).expect("there is one").many("desks")?;
    assert_eq!(ids(desks), [1, 2]);
    // As in an include of the step: the lowest key of those that pass.
    let large = db.related(&team, "desks")?.get_where(col("size").ge(7))?;
    assert_eq!(large.len(), 2);
    Ok(())
}

// rules: BY-8, MX-4, MX-7
// Broken: a getter, the bulk getter or an accessor does not know chains.
#[test]
fn the_verbs_that_read_work() -> Result<()> {
    let mut db = world()?;
    let (norway, chile) = (one(&db, "Country", 1)?, one(&db, "Country", 2)?);
    let posts = db.related(&norway, "posts")?;
    assert_eq!(names(&posts.get()?), ["d", "c", "b"]);
    assert_eq!(names(&posts.get_where(col("name").ge("c"))?), ["d", "c"]);
    assert_eq!(
        (posts.count()?, posts.count_where(col("name").eq("c"))?),
        (3, 1)
    );
    assert!(posts.has([1, 3])? && !posts.has([1, 4])? && posts.has(())?);
    assert!(!posts.has(99)?);
    let view = db.related_view(&norway, "posts")?;
    let view = view.order_by(desc("id")).limit(2).include("tags");
    let found = view.get()?;
    assert_eq!(names(&found), ["b", "c"]);
    assert_eq!(found[0].many("tags")?.len(), 1);
    let built = db.build("Country", values! {})?;
    let each = db.related_each([&norway, &built, &chile], "posts")?;
    assert_eq!(each.count()?, [3, 0, 1]);
    let found = each.limit(1).get()?;
    let found: Vec<_> = found.iter().map(|it| names(it)).collect();
    assert_eq!(found, [vec!["d"], vec![], vec!["a"]]);
    assert_eq!(db.call(&norway, "countPosts", ())?, Answer::Count(3));
    assert_eq!(db.call(&norway, "hasPost", 4)?, Answer::Has(false));
    let got = db.call(&norway, "getPosts", Arguments::new().limit(1))?;
    assert_eq!(names(&got.into_many()), ["d"]);
    Ok(())
}

// rules: BY-8
// Broken: writing through a chain does something, or does not say what is read-only.
#[test]
fn writing_through_a_chain_is_refused() -> Result<()> {
    let mut db = world()?;
    let before = db.fingerprint();
    let norway = one(&db, "Country", 1)?;
    let refused = |found: std::result::Result<(), Error>| {
        let error = found.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
        let text = error.to_string();
        assert!(text.contains("Country.posts"), "{text}");
        assert!(
            text.contains("a chain over users, posts is read-only"),
            "{text}"
        );
    };
    refused(db.related(&norway, "posts")?.add(4).map(|_| ()));
    refused(
        db.related(&norway, "posts")?
            .set(targets![1, 4])
            .map(|_| ()),
    );
    refused(db.related(&norway, "posts")?.remove(1).map(|_| ()));
    refused(db.related(&norway, "posts")?.create(values! {}).map(|_| ()));
    refused(db.call(&norway, "addPost", 4).map(|_| ()));
    refused(db.call(&norway, "createPost", values! {}).map(|_| ()));
    let tree = relata::Tree::new().with("posts", [relata::Tree::new()]);
    refused(db.create_tree("Country", tree).map(|_| ()));
    let error = db.related_view(&norway, "posts")?;
    let error = error.through_filter(col("id").eq(1)).get().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
    assert_eq!(db.fingerprint(), before);
    Ok(())
}

// rules: BY-8
// Broken: the plan of a chain over foreign keys looks values up, or does not say which way it goes.
#[test]
fn the_plan_tells_the_way() -> Result<()> {
    let db = world()?;
    let text = select("Country")
        .include(include("tags").limit(2))
        .explain(&db)?
        .to_string();
    let expected = "select Country, about 2 rows
  scan of Countries: 2 rows
  order: primary key, as found
  include tags (Tag), about 4 rows
    chain, each row once
    step users
      edges Users_CountryId_fkey to its children
      filter: deletedAt is null
    step posts
      edges Posts_UserId_fkey to its children
      filter: deletedAt is null
    step tags
      to junction: edges PostTag_PostId_fkey to its children
      to target: edge PostTag_TagId_fkey to its parent
    order: primary key, as found
    limit: 2 per parent
";
    assert_eq!(text, expected, "\n{text}");
    Ok(())
}

#[track_caller]
fn refused(models: &Models, kind: ProblemKind, words: &[&str]) {
    let Err(Error::Declaration(error)) = models.schema() else {
        panic!("it is accepted");
    };
    let [problem] = &error.problems[..] else {
        panic!("{error}");
    };
    assert_eq!(problem.kind, kind, "{error}");
    for word in words {
        assert!(problem.detail.contains(word), "{error}");
    }
}

// rules: BY-8, AS-5, AS-6
// Broken: a chain that cannot be is accepted, or what is wrong is not named.
#[test]
fn a_chain_that_cannot_be_is_refused_by_name() {
    let mut wrong = models();
    wrong.chain("Country", Chain::new(["users", "tags"]).alias("x"));
    let words = [
        "Country.chain(users, tags) as x",
        "tags is no association of User",
    ];
    refused(&wrong, ProblemKind::Unknown, &words);
    let mut wrong = models();
    wrong.chain("Country", Chain::new(["user", "posts"]).alias("x"));
    let words = ["user is no association of Country", "did you mean users?"];
    refused(&wrong, ProblemKind::Unknown, &words);
    // An attribute is no association either.
    let mut wrong = models();
    wrong.chain("Country", Chain::new(["users", "name"]).alias("x"));
    refused(
        &wrong,
        ProblemKind::Unknown,
        &["name is no association of User"],
    );
    let mut wrong = models();
    wrong.chain("Planet", ["users"]);
    refused(
        &wrong,
        ProblemKind::Unknown,
        &["Planet is not a defined model"],
    );
    let mut wrong = models();
    wrong.chain("Country", Chain::new(Vec::<String>::new()));
    refused(&wrong, ProblemKind::Association, &["at least one step"]);
    let mut wrong = models();
    wrong.chain("Country", ["users"]);
    refused(
        &wrong,
        ProblemKind::Association,
        &["Country.chain(users)", "same name \"users\""],
    );
    let mut wrong = models();
    wrong.chain("Country", Chain::new(["users", "posts"]).alias("posts"));
    refused(
        &wrong,
        ProblemKind::Association,
        &["used the alias posts in two"],
    );
    let mut wrong = models();
    wrong.chain("Country", Chain::new(["users", "posts"]).alias("name"));
    refused(
        &wrong,
        ProblemKind::Association,
        &["Naming collision", "'name'"],
    );
}

// rules: BY-8
// Broken: chains in a ring are followed without end, or every chain on the way to the ring is a problem of its own.
#[test]
fn chains_in_a_ring_are_refused_with_the_way_round() {
    let mut wrong = models();
    wrong
        .chain("User", Chain::new(["loop"]).alias("before"))
        .chain("User", Chain::new(["posts", "back"]).alias("loop"))
        .chain("Post", Chain::new(["author", "loop"]).alias("back"));
    let way = "User.chain(posts, back) as loop, Post.chain(author, loop) as back, \
               User.chain(posts, back) as loop";
    refused(&wrong, ProblemKind::Association, &["chains in a ring", way]);
    let mut wrong = models();
    wrong.chain("User", Chain::new(["posts", "author", "me"]).alias("me"));
    refused(&wrong, ProblemKind::Association, &["chains in a ring"]);
}

// rules: BY-8
// Broken: chains of chains grow without end, or a long path is not followed.
#[test]
fn a_path_may_be_long_but_not_too_long() -> Result<()> {
    let path = |length: usize| {
        let steps = ["posts", "author"].into_iter().cycle().take(length);
        Chain::new(steps).alias("far")
    };
    let mut long = models();
    long.chain("User", path(64));
    let mut db = long.sync()?;
    let user = db.create("User", values! {})?;
    db.create("Post", values! { UserId: 1 })?;
    assert_eq!(db.related(&user, "far")?.count()?, 1);
    let mut wrong = models();
    wrong.chain("User", path(65));
    let kind = ProblemKind::Limit(Limit::ChainSteps);
    refused(&wrong, kind, &["more than 64 steps"]);
    // Each twice the one before.
    let mut wrong = models();
    wrong.chain("User", Chain::new(["posts", "author"]).alias("p0"));
    for power in 1..6 {
        let step = format!("p{}", power - 1);
        wrong.chain(
            "User",
            Chain::new([step.clone(), step]).alias(&*format!("p{power}")),
        );
    }
    assert!(wrong.schema().is_ok());
    wrong.chain("User", Chain::new(["p5", "p5"]).alias("p6"));
    refused(&wrong, kind, &["User.chain(p5, p5) as p6"]);
    Ok(())
}

/// Comments on posts or images, and authors of posts.
fn comments() -> Models {
    let mut models = Models::new();
    models
        .define_with("User", |it| it.timestamps(false))
        .define_with("Post", |it| it.timestamps(false))
        .define_with("Image", |it| it.timestamps(false))
        .define_with("Comment", |it| it.timestamps(false))
        .belongs_to(
            "Post",
            BelongsTo::new("User").alias("author").foreign_key("userId"),
        )
        .has_many(
            "User",
            HasMany::new("Post").alias("posts").foreign_key("userId"),
        )
        .belongs_to_owner(
            "Comment",
            BelongsToOwner::new("on").one_of("Post").one_of("Image"),
        );
    for name in ["Post", "Image"] {
        models.has_many(
            name,
            HasMany::new("Comment").alias("comments").as_owner("on"),
        );
    }
    models
}

// rules: BY-8, BY-11
// Broken: a chain goes over an owner of another model, or over an owner of which nobody knows the model.
#[test]
fn a_step_may_be_one_association_of_an_owner() -> Result<()> {
    let mut models = comments();
    models
        .chain("Comment", ["Post", "author"])
        .chain("User", ["posts", "comments"]);
    let mut db = models.sync()?;
    for user in 1..=2 {
        db.create("User", values! {})?;
        db.create("Post", values! { userId: user })?;
        db.create("Image", values! {})?;
        for on in ["Post", "Image"] {
            db.create("Comment", values! { onType: on, onId: user })?;
        }
    }
    let comments = select("Comment").include("author").run(&db)?;
    let authors: Vec<_> = comments
        .iter()
        .map(|it| Ok(ids(it.one("author")?)))
        .collect::<Result<_>>()?;
    assert_eq!(authors, [vec![1], vec![], vec![2], vec![]]);
    let user = one(&db, "User", 2)?;
    assert_eq!(db.related(&user, "comments")?.count()?, 1);

    let mut wrong = models.clone();
    wrong.chain("Comment", Chain::new(["on", "author"]).alias("x"));
    let words = [
        "on of Comment is an owner in one of several models",
        "Post or Image",
    ];
    refused(&wrong, ProblemKind::Unsupported, &words);
    let mut wrong = models.clone();
    wrong.chain("Comment", Chain::new(["Post", "author"]).alias("on"));
    refused(
        &wrong,
        ProblemKind::Association,
        &["used the alias on in two"],
    );
    Ok(())
}

// rules: BY-8, SC-6
// Broken: what rows of a junction must meet besides its scope is forgotten on the way.
#[test]
fn conditions_of_a_junction_hold_on_the_way() -> Result<()> {
    let mut models = Models::new();
    let weight = Attribute::new("weight", DataType::Int);
    models
        .define("Post")
        .define("Tag")
        .define("Link")
        .define_with("PostTag", |it| it.attribute(weight).timestamps(false))
        .belongs_to_many(
            "Post",
            BelongsToMany::new("Tag")
                .alias("tags")
                .through(Through::new("PostTag").scope_where(col("weight").gt(1))),
        )
        .has_many("Tag", HasMany::new("Link").alias("links"))
        .chain("Post", ["tags", "links"]);
    let mut db = models.sync()?;
    db.create("Post", values! {})?;
    for weight in 1..=3 {
        db.create("Tag", values! {})?;
        db.create("Link", values! { TagId: weight })?;
        db.create(
            "PostTag",
            values! { PostId: 1, TagId: weight, weight: weight },
        )?;
    }
    let posts = select("Post").include("links").run(&db)?;
    assert_eq!(
        ids(posts.first().expect("there is one").many("links")?),
        [2, 3]
    );
    Ok(())
}

// Broken: where an association is refused, each chain over it is told besides.
#[test]
fn a_refused_step_is_told_once() {
    let mut wrong = models();
    wrong
        .has_many("Country", HasMany::new("Nothing").alias("nothing"))
        .chain("Country", Chain::new(["nothing", "x"]).alias("x"));
    refused(&wrong, ProblemKind::Unknown, &["Nothing"]);
}

// rules: BY-8, AS-3
// Broken: a chain stands behind associations that were declared after it.
#[test]
fn chains_stand_where_they_were_declared() -> Result<()> {
    let db = models().sync()?;
    let model = db.describe("Post")?;
    let keys: Vec<_> = model.associations().map(|it| it.key().to_owned()).collect();
    assert_eq!(keys, ["author", "tags", "country", "related"]);
    let mut early = Models::new();
    early
        .define("A")
        .define("B")
        .chain("A", Chain::new(["b"]).alias("x"))
        .belongs_to("A", BelongsTo::new("B").alias("b"));
    let db = early.sync()?;
    let model = db.describe("A")?;
    let keys: Vec<_> = model.associations().map(|it| it.key().to_owned()).collect();
    assert_eq!(keys, ["x", "b"]);
    Ok(())
}

// rules: BY-8
// Broken: a scope that would decide about rows on the way is passed over.
#[test]
fn a_default_scope_that_requires_is_refused_on_the_way() -> Result<()> {
    let mut models = Models::new();
    let scope = Scope::new().include(include("posts").required(true));
    models
        .define("Country")
        .define(ModelDef::new("User").default_scope(scope))
        .define("Post")
        .has_many("Country", HasMany::new("User").alias("users"))
        .has_many("User", HasMany::new("Post").alias("posts"))
        .chain("Country", ["users", "posts"]);
    let db = models.sync()?;
    let error = select("Country").include("posts").run(&db).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
    let text = error.to_string();
    assert!(
        text.contains("posts goes over User, whose default scope requires posts"),
        "{text}"
    );
    Ok(())
}
