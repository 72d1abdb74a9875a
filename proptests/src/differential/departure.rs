//! The names of differences, after the rules of spec/integrity.md that they depart from.

use std::fmt;

/// A departure of relata from another engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Departure {
    /// D-2: which of several keys acts on a row first.
    OrderOfKeys,
    /// D-3: NOT NULL and CHECK of rows as they are on the way.
    RowsOnTheWay,
    /// D-4: rows that begin to point at a key in the statement that takes it away.
    CaughtByValue,
    /// D-5: unique keys row by row.
    UniqueByRow,
    /// D-6: SET DEFAULT to the key that went.
    VanishedDefault,
    /// D-7: a failed statement ends the transaction.
    AbortedTransaction,
    /// D-8: a failed commit does not end it.
    OpenAfterCommit,
    /// RI-13: RESTRICT row by row.
    RestrictByRow,
    /// RI-61: the actions of one row before the next row is looked at.
    StatementByRow,
    /// SQLite takes a row that refers to its own new key for two: a defect. It does so where an update writes a key that
    /// its own table refers to, with NO ACTION and without writing the reference: the row is still there with its old
    /// values when the children of the new key are counted.
    OwnReferenceTwice,
    /// RI-19: actions that go by value may go round in a ring. SQLite gives up after a thousand levels, PostgreSQL does
    /// not.
    EndlessRing,
}

impl Departure {
    /// All of them.
    pub const ALL: [Departure; 11] = [
        Departure::OrderOfKeys,
        Departure::RowsOnTheWay,
        Departure::CaughtByValue,
        Departure::UniqueByRow,
        Departure::VanishedDefault,
        Departure::AbortedTransaction,
        Departure::OpenAfterCommit,
        Departure::RestrictByRow,
        Departure::StatementByRow,
        Departure::OwnReferenceTwice,
        Departure::EndlessRing,
    ];
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Departure::OrderOfKeys => "D-2 several keys act on a row",
            Departure::RowsOnTheWay => "D-3 row constraints on the way",
            Departure::CaughtByValue => "D-4 caught by value",
            Departure::UniqueByRow => "D-5 unique keys row by row",
            Departure::VanishedDefault => "D-6 default that vanished",
            Departure::AbortedTransaction => "D-7 failed statement aborts",
            Departure::OpenAfterCommit => "D-8 failed commit stays open",
            Departure::RestrictByRow => "RI-13 RESTRICT row by row",
            Departure::StatementByRow => "RI-61 statement row by row",
            Departure::OwnReferenceTwice => "SQLite counts an own reference twice",
            Departure::EndlessRing => "RI-19 a ring by value has no end",
        })
    }
}
