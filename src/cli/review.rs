//! `warmline review`: what somebody reads again, and that it was read.

use super::{Paths, control, parts, print, status};
use crate::app::review::{self, WeekOf};
use crate::app::{Clock, Config, SystemClock};
use crate::conversation::ConversationId;
use crate::desk::{Review, ReviewRow, Reviewed};
use crate::store::Store;
use jiff::civil::Date;
use std::process::ExitCode;

/// What is asked.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// The week of this day, as YYYY-MM-DD; this week without it.
    #[arg(long)]
    week: Option<Date>,
    /// Says that this conversation was looked at: its id, or the first eight letters.
    #[arg(long, value_name = "ID")]
    done: Option<String>,
    /// What was found.
    #[arg(long, requires = "done")]
    note: Option<String>,
}

/// Who marks a row here, where nobody is named.
const NOBODY: &str = "the command line";

pub(super) fn review(paths: &Paths, args: &Args) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let today = config.hours.local(SystemClock.now()).date();
    let Some(week) = WeekOf::new(args.week.unwrap_or(today), &config.hours) else {
        print::error("the calendar ends before that week does");
        return ExitCode::from(status::USAGE);
    };
    let rows = match list(&config, week) {
        Ok(rows) => rows,
        Err(status) => return status,
    };
    if let Some(id) = &args.done {
        return mark(&config, week, &rows, id, args.note.as_deref().unwrap_or_default());
    }
    let review = Review::new(&config.aftercare.reviewer, week.monday, week.begins, rows);
    if args.json {
        print::line(serde_json::to_string_pretty(&review).unwrap_or_default());
        return ExitCode::SUCCESS;
    }
    print::line(review.head(args.week.is_none()));
    for row in review.unread() {
        print::line(row.line(&config.hours));
    }
    if review.open > 0 {
        print::line("`warmline export ID` shows the words; `warmline review --done ID --note WORDS` says that you have read them.");
    }
    ExitCode::SUCCESS
}

/// The rows of a week.
pub(super) fn list(config: &Config, week: WeekOf) -> Result<Vec<ReviewRow>, ExitCode> {
    let now = SystemClock.now();
    control::rows(config, &format!("review {}", week.monday), async |store| review::rows(store, week, now).await)
}

fn mark(config: &Config, week: WeekOf, rows: &[ReviewRow], id: &str, note: &str) -> ExitCode {
    let id = id.trim().to_lowercase();
    let mut ids: Vec<ConversationId> = rows.iter().map(|row| row.id).filter(|known| known.to_string().starts_with(&id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let id = match ids.as_slice() {
        [only] if id.len() >= super::export::SHORTEST => *only,
        [] => {
            print::error(format!("no conversation of this list begins with {id}"));
            return ExitCode::from(status::FINDINGS);
        }
        _ => {
            print::error("write more of the id: eight letters and digits or more, as the list shows it");
            return ExitCode::from(status::USAGE);
        }
    };
    let by = if config.aftercare.reviewer.is_empty() { NOBODY } else { &config.aftercare.reviewer };
    let done = Reviewed { by: by.to_string(), at: SystemClock.now(), note: note.split_whitespace().collect::<Vec<_>>().join(" ") };
    let question = format!("reviewed {} {id} {}", week.monday, serde_json::to_string(&done).unwrap_or_default());
    match control::rows(config, &question, async |store| review::mark(store, week, done.at, id, &done).await) {
        Ok(marked) if marked.is_empty() => print::line("That was looked at before."),
        Ok(_) => print::line(format!("Looked at: {}.", id.short())),
        Err(status) => return status,
    }
    ExitCode::SUCCESS
}

/// A running bot's answer to `review WEEK` and `reviewed WEEK ID DONE`; nothing where it can't be read.
pub(super) async fn answer(app: &crate::app::App, question: &str, rest: &str) -> Option<Vec<ReviewRow>> {
    let store: &dyn Store = app.store.as_ref();
    let (monday, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let week = WeekOf::new(monday.parse().ok()?, &app.hours)?;
    if question == "review" {
        return review::rows(store, week, app.clock.now()).await.ok();
    }
    let (id, done) = rest.split_once(' ')?;
    let done: Reviewed = serde_json::from_str(done).ok()?;
    review::mark(store, week, done.at, id.parse().ok()?, &done).await.ok()
}
