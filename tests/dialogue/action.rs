//! What staff can do for a customer.

use crate::driver::{Talk, sms};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use warmline::conversation::{CallReturned, DeskNote, Effect, Event, Owner, StaffAction};

fn told(talk: &Talk) -> String {
    let text = |note: &DeskNote| match note {
        DeskNote::Relay { text, .. } | DeskNote::Notice { text } | DeskNote::Confirm { text, .. } => Some(text.clone()),
        _ => None,
    };
    talk.notes.iter().rev().find_map(text).unwrap_or_default()
}

fn ask(talk: &mut Talk, words: &str) -> String {
    talk.staff("priya", StaffAction::command("do", words, 7));
    told(talk)
}

fn press(talk: &mut Talk, who: &str) -> String {
    let number = talk.notes.iter().rev().find_map(|note| match note {
        DeskNote::Confirm { number, .. } => Some(*number),
        _ => None,
    });
    talk.staff(who, StaffAction::Confirm { number: number.expect("a question") });
    // The answer to the press comes behind what the call brought: the demo answers within the step.
    let said: Vec<String> = talk.notes.iter().rev().take(3).rev().map(|note| format!("{note:?}")).collect();
    said.join("\n")
}

/// A customer who asked about an order, and Priya, who has them.
fn claimed() -> Talk {
    let mut talk = Talk::new(sms());
    talk.write("where is my order A1042");
    talk.write("i want to talk to a person");
    talk.staff("priya", StaffAction::Claim);
    talk
}

fn calls(talk: &Talk) -> Vec<(String, BTreeMap<String, String>)> {
    let call = |effect: &Effect| match effect {
        Effect::Call(request) if request.staff.is_some() => Some((request.name.clone(), request.params.clone())),
        _ => None,
    };
    talk.effects.iter().filter_map(call).collect()
}

#[test]
fn words_of_staff_become_values() {
    for (words, wanted) in [
        ("", "/do refund ORDER: gives the money of an order back"),
        ("dance", "There is no such action here."),
        ("refund", "refund order A1042?"),
        ("refund a1044", "refund order A1044?"),
        ("refund order=A1044", "refund order A1044?"),
        ("refund lots of money please", "It is not clear what `lots of money please` means."),
        ("refund order=the red one", "It is not clear what `red one` means."),
        ("refund order=nonsense", "`order` is not written like that: nonsense"),
        ("goodwill", "It needs `amount`: /do goodwill amount=… order=…"),
        ("goodwill 10", "goodwill amount 10.00, order A1042?"),
        ("goodwill A1044 12,5", "goodwill amount 12.50, order A1044?"),
        ("goodwill amount=ten", "`amount` is an amount, such as 12.50"),
        ("goodwill 20.01", "`amount` goes from 0.01 up to 20.00 here."),
        ("goodwill colour=red 10", "There is no value `colour`: /do goodwill"),
        ("goodwill order=A1044 10", "goodwill amount 10.00, order A1044?"),
        ("refund order=A1044,A1045", "`order` is not written like that"),
        ("goodwill 0", "`amount` goes from 0.01 up to 20.00 here."),
        ("goodwill 10 for the trouble", "It is not clear what `for the trouble` means."),
    ] {
        let mut talk = claimed();
        let said = ask(&mut talk, words);
        assert!(said.contains(wanted), "{words}: {said}");
        assert!(calls(&talk).is_empty(), "{words}: nothing is done by words alone");
    }
}

#[test]
fn one_press_does_it_and_the_customer_hears_of_it_from_the_person() {
    let mut talk = claimed();
    let lines = talk.lines.len();
    ask(&mut talk, "refund");
    assert!(press(&mut talk, "sam").contains("Only whoever asked for it"), "another person's press");
    let said = press(&mut talk, "priya");
    assert!(said.contains("refund order A1042: refunded (refund_by 2026-11-25)"), "{said}");
    assert_eq!(calls(&talk), [("refund".to_string(), BTreeMap::from([("order".to_string(), "A1042".to_string())]))]);
    assert!(press(&mut talk, "priya").contains("not open any more"), "a second press");
    assert_eq!(calls(&talk).len(), 1);
    let again = ask(&mut talk, "refund");
    assert!(again.contains("priya has done the same on"), "{again}");
    assert_eq!(talk.lines.len(), lines, "the bot says nothing in a person's conversation");
    let notes: Vec<String> = talk
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Record(entry) if entry.text.contains("priya") => Some(entry.text.clone()),
            _ => None,
        })
        .collect();
    assert!(notes.iter().any(|note| note == "priya runs: refund order A1042"), "{notes:?}");
    assert!(notes.iter().any(|note| note.starts_with("priya: refund order A1042: refunded")), "{notes:?}");
}

#[test]
fn only_whoever_has_them_acts_and_not_for_ever() {
    let mut talk = Talk::new(sms());
    talk.write("i want to talk to a person");
    assert!(ask(&mut talk, "refund A1042").contains("Claim it first"));
    talk.staff("sam", StaffAction::Claim);
    assert!(ask(&mut talk, "refund A1042").contains("sam has it."));
    let mut talk = claimed();
    ask(&mut talk, "refund");
    talk.pass(SignedDuration::from_mins(11));
    assert!(press(&mut talk, "priya").contains("not open any more"), "asked ten minutes ago");
    ask(&mut talk, "refund");
    talk.staff("sam", StaffAction::TakeOver);
    assert!(press(&mut talk, "priya").contains("sam has it."), "taken over meanwhile");
    assert!(calls(&talk).is_empty());
}

#[test]
fn a_limit_holds_for_thirty_days() {
    let mut talk = claimed();
    ask(&mut talk, "goodwill 15");
    press(&mut talk, "priya");
    assert!(ask(&mut talk, "goodwill 6").contains("they had 15.00 in the last thirty days"));
    assert!(ask(&mut talk, "goodwill 5").contains("goodwill amount 5.00, order A1042?"));
    talk.pass(SignedDuration::from_hours(24 * 31));
    assert!(ask(&mut talk, "goodwill A1042 20").contains("goodwill amount 20.00"), "{}", told(&talk));
}

#[test]
fn what_may_have_gone_through_counts_and_is_said() {
    let mut talk = claimed();
    let act = |action: &str, values: &[(&str, &str)]| StaffAction::Act {
        action: action.into(),
        values: values.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect(),
        message: -5,
        again: false,
    };
    let (state, effects) = {
        let staff = warmline::conversation::Staff { id: "priya".into(), name: "priya".into() };
        let event = Event::Staff { staff, action: act("goodwill", &[("amount", "15"), ("order", "A1042")]), chat: None, callback: None };
        warmline::conversation::step(&talk.rules, &talk.facts, &talk.state, event, talk.now)
    };
    talk.state = state;
    let number = effects.iter().find_map(|effect| match effect {
        Effect::Call(request) => Some(request.number),
        _ => None,
    });
    talk.staff("priya", act("goodwill", &[("amount", "15"), ("order", "A1042")]));
    assert_eq!(talk.state.refused.as_ref().map(|(message, _)| *message), Some(-5), "twice at once");
    talk.event(Event::CallReturned(CallReturned { call: number.expect("a call"), outcome: "timeout".into(), fields: BTreeMap::new() }));
    assert!(told(&talk).contains("It may have gone through: look there before you try again."), "{}", told(&talk));
    assert!(ask(&mut talk, "goodwill 6").contains("they had 15.00"), "{}", told(&talk));
    assert!(matches!(talk.state.owner, Owner::Human { .. }));
}

#[test]
fn a_value_stays_in_its_place_and_the_same_is_not_run_twice_by_a_console() {
    let act = |values: &[(&str, &str)], again: bool| StaffAction::Act {
        action: "goodwill".into(),
        values: values.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect(),
        message: -9,
        again,
    };
    for (values, wanted) in [
        (&[("amount", "5"), ("order", "A1042 amount=15")][..], "`order` is not written like that"),
        (&[("amount", "5 order=A1044")], "`amount` is an amount"),
        (&[("amount", "5"), ("colour", "red")], "There is no value `colour`"),
    ] {
        let mut talk = claimed();
        talk.staff("priya", act(values, false));
        assert!(talk.state.refused.as_ref().is_some_and(|(_, why)| why.contains(wanted)), "{values:?}: {:?}", talk.state.refused);
        assert!(calls(&talk).is_empty(), "{values:?}");
    }
    let mut talk = claimed();
    talk.staff("priya", act(&[("amount", "5")], false));
    talk.staff("priya", act(&[("amount", "5")], false));
    assert!(talk.state.refused.as_ref().is_some_and(|(_, why)| why.contains("priya has run the same")), "{:?}", talk.state.refused);
    talk.staff("priya", act(&[("amount", "5")], true));
    assert_eq!((talk.state.refused.clone(), calls(&talk).len()), (None, 2));
}

#[test]
fn an_order_that_nothing_proves_to_be_theirs_is_shown_as_that() {
    let mut talk = Talk::new(sms());
    talk.write("a person please, it is about A1048");
    talk.write("i want to talk to a person");
    talk.staff("priya", StaffAction::Claim);
    talk.state
        .known
        .insert("order_number".into(), serde_json::from_str(r#"{"value":"A1048","at":"2026-11-20T12:00:00Z"}"#).expect("known"));
    assert!(ask(&mut talk, "resend").contains("A1048 is what the customer wrote; nothing proves that it is theirs."), "{}", told(&talk));
    assert!(!ask(&mut talk, "resend A1048").contains("nothing proves"), "staff wrote it themselves");
    assert!(!ask(&mut claimed(), "resend").contains("nothing proves"), "the shop's system found it to be theirs");
}
