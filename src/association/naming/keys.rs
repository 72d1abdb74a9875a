//! Default names of foreign keys, and names of the constraints over them.
//!
//! A generated foreign key is a stem and the name of a key column. The stem says whom the column points to, in the
//! words of the association that made it, so that both sides of a relation arrive at the same column. The key is the
//! primary key of the model pointed to even when the association stores another column's value; only the two keys of
//! a junction follow the column that they store.

use std::borrow::Borrow;

use crate::association::inflection::singularize;
use crate::association::naming::Alias;
use crate::association::naming::is_separator;
use crate::association::naming::lower_first;
use crate::association::naming::underscore;

/// How the parts of a generated foreign key are joined.
///
/// The model that holds the key decides, for a junction the model that the key points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Casing {
    /// `companyUuid`
    Camel,
    /// `company_uuid`
    Underscored,
}

impl Casing {
    /// The casing of a model by its option `underscored`.
    pub(crate) fn of(underscored: bool) -> Casing {
        if underscored {
            Casing::Underscored
        } else {
            Casing::Camel
        }
    }
}

/// The key of source.belongsTo(target), held by the source: `companyId`.
///
/// The alias comes before the target's name, its first letter lower-cased; that is what the guide states in prose,
/// and what later versions do. A target's own name keeps its case.
pub(crate) fn belongs_to_key(
    alias: Option<&Alias>,
    target_singular: &str,
    target_primary_key: &str,
    casing: Casing,
) -> String {
    let stem = alias.map_or_else(
        || target_singular.to_owned(),
        |alias| lower_first(alias.single_key()),
    );
    generated_key(&stem, target_primary_key, casing)
}

/// The key of source.hasOne(target), held by the target: `projectId`, or `FatherId` for the alias `Father`.
///
/// Here the alias keeps its case. The source counts by the name it was defined with, not by the forms given for it.
pub(crate) fn has_one_key(
    alias: Option<&Alias>,
    source_name: &str,
    source_primary_key: &str,
    casing: Casing,
) -> String {
    let stem = alias.map_or_else(|| singularize(source_name), |alias| alias.names().singular);
    generated_key(&stem, source_primary_key, casing)
}

/// The key of source.hasMany(target), held by the target: `projectId`. The alias has no part in it.
pub(crate) fn has_many_key(
    source_singular: &str,
    source_primary_key: &str,
    casing: Casing,
) -> String {
    generated_key(source_singular, source_primary_key, casing)
}

/// The key of a junction that points to the source. `source_key` is the column whose value it stores.
pub(crate) fn belongs_to_many_own_key(
    source_singular: &str,
    source_key: &str,
    casing: Casing,
) -> String {
    generated_key(source_singular, source_key, casing)
}

/// The key of a junction that points to the target. `self_alias` is the alias of an association from a model to
/// itself, whose two keys would otherwise be one; other associations give none.
pub(crate) fn belongs_to_many_other_key(
    self_alias: Option<&Alias>,
    target_singular: &str,
    target_key: &str,
    casing: Casing,
) -> String {
    let stem = self_alias.map_or_else(
        || target_singular.to_owned(),
        |alias| alias.names().singular,
    );
    generated_key(&stem, target_key, casing)
}

/// `userRole` and `id` to `userRoleId`: separators go, and the letter after them is upper-cased. No other letter
/// changes.
pub(crate) fn camelize_key(stem: &str, key: &str) -> String {
    let mut result = String::with_capacity(stem.len() + key.len());
    let mut after_separator = false;
    for character in stem.chars().chain(['_']).chain(key.chars()) {
        if is_separator(character) {
            after_separator = true;
        } else if after_separator {
            result.extend(character.to_uppercase());
            after_separator = false;
        } else {
            result.push(character);
        }
    }
    result
}

/// The unique key over the foreign keys of a junction, and over the columns of a scope where it has some. It is the same
/// from whichever side it is declared.
pub(crate) fn unique_name(through_table: &str, keys: &[impl Borrow<str>]) -> String {
    let mut sorted: Vec<&str> = keys.iter().map(Borrow::borrow).collect();
    sorted.sort_unstable();
    format!("{through_table}_{}_unique", sorted.join("_"))
}

fn generated_key(stem: &str, key: &str, casing: Casing) -> String {
    match casing {
        Casing::Camel => camelize_key(stem, key),
        Casing::Underscored => underscore(&format!("{stem}_{key}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::association::naming::Names;

    fn alias(text: &str) -> Option<Alias> {
        Some(Alias::from(text))
    }

    fn belongs_to(given: Option<Alias>, target: &str, key: &str) -> String {
        belongs_to_key(given.as_ref(), target, key, Casing::Camel)
    }

    fn has_one(given: Option<Alias>, source: &str, key: &str) -> String {
        has_one_key(given.as_ref(), source, key, Casing::Camel)
    }

    // rules: NM-11
    // Broken: User.belongsTo(userRole) adds `userRole_id`, or a stem in capitals becomes `GrouppkbtName`.
    #[test]
    fn camelize_joins_stem_and_key() {
        for (stem, key, expected) in [
            ("userRole", "id", "userRoleId"),
            ("user", "user_id", "userUserId"),
            ("GroupPKBT", "name", "GroupPKBTName"),
            ("item_tag", "id", "itemTagId"),
            ("line-item kind", "_id", "lineItemKindId"),
            ("company", "uuid", "companyUuid"),
        ] {
            assert_eq!(camelize_key(stem, key), expected);
        }
    }

    // rules: NM-12, NM-13, BT-1
    // Broken: Player.belongsTo(Team) adds `playerId`, or User.belongsTo(UserRole, as role) adds `userRoleId`.
    #[test]
    fn belongs_to_points_to_the_alias_or_the_target() {
        assert_eq!(belongs_to(None, "team", "id"), "teamId");
        assert_eq!(belongs_to(None, "company", "uuid"), "companyUuid");
        assert_eq!(belongs_to(None, "User", "id"), "UserId");
        assert_eq!(belongs_to(alias("role"), "userRole", "id"), "roleId");
        assert_eq!(belongs_to(alias("details"), "detail", "id"), "detailsId");
        let forms = Some(Alias::from(("task", "taskz")));
        assert_eq!(belongs_to(forms, "project", "id"), "taskId");
    }

    // rules: D2, D3
    // Broken: belongsTo as TheSubscription adds `TheSubscriptionId`, or hasOne as Father adds `fatherId`.
    #[test]
    fn an_alias_is_lower_cased_by_belongs_to_alone() {
        assert_eq!(
            belongs_to(alias("TheSubscription"), "subscription", "id"),
            "theSubscriptionId"
        );
        assert_eq!(has_one(alias("Father"), "person", "id"), "FatherId");
    }

    // rules: NM-12, NM-13, HO-2
    // Broken: Project.hasOne(User) adds `userId`, or the alias `Initiators` adds `InitiatorsId`.
    #[test]
    fn has_one_points_to_the_alias_or_the_source() {
        assert_eq!(has_one(None, "project", "id"), "projectId");
        assert_eq!(has_one(None, "Orders", "uuid"), "OrderUuid");
        assert_eq!(has_one(alias("Initiators"), "project", "id"), "InitiatorId");
        assert_eq!(
            has_one(Some(Alias::from(("datas", "datasz"))), "project", "id"),
            "datasId"
        );
    }

    // rules: NM-2, NM-12, NM-16
    // Broken: Project.hasMany(User) adds `projectsId`, or the two sides of Article and Label make two columns.
    #[test]
    fn has_many_points_to_the_source_as_its_belongs_to_does() {
        for name in ["article", "Orders", "person", "InternetOrders"] {
            let model = Names::of_model(name);
            let from_parent = has_many_key(&model.singular, "id", Casing::Camel);
            assert_eq!(from_parent, belongs_to(None, &model.singular, "id"));
        }
        assert_eq!(
            has_many_key(&Names::new("task", "tasks").singular, "id", Casing::Camel),
            "taskId"
        );
        assert_eq!(
            has_many_key(&Names::of_model("orders").singular, "id", Casing::Camel),
            "orderId"
        );
    }

    // rules: NM-12, NM-13
    // Broken: a junction over user.us and group.gs has `userId` and `groupId`, or a friends junction one column only.
    #[test]
    fn a_junction_points_to_both_models_by_the_stored_columns() {
        assert_eq!(
            belongs_to_many_own_key("user", "us", Casing::Camel),
            "userUs"
        );
        assert_eq!(
            belongs_to_many_other_key(None, "group", "gs", Casing::Camel),
            "groupGs"
        );
        assert_eq!(
            belongs_to_many_own_key("person", "id", Casing::Camel),
            "personId"
        );
        let children = Alias::from("Children");
        assert_eq!(
            belongs_to_many_other_key(Some(&children), "person", "id", Casing::Camel),
            "ChildId"
        );
        let forms = Alias::from(("follower", "following"));
        assert_eq!(
            belongs_to_many_other_key(Some(&forms), "person", "id", Casing::Camel),
            "followerId"
        );
    }

    // rules: D1, NM-14
    // Broken: an underscored user belongs to a company by `companyUuid`, or to a profile by `userProfile_id`.
    #[test]
    fn underscored_keys_are_snake_case_of_the_same_parts() {
        let casing = Casing::of(true);
        assert_eq!(
            belongs_to_key(None, "company", "uuid", casing),
            "company_uuid"
        );
        assert_eq!(
            belongs_to_key(alias("TheSubscription").as_ref(), "x", "id", casing),
            "the_subscription_id"
        );
        assert_eq!(
            has_one_key(alias("Father").as_ref(), "person", "id", casing),
            "father_id"
        );
        assert_eq!(has_many_key("userProfile", "id", casing), "user_profile_id");
        assert_eq!(
            belongs_to_many_own_key("user", "userID", casing),
            "user_user_id"
        );
        assert_eq!(
            belongs_to_many_other_key(None, "group", "_id", casing),
            "group_id"
        );
        assert_eq!(
            has_many_key("userProfile", "id", Casing::of(false)),
            "userProfileId"
        );
    }

    // rules: NM-19
    // Broken: declaring the second side first gives the junction another unique key.
    #[test]
    fn the_unique_key_of_a_junction_sorts_its_columns() {
        let expected = "UserProjects_projectId_userId_unique";
        assert_eq!(
            unique_name("UserProjects", &["userId", "projectId"]),
            expected
        );
        assert_eq!(
            unique_name("UserProjects", &["projectId", "userId"]),
            expected
        );
    }
}
