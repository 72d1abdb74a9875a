//! The accessors of an association, as data.
//!
//! Rust cannot grow methods at run time, so an accessor is a name that can be looked up and the verb it stands for.
//! Whether a source has a column or a method of the same name, which then goes first, is known to the caller.

use crate::association::naming::Names;
use crate::association::naming::upper_first;

/// What an accessor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Reads the associated targets.
    Get,
    /// Makes the given targets the associated ones, and no others.
    Set,
    /// Associates further targets.
    Add,
    /// Ends the association with targets, which stay.
    Remove,
    /// Inserts a target and associates it.
    Create,
    /// Tells whether targets are associated.
    Has,
    /// Counts the associated targets.
    Count,
}

impl Verb {
    /// The word with which the accessor's name begins.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Set => "set",
            Verb::Add => "add",
            Verb::Remove => "remove",
            Verb::Create => "create",
            Verb::Has => "has",
            Verb::Count => "count",
        }
    }
}

/// Whether an accessor's name speaks of one target or of several. Its argument is not bound to that: `addTask` takes a
/// list as well, and `addTasks` one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// Of one: `addTask`.
    Item,
    /// Of several: `addTasks`.
    List,
    /// Of either, because singular and plural are the same: `addNews`.
    Either,
}

/// One accessor of an association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accessor {
    /// The verb and the name with its first letter upper-cased: `getTasks`.
    pub(crate) name: String,
    /// What it does.
    pub(crate) verb: Verb,
    /// What its name speaks of.
    pub(crate) form: Form,
}

/// All accessors of an association, no two with the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accessors {
    list: Vec<Accessor>,
}

/// The accessors of an association to one.
const SINGLE: [(Verb, Form); 3] = [
    (Verb::Get, Form::Item),
    (Verb::Set, Form::Item),
    (Verb::Create, Form::Item),
];

/// The accessors of an owner in one of several models. One is created through its own model's association.
const OWNER: [(Verb, Form); 2] = [(Verb::Get, Form::Item), (Verb::Set, Form::Item)];

/// The accessors of an association to many.
const MULTI: [(Verb, Form); 10] = [
    (Verb::Get, Form::List),
    (Verb::Count, Form::List),
    (Verb::Has, Form::Item),
    (Verb::Has, Form::List),
    (Verb::Set, Form::List),
    (Verb::Add, Form::Item),
    (Verb::Add, Form::List),
    (Verb::Remove, Form::Item),
    (Verb::Remove, Form::List),
    (Verb::Create, Form::Item),
];

impl Accessors {
    /// `getOwner`, `setOwner`, `createOwner` for the key `owner`.
    pub(crate) fn single(key: &str) -> Accessors {
        Accessors::build(&SINGLE, key, key)
    }

    /// `getCommentable`, `setCommentable` for the owner `commentable`.
    pub(crate) fn owner(key: &str) -> Accessors {
        Accessors::build(&OWNER, key, key)
    }

    /// `getTasks`, `addTask`, `addTasks` and so on. Pairs whose names are equal become one accessor of either form.
    pub(crate) fn multi(names: &Names) -> Accessors {
        Accessors::build(&MULTI, &names.singular, &names.plural)
    }

    /// The accessors, grouped by verb, the singular first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Accessor> {
        self.list.iter()
    }

    /// The accessor of that name.
    pub(crate) fn find(&self, name: &str) -> Option<&Accessor> {
        self.list.iter().find(|accessor| accessor.name == name)
    }

    fn build(kinds: &[(Verb, Form)], singular: &str, plural: &str) -> Accessors {
        let (item, list) = (upper_first(singular), upper_first(plural));
        let mut accessors: Vec<Accessor> = Vec::with_capacity(kinds.len());
        for &(verb, form) in kinds {
            let noun = if form == Form::Item { &item } else { &list };
            let name = format!("{}{noun}", verb.as_str());
            // No verb begins with another, so equal names have equal verbs.
            match accessors.iter_mut().find(|accessor| accessor.name == name) {
                Some(twin) => twin.form = Form::Either,
                None => accessors.push(Accessor { name, verb, form }),
            }
        }
        Accessors { list: accessors }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::association::naming::Alias;

    fn listed(accessors: &Accessors) -> String {
        let names: Vec<&str> = accessors
            .iter()
            .map(|accessor| accessor.name.as_str())
            .collect();
        names.join(" ")
    }

    // rules: MX-1, BT-2
    // Broken: a task with one owner has `addOwner` or `countOwner`, or lacks `createOwner`.
    #[test]
    fn an_association_to_one_has_three_accessors() {
        let accessors = Accessors::single("owner");
        assert_eq!(listed(&accessors), "getOwner setOwner createOwner");
        assert!(accessors.iter().all(|accessor| accessor.form == Form::Item));
    }

    // rules: MX-1, HM-1, BTM-12
    // Broken: `project.addTasks` is missing, or `project.createTasks` exists.
    #[test]
    fn an_association_to_many_has_singular_and_plural_spellings() {
        let accessors = Accessors::multi(&Names::of_model("task"));
        assert_eq!(
            listed(&accessors),
            "getTasks countTasks hasTask hasTasks setTasks addTask addTasks removeTask removeTasks createTask"
        );
    }

    // rules: NM-4, NM-5, NM-6
    // Broken: the alias `assignments` gives `getassignments`, or `ASSIGNMENTS` gives `getAssignments`.
    #[test]
    fn only_the_first_letter_of_the_name_is_upper_cased() {
        for (alias, get, add) in [
            (
                Alias::from("assignments"),
                "getAssignments",
                "addAssignment",
            ),
            (
                Alias::from("ASSIGNMENTS"),
                "getASSIGNMENTS",
                "addASSIGNMENT",
            ),
            (
                Alias::from("PersonChildren"),
                "getPersonChildren",
                "addPersonChild",
            ),
            (Alias::from(("task", "taskz")), "getTaskz", "addTask"),
        ] {
            let accessors = Accessors::multi(&alias.names());
            assert_eq!(
                accessors.find(get).map(|found| (found.verb, found.form)),
                Some((Verb::Get, Form::List))
            );
            assert_eq!(
                accessors.find(add).map(|found| (found.verb, found.form)),
                Some((Verb::Add, Form::Item))
            );
        }
    }

    // rules: NM-7
    // Broken: `addNews` is listed twice, or is found as an accessor of one item only.
    #[test]
    fn equal_spellings_collapse_into_one_accessor() {
        let accessors = Accessors::multi(&Names::of_model("news"));
        assert_eq!(
            listed(&accessors),
            "getNews countNews hasNews setNews addNews removeNews createNews"
        );
        assert_eq!(
            accessors.find("addNews").map(|found| found.form),
            Some(Form::Either)
        );
        assert_eq!(
            accessors.find("createNews").map(|found| found.form),
            Some(Form::Item)
        );
        let by_case = Accessors::multi(&Names::new("task", "Task"));
        assert_eq!(by_case.iter().count(), 7);
    }

    // rules: MX-4
    // Broken: `project.call("gettasks")` reads the tasks instead of being refused.
    #[test]
    fn a_name_that_is_no_accessor_is_not_found() {
        let accessors = Accessors::multi(&Names::of_model("task"));
        assert_eq!(accessors.find("gettasks"), None);
        assert_eq!(accessors.find("getTask"), None);
    }
}
