//! Tables as text, for assertions and for whoever looks for an error.
//!
//! The text depends on the rows alone: rows stand in primary-key order, columns in the order of their definition, and
//! each value as it is written in errors. Columns are aligned by counting characters, numbers to the right; a character
//! that would break the line is escaped, as is the backslash, so that different rows give different texts.

use crate::engine::Snapshot;
use crate::engine::name::TableName;
use crate::error::Result;
use crate::schema::TableId;
use crate::value::DataType;

/// A column of a dump: what it is called there, and which it is.
pub(crate) type Heading<'a> = (&'a str, u32);

impl Snapshot {
    /// Every table as text, in the order of their creation. Hidden columns are left out. O(cells).
    ///
    /// ```
    /// use relata::engine::Database;
    /// use relata::schema::{ColumnDef, Schema, TableDef};
    /// use relata::value::DataType;
    ///
    /// let users = TableDef::new("users")
    ///     .column(ColumnDef::new("id", DataType::Int).not_null())
    ///     .column(ColumnDef::new("name", DataType::Text))
    ///     .primary_key(["id"]);
    /// let mut db = Database::new(Schema::builder().table(users).build()?);
    /// db.insert("users", [("id", 9.into()), ("name", "Ada".into())])?;
    /// db.insert("users", [("id", 10.into())])?;
    /// let expected = "\
    /// users (2 rows)
    /// id | name
    /// ---+------
    ///  9 | 'Ada'
    /// 10 | null
    /// ";
    /// assert_eq!(db.dump(), expected);
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn dump(&self) -> String {
        let tables = self.schema().tables().iter();
        let texts = tables.map(|table| self.dump_with_names(table.id));
        texts.collect::<Vec<_>>().join("\n")
    }

    /// One table as text. O(cells).
    ///
    /// # Errors
    /// `UnknownTable`.
    pub fn dump_table(&self, table: impl TableName) -> Result<String> {
        Ok(self.dump_with_names(table.table_id(self.schema())?))
    }

    fn dump_with_names(&self, table: TableId) -> String {
        let table = self.schema().table(table);
        let columns = (0..).zip(&table.columns);
        let shown = columns.filter(|(_, column)| !column.hidden);
        let headings: Vec<Heading<'_>> = shown.map(|(at, column)| (&*column.name, at)).collect();
        self.dump_as(table.id, &table.name, &headings)
    }

    /// One table under other names.
    pub(crate) fn dump_as(&self, table: TableId, title: &str, headings: &[Heading<'_>]) -> String {
        let ids = self.ids_in_key_order(table);
        let mut out = match ids.len() {
            0 => return format!("{title} (no rows)\n"),
            1 => format!("{title} (1 row)\n"),
            rows => format!("{title} ({rows} rows)\n"),
        };
        let columns = &self.schema().table(table).columns;
        let texts = headings.iter().map(|&(heading, ordinal)| {
            let cells = ids.iter().map(|&row| self.view(table, row).value(ordinal));
            let cells = cells.map(|cell| escaped(&cell.to_string()));
            let data_type = columns[ordinal as usize].data_type;
            TextColumn::new(escaped(heading), cells.collect(), data_type)
        });
        let texts: Vec<TextColumn> = texts.collect();
        write_line(&mut out, " | ", texts.iter().map(TextColumn::heading));
        write_line(&mut out, "-+-", texts.iter().map(|it| "-".repeat(it.width)));
        for row in 0..ids.len() {
            write_line(&mut out, " | ", texts.iter().map(|it| it.cell(row)));
        }
        out
    }
}

/// A column as texts, and how they are aligned.
struct TextColumn {
    heading: String,
    cells: Vec<String>,
    width: usize,
    to_the_right: bool,
}

impl TextColumn {
    fn new(heading: String, cells: Vec<String>, data_type: DataType) -> Self {
        let texts = cells.iter().chain([&heading]);
        TextColumn {
            width: texts.map(|text| text.chars().count()).max().unwrap_or(0),
            to_the_right: matches!(data_type, DataType::Int | DataType::Float),
            heading,
            cells,
        }
    }

    fn heading(&self) -> String {
        format!("{:width$}", self.heading, width = self.width)
    }

    fn cell(&self, row: usize) -> String {
        let (text, width) = (&self.cells[row], self.width);
        match self.to_the_right {
            true => format!("{text:>width$}"),
            false => format!("{text:width$}"),
        }
    }
}

/// A line of cells, without the spaces that would end it.
fn write_line(out: &mut String, separator: &str, cells: impl Iterator<Item = String>) {
    let line = cells.collect::<Vec<_>>().join(separator);
    out.push_str(line.trim_end_matches(' '));
    out.push('\n');
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            _ if character.is_control() => out.extend(character.escape_default()),
            _ => out.push(character),
        }
    }
    out
}
