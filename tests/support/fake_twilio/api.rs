//! The REST side of the fake Twilio: `Messages.json`, to send and to list.
//!
//! Owns: Basic auth, the fields that Twilio knows, its refusals with their codes, the message resource, paging, segments, and dates in
//! Twilio's format. Leaves out: every other resource (404 and a violation), and checks of a field's value beyond numbers and lengths.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::super::unix_now;
use super::{Attempt, Failure, Inner, Listed, Sent, State};
use std::time::Instant;

const SEND_FIELDS: [&str; 25] = [
    "To",
    "From",
    "MessagingServiceSid",
    "Body",
    "StatusCallback",
    "ApplicationSid",
    "MaxPrice",
    "ProvideFeedback",
    "Attempt",
    "ValidityPeriod",
    "ForceDelivery",
    "ContentRetention",
    "AddressRetention",
    "SmartEncoded",
    "PersistentAction",
    "TrafficType",
    "ShortenUrls",
    "ScheduleType",
    "SendAt",
    "SendAsMms",
    "ContentVariables",
    "RiskCheck",
    "FallbackFrom",
    "MediaUrl",
    "ContentSid",
];
const LIST_FIELDS: [&str; 8] = ["To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"];
/// What GSM-7 has beside ASCII letters, digits and the line ends; the second line counts twice.
const GSM: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
const GSM_TWICE: &str = "^{}\\[~]|€";

type Fields = Vec<(String, String)>;
type Outcome = Result<(u16, Value), (u16, u32, &'static str)>;

/// Serves one HTTP request.
pub(super) fn serve(inner: &Inner, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
    let form = if method == Method::POST { body } else { uri.query().unwrap_or_default().as_bytes() };
    let fields: Fields = form_urlencoded::parse(form).into_owned().collect();
    let response = {
        let mut state = inner.lock();
        let known = authorised(inner, headers);
        let failure = if known { state.failures.pop_front() } else { None };
        let outcome = match &failure {
            Some(failure) if !failure.after => Err((failure.status, failure.code, "ordered by the test")),
            _ if !known => Err((401, 20_003, "Authenticate")),
            _ => route(inner, &mut state, method, uri, headers, &fields),
        };
        let outcome = match failure.as_ref().filter(|failure| failure.after) {
            Some(failure) => Err((failure.status, failure.code, "ordered by the test")),
            None => outcome,
        };
        let (status, code) = match &outcome {
            Ok((status, _)) => (*status, None),
            Err((status, code, _)) => (*status, Some(*code)),
        };
        state.attempts.push(Attempt { method: method.to_string(), fields, status, code });
        respond(outcome, failure.as_ref())
    };
    inner.changed.notify_waiters();
    response
}

fn respond(outcome: Outcome, failure: Option<&Failure>) -> Response {
    let (status, body) = outcome.unwrap_or_else(|(status, code, message)| {
        let more = format!("https://www.twilio.com/docs/errors/{code}");
        (status, json!({ "code": code, "message": message, "more_info": more, "status": status }))
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(body)).into_response();
    if let Some(seconds) = failure.and_then(|failure| failure.retry_after) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn authorised(inner: &Inner, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let expected = format!("{}:{}", inner.account_sid, inner.auth_token);
    given.and_then(|given| given.strip_prefix("Basic ")).is_some_and(|given| given == BASE64.encode(expected))
}

fn route(inner: &Inner, state: &mut State, method: &Method, uri: &Uri, headers: &HeaderMap, fields: &Fields) -> Outcome {
    if uri.path() != format!("/2010-04-01/Accounts/{}/Messages.json", inner.account_sid) {
        state.violations.push(format!("{method} {} is no resource of this account", uri.path()));
        return Err((404, 20_404, "The requested resource was not found"));
    }
    if method == Method::GET {
        note_unknown(state, fields, &LIST_FIELDS);
        return list(inner, state, uri, fields);
    }
    if method != Method::POST {
        return Err((405, 20_004, "Method not allowed"));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        state.violations.push(format!("POST as {kind:?}, not as a form"));
        return Err((415, 20_415, "Unsupported Media Type"));
    }
    note_unknown(state, fields, &SEND_FIELDS);
    send(inner, state, fields)
}

fn note_unknown(state: &mut State, fields: &Fields, known: &[&str]) {
    let unknown = fields.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    state.violations.extend(unknown.map(|(name, _)| format!("unknown field {name}")));
}

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, value)| field == name && !value.is_empty()).map(|(_, value)| value.as_str())
}

fn send(inner: &Inner, state: &mut State, fields: &Fields) -> Outcome {
    let to = field(fields, "To").ok_or((400, 21_604, "A 'To' phone number is required."))?;
    let service = field(fields, "MessagingServiceSid");
    let from = field(fields, "From").or(service.map(|_| ""));
    let from = from.ok_or((400, 21_603, "A 'From' phone number is required."))?;
    let body = field(fields, "Body").ok_or((400, 21_602, "Message body is required."))?;
    if !is_number(to) {
        return Err((400, 21_211, "Invalid 'To' Phone Number"));
    }
    if from.starts_with('+') && !is_number(from) {
        return Err((400, 21_212, "Invalid 'From' Phone Number"));
    }
    if to == from {
        return Err((400, 21_266, "'To' and 'From' number cannot be the same"));
    }
    if body.chars().count() > 1600 {
        return Err((400, 21_617, "The concatenated message body exceeds the 1600 character limit."));
    }
    if state.opted_out.contains(to) {
        return Err((400, 21_610, "Attempt to send to unsubscribed recipient"));
    }
    let sid = state.new_sid();
    state.sent.push(Sent {
        sid: sid.clone(),
        to: to.to_owned(),
        from: from.to_owned(),
        messaging_service: service.map(str::to_owned),
        body: body.to_owned(),
        status_callback: field(fields, "StatusCallback").map(str::to_owned),
        segments: segments(body),
        at: Instant::now(),
    });
    let listed = Listed {
        sid,
        from: from.to_owned(),
        to: to.to_owned(),
        body: body.to_owned(),
        service: service.map(str::to_owned),
        inbound: false,
        status: if service.is_some() { "accepted" } else { "queued" }.to_owned(),
        error: None,
        date: unix_now(),
    };
    let mut resource = resource(inner, &listed);
    resource["date_sent"] = Value::Null;
    state.listed.push(listed);
    Ok((201, resource))
}

fn is_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// The message resource.
fn resource(inner: &Inner, listed: &Listed) -> Value {
    let uri = format!("/2010-04-01/Accounts/{}/Messages/{}", inner.account_sid, listed.sid);
    let date = rfc2822(listed.date);
    // A Messaging Service has no sender yet, and so no count of segments.
    let segments = if listed.from.is_empty() { 0 } else { segments(&listed.body) };
    json!({
        "account_sid": inner.account_sid,
        "api_version": "2010-04-01",
        "body": listed.body,
        "date_created": date,
        "date_sent": date,
        "date_updated": date,
        "direction": if listed.inbound { "inbound" } else { "outbound-api" },
        "error_code": listed.error,
        "error_message": listed.error.map(|code| format!("Error {code}")),
        "from": if listed.from.is_empty() { Value::Null } else { listed.from.as_str().into() },
        "messaging_service_sid": listed.service,
        "num_media": "0",
        "num_segments": segments.to_string(),
        "price": null,
        "price_unit": null,
        "sid": listed.sid,
        "status": listed.status,
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "to": listed.to,
        "uri": format!("{uri}.json"),
    })
}

/// The list, newest first, a page at a time.
fn list(inner: &Inner, state: &State, uri: &Uri, fields: &Fields) -> Outcome {
    let bad_date = (400, 20_001, "Invalid date");
    let bound = |name: &str| field(fields, name).map(|date| read_date(date).ok_or(bad_date)).transpose();
    let (since, until, on) = (bound("DateSent>")?, bound("DateSent<")?, bound("DateSent")?);
    let number = |name: &str, default: usize| field(fields, name).map_or(Some(default), |value| value.parse().ok());
    let (Some(size), Some(page)) = (number("PageSize", 50), number("Page", 0)) else {
        return Err((400, 20_001, "Invalid page"));
    };
    let size = size.clamp(1, 1000);
    let mut fitting: Vec<&Listed> = state
        .listed
        .iter()
        .filter(|listed| {
            let number_fits = |name: &str, there: &str| field(fields, name).is_none_or(|wanted| wanted == there);
            number_fits("To", &listed.to)
                && number_fits("From", &listed.from)
                && since.is_none_or(|(start, _)| listed.date >= start)
                && until.is_none_or(|(_, end)| listed.date < end)
                && on.is_none_or(|(start, end)| (start..end).contains(&listed.date))
        })
        .collect();
    fitting.reverse();
    fitting.sort_by_key(|listed| std::cmp::Reverse(listed.date));
    let start = page.saturating_mul(size);
    let shown: Vec<Value> = fitting.iter().skip(start).take(size).map(|listed| resource(inner, listed)).collect();
    let link = |page: usize| {
        let kept = fields.iter().filter(|(name, _)| !["Page", "PageSize", "PageToken"].contains(&name.as_str()));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept).append_pair("PageSize", &size.to_string()).append_pair("Page", &page.to_string());
        if page > 0 {
            query.append_pair("PageToken", &format!("PA{page}"));
        }
        format!("{}?{}", uri.path(), query.finish())
    };
    let more = start + shown.len() < fitting.len();
    let body = json!({
        "first_page_uri": link(0),
        "next_page_uri": more.then(|| link(page + 1)),
        "previous_page_uri": page.checked_sub(1).map(link),
        "page": page,
        "page_size": size,
        "start": start,
        "end": (start + shown.len()).saturating_sub(1),
        "uri": uri.path_and_query().map(ToString::to_string),
        "messages": shown,
    });
    Ok((200, body))
}

/// How many segments a text is sent as.
pub(super) fn segments(body: &str) -> usize {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '\n' || c == '\r' || GSM.contains(c);
    let gsm = body.chars().all(|c| plain(c) || GSM_TWICE.contains(c));
    let (units, whole, part) =
        if gsm { (body.chars().map(|c| if plain(c) { 1 } else { 2 }).sum(), 160, 153) } else { (body.encode_utf16().count(), 70, 67) };
    if units <= whole { 1 } else { usize::div_ceil(units, part) }
}

/// `2026-05-09`, or with `T12:00:00Z`: the seconds since 1970 at which it begins and ends.
fn read_date(text: &str) -> Option<(i64, i64)> {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let numbers = |text: &str, by: char| text.split(by).map(|part| part.parse().ok()).collect::<Option<Vec<i64>>>();
    let [year, month, day] = numbers(date, '-')?[..] else { return None };
    let start = days(year, month, day) * 86_400;
    let Some(time) = time else { return Some((start, start + 86_400)) };
    let [hour, minute, second] = numbers(time.split(['Z', '.', '+']).next()?, ':')?[..] else { return None };
    let at = start + hour * 3600 + minute * 60 + second;
    Some((at, at + 1))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, which repeats every 400 years; its year is taken to begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// A time as Twilio writes it.
fn rfc2822(seconds: i64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (today, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let year = (1970..).take_while(|year| days(*year, 1, 1) <= today).last().unwrap_or(1970);
    let month = (1..=12).take_while(|month| days(year, *month, 1) <= today).last().unwrap_or(1);
    let day = today - days(year, month, 1) + 1;
    let weekday = usize::try_from(today.rem_euclid(7)).map_or("Thu", |index| WEEKDAYS[index]);
    let name = usize::try_from(month - 1).map_or("Jan", |index| MONTHS[index]);
    format!("{weekday}, {day:02} {name} {year} {:02}:{:02}:{:02} +0000", rest / 3600, rest / 60 % 60, rest % 60)
}
