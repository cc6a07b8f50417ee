//! The command line.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::config::{DEFAULT_FILE, Flags};
use crate::demo::Demo;
use crate::keys::Keys;
use crate::{bench, demo, keys, serve};

/// Takes leads in from anywhere, decides who gets each of them and why, keeps the conversation, and finds any of it.
#[derive(Debug, Parser)]
#[command(name = "leadwire", version, about, propagate_version = true)]
struct Line {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the server
    Serve(Box<Flags>),
    /// Run a server full of made-up leads, to look around
    Demo(Demo),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Keys(Keys),
    /// Measure this machine: every figure beside what a bare echo does in the same run
    #[command(subcommand)]
    Bench(Bench),
    /// Print a file with every setting and its default
    Config,
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let line = Line::parse();
    let mut out = std::io::stdout();
    let done = match line.verb {
        Verb::Serve(flags) => flags.resolve().and_then(|settings| serve::run(&settings, &mut out)),
        Verb::Demo(demo) => demo::run(&demo, &mut out),
        Verb::Keys(keys) => keys::run(keys, &mut out),
        Verb::Bench(bench) => bench::run(&bench, &mut out),
        Verb::Config => write!(out, "{DEFAULT_FILE}").map_err(Into::into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even standard error is closed there is nobody left to tell.
            drop(writeln!(std::io::stderr(), "leadwire: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Line::command().debug_assert();
    }
}
