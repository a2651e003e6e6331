//! The command line, as files and as processes.

#[path = "../support/mod.rs"]
mod support;

mod chatwoot;
mod process;

#[test]
fn commands_print_what_the_files_say() {
    trycmd::TestCases::new().case("tests/cli/*.trycmd");
}
