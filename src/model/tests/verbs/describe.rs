//! Models as data.

use crate::association::{BelongsToMany, HasMany};
use crate::model::{AssociationKind, Models, Verb};

// rules: NM-4, MX-1, MX-4, AS-1
// Broken, `addTask` of the guide would mean nothing, or would be found on a model that has no tasks.
#[test]
fn accessors_are_names_that_mean_an_association_and_a_verb() {
    let mut models = Models::new();
    models.define("Project").define("Task");
    models.has_many("Project", "Task");
    models.belongs_to_many(
        "Task",
        BelongsToMany::new("Task")
            .alias("blockers")
            .through("Block"),
    );
    models.has_many(
        "Task",
        HasMany::new("Project")
            .alias("ASSIGNMENTS")
            .constraints(false),
    );
    let db = models.sync().unwrap();

    let project = db.describe("Project").unwrap();
    let (tasks, verb) = project.accessor("addTask").unwrap();
    assert_eq!(
        (tasks.key(), tasks.kind(), verb),
        ("Tasks", AssociationKind::HasMany, Verb::Add)
    );
    assert_eq!(
        (
            tasks.source().name(),
            tasks.target().plural(),
            tasks.is_self()
        ),
        ("Project", "Tasks", false)
    );
    let names: Vec<_> = tasks.accessors().map(|(name, _)| name).collect();
    assert_eq!(
        names.join(" "),
        "getTasks countTasks hasTask hasTasks setTasks addTask addTasks removeTask removeTasks createTask"
    );
    assert!(project.accessor("getBlockers").is_none());

    let task = db.describe("Task").unwrap();
    assert!(task.accessor("getBlockers").unwrap().0.is_self());
    assert!(task.accessor("addASSIGNMENT").is_some());
    assert_eq!(
        (task.singular(), task.attributes().next()),
        ("Task", Some("id"))
    );
    let all: Vec<_> = db
        .describe_all()
        .map(|model| model.associations().len())
        .collect();
    assert_eq!(all, [1, 2, 0]);
    assert!(!tasks.is_single());
    assert!(db.describe("Nothing").is_err());
}
