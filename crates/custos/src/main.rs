//! Custos, a customer-account server.

use std::process::ExitCode;

fn main() -> ExitCode {
    custos::cli::main()
}
