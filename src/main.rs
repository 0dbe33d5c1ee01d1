//! The program: flags, then one command.

use std::process::ExitCode;

use clap::Parser;
use plainbill::classifier::encoder;
use plainbill::commands::{self, Flags};

fn main() -> ExitCode {
    // Before any thread and any library: ONNX Runtime would call home otherwise.
    encoder::silence_telemetry();
    let flags = Flags::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("plainbill: the threads could not be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(flags)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("plainbill: {error:#}");
            ExitCode::FAILURE
        }
    }
}
