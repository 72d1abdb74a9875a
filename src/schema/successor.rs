//! The schema that follows from another by one change.
//!
//! The change is made in the outline, and the schema is built of that again: every rule of declaration is checked as for
//! a schema that is declared at once. What only a change can get wrong is refused here: a name that nothing has, and
//! taking away what something else relies on (integrity RI-91).
//!
//! Ids stay what they were: rows, edges and modes that are kept by id need no renumbering. Ordinals of columns and the
//! positions of keys, indexes and links do move up into a gap. O(schema).

use crate::error::{Error, RequestError, RequestKind, Result};
use crate::schema::outline::{Outline, TableOutline};
use crate::schema::{
    ColumnDef, ForeignKey, ForeignKeyDef, ForeignKeyId, Schema, SchemaChange, Table, TableId,
    UniqueDef,
};

impl Schema {
    /// The schema after a change, and the one table whose declarations are not what they were.
    ///
    /// # Errors
    ///
    /// `UnknownTable`, `UnknownColumn`, `UnknownConstraint`; `InUse` if something relies on what goes; `Unsupported` for a
    /// change of a primary key; [`Error::Declaration`] as for a schema that is declared at once.
    pub(crate) fn after(&self, change: &SchemaChange) -> Result<(Schema, TableId)> {
        let mut outline = self.outline();
        let changed = match change {
            SchemaChange::AddTable(definition) => outline.add_table(definition.clone()),
            // Of one that goes in any case, what refers to it has gone before.
            SchemaChange::DropTable { table } | SchemaChange::DropTableCascade { table } => {
                self.drop_table(&mut outline, table)?
            }
            SchemaChange::AddColumn { table, .. }
            | SchemaChange::DropColumn { table, .. }
            | SchemaChange::SetNotNull { table, .. }
            | SchemaChange::DropNotNull { table, .. }
            | SchemaChange::AddIndex { table, .. }
            | SchemaChange::DropIndex { table, .. }
            | SchemaChange::AddUnique { table, .. }
            | SchemaChange::AddCheck { table, .. }
            | SchemaChange::AddForeignKey { table, .. }
            | SchemaChange::DropConstraint { table, .. } => {
                let id = self.table_id(table)?;
                self.change_table(&mut outline, self.table(id), change)?;
                id
            }
        };
        Ok((outline.build()?, changed))
    }

    /// The changes that have to come before one, each a change of its own.
    pub(crate) fn before(&self, change: &SchemaChange) -> Result<Vec<SchemaChange>> {
        let SchemaChange::DropTableCascade { table } = change else {
            return Ok(Vec::new());
        };
        let id = self.table_id(table)?;
        let others = self.referring_to(id).filter(|key| key.child != id);
        let drop = |key: &ForeignKey| {
            let child = &*self.table(key.child).name;
            SchemaChange::drop_constraint(child, &*key.name)
        };
        Ok(others.map(drop).collect())
    }

    fn drop_table(&self, outline: &mut Outline, name: &str) -> Result<TableId> {
        let id = self.table_id(name)?;
        let others = self.referring_to(id).filter(|key| key.child != id);
        refuse_in_use(name, "the table", others.map(|key| self.describe(key)))?;
        outline.tables.retain(|table| table.id != id);
        Ok(id)
    }

    fn change_table(
        &self,
        outline: &mut Outline,
        table: &Table,
        change: &SchemaChange,
    ) -> Result<()> {
        let place = outline.tables.iter_mut().find(|it| it.id == table.id);
        let place = place.expect("an outline has every table of its schema");
        let definition = &mut place.definition;
        match change {
            SchemaChange::AddTable(_)
            | SchemaChange::DropTable { .. }
            | SchemaChange::DropTableCascade { .. } => {}
            SchemaChange::AddColumn { column, .. } => add_column(place, column)?,
            SchemaChange::DropColumn { column, .. } => {
                let ordinal = table.column(column)?;
                self.refuse_used_column(table, ordinal)?;
                definition.columns.remove(ordinal as usize);
            }
            SchemaChange::SetNotNull { column, .. } => {
                definition.columns[table.column(column)? as usize].nullable = false;
            }
            SchemaChange::DropNotNull { column, .. } => {
                let ordinal = table.column(column)?;
                refuse_key_column(table, ordinal)?;
                definition.columns[ordinal as usize].nullable = true;
            }
            SchemaChange::AddIndex { index, .. } => definition.indexes.push(index.clone()),
            SchemaChange::DropIndex { index, .. } => {
                let found = table.indexes.iter().position(|it| *it.name == **index);
                let position = found.ok_or_else(|| unknown(table, "index", index))?;
                let relying = self.relying_on(table, position);
                refuse_in_use(&table.name, &format!("index {index}"), relying)?;
                definition.indexes.remove(position);
            }
            SchemaChange::AddUnique { unique, .. } => definition.uniques.push(unique.clone()),
            SchemaChange::AddCheck { check, .. } => definition.checks.push(check.clone()),
            SchemaChange::AddForeignKey {
                foreign_key: key, ..
            } => {
                place
                    .foreign_keys
                    .push(ForeignKeyId(outline.foreign_keys_end));
                outline.foreign_keys_end += 1;
                place
                    .definition
                    .foreign_keys
                    .push(ForeignKeyDef::clone(key));
            }
            SchemaChange::DropConstraint { constraint, .. } => {
                self.drop_constraint(place, table, constraint)?;
            }
        }
        Ok(())
    }

    /// The names of one table's constraints are different, so a name is enough.
    fn drop_constraint(&self, place: &mut TableOutline, table: &Table, name: &str) -> Result<()> {
        let definition = &mut place.definition;
        if *table.primary_key().name == *name {
            let detail = format!("{name} is the primary key, which cannot be dropped");
            return Err(unsupported(table, detail));
        }
        if let Some(position) = table.keys.iter().position(|key| *key.name == *name) {
            let relying = self.referring_to(table.id);
            let relying = relying.filter(|key| key.parent_key == Some(position));
            let relying = relying.map(|key| self.describe(key));
            refuse_in_use(&table.name, &format!("unique key {name}"), relying)?;
            // The definitions begin after the primary key.
            definition.uniques.remove(position - 1);
        } else if let Some(at) = table.checks.iter().position(|it| *it.name == *name) {
            definition.checks.remove(at);
        } else {
            let mut keys = table.foreign_keys.iter();
            let found = keys.position(|&id| *self.foreign_key(id).name == *name);
            let position = found.ok_or_else(|| unknown(table, "constraint", name))?;
            definition.foreign_keys.remove(position);
            place.foreign_keys.remove(position);
        }
        Ok(())
    }

    fn refuse_used_column(&self, table: &Table, ordinal: u32) -> Result<()> {
        let keys = table.keys.iter().enumerate();
        let keys = keys.filter(|(_, key)| {
            let filter = key.filter.as_ref();
            let filtered = filter.is_some_and(|filter| filter.columns.contains(&ordinal));
            key.columns.contains(&ordinal) || filtered
        });
        let keys = keys.map(|(position, key)| match position {
            0 => format!("primary key {}", key.name),
            _ => format!("unique key {}", key.name),
        });
        let indexes = table.indexes.iter();
        let indexes = indexes.filter(|index| index.columns.contains(&ordinal));
        let indexes = indexes.map(|index| format!("index {}", index.name));
        let checks = table.checks.iter();
        let checks = checks.filter(|check| check.columns.contains(&ordinal));
        let checks = checks.map(|check| format!("check {}", check.name));
        let as_child = table.foreign_keys.iter().map(|&id| self.foreign_key(id));
        let as_child =
            as_child.filter(|key| key.deciding_columns().any(|column| column == ordinal));
        let as_parent = self.referring_to(table.id);
        let as_parent = as_parent.filter(|key| key.parent_columns.contains(&ordinal));
        let foreign_keys = as_child.chain(as_parent).map(|key| self.describe(key));
        let users = keys.chain(indexes).chain(checks).chain(foreign_keys);
        let what = format!("column {}", table.columns[ordinal as usize].name);
        refuse_in_use(&table.name, &what, users)
    }

    /// The keys to any row that find their values through an index and have no other.
    fn relying_on(&self, table: &Table, index: usize) -> impl Iterator<Item = String> {
        let columns = &table.indexes[index].columns;
        let alike = table.indexes.iter().filter(|it| it.columns == *columns);
        let only = alike.count() == 1;
        let as_child = table.foreign_keys.iter().map(|&id| self.foreign_key(id));
        let as_child = as_child.filter(|key| key.child_columns == *columns);
        let as_parent = self.referring_to(table.id);
        let as_parent = as_parent.filter(|key| key.parent_columns == *columns);
        let keys = as_child.chain(as_parent);
        keys.filter(move |key| only && key.is_to_any_row())
            .map(|key| self.describe(key))
    }

    /// The foreign keys of which a table is the parent.
    fn referring_to(&self, table: TableId) -> impl Iterator<Item = &ForeignKey> {
        let keys = self.table(table).referenced_by.iter();
        keys.map(|&id| self.foreign_key(id))
    }

    fn describe(&self, key: &ForeignKey) -> String {
        format!("foreign key {} of {}", key.name, self.table(key.child).name)
    }
}

/// A key of the column alone becomes one of the table, so that keys stay in the order of their creation.
fn add_column(place: &mut TableOutline, column: &ColumnDef) -> Result<()> {
    let definition = &mut place.definition;
    if column.primary_key {
        let detail = format!("column {} cannot be added to the primary key", column.name);
        return Err(RequestError::new(RequestKind::Unsupported, &*definition.name, detail).into());
    }
    if column.unique {
        definition.uniques.push(UniqueDef::new([&*column.name]));
    }
    definition.columns.push(ColumnDef {
        unique: false,
        ..column.clone()
    });
    Ok(())
}

/// A column of a primary key never admits null.
fn refuse_key_column(table: &Table, ordinal: u32) -> Result<()> {
    if !table.primary_key().columns.contains(&ordinal) {
        return Ok(());
    }
    let column = &table.columns[ordinal as usize].name;
    let detail = format!("column {column} is part of the primary key and cannot admit null");
    Err(unsupported(table, detail))
}

fn refuse_in_use(subject: &str, what: &str, users: impl Iterator<Item = String>) -> Result<()> {
    let users: Vec<String> = users.collect();
    if users.is_empty() {
        return Ok(());
    }
    let detail = format!("{what} is used by {}", users.join(", "));
    Err(RequestError::new(RequestKind::InUse, subject, detail).into())
}

fn unknown(table: &Table, sort: &str, name: &str) -> Error {
    let detail = format!("no {sort} {name}");
    RequestError::new(RequestKind::UnknownConstraint, &*table.name, detail).into()
}

fn unsupported(table: &Table, detail: String) -> Error {
    RequestError::new(RequestKind::Unsupported, &*table.name, detail).into()
}

#[cfg(test)]
mod tests {
    use crate::expr::col;
    use crate::schema::{
        Action, CheckDef, ColumnDef, Deferral, ForeignKeyDef, IndexDef, Schema, SchemaChange,
        TableDef, UniqueDef,
    };
    use crate::value::DataType;

    /// Every sort of declaration, with names made up and chosen, and a ring.
    fn schema() -> Schema {
        let int = |name: &str| ColumnDef::new(name, DataType::Int);
        let text = |name: &str| ColumnDef::new(name, DataType::Text);
        let a = TableDef::new("a")
            .column(int("id").primary_key().auto_increment())
            .column(text("code").not_null().unique().default("x"))
            .column(int("b"))
            .unique(UniqueDef::new(["b", "code"]).nulls_not_distinct())
            .unique(UniqueDef::new(["code"]).named("again"))
            .unique(UniqueDef::new(["b"]).named("a_pkey"))
            .index(IndexDef::new(["code", "b"]).descending(["b"]))
            .index(IndexDef::new(["b"]).hash())
            .check(CheckDef::new("positive", col("b").gt(0)))
            .foreign_key(
                ForeignKeyDef::new(["b"])
                    .references("b", ["x"])
                    .on_delete(Action::SetNull)
                    .deferrable(Deferral::InitiallyDeferred),
            );
        let b = TableDef::new("b")
            .column(int("x").unique())
            .column(text("y"))
            .foreign_key(ForeignKeyDef::new(["y"]).references("a", ["code"]))
            .foreign_key(ForeignKeyDef::new(["x", "y"]).references("a", ["b", "code"]));
        Schema::builder().table(a).table(b).build().unwrap()
    }

    #[test]
    fn definitions_lead_there_and_back() {
        let schema = schema();
        let same = schema.outline().build().unwrap();
        assert_eq!(format!("{same:?}"), format!("{schema:?}"));
        let primary = &schema.table(schema.table_id("a").unwrap()).keys[0].name;
        assert_eq!(&**primary, "a_pkey1");
    }

    #[test]
    fn ids_stay_and_positions_move_up() {
        let schema = schema();
        let drop = |constraint| SchemaChange::drop_constraint("b", constraint);
        let (next, _) = schema.after(&drop("b_y_fkey")).unwrap();
        let left: Vec<u32> = next.foreign_keys().iter().map(|key| key.id.0).collect();
        assert_eq!(left, [0, 2]);
        assert_eq!(next.foreign_keys()[1].link, 0);
        let key = ForeignKeyDef::new(["y"]).references("a", ["code"]);
        let (next, _) = next
            .after(&SchemaChange::add_foreign_key("b", key))
            .unwrap();
        let keys = next.foreign_keys();
        let named: Vec<(u32, &str)> = keys.iter().map(|key| (key.id.0, &*key.name)).collect();
        let expected = [(0, "a_b_fkey"), (2, "b_x_y_fkey"), (3, "b_y_fkey")];
        assert_eq!(named, expected);
        assert_eq!(
            next.table(keys[0].child).referenced_by,
            [keys[1].id, keys[2].id]
        );
    }
}
