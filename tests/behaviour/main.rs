//! What relata does, through its public API: one file for each behaviour.

mod counts_follow_scopes;
mod writers_take_turns;
mod anomalies_cannot_happen;
mod a_plan_shows_what_goes_along;
mod associations;
mod tables_as_text;
mod values_as_rust_types;
mod results_in_other_forms;
mod aggregates_by_group;
mod paging_behind_a_row;
mod integrity;
mod expressions_fail_as_statements;
mod lifecycle;
