//! Names, types and constants as each SQL writes them.

use crate::ddl::Dialect;
use crate::expr::{Language, Words};
use crate::schema::{DefaultValue, Table};
use crate::value::{DataType, Date, Timestamp, Value};

/// The timestamps of the years 1 to 9999, which PostgreSQL reads as relata writes them.
const TIMESTAMPS: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;
/// The days of those years.
const DATES: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;

/// The current time in microseconds. SQLite's clock knows milliseconds.
const SQLITE_NOW: &str = "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))";
/// A random uuid, version 4.
const SQLITE_UUID: &str = "(lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || \
     substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || \
     substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))";

impl Dialect {
    /// How messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Dialect::PostgreSql => "PostgreSQL",
            Dialect::Sqlite => "SQLite",
        }
    }

    /// A name as it is, whatever is in it.
    pub(super) fn quoted(self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// Columns of a table, as lists have them.
    pub(super) fn columns(self, table: &Table, ordinals: &[u32]) -> String {
        let names = ordinals
            .iter()
            .map(|&at| self.quoted(&table.columns[at as usize].name));
        names.collect::<Vec<_>>().join(", ")
    }

    /// The name of a type.
    pub(super) fn type_name(self, data_type: DataType) -> &'static str {
        match self {
            Dialect::PostgreSql => match data_type {
                DataType::Bool => "boolean",
                DataType::Int => "bigint",
                DataType::Float => "double precision",
                DataType::Text => "text COLLATE \"C\"",
                DataType::Bytes => "bytea",
                DataType::Uuid => "uuid",
                DataType::Timestamp => "timestamp with time zone",
                DataType::Date => "date",
                DataType::Json => "jsonb",
            },
            Dialect::Sqlite => match data_type {
                DataType::Bool | DataType::Int | DataType::Timestamp | DataType::Date => "INTEGER",
                DataType::Float => "REAL",
                DataType::Text | DataType::Uuid | DataType::Json => "TEXT",
                DataType::Bytes => "BLOB",
            },
        }
    }

    /// What a column holds where a row gives it no value; none for null. Numbers that are counted up are no default.
    pub(super) fn default(self, default: &DefaultValue) -> Result<Option<String>, String> {
        let text = match (default, self) {
            (DefaultValue::None | DefaultValue::AutoIncrement, _) => return Ok(None),
            (DefaultValue::Value(value), _) => self.constant(value)?,
            (DefaultValue::Now, Dialect::PostgreSql) => "now()".to_owned(),
            (DefaultValue::Now, Dialect::Sqlite) => SQLITE_NOW.to_owned(),
            (DefaultValue::RandomUuid, Dialect::PostgreSql) => "gen_random_uuid()".to_owned(),
            (DefaultValue::RandomUuid, Dialect::Sqlite) => SQLITE_UUID.to_owned(),
            (DefaultValue::With(function), _) => {
                return Err(format!("a closure makes it: {}", function.text()));
            }
        };
        Ok(Some(text))
    }

    /// A constant that stands wherever an operand may.
    pub(super) fn constant(self, value: &Value) -> Result<String, String> {
        match self {
            Dialect::PostgreSql => postgres_constant(value),
            Dialect::Sqlite => sqlite_constant(value),
        }
    }
}

fn postgres_constant(value: &Value) -> Result<String, String> {
    let typed = |text: &str, name: &str| format!("{}::{name}", postgres_text(text));
    Ok(match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(value) => value.to_string().to_ascii_uppercase(),
        // As a text, so that the least integer needs no minus before what is none.
        Value::Int(value) if *value < 0 => typed(&value.to_string(), "bigint"),
        Value::Int(value) => value.to_string(),
        Value::Float(value) if value.is_infinite() => {
            let sign = if *value < 0.0 { "-" } else { "" };
            typed(&format!("{sign}Infinity"), "double precision")
        }
        Value::Float(value) => typed(&format!("{value:?}"), "double precision"),
        Value::Text(value) if value.contains('\0') => {
            return Err("a text with a zero in it".to_owned());
        }
        Value::Text(value) => postgres_text(value),
        Value::Bytes(value) => typed(&format!("\\x{}", hex(value)), "bytea"),
        Value::Uuid(value) => typed(&value.to_string(), "uuid"),
        Value::Timestamp(value) => typed(&postgres_timestamp(*value)?, "timestamptz"),
        Value::Date(value) => typed(&postgres_date(*value)?, "date"),
        Value::Json(value) if value.as_str().contains("\\u0000") => {
            return Err("a document with a zero in it".to_owned());
        }
        Value::Json(value) => typed(value.as_str(), "jsonb"),
    })
}

/// With backslashes in the one form that does not depend on a setting of the server.
fn postgres_text(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match quoted.contains('\\') {
        true => format!("E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}

fn postgres_timestamp(value: Timestamp) -> Result<String, String> {
    match TIMESTAMPS.contains(&value.as_micros()) {
        true => Ok(value.to_string()),
        false => Err(format!("a time outside the years 1 to 9999, {value}")),
    }
}

fn postgres_date(value: Date) -> Result<String, String> {
    match DATES.contains(&value.as_days()) {
        true => Ok(value.to_string()),
        false => Err(format!("a day outside the years 1 to 9999, {value}")),
    }
}

fn sqlite_constant(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(value) => i64::from(*value).to_string(),
        Value::Int(value) => sqlite_integer(*value),
        Value::Float(value) if value.is_nan() => return Err("NaN".to_owned()),
        Value::Float(value) if value.is_infinite() => {
            let text = if *value < 0.0 { "(-9e999)" } else { "9e999" };
            text.to_owned()
        }
        Value::Float(value) if *value < 0.0 => format!("({value:?})"),
        Value::Float(value) => format!("{value:?}"),
        Value::Text(value) => sqlite_text(value),
        Value::Bytes(value) => format!("x'{}'", hex(value)),
        Value::Uuid(value) => sqlite_text(&value.to_string()),
        Value::Timestamp(value) => sqlite_integer(value.as_micros()),
        Value::Date(value) => sqlite_integer(i64::from(value.as_days())),
        Value::Json(value) => sqlite_text(value.as_str()),
    })
}

fn sqlite_integer(value: i64) -> String {
    match value {
        // Its digits alone are no integer.
        i64::MIN => format!("({} - 1)", value + 1),
        _ if value < 0 => format!("({value})"),
        _ => value.to_string(),
    }
}

/// A zero would end the statement.
fn sqlite_text(text: &str) -> String {
    match text.contains('\0') {
        true => format!("(CAST(x'{}' AS TEXT))", hex(text.as_bytes())),
        false => format!("'{}'", text.replace('\'', "''")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An expression over rows of one table.
pub(super) struct Speaker<'t> {
    pub(super) dialect: Dialect,
    pub(super) table: &'t Table,
}

impl Words for Speaker<'_> {
    fn language(&self) -> Language {
        match self.dialect {
            Dialect::PostgreSql => Language::PostgreSql,
            Dialect::Sqlite => Language::Sqlite,
        }
    }

    fn column(&self, name: &str) -> Result<(String, DataType), String> {
        let ordinal = self.table.column(name).map_err(|error| error.to_string())?;
        let data_type = self.table.columns[ordinal as usize].data_type;
        Ok((self.dialect.quoted(name), data_type))
    }

    fn value(&self, value: &Value) -> Result<String, String> {
        self.dialect.constant(value)
    }

    fn like(&self, subject: &str, pattern: &str) -> Result<String, String> {
        if pattern.contains('\0') {
            return Err("a pattern with a zero in it".to_owned());
        }
        Ok(match self.dialect {
            Dialect::PostgreSql => format!("{subject} LIKE {}", postgres_text(&closed(pattern))),
            Dialect::Sqlite => format!("{subject} GLOB {}", sqlite_text(&glob(pattern))),
        })
    }

    fn is_ordered_alike(&self, data_type: DataType) -> bool {
        self.dialect == Dialect::Sqlite || data_type != DataType::Json
    }
}

/// A `\` at the end stands for itself, which PostgreSQL wants to be said.
fn closed(pattern: &str) -> String {
    let run = pattern.len() - pattern.trim_end_matches('\\').len();
    match run % 2 {
        0 => pattern.to_owned(),
        _ => format!("{pattern}\\"),
    }
}

/// SQLite's LIKE takes no notice of case; GLOB does, with other wildcards.
fn glob(pattern: &str) -> String {
    let mut result = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '%' => {
                result.push('*');
                continue;
            }
            '_' => {
                result.push('?');
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            other => other,
        };
        match literal {
            '*' | '?' | '[' => result.extend(['[', literal, ']']),
            _ => result.push(literal),
        }
    }
    result
}
