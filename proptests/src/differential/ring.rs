//! A statement that settles by rows and never by values (RI-19).
//!
//! A table refers to itself with its own key turned round. A row without a parent takes the key that it wants: to who
//! goes by value it is now its own child, whose key must change, and then change back.

use relata::value::Value;

use crate::machine::Program;
use crate::operations::{Fault, Operation, Statement, Term};
use crate::shape::{
    ColumnShape, DefaultShape, Kind, ReferenceShape, Rule, Shape, TableShape, Timing, UniqueShape,
};

/// The schema, the row, and the statement, in one transaction.
pub fn program() -> Program {
    let run = |statement| Operation::Run(statement, Fault::None);
    let (low, high) = (Value::Int(4), Value::Int(5));
    Program {
        shape: shape(),
        operations: vec![
            Operation::Begin,
            run(Statement::Insert {
                table: 0,
                cells: vec![(0, high.clone()), (1, low.clone())],
            }),
            run(Statement::Update {
                table: 0,
                filter: Vec::new(),
                assignments: vec![(0, Term::Constant(low)), (1, Term::Constant(high))],
            }),
        ],
    }
}

fn shape() -> Shape {
    let column = |name: &str| ColumnShape {
        name: name.to_owned(),
        kind: Kind::Int,
        nullable: false,
        default: DefaultShape::Null,
    };
    let key = UniqueShape {
        name: "t0_pkey".to_owned(),
        columns: vec![0, 1],
        nulls_distinct: true,
        timing: Timing::Immediate,
        part: None,
    };
    let table = TableShape {
        name: "t0".to_owned(),
        columns: vec![column("a"), column("b")],
        hidden_key: false,
        auto_increment: None,
        uniques: vec![key],
        checks: Vec::new(),
        indexes: Vec::new(),
    };
    let reference = ReferenceShape {
        name: "f0".to_owned(),
        child: 0,
        child_columns: vec![0, 1],
        parent: 0,
        parent_columns: vec![1, 0],
        on_delete: Rule::Cascade,
        on_delete_columns: None,
        on_update: Rule::Cascade,
        timing: Timing::InitiallyDeferred,
        guard: None,
        any_row: false,
    };
    Shape {
        tables: vec![table],
        references: vec![reference],
        integer_base: 0,
        integer_stride: 1,
        spread: 6,
        rows_changed_max: None,
        enriched: false,
    }
}
