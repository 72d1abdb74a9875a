//! Associations through the public API.

mod nested_create;
