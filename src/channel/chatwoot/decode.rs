//! What Chatwoot's webhooks say.
//!
//! Owns: reading one; making it into events of the conversation as it stands.
//! Invariants: what we wrote ourselves is no event; only users who are signed in there act, and only in our inbox; a message is
//! known by its number, so that it acts once however often it comes.
//! Source: Chatwoot's source, 4.14 (`app/presenters/*`, `Message#webhook_data`).
//! Leaves out: the signature (`transport::chatwoot`).

use super::plain::plain;
use crate::channel::{Asks, Body, DeskQuestion, Incoming, Target};
use crate::conversation::{ConversationId, Event, Owner, Staff, StaffAction, State};
use crate::desk::{Pressed, message_name, staff_there, works_there};
use serde_json::Value;

/// What our own messages are called there begins with this.
pub(super) const OURS: &str = "warmline:";

/// Who resolved what nobody has: Chatwoot doesn't say.
const SOMEBODY: &str = "Somebody in Chatwoot";

/// Where we are there.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The account.
    pub account: u64,
    /// The inbox.
    pub inbox: u64,
    /// The user that we write as, as far as it is known.
    pub me: Option<u64>,
}

/// What happened there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Words for the customer.
    Said {
        /// The message.
        message: u64,
        /// Who.
        staff: Staff,
        /// The words, without marks.
        text: String,
        /// There is something besides words.
        media: bool,
    },
    /// Words for colleagues, or a command.
    Noted {
        /// The message.
        message: u64,
        /// Who.
        staff: Staff,
        /// The words, without marks.
        text: String,
    },
    /// A message was deleted.
    Deleted {
        /// The message.
        message: u64,
        /// Who had written it, where that is known.
        by: Option<Staff>,
    },
    /// Something about words for the customer has changed: an agent may have pressed *retry*.
    Retried {
        /// The message.
        message: u64,
    },
    /// Somebody has it there now, or nobody.
    Assigned {
        /// Who.
        to: Option<Staff>,
        /// Who had it before: the user there.
        was: Option<u64>,
    },
    /// It was put aside: snoozed, or pending.
    Hidden,
    /// It is called done.
    Resolved {
        /// Whom it is assigned to.
        assignee: Option<Staff>,
    },
}

/// A webhook about a conversation of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The conversation.
    pub id: ConversationId,
    /// Its number there.
    pub room: u64,
    /// What happened.
    pub heard: Heard,
}

/// Not JSON.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a webhook")]
pub struct Malformed;

/// Reads a webhook; nothing where it is none of our concern.
///
/// # Errors
/// It can't be read.
pub fn decode(body: &[u8], place: &Place) -> Result<Option<Webhook>, Malformed> {
    let json: Value = serde_json::from_slice(body).map_err(|_| Malformed)?;
    Ok(match json["event"].as_str() {
        Some("message_created") => message(&json, place, false),
        Some("message_updated") => message(&json, place, true),
        Some(event @ ("conversation_updated" | "conversation_status_changed")) => conversation(&json, place, event),
        _ => None,
    })
}

fn message(json: &Value, place: &Place, updated: bool) -> Option<Webhook> {
    let here = |value: &Value, wanted: u64| value.is_null() || value.as_u64() == Some(wanted);
    if !here(&json["account"]["id"], place.account) || !here(&json["inbox"]["id"], place.inbox) || json["message_type"] != "outgoing" {
        return None;
    }
    let (message, at) = (json["id"].as_u64()?, &json["conversation"]);
    let (id, room) = (at["contact_inbox"]["source_id"].as_str()?.parse().ok()?, at["id"].as_u64()?);
    let deleted = json["content_attributes"]["deleted"] == true;
    if json["source_id"].as_str().is_some_and(|source| source.starts_with(OURS)) {
        return None;
    }
    if updated && deleted {
        return Some(Webhook { id, room, heard: Heard::Deleted { message, by: user(&json["sender"]) } });
    }
    let staff = user(&json["sender"]).filter(|_| json["sender"]["type"] == "user" && !deleted)?;
    if place.me.is_some_and(|me| staff.id == staff_there(me)) {
        return None;
    }
    if updated {
        return (json["private"] == false).then_some(Webhook { id, room, heard: Heard::Retried { message } });
    }
    let text = plain(json["content"].as_str().unwrap_or_default());
    let media = json["attachments"].as_array().is_some_and(|attached| !attached.is_empty());
    // Lines that begin with / are never sent, and what is not clearly for the customer is not.
    let heard = match json["private"].as_bool().unwrap_or(true) || text.starts_with('/') {
        true if text.is_empty() => return None,
        true => Heard::Noted { message, staff, text },
        false if text.is_empty() && !media => return None,
        false => Heard::Said { message, staff, text, media },
    };
    Some(Webhook { id, room, heard })
}

fn conversation(json: &Value, place: &Place, event: &str) -> Option<Webhook> {
    if json["inbox_id"].as_u64() != Some(place.inbox) {
        return None;
    }
    let (id, room) = (json["contact_inbox"]["source_id"].as_str()?.parse().ok()?, json["id"].as_u64()?);
    let assignee = user(&json["meta"]["assignee"]).filter(|_| matches!(json["meta"]["assignee"]["type"].as_str(), None | Some("user")));
    let ours = |assignee: &Staff| place.me.is_some_and(|me| assignee.id == staff_there(me));
    let heard = match event {
        "conversation_status_changed" => match json["status"].as_str()? {
            "resolved" => Heard::Resolved { assignee: assignee.filter(|assignee| !ours(assignee)) },
            "snoozed" | "pending" => Heard::Hidden,
            _ => return None,
        },
        _ => {
            let changed = json["changed_attributes"].as_array()?.iter().find_map(|changed| changed.get("assignee_id"))?;
            match changed["current_value"].as_u64() {
                None => Heard::Assigned { to: None, was: changed["previous_value"].as_u64() },
                // Whom it was assigned to since then comes with a webhook of its own. We are nobody who answers.
                Some(now) => {
                    let to = assignee.filter(|assignee| assignee.id == staff_there(now) && !ours(assignee))?;
                    Heard::Assigned { to: Some(to), was: None }
                }
            }
        }
    };
    Some(Webhook { id, room, heard })
}

/// Words of a person to a customer whom nobody here knows: they can't be sent, and Chatwoot must hear so.
pub fn unplaced(body: &[u8], place: &Place) -> bool {
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return false };
    json["event"] == "message_created"
        && json["message_type"] == "outgoing"
        && json["private"] == false
        && json["sender"]["type"] == "user"
        && json["inbox"]["id"].as_u64() == Some(place.inbox)
        && place.me.is_none_or(|me| json["sender"]["id"].as_u64() != Some(me))
        && !json["source_id"].as_str().is_some_and(|source| source.starts_with(OURS))
}

/// Somebody who works there; customers read the first of their names.
fn user(json: &Value) -> Option<Staff> {
    let name = json["name"].as_str().unwrap_or_default();
    let first = name.split_whitespace().next().unwrap_or("A colleague");
    Some(Staff { id: staff_there(json["id"].as_u64()?), name: first.chars().take(60).collect() })
}

/// What a private note that is a command asks of the whole desk.
pub fn question(heard: &Heard) -> Option<DeskQuestion> {
    let Heard::Noted { message, staff, text } = heard else { return None };
    let (name, rest) = command(text)?;
    Some(DeskQuestion { staff: staff.clone(), asks: Asks::command(&name, rest)?, thread: None, message: message_name(*message), chat: 0 })
}

fn command(text: &str) -> Option<(String, &str)> {
    let command = text.strip_prefix('/')?;
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    Some((name.to_lowercase(), rest))
}

/// What a webhook means for its conversation as it stands. `digest` tells webhooks apart that have no number of their own.
pub fn incoming(webhook: Webhook, state: &State, digest: &str) -> Vec<Incoming> {
    let id = webhook.id;
    let arrival = |name: String, staff: Staff, action: StaffAction, pressed: Option<Pressed>| Incoming {
        target: Target::Conversation(id),
        kind: "chatwoot",
        external: name,
        revision: String::new(),
        body: Body::Event(Event::Staff { staff, action, chat: None, callback: pressed.map(Pressed::callback) }),
    };
    let owner = match &state.owner {
        Owner::Human { staff } => Some(staff.clone()),
        _ => None,
    };
    let theirs = owner.clone().filter(|owner| works_there(&owner.id));
    // Of another conversation there, which only looks like this one, words alone count.
    let stray = state.thread.chatwoot.is_some_and(|room| room != webhook.room);
    match webhook.heard {
        Heard::Resolved { .. } | Heard::Assigned { .. } if stray => Vec::new(),
        Heard::Retried { .. } | Heard::Hidden => Vec::new(),
        Heard::Said { message, staff, media: true, .. } => {
            vec![arrival(format!("said:{message}"), staff, StaffAction::SayMedia { message: message_name(message) }, None)]
        }
        Heard::Said { message, staff, text, .. } => {
            let say = StaffAction::Say { text, message: message_name(message) };
            // Whoever answers has it, unless somebody else does: then the words are refused.
            vec![
                arrival(format!("claim:{message}"), staff.clone(), StaffAction::Claim, Some(Pressed::Wrote)),
                arrival(format!("said:{message}"), staff, say, None),
            ]
        }
        Heard::Noted { message, staff, text } => {
            let name = format!("noted:{message}");
            vec![match command(&text) {
                Some((command, rest)) => arrival(name, staff, StaffAction::command(&command, rest, message_name(message)), None),
                None => arrival(name, staff, StaffAction::Note { words: Some(text) }, Some(Pressed::Noted)),
            }]
        }
        Heard::Deleted { message, by } => {
            let named = message_name(message);
            // Chatwoot doesn't say who deleted it: it counts as whoever wrote it.
            let sent = state.sent.values().rev().find(|sent| sent.message == named);
            // What is not known yet may still be in the inbox, before this.
            let staff = match sent {
                Some(sent) => by.or(owner).filter(|staff| staff.id == sent.staff),
                None => by,
            };
            let Some(staff) = staff else { return Vec::new() };
            let unsend = StaffAction::Unsend { line: None, reply: Some(named) };
            vec![arrival(format!("deleted:{message}"), staff, unsend, Some(Pressed::Deleted))]
        }
        Heard::Assigned { to: Some(to), .. } => {
            let action = if theirs.is_some_and(|owner| owner.id != to.id) { StaffAction::TakeOver } else { StaffAction::Claim };
            vec![arrival(format!("assigned:{digest}"), to, action, Some(Pressed::Assigned))]
        }
        Heard::Assigned { to: None, was } => {
            // Whoever is still written there from last time gives nothing back.
            let theirs = theirs.filter(|owner| was.is_none_or(|was| staff_there(was) == owner.id));
            let released = |owner| arrival(format!("assigned:{digest}"), owner, StaffAction::Release, Some(Pressed::Unassigned));
            theirs.map(released).into_iter().collect()
        }
        // We end what nobody needs any more, and hear so.
        Heard::Resolved { .. } if state.handoff.is_none() => Vec::new(),
        Heard::Resolved { assignee } => {
            let somebody = || Staff { id: staff_there(0), name: SOMEBODY.into() };
            let by = theirs.or(assignee).unwrap_or_else(somebody);
            vec![arrival(format!("resolved:{digest}"), by, StaffAction::Close { agreed: None }, Some(Pressed::Resolved))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Address, Handoff, Reason};
    use serde_json::json;

    const PLACE: Place = Place { account: 1, inbox: 7, me: Some(1) };
    const ID: &str = "abababababababababababababababab";

    fn said() -> Value {
        json!({
            "event": "message_created", "id": 901, "content": "Hello **Ann**", "message_type": "outgoing", "private": false,
            "source_id": null, "content_attributes": {}, "sender": {"id": 3, "name": "Bob Stone", "type": "user"},
            "account": {"id": 1}, "inbox": {"id": 7},
            "conversation": {"id": 101, "status": "open", "contact_inbox": {"source_id": ID}, "messages": [{"id": 900}]}
        })
    }

    fn changed(event: &str, with: Value) -> Value {
        let mut json = json!({
            "event": event, "id": 101, "inbox_id": 7, "status": "open", "contact_inbox": {"source_id": ID},
            "meta": {"assignee": {"id": 3, "name": "Bob Stone", "type": "user"}}, "changed_attributes": null
        });
        for (key, value) in with.as_object().expect("an object") {
            json[key] = value.clone();
        }
        json
    }

    fn bob() -> Staff {
        Staff { id: "chatwoot:3".into(), name: "Bob".into() }
    }

    fn heard(json: &Value) -> Option<Heard> {
        decode(json.to_string().as_bytes(), &PLACE).expect("reads").map(|webhook| webhook.heard)
    }

    #[test]
    fn messages_of_agents_are_heard_and_nothing_else() {
        let words = Heard::Said { message: 901, staff: bob(), text: "Hello Ann".into(), media: false };
        let note = Heard::Noted { message: 901, staff: bob(), text: "/claim".into() };
        for (name, path, value, wanted) in [
            ("words", "/private", json!(false), Some(words.clone())),
            ("a command", "/content", json!("/claim"), Some(note.clone())),
            ("a note", "/content", json!("/claim"), None),
            ("ours by its name", "/source_id", json!("warmline:abab:12"), None),
            ("ours by its user", "/sender/id", json!(1), None),
            ("a customer", "/message_type", json!("incoming"), None),
            ("a greeting", "/message_type", json!("template"), None),
            ("a bot", "/sender/type", json!("agent_bot"), None),
            ("nobody", "/sender", json!(null), None),
            ("another inbox", "/inbox/id", json!(8), None),
            ("another account", "/account/id", json!(2), None),
            ("somebody else's conversation", "/conversation/contact_inbox/source_id", json!("x"), None),
            ("an empty one", "/content", json!(null), None),
            ("a deleted one", "/content_attributes", json!({"deleted": true}), None),
            ("a change", "/event", json!("message_updated"), Some(Heard::Retried { message: 901 })),
            (
                "not clearly for the customer",
                "/private",
                json!(null),
                Some(Heard::Noted { message: 901, staff: bob(), text: "Hello Ann".into() }),
            ),
            ("what we don't know", "/event", json!("webwidget_triggered"), None),
        ] {
            let mut json = said();
            *json.pointer_mut(path).expect(path) = value;
            if name == "a note" {
                json["private"] = json!(true);
                assert_eq!(heard(&json), Some(note.clone()), "{name}");
                continue;
            }
            assert_eq!(heard(&json), wanted, "{name}");
        }
        let mut photo = said();
        photo["attachments"] = json!([{"file_type": "image", "data_url": "https://x.example/1"}]);
        assert!(matches!(heard(&photo), Some(Heard::Said { media: true, .. })));
        let mut gone = said();
        (gone["event"], gone["content_attributes"]) = (json!("message_updated"), json!({"deleted": true}));
        assert_eq!(heard(&gone), Some(Heard::Deleted { message: 901, by: Some(bob()) }));
        assert_eq!(decode(b"{", &PLACE), Err(Malformed));
        assert_eq!(decode(b"[1]", &PLACE), Ok(None));
    }

    #[test]
    fn changes_of_a_conversation_are_heard() {
        let assigned = |now: Value| json!({"changed_attributes": [{"assignee_id": {"previous_value": null, "current_value": now}}]});
        for (name, json, wanted) in [
            ("assigned", changed("conversation_updated", assigned(json!(3))), Some(Heard::Assigned { to: Some(bob()), was: None })),
            ("to nobody", changed("conversation_updated", assigned(json!(null))), Some(Heard::Assigned { to: None, was: None })),
            ("to somebody since then", changed("conversation_updated", assigned(json!(4))), None),
            ("something else", changed("conversation_updated", json!({"changed_attributes": [{"priority": {}}]})), None),
            ("no changes", changed("conversation_updated", json!({})), None),
            (
                "resolved",
                changed("conversation_status_changed", json!({"status": "resolved"})),
                Some(Heard::Resolved { assignee: Some(bob()) }),
            ),
            ("opened", changed("conversation_status_changed", json!({})), None),
            ("another inbox", changed("conversation_status_changed", json!({"status": "resolved", "inbox_id": 9})), None),
        ] {
            assert_eq!(heard(&json), wanted, "{name}");
        }
    }

    #[test]
    fn what_it_means_follows_from_who_has_it() {
        let robin = Staff { id: "telegram:7".into(), name: "Robin".into() };
        let ann = Staff { id: "chatwoot:4".into(), name: "Ann".into() };
        let id: ConversationId = ID.parse().expect("an id");
        let assigned = |to: Option<Staff>| Heard::Assigned { to, was: None };
        let resolved = || Heard::Resolved { assignee: None };
        for (name, owner, heard, wanted) in [
            ("assigned, nobody has it", None, assigned(Some(bob())), Some(("chatwoot:3", StaffAction::Claim))),
            ("assigned, a colleague there has it", Some(&ann), assigned(Some(bob())), Some(("chatwoot:3", StaffAction::TakeOver))),
            ("assigned, a colleague elsewhere has it", Some(&robin), assigned(Some(bob())), Some(("chatwoot:3", StaffAction::Claim))),
            ("taken from somebody there", Some(&ann), assigned(None), Some(("chatwoot:4", StaffAction::Release))),
            ("taken from somebody elsewhere", Some(&robin), assigned(None), None),
            ("resolved by its owner", Some(&ann), resolved(), Some(("chatwoot:4", StaffAction::Close { agreed: None }))),
            ("resolved by somebody", Some(&robin), resolved(), Some(("chatwoot:0", StaffAction::Close { agreed: None }))),
        ] {
            let mut state = State::new(Address::default());
            state.handoff = Some(Handoff::new(1, jiff::Timestamp::UNIX_EPOCH, Reason::Stuck));
            state.owner = owner.map_or(Owner::Waiting, |staff| Owner::Human { staff: staff.clone() });
            let incoming = incoming(Webhook { id, room: 101, heard }, &state, "d");
            let got = incoming.into_iter().next().map(|incoming| match incoming.body {
                Body::Event(Event::Staff { staff, action, .. }) => (staff.id, action),
                other => panic!("{other:?}"),
            });
            assert_eq!(got, wanted.map(|(staff, action)| (staff.to_string(), action)), "{name}");
        }
        let state = State::new(Address::default());
        assert_eq!(incoming(Webhook { id, room: 101, heard: resolved() }, &state, "d"), [], "we ended it ourselves");
        let words = Heard::Said { message: 5, staff: bob(), text: "Hi".into(), media: false };
        let names: Vec<String> =
            incoming(Webhook { id, room: 101, heard: words }, &state, "d").into_iter().map(|row| row.external).collect();
        assert_eq!(names, ["claim:5", "said:5"]);
        let asked = Heard::Noted { message: 5, staff: bob(), text: "/queue".into() };
        assert_eq!(question(&asked).map(|question| question.asks), Some(Asks::Queue));
    }
}
