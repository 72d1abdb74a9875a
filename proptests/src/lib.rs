//! relata against engines and references that are not relata.
