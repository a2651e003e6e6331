//! What became of a line of staff, shown beside their words.
//!
//! Owns: the mark's text and buttons, as things stand when it is shown.
//! Invariants: *delivered* is said only of what the channel took; a line that may still be taken back has a button for it.
//! Leaves out: taking it back (`conversation`), where the mark is posted (`channel`).

use crate::conversation::{Button, ConversationId, Fate, State, failure_words};

/// A mark as it is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The desk's message with the words.
    pub words: i64,
    /// The mark, where it was posted before: it is changed in place.
    pub posted: Option<i64>,
    /// Its text.
    pub text: String,
    /// Its buttons.
    pub buttons: Vec<Button>,
}

/// The mark of a line as things stand.
pub fn mark(id: ConversationId, state: &State, line: u64) -> Option<Mark> {
    let sent = state.sent.get(&line)?;
    let button = |label: &str| vec![Button { label: label.into(), data: format!("u:{id}:{line}") }];
    let (text, buttons) = match sent.fate {
        Fate::Leaving if sent.deletes => ("Being deleted on their side.".to_string(), Vec::new()),
        Fate::Leaving if sent.edits => ("Being changed on their side.".into(), Vec::new()),
        Fate::Leaving => ("Leaves in five seconds.".into(), button("Undo")),
        Fate::Delivered => ("Delivered.".into(), Vec::new()),
        Fate::Failed(failure) if sent.edits => (format!("NOT CHANGED: {}.", failure_words(failure)), Vec::new()),
        Fate::Failed(failure) if sent.deletes => (format!("NOT DELETED: {}.", failure_words(failure)), Vec::new()),
        Fate::Failed(failure) => (format!("NOT DELIVERED: {}.", failure_words(failure)), Vec::new()),
        Fate::TakenBack => ("Not sent: taken back.".into(), Vec::new()),
        Fate::Deleted => ("Deleted on their side.".into(), Vec::new()),
    };
    Some(Mark { words: sent.message, posted: sent.mark, text, buttons })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Address, Failure, Sent};

    #[test]
    fn only_what_the_channel_took_is_called_delivered() {
        let id = ConversationId::from_bytes([1; 16]);
        for (fate, deletes, wanted, buttons) in [
            (Fate::Leaving, false, "Leaves in five seconds.", 1),
            (Fate::Delivered, false, "Delivered.", 0),
            (Fate::Failed(Failure::Blocked), false, "NOT DELIVERED: they blocked the bot.", 0),
            (Fate::Failed(Failure::Refused), true, "NOT DELETED: the channel refused it.", 0),
            (Fate::TakenBack, false, "Not sent: taken back.", 0),
            (Fate::Deleted, true, "Deleted on their side.", 0),
        ] {
            let mut state = State::new(Address::default());
            let at = "2026-11-20T12:00:00Z".parse().expect("a time");
            let (message, staff, external) = (9, "7".into(), Vec::new());
            state.sent.insert(4, Sent { message, chat: None, staff, at, mark: None, external, fate, deletes, edits: false });
            let mark = mark(id, &state, 4).expect("a mark");
            assert_eq!((mark.text.as_str(), mark.buttons.len()), (wanted, buttons));
        }
        assert_eq!(mark(id, &State::new(Address::default()), 4), None);
    }
}
