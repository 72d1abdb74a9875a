//! What relata does, through its public API: one file for each behaviour.

mod counts_follow_scopes;
mod plans_follow_the_data;
mod filters_reach_associations;
mod writers_take_turns;
mod anomalies_cannot_happen;
mod a_plan_shows_what_goes_along;
mod associations;
mod tables_as_text;
mod values_as_rust_types;
mod results_in_other_forms;
mod aggregates_by_group;
mod aggregates_over_associations;
mod getters_read_the_first_targets;
mod groups_over_associations;
mod plans_are_explained;
mod reading_in_parts_is_reading;
mod paging_behind_a_row;
mod integrity;
mod recursive_includes;
mod recursive_includes_random;
mod expressions_fail_as_statements;
mod computed_attributes;
mod expressions_as_ddl;
mod lifecycle;
