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
/// Largest order of a rule, a condition or a member: Rechat's default rule has it.
pub const ORDER_MAX: i64 = 32_767;
/// Turns of one member per round.
pub const WEIGHT_MAX: i64 = 40;
/// How long an offer stands: at least, at most, and when nothing is said.
pub const CLAIM_TIMEOUT_SECS_MIN: i64 = 15;
pub const CLAIM_TIMEOUT_SECS_MAX: i64 = 1_800;
pub const CLAIM_TIMEOUT_SECS_DEFAULT: u32 = 300;
/// A rotated capture token is good for so long after.
pub const TOKEN_GRACE_SECS: i64 = 24 * 60 * 60;
/// Keyless captures of one source, per minute and address or per second in all.
pub const CAPTURE_RATE_MAX: u32 = 1_000_000;
/// A repetition is recognised by its payload for at most so long.
pub const FINGERPRINT_SECS_MAX: u32 = 24 * 60 * 60;
/// Texts of all rules of one source together: every change stores them again.
pub const RULE_SET_BYTES_MAX: usize = 4 * 1024 * 1024;
