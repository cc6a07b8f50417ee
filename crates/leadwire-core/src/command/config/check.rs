//! Bounds and references, checked the same way for every kind of thing.
