//! Queries by example, and at random against loops over vectors.

mod fixture;
mod examples;
mod explained;
#[cfg(feature = "json")]
mod json;
mod reference;
mod random;
mod requests;
mod parameters;
mod counts;
mod reach;
