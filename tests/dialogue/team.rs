//! Which people of the staff a handoff is for.

use crate::driver::{Talk, sms};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use warmline::conversation::{Colleague, DeskNote, Reach, Rules, StaffAction, Team, Times, Urgency};

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn teams() -> Vec<Team> {
    vec![
        Team { name: "spanish".into(), languages: strings(&["es"]), ..Team::default() },
        Team {
            name: "returns".into(),
            topics: strings(&["return_item", "refund_status"]),
            people: strings(&["Priya"]),
            fallback: Some("rest".into()),
            ..Team::default()
        },
        Team { name: "hurt".into(), urgencies: vec![Urgency::Distress, Urgency::Crisis], ..Team::default() },
        Team { name: "rest".into(), channels: strings(&["sms"]), people: strings(&["Sam"]), ..Team::default() },
    ]
}

fn talk() -> Talk {
    let mut talk = Talk::new(sms());
    talk.rules = Arc::new(Rules { teams: teams(), ..(*talk.rules).clone() });
    talk
}

fn team(talk: &Talk) -> Option<&str> {
    talk.state.handoff.as_ref().and_then(|handoff| handoff.team.as_deref())
}

#[test]
fn the_first_team_that_takes_it_gets_it() {
    for (turns, wanted) in [
        (&["quiero hablar con una persona"][..], "spanish"),
        (&["i want to return my parcel A1044", "a person please"], "returns"),
        (&["where is my refund for A1046", "i want a human"], "returns"),
        (&["where is my order A1042", "i want a human"], "rest"),
        (&["i want a human"], "rest"),
        (&["i want to die"], "hurt"),
        (&["quiero morirme"], "spanish"),
    ] {
        let mut talk = talk();
        turns.iter().for_each(|turn| drop(talk.write(turn)));
        assert_eq!(team(&talk), Some(wanted), "{turns:?}");
    }
    let mut plain = Talk::new(sms());
    plain.write("i want a human");
    assert_eq!(team(&plain), None, "without teams everybody takes everything");
}

#[test]
fn where_nobody_of_the_team_is_there_somebody_stands_in() {
    let colleague = |name: &str, here| Colleague { id: name.into(), name: name.into(), here, ..Colleague::default() };
    let closed = Times { reach: Reach::Closed, opens: Some("2026-11-23T09:00:00".parse().expect("a time")), closes: None };
    for (name, crew, times, wanted) in [
        ("Priya is there", vec![colleague("Priya", true)], None, "returns"),
        ("of Priya nothing is known", vec![colleague("Sam", true)], None, "returns"),
        ("Priya is off", vec![colleague("Priya", false)], None, "rest"),
        ("the team's hours are over", vec![colleague("Priya", true)], Some(closed), "rest"),
    ] {
        let mut talk = talk();
        talk.facts.crew = Arc::new(crew);
        talk.facts.teams = Arc::new(times.map(|times| ("returns".to_string(), times)).into_iter().collect());
        talk.write("i want to return my parcel A1044");
        talk.write("i want a human");
        assert_eq!(team(&talk), Some(wanted), "{name}");
    }
}

#[test]
fn the_hours_of_the_team_are_the_hours_that_the_customer_reads() {
    let closed = Times { reach: Reach::Closed, opens: Some("2026-11-23T09:00:00".parse().expect("a time")), closes: None };
    let mut talk = talk();
    talk.facts.teams = Arc::new(BTreeMap::from([("rest".to_string(), closed)]));
    let said = talk.write("i want a human");
    assert!(said.contains("on Monday") && said.contains("9:00"), "{said}");
    // A crisis is everybody's.
    let mut talk = self::talk();
    talk.facts.teams = Arc::new(BTreeMap::from([("hurt".to_string(), closed)]));
    let said = talk.write("i want to die");
    assert!(!said.contains("Monday"), "{said}");
}

#[test]
fn what_a_team_does_not_answer_goes_on_to_others() {
    let mut talk = talk();
    talk.write("i want to return my parcel A1044");
    talk.write("i want a human");
    assert_eq!(team(&talk), Some("returns"));
    talk.pass(SignedDuration::from_mins(31));
    assert_eq!(team(&talk), Some("rest"), "whoever stands in");
    let told = |talk: &Talk, wanted: &str| talk.notes.iter().any(|note| matches!(note, DeskNote::Relay { text, .. } if text == wanted));
    assert!(told(&talk, "returns has not answered; rest can take it now."));
    talk.pass(SignedDuration::from_mins(31));
    assert_eq!(team(&talk), None);
    assert!(told(&talk, "rest has not answered; everybody can take it now."));
    // Whoever has claimed it has it, whatever the team.
    let mut talk = self::talk();
    talk.write("i want a human");
    talk.staff("Lee", StaffAction::Claim);
    talk.pass(SignedDuration::from_mins(31));
    assert_eq!(team(&talk), Some("rest"));
}
