//! What the checks say, on standard output. A reader that went away is no reason to stop.

use std::fmt::Arguments;
use std::io::Write;

macro_rules! say {
    ($($it:tt)*) => { $crate::out::line(format_args!($($it)*)) };
}
pub(crate) use say;

pub(crate) fn line(it: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{it}"));
    drop(out.flush());
}
