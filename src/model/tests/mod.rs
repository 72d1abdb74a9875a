//! Models at work.
