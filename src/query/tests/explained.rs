//! Plans as text.

use crate::expr::col;
use crate::query::tests::fixture::World;
use crate::query::{desc, include, select};

fn explained(world: &World, request: &crate::query::Select) -> String {
    request.explain(world).unwrap()
}

#[test]
fn x() {
    let world = World::example();
    for r in [
        select("User"),
        select("User").filter(col("id").eq(1)),
        select("User")
            .filter(col("id").eq(1).and(col("age").gt(3)))
            .order_by(desc("age").nulls_last())
            .limit(2)
            .offset(1),
        select("User").filter(col("age").eq(1).and(col("age").gt(3))),
        select("Company").filter(col("name").eq("Acme")),
        select("Company"),
        select("Task").filter(col("title").eq("x")),
        select("User")
            .include(
                include("tasks")
                    .filter(col("done").eq(true))
                    .limit(3)
                    .include(include("tags").through_filter(col("weight").gt(1))),
            )
            .include("company")
            .include("notes")
            .include("badges")
            .include("profile"),
        select("Note").include("user"),
    ] {
        println!("{}", explained(&world, &r));
    }
    panic!();
}
