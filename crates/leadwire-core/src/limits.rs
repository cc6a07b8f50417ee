//! Bounds on what a surface lets in, each with its reason. Sizes are in bytes of UTF-8.

/// Nothing that is a key of an index is longer: an index page holds several of them.
pub const KEY_BYTES_MAX: usize = 512;
/// Names, titles, labels: one line on a screen.
pub const NAME_BYTES_MAX: usize = 512;
/// Notes and other free text of a person.
pub const NOTE_BYTES_MAX: usize = 16 * 1024;
/// A message: longer than any e-mail a person writes.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// An opaque profile of a core object.
pub const PROFILE_BYTES_MAX: usize = 16 * 1024;
/// A captured body, as received.
pub const RAW_BYTES_MAX: usize = 256 * 1024;
/// Tags, e-mails, phones, followers and the like on one object.
pub const LIST_LEN_MAX: usize = 200;
/// Rules of one source.
pub const RULES_MAX: usize = 1000;
/// Conditions of one rule.
pub const CONDITIONS_MAX: usize = 100;
/// Values of one condition.
pub const VALUES_MAX: usize = 1000;
/// Members of one group.
pub const MEMBERS_MAX: usize = 1000;
/// Depth of an agency's tree of brands.
pub const BRAND_DEPTH_MAX: usize = 16;
