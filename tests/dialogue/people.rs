//! Whole conversations, as people have them: each file of `tests/dialogue/people/` is one, with everything that was said.
//!
//! `#` who this is and what ought to happen. Then the channel (`sms`, `telegram`). `>` the customer writes, `~` corrects their
//! last message, `!` presses a button; `+` time passes; `@` staff; `<` what is said to the customer; `[…]` what happens.
//! `BLESS=1 cargo test --test dialogue` writes down what is said now; read the difference before it is committed.

use crate::driver::{Talk, sms};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use std::path::{Path, PathBuf};
use warmline::app::Config;
use warmline::conversation::{Effect, Event, Message, Profile, Staff, StaffAction};
use warmline::desk;

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogue/people");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn profile(channel: &str) -> Profile {
    match channel {
        "sms" => sms(),
        "telegram" => Profile { buttons: true, contact_button: true, media: true, ..Profile::default() },
        other => panic!("no such channel: {other}"),
    }
}

struct Scene {
    talk: Talk,
    out: Vec<String>,
    shown: usize,
    last: Message,
    wait: Option<SignedDuration>,
    staff_messages: i64,
}

impl Scene {
    fn pass(&mut self, time: SignedDuration) {
        let profile = self.talk.facts.profile.clone();
        self.talk.facts = desk::facts(&Config::default().hours, true, profile, self.talk.now);
        self.talk.pass(time);
        let profile = self.talk.facts.profile.clone();
        self.talk.facts = desk::facts(&Config::default().hours, true, profile, self.talk.now);
        self.show();
    }

    /// Writes down what has happened since the last time.
    fn show(&mut self) {
        for effect in &self.talk.effects[self.shown..] {
            match effect {
                Effect::Say(line) => {
                    self.out.extend(line.text.lines().map(|line| format!("< {line}")));
                    if !line.buttons.is_empty() {
                        let labels: Vec<&str> = line.buttons.iter().map(|button| button.label.as_str()).collect();
                        self.out.push(format!("<   ({})", labels.join(" | ")));
                    }
                }
                Effect::HandOff { reason } => self.out.push(format!("[a person is called: {}]", reason.name().replace('_', " "))),
                _ => {}
            }
        }
        self.shown = self.talk.effects.len();
    }

    fn customer(&mut self, message: Message) {
        // Twenty seconds are long enough for anything that waits.
        let wait = self.wait.take().unwrap_or(SignedDuration::from_secs(20));
        self.pass(wait);
        self.out.push(match &message {
            message if message.edited => format!("~ {}", message.text),
            Message { pressed: Some(data), .. } => format!("! {data}"),
            message => format!("> {}", message.text),
        });
        self.last = message.clone();
        self.talk.event(Event::Message(Box::new(message)));
        self.show();
    }

    fn staff(&mut self, line: &str) {
        let (name, words) = line.split_once([' ', ':']).unwrap_or((line, ""));
        let words = words.trim();
        self.staff_messages += 1;
        let action = match words.split_once(':').unwrap_or((words, "")) {
            ("claims", _) => StaffAction::Claim,
            ("closes", agreed) => StaffAction::Close { agreed: Some(agreed.trim().to_string()).filter(|agreed| !agreed.is_empty()) },
            _ => StaffAction::Say { text: words.to_string(), message: self.staff_messages },
        };
        if let Some(wait) = self.wait.take() {
            self.pass(wait);
        }
        self.out.push(format!("@ {line}"));
        let staff = Staff { id: name.into(), name: name.into() };
        self.talk.event(Event::Staff { staff, action, chat: None, callback: None });
        self.show();
    }
}

fn play(script: &str) -> String {
    let channel = script.lines().find(|line| !line.starts_with('#') && !line.is_empty()).expect("a channel").trim();
    let mut scene =
        Scene { talk: Talk::new(profile(channel)), out: Vec::new(), shown: 0, last: Message::default(), wait: None, staff_messages: 0 };
    for line in script.lines() {
        let rest = line.get(1..).unwrap_or("").trim();
        match line.chars().next() {
            None | Some('<' | '[') => {}
            Some('#') => scene.out.push(line.to_string()),
            Some('>') => {
                let message = scene.talk.message(rest);
                scene.customer(message);
            }
            Some('~') => {
                let message = Message { text: rest.to_string(), edited: true, ..scene.last.clone() };
                scene.customer(message);
            }
            Some('!') => {
                let message = Message { pressed: Some(rest.to_string()), ..scene.talk.message(rest) };
                scene.customer(message);
            }
            Some('+') => {
                scene.out.push(line.to_string());
                let span: Span = rest.parse().expect("a time");
                scene.wait = Some(span.to_duration(SpanRelativeTo::days_are_24_hours()).expect("a time"));
            }
            Some('@') => scene.staff(rest),
            _ => scene.out.push(line.to_string()),
        }
    }
    scene.pass(SignedDuration::from_secs(20));
    scene.out.join("\n") + "\n"
}

#[test]
fn conversations_go_as_they_are_written_down() {
    let bless = std::env::var_os("BLESS").is_some();
    let scripts = scripts();
    assert!(scripts.len() >= 40, "only {} conversations", scripts.len());
    let mut changed = Vec::new();
    for path in scripts {
        let script = std::fs::read_to_string(&path).expect("a file");
        let played = play(&script);
        if played == script {
            continue;
        }
        if bless {
            std::fs::write(&path, played).expect("written");
        } else {
            let first = script.lines().zip(played.lines()).find(|(a, b)| a != b).unwrap_or(("", "more or fewer lines"));
            changed.push(format!("{}\n  written  {}\n  said     {}", path.display(), first.0, first.1));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}
