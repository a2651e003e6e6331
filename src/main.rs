//! The `warmline` program.

fn main() -> std::process::ExitCode {
    warmline::cli::main()
}
