//! A term in the SQL of SQLite. Truths are 0 and 1, instants microseconds, days their number; columns have no type, so that
//! nothing is converted.

use relata::expr::Unit;
use relata::value::{DataType, Value};

use crate::expressions::COLUMNS;
use crate::expressions::term::{Function, Term};

/// A constant.
pub fn constant(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(it) => i64::from(*it).to_string(),
        Value::Int(i64::MIN) => "(-9223372036854775807 - 1)".to_owned(),
        Value::Int(it) => format!("({it})"),
        Value::Float(it) => format!("({it:e})"),
        Value::Timestamp(it) => format!("({})", it.as_micros()),
        Value::Date(it) => format!("({})", it.as_days()),
        other => format!(
            "'{}'",
            other.as_str().unwrap_or_default().replace('\'', "''")
        ),
    }
}

impl Term {
    /// The same in SQL.
    pub fn sql(&self) -> String {
        match self {
            Term::Column(position) => format!("\"{}\"", COLUMNS[*position].0),
            Term::Constant(value) => constant(value),
            Term::Call(function, operands) => {
                let texts: Vec<String> = operands.iter().map(Term::sql).collect();
                format!("({})", function.sql(&texts, operands))
            }
        }
    }

    fn is_of_days(&self) -> bool {
        match self {
            Term::Column(position) => COLUMNS[*position].1 == DataType::Date,
            Term::Constant(value) => matches!(value, Value::Date(_)),
            // Those that give a time give that of an operand; a null among them says nothing.
            Term::Call(_, operands) => operands.iter().any(Term::is_of_days),
        }
    }
}

impl Function {
    fn sql(self, texts: &[String], operands: &[Term]) -> String {
        let infix = |sign: &str| texts.join(&format!(" {sign} "));
        let prefix = |name: &str| format!("{name}({})", texts.join(", "));
        let first = &texts[0];
        match self {
            Function::Add => infix("+"),
            Function::Subtract => infix("-"),
            Function::Multiply => infix("*"),
            Function::Divide => infix("/"),
            Function::Remainder => infix("%"),
            Function::Negate => format!("- {first}"),
            Function::Abs => prefix("abs"),
            Function::Round => prefix("round"),
            Function::Lower => prefix("lower"),
            Function::Upper => prefix("upper"),
            Function::Trim => prefix("trim"),
            Function::Length => prefix("length"),
            Function::Substr => prefix("substr"),
            Function::Replace => prefix("replace"),
            Function::Concat => {
                let texts = texts.iter().map(|it| format!("coalesce({it}, '')"));
                texts.collect::<Vec<_>>().join(" || ")
            }
            Function::Coalesce => prefix("coalesce"),
            Function::NullIf => prefix("nullif"),
            Function::Part(unit) => {
                let code = match unit {
                    Unit::Year => "%Y",
                    Unit::Month => "%m",
                    Unit::Day => "%d",
                    Unit::Hour => "%H",
                    Unit::Minute => "%M",
                    _ => "%S",
                };
                let seconds = seconds(first, operands[0].is_of_days());
                format!("CAST(strftime('{code}', {seconds}, 'unixepoch') AS INTEGER)")
            }
            Function::Truncate(unit) => truncated(unit, first, operands[0].is_of_days()),
            Function::Shift(unit) => shifted(unit, first, &texts[1], operands[0].is_of_days()),
            Function::Eq => infix("="),
            Function::Ne => infix("<>"),
            Function::Lt => infix("<"),
            Function::Le => infix("<="),
            Function::Between => format!("{first} BETWEEN {} AND {}", texts[1], texts[2]),
            Function::In => format!("{first} IN ({})", texts[1..].join(", ")),
            Function::Like(escape) => format!("{} ESCAPE '{escape}'", infix("LIKE")),
            Function::IsNull => format!("{first} IS NULL"),
            Function::Not => format!("NOT {first}"),
            Function::And => infix("AND"),
            Function::Or => infix("OR"),
        }
    }
}

/// Whole seconds before an instant or a day.
fn seconds(time: &str, of_days: bool) -> String {
    match of_days {
        true => format!("({time} * 86400)"),
        false => format!("(({time} - (({time} % 1000000) + 1000000) % 1000000) / 1000000)"),
    }
}

fn truncated(unit: Unit, time: &str, of_days: bool) -> String {
    let form = match unit {
        Unit::Year => "%Y-01-01 00:00:00",
        Unit::Month => "%Y-%m-01 00:00:00",
        Unit::Day => "%Y-%m-%d 00:00:00",
        Unit::Hour => "%Y-%m-%d %H:00:00",
        Unit::Minute => "%Y-%m-%d %H:%M:00",
        _ => "%Y-%m-%d %H:%M:%S",
    };
    let seconds = seconds(time, of_days);
    restored(
        &format!("unixepoch(strftime('{form}', {seconds}, 'unixepoch'))"),
        of_days,
    )
}

fn restored(seconds: &str, of_days: bool) -> String {
    match of_days {
        true => format!("{seconds} / 86400"),
        false => format!("{seconds} * 1000000"),
    }
}

fn shifted(unit: Unit, time: &str, amount: &str, of_days: bool) -> String {
    let micros: i64 = match unit {
        Unit::Day if of_days => 1,
        Unit::Day => 86_400_000_000,
        Unit::Hour => 3_600_000_000,
        Unit::Minute => 60_000_000,
        Unit::Second => 1_000_000,
        _ => {
            let (name, seconds) = (unit.name(), seconds(time, of_days));
            let moved =
                format!("unixepoch({seconds}, 'unixepoch', {amount} || ' {name}s', 'floor')");
            let moved = restored(&moved, of_days);
            return match of_days {
                true => moved,
                false => format!("{moved} + (({time} % 1000000) + 1000000) % 1000000"),
            };
        }
    };
    format!("{time} + {amount} * {micros}")
}
