//! The terminal: a customer and a member of staff at one keyboard.
//!
//! Owns: printing lines and cards; what is typed, as events. Lines that begin with `>` are staff's.
//! Leaves out: reading the keyboard (`cli::chat`).

use super::{Body, Channel, Desk, DeskQuestion, Incoming, Place, Posted, Target};
use crate::conversation::{Address, ConversationId, Event, Line, Message, Profile, Staff, StaffAction};
use crate::desk::DeskMessage;
use crate::transport::SendError;
use async_trait::async_trait;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::mpsc::UnboundedSender;

/// What is to be printed: on the customer's side or on staff's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Print {
    /// The customer reads it.
    Customer(String),
    /// Staff read it.
    Staff(String),
}

/// Both sides of the terminal.
pub struct Terminal {
    print: UnboundedSender<Print>,
    next: AtomicI64,
}

impl Terminal {
    /// A terminal that prints through a channel.
    pub fn new(print: UnboundedSender<Print>) -> Self {
        Terminal { print, next: AtomicI64::new(1) }
    }

    /// The customer who types. Their number is that of a customer of the demo shop.
    pub fn address() -> Address {
        Address { channel: "terminal".into(), account: "chat".into(), sender: crate::backend::Demo::CHAT_PHONE.into() }
    }

    /// What a typed line means. `number` is its place in the session; `entropy` random bits.
    pub fn typed(line: &str, id: ConversationId, number: u64, entropy: u64) -> Incoming {
        let external = format!("typed-{number}");
        let Some(staff) = line.strip_prefix('>') else {
            let message = Message { text: line.to_string(), external: external.clone(), entropy, ..Message::default() };
            let body = Body::Event(Event::Message(Box::new(message)));
            return Incoming { target: Target::Address(Self::address()), kind: "message", external, revision: String::new(), body };
        };
        let words = staff.trim();
        let (command, rest) = words.split_once(' ').unwrap_or((words, ""));
        let message = number as i64;
        let action = match StaffAction::command(command.trim_start_matches('/'), rest, message) {
            StaffAction::Unknown { .. } if !words.starts_with('/') => StaffAction::Say { text: words.to_string(), message },
            action => action,
        };
        let staff = Staff { id: "terminal:you".into(), name: "Sam".into() };
        let body = Body::Event(Event::Staff { staff, action, chat: None, callback: None });
        Incoming { target: Target::Conversation(id), kind: "staff", external, revision: String::new(), body }
    }

    fn print(&self, print: Print) -> i64 {
        // Nobody reads any more when the session is over.
        let _ = self.print.send(print);
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

#[async_trait]
impl Channel for Terminal {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn profile(&self) -> Profile {
        Profile { sender_is_phone: true, ..Profile::default() }
    }

    async fn send(&self, line: &Line) -> Result<Vec<String>, SendError> {
        Ok(vec![self.print(Print::Customer(line.text.clone())).to_string()])
    }
}

#[async_trait]
impl Desk for Terminal {
    fn chats(&self) -> &[i64] {
        &[0]
    }

    async fn send(&self, place: &Place, message: &DeskMessage) -> Result<Posted, SendError> {
        let text = match message {
            DeskMessage::Card { text, .. } => format!("{text}\n(> claim, > transcript, > words for the customer, > close)"),
            DeskMessage::CardEdit { .. } | DeskMessage::Moved { .. } => return Ok(Posted::default()),
            // Each becomes a new line here: only what is not as it should be is worth one.
            DeskMessage::Mark { .. } => match &place.mark {
                Some(mark) if mark.buttons.is_empty() && mark.text != "Delivered." => mark.text.clone(),
                _ => return Ok(Posted::default()),
            },
            DeskMessage::Post { text, .. } if text.starts_with("Customer: ") || text.starts_with("Bot: ") => return Ok(Posted::default()),
            DeskMessage::Post { text, buttons, .. } => {
                match buttons.iter().find_map(|button| button.data.strip_prefix("d:")?.split(':').nth(1)) {
                    Some(number) => format!("{text}\n(> confirm {number})"),
                    None => text.clone(),
                }
            }
            DeskMessage::Answer { text, .. } => text.clone(),
            DeskMessage::Transcript => place.transcript.clone().unwrap_or_default(),
        };
        Ok(Posted { messages: vec![self.print(Print::Staff(text))], topic: None })
    }

    async fn reply(&self, _: &DeskQuestion, text: &str) -> Result<(), SendError> {
        self.print(Print::Staff(text.to_string()));
        Ok(())
    }

    fn rate(&self) -> Option<usize> {
        None
    }
}
