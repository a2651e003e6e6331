//! How long single decisions take: the middle one and the slowest in a hundred, and how that grows with the number of intents.
//!
//! `cargo bench --bench latency`. Each of 1,000 different messages of about 60 characters is decided 30 times in rotation on one
//! thread; a decision is taking the text apart, care and engine. Criterion's `decision` bench has the means.

#![allow(missing_docs, clippy::print_stdout)]

mod messages;

use jiff::civil::date;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;
use warmline::app::{Config, defaults, rules};
use warmline::backend::{Backend, Demo};
use warmline::engine::{CallShapes, Engine, Thresholds, compile};
use warmline::lexis::{Forgetful, Source};
use warmline::text::Text;

const ROUNDS: usize = 30;

/// The middle and the 99th of a hundred, in microseconds.
fn measure(messages: &[String], decide: impl Fn(&str)) -> (f64, f64) {
    messages.iter().for_each(|message| decide(message));
    let mut times = Vec::with_capacity(messages.len() * ROUNDS);
    for _ in 0..ROUNDS {
        for message in messages {
            let start = Instant::now();
            decide(black_box(message));
            times.push(start.elapsed().as_nanos());
        }
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    (at(0.5), at(0.99))
}

/// So many intents of 20 lines each: something is done with something.
fn many(intents: usize) -> Engine {
    const DO: [&str; 40] = [
        "cancel",
        "track",
        "return",
        "change",
        "renew",
        "extend",
        "pause",
        "resume",
        "upgrade",
        "downgrade",
        "share",
        "print",
        "download",
        "upload",
        "verify",
        "activate",
        "block",
        "unlock",
        "replace",
        "repair",
        "insure",
        "register",
        "transfer",
        "close",
        "open",
        "rename",
        "export",
        "import",
        "schedule",
        "postpone",
        "confirm",
        "reject",
        "claim",
        "appeal",
        "split",
        "merge",
        "archive",
        "restore",
        "lend",
        "sell",
    ];
    const WHAT: [&str; 25] = [
        "order",
        "parcel",
        "subscription",
        "invoice",
        "card",
        "account",
        "ticket",
        "booking",
        "contract",
        "meter",
        "phone",
        "licence",
        "voucher",
        "policy",
        "loan",
        "device",
        "tariff",
        "address",
        "document",
        "profile",
        "warranty",
        "payment",
        "deposit",
        "sample",
        "locker",
    ];
    let says = [
        "{d} my {w}",
        "i want to {d} my {w}",
        "how do i {d} my {w}",
        "can you {d} the {w} for me",
        "please {d} this {w}",
        "{d} {w}",
        "need to {d} a {w}",
        "id like to {d} the {w} today",
        "is it possible to {d} my {w}",
        "could somebody {d} my {w}",
        "where can i {d} the {w}",
        "my {w} has to be something you {d}",
        "i tried to {d} my {w} and it failed",
        "why cant i {d} my {w}",
        "what does it cost to {d} a {w}",
        "{d} the old {w} please",
        "when can i {d} my {w}",
        "do i have to {d} the {w}",
        "help me {d} my {w}",
        "i would rather {d} the {w}",
    ];
    let mut sources = vec![Source::new("small_words.toml", include_str!("../intents/small_words.toml"))];
    for number in 0..intents {
        let (doing, what) = (DO[number % DO.len()], WHAT[number / DO.len() % WHAT.len()]);
        let mut lines = String::new();
        for say in says {
            let _ = writeln!(lines, "  \"{}\",", say.replace("{d}", doing).replace("{w}", what));
        }
        sources.push(Source::new(format!("{doing}_{what}.toml"), format!("[en]\nsay = [\n{lines}]\nreply.text = \"x\"\n")));
    }
    compile(&sources, &CallShapes::new(), Thresholds::default(), &Forgetful).expect("compiles").0
}

/// So many cues of three phrases each, of words that the messages hold and of words that they don't.
fn cues(count: usize, messages: &[String]) -> warmline::care::Care {
    let words: Vec<&str> = messages
        .iter()
        .flat_map(|message| message.split(' '))
        .filter(|word| !word.is_empty() && word.chars().all(char::is_alphabetic))
        .collect();
    let word = |at: usize| words[at.wrapping_mul(7_919) % words.len()].to_lowercase();
    let plain = |word: &&str| word.len() > 4 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let real: Vec<&str> = include_str!("../src/lexis/real_words.txt").lines().filter(plain).collect();
    let rare = |at: usize| real[5_000 + at * 5];
    let mut text = String::from("language = \"en\"\n");
    for cue in 0..count {
        // As in real files: some words of a cue are frequent, and at least one is not.
        let (a, b, c) = (word(cue), word(cue * 3 + 1), word(cue * 5 + 2));
        let rare = rare(cue);
        let _ = writeln!(
            text,
            "[[cue]]\nid = \"cue_{cue}\"\nlevel = \"distress\"\nweight = 0.5\n\
             say = [\"{a} {b} {rare}\", \"{rare} * ({b}|{c}) {a}\", \"no more {rare} {c}\"]"
        );
    }
    warmline::care::compile(&[Source::new("care/bench.toml", text)], &Forgetful).expect("compiles").0
}

fn main() {
    let rules = rules::compile(&defaults::sources(), &Demo::default().shapes(), &Config::default()).expect("the defaults compile").rules;
    let messages = messages::messages();
    let today = date(2026, 11, 21);
    let row = |name: &str, (middle, slow): (f64, f64)| println!("{name:<34} p50 {middle:>7.1} us   p99 {slow:>7.1} us");
    let care = measure(&messages, |message| drop(black_box(rules.care.assess(&Text::new(message)))));
    row("care, shipped files", care);
    for count in [500, 5_000] {
        let care = cues(count, &messages);
        let cost = measure(&messages, |message| drop(black_box(care.assess(&Text::new(message)))));
        row(&format!("care, {count} cues, no examples"), cost);
    }
    let engine = measure(&messages, |message| drop(black_box(rules.engine.understand(&Text::new(message), today))));
    row("engine, shipped files", engine);
    let both = measure(&messages, |message| {
        let text = Text::new(message);
        black_box((rules.care.assess(&text), rules.engine.understand(&text, today)));
    });
    row("a decision, shipped files", both);
    for intents in [18, 100, 1_000] {
        let start = Instant::now();
        let large = many(intents);
        let learning = start.elapsed().as_secs_f64();
        let both = measure(&messages, |message| {
            let text = Text::new(message);
            black_box((rules.care.assess(&text), large.understand(&text, today)));
        });
        row(&format!("a decision, {intents} intents x 20 lines"), both);
        println!("{:<34} {learning:.1} s to load", "");
    }
}
