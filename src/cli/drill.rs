//! `warmline drill`.

use super::{Paths, control, parts, print, status};
use crate::app::drill::Drill;
use std::process::ExitCode;

/// Asks the running bot for a drill.
pub(super) fn drill(paths: &Paths) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let Some([drill]) = control::ask::<Drill>(&config.data, "drill").and_then(|drills| <[Drill; 1]>::try_from(drills).ok()) else {
        print::error("no bot answers here: a drill needs a running one (`warmline serve`) with the same data folder");
        return ExitCode::from(status::CANT_START);
    };
    print::line(format!("A crisis marked DRILL is on its way to your staff: {}.", drill.id.short()));
    print::line("Whoever reads it claims it. `/readyz` says whether somebody has, and how long ago.");
    ExitCode::SUCCESS
}
