//! What declared models come to: tables, keys and associations, and what is refused.
