//! A schema as a Mermaid diagram, which many places that show Markdown draw.

use std::fmt::Write;

use crate::schema::{ForeignKey, Schema, Table};

impl Schema {
    /// The tables, their columns and how they refer to each other, as an entity relationship diagram of Mermaid.
    ///
    /// A line stands for a foreign key and bears its name. Its ends say how many: a parent is `||` where each child must
    /// have one and `|o` where it may have none; children are `o{`, or `o|` where a unique key allows one at most. A line
    /// is dashed where not every row with a key has one parent: for a guarded key and a key to any row. Hidden columns
    /// are left out, and in names of columns Mermaid's own characters become `_`.
    ///
    /// ```
    /// use relata::schema::{ColumnDef, ForeignKeyDef, Schema, TableDef};
    /// use relata::value::DataType;
    ///
    /// let table = |name| TableDef::new(name).column(ColumnDef::new("id", DataType::Int).not_null()).primary_key(["id"]);
    /// let posts = table("posts")
    ///     .column(ColumnDef::new("author_id", DataType::Int))
    ///     .foreign_key(ForeignKeyDef::new(["author_id"]).references("authors", ["id"]));
    /// let schema = Schema::builder().table(table("authors")).table(posts).build()?;
    /// let expected = r#"erDiagram
    ///     "authors" {
    ///         int id PK
    ///     }
    ///     "posts" {
    ///         int id PK
    ///         int author_id FK
    ///     }
    ///     "authors" |o--o{ "posts" : "posts_author_id_fkey"
    /// "#;
    /// assert_eq!(schema.to_mermaid(), expected);
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn to_mermaid(&self) -> String {
        let mut out = String::from("erDiagram\n");
        for table in self.tables() {
            self.write_entity(&mut out, table);
        }
        for key in self.foreign_keys() {
            self.write_relation(&mut out, key);
        }
        out
    }

    fn write_entity(&self, out: &mut String, table: &Table) {
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        line(format!("    {} {{", quoted(&table.name)));
        for (ordinal, column) in (0..).zip(&table.columns) {
            if column.hidden {
                continue;
            }
            let mut marks = Vec::new();
            if table.primary_key().columns.contains(&ordinal) {
                marks.push("PK");
            }
            let refers = |key: &ForeignKey| key.child_columns.contains(&ordinal);
            if table
                .foreign_keys
                .iter()
                .any(|&key| refers(self.foreign_key(key)))
            {
                marks.push("FK");
            }
            if table.keys[1..].iter().any(|key| key.columns == [ordinal]) {
                marks.push("UK");
            }
            let marks = marks.join(", ");
            let text = format!(
                "        {} {} {marks}",
                column.data_type,
                word(&column.name)
            );
            line(text.trim_end().to_owned());
        }
        line("    }".to_owned());
    }

    fn write_relation(&self, out: &mut String, key: &ForeignKey) {
        let (parent, child) = (self.table(key.parent), self.table(key.child));
        let nullable = |&ordinal: &u32| child.columns[ordinal as usize].nullable;
        let optional = key.guard.is_some() || key.child_columns.iter().any(nullable);
        let unique = child.keys.iter().any(|unique| {
            unique.filter.is_none()
                && unique
                    .columns
                    .iter()
                    .all(|it| key.child_columns.contains(it))
        });
        let many_parents = key.is_to_any_row();
        let from = match (many_parents, optional) {
            (true, true) => "}o",
            (true, false) => "}|",
            (false, true) => "|o",
            (false, false) => "||",
        };
        let line = if key.links_every_child() { "--" } else { ".." };
        let to = if unique { "o|" } else { "o{" };
        let (parent, child) = (quoted(&parent.name), quoted(&child.name));
        let name = quoted(&key.name);
        // Writing to a string does not fail.
        _ = writeln!(out, "    {parent} {from}{line}{to} {child} : {name}");
    }
}

/// A name between quotes, which Mermaid has no way to escape.
fn quoted(name: &str) -> String {
    let plain = |it: char| {
        if it == '"' || it.is_control() {
            '\''
        } else {
            it
        }
    };
    format!("\"{}\"", name.chars().map(plain).collect::<String>())
}

/// A name as one word that begins with a letter.
fn word(name: &str) -> String {
    let plain = |it: char| {
        if it.is_alphanumeric() || it == '-' {
            it
        } else {
            '_'
        }
    };
    let word: String = name.chars().map(plain).collect();
    match word.starts_with(char::is_alphabetic) {
        true => word,
        false => format!("c{word}"),
    }
}
