//! One decision: taking a message apart, care and engine, with the shipped files, over 1,000 different messages of about 60
//! characters in rotation, on one thread.
//!
//! `cargo bench --bench decision`

#![allow(missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::civil::date;
use std::hint::black_box;
use warmline::app::{Config, defaults, rules};
use warmline::backend::{Backend, Demo};
use warmline::text::Text;

/// Messages as customers write them: openings, requests and endings combined, cut or filled to about 60 characters.
fn messages() -> Vec<String> {
    let openings = ["hi", "hello there", "good morning", "sorry to bother you", "ok so", "hey", "please help", "um", "", "right"];
    let requests = [
        "where is my parcel A1042",
        "i want to cancel my order",
        "can i change the delivery address",
        "my refund hasnt come yet",
        "how do i send this jumper back",
        "i forgot my password again",
        "my account is locked",
        "i need a copy of the invoice",
        "you charged my card twice",
        "how much is delivery to Leeds",
    ];
    let endings = [
        "thanks",
        "its been a week",
        "i ordered it for my mum",
        "please be quick",
        "no rush",
        "the app says error",
        "its for saturday",
        "i already asked",
        "cheers",
        "let me know",
    ];
    let mut all = Vec::new();
    for opening in openings {
        for request in requests {
            for ending in endings {
                let mut text = format!("{opening} {request} {ending}");
                while text.len() < 52 {
                    text.push_str(" ok");
                }
                all.push(text.chars().take(66).collect());
            }
        }
    }
    all
}

fn decision(criterion: &mut Criterion) {
    let loaded = rules::compile(&defaults::sources(), &Demo::default().shapes(), &Config::default()).expect("the defaults compile");
    let rules = loaded.rules;
    let messages = messages();
    assert_eq!(messages.len(), 1_000);
    let mut group = criterion.benchmark_group("decision");
    let mut at = 0;
    let mut next = || {
        at = (at + 1) % messages.len();
        messages[at].as_str()
    };
    group.bench_function("care", |bencher| {
        bencher.iter(|| rules.care.assess(&Text::new(black_box(next()))));
    });
    group.bench_function("engine", |bencher| {
        bencher.iter(|| rules.engine.understand(&Text::new(black_box(next())), date(2026, 11, 21)));
    });
    group.bench_function("care and engine", |bencher| {
        bencher.iter(|| {
            let text = Text::new(black_box(next()));
            (rules.care.assess(&text), rules.engine.understand(&text, date(2026, 11, 21)))
        });
    });
    group.finish();
}

criterion_group!(benches, decision);
criterion_main!(benches);
