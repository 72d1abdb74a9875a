//! The functions and operators that give a value: what they are called, what they take, what they give.
//!
//! Each takes null and then gives null, but for `concat` and `nullif`. What they do is in the files by type; here is what
//! is known of them before anything runs.

use crate::expr::document::JsonPath;
use crate::expr::time::Unit;
use crate::value::DataType;

/// A function or an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Negate,
    Abs,
    Round,
    Floor,
    Ceil,
    Lower,
    Upper,
    Trim,
    Length,
    /// Text, first character, and how many if that is said.
    Substr,
    Replace,
    Concat,
    NullIf,
    /// The number of a part of time.
    Part(Unit),
    Truncate(Unit),
    /// Time, and how much is added to it.
    Shift(Unit),
    JsonGet(JsonPath),
    JsonValue(JsonPath, DataType),
    JsonExists(JsonPath),
    JsonArrayLength,
    JsonContains,
}

/// What may stand in one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wanted {
    Exactly(DataType),
    /// An integer or a float.
    Number,
    /// What has a length.
    Sized,
    /// What has this part of time.
    Time(Unit),
    /// Whatever goes together with the other operands.
    Comparable,
}

impl Wanted {
    pub(super) fn admits(self, found: DataType) -> bool {
        match self {
            Wanted::Exactly(wanted) => found == wanted,
            Wanted::Number => matches!(found, DataType::Int | DataType::Float),
            Wanted::Sized => matches!(found, DataType::Text | DataType::Bytes),
            Wanted::Time(unit) => {
                found == DataType::Timestamp || found == DataType::Date && unit.is_of_days()
            }
            Wanted::Comparable => true,
        }
    }

    /// As it is called in an error.
    pub(super) fn name(self) -> &'static str {
        match self {
            Wanted::Exactly(wanted) => wanted.name(),
            Wanted::Number => "int or float",
            Wanted::Sized => "text or bytes",
            Wanted::Time(unit) if unit.is_of_days() => "timestamp or date",
            Wanted::Time(_) => "timestamp",
            Wanted::Comparable => "any type",
        }
    }
}

impl Builtin {
    /// What it is called, in errors and where it is written as a function.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Builtin::Add => "+",
            Builtin::Subtract | Builtin::Negate => "-",
            Builtin::Multiply => "*",
            Builtin::Divide => "/",
            Builtin::Remainder => "mod",
            Builtin::Abs => "abs",
            Builtin::Round => "round",
            Builtin::Floor => "floor",
            Builtin::Ceil => "ceil",
            Builtin::Lower => "lower",
            Builtin::Upper => "upper",
            Builtin::Trim => "trim",
            Builtin::Length => "length",
            Builtin::Substr => "substr",
            Builtin::Replace => "replace",
            Builtin::Concat => "concat",
            Builtin::NullIf => "nullif",
            Builtin::Part(unit) => unit.name(),
            Builtin::Truncate(_) => "date_trunc",
            Builtin::Shift(_) => "date_add",
            Builtin::JsonGet(_) => "json_get",
            Builtin::JsonValue(..) => "json_value",
            Builtin::JsonExists(_) => "json_exists",
            Builtin::JsonArrayLength => "json_array_length",
            Builtin::JsonContains => "json_contains",
        }
    }

    /// What its operand at a position has to be.
    pub(super) fn wanted(&self, position: usize) -> Wanted {
        use DataType::{Int, Json, Text};
        match (self, position) {
            (Builtin::Add | Builtin::Subtract | Builtin::Multiply | Builtin::Divide, _)
            | (Builtin::Negate | Builtin::Abs, _)
            | (Builtin::Round | Builtin::Floor | Builtin::Ceil, _) => Wanted::Number,
            (Builtin::Remainder, _) => Wanted::Exactly(Int),
            (Builtin::Length, _) => Wanted::Sized,
            (Builtin::Substr, 0) => Wanted::Exactly(Text),
            (Builtin::Substr, _) => Wanted::Exactly(Int),
            (Builtin::Lower | Builtin::Upper | Builtin::Trim, _)
            | (Builtin::Replace | Builtin::Concat, _) => Wanted::Exactly(Text),
            (Builtin::NullIf, _) => Wanted::Comparable,
            (Builtin::Part(unit) | Builtin::Truncate(unit), _) => Wanted::Time(*unit),
            (Builtin::Shift(unit), 0) => Wanted::Time(*unit),
            (Builtin::Shift(_), _) => Wanted::Exactly(Int),
            (Builtin::JsonGet(_) | Builtin::JsonValue(..) | Builtin::JsonExists(_), _)
            | (Builtin::JsonArrayLength | Builtin::JsonContains, _) => Wanted::Exactly(Json),
        }
    }

    /// The type that it gives for operands that fit; none if only null can come of them.
    pub(super) fn gives(&self, operands: &[Option<DataType>]) -> Option<DataType> {
        match self {
            Builtin::Add | Builtin::Subtract | Builtin::Multiply | Builtin::Divide => {
                wider(operands)
            }
            Builtin::Negate
            | Builtin::Abs
            | Builtin::Round
            | Builtin::Floor
            | Builtin::Ceil
            | Builtin::NullIf
            | Builtin::Truncate(_)
            | Builtin::Shift(_) => operands.first().copied().flatten(),
            Builtin::Remainder | Builtin::Length | Builtin::Part(_) | Builtin::JsonArrayLength => {
                Some(DataType::Int)
            }
            Builtin::Lower
            | Builtin::Upper
            | Builtin::Trim
            | Builtin::Substr
            | Builtin::Replace
            | Builtin::Concat => Some(DataType::Text),
            Builtin::JsonGet(_) => Some(DataType::Json),
            Builtin::JsonValue(_, data_type) => Some(*data_type),
            Builtin::JsonExists(_) | Builtin::JsonContains => Some(DataType::Bool),
        }
    }

    pub(super) fn is_of_documents(&self) -> bool {
        self.wanted(0) == Wanted::Exactly(DataType::Json)
    }

    /// The types that `json_value` can be asked for.
    pub(super) fn is_offered(&self) -> bool {
        use DataType::{Bool, Float, Int, Text};
        match self {
            Builtin::JsonValue(_, data_type) => {
                matches!(data_type, Bool | Int | Float | Text)
            }
            _ => true,
        }
    }
}

/// The type of values of several: float, where there are both sorts of number.
pub(super) fn wider(operands: &[Option<DataType>]) -> Option<DataType> {
    let mut known = operands.iter().copied().flatten();
    let first = known.next()?;
    let is_mixed = known.any(|it| it != first);
    Some(if is_mixed { DataType::Float } else { first })
}
