//! The program: words in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    paid_sync::cli::main(std::env::args_os())
}
