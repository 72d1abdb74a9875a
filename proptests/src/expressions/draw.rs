//! Random terms of a wanted type, and random rows.

use relata::expr::Unit;
use relata::value::{DataType, Date, Timestamp, Value};

use crate::choices::Choices;
use crate::expressions::COLUMNS;
use crate::expressions::term::{Function, Row, Term};

const MICROS_PER_DAY: i64 = 86_400_000_000;
const UNITS: [Unit; 6] = [
    Unit::Year,
    Unit::Month,
    Unit::Day,
    Unit::Hour,
    Unit::Minute,
    Unit::Second,
];

/// A term of a type, at most so deep.
pub fn term(choices: &mut Choices, data_type: DataType, depth: usize) -> Term {
    if depth == 0 || choices.percent(20) {
        return leaf(choices, data_type);
    }
    match data_type {
        DataType::Bool => truth(choices, depth),
        DataType::Int => int(choices, depth),
        DataType::Float => float(choices, depth),
        DataType::Text => text(choices, depth),
        _ => time(choices, data_type, depth),
    }
}

fn leaf(choices: &mut Choices, data_type: DataType) -> Term {
    let columns = COLUMNS.iter().enumerate();
    let columns: Vec<usize> = columns
        .filter(|(_, (_, it))| *it == data_type)
        .map(|(position, _)| position)
        .collect();
    match choices.percent(60) {
        true => Term::Column(*choices.pick(&columns).expect("a column of each type")),
        false => Term::Constant(value(choices, data_type, 10)),
    }
}

fn call<const N: usize>(
    choices: &mut Choices,
    depth: usize,
    function: Function,
    types: [DataType; N],
) -> Term {
    let operands = types.map(|it| term(choices, it, depth - 1));
    Term::Call(function, operands.into())
}

/// Functions of any type.
fn any(choices: &mut Choices, data_type: DataType, depth: usize) -> Term {
    match choices.below(3) {
        0 => call(choices, depth, Function::NullIf, [data_type; 2]),
        1 => call(choices, depth, Function::Coalesce, [data_type; 2]),
        _ => call(choices, depth, Function::Coalesce, [data_type; 3]),
    }
}

fn arithmetic(choices: &mut Choices) -> Function {
    let functions = [
        Function::Add,
        Function::Subtract,
        Function::Multiply,
        Function::Divide,
    ];
    functions[choices.below(4)]
}

fn int(choices: &mut Choices, depth: usize) -> Term {
    use DataType::{Date, Int, Text, Timestamp};
    match choices.below(10) {
        0 => any(choices, Int, depth),
        1 => call(choices, depth, Function::Remainder, [Int; 2]),
        2 => call(choices, depth, Function::Negate, [Int]),
        3 => call(choices, depth, Function::Abs, [Int]),
        4 => call(choices, depth, Function::Length, [Text]),
        5 => {
            let unit = UNITS[choices.below(6)];
            call(choices, depth, Function::Part(unit), [Timestamp])
        }
        6 => {
            let unit = UNITS[choices.below(3)];
            call(choices, depth, Function::Part(unit), [Date])
        }
        _ => {
            let function = arithmetic(choices);
            call(choices, depth, function, [Int; 2])
        }
    }
}

fn float(choices: &mut Choices, depth: usize) -> Term {
    use DataType::{Float, Int};
    match choices.below(8) {
        0 => any(choices, Float, depth),
        1 => call(choices, depth, Function::Negate, [Float]),
        2 => call(choices, depth, Function::Abs, [Float]),
        3 => call(choices, depth, Function::Round, [Float]),
        it => {
            let types = [[Float, Float], [Int, Float], [Float, Int]][it % 3];
            let function = arithmetic(choices);
            call(choices, depth, function, types)
        }
    }
}

fn text(choices: &mut Choices, depth: usize) -> Term {
    use DataType::{Int, Text};
    match choices.below(8) {
        0 => any(choices, Text, depth),
        1 => call(choices, depth, Function::Lower, [Text]),
        2 => call(choices, depth, Function::Upper, [Text]),
        3 => call(choices, depth, Function::Trim, [Text]),
        4 => call(choices, depth, Function::Replace, [Text; 3]),
        5 => call(choices, depth, Function::Concat, [Text; 2]),
        _ => call(choices, depth, Function::Substr, [Text, Int, Int]),
    }
}

fn time(choices: &mut Choices, data_type: DataType, depth: usize) -> Term {
    let units = if data_type == DataType::Date { 3 } else { 6 };
    let unit = UNITS[choices.below(units)];
    match choices.below(4) {
        0 => any(choices, data_type, depth),
        1 => call(choices, depth, Function::Truncate(unit), [data_type]),
        _ => call(
            choices,
            depth,
            Function::Shift(unit),
            [data_type, DataType::Int],
        ),
    }
}

fn truth(choices: &mut Choices, depth: usize) -> Term {
    use DataType::{Bool, Float, Int, Text};
    let types = [Int, Float, Text, Bool, DataType::Timestamp, DataType::Date];
    let data_type = types[choices.below(6)];
    match choices.below(12) {
        0 => any(choices, Bool, depth),
        1 => call(choices, depth, Function::Not, [Bool]),
        2 => call(choices, depth, Function::And, [Bool; 2]),
        3 => call(choices, depth, Function::Or, [Bool; 2]),
        4 => call(choices, depth, Function::IsNull, [data_type]),
        5 => {
            let escape = ['!', '\\', 'a'][choices.below(3)];
            call(choices, depth, Function::Like(escape), [Text; 2])
        }
        6 => call(choices, depth, Function::Between, [data_type; 3]),
        7 => {
            let mut operands = vec![term(choices, data_type, depth - 1)];
            for _ in 0..choices.below(12) {
                operands.push(Term::Constant(value(choices, data_type, 5)));
            }
            Term::Call(Function::In, operands)
        }
        8 => call(choices, depth, Function::Le, [Int, Float]),
        it => {
            let function = [Function::Eq, Function::Ne, Function::Lt][it % 3];
            call(choices, depth, function, [data_type; 2])
        }
    }
}

/// A row with nulls among its values.
pub fn row(choices: &mut Choices) -> Row {
    COLUMNS.map(|(_, data_type)| value(choices, data_type, 20))
}

/// A value of a type, null in so many of a hundred cases.
pub fn value(choices: &mut Choices, data_type: DataType, nulls: usize) -> Value {
    if choices.percent(nulls) {
        return Value::Null;
    }
    let small = |choices: &mut Choices| i64::try_from(choices.below(12)).unwrap_or(0) - 4;
    match data_type {
        DataType::Bool => choices.percent(50).into(),
        DataType::Int => match choices.below(20) {
            0 => i64::MAX.into(),
            1 => i64::MIN.into(),
            2 => (1_i64 << 53).into(),
            _ => small(choices).into(),
        },
        DataType::Float => match choices.below(20) {
            0 => 1e300.into(),
            1 => 9_007_199_254_740_992.0.into(),
            _ => (f64::from(i32::try_from(small(choices)).unwrap_or(0)) / 4.0 * 3.0).into(),
        },
        DataType::Text => {
            let pieces = ["a", "B", "ab", " ", "é", "ß", "%", "_", "!", "\\", "Aa"];
            let length = choices.below(5);
            let text: String = (0..length).map(|_| pieces[choices.below(11)]).collect();
            text.into()
        }
        DataType::Date => {
            let days = i32::try_from(small(choices) * 4_001 + small(choices)).unwrap_or(0);
            Date::from_days(days).into()
        }
        _ => {
            let days = small(choices) * 4_001 + small(choices);
            let of_day = small(choices) * 7_200_000_001 + small(choices) * 250_000;
            Timestamp::from_micros(days * MICROS_PER_DAY + of_day).into()
        }
    }
}
