//! Queries by example and at random.
