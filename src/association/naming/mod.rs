//! The names that follow from a declaration: association keys, accessors, foreign keys and constraints.
//!
//! Everything here is text in, text out. Letter case is the user's: names are joined, split into words, or changed in
//! their first letter, never more. A name that the user gave for the thing itself (a foreign key, the other key, a
//! unique key) is used as it is and never comes here.

pub(crate) mod accessors;
pub(crate) mod nearest;
pub(crate) mod keys;

use crate::association::inflection::begins_word;
use crate::association::inflection::pluralize;
use crate::association::inflection::singularize;

/// Both forms of a name: of a model, or of what an association leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The name of one.
    pub singular: String,
    /// The name of several.
    pub plural: String,
}

impl Names {
    /// Two given forms, taken as they are.
    pub fn new(singular: impl Into<String>, plural: impl Into<String>) -> Names {
        Names {
            singular: singular.into(),
            plural: plural.into(),
        }
    }

    /// The forms of a model that was given one name, in either form. The plural is also the name of its table, unless
    /// the user said otherwise.
    pub(crate) fn of_model(name: &str) -> Names {
        Names::new(singularize(name), pluralize(name))
    }
}

/// The name that the user gave to an association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alias {
    /// One text: the singular of an association to one, the plural of an association to many.
    Text(String),
    /// Both forms.
    Forms(Names),
}

impl Alias {
    /// The key of an association to one: a text as it is, even one that looks like a plural.
    pub(crate) fn single_key(&self) -> &str {
        match self {
            Alias::Text(text) => text,
            Alias::Forms(names) => &names.singular,
        }
    }

    /// The forms of an association to many: a text is its plural.
    pub(crate) fn names(&self) -> Names {
        match self {
            Alias::Text(text) => Names::new(singularize(text), text),
            Alias::Forms(names) => names.clone(),
        }
    }
}

impl From<&str> for Alias {
    fn from(text: &str) -> Alias {
        Alias::Text(text.to_owned())
    }
}

impl From<(&str, &str)> for Alias {
    fn from((singular, plural): (&str, &str)) -> Alias {
        Alias::Forms(Names::new(singular, plural))
    }
}

/// The key of an association to one.
pub(crate) fn single_key(alias: Option<&Alias>, target: &Names) -> String {
    alias
        .map_or(target.singular.as_str(), Alias::single_key)
        .to_owned()
}

/// The forms of an association to many. Its key is the plural.
pub(crate) fn multi_names(alias: Option<&Alias>, target: &Names) -> Names {
    alias.map_or_else(|| target.clone(), Alias::names)
}

/// `companyUuid` to `company_uuid`: words in small letters, joined by one underscore each. A run of capitals is one
/// word (`HTTPServer` to `http_server`), and so are an acronym and its plural s (`userIDs` to `user_ids`).
pub(crate) fn underscore(name: &str) -> String {
    let mut result = String::with_capacity(name.len() + 4);
    let mut previous = '_';
    for (position, character) in name.char_indices() {
        let separator = is_separator(character);
        let begins = separator || begins_word(previous, &name[position..]);
        if begins && !result.ends_with('_') {
            result.push('_');
        }
        if !separator {
            result.extend(character.to_lowercase());
        }
        previous = character;
    }
    result
}

/// `task` to `Task`; no other letter changes.
pub(crate) fn upper_first(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// `TheSubscription` to `theSubscription`; no other letter changes.
pub(crate) fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}

/// Whether a character only separates words.
fn is_separator(character: char) -> bool {
    matches!(character, '_' | '-' | ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    // rules: NM-1
    // Broken: the model `user` lives in a table `user`, or the model `Tasks` has the singular `Tasks`.
    #[test]
    fn a_model_has_both_forms_of_its_name() {
        assert_eq!(Names::of_model("user"), Names::new("user", "users"));
        assert_eq!(Names::of_model("Tasks"), Names::new("Task", "Tasks"));
        assert_eq!(Names::of_model("person"), Names::new("person", "people"));
    }

    // rules: NM-2, NM-3
    // Broken: User.hasMany(Project) with the names task/tasks has the key `projects`, or the key of `User` is `user`.
    #[test]
    fn without_an_alias_the_key_is_a_form_of_the_target() {
        let project = Names::new("task", "tasks");
        assert_eq!(single_key(None, &project), "task");
        assert_eq!(multi_names(None, &project).plural, "tasks");
        assert_eq!(single_key(None, &Names::of_model("User")), "User");
        assert_eq!(multi_names(None, &Names::of_model("User")).plural, "Users");
    }

    // rules: NM-3, NM-5
    // Broken: the key of the alias `ASSIGNMENTS` is `assignments`, or belongsTo as `details` has the key `detail`.
    #[test]
    fn a_text_alias_is_the_key_as_it_is() {
        let target = Names::of_model("user");
        assert_eq!(
            single_key(Some(&Alias::from("details")), &target),
            "details"
        );
        let assignments = Alias::from("ASSIGNMENTS");
        assert_eq!(
            multi_names(Some(&assignments), &target),
            Names::new("ASSIGNMENT", "ASSIGNMENTS")
        );
        let task = Alias::from("task");
        assert_eq!(
            multi_names(Some(&task), &target),
            Names::new("task", "task")
        );
    }

    // rules: NM-6, NM-10
    // Broken: hasMany as {task, taskz} has the key `tasks`, or hasOne with both forms the plural as its key.
    #[test]
    fn both_forms_of_an_alias_are_used_as_given() {
        let target = Names::of_model("user");
        let alias = Alias::from(("task", "taskz"));
        assert_eq!(single_key(Some(&alias), &target), "task");
        assert_eq!(
            multi_names(Some(&alias), &target),
            Names::new("task", "taskz")
        );
    }

    // rules: NM-14
    // Broken: a key `companyUuid` becomes `companyuuid`, or `userID` becomes `user_i_d`.
    #[test]
    fn underscore_puts_one_underscore_between_words() {
        for (name, expected) in [
            ("companyUuid", "company_uuid"),
            ("userProfileId", "user_profile_id"),
            ("user_profile", "user_profile"),
            ("User Profile-id", "user_profile_id"),
            ("User_Profile", "user_profile"),
            ("user__id", "user_id"),
            ("userID", "user_id"),
            ("userIDs", "user_ids"),
            ("HTTPServerId", "http_server_id"),
            ("address2Line", "address2_line"),
            ("_id", "_id"),
            ("ÉtéId", "été_id"),
            ("", ""),
        ] {
            assert_eq!(underscore(name), expected);
        }
    }

    // rules: NM-4, NM-11
    // Broken: `ASSIGNMENTS` becomes `Assignments`, or a name that begins with ß is cut in two.
    #[test]
    fn only_the_first_letter_changes() {
        assert_eq!(upper_first("tASKS"), "TASKS");
        assert_eq!(lower_first("TheSubscription"), "theSubscription");
        assert_eq!(upper_first("ßeta"), "SSeta");
        assert_eq!(lower_first("ÉTÉ"), "éTÉ");
        assert_eq!(upper_first(""), "");
    }
}
