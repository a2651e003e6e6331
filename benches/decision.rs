//! One decision: taking a message apart, care and engine, with the shipped files, over 1,000 different messages of about 60
//! characters in rotation, on one thread.
//!
//! `cargo bench --bench decision`

#![allow(missing_docs)]

mod messages;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::civil::date;
use std::hint::black_box;
use warmline::app::{Config, defaults, rules};
use warmline::backend::{Backend, Demo};
use warmline::text::Text;

fn decision(criterion: &mut Criterion) {
    let loaded = rules::compile(&defaults::sources(), &Demo::default().shapes(), &Config::default()).expect("the defaults compile");
    let rules = loaded.rules;
    let messages = messages::messages();
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
