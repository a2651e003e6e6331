//! One conversation's messages to one group, as they leave.
//!
//! Owns: merging relays; what a later message makes needless; what is left of one that was meant for another group.
//! Leaves out: sending (`posts`).

use crate::desk::DeskMessage;
use crate::store::{OutboxRow, OutboxTarget};

/// Relays of one conversation are merged up to this many characters.
const MERGED: usize = 3_500;

/// The answer to a press.
pub(super) fn is_answer(row: &OutboxRow) -> bool {
    matches!(row.target, OutboxTarget::Desk(DeskMessage::Answer { .. }))
}

/// It calls people: with it stands the card, whose buttons show the transcript.
pub(super) fn is_alert(row: &OutboxRow) -> bool {
    let OutboxTarget::Desk(message) = &row.target else { return false };
    match message {
        DeskMessage::Card { .. } => true,
        DeskMessage::Post { buttons, .. } => buttons.iter().any(|button| button.data.starts_with("t:")),
        _ => false,
    }
}

/// The message as this group can show it: what was meant for another one, which is not configured or takes nothing, names none of its
/// messages, and is nothing where it only changes one of them.
pub(super) fn here(message: &DeskMessage, meant: bool) -> Option<DeskMessage> {
    if meant {
        return Some(message.clone());
    }
    match message {
        DeskMessage::Post { text, buttons, copy, loud, .. } => {
            Some(DeskMessage::Post { text: text.clone(), reply_to: None, buttons: buttons.clone(), copy: copy.clone(), loud: *loud })
        }
        DeskMessage::CardEdit { .. } | DeskMessage::Mark { .. } | DeskMessage::Moved { .. } => None,
        DeskMessage::Card { .. } | DeskMessage::Transcript | DeskMessage::Answer { .. } => Some(message.clone()),
    }
}

/// The open card as it stands, or what became of the same line: only the last is worth showing.
pub(super) fn replaces(later: &OutboxRow, row: &OutboxRow) -> bool {
    match (&row.target, &later.target) {
        (OutboxTarget::Desk(DeskMessage::CardEdit { card: None, .. }), OutboxTarget::Desk(DeskMessage::CardEdit { card: None, .. })) => {
            true
        }
        (OutboxTarget::Desk(DeskMessage::Mark { line }), OutboxTarget::Desk(DeskMessage::Mark { line: other })) => line == other,
        _ => false,
    }
}

/// A message to the desk and the numbers of all rows whose words it holds.
pub(super) struct Merged {
    pub row: OutboxRow,
    pub numbers: Vec<u64>,
}

/// Consecutive plain relays of a conversation become one post. All of them are done when it is sent, none before.
pub(super) fn merge(rows: Vec<OutboxRow>) -> Vec<Merged> {
    let mut merged: Vec<Merged> = Vec::new();
    for row in rows {
        if let Some(last) = merged.last_mut()
            && let OutboxTarget::Desk(DeskMessage::Post { text: first, reply_to: None, buttons: none, copy: None, loud: false }) =
                &mut last.row.target
            && let OutboxTarget::Desk(DeskMessage::Post { text, reply_to: None, buttons, copy: None, loud: false }) = &row.target
            && none.is_empty()
            && buttons.is_empty()
            && first.chars().count() + text.chars().count() < MERGED
        {
            first.push('\n');
            first.push_str(text);
            last.numbers.push(row.number);
            continue;
        }
        merged.push(Merged { numbers: vec![row.number], row });
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_for_another_group_names_nothing_here() {
        let post = DeskMessage::Post { text: "x".into(), reply_to: Some(7), buttons: Vec::new(), copy: None, loud: true };
        let edit = DeskMessage::CardEdit { card: Some(7), text: "x".into(), buttons: Vec::new() };
        for (name, message, left) in [
            (
                "words",
                post.clone(),
                Some(DeskMessage::Post { text: "x".into(), reply_to: None, buttons: Vec::new(), copy: None, loud: true }),
            ),
            ("a card's edit", edit, None),
            ("a mark", DeskMessage::Mark { line: 4 }, None),
            ("a move", DeskMessage::Moved { card: Some(7), told: false, urgent: true }, None),
            ("the transcript", DeskMessage::Transcript, Some(DeskMessage::Transcript)),
        ] {
            assert_eq!(here(&message, false), left, "{name}");
            assert_eq!(here(&message, true), Some(message), "{name}");
        }
    }
}
