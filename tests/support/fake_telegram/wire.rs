//! How a call reaches the fake Telegram: path, parameters, files, and whether they are what the Bot API takes.
//!
//! Owns: `/bot<token>/<Method>` with method names in any case; JSON, form, query and (simple) multipart bodies; the table of methods with
//! their parameters, from which violations are noted; scripted failures; the envelope of answers. Leaves out: what a method does
//! (`methods`). The table lists the methods that this fake serves and all their parameters as of Bot API 10.1.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Inner;
use super::methods::{self, Refusal};
use super::state::Failure;

/// What can be said with every message that is sent.
const SEND: &str = "business_connection_id:s message_thread_id:i direct_messages_topic_id:i disable_notification:b protect_content:b \
                    allow_paid_broadcast:b message_effect_id:s suggested_post_parameters:o reply_parameters:o reply_markup:o";
const CAPTION: &str = "caption:s parse_mode:s caption_entities:a";

/// Method, and its parameters as `name:type`: `c` a chat (number or name), `i` integer, `s` string, `b` boolean, `o` object, `a` array,
/// `f` a file; `!` marks a required one.
const METHODS: [(&str, &[&str]); 26] = [
    ("getMe", &[]),
    ("getUpdates", &["offset:i limit:i timeout:i allowed_updates:a"]),
    ("setWebhook", &["url:s! certificate:f ip_address:s max_connections:i allowed_updates:a drop_pending_updates:b secret_token:s"]),
    ("deleteWebhook", &["drop_pending_updates:b"]),
    ("getWebhookInfo", &[]),
    ("sendMessage", &["chat_id:c! text:s! parse_mode:s entities:a link_preview_options:o", SEND]),
    (
        "editMessageText",
        &["business_connection_id:s chat_id:c message_id:i inline_message_id:s text:s parse_mode:s entities:a \
           link_preview_options:o rich_message:o reply_markup:o"],
    ),
    ("editMessageReplyMarkup", &["business_connection_id:s chat_id:c message_id:i inline_message_id:s reply_markup:o"]),
    ("deleteMessage", &["chat_id:c! message_id:i!"]),
    (
        "copyMessage",
        &[
            "chat_id:c! from_chat_id:c! message_id:i! video_start_timestamp:i show_caption_above_media:b",
            "message_thread_id:i direct_messages_topic_id:i disable_notification:b protect_content:b allow_paid_broadcast:b",
            "message_effect_id:s suggested_post_parameters:o reply_parameters:o reply_markup:o",
            CAPTION,
        ],
    ),
    (
        "forwardMessage",
        &["chat_id:c! from_chat_id:c! message_id:i! message_thread_id:i direct_messages_topic_id:i video_start_timestamp:i \
           disable_notification:b protect_content:b message_effect_id:s suggested_post_parameters:o"],
    ),
    ("sendDocument", &["chat_id:c! document:f! thumbnail:f disable_content_type_detection:b", CAPTION, SEND]),
    ("sendChatAction", &["business_connection_id:s chat_id:c! message_thread_id:i action:s!"]),
    ("answerCallbackQuery", &["callback_query_id:s! text:s show_alert:b url:s cache_time:i"]),
    ("setMyCommands", &["commands:a! scope:o language_code:s"]),
    ("createForumTopic", &["chat_id:c! name:s! icon_color:i icon_custom_emoji_id:s"]),
    ("editForumTopic", &["chat_id:c! message_thread_id:i! name:s icon_custom_emoji_id:s"]),
    ("closeForumTopic", &["chat_id:c! message_thread_id:i!"]),
    ("reopenForumTopic", &["chat_id:c! message_thread_id:i!"]),
    ("deleteForumTopic", &["chat_id:c! message_thread_id:i!"]),
    ("getChat", &["chat_id:c!"]),
    ("getChatMember", &["chat_id:c! user_id:i!"]),
    ("getChatAdministrators", &["chat_id:c! return_bots:b"]),
    ("pinChatMessage", &["business_connection_id:s chat_id:c! message_id:i! disable_notification:b"]),
    ("unpinChatMessage", &["business_connection_id:s chat_id:c! message_id:i"]),
    ("deleteMyCommands", &["scope:o language_code:s"]),
];

/// What objects inside parameters may hold; `inline_button` and `key_button` are the cells of keyboards.
const NESTED: [(&str, &str); 9] = [
    (
        "reply_parameters",
        "message_id:i! chat_id:c allow_sending_without_reply:b quote:s quote_parse_mode:s quote_entities:a quote_position:i \
         checklist_task_id:i poll_option_id:s",
    ),
    ("link_preview_options", "is_disabled:b url:s prefer_small_media:b prefer_large_media:b show_above_text:b"),
    ("inline_keyboard", "inline_keyboard:a!"),
    ("keyboard", "keyboard:a! is_persistent:b resize_keyboard:b one_time_keyboard:b input_field_placeholder:s selective:b"),
    ("remove_keyboard", "remove_keyboard:b! selective:b"),
    ("force_reply", "force_reply:b! input_field_placeholder:s selective:b"),
    (
        "inline_button",
        "text:s! icon_custom_emoji_id:s style:s url:s callback_data:s web_app:o login_url:o switch_inline_query:s \
         switch_inline_query_current_chat:s switch_inline_query_chosen_chat:o copy_text:o callback_game:o pay:b",
    ),
    (
        "key_button",
        "text:s! icon_custom_emoji_id:s style:s request_users:o request_chat:o request_managed_bot:o request_contact:b \
         request_location:b request_poll:o web_app:o",
    ),
    ("command", "command:s! description:s!"),
];

/// A file that came with a multipart call.
pub(super) struct Upload {
    part: String,
    name: String,
    bytes: Vec<u8>,
}

/// The parameters of one call, by their types.
pub(super) struct Params {
    pub map: Map<String, Value>,
    typed: bool,
    uploads: Vec<Upload>,
}

impl Params {
    /// An integer parameter.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.map.get(name).and_then(Value::as_i64)
    }

    /// A message id or thread id.
    pub fn id(&self, name: &str) -> Option<i32> {
        self.int(name).and_then(|id| i32::try_from(id).ok())
    }

    /// A string parameter.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.map.get(name).and_then(Value::as_str)
    }

    /// A boolean parameter, false when it isn't there.
    pub fn flag(&self, name: &str) -> bool {
        self.map.get(name).and_then(Value::as_bool).unwrap_or_default()
    }
}

/// Serves one HTTP request.
pub(super) async fn serve(inner: Arc<Inner>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let Some((token, called)) = uri.path().strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        inner.lock().violations.push(format!("a request to {}, which is no /bot<token>/<Method>", uri.path()));
        return refuse(&Refusal::new(404, "Not Found"));
    };
    if !token.split_once(':').is_some_and(|(id, secret)| id.parse::<u64>().is_ok() && !secret.is_empty()) {
        return refuse(&Refusal::new(404, "Not Found"));
    }
    let Some((method, shape)) = METHODS.iter().find(|(method, _)| method.eq_ignore_ascii_case(called)) else {
        inner.lock().violations.push(format!("unknown method {called} (or one that this fake lacks)"));
        inner.changed.notify_waiters();
        return refuse(&Refusal::new(404, "Not Found"));
    };

    let (failure, outcome) = {
        let mut params = decode(&uri, &headers, &body);
        let problems = check(method, &shape.join(" "), &mut params);
        let mut state = inner.lock();
        state.record(method, &params.map);
        state.violations.extend(problems.noted);
        let failure = state.failure(method);
        let outcome = match (&failure, problems.refusal) {
            (Some(failure), _) if !failure.after => None,
            (_, Some(refusal)) => Some(Err(refusal)),
            (_, None) if *method == "getUpdates" => Some(Ok(params.map.into())),
            (_, None) => Some(methods::call(&mut state, method, &params)),
        };
        (failure, outcome)
    };
    inner.changed.notify_waiters();

    if let Some(failure) = failure {
        return fail(&failure);
    }
    match outcome {
        Some(Ok(asked)) if *method == "getUpdates" => match methods::get_updates(&inner, &asked).await {
            Ok(updates) => answer(updates),
            Err(refusal) => refuse(&refusal),
        },
        Some(Ok(result)) => answer(result),
        Some(Err(refusal)) => refuse(&refusal),
        None => refuse(&Refusal::new(500, "Internal Server Error")),
    }
}

/// What was wrong with the parameters of a call.
#[derive(Default)]
struct Problems {
    noted: Vec<String>,
    refusal: Option<Refusal>,
}

/// Compares parameters with the shape and gives them their types.
fn check(method: &str, shape: &str, params: &mut Params) -> Problems {
    let mut problems = Problems::default();
    params.map.retain(|_, value| !value.is_null());
    take_files(method, shape, params, &mut problems);

    let Params { map, typed, .. } = params;
    for (name, value) in map.iter_mut() {
        match kind_of(shape, name) {
            None => problems.noted.push(format!("{method}: unknown parameter {name}")),
            Some(kind) if !coerce(kind, value, *typed) => {
                problems.noted.push(format!("{method}: {name} is {value}, not of type {kind}"));
                problems.refusal = Some(Refusal::new(400, format!("Bad Request: can't parse {name}")));
            }
            Some(_) => {}
        }
    }
    for required in shape.split(' ').filter_map(|entry| entry.strip_suffix('!')) {
        let name = required.split(':').next().unwrap_or_default();
        if !map.contains_key(name) {
            problems.noted.push(format!("{method}: {name} is missing"));
            problems.refusal = Some(Refusal::new(400, format!("Bad Request: {name} is empty")));
        }
    }
    check_nested(method, map, &mut problems);
    problems
}

/// Puts uploaded files where parameters name them, as `attach://part` or by the part's own name.
fn take_files(method: &str, shape: &str, params: &mut Params, problems: &mut Problems) {
    let files = shape.split(' ').filter_map(|entry| entry.trim_end_matches('!').strip_suffix(":f"));
    for name in files {
        let part = params.text(name).map_or(name, |value| value.strip_prefix("attach://").unwrap_or(name)).to_owned();
        if let Some(found) = params.uploads.iter().position(|upload| upload.part == part) {
            let Upload { name: file_name, bytes, .. } = params.uploads.swap_remove(found);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            params.map.insert(name.to_owned(), json!({ "file_name": file_name, "size": bytes.len(), "text": text }));
        } else if params.text(name).is_some_and(|value| value.starts_with("attach://")) {
            problems.noted.push(format!("{method}: {name} names an attachment that isn't there"));
        }
    }
    problems.noted.extend(params.uploads.iter().map(|upload| format!("{method}: no parameter names the file {}", upload.part)));
}

/// Looks into the objects whose fields we know.
fn check_nested(method: &str, map: &Map<String, Value>, problems: &mut Problems) {
    let mut look = |nested: &str, value: &Value| {
        let Some((_, shape)) = NESTED.iter().find(|(name, _)| *name == nested) else { return };
        let Some(fields) = value.as_object() else {
            problems.noted.push(format!("{method}: {nested} is no object"));
            return;
        };
        for (name, value) in fields {
            if !kind_of(shape, name).is_some_and(|kind| coerce(kind, &mut value.clone(), true)) {
                problems.noted.push(format!("{method}: unknown or mistyped {nested}.{name}"));
            }
        }
        for required in shape.split(' ').filter_map(|entry| entry.strip_suffix('!')) {
            let name = required.split(':').next().unwrap_or_default();
            if !fields.contains_key(name) {
                problems.noted.push(format!("{method}: {nested}.{name} is missing"));
            }
        }
    };
    for name in ["reply_parameters", "link_preview_options"] {
        map.get(name).into_iter().for_each(|value| look(name, value));
    }
    map.get("commands").and_then(Value::as_array).into_iter().flatten().for_each(|value| look("command", value));
    let Some(markup) = map.get("reply_markup") else { return };
    let kinds = ["inline_keyboard", "keyboard", "remove_keyboard", "force_reply"];
    look(kinds.into_iter().find(|kind| markup.get(kind).is_some()).unwrap_or("inline_keyboard"), markup);
    for (rows, button) in [("inline_keyboard", "inline_button"), ("keyboard", "key_button")] {
        for cell in markup[rows].as_array().into_iter().flatten().filter_map(Value::as_array).flatten() {
            if !(button == "key_button" && cell.is_string()) {
                look(button, cell);
            }
        }
    }
}

/// The type of a parameter, if there is one of that name.
fn kind_of<'a>(shape: &'a str, name: &str) -> Option<&'a str> {
    let entries = shape.split(' ').filter_map(|entry| entry.trim_end_matches('!').split_once(':'));
    entries.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
}

/// Whether the value is of that type; outside JSON everything is a string, which is read first.
fn coerce(kind: &str, value: &mut Value, typed: bool) -> bool {
    if let Some(text) = value.as_str()
        && ((!typed && matches!(kind, "i" | "b" | "o" | "a")) || kind == "c")
        && let Ok(read) = serde_json::from_str(text)
    {
        *value = read;
    }
    match kind {
        "c" => value.is_i64() || value.is_string(),
        "i" => value.is_i64(),
        "s" => value.is_string(),
        "b" => value.is_boolean(),
        "o" => value.is_object(),
        "a" => value.is_array(),
        _ => true,
    }
}

/// Reads the parameters, wherever they stand.
fn decode(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Params {
    let mut map: Map<String, Value> = pairs(uri.query().unwrap_or_default().as_bytes()).collect();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut uploads = Vec::new();
    let mut typed = false;
    if kind.starts_with("application/json") && !body.is_empty() {
        typed = true;
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => map.extend(fields),
            // No parameter has this name, so it is noted.
            _ => _ = map.insert("<a body that is no JSON object>".into(), true.into()),
        }
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        map.extend(pairs(body));
    } else if let Some((_, boundary)) = kind.split_once("boundary=") {
        for (name, file_name, bytes) in parts(body, boundary.trim_matches('"')) {
            match file_name {
                Some(file_name) => uploads.push(Upload { part: name, name: file_name, bytes }),
                None => _ = map.insert(name, String::from_utf8_lossy(&bytes).into_owned().into()),
            }
        }
    }
    Params { map, typed, uploads }
}

fn pairs(form: &[u8]) -> impl Iterator<Item = (String, Value)> {
    form_urlencoded::parse(form).map(|(name, value)| (name.into_owned(), value.into_owned().into()))
}

/// The parts of a multipart body: name, file name, bytes.
fn parts(body: &[u8], boundary: &str) -> Vec<(String, Option<String>, Vec<u8>)> {
    let fence = format!("\r\n--{boundary}").into_bytes();
    let body = [b"\r\n", body].concat();
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(found) = find(&body[at..], &fence) {
        starts.push((at + found, at + found + fence.len()));
        at += found + fence.len();
    }
    let between = starts.windows(2).map(|pair| &body[pair[0].1..pair[1].0]);
    between.filter_map(part).collect()
}

fn part(bytes: &[u8]) -> Option<(String, Option<String>, Vec<u8>)> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let quoted = |key: &str| {
        let (_, rest) = disposition.split_once(&format!("; {key}=\""))?;
        Some(rest.split('"').next().unwrap_or_default().to_owned())
    };
    Some((quoted("name")?, quoted("filename"), bytes[end + 4..].to_vec()))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// A good answer; setting a webhook says a word with it.
fn answer(result: Value) -> Response {
    let body = match result {
        Value::Object(mut fields) if fields.contains_key("with_description") => {
            json!({ "ok": true, "result": true, "description": fields.remove("with_description") })
        }
        result => json!({ "ok": true, "result": result }),
    };
    axum::Json(body).into_response()
}

fn refuse(refusal: &Refusal) -> Response {
    let body = json!({ "ok": false, "error_code": refusal.status, "description": refusal.description });
    (status(refusal.status), axum::Json(body)).into_response()
}

fn fail(failure: &Failure) -> Response {
    if failure.body.starts_with(['{', '<']) {
        return (status(failure.status), failure.body.clone()).into_response();
    }
    let mut body = json!({ "ok": false, "error_code": failure.status, "description": failure.body });
    if let Some(seconds) = failure.retry_after {
        body["parameters"] = json!({ "retry_after": seconds });
    }
    (status(failure.status), axum::Json(body)).into_response()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
