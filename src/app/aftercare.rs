//! What is done after a conversation with a person, as `config.toml` says it.
//!
//! Owns: `reviewer` and `ask_after` of `[desk]`: reading and checking them.
//! Invariants: nobody is asked sooner than an hour or later than two weeks after a close.
//! Leaves out: what they do (`conversation`).

use super::config::Config;
use crate::lexis::Table;
use jiff::SignedDuration;

/// The keys of `[desk]` that are read here.
pub(super) const KEYS: [&str; 2] = ["reviewer", "ask_after"];

const SOONEST: SignedDuration = SignedDuration::from_hours(1);
const LATEST: SignedDuration = SignedDuration::from_hours(24 * 14);

/// Reads the two keys.
pub(super) fn read(config: &mut Config, root: &Table<'_>) {
    let Some(desk) = root.table("desk") else { return };
    if let Some(reviewer) = desk.string("reviewer") {
        config.aftercare.reviewer = reviewer.value.trim().to_string();
    }
    let Some(text) = desk.string("ask_after").filter(|text| !text.value.trim().is_empty()) else { return };
    match duration(text.value.trim()) {
        Some(time) if (SOONEST..=LATEST).contains(&time) => config.aftercare.ask_after = Some(time),
        Some(_) => desk.doc.error(text.span, "`ask_after` lies between an hour and two weeks", "ask_after = \"2d\""),
        None => desk.doc.error(text.span, "`ask_after` is no time", "ask_after = \"2d\", or \"48h\""),
    }
}

/// `48h`, `2h30m`, and days too, which are 24 hours here.
fn duration(text: &str) -> Option<SignedDuration> {
    let days = text.strip_suffix('d').and_then(|days| days.trim().parse::<u16>().ok());
    days.map(|days| SignedDuration::from_hours(24 * i64::from(days))).or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use crate::app::Config;
    use crate::lexis::Source;
    use jiff::SignedDuration;

    #[test]
    fn times_rows() {
        for (name, text, wanted) in [
            ("nothing", "", Ok(None)),
            ("blank", " ", Ok(None)),
            ("days", "2d", Ok(Some(48))),
            ("hours", "48h", Ok(Some(48))),
            ("the soonest", "1h", Ok(Some(1))),
            ("the latest", "14d", Ok(Some(336))),
            ("too soon", "30m", Err("`ask_after` lies between an hour and two weeks")),
            ("too late", "15d", Err("`ask_after` lies between an hour and two weeks")),
            ("before", "-2d", Err("`ask_after` is no time")),
            ("words", "two days", Err("`ask_after` is no time")),
        ] {
            let read = Config::read(&Source::new("config.toml", format!("[desk]\nask_after = \"{text}\"\n")));
            let found = read.map(|config| config.aftercare.ask_after).map_err(|findings| findings[0].message.clone());
            assert_eq!(found, wanted.map(|hours| hours.map(SignedDuration::from_hours)).map_err(str::to_string), "{name}");
        }
    }

    #[test]
    fn a_reviewer_is_known_by_the_name_that_customers_read() {
        let config = Config::read(&Source::new("config.toml", "[desk]\nreviewer = \" @Robin \"\n")).expect("reads");
        assert_eq!(config.aftercare.reviewer, "@Robin");
        assert!(config.aftercare.reviews("robin") && !config.aftercare.reviews("Priya"));
        assert!(Config::default().aftercare.reviews("Priya"), "where nobody is named, anybody");
    }
}
