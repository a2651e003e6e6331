//! Channels that keep what is sent, for tests and for `understand`.

use super::{Channel, Desk, Place, Posted};
use crate::conversation::{Line, Profile};
use crate::desk::DeskMessage;
use crate::transport::SendError;
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// A channel that keeps its lines, and fails on demand.
pub struct Recording {
    name: &'static str,
    profile: Profile,
    lines: Mutex<Vec<Line>>,
    failures: Mutex<VecDeque<SendError>>,
}

impl Recording {
    /// A channel of a name and profile.
    pub fn new(name: &'static str, profile: Profile) -> Self {
        Recording { name, profile, lines: Mutex::default(), failures: Mutex::default() }
    }

    /// Everything sent so far.
    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was sent since the last call.
    pub fn take(&self) -> Vec<Line> {
        std::mem::take(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next line fails so.
    pub fn fail_next(&self, error: SendError) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push_back(error);
    }
}

#[async_trait]
impl Channel for Recording {
    fn name(&self) -> &'static str {
        self.name
    }

    fn profile(&self) -> Profile {
        self.profile.clone()
    }

    async fn send(&self, line: &Line) -> Result<Vec<String>, SendError> {
        if let Some(error) = self.failures.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
            return Err(error);
        }
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
        Ok(vec![format!("r{}", line.number)])
    }
}

/// A desk that keeps its messages.
#[derive(Default)]
pub struct RecordingDesk {
    messages: Mutex<Vec<DeskMessage>>,
}

impl RecordingDesk {
    /// Everything sent so far.
    pub fn messages(&self) -> Vec<DeskMessage> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Desk for RecordingDesk {
    fn chat(&self) -> i64 {
        -1
    }

    async fn send(&self, _place: &Place, message: &DeskMessage) -> Result<Posted, SendError> {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message.clone());
        Ok(Posted { messages: vec![messages.len() as i64], topic: None })
    }

    fn rate(&self) -> Option<usize> {
        None
    }
}
