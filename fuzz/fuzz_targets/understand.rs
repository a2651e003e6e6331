//! Any bytes as a message: care, understanding, its explanation and what may be shown of it.
//!
//! `cargo fuzz run understand` (nightly), or `cargo fuzz run --sanitizer none understand` on stable.

#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use warmline::app::{Config, defaults, rules};
use warmline::backend::{Backend, Demo};
use warmline::conversation::Rules;
use warmline::text::Text;

static RULES: LazyLock<Rules> =
    LazyLock::new(|| rules::compile(&defaults::sources(), &Demo::default().shapes(), &Config::default()).expect("the defaults compile").rules);

fuzz_target!(|bytes: &[u8]| {
    let message = String::from_utf8_lossy(bytes);
    let text = Text::new(message.as_ref());
    let today = date(2026, 11, 21);
    for evidence in RULES.care.assess(&text).evidence {
        assert!(message.get(evidence.start..evidence.end).is_some());
    }
    let understanding = RULES.engine.understand(&text, today);
    let trace = RULES.engine.trace(&text, &understanding);
    for candidate in &trace.candidates {
        assert!((0.0..=1.0).contains(&candidate.score));
        assert!(candidate.span.is_none_or(|span| message.get(span.start..span.end).is_some()));
    }
    let _ = trace.picture(&message);
    let shown = RULES.engine.redact(&text, today);
    assert!(!shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
});
