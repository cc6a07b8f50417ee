//! The `leadwire` program.

use std::process::ExitCode;

/// Many small rows are made and dropped on many threads: mimalloc halves what that costs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    leadwire::cli::main()
}
