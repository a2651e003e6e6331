//! The command line.
//!
//! Owns: one file a command; exit statuses (0 fine, 1 findings, 2 usage, 3 can't start); printing.
//! Leaves out: everything that a command does beyond asking and printing.

mod chat;
mod check;
mod control;
mod drill;
mod eval;
mod explain;
mod export;
mod group;
mod init;
mod parts;
mod print;
mod queue;
mod replay;
mod review;
mod serve;
mod stats;
mod test;
mod understand;
mod unmatched;
mod walk;
mod weekly;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// A triage bot for customer service: routine requests get an answer in a second, everything else gets a person.
#[derive(Parser, Debug)]
#[command(name = "warmline", version, about)]
struct Cli {
    /// The configuration; without the file, the defaults.
    #[arg(long, global = true, default_value = "config.toml")]
    config: PathBuf,
    /// The folder of intents; without it, the defaults.
    #[arg(long, global = true, default_value = "intents")]
    intents: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Runs the bot: channels, server, workers.
    Serve {
        /// Exit instead of running in safe mode when the intent files are broken.
        #[arg(long)]
        strict: bool,
    },
    /// Writes the default configuration and intents out to be edited.
    Init {
        /// Where to.
        dir: PathBuf,
    },
    /// A conversation in the terminal, through the same path as a real one.
    Chat,
    /// Validates configuration, intents and cues.
    Check {
        /// Warnings count as errors.
        #[arg(long)]
        deny_warnings: bool,
        /// Numbers of help lines that nobody has looked up for a year count as errors.
        #[arg(long)]
        release: bool,
        /// Shows advice too, not only errors and warnings.
        #[arg(long)]
        notes: bool,
        /// Findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Runs the `[[test]]` tables and the safety set.
    Test,
    /// Shows why: what matched where, what counted how much, what would have happened.
    Explain {
        /// The message.
        text: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// JSON lines in, JSON lines out, in order.
    Understand,
    /// Scores labelled messages: intents or distress.
    Eval(eval::Args),
    /// Runs past conversations and reports what the bot would have answered and handed over.
    Replay(replay::Args),
    /// What customers asked and the bot couldn't answer, in groups, without names and numbers.
    Unmatched {
        /// So many groups.
        #[arg(long, default_value_t = 20)]
        groups: usize,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// What care heard, week by week, and how often staff called it right; only where twenty people stand behind a figure.
    Weekly {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Everything that is kept of one customer, as JSON; what care heard too.
    Export {
        /// The conversation's id, or its first eight letters.
        id: String,
    },
    /// Sends a marked test crisis down the whole way to the people who answer.
    Drill,
    /// How fast people answered, promises, contact again, load: of the handoffs that ended lately.
    Stats {
        /// So many days back.
        #[arg(long, default_value_t = 7)]
        days: i64,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// A finished conversation, any of the last four weeks, as the customer's phone saw it, with the real waits.
    Walk,
    /// The handoffs that wait.
    Queue {
        /// As JSON, one row a line.
        #[arg(long)]
        json: bool,
    },
    /// What somebody reads again: crises, what was called less urgent, offers, and twenty others; without words, names and numbers.
    Review(review::Args),
}

/// Exit statuses.
mod status {
    /// Something was found.
    pub const FINDINGS: u8 = 1;
    /// It was asked wrongly.
    pub const USAGE: u8 = 2;
    /// The program can't start.
    pub const CANT_START: u8 = 3;
}

/// Where files are.
#[derive(Clone, Debug)]
struct Paths {
    config: PathBuf,
    intents: PathBuf,
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let paths = Paths { config: cli.config, intents: cli.intents };
    if !paths.intents.is_dir() && paths.intents.as_os_str() != "intents" {
        print::error(format!("there is no folder {}", paths.intents.display()));
        return ExitCode::from(status::CANT_START);
    }
    match cli.command.unwrap_or(Command::Serve { strict: false }) {
        Command::Serve { strict } => serve::serve(&paths, strict),
        Command::Init { dir } => init::init(&dir),
        Command::Chat => chat::chat(&paths),
        Command::Check { deny_warnings, release, notes, json } => check::check(&paths, deny_warnings, release, notes, json),
        Command::Test => test::test(&paths),
        Command::Explain { text, json } => explain::explain(&paths, &text, json),
        Command::Understand => understand::understand(&paths),
        Command::Eval(args) => eval::eval(&paths, &args),
        Command::Replay(args) => replay::replay(&paths, &args),
        Command::Unmatched { groups, json } => unmatched::unmatched(&paths, groups, json),
        Command::Weekly { json } => weekly::weekly(&paths, json),
        Command::Export { id } => export::export(&paths, &id),
        Command::Stats { days, json } => stats::stats(&paths, days, json),
        Command::Walk => walk::walk(&paths),
        Command::Drill => drill::drill(&paths),
        Command::Queue { json } => queue::queue(&paths, json),
        Command::Review(args) => review::review(&paths, &args),
    }
}
