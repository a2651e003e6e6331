//! After a close: asking whether it was sorted out, where they agree; thanks for whoever helped.

use crate::driver::{RULES, Talk, sms};
use jiff::SignedDuration;
use std::sync::Arc;
use warmline::conversation::{
    Aftercare, Asked, Colleague, DeskNote, Effect, Event, Message, Owner, Profile, Reason, Rules, StaffAction, Urgency,
};
use warmline::engine::Mode;
use warmline::text::Language;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A talk in a shop that asks after so many hours; it is Friday noon.
fn talk(hours: i64) -> Talk {
    let mut talk = Talk::new(sms());
    let aftercare = Aftercare { reviewer: String::new(), ask_after: Some(SignedDuration::from_hours(hours)) };
    talk.rules = Arc::new(Rules { aftercare, ..(*talk.rules).clone() });
    talk.facts.crew = Arc::new(vec![Colleague { id: "Priya".into(), name: "Priya".into(), here: true, ..Colleague::default() }]);
    talk
}

/// Priya has it.
fn claimed(hours: i64) -> Talk {
    let mut talk = talk(hours);
    talk.write("a human please");
    talk.staff("Priya", StaffAction::Claim);
    talk
}

/// What the customer reads when Priya closes it.
fn close(talk: &mut Talk) -> String {
    let before = talk.lines.len();
    talk.staff("Priya", StaffAction::Close { agreed: Some("a new parcel leaves today".into()) });
    talk.said_since(before)
}

fn closed(hours: i64) -> Talk {
    let mut talk = claimed(hours);
    assert!(close(&mut talk).ends_with("Yes or no is fine."));
    talk
}

/// What the bot says by itself within so many hours, looked at each hour.
fn within(talk: &mut Talk, hours: i64) -> String {
    let before = talk.lines.len();
    (0..hours).for_each(|_| talk.pass(HOUR));
    talk.said_since(before)
}

fn armed(talk: &Talk) -> bool {
    talk.timers.iter().any(|timer| timer.key == "follow_up")
}

fn press(talk: &mut Talk, data: &str, label: &str) -> String {
    let before = talk.lines.len();
    let message = Message { pressed: Some(data.into()), external: format!("press {data}"), text: label.into(), ..Message::default() };
    talk.event(Event::Message(Box::new(message)));
    talk.said_since(before)
}

fn counted(talk: &Talk, name: &str) -> usize {
    let has = |effect: &&Effect| matches!(effect, Effect::Count { names, .. } if names.iter().any(|other| other == name));
    talk.effects.iter().filter(has).count()
}

#[test]
fn whoever_agrees_is_asked_once_and_a_yes_is_noted() {
    let mut talk = claimed(48);
    let said = close(&mut talk);
    assert!(
        said.contains("a new parcel leaves today") && said.contains("May I ask you on Sunday 22 November whether that sorted it?"),
        "{said}"
    );
    assert!(!armed(&talk), "not before they say yes");
    assert_eq!(talk.write("yes please"), "All right, I'll ask you on Sunday 22 November.");
    assert!(armed(&talk));
    assert_eq!(within(&mut talk, 47), "");
    assert_eq!(within(&mut talk, 2), "You said I may ask. Did Priya sort it out? Yes or no is fine.");
    assert_eq!(talk.state.asked, Some(Asked::SortedOut));
    assert!(talk.write("yes thanks").contains("I've noted that"));
    assert_eq!((counted(&talk, "sorted"), counted(&talk, "not_sorted")), (1, 0));
    assert_eq!(within(&mut talk, 24 * 7), "", "never twice");
    assert!(talk.state.follow_up.is_none());
}

#[test]
fn without_a_yes_nothing_is_asked() {
    for (name, words, wanted) in [
        ("no answer", vec![], ""),
        ("no", vec!["no thanks"], "All right. Just write"),
        ("something else", vec!["when do you open"], "9:00"),
        ("something else, then a yes to nothing", vec!["when do you open", "yes"], ""),
        ("ok is no clear yes", vec!["ok", "okay thanks"], "All right. Just write"),
    ] {
        let mut talk = closed(48);
        let said: Vec<String> = words.iter().map(|words| talk.write(words)).collect();
        assert!(said.first().is_none_or(|said| said.contains(wanted)), "{name}: {said:?}");
        assert!(!armed(&talk), "{name}");
        assert_eq!(within(&mut talk, 72), "", "{name}");
    }
}

#[test]
fn an_ok_leaves_the_question_and_every_language_has_a_yes() {
    let mut talk = closed(48);
    talk.write("ok");
    assert!(talk.write("yes").contains("I'll ask you on Sunday"));
    for (language, ok, yes) in [
        ("es", "vale", "sí"),
        ("fr", "d'accord", "oui"),
        ("de", "alles klar", "ja"),
        ("pt", "tá bom", "sim"),
        ("hi-Latn", "theek hai", "haan"),
    ] {
        let mut talk = claimed(48);
        talk.state.language = Some(Language(language.into()));
        close(&mut talk);
        talk.write(ok);
        assert!(!armed(&talk), "{language}: {ok}");
        talk.write(yes);
        assert!(armed(&talk), "{language}: {yes}");
    }
}

#[test]
fn a_no_goes_back_to_whoever_helped() {
    for no in ["no", "No, it still hasn't come", "nope"] {
        let mut talk = closed(48);
        talk.write("yes");
        within(&mut talk, 49);
        let said = talk.write(no);
        assert!(said.starts_with("Thank you for telling me. I'm giving it back to the team."), "{no}: {said}");
        assert!(said.contains("Priya, who helped you last, sees it first."), "{no}: {said}");
        let handoff = talk.state.handoff.as_ref().expect("a handoff");
        assert_eq!(handoff.reserved.as_ref().map(|reserved| reserved.staff.name.as_str()), Some("Priya"), "{no}");
        assert_eq!((handoff.urgency, handoff.reason), (Urgency::Asked, Reason::Care(warmline::care::Level::HumanRequest)), "{no}");
        assert!(handoff.words.ends_with("(asked whether Priya had sorted it out)") && handoff.words.starts_with(no), "{}", handoff.words);
        assert_eq!(counted(&talk, "not_sorted"), 1, "{no}");
    }
}

#[test]
fn anything_else_is_an_ordinary_message() {
    let mut talk = closed(48);
    talk.write("yes");
    within(&mut talk, 49);
    assert!(talk.write("when do you open").contains("9:00"));
    assert!(talk.write("yes").is_empty() || talk.state.handoff.is_none(), "the question is gone");
    assert_eq!(within(&mut talk, 24 * 7), "", "and is not asked again");
}

#[test]
fn after_distress_abuse_grief_or_a_crisis_nobody_is_asked() {
    let calm = |talk: &mut Talk| {
        let said = close(talk);
        assert!(!said.contains("May I ask"), "{said}");
        talk.write("yes");
        assert!(!armed(talk));
    };
    for (name, words) in [
        ("a crisis", "i want to die"),
        ("distress", "i cant cope any more, i sit here crying"),
        ("grief", "my mother died, please cancel her order"),
        ("a faint sign", "not suicidal, just want my parcel"),
        ("abuse", "my husband hits me"),
    ] {
        // It began so; it became so; it was called less urgent meanwhile.
        let mut first = talk(48);
        first.write(words);
        first.write("a human please");
        first.staff("Priya", StaffAction::Claim);
        first.staff("Priya", StaffAction::NotUrgent);
        calm(&mut first);
        let mut later = claimed(48);
        later.write(words);
        later.staff("Priya", StaffAction::NotACrisis { why: Some("a song".into()) });
        later.staff("Sam", StaffAction::NotACrisis { why: None });
        later.staff("Priya", StaffAction::NotUrgent);
        calm(&mut later);
        assert!(later.state.grave.is_some(), "{name}");
    }
    // A month later that is forgotten.
    let mut talk = talk(48);
    talk.write("not suicidal, just want my parcel");
    within(&mut talk, 24 * 32);
    assert_eq!(talk.state.grave, None);
    talk.write("a human please");
    talk.staff("Priya", StaffAction::Claim);
    assert!(close(&mut talk).contains("May I ask"));
}

#[test]
fn what_takes_back_a_yes() {
    type Act = fn(&mut Talk);
    let acts: [(&str, Act); 5] = [
        ("a new handoff", |talk| drop(talk.write("a human please"))),
        ("an opt-out", |talk| drop(talk.write("STOP"))),
        ("a need", |talk| talk.staff("Priya", StaffAction::Need { words: Some("bereaved: he asked for it".into()) })),
        ("distress", |talk| drop(talk.write("i cant cope any more, i sit here crying"))),
        ("a faint sign of danger", |talk| drop(talk.write("not suicidal, just want my parcel"))),
    ];
    for (name, act) in acts {
        let mut talk = closed(48);
        talk.write("yes");
        assert!(armed(&talk), "{name}");
        act(&mut talk);
        assert!(!armed(&talk) && talk.state.follow_up.is_none(), "{name}");
        // Should the timer fire all the same.
        let before = talk.lines.len();
        talk.event(Event::Timer { key: "follow_up".into() });
        assert_eq!(talk.said_since(before), "", "{name}");
    }
}

#[test]
fn a_night_waits_for_the_morning() {
    // Friday noon and so many hours: what the close names, and when the question comes.
    for (name, hours, day, after) in [
        ("by day", 3, "Friday 20 November", 3),
        ("in the evening", 6, "Friday 20 November", 6),
        ("too late", 8, "Saturday 21 November", 22),
        ("too early", 20, "Saturday 21 November", 22),
        ("by day again", 21, "Saturday 21 November", 21),
    ] {
        let mut talk = closed(hours);
        assert_eq!(talk.write("yes"), format!("All right, I'll ask you on {day}."), "{name}");
        let early = within(&mut talk, after - 1);
        assert_eq!(early, "", "{name}");
        assert!(within(&mut talk, 2).contains("Did Priya sort it out?"), "{name}");
    }
    // The bot was down when it was due, and comes back at night.
    let mut talk = closed(3);
    talk.write("yes");
    let before = talk.lines.len();
    talk.pass(SignedDuration::from_hours(10));
    assert_eq!(talk.said_since(before), "", "it is 22:00");
    assert!(within(&mut talk, 13).contains("Did Priya sort it out?"));
    // Down for too long: nobody remembers what is asked.
    let mut talk = closed(3);
    talk.write("yes");
    talk.pass(SignedDuration::from_hours(24 * 5));
    assert_eq!(within(&mut talk, 24), "");
    assert!(talk.state.follow_up.is_none());
}

#[test]
fn nobody_is_asked_too_early() {
    let mut talk = closed(48);
    talk.write("yes");
    let before = talk.lines.len();
    talk.event(Event::Timer { key: "follow_up".into() });
    assert_eq!(talk.said_since(before), "");
    assert!(within(&mut talk, 49).contains("Did Priya sort it out?"));
}

#[test]
fn nobody_is_interrupted() {
    let mut talk = closed(3);
    talk.write("yes");
    talk.pass(SignedDuration::from_mins(175));
    talk.write("when do you open");
    let before = talk.lines.len();
    talk.pass(SignedDuration::from_mins(10));
    assert_eq!(talk.said_since(before), "", "they wrote just now");
    assert!(within(&mut talk, 2).contains("Did Priya sort it out?"));
}

#[test]
fn only_a_close_by_a_person_asks_and_only_where_the_bot_answers_by_itself() {
    let mut talk = claimed(48);
    let before = talk.lines.len();
    talk.staff("Priya", StaffAction::BackToBot { why: None });
    assert_eq!((talk.said_since(before), talk.state.follow_up.clone()), (String::new(), None));
    let mut talk = Talk::new(sms());
    talk.write("a human please");
    talk.staff("Priya", StaffAction::Claim);
    assert!(!close(&mut talk).contains("May I ask"), "not configured");
    for mode in [Mode::Suggest, Mode::Shadow] {
        let mut talk = claimed(48);
        talk.rules = Arc::new(Rules { mode, ..(*talk.rules).clone() });
        assert!(!close(&mut talk).contains("May I ask"), "{mode:?}");
    }
    let mut talk = claimed(48);
    talk.state.flags.blocked = true;
    assert!(!close(&mut talk).contains("May I ask"), "they blocked the bot");
    // It was switched off meanwhile.
    let mut talk = closed(3);
    talk.write("yes");
    talk.rules = RULES.clone();
    assert_eq!(within(&mut talk, 24), "");
}

#[test]
fn buttons_count_however_late() {
    let mut talk = claimed(48);
    talk.facts.profile = Profile { buttons: true, ..Profile::default() };
    close(&mut talk);
    let data: Vec<&str> =
        talk.lines.last().map(|line| line.buttons.iter().map(|button| button.data.as_str()).collect()).unwrap_or_default();
    assert_eq!(data, ["f:yes", "f:no"]);
    talk.write("when do you open");
    assert!(press(&mut talk, "f:yes", "Yes").contains("I'll ask you on Sunday"));
    assert!(armed(&talk));
    assert!(press(&mut talk, "f:no", "No").contains("All right. Just write"), "they change their mind");
    assert!(!armed(&talk));
    assert!(press(&mut talk, "f:yes", "Yes").contains("All right. Just write"), "a no is a no");
    let mut talk = closed(48);
    talk.facts.profile = Profile { buttons: true, ..Profile::default() };
    talk.write("yes");
    within(&mut talk, 49);
    talk.write("when do you open");
    assert!(press(&mut talk, "s:no", "No").contains("I'm giving it back to the team"));
    assert_eq!(talk.state.owner, Owner::Waiting);
}

/// What staff read for somebody's thanks.
fn thanks(talk: &Talk) -> Vec<String> {
    let thanks = |note: &DeskNote| match note {
        DeskNote::Relay { text, .. } if text.contains("their thanks") => Some(text.clone()),
        _ => None,
    };
    talk.notes.iter().filter_map(thanks).collect()
}

#[test]
fn thanks_reach_whoever_helped_once() {
    let mut talk = claimed(48);
    close(&mut talk);
    assert!(talk.write("thank you so much").contains("You're welcome"), "the bot answers as always");
    assert_eq!(thanks(&talk), ["For Priya, their thanks: thank you so much"]);
    talk.write("thanks again");
    assert_eq!(thanks(&talk).len(), 1, "once");
    assert!(talk.write("yes").contains("I'll ask you"), "thanks are no answer, and the question stands");
    // Once for each handoff.
    talk.write("a human please");
    talk.staff("Priya", StaffAction::Claim);
    talk.write("thank you");
    assert_eq!(thanks(&talk).len(), 1, "while Priya has it she reads it anyway");
    close(&mut talk);
    talk.pass(SignedDuration::from_hours(71));
    talk.write("thanks");
    assert_eq!(thanks(&talk).len(), 2);
}

#[test]
fn whose_thanks_are_not_passed_on() {
    type Act = fn(&mut Talk);
    let acts: [(&str, Act); 4] = [
        ("after four days", |talk| talk.pass(SignedDuration::from_hours(96))),
        ("the bot has helped since", |talk| drop(talk.write("when do you open"))),
        ("another handoff, which nobody had", |talk| {
            talk.write("a human please");
            talk.write("never mind");
        }),
        ("bitter", |talk| drop(talk.write("thanks for nothing"))),
    ];
    for (name, act) in acts {
        let mut talk = claimed(48);
        close(&mut talk);
        act(&mut talk);
        if name != "bitter" {
            talk.write("thank you");
        }
        assert_eq!(thanks(&talk), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn each_word_fits_one_text_message_in_every_language() {
    let context = serde_json::json!({"day": "Wednesday 30 September", "name": "Alexandra", "shop": {"name": "Fern & Field"}});
    for language in ["en", "es", "fr", "de", "pt", "hi-Latn"] {
        for key in ["may_ask", "will_ask", "follow_up", "sorted", "not_sorted", "yes_only"] {
            let said = RULES.words.say(&Language(language.into()), key, &context).expect("a word");
            assert!(said.chars().count() <= 160 && !said.contains('!') && !said.contains("{{"), "{language} {key}: {said}");
            let english = RULES.words.say(&Language::english(), key, &context);
            assert!(language == "en" || english.as_deref() != Some(said.as_str()), "{language} {key} is English");
        }
    }
}
