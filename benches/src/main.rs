//! `cargo run --release`: see the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    raddle_bench::cli::main()
}
