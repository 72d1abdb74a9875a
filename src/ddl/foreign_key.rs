//! A foreign key as a constraint of its child.

use crate::ddl::{Dialect, Report};
use crate::schema::{Action, DefaultValue, ForeignKey, Schema};

/// The constraint; none if it cannot be said, which is reported.
pub(super) fn constraint(
    schema: &Schema,
    key: &ForeignKey,
    dialect: Dialect,
    report: &mut Report,
) -> Option<String> {
    let (child, parent) = (schema.table(key.child), schema.table(key.parent));
    if let Some(reason) = refusal(schema, key, dialect) {
        report.leave_out(child, format!("foreign key {}: {reason}", key.name));
        return None;
    }
    let on_delete_columns = match is_narrowed(key) {
        true => format!(" ({})", dialect.columns(child, &key.on_delete_columns)),
        false => String::new(),
    };
    let deferral = match key.deferral.is_deferrable() {
        true => format!(" {}", key.deferral),
        false => String::new(),
    };
    Some(format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {}{on_delete_columns} ON UPDATE {}{deferral}",
        dialect.quoted(&key.name),
        dialect.columns(child, &key.child_columns),
        dialect.quoted(&parent.name),
        dialect.columns(parent, &key.parent_columns),
        key.on_delete,
        key.on_update,
    ))
}

/// What about a key cannot be said.
fn refusal(schema: &Schema, key: &ForeignKey, dialect: Dialect) -> Option<String> {
    let (child, parent) = (schema.table(key.child), schema.table(key.parent));
    let Some(parent_key) = key.parent_key else {
        return Some("it refers to columns that are not unique".to_owned());
    };
    if key.guard.is_some() {
        return Some("it is for some rows only, by a guard".to_owned());
    }
    let parent_key = &parent.keys[parent_key];
    if dialect == Dialect::PostgreSql && parent_key.deferral.is_deferrable() {
        let name = &parent_key.name;
        return Some(format!("it refers to {name}, which is deferrable"));
    }
    if dialect == Dialect::Sqlite && is_narrowed(key) {
        let action = key.on_delete;
        return Some(format!(
            "ON DELETE {action} writes some of its columns only"
        ));
    }
    let sets_default = [
        (key.on_delete, &key.on_delete_columns),
        (key.on_update, &key.child_columns),
    ];
    let mut written = sets_default
        .into_iter()
        .filter(|(action, _)| *action == Action::SetDefault)
        .flat_map(|(_, columns)| columns);
    let made = written.find(|&&at| {
        let default = &child.columns[at as usize].default;
        !matches!(default, DefaultValue::None | DefaultValue::Value(_))
    });
    let column = &child.columns[*made? as usize].name;
    Some(format!(
        "SET DEFAULT would write what is made for {column}, and not null"
    ))
}

/// Whether SET NULL or SET DEFAULT on delete leaves columns of the key alone.
fn is_narrowed(key: &ForeignKey) -> bool {
    matches!(key.on_delete, Action::SetNull | Action::SetDefault)
        && key.on_delete_columns.len() < key.child_columns.len()
}
