//! `warmline eval --care`: how well distress is heard.
//!
//! Owns: tables by level, kind and language, and the two kinds of false alarm.
//! What counts: *exact* is the level that was expected; *escalated* that a person was called; *offered* that one was called or
//! offered; *precision*, of those that were taken for a level, how many were it. A *false alarm* is a person called for a
//! message that expects none; a *false crisis* is a crisis heard where none is.

use super::{Paths, lines, parts, print, progress, rounded, status};
use crate::app::{Clock, SystemClock};
use crate::cli::understand::{Rehearsal, loaded};
use crate::text::Text;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

#[derive(Deserialize)]
struct Row {
    text: String,
    #[serde(default)]
    context: Vec<String>,
    expect: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    lang: Option<String>,
}

struct Heard {
    level: String,
    kind: Option<String>,
    escalated: bool,
    offered: bool,
}

const LEVELS: [&str; 5] = ["none", "human_request", "frustration", "distress", "crisis"];

pub(super) fn eval(paths: &Paths, file: &Path, as_json: bool) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let Ok(rows) = lines::<Row>(file) else { return ExitCode::from(status::FINDINGS) };
    if let Some((number, row)) = rows.iter().enumerate().find(|(_, row)| !LEVELS.contains(&row.expect.as_str())) {
        print::error(format!("row {}: `{}` is no level; levels: {}", number + 1, row.expect, LEVELS.join(", ")));
        return ExitCode::from(status::FINDINGS);
    }
    let Some((rules, backend)) = loaded(paths, &config) else { return ExitCode::from(status::CANT_START) };
    let now = SystemClock.now();
    let local = now.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let bar = progress(rows.len());
    let mut heard: Vec<Heard> = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut rehearsal = Rehearsal::new(&rules, Some(backend.as_ref()), local, now, row.lang.as_deref());
        row.context.iter().for_each(|earlier| rehearsal.write(earlier));
        let alone = rules.care.assess(&Text::new(row.text.as_str()));
        rehearsal.write(&row.text);
        let escalated = rehearsal.state().handoff.is_some();
        heard.push(Heard {
            level: alone.level.name().to_string(),
            kind: alone.kind.map(|kind| kind.name().to_string()),
            escalated,
            offered: escalated || alone.offer,
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    let report = report(&rows, &heard);
    if as_json {
        print::line(report.to_string());
    } else {
        print::line(shown(&report));
    }
    ExitCode::SUCCESS
}

fn report(rows: &[Row], heard: &[Heard]) -> Value {
    let both: Vec<(&Row, &Heard)> = rows.iter().zip(heard).collect();
    let calm = both.iter().filter(|(row, _)| row.expect == "none").count();
    let safe = both.iter().filter(|(row, _)| row.expect != "crisis").count();
    let share = |count: usize, of: usize| (of > 0).then(|| rounded(count as f64 / of as f64));
    let false_alarms = both.iter().filter(|(row, heard)| row.expect == "none" && heard.escalated).count();
    let false_crisis = both.iter().filter(|(row, heard)| row.expect != "crisis" && heard.level == "crisis").count();
    json!({
        "levels": table(&both, |row| Some(row.expect.clone()), |heard| Some(heard.level.clone()), |row, heard| row.expect == heard.level),
        "kinds": table(&both, |row| row.kind.clone(), |heard| heard.kind.clone(), |row, heard| row.kind == heard.kind),
        "languages": table(&both, |row| row.lang.clone(), |_| None, |row, heard| row.expect == heard.level),
        "false_alarms": share(false_alarms, calm),
        "false_crisis": share(false_crisis, safe),
        "n": rows.len(),
    })
}

/// One line for each group; precision where what was heard names a group too, else among what was taken for any level.
fn table(
    both: &[(&Row, &Heard)],
    group: impl Fn(&Row) -> Option<String>,
    taken: impl Fn(&Heard) -> Option<String>,
    exact: impl Fn(&Row, &Heard) -> bool,
) -> Value {
    let mut groups: BTreeMap<String, Vec<(&Row, &Heard)>> = BTreeMap::new();
    for (row, heard) in both {
        if let Some(name) = group(row) {
            groups.entry(name).or_default().push((row, heard));
        }
    }
    let mut table = Map::new();
    for (name, members) in groups {
        let n = members.len() as f64;
        let part = |count: usize| rounded(count as f64 / n);
        let said: Vec<bool> = both
            .iter()
            .filter(|(row, heard)| match taken(heard) {
                Some(other) => other == name,
                None => group(row).as_ref() == Some(&name) && heard.level != "none",
            })
            .map(|(row, heard)| group(row).as_ref() == Some(&name) && exact(row, heard))
            .collect();
        let precision = (!said.is_empty()).then(|| rounded(said.iter().filter(|right| **right).count() as f64 / said.len() as f64));
        let counts = json!({
            "n": members.len(),
            "exact": part(members.iter().filter(|(row, heard)| exact(row, heard)).count()),
            "escalated": part(members.iter().filter(|(_, heard)| heard.escalated).count()),
            "offered": part(members.iter().filter(|(_, heard)| heard.offered).count()),
            "precision": precision,
        });
        table.insert(name, counts);
    }
    Value::Object(table)
}

fn shown(report: &Value) -> String {
    let percent = |value: &Value| value.as_f64().map_or("–".to_string(), |share| format!("{:.1} %", share * 100.0));
    let mut lines = Vec::new();
    for table in ["levels", "kinds", "languages"] {
        let Some(rows) = report[table].as_object().filter(|rows| !rows.is_empty()) else { continue };
        lines.push(format!("{table:<20} {:>6} {:>9} {:>10} {:>9} {:>10}", "n", "exact", "escalated", "offered", "precision"));
        for (name, row) in rows {
            let cells = ["exact", "escalated", "offered", "precision"].map(|key| percent(&row[key]));
            lines.push(format!("  {name:<18} {:>6} {:>9} {:>10} {:>9} {:>10}", row["n"], cells[0], cells[1], cells[2], cells[3]));
        }
        lines.push(String::new());
    }
    lines.push(format!("false alarms   {}", percent(&report["false_alarms"])));
    lines.push(format!("false crisis   {}", percent(&report["false_crisis"])));
    lines.join("\n")
}
