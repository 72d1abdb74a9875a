//! relata against engines that other people wrote: the same statements, on the same rows, in the same transactions.
//!
//! [`draw`] turns the random schemas and statements of the state machine into ones that SQL can say, and [`sql`] says
//! them. [`duel`] runs them on relata, on the naive reference and on a [`rival`], one `session` for each transaction,
//! and compares after each. Where the engines part ways, [`classify`] must find the reason among the departures that
//! spec/integrity.md lists, named in [`departure`], from what the reference saw on the way; if it does not, the run has
//! failed. [`campaign`] is many runs and what they must have met; [`ring`] is one that is rarely met. [`postgres`] is a client small enough to read.
//!
//! The reference decides nothing about who is right. It must agree with relata, and it knows where the order of steps,
//! which engines choose differently, can show.

pub mod sql;
pub mod draw;
pub mod rival;
pub mod departure;
pub mod classify;
mod rows;
mod session;
pub mod duel;
pub mod campaign;
pub mod ring;
pub mod postgres;
