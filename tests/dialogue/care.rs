//! What must hold of the shipped cues and examples, whatever stands around a cry for help.

use crate::driver::RULES;
use proptest::prelude::*;
use warmline::app::defaults;
use warmline::care::{Kind, Level, MustCatch, NEUTRAL, must_catch};
use warmline::text::Text;

fn crises() -> Vec<MustCatch> {
    must_catch(&defaults::sources()).into_iter().filter(|must| must.level == Level::Crisis).collect()
}

fn harmless() -> Vec<MustCatch> {
    must_catch(&defaults::sources()).into_iter().filter(|must| must.level == Level::None).collect()
}

fn level(text: &str) -> Level {
    RULES.care.assess(&Text::new(text)).level
}

#[test]
fn neutral_words_around_a_cry_for_help_never_lower_it() {
    let crises = crises();
    let words = || prop::collection::vec(prop::sample::select(&NEUTRAL[..]), 0..5);
    let mut runner = proptest::test_runner::TestRunner::default();
    runner
        .run(&(prop::sample::select(crises), words(), words()), |(must, before, after)| {
            let around = format!("{} {} {}", before.join(" "), must.text, after.join(" "));
            prop_assert!(level(&around) >= Level::Crisis, "{around}");
            Ok(())
        })
        .expect("holds");
}

#[test]
fn case_spacing_and_invisible_characters_never_change_a_crisis() {
    let mut wrong = Vec::new();
    for must in crises() {
        let spaced = must.text.replace(' ', "   ");
        let invisible = must.text.replace(' ', " \u{200b}");
        for text in [must.text.to_uppercase(), must.text.to_lowercase(), spaced, invisible] {
            if level(&text) != Level::Crisis {
                wrong.push(text);
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_guard_reaches_beyond_its_words() {
    // Every harmless sentence, full of idioms and titles, before and after a plain cry for help.
    let mut wrong = Vec::new();
    for must in harmless() {
        for text in [format!("{}. i want to kill myself", must.text), format!("i want to kill myself. {}", must.text)] {
            if level(&text) != Level::Crisis {
                wrong.push(text);
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_only_resembles_examples_names_no_help_line() {
    // Resemblance alone brings a person; only what is heard, or all but certain, sends an emergency number.
    for text in ["pls stop texting me", "ok then i want everything u have about me deleted", "before i write anything. who reads this"] {
        let found = RULES.care.assess(&Text::new(text));
        assert!(found.level < Level::Crisis, "{text}: {found:?}");
    }
}

#[test]
fn kinds_go_with_words() {
    for (text, kind) in [
        ("i want to die", Kind::SuicideSelfHarm),
        ("the heater you sent is on fire", Kind::ProductDanger),
        ("my husband hits me and i am scared of him", Kind::Abuse),
        ("im having chest pain and cant breathe", Kind::Medical),
    ] {
        assert_eq!(RULES.care.assess(&Text::new(text)).kind, Some(kind), "{text}");
    }
}
