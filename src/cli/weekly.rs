//! `warmline weekly`: what care heard, week by week, and how often staff called a rule right.

use super::{Paths, control, parts, print, review, status};
use crate::app::review::WeekOf;
use crate::app::{Clock, SystemClock};
use crate::desk::{Figure, Review, Weekly};
use std::process::ExitCode;

pub(super) fn weekly(paths: &Paths, as_json: bool) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let figures: Vec<Figure> = match control::rows(&config, "weekly", async |store| store.figures().await) {
        Ok(figures) => figures,
        Err(status) => return status,
    };
    let weekly = Weekly::of(&figures, config.hours.local(SystemClock.now()).date());
    if as_json {
        print::line(serde_json::to_string_pretty(&weekly).unwrap_or_default());
    } else {
        print::line(weekly.text());
        // Work that is left, and no figure of how people are.
        let week = WeekOf::new(config.hours.local(SystemClock.now()).date(), &config.hours);
        let rows = week.map_or(Ok(Vec::new()), |week| review::list(&config, week));
        let review = week.zip(rows.ok()).map(|(week, rows)| Review::new(&config.aftercare.reviewer, week.monday, week.begins, rows));
        if let Some(left) = review.and_then(|review| review.left()) {
            print::line(left);
        }
    }
    ExitCode::SUCCESS
}
