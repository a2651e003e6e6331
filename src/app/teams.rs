//! Teams and who is on call, as `config.toml` says it.
//!
//! Owns: `[[team]]` and `[[oncall]]`: reading and checking them.
//! Invariants: a team that is named exists; who is on call is one of the ways; stand-ins form no ring.
//! Leaves out: routing (`conversation`), turns (`desk`), whether topics are intents (`cli::check`, which has them).

use super::config::Config;
use super::ladder::WayTo;
use crate::conversation::{GROUP, Team, Urgency};
use crate::desk::{Hours, Rota, Way, WayKind};
use crate::lexis::{Located, Table, nearest};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Reads the teams.
pub(super) fn read(config: &mut Config, root: &Table<'_>, zone: &str) {
    let tables = root.tables("team");
    for table in &tables {
        if let Some((team, hours)) = team(table, zone, &config.teams) {
            config.team_hours.extend(hours.map(|hours| (team.name.clone(), hours.with_days_of(&config.hours))));
            config.teams.push(team);
        }
    }
    let next = |name: &str| config.teams.iter().find(|team| team.name == name).and_then(|team| team.fallback.clone());
    for table in &tables {
        let Some(fallback) = table.string("fallback") else { continue };
        if !config.teams.iter().any(|team| team.name == fallback.value) {
            unknown(table, &fallback, &config.teams);
            continue;
        }
        let mut at = Some(fallback.value.clone());
        for _ in 0..config.teams.len() {
            at = at.and_then(|name| next(&name));
        }
        if at.is_some() {
            table.doc.error(
                fallback.span,
                "the stand-ins form a ring: nobody is the last",
                "leave `fallback` out in one of them: then it is everybody",
            );
        }
    }
}

fn team(table: &Table<'_>, zone: &str, others: &[Team]) -> Option<(Team, Option<Hours>)> {
    table.only(&["name", "topics", "languages", "channels", "urgencies", "people", "fallback", "most", "hours"]);
    let Some(name) = table.string("name").filter(|name| !name.value.trim().is_empty()) else {
        table.doc.error(table.span.clone(), "a team needs a `name`", "name = \"returns\"");
        return None;
    };
    if others.iter().any(|other| other.name == name.value) {
        table.doc.error(name.span.clone(), format!("there is a team called `{}` already", name.value), "");
    }
    let list = |key| table.strings(key).into_iter().map(|one| one.value).collect::<Vec<_>>();
    let mut urgencies = Vec::new();
    for one in table.strings("urgencies") {
        match Urgency::ALL.iter().find(|urgency| urgency.name() == one.value) {
            Some(urgency) => urgencies.push(*urgency),
            None => {
                let names: Vec<&str> = Urgency::ALL.iter().map(|urgency| urgency.name()).collect();
                table.doc.error(one.span, format!("`{}` is no urgency", one.value), names.join(", "));
            }
        }
    }
    for one in table
        .strings("languages")
        .iter()
        .filter(|one| !matches!(one.value.len(), 2 | 3) || !one.value.bytes().all(|b| b.is_ascii_lowercase()))
    {
        table.doc.error(one.span.clone(), format!("`{}` is no language", one.value), "languages = [\"es\", \"pl\"]");
    }
    let most = table.number("most").map(|most| {
        if most.value < 1.0 {
            table.doc.error(most.span, "`most` is a number from 1", "most = 5");
        }
        most.value.clamp(1.0, 1000.0) as u32
    });
    let hours = table.table("hours").and_then(|hours| {
        let keys = hours.keys().into_iter();
        let week: BTreeMap<String, Vec<String>> =
            keys.map(|key| (key.value.clone(), hours.strings(&key.value).into_iter().map(|span| span.value).collect())).collect();
        Hours::new(zone, &week)
            .map_err(|errors| errors.into_iter().for_each(|error| table.doc.error(hours.span.clone(), error.to_string(), "")))
            .ok()
    });
    let team = Team {
        name: name.value,
        topics: list("topics"),
        languages: list("languages"),
        channels: list("channels"),
        urgencies,
        people: list("people"),
        fallback: table.string("fallback").map(|fallback| fallback.value),
        most,
    };
    Some((team, hours))
}

/// Names of teams under a key; those that don't exist are mistakes.
pub(super) fn named(table: &Table<'_>, key: &str, teams: &[Team]) -> Vec<String> {
    let names = table.strings(key);
    for name in names.iter().filter(|name| !teams.iter().any(|team| team.name == name.value)) {
        unknown(table, name, teams);
    }
    names.into_iter().map(|name| name.value).collect()
}

fn unknown(table: &Table<'_>, name: &Located<String>, teams: &[Team]) {
    let names: Vec<&str> = teams.iter().map(|team| team.name.as_str()).collect();
    let near = nearest(&name.value, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    let help = near.unwrap_or_else(|| match names.is_empty() {
        true => format!("add [[team]] with name = \"{}\"", name.value),
        false => names.join(", "),
    });
    table.doc.error(name.span.clone(), format!("there is no team `{}`", name.value), help);
}

/// Who is on call: ways that take turns.
pub(super) fn oncall(table: &Table<'_>, zone: &str, ways: &[WayTo]) -> Option<Way> {
    table.only(&["name", "turns", "begins", "every", "instead"]);
    let Some(name) = table.string("name").filter(|name| !name.value.is_empty()) else {
        table.doc.error(table.span.clone(), "who is on call needs a `name` that the ladder takes", "name = \"oncall\"");
        return None;
    };
    if name.value == GROUP || ways.iter().any(|other| other.way.name == name.value) {
        table.doc.error(name.span.clone(), format!("there is a way called `{}` already", name.value), "");
    }
    let known: Vec<&str> = ways.iter().filter(|way| way.way.rota.is_none()).map(|way| way.way.name.as_str()).collect();
    let way = |one: &Located<String>| {
        if !known.contains(&one.value.as_str()) {
            let help =
                nearest(&one.value, known.iter().copied()).map_or_else(|| known.join(", "), |near| format!("did you mean `{near}`?"));
            table.doc.error(one.span.clone(), format!("there is no way `{}`", one.value), help);
        }
    };
    let turns = table.strings("turns");
    turns.iter().for_each(way);
    if turns.is_empty() {
        table.doc.error(name.span.clone(), "nobody takes a turn", "turns = [\"priya_phone\", \"sam_phone\"]");
    }
    let begins = table.string("begins").and_then(|begins| {
        let read = begins.value.replacen(' ', "T", 1).parse().ok();
        if read.is_none() {
            table.doc.error(begins.span, format!("`{}` is no day and time", begins.value), "begins = \"2026-11-23 09:00\"");
        }
        read
    });
    if begins.is_none() && !table.has("begins") {
        table.doc.error(name.span.clone(), "when does the first turn begin?", "begins = \"2026-11-23 09:00\"");
    }
    let days = table.string("every").map_or(Some(7), |every| {
        let days = every.value.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| (1..=366).contains(days));
        if days.is_none() {
            table.doc.error(every.span, format!("`{}` is no number of days", every.value), "every = \"7d\"");
        }
        days
    });
    let mut instead = Vec::new();
    if let Some(swaps) = table.table("instead") {
        for key in swaps.keys() {
            let (from, to) = key.value.split_once(" to ").unwrap_or((&key.value, &key.value));
            match (from.trim().parse::<Date>(), to.trim().parse::<Date>(), swaps.string(&key.value)) {
                (Ok(from), Ok(to), Some(who)) if from <= to => {
                    way(&who);
                    instead.push((from, to, who.value));
                }
                _ => table.doc.error(
                    key.span,
                    format!("`{}` is no day and no row of days", key.value),
                    "\"2026-12-24 to 2026-12-26\" = \"sam_phone\"",
                ),
            }
        }
    }
    let turns: Vec<String> = turns.into_iter().map(|turn| turn.value).collect();
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let rota = Rota { zone, begins: begins?, days: days?, turns, instead };
    let reaches = Vec::new();
    (!rota.turns.is_empty()).then(|| Way { rota: Some(rota), ..Way::new(&name.value, WayKind::OnCall, reaches) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexis::Source;
    use jiff::Timestamp;

    const FINE: &str = r#"
        [desk]
        most = 5
        [desk.telegram]
        chat_id = -1001
        reaches = ["Priya"]
        [[team]]
        name = "returns"
        topics = ["return_item"]
        people = ["Priya"]
        fallback = "rest"
        hours = { mon-fri = ["10:00-12:00"] }
        [[team]]
        name = "rest"
        [[alert]]
        name = "priya"
        way = "webhook"
        to = "https://example.com/a"
        reaches = "Priya"
        teams = ["returns"]
        [[alert]]
        name = "sam"
        way = "webhook"
        to = "https://example.com/b"
        reaches = "Sam"
        [[oncall]]
        name = "oncall"
        turns = ["priya", "sam"]
        begins = "2026-11-23 09:00"
        every = "7d"
        instead = { "2026-12-24 to 2026-12-26" = "sam" }
        [[ladder.crisis]]
        ways = ["group", "oncall"]
    "#;

    #[test]
    fn teams_and_turns_are_read() {
        let config = Config::read(&Source::new("config.toml", FINE)).expect("reads");
        assert_eq!(config.most, Some(5));
        assert_eq!(config.teams.iter().map(|team| team.name.as_str()).collect::<Vec<_>>(), ["returns", "rest"]);
        assert_eq!(config.teams[0].fallback.as_deref(), Some("rest"));
        assert!(config.team_hours.contains_key("returns") && !config.team_hours.contains_key("rest"));
        assert_eq!(config.ways[0].way.teams, ["returns"]);
        let rota = config.ways[2].way.rota.as_ref().expect("a rota");
        let at = |time: &str| rota.at(time.parse::<Timestamp>().expect("a time")).to_string();
        assert_eq!([at("2026-11-24T12:00:00Z"), at("2026-12-01T12:00:00Z"), at("2026-12-25T12:00:00Z")], ["priya", "sam", "sam"]);
    }

    #[test]
    fn every_mistake_is_shown_with_its_place() {
        let text = r#"
[desk]
most = 0
[desk.telegram]
chat_id = -1001
[[team]]
topics = ["x"]
[[team]]
name = "a"
fallback = "b"
urgencies = ["soon"]
languages = ["Spanish"]
[[team]]
name = "b"
fallback = "a"
[[team]]
name = "c"
fallback = "d"
[[alert]]
name = "mail"
way = "webhook"
to = "https://example.com/a"
reaches = "Sam"
teams = ["aa"]
[[oncall]]
name = "mail"
turns = ["male"]
begins = "soon"
every = "1w"
instead = { "christmas" = "mail" }
[[oncall]]
turns = ["mail"]
"#;
        let findings = Config::read(&Source::new("config.toml", text)).expect_err("wrong");
        let shown: Vec<String> = findings.iter().map(|finding| format!("{} {}", finding.line, finding.message)).collect();
        assert_eq!(
            shown,
            [
                "3 `most` is a number from 1",
                "6 a team needs a `name`",
                "10 the stand-ins form a ring: nobody is the last",
                "11 `soon` is no urgency",
                "12 `Spanish` is no language",
                "15 the stand-ins form a ring: nobody is the last",
                "18 there is no team `d`",
                "24 there is no team `aa`",
                "26 there is a way called `mail` already",
                "27 there is no way `male`",
                "28 `soon` is no day and time",
                "29 `1w` is no number of days",
                "30 `christmas` is no day and no row of days",
                "31 who is on call needs a `name` that the ladder takes",
            ]
        );
    }
}
