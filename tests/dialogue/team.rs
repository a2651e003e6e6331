//! Which people of the staff a handoff is for.

use crate::driver::{Talk, sms};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use warmline::conversation::{Colleague, DeskNote, Event, Reach, Rules, StaffAction, Team, Times, Urgency};

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
    let colleague = |name: &str, here| Colleague { id: name.into(), name: name.into(), here, said: true, ..Colleague::default() };
    let closed = Times { reach: Reach::Closed, opens: Some("2026-11-23T09:00:00".parse().expect("a time")), closes: None };
    for (name, crew, times, wanted) in [
        ("Priya is there", vec![colleague("Priya", true)], None, "returns"),
        ("of Priya nothing is known", vec![colleague("Sam", true)], None, "returns"),
        ("Priya is off", vec![colleague("Priya", false)], None, "rest"),
        ("the team's hours are over", vec![colleague("Priya", true)], Some(closed), "rest"),
        ("nobody of either", vec![colleague("Priya", false), colleague("Sam", false)], None, "everybody"),
        ("Priya has not said, and it is the team's time", vec![Colleague { said: false, ..colleague("Priya", false) }], None, "returns"),
    ] {
        let mut talk = talk();
        talk.facts.crew = Arc::new(crew);
        talk.facts.teams = Arc::new(times.map(|times| ("returns".to_string(), times)).into_iter().collect());
        talk.write("i want to return my parcel A1044");
        talk.write("i want a human");
        assert_eq!(team(&talk).unwrap_or("everybody"), wanted, "{name}");
    }
}

#[test]
fn the_hours_of_the_team_are_the_hours_that_the_customer_reads() {
    let closed = Times { reach: Reach::Closed, opens: Some("2026-11-23T09:00:00".parse().expect("a time")), closes: None };
    let until = |hour: i8| Times { reach: Reach::Open, opens: None, closes: Some(jiff::civil::date(2026, 11, 20).at(hour, 0, 0, 0)) };
    let mut talk = talk();
    talk.facts.teams = Arc::new(BTreeMap::from([("rest".to_string(), until(14))]));
    let said = talk.write("i want a human");
    assert!(said.contains("until 14:00"), "{said}");
    // While nobody of the team is there, it is everybody's: nobody waits for Monday where others are there now.
    let mut talk = self::talk();
    talk.facts.teams = Arc::new(BTreeMap::from([("rest".to_string(), closed)]));
    let said = talk.write("i want a human");
    assert!(said.contains("until 17:00") && team(&talk).is_none(), "{said}");
    // Distress and crisis are everybody's.
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
    // An alert that fails takes the next step of the ladder, and takes nobody's team away.
    let mut talk = self::talk();
    talk.write("i want a human");
    let number = talk.state.handoff.as_ref().expect("open").number;
    talk.event(Event::AlertFailed { way: "x".into(), handoff: number, step: 0 });
    assert_eq!(team(&talk), Some("rest"));
    // What becomes more urgent may be another team's.
    talk.write("i can't take this any more, i am so alone and i cry all night");
    assert_eq!((team(&talk), talk.state.handoff.as_ref().map(|handoff| handoff.urgency)), (Some("hurt"), Some(Urgency::Distress)));
    // Whoever has claimed it has it, whatever the team.
    let mut talk = self::talk();
    talk.write("i want a human");
    talk.staff("Lee", StaffAction::Claim);
    talk.pass(SignedDuration::from_mins(31));
    assert_eq!(team(&talk), Some("rest"));
}
