//! Collects what is wrong with a command's input, so that a caller hears all of it at once.

use crate::entity::Profile;
use crate::limits::{NAME_BYTES_MAX, PROFILE_BYTES_MAX};
use crate::refusal::{Refusal, Violation};

#[derive(Debug, Default)]
pub struct Checks {
    violations: Vec<Violation>,
}

impl Checks {
    /// Notes `message` at `at` unless `holds`.
    pub fn that(&mut self, holds: bool, at: &str, message: &str) {
        if !holds {
            self.violations.push(Violation::new(at, message));
        }
    }

    /// A text within bounds and without NUL, which not every engine can store.
    pub fn text(&mut self, at: &str, text: &str, bytes_max: usize) {
        if text.len() > bytes_max {
            self.violations.push(Violation::new(at, format!("is longer than {bytes_max} bytes")));
        }
        self.that(!text.contains('\0'), at, "contains NUL");
    }

    /// One line with something in it.
    pub fn name(&mut self, at: &str, text: &str) {
        self.text(at, text, NAME_BYTES_MAX);
        self.that(!text.trim().is_empty(), at, "is empty");
    }

    /// One line, or nothing.
    pub fn line(&mut self, at: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(at, text, NAME_BYTES_MAX);
        }
    }

    pub fn profile(&mut self, at: &str, profile: &Profile) {
        if let Some(text) = profile {
            self.text(at, text, PROFILE_BYTES_MAX);
        }
    }

    pub fn list<T>(&mut self, at: &str, list: &[T], len_max: usize) {
        if list.len() > len_max {
            self.violations.push(Violation::new(at, format!("has more than {len_max} entries")));
        }
    }

    pub fn add(&mut self, violations: impl IntoIterator<Item = Violation>) {
        self.violations.extend(violations);
    }

    pub fn done(self) -> Result<(), Refusal> {
        if self.violations.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self.violations)) }
    }
}
