//! Past conversations, from files.
//!
//! Owns: JSON lines, Telegram's export (`result.json`), CSV (any of `,` `;` tab), told apart by what they hold; who of the
//! senders is a customer.
//! Invariants: a row that can't be read is counted and named by its line, never silently left out.
//! Leaves out: what is made of them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value};
use std::path::Path;

/// One message of a customer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    /// Which conversation it belongs to.
    pub conversation: String,
    /// The words.
    pub text: String,
    /// When, where the file says it.
    pub at: Option<Timestamp>,
}

/// What a file holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Read {
    /// Customers' messages, in the order of the file.
    pub said: Vec<Said>,
    /// Messages of the shop's side.
    pub ours: usize,
    /// Rows that can't be read: `line 7: …`.
    pub broken: Vec<String>,
}

const TEXT: [&str; 5] = ["text", "body", "message", "content", "words"];
const CONVERSATION: [&str; 10] =
    ["conversation", "conversation_id", "conv", "chat", "chat_id", "customer", "phone", "from", "sender", "user"];
const SIDE: [&str; 5] = ["direction", "role", "author", "side", "speaker"];
const TIME: [&str; 8] = ["at", "time", "timestamp", "date", "datesent", "date_sent", "sent_at", "created_at"];
/// What the shop's side is called in such files.
const OURS: [&str; 13] = [
    "bot",
    "agent",
    "staff",
    "assistant",
    "operator",
    "outbound",
    "outbound-api",
    "outbound-reply",
    "outbound-call",
    "out",
    "system",
    "shop",
    "us",
];

/// Reads a file. `staff` are names or ids of senders who are not customers.
///
/// # Errors
/// The file can't be read, or is none of these.
pub(super) fn read(path: &Path, staff: &[String]) -> Result<Read, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{FEFF}');
    let read = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(root)) if root.contains_key("messages") || root.contains_key("chats") => telegram(&root, staff),
        _ if text.trim_start().starts_with('{') => json_lines(text, staff),
        _ => csv(text, staff)?,
    };
    if read.said.is_empty() && read.broken.is_empty() {
        return Err(format!(
            "{} holds no customer's message; JSON lines and CSV need a column `text`, and `conversation`, `role` and `at` where there are any",
            path.display()
        ));
    }
    Ok(read)
}

/// A value under the first of several names, whatever its case.
fn under<'v>(row: &'v Map<String, Value>, names: &[&str]) -> Option<&'v Value> {
    let found = |name: &&str| row.iter().find(|(key, _)| key.trim().to_lowercase().replace(' ', "_") == **name).map(|(_, value)| value);
    names.iter().find_map(found).filter(|value| !value.is_null())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

fn time(value: &str) -> Option<Timestamp> {
    let value = value.trim();
    let seconds = || value.parse::<i64>().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let local = || value.replace(' ', "T").parse::<DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    value.parse().ok().or_else(seconds).or_else(local)
}

fn row(read: &mut Read, row: &Map<String, Value>, line: usize, staff: &[String]) {
    let Some(text) = under(row, &TEXT) else {
        return read.broken.push(format!("line {line}: no `text`"));
    };
    let side = under(row, &SIDE).or_else(|| under(row, &["from"])).map(plain).unwrap_or_default();
    if OURS.contains(&side.to_lowercase().as_str()) || staff.contains(&side) {
        read.ours += 1;
        return;
    }
    let conversation = under(row, &CONVERSATION).map(plain).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("line {line}"));
    read.said.push(Said { conversation, text: plain(text), at: under(row, &TIME).map(plain).and_then(|at| time(&at)) });
}

fn json_lines(text: &str, staff: &[String]) -> Read {
    let mut read = Read::default();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str::<Map<String, Value>>(line) {
            Ok(object) => row(&mut read, &object, number + 1, staff),
            Err(error) => read.broken.push(format!("line {}: {error}", number + 1)),
        }
    }
    read
}

fn csv(text: &str, staff: &[String]) -> Result<Read, String> {
    let head = text.lines().next().unwrap_or_default();
    let separator =
        [b',', b';', b'\t'].into_iter().max_by_key(|separator| head.bytes().filter(|byte| byte == separator).count()).unwrap_or(b',');
    let mut reader = ::csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| format!("the first line can't be read: {error}"))?.clone();
    let mut read = Read::default();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, |position| position.line() as usize);
                let object = headers.iter().zip(record.iter()).map(|(name, value)| (name.to_string(), Value::from(value))).collect();
                row(&mut read, &object, line, staff);
            }
            Err(error) => read.broken.push(error.to_string()),
        }
    }
    Ok(read)
}

/// Telegram Desktop's export: one chat, or all of them.
fn telegram(root: &Map<String, Value>, staff: &[String]) -> Read {
    let mut read = Read::default();
    let list = root.get("chats").and_then(|chats| chats.get("list")).and_then(Value::as_array);
    let chats: Vec<&Map<String, Value>> = match list {
        Some(list) => list.iter().filter_map(Value::as_object).collect(),
        None => vec![root],
    };
    for chat in chats {
        let id = chat.get("id").map(plain).unwrap_or_default();
        let personal = chat.get("type").and_then(Value::as_str).is_some_and(|kind| kind.contains("personal") || kind.contains("bot"));
        for message in chat.get("messages").and_then(Value::as_array).into_iter().flatten() {
            let said = telegram_text(message.get("text"));
            if message.get("type").and_then(Value::as_str) != Some("message") || said.trim().is_empty() {
                continue;
            }
            let sender = message.get("from_id").map(plain).unwrap_or_default();
            let name = message.get("from").map(plain).unwrap_or_default();
            // In a private chat the chat has the other one's number: everybody else in it is us.
            let ours = staff.contains(&name) || staff.contains(&sender) || (personal && sender != format!("user{id}"));
            if ours {
                read.ours += 1;
                continue;
            }
            let conversation = if personal { id.clone() } else { format!("{id}/{sender}") };
            let at = message.get("date_unixtime").or_else(|| message.get("date")).map(plain).and_then(|at| time(&at));
            read.said.push(Said { conversation, text: said, at });
        }
    }
    read
}

/// A text is a string, or a list of strings and of parts with a `text` of their own.
fn telegram_text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().map(|part| part.as_str().map_or_else(|| telegram_text(part.get("text")), str::to_string)).collect()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, text: &str) -> Result<Vec<(String, String)>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        let staff = ["Priya".to_string()];
        read(&path, &staff).map(|read| read.said.into_iter().map(|said| (said.conversation, said.text)).collect())
    }

    #[test]
    fn every_format_gives_the_customers_words() {
        let wanted = Ok(vec![("7".to_string(), "where is it".to_string()), ("7".to_string(), "hello?".to_string())]);
        for (name, text) in [
            (
                "a.jsonl",
                "{\"conversation\":7,\"text\":\"where is it\",\"role\":\"customer\",\"at\":\"2026-11-20T12:00:00Z\"}\n{\"conversation\":7,\"text\":\"hi\",\"role\":\"agent\"}\n\n{\"conversation\":7,\"text\":\"hello?\"}\n",
            ),
            ("b.csv", "From,Body,Direction,Date Sent\n7,where is it,inbound,2026-11-20 12:00:00\n+1,hi,outbound-api,\n7,hello?,inbound,\n"),
            ("c.csv", "\u{FEFF}chat;text;author\n7;\"where is it\";x\n7;hi;Priya\n7;hello?;x\n"),
            (
                "result.json",
                r#"{"name":"Ana","type":"personal_chat","id":7,"messages":[{"id":1,"type":"service","text":""},{"id":2,"type":"message","from":"Ana","from_id":"user7","date_unixtime":"1763640000","text":["where ",{"type":"bold","text":"is it"}]},{"id":3,"type":"message","from":"Shop","from_id":"user1","text":"hi"},{"id":4,"type":"message","from":"Ana","from_id":"user7","text":"hello?"}]}"#,
            ),
        ] {
            assert_eq!(shown(name, text), wanted, "{name}");
        }
    }

    #[test]
    fn what_cant_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, "{\"text\":\"hi\"}\n{\"words\n{\"conversation\":1}\n").expect("written");
        let found = read(&path, &[]).expect("read");
        assert!(found.broken[0].starts_with("line 2: ") && found.broken[1] == "line 3: no `text`", "{:?}", found.broken);
        assert!(shown("x.csv", "a,b\n1,2\n").is_ok_and(|said| said.is_empty()));
        assert!(shown("x.csv", "").is_err());
    }

    #[test]
    fn time_rows() {
        for (text, wanted) in [
            ("2026-11-20T12:00:00Z", Some("2026-11-20T12:00:00Z")),
            ("2026-11-20 12:00:00", Some("2026-11-20T12:00:00Z")),
            ("1763640000", Some("2025-11-20T12:00:00Z")),
            ("yesterday", None),
        ] {
            assert_eq!(time(text).map(|at| at.to_string()).as_deref(), wanted, "{text}");
        }
    }
}
