//! What relata does, through its public API: one file for each behaviour.

mod integrity;
