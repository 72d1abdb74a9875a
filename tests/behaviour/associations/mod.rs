//! Associations through the public API.

mod nested_create;
mod keys_to_any_row;
mod scopes;
mod soft_delete;
